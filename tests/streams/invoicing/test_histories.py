"""Random weeks of a till, both flows over them, and the sandbox's books after: each sale stands in the ledger once.

What is ordered is written by the connector's own forms, and carried out by the sandbox's own handlers. At the end an
accountant books every invoice, and invoices every order.
"""

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from connectors.fortnox import encode
from connectors.fortnox.forms import customer, invoice
from connectors.fortnox.sandbox import Company
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.sandbox.requests import ApiRequest
from infra.delivery.requests import Request
from schemas.audit import AuditRecord
from schemas.commands import HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import DayClosed, GroupSales, OtherAmount, Payment
from schemas.invoices import Buyer, CreateInvoice, FindCustomer, InvoiceRequested, InvoiceRow
from schemas.money import ZERO
from schemas.settings import TenantSettings
from streams.invoicing import booking
from tests.connectors.fortnox.sandbox.test_sales import HANDLERS, SandboxDriver
from tests.streams.daysales import days
from tests.streams.invoicing import receipts
from tests.streams.invoicing.receipts import CLEARING, DAY, NOW, accounts, chosen, receipt, row

CASH, RECEIVABLES, TIPS = 1910, 1510, 2820
SALES_AND_VAT = (3001, 3002, 3003, 3004, 2611, 2621, 2631)
YEAR = 4
GOODS = (("Lunch", "12", "meals"), ("Vin", "25", "wine"), ("Bröd", "6", "food"), ("Porto", "0", "post"))


def _row(what: tuple[str, str, str], thousandths: int, price: int, discount: int) -> InvoiceRow:
    sold = row(what[0], f"{price / 100:.2f}", what[1], group=what[2], quantity=Decimal(thousandths) / 1000)
    reduced = sold.model_copy(update={"discount": days.money(Decimal(discount) / 100)})
    return reduced if discount and reduced.amount > 0 else sold


ROWS = st.builds(
    _row,
    st.sampled_from(GOODS),
    st.one_of(st.sampled_from([1000, 2000, 5000]), st.integers(1, 9999)),
    st.integers(1, 99_999),
    st.sampled_from([0, 0, 1, 250]),
)


@dataclass
class Sale:
    """A receipt of the till: its contents in the sequence in which they were made; on account, or paid in cash."""

    contents: list[InvoiceRequested]
    on_account: bool

    @property
    def newest(self) -> InvoiceRequested:
        """What the till has of it at the end."""
        return self.contents[-1]


BUYERS: tuple[tuple[str | None, Buyer | None], ...] = (
    ("1042", None),
    (None, Buyer(organisation_number="5560160680", name="Verkstaden AB")),
    (None, Buyer(email="ada@exempel.se", name="Ada")),
)


@st.composite
def weeks(draw: st.DrawFn, *, again: bool = False) -> list[Sale]:
    """Draw what a till sells in a few days: on account or not, with tips, amended, and brought back in part.

    Args:
        again: a sale may be brought back more than once, and so more of it than was sold.
    """
    sales: list[Sale] = []
    for number in range(draw(st.integers(1, 6))):
        on_account = draw(st.sampled_from([True, True, False]))
        who, buyer = draw(st.sampled_from(BUYERS))
        back_already = set() if again else {s.newest.returned_receipt for s in sales}
        whole = [s for s in sales if s.on_account and s.newest.receipt_number not in back_already]
        came_back = draw(st.sampled_from([None, None, *whole]))
        rows: tuple[InvoiceRow, ...] = tuple(draw(st.lists(ROWS, min_size=1, max_size=3)))
        if came_back is not None and booking.total(came_back.newest) > 0:
            back = draw(st.sampled_from(came_back.newest.rows))
            who, buyer = came_back.newest.customer_number, came_back.newest.buyer
            rows, on_account = (
                (back.model_copy(update={"quantity": -back.quantity, "discount": back.discount and -back.discount}),),
                True,
            )
        else:
            came_back = None
        content = receipt(
            str(number),
            rows=rows,
            customer_number=who,
            buyer=buyer,
            invoice_date=DAY + timedelta(days=draw(st.integers(0, 2))),
            tip=draw(st.sampled_from([ZERO, ZERO, Decimal("20.00")])) if came_back is None else ZERO,
            returned_receipt=came_back.newest.receipt_number if came_back else None,
        )
        sale = Sale([_stated(content)], on_account)
        if came_back is None and draw(st.sampled_from([False, False, True])):
            amended = {
                "amendment": 1,
                "rows": tuple(draw(st.lists(ROWS, min_size=1, max_size=2))),
                "tip": draw(st.sampled_from([content.tip, ZERO, Decimal("35.50")])),
                "total": None,
            }
            sale.contents.append(_stated(content.model_copy(update=amended)))
        sales.append(sale)
    return sales


def _stated(content: InvoiceRequested) -> InvoiceRequested:
    return content.model_copy(update={"total": booking.found_total(content)})


def closes(sales: list[Sale]) -> list[DayClosed]:
    """Return the till's day closes: as it was before anything was amended, and then as it is."""
    found = []
    for day in sorted({sale.newest.invoice_date for sale in sales}):
        of_day = [sale for sale in sales if sale.newest.invoice_date == day]
        states = [[sale.contents[0] for sale in of_day], [sale.newest for sale in of_day]]
        for amendment, contents in enumerate(states[: 2 if states[0] != states[1] else 1]):
            found.append(_closed(day, list(zip(of_day, contents, strict=True)), amendment))
    return found


def _closed(day: date, contents: list[tuple[Sale, InvoiceRequested]], amendment: int) -> DayClosed:
    lines: defaultdict[tuple[str, Decimal], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    paid: Counter[str] = Counter()
    tips = ZERO
    for sale, content in contents:
        for line in booking.sold(content):
            lines[line.group or "", line.vat_rate][0] += line.net
            lines[line.group or "", line.vat_rate][1] += line.vat
        paid["invoice" if sale.on_account else "cash"] += booking.total(content)  # type: ignore[assignment] # a sum
        tips += content.tip
    sold = tuple(GroupSales(group=g, vat_rate=r, net=net, vat=vat) for (g, r), (net, vat) in lines.items())
    return DayClosed(
        store="Kungsgatan",
        register_id="K1",
        z_number=day.day,
        business_date=day,
        taken_at=NOW + timedelta(days=(day - DAY).days),
        amendment=amendment,
        sales=sold,
        payments=tuple(Payment(method=m, amount=Decimal(a)) for m, a in paid.items()),
        others=(OtherAmount(category="tips", amount=tips),) if tips else (),
        total_sales=sum((line.net + line.vat for line in sold), ZERO),
        goods=100_000,
    )


@dataclass
class World:
    """Two flows, a journal, and Fortnox: each order is carried out once, whatever comes twice.

    Attributes:
        refused, lost: which of the orders that are carried out are refused, and of which the answer is lost: they are
            looked for, and found. A flow that was killed gives its last orders again.
    """

    settings: TenantSettings
    refused: set[int]
    lost: set[int] = field(default_factory=set)
    fortnox: SandboxDriver = field(default_factory=SandboxDriver)
    outcomes: dict[UUID, AuditRecord] = field(default_factory=dict)
    carried: int = 0

    def __post_init__(self) -> None:
        """Open both flows over one company, which knows one customer."""
        self.days, self.invoices = days.Host(self.settings), receipts.Host(self.settings)
        self.fortnox.company = Company(1001)
        self.fortnox.company.register("customers")["1042"] = Record({"CustomerNumber": "1042", "Name": "Skolan"})
        self.queue: deque[Order] = deque()
        self.holds: dict[UUID, HoldForReview] = {}

    def tell(self, message: Any) -> None:
        """Let the flow that it is for decide it."""
        host = self.days if isinstance(message, DayClosed) or getattr(message, "flow", "") == "daysales" else None
        self.queue.extend((host or self.invoices).tell(message))

    def work(self) -> None:
        """Carry out what was ordered, and what comes of that."""
        while self.queue:
            self._one(self.queue.popleft())

    def end(self) -> None:
        """Answer what waits, too, until nothing is left to do."""
        for _ in range(20):
            self.work()
            if not (waiting := [s.hold for s in self._states() if s.hold]):
                return
            self._answer(waiting)
        raise AssertionError(f"it is never over: {waiting}")

    def _states(self) -> list[Any]:
        return [*self.days.remembered.states.values(), *self.invoices.remembered.states.values()]

    def _answer(self, waiting: list[HoldForReview]) -> None:
        for hold in waiting:
            answers = [c.answer for c in hold.choices]
            assert "retry" in answers, hold
            answered = days.answered if hold.flow == "daysales" else receipts.answered
            self.tell(answered(hold, "retry"))

    def _one(self, order: Order) -> None:
        if not isinstance(order, FindCustomer | CreateInvoice | PostVoucher):
            return
        order_id = order.id_in(days.TENANT)
        if order_id not in self.outcomes:
            self.carried += 1
            if self.carried in self.refused:
                self.outcomes[order_id] = receipts.refusal(order, "period_locked")
            elif self.carried in self.lost:
                self.tell(receipts.outcome(order).model_copy(update={"outcome": "unknown"}))
                self.outcomes[order_id] = self._done(order).model_copy(update={"outcome": "already_there"})
                self.queue.append(order)  # it was given by a process that died, and is given again by the next one
            else:
                self.outcomes[order_id] = self._done(order)
        for _ in range(2):  # what became of it is told twice
            self.tell(self.outcomes[order_id])

    def _done(self, order: Order) -> AuditRecord:
        envelope = receipts.envelope.wrap(
            order, message_id=str(order.id_in(days.TENANT)), source="/tests", time=NOW, tenant=days.TENANT
        )
        record = receipts.outcome(order)
        match order:
            case PostVoucher():
                made = self._sent(encode.voucher(envelope, YEAR))["Voucher"]
                voucher = VoucherRef(series=order.series, number=int(made["VoucherNumber"]), year_id=YEAR)
                return record.model_copy(update={"voucher": voucher})
            case CreateInvoice():
                form = invoice.DOCUMENTS[order.document]
                written = invoice.written(envelope, self._sent(invoice.create(envelope))[form.one])
                assert written is not None
                assert "held otherwise" not in written.note
                return record.model_copy(update={"record": written.record})
            case FindCustomer():
                listed = [one.values for one in self.fortnox.company.register("customers").values()]
                found = customer.found([customer.kept(order, "", item) for item in listed])
                if not found:
                    found = (str(self._sent(customer.create(order, ""))["Customer"]["CustomerNumber"]),)
                assert len(found) == 1
                return record.model_copy(update={"record": found[0]})
        raise TypeError(order)

    def _sent(self, request: Request) -> Any:
        query = {name: str(value) for name, value in dict(request.params).items()}
        asked = ApiRequest(NOW, {}, query, request.body, NOW)
        answer = HANDLERS[f"{request.method} /3/{request.resource}"](asked, self.fortnox.company)
        assert answer.status == 201, answer
        return json.loads(answer.body, parse_float=Decimal)

    def close_the_books(self) -> list[dict[str, Any]]:
        """Invoice every order and book every invoice, as an accountant does; return the invoices."""
        ask = self.fortnox.ask
        for number in self.fortnox.company.register("orders"):
            assert ask("PUT", f"orders/{number}/createinvoice")["InvoiceReference"]
        numbers = list(self.fortnox.company.register("invoices"))
        return [ask("PUT", f"invoices/{number}/bookkeep") for number in numbers]

    def balance(self, *numbers: int) -> Decimal:
        """Return what accounts hold together; debit is above zero."""
        chart = self.fortnox.company.years[YEAR].accounts
        return sum((chart[number].balance for number in numbers), ZERO)


def settings_of(*, orders: bool) -> TenantSettings:
    """Return what a company has chosen: invoices, or orders instead."""
    return chosen(
        accounts(amended="reverse", group_rates=(), days_late=100_000, days_early=100_000),
        order_instead_of_invoice=orders,
        allow_tip_on_invoice=True,
        customers="create",
        amended="credit",
    )


MODES = (("invoices", partial(settings_of, orders=False)), ("orders", partial(settings_of, orders=True)))


@pytest.mark.parametrize(("what", "settings"), MODES, ids=[name for name, _ in MODES])
@given(
    sales=weeks(),
    refused=st.sets(st.integers(1, 12), max_size=3),
    lost=st.sets(st.integers(1, 12), max_size=4),
    data=st.data(),
)
@effort(max_examples=25)
def test_each_sale_stands_in_the_ledger_once(
    what: str,
    settings: Callable[[], TenantSettings],
    sales: list[Sale],
    refused: set[int],
    lost: set[int],
    data: st.DataObject,
) -> None:
    """Whatever comes twice, late or in another sequence, is lost or refused: clearing nets to zero, all ties out."""
    world = World(settings(), refused, lost)
    on_account = [sale for sale in sales if sale.on_account]
    messages: list[Any] = [*closes(sales), *(content for sale in on_account for content in sale.contents)]
    told = data.draw(st.permutations([*messages, *data.draw(st.lists(st.sampled_from(messages), max_size=4))]))
    for message in told:
        world.tell(message)
        if data.draw(st.booleans()):
            world.work()
    world.end()
    _ties_out(world, sales, on_account, what)


def _ties_out(world: World, sales: list[Sale], on_account: list[Sale], what: str) -> None:
    made = [record.values for record in world.fortnox.company.register(what).values()]
    rows = "InvoiceRows" if what == "invoices" else "OrderRows"
    owed = {f"K1 {s.newest.receipt_number}": booking.total(s.newest) for s in on_account}
    standing = _standing(made)
    assert {name: number for name, number in standing.items() if number} == {
        n: 1 for n, amount in owed.items() if amount
    }
    assert {name: amount for name, amount in _sums(made, rows).items() if amount} == {
        n: a for n, a in owed.items() if a
    }
    invoices = world.close_the_books()
    assert world.balance(CLEARING) == ZERO
    assert world.balance(CASH) == sum((booking.total(s.newest) for s in sales if not s.on_account), ZERO)
    assert world.balance(TIPS) == -sum((s.newest.tip for s in sales), ZERO)
    assert world.balance(RECEIVABLES) == sum((Decimal(str(one["Total"])) for one in invoices), ZERO)
    gross = sum((booking.found_total(s.newest) - s.newest.tip for s in sales), ZERO)
    rounding = Decimal("0.01") * sum(len(one["InvoiceRows"]) for one in invoices)
    assert abs(world.balance(*SALES_AND_VAT) + gross) <= rounding, "sales and VAT are the till's, to Fortnox's rounding"


def _standing(made: list[Any]) -> dict[str, int]:
    """Return how many documents stand for each receipt: those that were made of it, less those that were credited."""
    receipt_of = {str(values["DocumentNumber"]): str(values["ExternalInvoiceReference2"]) for values in made}
    counted: dict[str, int] = {}
    for values in made:
        name = str(values["ExternalInvoiceReference2"])
        credited = re.match(r"Kreditering av (?:faktura|order) (\d+)\.", str(values["Remarks"]))
        counted[name] = counted.get(name, 0) + (-1 if credited and receipt_of[credited[1]] == name else 1)
    return counted


def _sums(made: list[Any], rows: str) -> dict[str, Decimal]:
    """Return what each receipt's documents come to together, as their rows have it, without what Fortnox rounds."""
    sums: dict[str, Decimal] = {}
    for values in made:
        name = str(values["ExternalInvoiceReference2"])
        for line in values[rows]:
            amount = Decimal(str(line["Price"])) * Decimal(str(line["DeliveredQuantity"]))
            whole = amount.quantize(Decimal("0.01"), "ROUND_HALF_UP") - Decimal(str(line.get("Discount") or 0))
            sums[name] = sums.get(name, ZERO) + whole
    return sums
