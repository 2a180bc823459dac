"""Facts become decisions: states and orders, in one transaction.

Comes in: records of ``facts.*``, answers and the audit trail. Goes out: states, lines "decided", orders in the outbox.
It may import ``infra.kafka`` and the ground; ``infra.deciding.worker`` alone knows Faust.
"""
