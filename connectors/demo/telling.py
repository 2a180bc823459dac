"""What the audit trail says, in one line for each effect, and how far each report has come. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from schemas.audit import AuditRecord
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import type_of
from schemas.invoices import FindCustomer

ON_ACCOUNT: Final = "invoicing"
"""The flow of sales on account."""
_POST_VOUCHER, _FIND_CUSTOMER = type_of(PostVoucher), type_of(FindCustomer)
_PARTS = 5
"""Of a report's key: system, store, register, Z number and day."""
TenantRecord = tuple[str, AuditRecord]
"""A company and a record of its trail."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the story. ``what`` is its kind: accepted, booked, held, answer_lost, ...; ``about`` a report."""

    at: datetime
    company: str
    about: str
    what: str
    text: str
    voucher: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the effect as JSON values."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(slots=True)
class Progress:
    """How far one content of one report has come.

    Attributes:
        vouchers: what was booked for it, in order: its voucher, then the reversal of that.
        lost: answers of Fortnox that were lost.
        found: an order whose answer was lost had been carried out, and was found.
        holds: the reasons of its holds, in order.
        open_hold: the hold that is open.
        closed: how the last hold was closed.
    """

    vouchers: list[AuditRecord] = field(default_factory=list)
    lost: int = 0
    found: bool = False
    holds: list[str] = field(default_factory=list)
    open_hold: UUID | None = None
    closed: str = ""

    @property
    def state(self) -> str:
        """``booked``, ``reversed``, ``replaced``, ``held REASON``, or nothing as long as it is under way."""
        if self.open_hold:
            return f"held {self.holds[-1]}"
        match [purpose(record) for record in self.vouchers]:
            case []:
                return "replaced" if self.closed == "superseded" else ""
            case [("book" | "rebook")]:
                return "booked"
            case [("book" | "rebook"), "reverse"]:
                return "reversed"
        return "booked more than once"


OrderPlace = tuple[str, str, str]
"""A company, the key of a report, and the revision of its content."""


def progress(told: Iterable[TenantRecord]) -> dict[OrderPlace, Progress]:
    """Return how far each content has come, from the trail."""
    found: dict[OrderPlace, Progress] = {}
    for tenant, record in told:
        each = found.setdefault((tenant, record.key, record.revision), Progress())
        match record.outcome:
            case "delivered" | "already_there" if record.message_type == _POST_VOUCHER:
                each.vouchers.append(record)
                each.found = each.found or record.outcome == "already_there"
            case "unknown":
                each.lost += 1
            case "held":
                each.holds.append(record.code)
                each.open_hold = record.order_id
            case "released":
                each.open_hold, each.closed = None, record.code
    return found


def purpose(record: AuditRecord) -> str:
    """Return what an order was for: the step ``book/2`` is a second try to book."""
    return record.step.partition("/")[0]


def is_report(key: str) -> bool:
    """Tell whether a key is a report's; people may do things to a company as a whole as well, meanwhile."""
    return key.startswith("openpos/") and key.count("/") == _PARTS - 1


def report_name(key: str) -> str:
    """Return a report's key as people name it, ``KASSA1 Z 412``; of anything else, the key in words."""
    if not is_report(key):
        return key.replace("/", " ").replace("_", " ")
    _system, _store, register, number, _day = key.split("/")
    return f"{register} Z {number}"


def amount(value: Decimal | None) -> str:
    """Return an amount with its thousands apart: ``12 345.00``."""
    return "" if value is None else f"{value:,.2f}".replace(",", " ")


def words(code: str) -> str:
    """Return a name in code as words."""
    return code.replace("_", " ")


def effect(tenant: str, record: AuditRecord, before: Sequence[AuditRecord]) -> Effect:
    """Say what a record of the trail tells; ``before`` are the earlier ones of the same report."""
    what, text = _said(record, [r for r in before if r.voucher is not None])
    voucher = str(record.voucher) if record.voucher else ""
    name = report_name(record.key)
    return Effect(
        record.at, tenant, name.replace(" Z ", " ") if record.flow == ON_ACCOUNT else name, what, text, voucher
    )


def _said(record: AuditRecord, booked: Sequence[AuditRecord]) -> tuple[str, str]:
    """Return the kind of an effect and its line; ``booked`` are the earlier vouchers."""
    match record.outcome:
        case "delivered" | "already_there" if record.flow == ON_ACCOUNT:
            return _sold(record)
        case "delivered" if record.voucher:
            return _booked(record, record.voucher, booked)
        case "already_there" if record.voucher:
            what, text = _booked(record, record.voucher, booked)
            text = f"asked Fortnox, which has it: {text}"
        case "unknown":
            instead = record.why.rpartition(": ")[2]
            what, text = "answer_lost", f"no clear answer ({instead}): Fortnox is asked before more is sent"
        case "absent":
            what, text = "not_there", "asked Fortnox twice, which does not have it: sent again"
        case "rejected":
            what, text = "refused_by_fortnox", f"Fortnox refused it, {words(record.code)}"
        case "held":
            what, text = "held", f"held, {words(record.code)}: {_without_place(record.why)}"
        case "released":
            what, text = "released", f"no longer held: {_without_place(record.why)}"
        case "connected" | "disconnected" | "removed" if record.why:
            what, text = record.outcome, record.why
        case outcome:
            what, text = outcome, f"{words(outcome)} {record.why}".rstrip()
    return what, text


def _sold(record: AuditRecord) -> tuple[str, str]:
    if record.voucher:
        return "booked", f"booked as {record.voucher}, which takes the sale out of its day"
    if record.message_type == _FIND_CUSTOMER:
        return "customer", f"customer {record.record}"
    made = "order" if "order" in record.why else "invoice"
    return "invoiced", f"{made} {record.record} in Fortnox" + (f": {record.why}" if made == "order" else "")


def _booked(record: AuditRecord, voucher: VoucherRef, booked: Sequence[AuditRecord]) -> tuple[str, str]:
    originals = [r.voucher for r in booked if purpose(r) != "reverse"]
    reversals = [r.voucher for r in booked if purpose(r) == "reverse"]
    match purpose(record):
        case "reverse" if originals:
            return "reversed", f"{originals[-1]} reversed by {voucher}"
        case "rebook" if originals and reversals:
            text = f"booked anew as {voucher}, debit {amount(record.amount)}"
            return "booked_anew", f"{text}; it names {originals[-1]} and {reversals[-1]}"
    return "booked", f"booked as {voucher}, debit {amount(record.amount)}"


def _without_place(message: str) -> str:
    """Return a message without the report's place at its start: the line says it already."""
    head, _, rest = message.partition(": ")
    return rest if head.startswith("Store ") and rest else message
