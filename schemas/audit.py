"""What became of each message: the audit trail, chained by hashes per company, and the dead letters."""

from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from schemas import ids
from schemas.base import Code, Day, Message, Moment, Who
from schemas.commands import VoucherRef
from schemas.events import EmployeeField, EmployeeFields
from schemas.money import Money
from schemas.words import Text, Wording, heard

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
GENESIS = "0" * 64
_LONGEST_SAID: Final = 1000

Outcome = Literal[
    "delivered",  # an order was carried out: terminal
    "already_there",  # it had been carried out before, and was found: terminal
    "rejected",  # the target refused it: terminal
    "unknown",  # no answer; the target is asked before anything is sent again
    "absent",  # the target was asked often enough: it is not there, and is sent again
    "held",  # it waits for a person or for settings
    "released",  # it waits no longer
    "dead_lettered",  # bytes that could not be read wait for a person
    "discarded",  # a person threw a dead letter away, or had a record never handled
    "replayed",  # a person sent a dead letter again
    "connected",  # a company consented, and its connection stands
    "disconnected",  # a connection was ended, by a person or because Fortnox gives no token any more
    "withdrawn",  # an order of a company that was removed, before its end was known: terminal
    "proved",  # the books of a year hold what was posted, no more and no less
    "differs",  # they do not, or what was posted was booked by somebody else as well
    "erased",  # the keys of somebody's values were dropped: who decided it, and when
    "removed",  # the company was removed: the last record of its trail
]
DONE: frozenset[Outcome] = frozenset({"delivered", "already_there"})
"""Outcomes of an order that was carried out, now or before."""
ANSWERED: frozenset[Outcome] = DONE | {"rejected"}
"""Outcomes with which an order ended by its target's own answer."""
NOT_DONE: frozenset[Outcome] = frozenset({"rejected", "discarded"})
"""Outcomes of an order that was not carried out and will not be; its flow decides what comes next."""
DISCARDED: Final = "discarded"
"""The code of what a person had never handled."""


class Call(Message):
    """One request to an outside party, and what came back."""

    at: Moment
    request: str = Field(description="method and path, without secrets or personal data")
    status: int | None = Field(description="None: no answer")
    milliseconds: int = Field(ge=0)
    verdict: str = Field(max_length=200)
    wording: Wording | None = Field(default=None, description="of the verdict, for readers of other languages")


class Shown(Message):
    """What the target's answer shows of a record otherwise than was sent, or expected by a change that it refuses.

    A target adapts values and fills fields by itself: what its answer shows is nobody else's doing.
    """

    names: tuple[EmployeeField, ...] = Field(description="the fields; one that has no value is empty there")
    fields: EmployeeFields


class AuditRecord(Message):
    """What became of one message. ``hash`` covers every other field, ``previous`` included."""

    TOPIC: ClassVar[str] = "audit.v1"

    sequence: int = Field(ge=1, description="per company, without gaps")
    previous: Hash
    at: Moment
    outcome: Outcome
    flow: Code
    key: str
    message_id: str = Field(description="the order's id, or the dead letter's place")
    message_type: str
    fact_id: str = Field(description="the fact that it goes back to")
    revision: str = ""
    step: str = ""
    rule: str = ""
    settings_version: int = 0
    voucher: VoucherRef | None = None
    record: str = Field(default="", max_length=200, description="what else was written, by its name at the target")
    written: tuple[EmployeeField, ...] = Field(
        default=(), description="the fields of a person that were written, by name"
    )
    shown: Shown | None = Field(default=None, description="None: the answer did not show the record")
    amount: Money | None = Field(default=None, description="the voucher's debit total")
    code: str = Field(default="", description="a bounded reason: the verdict's code or the hold's reason")
    why: str = Field(default="", max_length=2000)
    wording: Wording | None = Field(default=None, description="of why, for readers of other languages")
    who: Who | None = None
    locked_until: Day | None = Field(default=None, description="of a refusal: the last day of the locked period")
    calls: tuple[Call, ...] = ()
    hash: Hash = GENESIS

    def sealed(self) -> Self:
        """Return the record with its hash."""
        content = self.to_json()
        del content["hash"]
        for name in ("record", "written", "shown", "locked_until", "wording"):
            if not content[name]:
                del content[name]  # records without one were sealed before there was any
        for call in content["calls"]:
            if not call["wording"]:
                del call["wording"]
        return self.model_copy(update={"hash": ids.digest(content)})

    def is_whole(self) -> bool:
        """Tell whether the hash is the one of the content."""
        return self.sealed().hash == self.hash

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why[:_LONGEST_SAID])

    @property
    def order_id(self) -> UUID | None:
        """The order that this is about, if it is about one."""
        try:
            return UUID(self.message_id)
        except ValueError:
            return None


class DeadLetter(Message):
    """A record that could not be read. Where it stood names it: ``topic/partition/offset``."""

    TOPIC: ClassVar[str] = "dead-letters.v1"

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    reader: Code = Field(description="the role that could not read it")
    reason: str = Field(min_length=1, max_length=4000, description="what is wrong and where, never the values")
    code: Code | Literal[""] = Field(default="", description="the same in one of a few words: no_json, wrong_key, ...")
    rule: str = Field(default="", max_length=100, description="what became of it, as the line of the record says")
    attempt: int = Field(default=0, ge=0, description="how often it was tried by then; 0: nobody counted")
    found_at: Moment
    record_key: bytes | None = None
    record_value: bytes

    @property
    def place(self) -> str:
        """The record's place: ``topic/partition/offset``."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def key(self) -> str:
        """The record's place."""
        return self.place
