"""Whether a company's trail is whole: no record changed, taken out, put in or moved, and each order ends once. Pure."""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import to_json

from infra.rows import Head, Stored
from schemas.audit import GENESIS, AuditRecord
from schemas.envelope import describe


@dataclass(frozen=True, slots=True)
class TrailFinding:
    """What the walk along one company's trail found.

    Attributes:
        problem: the first record that is wrong, or None.
        taken_back: records that a restored database lacked, and that audit.v1 had.
        forked: records on audit.v1 that go on from a record where the trail here goes on otherwise.
    """

    tenant: str
    records: int
    orders: int
    problem: str | None
    taken_back: int = 0
    forked: int = 0


class Walk:
    """Walks along a chain, record by record; it remembers only the last one."""

    def __init__(self) -> None:
        self.sequence = 0
        self.hash = GENESIS

    def step(self, stored: Stored) -> str | None:
        """Take the next record; return what is wrong with it, or None."""
        expected = self.sequence + 1
        if stored.sequence != expected:
            return f"record {expected} is missing: after {self.sequence} comes {stored.sequence}"
        try:
            record = AuditRecord.model_validate_json(to_json(stored.body))
        except ValidationError as error:
            return f"record {expected} cannot be read: {describe(error)}"
        if record.previous != self.hash:
            return f"record {expected} does not follow record {self.sequence}: its previous hash is another"
        if not record.is_whole():
            return f"record {expected} was changed: its hash is not the one of its content"
        inside = (record.sequence, record.key, record.fact_id, record.message_id)
        if inside != (stored.sequence, stored.key, stored.fact_id, stored.message_id):
            return f"record {expected} stands under another name than its own"
        self.sequence, self.hash = expected, record.hash
        return None

    def end(self, head: Head) -> str | None:
        """Compare the end of the walk with the head; return what is wrong, or None."""
        if self.sequence < head.sequence:
            return f"record {self.sequence + 1} is missing: the chain should go on to {head.sequence}"
        if (self.sequence, self.hash) != (head.sequence, head.hash):
            return f"record {self.sequence} is not the end that was remembered: that is record {head.sequence}"
        return None


def wrong_end(order_id: str, records: int, state: str | None) -> str:
    """Say what is wrong with an order's end."""
    if state is None:
        return f"order {order_id} has {records} final records and is not in the journal"
    return f"order {order_id} is {state} in the journal and has {records} final records"
