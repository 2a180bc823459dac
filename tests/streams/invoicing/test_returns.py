"""Returns beside their sale: together they never bring back more than was sold, unless a person says so."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from schemas.commands import HoldForReview
from schemas.invoices import CreateInvoice, FindCustomer, InvoiceRequested
from schemas.money import ZERO
from streams.invoicing.state import State
from tests.streams.invoicing.receipts import DAY, Host, answered, chosen, held, outcome, receipt, refusal, row
from tests.streams.invoicing.test_decide import names

WINE = row("Vin", "125.00", "25", group="wine", quantity=Decimal("-1.00"))


def back(number: str = "8", quantity: str = "-1.00", **changes: object) -> InvoiceRequested:
    """Return a return of lunches of receipt 7, which sold two and a wine."""
    return receipt(number, **({"rows": (row(quantity=Decimal(quantity)),), "returned_receipt": "7"} | changes))


def sold(**changes: object) -> Host:
    """Return a host that invoiced receipt 7."""
    host = Host(chosen(**changes))
    host.through(host.tell(receipt()))
    return host


def test_two_returns_of_what_was_sold_are_credited_and_a_third_waits() -> None:
    """It names what was sold, and which receipts brought it back; answered, it is credited."""
    host = sold()
    assert names(host.through(host.tell(back("8")))) == ["create", "move"]
    assert names(host.through(host.tell(back("9")))) == ["create", "move"]
    third = held(host.tell(back("10")))
    assert (third.reason, third.rule) == ("returned_too_much", "a_return_is_within_its_sale")
    assert "Came back before: receipt 8 (invoice 3); receipt 9 (invoice 5)." in third.message
    assert third.lines[-1] == "of row 1 224.00 sold and 336.00 back"
    assert names(host.through(host.tell(answered(third, "anyway")))) == ["close", "create", "move"]


@pytest.mark.parametrize(
    "rows",
    [
        (row(quantity=Decimal("-3.00")),),  # more than was sold
        (row("Retur", "250.00", quantity=Decimal("-1.00")),),  # called otherwise, and more than its rate has
        (row("Lunch", "112.00", "25", quantity=Decimal("-2.00"), group=None),),  # at another rate
        (WINE, WINE),
    ],
)
def test_more_than_was_sold_waits(rows: tuple[object, ...]) -> None:
    """In all, at a rate, or of one good."""
    assert held(sold().tell(back(rows=rows))).reason == "returned_too_much"


@pytest.mark.parametrize(
    "rows",
    [
        (row(quantity=Decimal("-2.00")), WINE),
        (row("Retur", "224.00", quantity=Decimal("-1.00")),),
        (row(quantity=Decimal("-3.00"), price="10.00"),),
        (row("Lunch", "74.67", quantity=Decimal("-1.00")), row("Retur", "149.35", quantity=Decimal("-1.00"))),
        (WINE,),
    ],
)
def test_what_was_sold_may_come_back(rows: tuple[object, ...]) -> None:
    """All of it, called otherwise, in other pieces, and rounded."""
    host = sold()
    assert names(host.through(host.tell(back(rows=rows)))) == ["create", "move"]


def test_a_return_that_came_before_its_sale_goes_on_with_it_in_order() -> None:
    """What came first is credited first; what is more than was sold waits on."""
    host = Host()
    for number, quantity in (("8", "-1.00"), ("9", "-1.00"), ("10", "-1.00")):
        assert held(host.tell(back(number, quantity))).reason == "sale_not_found"
    (sale,) = host.tell(receipt())
    orders = host.done(sale)
    assert names(orders) == ["move", "close", "create", "close", "create", "close", "returned_too_much"]
    assert [order.key for order in orders if isinstance(order, CreateInvoice)] == [back("8").key, back("9").key]
    host.done(orders[0])


def test_what_was_returned_is_free_again_where_that_is_given_up_or_becomes_less() -> None:
    """A refused credit note keeps its place until a person discards it; an amended one has what it brings back now."""
    host = sold(amended="credit")
    (note,) = host.tell(back("8", "-2.00"))
    waits = held(host.tell(back("9")))
    refused = held(host.tell(refusal(note)))
    assert host.state(back("9").key).hold == waits
    assert names(host.tell(answered(refused, "discard"))) == ["close", "close", "create"]
    host.through((host.state(back("9").key).awaits,))  # type: ignore[arg-type] # it is the note
    both = held(host.tell(back("10", "-2.00")))
    orders = host.through(host.tell(back("9", rows=(WINE,), amendment=1)))
    assert "returned_too_much" not in names(tuple(orders))
    assert host.state(back("10").key).hold != both
    assert names(tuple(o for o in orders if o.key == back("10").key)) == ["close", "create", "move"]


def test_a_discarded_return_that_is_taken_up_again_is_measured_again() -> None:
    """Another one has been credited meanwhile."""
    host = Host()
    first = held(host.tell(back("8", "-2.00")))
    host.tell(answered(first, "discard"))
    host.through(host.tell(receipt()))
    host.through(host.tell(back("9", "-2.00")))
    assert names(host.tell(answered(first, "reopen"))) == ["returned_too_much"]


def test_a_return_waits_while_its_sale_is_made_anew() -> None:
    """It credits the invoice that is owed at the end, and never the one that is credited."""
    host = sold(amended="credit")
    (credit,) = host.tell(receipt(amendment=1, rows=(row(quantity=Decimal("3.00")),)))
    orders = host.done(credit)
    assert held(host.tell(back("8", "-3.00"))).reason == "sale_not_found"
    after = host.through(orders)
    assert names(tuple(after)) == ["move-back", "create", "move", "close", "create", "move"]
    note = after[-2]
    assert isinstance(note, CreateInvoice)
    assert (note.key, note.remark.partition(".")[0]) == (back("8").key, "Kreditering av faktura 5")


def test_a_return_of_a_sale_that_never_was_invoiced_is_answered() -> None:
    """Its sale was given up, or is from before bokbuss: it goes on without, and is measured where the sale comes."""
    host = Host()
    host.tell(answered(held(host.tell(receipt(tip=Decimal("20.00")))), "discard"))
    hold = held(host.tell(back("8", "-2.00")))
    assert names(host.through(host.tell(answered(hold, "without")))) == ["close", "create", "move"]
    host.through(host.tell(receipt(amendment=1)))
    assert held(host.tell(back("9"))).reason == "returned_too_much"


def test_an_exchange_brings_something_back_too() -> None:
    """For something dearer: it is an invoice, and what came back by it is back."""
    host = sold()
    dearer = (row(quantity=Decimal("-2.00")), row("Vin", "500.00", "25", group="wine"))
    assert names(host.through(host.tell(back("8", rows=dearer)))) == ["create", "move"]
    assert held(host.tell(back("9"))).reason == "returned_too_much"


@pytest.mark.parametrize(
    ("total", "rows", "asked"),
    [
        (None, (row(quantity=Decimal("-1.00")), row("Vin", group="wine", rate="25")), "exchange_not_booked"),
        ("0.00", (row(quantity=Decimal("-1.00")), row("Vin", "112.03", "25", group="wine")), "exchange_not_booked"),
        (None, (row(quantity=Decimal("-1.00")), row("Soppa")), "nothing_to_invoice"),
    ],
)
def test_an_exchange_to_zero_waits_where_no_day_close_has_it(
    total: str | None, rows: tuple[object, ...], asked: str
) -> None:
    """Nothing is owed; but its sales and VAT would stand nowhere. Where a day close has them, they stand there."""
    exchanged = back("8", rows=rows, total=total)
    assert names(sold(in_day_close=True).tell(exchanged)) == ["nothing_to_invoice", "close"]
    host = sold(in_day_close=False)
    orders = host.tell(exchanged)
    assert names(orders)[0] == asked
    if asked == "exchange_not_booked":
        assert "meals 12 %: net -100.00, VAT -12.00" in held(orders).message
        assert names(host.apply(chosen())) == ["close", "nothing_to_invoice", "close"]


@pytest.mark.parametrize(("price", "asked"), [("100.00", "create"), ("112.00", "returned_too_much")])
def test_prices_without_vat_are_measured_with_it(price: str, asked: str) -> None:
    """A till may tell a return otherwise than its sale."""
    host = sold()
    orders = host.tell(back(rows=(row(price=price, quantity=Decimal("-2.00")),), vat_included=False))
    assert names(orders) == [asked]


def test_a_return_by_another_customer_waits() -> None:
    """Who is credited is who was invoiced; a person says otherwise."""
    host = sold()
    hold = held(host.tell(back(customer_number="7")))
    assert (hold.reason, [choice.answer for choice in hold.choices]) == ("returned_by_another", ["another", "discard"])
    assert "invoice 1 to customer 1042" in hold.message
    assert names(host.tell(answered(hold, "another"))) == ["close", "create"]


def test_a_sale_that_is_amended_to_less_than_came_back_waits() -> None:
    """The till may tell one return as a return and as a correction: kept, it is credited once."""
    host = sold(amended="credit")
    host.through(host.tell(back("8", "-2.00")))
    hold = held(host.tell(receipt(amendment=1, rows=(row("Vin", "125.00", "25", group="wine"),))))
    assert (hold.reason, hold.rule) == ("returned_too_much", "an_amended_sale_covers_its_returns")
    assert [choice.answer for choice in hold.choices] == ["anyway", "keep"]
    host.tell(answered(hold, "keep"))
    assert host.state().document is not None
    assert host.state().document.credited_by is None
    more = host.through(host.tell(receipt(amendment=2, rows=(row(quantity=Decimal("2.00")),))))
    assert names(tuple(more)) == ["credit", "move-back", "create", "move"]


def test_a_return_of_before_returns_were_remembered_goes_on_and_counts_from_then() -> None:
    """Nothing that was let through is held for lack of what was not remembered."""
    host = sold()
    (note,) = host.tell(back("8", "-2.00"))
    for key, state in host.remembered.states.items():
        host.remembered.states[key] = State.model_validate(state.model_dump(exclude={"returns"}))
    assert names(host.through(host.done(note))) == ["move"]
    assert held(host.tell(back("9"))).reason == "returned_too_much"


def test_a_return_without_its_sales_receipt_is_measured_against_nothing() -> None:
    """It was let go without; a till that names no sale has a person say so, as before."""
    host = sold()
    for number in ("8", "9"):
        hold = held(host.tell(back(number, "-2.00", returned_receipt=None)))
        assert names(host.through(host.tell(answered(hold, "without")))) == ["close", "create", "move"]


RETURNS = st.lists(
    st.tuples(st.integers(1, 3), st.booleans(), st.sampled_from([0, 1, 1, 1])),  # lunches, amended, customer
    min_size=1,
    max_size=4,
)


@effort(max_examples=60)
@given(returns=RETURNS, data=st.data(), refused=st.sets(st.integers(1, 9), max_size=2))
def test_never_more_comes_back_than_was_sold(
    returns: list[tuple[int, bool, int]], data: st.DataObject, refused: set[int]
) -> None:
    """Whatever the sequence, what is refused, discarded or told twice: at the end at most two lunches are credited."""
    host, carried = Host(chosen(amended="credit")), 0
    told = [receipt()]
    for number, (lunches, amended, customer) in enumerate(returns, 8):
        one = back(str(number), f"-{lunches}.00", customer_number=("7", "1042")[customer])
        told += [one, back(str(number), "-1.00", amendment=1)] if amended else [one]
    for message in data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=3))])):
        host.tell(message)
        if data.draw(st.booleans()):
            carried = _worked(host, refused, carried)
    for _ in range(30):
        carried = _worked(host, refused, carried)
        holds = [state.hold for state in host.remembered.states.values() if state.hold]
        if not holds:
            break
        hold = data.draw(st.sampled_from(holds))
        never = {"anyway", "without"} | ({"discard"} if hold.key == receipt().key else set())
        answers = [choice.answer for choice in hold.choices if choice.answer not in never]
        host.tell(answered(hold, data.draw(st.sampled_from(answers))))
    else:
        raise AssertionError("it is never over")
    assert host.state().standing is not None
    assert _credited(host) >= Decimal("-224.00")


def _worked(host: Host, refused: set[int], carried: int) -> int:
    while waiting := [
        state.awaits for state in host.remembered.states.values() if not isinstance(state.awaits, HoldForReview | None)
    ]:
        for order in waiting:
            carried += 1
            is_refused = carried in refused and not isinstance(order, FindCustomer)
            host.tell(refusal(order) if is_refused else outcome(order, number=carried))
    return carried


def _credited(host: Host) -> Decimal:
    documents = [(key, state.standing) for key, state in host.remembered.states.items() if state.standing]
    rows = [r for key, one in documents if key != receipt().key and one.order for r in one.order.rows]
    return sum((r.amount for r in rows), ZERO)


def test_a_sale_of_a_number_that_began_anew_is_another_one() -> None:
    """A return that may be of either is measured against both."""
    host = sold()
    host.through(host.tell(receipt(invoice_date=DAY + timedelta(days=60))))
    assert names(host.through(host.tell(back("8", "-4.00", invoice_date=DAY + timedelta(days=60))))) == [
        "create",
        "move",
    ]
    assert held(host.tell(back("9", invoice_date=DAY + timedelta(days=60)))).reason == "returned_too_much"


def test_a_made_up_number_in_all_returns_costs_no_more_with_each() -> None:
    """What is remembered under a number is read with each message about it."""
    host = Host(chosen())
    for number in range(1000, 1050):
        assert held(host.tell(back(str(number), returned_receipt="0"))).rule == "a_return_names_its_sale"
    [remembered] = [state.returns for state in host.remembered.states.values() if state.returns]
    assert len(remembered) == 31


def test_the_return_after_those_that_are_remembered_waits() -> None:
    """What the first ones brought back is not known any more: more than was sold would come back, and nobody told."""
    host = Host(chosen())
    host.through(host.tell(receipt(rows=(row(quantity=Decimal("31.00")),))))
    for number in range(30):
        assert names(host.through(host.tell(back(f"1{number}")))) == ["create", "move"]
    hold = held(host.tell(back("200")))
    assert (hold.reason, [choice.answer for choice in hold.choices]) == ("returned_too_much", ["anyway", "discard"])
    assert "More than 30 returns name receipt 7" in hold.message
    assert names(host.through(host.tell(answered(hold, "anyway")))) == ["close", "create", "move"]
