"""The proof of the books: what we posted against what a ledger holds, and what was booked twice.

Comes in: the journal, and a year's vouchers. Goes out: a proof, kept and on record. It may import ``infra.delivery``,
``infra.access``, ``infra.kafka`` and the ground.
"""
