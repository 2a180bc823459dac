"""Deliveries, files and readings become facts.

Comes in: bytes of a source, over HTTP, from a folder, or fetched from a company's database or server, and what was read
of a system. Goes out: facts on their topics, acknowledged by Kafka before anybody is answered. It may import
``infra.delivery`` (whose turn it is), ``infra.access``, ``infra.kafka`` and the ground.
"""
