"""A real broker and a real database for a machine that has none.

Comes in: a data folder. Goes out: an address of each, while this process lives. It may import ``infra.kafka`` and the
ground.
"""
