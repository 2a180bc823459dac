"""Tells a company's own systems and people what waits for somebody: by webhook, signed, and by letters in a mail.

Comes in: what the tables say now. Goes out: that something is wrong, and that it is over, each until it is taken. It
may import ``infra.delivery``, ``infra.access`` and the ground.
"""
