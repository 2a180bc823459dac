"""Kafka, used the same way by every reader and writer: topics and their lives, records, what waits, what is to be sent.

Comes in: records of topics. Goes out: each record once to its reader, or parked, or buried as a dead letter; messages
of the outbox. It may import the ground of ``infra``, and nothing of the other rooms.
"""
