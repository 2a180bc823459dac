"""Orders are carried out, and what came of each goes on record.

Comes in: records of ``orders.*``. Goes out: calls to the targets, within their budgets, and the audit trail.
It may import ``infra.access``, ``infra.kafka`` and the ground.
"""
