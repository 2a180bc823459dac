"""What the tables of the host hold, as values: holds, dead letters, orders, the trail, all that is known of a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from schemas.audit import AuditRecord, Call, DeadLetter
from schemas.commands import HoldForReview, VoucherRef
from schemas.envelope import Envelope
from schemas.plans import PlanRow
from schemas.words import Text, Wording

DAY_OF_KEY: Final = "substring(key::text, '/([0-9]{4}-[0-9]{2}-[0-9]{2})(/[0-9]+)?$')"
"""SQL for the day that a key ends in, as an index has it; null where it names none."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that waits (or waited: ``closed_at``) for a person."""

    hold_id: UUID
    tenant: str
    key: str
    order: Envelope[HoldForReview]
    held_at: datetime
    closed_at: datetime | None = None
    how: str | None = None
    message: str | None = None
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """What an answer has come to so far.

    Attributes:
        closed: the hold waits no longer.
        under_way: an order that came of it has not ended yet, or what follows has not: a reversal is half a correction.
        ordered: there is such an order.
        vouchers: what was booked.
        again: what waits now of the same key.
        ended: the hold, if it waits no longer: by this answer, by another one, or by what came meanwhile.
    """

    closed: bool
    under_way: bool
    ordered: bool
    vouchers: tuple[VoucherRef, ...]
    again: Hold | None
    ended: Hold | None = None


@dataclass(frozen=True, slots=True)
class WayFound:
    """How a way in was found when it was tried: ``code`` is empty where nothing stands in its way."""

    name: str
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter. ``state``: open, replayed or discarded."""

    place: str
    tenant: str
    letter: Envelope[DeadLetter]
    state: str
    found_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact as it was accepted and decided: where it stands in Kafka, and which rules said something."""

    topic: str
    partition: int
    offset: int
    fact_id: str
    rules: str
    accepted_at: datetime
    decided_at: datetime

    @property
    def place(self) -> str:
        """Topic, partition and offset."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Waits:
    """A record that a reader could not handle, or that waits behind one. ``state``: waiting or set_aside."""

    place: str
    reader: str
    state: str
    reason: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order in the journal. ``state``: queued, sending, unknown, delivered or rejected."""

    order: Envelope[Any]
    state: str
    attempt: int
    replaces: UUID | None
    calls: tuple[Call, ...]
    accepted_at: datetime
    journaled_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A row of a plan that was about a key; of those that nobody applied only the newest."""

    plan: str
    made_at: datetime
    row: PlanRow


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that is known about one company's business key.

    Attributes:
        facts: by place, None for one that could not be read back; None altogether when none was asked for.
        standing: how it stands, in the words of the flows that remember it.
        delivered_at: when the first delivery with this key was accepted over HTTP.
        away: why a system that orders wait for takes none now, as its connection stands.
    """

    tenant: str
    key: str
    lines: tuple[FactLine, ...] = ()
    facts: Mapping[str, Envelope[Any] | None] | None = None
    orders: tuple[Ordered, ...] = ()
    records: tuple[AuditRecord, ...] = ()
    holds: tuple[Hold, ...] = ()
    delivered_at: datetime | None = None
    parked: tuple[Waits, ...] = ()
    planned: tuple[Planned, ...] = ()
    standing: tuple[Text, ...] = ()
    away: Mapping[str, str] = field(default_factory=dict)

    def with_standing(self, standing: tuple[Text, ...]) -> "Material":
        """Return the same with how it stands, as the flows say."""
        return replace(self, standing=standing)

    def with_facts(self, facts: Mapping[str, Envelope[Any] | None]) -> "Material":
        """Return the same with the facts as they were read back."""
        return replace(self, facts=facts)


@dataclass(frozen=True, slots=True)
class PostedVoucher:
    """A voucher that stands in the ledger. ``purpose``: book, reverse or rebook; empty when it is not known."""

    tenant: str
    key: str
    voucher: VoucherRef
    purpose: str
    day: date | None
    amount: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Resting:
    """A kind of order that waits for a licence or a right: the type of its messages, for what, and how many wait."""

    type: str
    code: str
    number: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """An order that does not go forward by itself just now."""

    tenant: str
    key: str
    state: str
    since: datetime
    why: str
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a company's chain, as the writer keeps it."""

    tenant: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the trail: what is looked up by, and the record as JSON values."""

    sequence: int
    key: str
    fact_id: str
    message_id: str
    body: Any


QueryKind = Literal["voucher", "fact", "key", "shortened", "z_number", "id", "hold", "mark", "record"]


@dataclass(frozen=True, slots=True)
class Query:
    """One reading of what was typed.

    Attributes:
        kind: what it is taken for.
        text: the fact's id (or its beginning), the key, a regular expression that the key matches, the series, the id,
            an id's first or last digits, or the name of a record at its system.
        number: the voucher's number.
        like: of an expression: a pattern of SQL that every key which matches it is like. It is looked at first, since
            an expression costs ten times as much. Of a record: what the type of its order is like.
    """

    kind: QueryKind
    text: str
    number: int = 0
    like: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done of one kind on one day.

    Attributes:
        at: when the last of it was.
        kind: what came or went: delivery, day_closed, post_voucher, documents, package, ...
        system: where it came from, or went to.
        by: who did it, or for whom; "": nobody but the system itself.
        count: how many.
        status: how it went: accepted, refused, delivered, rejected, waiting, proved, ...
        detail: what else there is to say.
        wording: of the detail, for readers of other languages.
    """

    tenant: str
    at: datetime
    direction: Literal["in", "out"]
    kind: str
    system: str
    by: str
    count: int
    status: str
    detail: str
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed."""

    key_id: str
    system: str
    holder: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
