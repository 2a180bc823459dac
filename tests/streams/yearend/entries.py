"""Batches, approvals and outcomes to test with; and a host in memory that decides and remembers as the real one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from infra.plugin import Terms
from schemas import envelope
from schemas.audit import GENESIS, AuditRecord, Outcome
from schemas.base import Message
from schemas.commands import HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import (
    ChecksPassed,
    ClosingApproved,
    ClosingEntriesReady,
    ClosingEntry,
    EntryRow,
    ReviewAnswered,
)
from schemas.settings import SettingsApplied, TenantSettings, YearEndSettings
from streams.yearend import FLOW
from streams.yearend.state import State
from tests.flow_driver import FlowDriver

TENANT = "acme"
NOW = datetime(2026, 3, 14, 13, 5, tzinfo=UTC)
LAST = date(2025, 12, 31)
BATCH = "spiris/2025"
OURS = "5560160680"
_PLANS = UUID("7c1d2f6e-3f5c-5d43-9a77-1b0f6f6a2c12")


def row(account: int, debit: str = "0.00", credit: str = "0.00", **more: Any) -> EntryRow:
    """Return a row of an entry."""
    return EntryRow(account=account, debit=Decimal(debit), credit=Decimal(credit), **more)


def entry(number: str = "1", amount: str = "100.00", **changes: Any) -> ClosingEntry:
    """Return an entry that is in order: tax on the year's result."""
    content: dict[str, Any] = {
        "number": number,
        "entry_date": LAST,
        "text": f"Skatt {number}",
        "rows": (row(8910, amount), row(2512, credit=amount)),
    }
    return ClosingEntry(**(content | changes))


def batch(*entries: ClosingEntry, version: int = 0, **changes: Any) -> ClosingEntriesReady:
    """Return a batch of Tax & Year-end."""
    content: dict[str, Any] = {
        "system": "spiris",
        "batch": "2025",
        "organisation_number": OURS,
        "year_from": date(2025, 1, 1),
        "year_to": LAST,
        "entries": entries or (entry(),),
        "version": version,
        "submitted_by": "lena",
    }
    return ClosingEntriesReady(**(content | changes))


def chosen(**changes: Any) -> TenantSettings:
    """Return settings that are in order."""
    return TenantSettings(yearend=YearEndSettings(**({"series": "I"} | changes)))


def key(number: str = "1") -> str:
    """Return an entry's key."""
    return f"{BATCH}#{number}"


def outcome(
    order: PostVoucher, result: Outcome = "delivered", *, number: int = 12, code: str = "", **more: Any
) -> AuditRecord:
    """Return what the sink puts on record about an order."""
    booked = result in {"delivered", "already_there"}
    values: dict[str, Any] = {"voucher": VoucherRef(series=order.series, number=number, year_id=1) if booked else None}
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOW,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelope.type_of(type(order)),
        fact_id="a fact",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        settings_version=order.settings_version,
        code=code,
        **(values | more),
    )


def refusal(order: PostVoucher, code: str = "period_locked") -> AuditRecord:
    """Return a refusal of Fortnox."""
    return outcome(order, "rejected", code=code, why="Perioden är låst (2000401).", who="accountant")


def double(order: PostVoucher, number: int = 77) -> AuditRecord:
    """Return that another voucher books the same."""
    other = VoucherRef(series="A", number=number, year_id=1)
    return outcome(order, "rejected", code="suspected_double", voucher=other, why=f"{other} books the same.")


class Company:
    """A company whose year-end comes in: runs the flow over one message after another, as the host does."""

    def __init__(self, settings: TenantSettings | None = None, organisation_number: str | None = OURS) -> None:
        self.settings = settings or chosen()
        self.version = 1
        self.organisation_number = organisation_number
        self.remembered = FlowDriver(FLOW)
        self.plans = 0

    def state(self, about: str = key()) -> State:
        """Return what is remembered of an entry or a batch."""
        return self.remembered.states.get(about) or State()

    def tell(self, message: Message, *, remember: bool = True) -> tuple[Order, ...]:
        """Decide on a message; return the orders. Not to ``remember`` is a host that dies before it wrote them down."""
        if isinstance(message, SettingsApplied):
            self.settings, self.version = message.settings, message.version
        terms = Terms(self.settings, self.version, self.organisation_number)
        named: list[tuple[str, ...]] = [()]
        if isinstance(message, SettingsApplied | ChecksPassed):
            named = [(each,) for each in self.remembered.told(getattr(message, "codes", None))]
        orders: list[Order] = []
        for keys in named:
            wrapped = envelope.wrap(message, message_id="a message", source="/tests", time=NOW, tenant=TENANT)
            orders += self.remembered.decide(wrapped, terms, keys, remember=remember)
        return tuple(orders)

    def approval(
        self, number: str = "1", *, series: str = "I", by: str = "anna", made_by: str = "bo"
    ) -> ClosingApproved:
        """Return what a person says who applies a plan made now."""
        self.plans += 1
        return ClosingApproved(
            plan_id=uuid5(_PLANS, str(self.plans)),
            row=1,
            about=key(number),
            action="export",
            revision=self.state(key(number)).content,
            series=series,
            planned_by=made_by,
            approved_by=by,
            approved_at=NOW,
        )

    def approve(self, number: str = "1", **said: str) -> tuple[Order, ...]:
        """Let a person apply a plan."""
        return self.tell(self.approval(number, **said))

    def ordered(self, number: str = "1") -> PostVoucher:
        """Return the order that an entry awaits."""
        order = self.state(key(number)).awaits
        assert isinstance(order, PostVoucher)
        return order

    def export(self, number: str = "1", voucher: int = 12) -> PostVoucher:
        """Let an entry be approved and booked."""
        self.approve(number)
        order = self.ordered(number)
        self.tell(outcome(order, number=voucher))
        return order

    def answer(self, choice: str, about: str = key()) -> tuple[Order, ...]:
        """Let a person answer an open hold."""
        return self._answered(self.held(about), choice)

    def reopen(self, hold: HoldForReview) -> tuple[Order, ...]:
        """Let a person take up again what was given up by an answer to a hold."""
        return self._answered(hold, "reopen")

    def _answered(self, hold: HoldForReview, choice: str) -> tuple[Order, ...]:
        return self.tell(
            ReviewAnswered(
                hold_id=hold.id_in(TENANT),
                flow="yearend",
                about=hold.key,
                answer=choice,
                answered_by="anna",
                answered_at=NOW,
            )
        )

    def held(self, about: str = key()) -> HoldForReview:
        """Return the open hold."""
        hold = self.state(about).hold
        assert hold
        return hold

    def apply(self, settings: TenantSettings) -> tuple[Order, ...]:
        """Let a version of settings take effect."""
        applied = SettingsApplied(tenant=TENANT, version=self.version + 1, applied_by="somebody", settings=settings)
        return self.tell(applied)


def passed(*codes: str) -> ChecksPassed:
    """Return what the doctor says when checks are green again."""
    return ChecksPassed(codes=codes, checked_at=NOW)
