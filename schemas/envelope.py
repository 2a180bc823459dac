"""CloudEvents 1.0 in structured JSON: the envelope of every message.

``bokbuss`` extension attributes: ``tenant`` (also the Kafka key), ``incarnation`` (which company of that name),
``causationid`` (the fact that a message goes back to), ``traceparent`` (W3C trace context, from the delivery to the
voucher) and ``acceptedtime``.
"""

import re
from datetime import datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.audit import AuditRecord, DeadLetter
from schemas.base import Message, Moment, TenantId, problems
from schemas.commands import (
    AttachFile,
    CloseReview,
    HoldForReview,
    Order,
    PostVoucher,
    ReadPerson,
    UpsertEmployee,
    UpsertPerson,
    WriteAbsence,
)
from schemas.corrections import CorrectionApproved
from schemas.erasures import DropKeys, ErasureDecided
from schemas.events import (
    ChecksPassed,
    ClosingApproved,
    ClosingEntriesReady,
    ConnectionChanged,
    DayClosed,
    EmployeeChanged,
    EmployeeSeen,
    LeaveChanged,
    LinkDecided,
    PersonMentioned,
    PlanApplied,
    PlanRowApplied,
    ReviewAnswered,
)
from schemas.invoices import CreateInvoice, FindCustomer, InvoiceRequested
from schemas.ledger import LedgerPartRead, LedgerRequested, LedgerRetrieved, LedgerSourceChosen, ReadLedger
from schemas.marks import AnswersMarked, EmployeesMarked, EntriesMarked, PeopleMarked
from schemas.missing import DayMissed, NumbersMissed
from schemas.pauses import PersonPaused
from schemas.proofs import BooksProved
from schemas.settings import SettingsApplied

DataT = TypeVar("DataT", bound=Message)

MESSAGES: tuple[type[Message], ...] = (
    DayClosed,
    DayMissed,
    NumbersMissed,
    InvoiceRequested,
    EmployeeChanged,
    PersonMentioned,
    LeaveChanged,
    ClosingEntriesReady,
    LedgerRequested,
    LedgerSourceChosen,
    LedgerPartRead,
    EmployeeSeen,
    LedgerRetrieved,
    ChecksPassed,
    ConnectionChanged,
    BooksProved,
    PlanRowApplied,
    PlanApplied,
    LinkDecided,
    ClosingApproved,
    CorrectionApproved,
    PersonPaused,
    ErasureDecided,
    ReviewAnswered,
    PeopleMarked,
    EmployeesMarked,
    AnswersMarked,
    EntriesMarked,
    SettingsApplied,
    PostVoucher,
    UpsertEmployee,
    WriteAbsence,
    CreateInvoice,
    FindCustomer,
    AttachFile,
    ReadLedger,
    UpsertPerson,
    ReadPerson,
    HoldForReview,
    CloseReview,
    DropKeys,
    AuditRecord,
    DeadLetter,
)
"""Every message there is."""


class Unreadable(ValueError):
    """Bytes on a topic are not a message of ours. The text says what is wrong and where, never the values.

    ``code`` is one of a few words for it.
    """

    def __init__(self, text: str, code: str = "breaks_its_schema") -> None:
        self.code = code
        super().__init__(text)


class NotYetReadable(Unreadable):
    """A newer version of ours has written a message: its reader comes with that version. Nothing is wrong with it.

    ``head``: its envelope, without data.
    """

    def __init__(self, text: str, head: "Envelope[Any]") -> None:
        self.head = head
        super().__init__(text, "of_a_newer_version")


@cache
def type_of(message: type[Message]) -> str:
    """Return the CloudEvents type of a message class: ``DayClosed`` is ``bokbuss.day-closed.v1``."""
    return f"bokbuss.{re.sub(r'(?<=[a-z])(?=[A-Z])', '-', message.__name__).lower()}.v1"


class Envelope(BaseModel, Generic[DataT]):
    """A message with its CloudEvents attributes. Unknown extension attributes are ignored, as CloudEvents says."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, defer_build=True)

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, description="who says so: /connectors/openpos, /streams/daysales, /infra/sinks")
    type: str
    subject: str = Field(max_length=400, description="the business key")
    time: Moment = Field(description="when it happened, as the source says")
    datacontenttype: Literal["application/json"] = "application/json"
    tenant: TenantId
    incarnation: int | None = Field(
        default=None, ge=0, description="how many companies of this name were removed before; None: it does not say"
    )
    causationid: str = Field(default="", max_length=400, description="the fact that this goes back to; a fact's own id")
    traceparent: str = Field(default="", pattern=r"^$|^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
    acceptedtime: Moment | None = Field(
        default=None, description="when Kafka had it; of an order: what caused it. On its topic a fact need not say so"
    )
    data: DataT

    def to_bytes(self) -> bytes:
        """Return the envelope as UTF-8 JSON."""
        return self.model_dump_json().encode()

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits of the trace, or the empty string."""
        return self.traceparent[3:35]


def wrap(
    data: DataT,
    *,
    message_id: str,
    source: str,
    time: datetime,
    tenant: str,
    incarnation: int | None = None,
    causation: str = "",
    trace: str = "",
) -> Envelope[DataT]:
    """Put a message into its envelope; its subject is its key."""
    return Envelope[DataT](
        id=message_id,
        source=source,
        type=type_of(type(data)),
        subject=str(getattr(data, "key", tenant)),
        time=time,
        tenant=tenant,
        incarnation=incarnation,
        causationid=causation or message_id,
        traceparent=trace,
        data=data,
    )


_OfAnything = Envelope[Any]


def order(data: Order, *, cause: Envelope[Any], accepted: datetime) -> Envelope[Any]:
    """Put an order into its envelope: its id, its times and its trace follow from what caused it."""
    # Each value is an order's or an envelope's, and was looked at there.
    return _OfAnything.model_construct(
        id=str(data.id_in(cause.tenant)),
        source=f"/streams/{data.flow}",
        type=type_of(type(data)),
        subject=data.key,
        time=cause.time,
        tenant=cause.tenant,
        incarnation=cause.incarnation,
        causationid=cause.causationid or cause.id,  # a fact that others published need not name itself
        traceparent=cause.traceparent,
        acceptedtime=accepted,
        data=data,
    )


class _Head(BaseModel):
    model_config = ConfigDict(defer_build=True)

    type: str


class _NewerHead(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=400)
    source: str = Field(pattern=r"^/(connectors|infra|streams|proof)\b")
    type: str = Field(pattern=r"^bokbuss\.[a-z\-]{1,40}\.v\d{1,3}$")
    subject: str = Field(max_length=400)
    time: Moment
    tenant: TenantId
    causationid: str = Field(default="", max_length=400)


_ADDED = frozenset({"literal_error", "enum", "extra_forbidden", "union_tag_invalid"})
"""What a reader finds wrong with messages that a newer version has widened: values, fields, members of a union."""


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The one character that PostgreSQL keeps in no text: a message with it could never be written down."""
_MOST_COMMAS = 100_000
"""No message of ours comes near; a record made of nothing else keeps a process busy for minutes."""
_FIRST_TYPE = re.compile(rb'"type" ?: ?"(bokbuss\.[a-z\-]{1,40}\.v\d{1,3})"')
_TYPE = re.compile(r"bokbuss\.[a-z\-]{1,40}\.v\d{1,3}", re.ASCII)
_BY_TYPE: dict[str, type[Message]] = {type_of(message): message for message in MESSAGES}


@cache
def _adapter(message: type[Message]) -> TypeAdapter[Envelope[Any]]:
    """Return what reads messages of a type; it is made when the first one comes."""
    return TypeAdapter(Envelope[message])  # type: ignore[valid-type]


def must_be_readable(raw: bytes) -> None:
    """Raise Unreadable for what no reader takes, of whatever type: whoever sends it looks before it is promised."""
    if b"\\u0000" in raw and _NUL.search(raw):
        raise Unreadable("message: a text holds the character NUL", "holds_nul")
    if raw.count(b",") > _MOST_COMMAS:
        raise Unreadable(f"message: it holds more than {_MOST_COMMAS:,} values", "too_many_values")


def decode(raw: bytes | None) -> Envelope[Any]:
    """Read a message.

    Raises:
        NotYetReadable: a newer version of ours wrote it, and what is new in it is all that is not understood.
        Unreadable: it is nothing, not JSON, of no type that we know, or breaks its schema.
    """
    if raw is None:
        raise Unreadable("message: the record has no value", "no_value")
    must_be_readable(raw)
    first = _FIRST_TYPE.search(raw)
    guess = first[1].decode() if first is not None else ""  # most often the envelope's type: one reading is enough
    wrong: ValidationError | None = None
    try:
        if guess in _BY_TYPE and (message := _read(guess, raw)).type == guess:
            return message
    except ValidationError as error:
        wrong = error
    try:
        name = _Head.model_validate_json(raw).type  # the head tells
        if wrong is not None and name == guess:
            raise wrong
        return _read(name, raw)
    except _UnknownType as error:
        raise _newer(raw, str(error)) or error from None
    except ValidationError as error:
        kinds = {each["type"] for each in error.errors(include_input=False, include_url=False)}
        if kinds <= _ADDED and (newer := _newer(raw, describe(error))):
            raise newer from None
        no_json = error.errors(include_input=False)[0]["type"] == "json_invalid"
        raise Unreadable(describe(error), "no_json" if no_json else "breaks_its_schema") from None


class _UnknownType(Unreadable):
    pass


def _newer(raw: bytes, what: str) -> NotYetReadable | None:
    """Say that a newer version wrote this, if it was written by us; others may write to the topics too."""
    try:
        head = _NewerHead.model_validate_json(raw)
    except ValidationError:
        return None
    return NotYetReadable(
        f"a newer version of bokbuss wrote this, and it waits for that version: {what}",
        Envelope[Any].model_construct(**head.model_dump(), traceparent="", incarnation=None, data=None),
    )


def _read(name: str, raw: bytes) -> Envelope[Any]:
    if name not in _BY_TYPE:
        raise _UnknownType(
            f"type: {name if _TYPE.fullmatch(name) else 'this'} is not a message that we know", "unknown_type"
        )
    try:
        return _adapter(_BY_TYPE[name]).validate_json(raw)
    except ValidationError:
        raise
    except Exception as error:  # a check of ours that has not thought of such a value
        raise Unreadable(f"message: a check of its values raised {type(error).__name__}", "check_raised") from error


def describe(error: ValidationError) -> str:
    """Say which fields are wrong and why, without their values: the first of them, and how many more."""
    return "; ".join(problems(error, lambda loc: ".".join(str(part) for part in loc) or "message"))
