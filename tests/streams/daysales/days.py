"""Days, settings and outcomes to test with; and a host in memory that decides and remembers as the real one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from infra.plugin import Terms
from schemas import envelope
from schemas.audit import GENESIS, AuditRecord, Outcome
from schemas.bas import BAS_DAY_SALES
from schemas.base import Message, Who
from schemas.commands import AttachFile, HoldForReview, Order, PostVoucher, VoucherRef, VoucherRow
from schemas.events import ChecksPassed, DayClosed, GroupSales, OtherAmount, Payment, ReviewAnswered
from schemas.money import ORE
from schemas.settings import DaySalesSettings, SettingsApplied, TenantSettings
from streams.daysales import FLOW
from streams.daysales.state import State
from tests.flow_driver import FlowDriver

TENANT = "acme"
NOW = datetime(2026, 4, 10, 21, 30, tzinfo=UTC)
KEY = "openpos/Kungsgatan/K1/12/2026-04-10"


def money(amount: str | int | Decimal) -> Decimal:
    """Return an amount with two places."""
    return Decimal(amount).quantize(ORE)


def sold(group: str, rate: str, net: str, vat: str) -> GroupSales:
    """Return a line of sales."""
    return GroupSales(group=group, vat_rate=Decimal(rate), net=money(net), vat=money(vat))


def paid(method: str, amount: str) -> Payment:
    """Return a line of payments."""
    return Payment(method=method, amount=money(amount))


def other(category: str, amount: str) -> OtherAmount:
    """Return an amount that is not sales."""
    return OtherAmount(category=category, amount=money(amount))


def day(*, amendment: int = 0, minutes: int = 0, **changes: Any) -> DayClosed:
    """Return a report that adds up: food 106.00, drinks 125.00, tips 20.00; cash 100.00, card 151.00."""
    content: dict[str, Any] = {
        "store": "Kungsgatan",
        "register_id": "K1",
        "z_number": 12,
        "business_date": date(2026, 4, 10),
        "taken_at": NOW + timedelta(minutes=minutes),
        "amendment": amendment,
        "sales": (sold("food", "6", "100.00", "6.00"), sold("drinks", "25", "100.00", "25.00")),
        "payments": (paid("cash", "100.00"), paid("card", "151.00")),
        "others": (other("tips", "20.00"),),
        "receipts": 9,
    }
    content |= changes
    content.setdefault("total_sales", sum((s.net + s.vat for s in content["sales"]), money(0)))
    return DayClosed(**content)


def chosen(**changes: Any) -> TenantSettings:
    """Return the BAS settings with changes."""
    return TenantSettings(daysales=DaySalesSettings.model_validate(dict(BAS_DAY_SALES) | changes))


def without_card(**changes: Any) -> TenantSettings:
    """Return settings that have no account for cards."""
    return chosen(payments=tuple(p for p in BAS_DAY_SALES.payments if p.method != "card"), **changes)


def outcome(
    order: PostVoucher,
    result: Outcome = "delivered",
    *,
    number: int = 12,
    code: str = "",
    why: str = "",
    who: Who | None = None,
    locked_until: date | None = None,
) -> AuditRecord:
    """Return what the sink puts on record about an order."""
    booked = result in {"delivered", "already_there"}
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOW,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelope.type_of(type(order)),
        fact_id=f"{order.key}@{order.revision}",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        settings_version=order.settings_version,
        voucher=VoucherRef(series=order.series, number=number, year_id=1) if booked else None,
        code=code,
        why=why,
        who=who,
        locked_until=locked_until,
    )


def attachment(order: AttachFile, result: Outcome = "delivered", why: str = "") -> AuditRecord:
    """Return what the sink puts on record about a file beside its voucher."""
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOW,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelope.type_of(AttachFile),
        fact_id=f"{order.key}@{order.revision}",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        settings_version=order.settings_version,
        record="a file's id" if result == "delivered" else "",
        code="" if result == "delivered" else "scope_missing",
        why=why,
    )


def refusal(order: PostVoucher, locked_until: date | None = None) -> AuditRecord:
    """Return a refusal: the period is locked, and perhaps it says until when."""
    why = "Perioden är låst (2000106)."
    return outcome(order, "rejected", code="period_locked", why=why, who="accountant", locked_until=locked_until)


def passed(*codes: str) -> ChecksPassed:
    """Return what the doctor says when checks are green again."""
    return ChecksPassed(codes=codes, checked_at=NOW)


def answered(hold: HoldForReview, answer: str) -> ReviewAnswered:
    """Return a person's answer to a hold."""
    return ReviewAnswered(
        hold_id=hold.id_in(TENANT),
        flow="daysales",
        about=hold.key,
        answer=answer,
        answered_by="an accountant",
        answered_at=NOW,
    )


def wrapped(message: Message, came: datetime | None = None) -> envelope.Envelope[Any]:
    """Return a message in its envelope, as it came, if anybody says when."""
    whole = envelope.wrap(message, message_id="a message", source="/tests", time=NOW, tenant=TENANT)
    return whole.model_copy(update={"acceptedtime": came})


class Host:
    """Runs the flow over one message after another, as the real one does. ``organisation_number``: whose books."""

    def __init__(self, settings: TenantSettings | None = None, organisation_number: str | None = None) -> None:
        self.settings = settings or chosen()
        self.version = 1
        self.organisation_number = organisation_number
        self.remembered = FlowDriver(FLOW)

    @property
    def terms(self) -> Terms:
        """What it decides with."""
        return Terms(self.settings, self.version, self.organisation_number)

    def state(self, key: str = KEY) -> State:
        """Return what is remembered of a day."""
        return self.remembered.states.get(key) or State()

    def tell(self, message: Message, *, came: datetime | None = None, remember: bool = True) -> tuple[Order, ...]:
        """Decide on a message; return the orders. Not to ``remember`` is a database that was restored from before."""
        if isinstance(message, SettingsApplied):
            self.settings, self.version = message.settings, message.version
        named: list[tuple[str, ...]] = [()]
        if isinstance(message, SettingsApplied | ChecksPassed):
            named = [(key,) for key in self.remembered.told(getattr(message, "codes", None))]
        orders: list[Order] = []
        for keys in named:
            orders += self.remembered.decide(wrapped(message, came), self.terms, keys, remember=remember)
        return tuple(orders)

    def apply(self, settings: TenantSettings) -> tuple[Order, ...]:
        """Take new settings into use."""
        applied = SettingsApplied(tenant=TENANT, version=self.version + 1, applied_by="somebody", settings=settings)
        return self.tell(applied)


def sides(rows: tuple[VoucherRow, ...]) -> list[tuple[int, str, str]]:
    """Return rows as (account, text, amount), debit above zero."""
    return [(r.account, r.text or "", f"{r.debit - r.credit:.2f}") for r in rows]


# --- Any report that adds up ------------------------------------------------------------------------------------

_RATES = (Decimal(25), Decimal(12), Decimal(6), Decimal(0))
_AMOUNTS = st.integers(-100_000, 1_000_000).map(lambda ore: ore * ORE)


@st.composite
def sums_that_meet(draw: st.DrawFn) -> DayClosed:
    """Draw a report of any lines (returns and double lines among them) whose payments meet its sales."""
    lines = draw(st.lists(st.tuples(st.sampled_from(["food", "drinks", "wine"]), st.sampled_from(_RATES), _AMOUNTS)))
    sales = tuple(
        GroupSales(group="kitchen" if group == "food" and rate != 6 else group, vat_rate=rate, net=net, vat=vat)
        for group, rate, net in lines
        for vat in [(net * rate / 100).quantize(ORE)]
    )
    others = tuple(
        OtherAmount(category=category, amount=amount)
        for category, amount in draw(st.lists(st.tuples(st.sampled_from(["tips", "deposits", "rounding"]), _AMOUNTS)))
    )
    payments = [
        Payment(method=method, amount=amount)
        for method, amount in draw(
            st.lists(st.tuples(st.sampled_from(["cash", "card", "swish", "gift_card"]), _AMOUNTS), max_size=5)
        )
    ]
    total = sum((s.net + s.vat for s in sales), money(0))
    rest = total + sum((o.amount for o in others), money(0)) - sum((p.amount for p in payments), money(0))
    payments.append(Payment(method="card", amount=rest))
    return day(
        sales=sales,
        others=others,
        payments=tuple(draw(st.permutations(payments))),
        total_sales=total,
        cash_difference=draw(st.sampled_from([money(0), money("-3.50"), money(12)])),
        receipts=draw(st.none() | st.integers(0, 500)),
    )
