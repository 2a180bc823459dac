"""Deliveries, files and readings become facts.

Comes in: bytes of a source, over HTTP or from a folder, and what was read of a system. Goes out: facts on their topics,
acknowledged by Kafka before anybody is answered. It may import ``infra.access``, ``infra.kafka`` and the ground.
"""
