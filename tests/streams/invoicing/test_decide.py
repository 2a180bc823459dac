"""Sales on account, each rule in the shortest history in which it decides."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher
from schemas.events import ChecksPassed
from schemas.invoices import OTHER_AMOUNTS, Buyer, CreateInvoice, FindCustomer
from schemas.personal import Personal
from schemas.settings import CategoryAccount, PaymentAccount, StoreCostCentre, TenantSettings
from tests.streams.invoicing.receipts import (
    CLEARING,
    DAY,
    NOW,
    TENANT,
    WORKS,
    Host,
    accounts,
    answered,
    chosen,
    held,
    outcome,
    receipt,
    refusal,
    row,
    sides,
)


def names(orders: list[Order] | tuple[Order, ...]) -> list[str]:
    """Return the steps of orders, and the reasons of holds."""
    return [o.reason if isinstance(o, HoldForReview) else o.step.partition("/")[0] for o in orders]


def test_a_sale_on_account_is_an_invoice_and_leaves_the_day() -> None:
    """What the day's voucher credited is taken back beside it, and the clearing account is credited in full."""
    host = Host(chosen(accounts(cost_centres=(StoreCostCentre(store="Kungsgatan", cost_centre="KG"),))))
    [invoice, beside] = host.through(host.tell(receipt()))
    assert isinstance(invoice, CreateInvoice)
    assert (invoice.document, invoice.customer_number, invoice.invoice_date) == ("invoice", "1042", DAY)
    assert [(r.text, r.quantity, r.price, r.account) for r in invoice.rows] == [
        ("Lunch", Decimal("2.00"), Decimal("112.00"), 3002),
        ("Vin", Decimal("1.00"), Decimal("125.00"), 3001),
    ]
    assert (invoice.vat_included, invoice.cost_centre, invoice.receipt) == (True, "KG", "K1 7")
    assert invoice.remark == "Kvitto 7, kassa K1, 2026-04-10"
    assert sides(beside) == [
        (3002, "meals 12 %", "200.00"),
        (3001, "wine 25 %", "100.00"),
        (2621, "Moms 12 %", "24.00"),
        (2611, "Moms 25 %", "25.00"),
        (CLEARING, "Kvitto 7", "-349.00"),
    ]
    assert isinstance(beside, PostVoucher)
    assert [r.cost_centre for r in beside.rows] == ["KG", "KG", None, None, None]
    assert beside.description == "Kvitto 7, kassa K1, 2026-04-10: från dagsavslut till faktura 1"
    assert (beside.series, beside.voucher_date) == ("F", DAY)
    assert host.tell(receipt()) == ()
    assert host.tell(receipt(amendment=1)) == ()


def test_a_sale_that_no_day_close_counts_is_an_invoice_and_nothing_more() -> None:
    """Where the day closes are booked elsewhere, there is nothing to take back."""
    host = Host(chosen(accounts(payments=()), in_day_close=False))
    assert names(host.through(host.tell(receipt()))) == ["create"]


def test_prices_without_vat_get_it_once_for_each_group_and_rate() -> None:
    """Decimals of weight, and discounts, count to the öre."""
    rows = (
        row("Ost", "289.00", "6", quantity=Decimal("0.345"), group="cheese"),
        row("Ost", "10.00", "6", discount=Decimal("0.30"), group="cheese"),
    )
    host = Host(chosen(articles=True))
    _, beside = host.through(host.tell(receipt(rows=rows, vat_included=False)))
    assert sides(beside) == [
        (3003, "cheese 6 %", "109.41"),
        (2631, "Moms 6 %", "6.56"),
        (CLEARING, "Kvitto 7", "-115.97"),
    ]


def test_an_order_instead_of_an_invoice() -> None:
    """It leaves the day as well: the invoice that a person makes of it books the sale."""
    host = Host(chosen(order_instead_of_invoice=True, articles=True, series="L"))
    order, beside = host.through(host.tell(receipt(rows=(row(article="LUNCH", unit="st"),))))
    assert isinstance(order, CreateInvoice)
    assert (order.document, order.rows[0].article, order.rows[0].unit) == ("order", "LUNCH", "st")
    assert isinstance(beside, PostVoucher)
    assert (beside.series, beside.description[-7:]) == ("L", "order 1")


def test_a_tip_is_a_row_of_its_own_without_vat() -> None:
    """It is credited to the account of tips, by the invoice as by the day before it was taken back."""
    host = Host(chosen(allow_tip_on_invoice=True))
    invoice, beside = host.through(host.tell(receipt(tip=Decimal("50.00"), total=Decimal("399.00"))))
    assert isinstance(invoice, CreateInvoice)
    tip = invoice.rows[-1]
    assert (tip.text, tip.price, tip.vat_rate, tip.account) == ("Dricks", Decimal("50.00"), Decimal(0), 2820)
    assert sides(beside)[-2:] == [(2820, "Dricks", "50.00"), (CLEARING, "Kvitto 7", "-399.00")]


def test_a_tip_that_is_not_allowed_waits() -> None:
    """A person lets this one pass, or the settings let all pass."""
    tipped = receipt(tip=Decimal("50.00"))
    host = Host()
    hold = held(host.tell(tipped))
    assert (hold.reason, hold.amount) == ("tip_not_allowed", Decimal("399.00"))
    assert names(host.through(host.tell(answered(hold, "allow_tip")))) == ["close", "create", "move"]
    other = Host()
    other.tell(tipped)
    assert other.apply(chosen(articles=True)) == ()
    assert names(other.through(other.apply(chosen(allow_tip_on_invoice=True)))) == ["close", "create", "move"]


def test_a_difference_is_rounding_only_where_it_is_small() -> None:
    """Five öre go by themselves, ten kronor when a person says so, and more never."""
    host = Host()
    _, beside = host.through(host.tell(receipt(total=Decimal("349.03"))))
    assert sides(beside)[-2:] == [(3740, "Öresdifferens", "0.03"), (CLEARING, "Kvitto 7", "-349.03")]
    hold = held(host.tell(receipt("8", total=Decimal("340.00"))))
    assert hold.reason == "unbalanced"
    assert hold.choices[0].means.startswith("Invoice the rows, 349.00 kr; the rest of")
    assert hold.choices[0].means.endswith(" 340.00 kr, -9.00 kr, goes to the rounding account, 3740.")
    _, _, beside = host.through(host.tell(answered(hold, "round")))
    assert sides(beside)[-2:] == [(3740, "Öresdifferens", "-9.00"), (CLEARING, "Kvitto 8", "-340.00")]
    hold = held(host.tell(receipt("9", total=Decimal("300.00"))))
    assert [c.answer for c in hold.choices] == ["discard"]


def test_the_voucher_beside_goes_to_the_first_open_day_where_days_do() -> None:
    """Its own day stands in the text, and so it is with the one that takes it back; else a person is asked."""
    later, end = accounts(locked_period="first_open_day"), date(2026, 12, 30)
    opens = date(2026, 12, 31)
    host = Host(chosen(later, amended="credit"))
    (made,) = host.tell(receipt())
    (beside,) = host.done(made)
    (moved,) = host.tell(refusal(beside, until=end))
    assert isinstance(moved, PostVoucher)
    assert (moved.voucher_date, moved.replaces) == (opens, beside.id_in("acme"))
    assert moved.description.startswith(f"Avser {DAY}: Kvitto 7")
    assert host.done(moved) == ()
    (credit,) = host.tell(receipt(amendment=1, rows=(row("Kaffe", "30.00", "12"),)))
    (back,) = host.done(credit)
    assert isinstance(back, PostVoucher)
    assert (back.purpose, back.voucher_date) == ("reverse", opens)
    waits = Host()
    (made,) = waits.tell(receipt())
    (beside,) = waits.done(made)
    assert held(waits.tell(refusal(beside, until=end))).reason == "period_locked"
    *_, moved = waits.apply(chosen(later))
    assert isinstance(moved, PostVoucher)
    assert moved.voucher_date == opens
    assert held(waits.tell(refusal(moved, until=end))).reason == "period_locked", "no later day was named"


# --- Customers ----------------------------------------------------------------------------------------------------


def test_a_customer_without_a_number_is_found_first() -> None:
    """By organisation number, personal number or e-mail; the outcome names the number."""
    host = Host()
    find, invoice, _ = host.through(host.tell(receipt(customer_number=None, buyer=WORKS)))
    assert isinstance(find, FindCustomer)
    assert (find.buyer, find.create) == (WORKS, False)
    assert isinstance(invoice, CreateInvoice)
    assert invoice.customer_number == "1"


def test_a_customer_who_is_missing_waits_or_is_created() -> None:
    """As chosen, or as a person answers; the next order says that it replaces the refused one."""
    sale = receipt(customer_number=None, buyer=WORKS)
    host = Host()
    (find,) = host.tell(sale)
    hold = held(host.tell(refusal(find, "customer_missing")))
    assert (hold.reason, [c.answer for c in hold.choices]) == ("customer_missing", ["retry", "create", "discard"])
    assert host.apply(chosen(articles=True)) == ()
    _, again = host.tell(answered(hold, "create"))
    assert isinstance(again, FindCustomer)
    assert (again.create, again.step, again.replaces) == (True, "customer/2", find.id_in("acme"))
    other = Host(chosen(customers="create"))
    (find,) = other.tell(sale)
    assert isinstance(find, FindCustomer)
    assert find.create


def test_a_name_that_fortnox_takes_nothing_of_makes_no_customer() -> None:
    """A customer of no name is refused there, and the refusal tells of a number that is taken."""
    host = Host(chosen(customers="create"))
    (find,) = host.tell(receipt(customer_number=None, buyer=WORKS.model_copy(update={"name": "\U0001f339"})))
    assert isinstance(find, FindCustomer)
    assert not find.create
    hold = held(host.tell(refusal(find, "customer_missing")))
    assert [c.answer for c in hold.choices] == ["retry", "discard"]


def test_a_number_that_fortnox_does_not_know_is_looked_for_by_what_else_is_known() -> None:
    """One without anything else waits; with a name it can be made under its number."""
    host = Host()
    (invoice,) = host.tell(receipt(buyer=WORKS))
    (find,) = host.tell(refusal(invoice, "customer_missing"))
    assert isinstance(find, FindCustomer)
    (again,) = host.done(find)
    assert isinstance(again, CreateInvoice)
    assert (again.customer_number, again.step, again.replaces) == ("1", "create/2", None)
    (invoice,) = host.tell(receipt("8"))
    hold = held(host.tell(refusal(invoice, "customer_missing")))
    assert [c.answer for c in hold.choices] == ["retry", "discard"]
    _, again = host.tell(answered(hold, "retry"))
    assert isinstance(again, CreateInvoice)
    (invoice,) = host.tell(receipt("9", buyer=Buyer(name="Ada")))
    hold = held(host.tell(refusal(invoice, "customer_missing")))
    _, find = host.tell(answered(hold, "create"))
    assert isinstance(find, FindCustomer)
    assert (find.customer_number, find.create) == ("1042", True)


@pytest.mark.parametrize("customers", ["hold", "create"])
def test_a_customer_who_is_found_and_not_taken_is_not_looked_for_without_end(customers: Any) -> None:
    """A list shows whom no invoice is taken for: deleted since, or inactive. A person says when to try again."""
    host = Host(chosen(customers=customers))
    orders = host.tell(receipt(customer_number=None, buyer=WORKS))
    steps = []
    for _ in range(20):
        if isinstance(orders[-1], HoldForReview):
            break
        steps.append(orders[-1].step)
        found = isinstance(orders[-1], FindCustomer)
        orders = host.tell(outcome(orders[-1], number=55) if found else refusal(orders[-1], "customer_missing"))
    hold = held(orders)
    assert (hold.reason, hold.choices[0].answer) == ("customer_missing", "retry")
    assert steps == ["customer", "create", "customer/2", "create/2", "customer/3", "create/3"]
    assert names(host.through(host.tell(answered(hold, "retry")))) == ["close", "customer", "create", "move"]


def test_a_credit_note_whose_customer_is_gone_waits() -> None:
    """It is the invoice's own customer's: that another one is found now helps nothing, again and again."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt(customer_number=None, buyer=WORKS)))
    (credit,) = host.tell(receipt(customer_number=None, buyer=WORKS, amendment=1, rows=(row(),)))
    assert credit.step == "credit"
    hold = held(host.tell(refusal(credit, "customer_missing")))
    assert (hold.reason, [c.answer for c in hold.choices]) == ("customer_missing", ["retry", "keep"])


@pytest.mark.parametrize("buyer", [None, Buyer(name="Ada Ek"), Buyer(city="Lund")])
def test_nobody_is_found_by_a_name_alone(buyer: Buyer | None) -> None:
    """The till says more, or somebody invoices it by hand."""
    host = Host()
    hold = held(host.tell(receipt(customer_number=None, buyer=buyer)))
    assert hold.reason == "customer_not_named"
    assert names(host.through(host.tell(receipt(amendment=1)))) == ["close", "create", "move"]


def test_a_number_that_cannot_be_a_persons_finds_nobody() -> None:
    """It is sealed as it was read, with its flaw."""
    wrong = Personal(kind="personal_number", sealed="v1:abcdefgh", shown="•••", flaw="wrong_check_digit")
    hold = held(Host().tell(receipt(customer_number=None, buyer=Buyer(name="Ada", personal_number=wrong))))
    assert hold.reason == "customer_not_named"
    assert "cannot be right" in hold.message


def test_two_customers_who_fit_are_none() -> None:
    """Other settings ask nothing again; a person who has cleared it up does."""
    host = Host()
    (find,) = host.tell(receipt(customer_number=None, buyer=WORKS))
    hold = held(host.tell(refusal(find, "customer_ambiguous")))
    assert host.apply(chosen(articles=True)) == ()
    assert names(host.through(host.tell(answered(hold, "retry")))) == ["close", "customer", "create", "move"]


# --- What has to wait ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "changes", "reason"),
    [
        (TenantSettings(), {}, "flow_not_configured"),
        (chosen(sync_invoices=False), {}, "sync_is_off"),
        (chosen(start_date=DAY + timedelta(days=1)), {}, "before_start"),
        (chosen(accounts(start_date=DAY + timedelta(days=1))), {}, "before_start"),
        (chosen(accounts(payments=())), {}, "unmapped_payment_method"),
        (chosen(accounts(sales=())), {}, "unmapped_group"),
        (chosen(accounts(others=())), {"tip": Decimal("5.00")}, "unmapped_category"),
        (chosen(accounts(others=())), {"total": Decimal("349.01")}, "unmapped_category"),
    ],
)
def test_what_waits_for_settings_goes_on_by_itself(settings: TenantSettings, changes: Any, reason: str) -> None:
    """Once they say it."""
    host = Host(settings)
    hold = held(host.tell(receipt(**changes)))
    assert hold.reason == reason
    after = host.through(host.apply(chosen(allow_tip_on_invoice=True)))
    assert names(after) == ["close", "create", "move"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rows": (row(rate="24"),)}, "unknown_vat_rate"),
        ({"rows": (row("Ost", group="food", rate="12"),)}, "wrong_vat_rate"),
        ({"rows": (row(quantity=Decimal("900000000.00"), price="900000000000.00"),)}, "amount_too_large"),
    ],
)
def test_what_the_till_has_to_correct_waits_for_it(changes: Any, reason: str) -> None:
    """A corrected receipt takes its place."""
    host = Host()
    hold = held(host.tell(receipt(**changes)))
    assert hold.reason == reason
    assert names(host.through(host.tell(receipt(amendment=1)))) == ["close", "create", "move"]


def test_what_has_no_account_goes_to_the_fallback_where_that_was_chosen() -> None:
    """Of sales, tips and rounding; what clears the day is never guessed."""
    bare = accounts(sales=(), others=(), unmapped="fallback", fallback_account=2990)
    host = Host(chosen(bare, allow_tip_on_invoice=True))
    _, beside = host.through(host.tell(receipt(tip=Decimal("5.00"))))
    assert {account for account, *_ in sides(beside)} == {2990, 2611, 2621, CLEARING}
    hold = held(Host(chosen(accounts(payments=(), unmapped="fallback", fallback_account=2990))).tell(receipt()))
    assert hold.reason == "unmapped_payment_method"


def test_a_receipt_of_another_company_waits() -> None:
    """Until the number here is right."""
    host = Host(organisation_number="5599990016")
    hold = held(host.tell(receipt(organisation_number="5560160680")))
    assert (hold.reason, hold.who) == ("another_company", "operator")
    host.organisation_number = "556016-0680"
    assert names(host.through(host.tell(answered(hold, "retry")))) == ["close", "create", "move"]


def test_a_number_that_came_before_on_another_day_waits() -> None:
    """A till that was replaced counts from 1 again; after a month nobody is asked."""
    host = Host()
    host.through(host.tell(receipt()))
    hold = held(host.tell(receipt(invoice_date=DAY + timedelta(days=1))))
    assert hold.reason == "perhaps_the_same"
    assert "invoice 1" in hold.message
    assert names(host.through(host.tell(answered(hold, "own")))) == ["close", "create", "move"]
    assert names(host.tell(receipt(invoice_date=DAY + timedelta(days=60)))) == ["create"]


@pytest.mark.parametrize("store", ["Kungsgatan", None])
@pytest.mark.parametrize("first_waits", [False, True])
def test_other_content_of_one_amendment_is_no_correction(*, store: str | None, first_waits: bool) -> None:
    """A till that was replaced at noon counts from 1 again: nothing is credited, replaced or lost."""
    host = Host(chosen(sync_invoices=not first_waits, amended="credit"))
    morning, noon = receipt(store=store), receipt(store=store, customer_number="2001", rows=(row("Middag", "224.00"),))
    before = names(host.through(host.tell(morning)))
    assert before == (["sync_is_off"] if first_waits else ["create", "move"])
    hold = held(host.tell(noon))
    assert (hold.reason, hold.key) == ("perhaps_the_same", f"{morning.key}/2")
    assert host.state(morning.key).receipt == morning
    assert host.tell(noon) == ()
    assert host.tell(morning) == ()

    host.apply(chosen(amended="credit"))
    assert names(host.through(host.tell(answered(hold, "own")))) == ["close", "create", "move"]
    assert host.tell(noon) == ()
    assert host.tell(morning) == ()
    third = held(host.tell(receipt(store=store, amendment=1)))  # of which of the two?
    assert (third.reason, third.key, len(third.lines)) == ("perhaps_the_same", f"{morning.key}/3", 2)


def test_a_correction_is_of_the_receipt_that_is_in_no_doubt() -> None:
    """What may be it, and waits, stays as it is; an older amendment that comes again with other content waits too."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt()))
    hold = held(host.tell(receipt(rows=(row(),))))
    assert names(host.through(host.tell(receipt(amendment=1, rows=(row("Vin", "125.00", "25"),))))) == [
        *("credit", "move-back", "create", "move")
    ]
    assert host.state(hold.key).hold == hold
    assert names(host.tell(answered(hold, "discard"))) == ["close"]
    assert held(host.tell(receipt(tip=Decimal("1.00")))).reason == "perhaps_the_same"


def test_a_discarded_receipt_is_taken_up_again() -> None:
    """It waits as it did, once for each time that it was given up."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt()))
    hold = held(host.tell(receipt(rows=(row(),))))
    host.tell(answered(hold, "discard"))
    again = held(host.tell(answered(hold, "reopen")))
    assert (again.reason, again.id_in(TENANT) != hold.id_in(TENANT)) == (hold.reason, True)
    host.tell(answered(again, "discard"))
    assert host.tell(answered(hold, "reopen")) == ()


@pytest.mark.parametrize("is_older", [False, True])
def test_a_store_in_other_capitals_is_the_same_store(*, is_older: bool) -> None:
    """Its receipt is not invoiced once more, is corrected as itself, and is found by what comes back."""
    host, loud = Host(), "KUNGSGATAN"
    host.through(host.tell(receipt()))
    if is_older:  # from before capitals were no difference
        states = host.remembered.states
        states[receipt().counter] = states.pop(receipt().counters[-1])
        loud = "Kungsgatan"
    assert host.tell(receipt(store=loud)) == ()
    note, _ = host.through(
        host.tell(receipt("8", store=loud, rows=(row(quantity=Decimal("-1.00")),), returned_receipt="7"))
    )
    assert isinstance(note, CreateInvoice)
    assert note.remark.startswith("Kreditering av faktura 1.")
    other = held(host.tell(receipt(store=loud, tip=Decimal("1.00"))))
    assert (other.reason, other.key) == ("perhaps_the_same", receipt(store=loud).key + ("/2" if is_older else ""))
    amended = held(host.tell(receipt(store=loud, amendment=1, rows=(row(),))))
    assert (amended.reason, amended.key) == ("amended_after_invoicing", receipt().key)


def test_a_register_in_other_capitals_sells_nothing_twice() -> None:
    """The same sale is not invoiced once more, and is found by what comes back; whatever differs waits beside it."""
    host, loud = Host(chosen(amended="credit")), receipt().register_id.swapcase()
    host.through(host.tell(receipt()))
    assert host.tell(receipt(register_id=loud)) == ()
    note, _ = host.through(
        host.tell(receipt("8", register_id=loud, rows=(row(quantity=Decimal("-1.00")),), returned_receipt="7"))
    )
    assert isinstance(note, CreateInvoice)
    assert note.remark.startswith("Kreditering av faktura 1.")
    for other in (
        receipt(register_id=loud, tip=Decimal("1.00")),
        receipt(register_id=loud, amendment=1, rows=(row(),)),
    ):
        hold = held(host.tell(other))
        assert (hold.reason, hold.key) == ("perhaps_the_same", other.key)


def test_whose_a_receipt_is_can_be_set_right_without_an_amendment() -> None:
    """As the text of its hold says."""
    host = Host(organisation_number="5599990016")
    held(host.tell(receipt(organisation_number="5560160680")))
    assert names(host.through(host.tell(receipt(organisation_number="5599990016")))) == ["close", "create", "move"]


def test_what_a_person_gives_up_stays_given_up_until_newer_content_comes() -> None:
    """Whatever the settings say meanwhile."""
    host = Host(chosen(sync_invoices=False))
    hold = held(host.tell(receipt()))
    assert names(host.tell(answered(hold, "discard"))) == ["close"]
    assert host.apply(chosen()) == ()
    assert names(host.tell(receipt(amendment=1, tip=Decimal("1.00")))) == ["tip_not_allowed"]


def test_a_receipt_that_comes_to_nothing_is_on_record() -> None:
    """Nobody owes anything, and nobody need be named."""
    rows = (row(), row(quantity=Decimal("-1.00")))
    orders = Host().tell(receipt(rows=rows, customer_number=None))
    assert names(orders) == ["nothing_to_invoice", "close"]
    assert isinstance(orders[1], CloseReview)
    assert orders[1].how == "nothing_to_book"


# --- What Fortnox refuses -----------------------------------------------------------------------------------------


def test_what_is_refused_waits_and_goes_again() -> None:
    """By an answer, by other settings that make it another order, or by a check that is green again."""
    host = Host()
    (invoice,) = host.tell(receipt())
    assert isinstance(invoice, CreateInvoice)
    hold = held(host.tell(refusal(invoice, "article_missing")))
    assert host.apply(chosen(customers="create")) == ()
    orders = host.through(host.tell(answered(hold, "retry")))
    assert [(o.step, getattr(o, "replaces", None)) for o in orders[1:]] == [
        ("create/2", invoice.id_in("acme")),
        ("move", None),
    ]
    (invoice,) = host.tell(receipt("8"))
    (beside,) = host.done(invoice)
    hold = held(host.tell(refusal(beside)))
    assert hold.reason == "period_locked"
    assert "the voucher beside the invoice" in hold.message
    assert host.tell(ChecksPassed(codes=("account_missing",), checked_at=NOW)) == ()
    _, again = host.tell(ChecksPassed(codes=("period_locked",), checked_at=NOW))
    assert isinstance(again, PostVoucher)
    assert (again.step, again.insists, again.replaces) == ("move/2", False, beside.id_in("acme"))
    _, discarded = host.tell(answered(held(host.tell(outcome(again, "discarded", code="discarded"))), "retry"))
    assert isinstance(discarded, PostVoucher)
    assert discarded.insists


def test_green_checks_are_for_what_was_refused_only() -> None:
    """Another hold that is called the same is not decided by them."""
    host = Host(chosen(sync_invoices=False))
    host.tell(receipt())
    assert host.tell(ChecksPassed(codes=("sync_is_off",), checked_at=NOW)) == ()


# --- Amendments, returns, and databases that were restored --------------------------------------------------------


def test_an_invoiced_receipt_that_comes_with_other_content_is_asked_about() -> None:
    """A person has it credited and made anew, and all of it is undone before that."""
    host = Host()
    first, moved = host.through(host.tell(receipt()))
    hold = held(host.tell(receipt(amendment=1, rows=(row(),))))
    assert (hold.reason, hold.choices[-1].answer) == ("amended_after_invoicing", "keep")
    credit, back, anew, beside = host.through(host.tell(answered(hold, "credit")))[1:]
    assert isinstance(first, CreateInvoice)
    assert isinstance(credit, CreateInvoice)
    assert [(r.quantity, r.price, r.account) for r in credit.rows] == [
        (-r.quantity, r.price, r.account) for r in first.rows
    ]
    assert credit.remark.startswith("Kreditering av faktura 1. Kvitto 7")
    assert isinstance(back, PostVoucher)
    assert sides(back) == [(a, t, f"{-Decimal(s):.2f}") for a, t, s in sides(moved)]
    assert (back.purpose, back.takes_back, str(back.relates_to[0])) == ("reverse", moved.id_in("acme"), "F 2")
    assert isinstance(anew, CreateInvoice)
    assert sides(beside)[-1] == (CLEARING, "Kvitto 7", "-112.00")
    assert host.tell(receipt()) == ()


def test_an_amended_receipt_is_credited_by_itself_where_that_was_chosen() -> None:
    """One that comes to nothing is credited and not made anew; older content that comes late goes on record."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt()))
    gone = receipt(amendment=2, rows=(row(), row(quantity=Decimal("-1.00"))))
    assert names(host.through(host.tell(gone))) == ["credit", "move-back", "nothing_to_invoice", "close"]
    assert names(host.tell(receipt(amendment=1, tip=Decimal("3.00")))) == ["older_content", "close"]


def test_content_that_comes_while_fortnox_is_asked_waits_for_the_answer() -> None:
    """What was made meanwhile is credited, and never left beside."""
    host = Host(chosen(amended="credit"))
    (first,) = host.tell(receipt())
    assert host.tell(receipt(amendment=1, rows=(row(),))) == ()
    assert names(host.through(host.done(first))) == ["credit", "create", "move"]


def test_what_was_credited_goes_back_into_the_day_whatever_newer_content_waits_for() -> None:
    """Else the sale would stand nowhere; and no answer says that an invoice stays which is credited."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt()))
    (credit,) = host.tell(receipt(amendment=1, rows=(row(),)))
    assert host.tell(receipt(amendment=2, rows=(row(),), tip=Decimal("20.00"))) == ()
    (back,) = host.done(credit)
    hold = held(host.tell(refusal(back)))
    assert [choice.answer for choice in hold.choices] == ["retry", "discard"]
    _, back = host.tell(answered(hold, "retry"))
    assert isinstance(back, PostVoucher)
    assert sides(back)[-1] == (CLEARING, "Kvitto 7", "349.00")
    hold = held(host.done(back))
    assert (hold.reason, hold.choices[-1].answer) == ("tip_not_allowed", "discard")


@pytest.mark.parametrize("until", ["it is made", "it leaves the day"])
def test_an_invoice_that_is_kept_leaves_the_day_all_the_same(until: str) -> None:
    """Newer content came before its sale had left the day: it would stand there and on the invoice."""
    host = Host()
    (asked,) = host.tell(receipt())
    if until == "it leaves the day":
        (asked,) = host.done(asked)
    assert host.tell(receipt(amendment=1, rows=(row(),))) == ()
    hold = held(host.tell(outcome(asked, number=9) if until == "it is made" else refusal(asked)))
    assert hold.reason == "amended_after_invoicing"
    closed, beside = host.tell(answered(hold, "keep"))
    assert sides(beside)[-1] == (CLEARING, "Kvitto 7", "-349.00"), "what was invoiced, not the newer content"
    assert closed.rule == "what_is_kept_leaves_the_day"
    assert host.done(beside) == ()
    assert host.apply(chosen(amended="credit")) == ()
    assert names(host.tell(receipt(amendment=2))) == ["credit"]


def test_an_invoice_that_was_kept_by_mistake_is_taken_up_again() -> None:
    """It is asked about as it was, also after its sale has left the day; it is credited and made anew then."""
    host = Host()
    (asked,) = host.tell(receipt())
    host.tell(receipt(amendment=1, rows=(row(),)))
    hold = held(host.tell(outcome(asked, number=9)))
    _, beside = host.tell(answered(hold, "keep"))
    assert host.tell(answered(hold, "reopen")) == (), "its sale is on its way out of the day"
    host.done(beside)
    again = held(host.tell(answered(hold, "reopen")))
    assert (again.reason, again.choices) == (hold.reason, hold.choices)
    assert names(host.through(host.tell(answered(again, "credit")))) == [
        "close",
        "credit",
        "move-back",
        "create",
        "move",
    ]


def test_what_is_kept_waits_where_its_sale_cannot_leave_the_day() -> None:
    """For Fortnox, or for an account; a person who keeps it once more lets the day be, too."""
    host = Host()
    (asked,) = host.tell(receipt())
    host.tell(receipt(amendment=1, rows=(row(),)))
    host.done(asked)
    hold = held(host.apply(chosen(accounts(payments=()))))
    unmapped = held(host.tell(answered(hold, "keep")))
    assert unmapped.reason == "unmapped_payment_method"
    _, beside = host.apply(chosen())
    refused = held(host.tell(refusal(beside)))
    assert (refused.reason, refused.rule) == ("period_locked", "a_refused_order_waits")
    _, again = host.tell(answered(refused, "retry"))
    assert (again.step, sides(again)) == ("move/2", sides(beside))
    assert names(host.tell(answered(held(host.tell(refusal(again))), "keep"))) == ["close"]


def test_a_return_is_a_credit_note_that_names_its_invoice() -> None:
    """The clearing account gets back what the day took from it."""
    host = Host()
    host.through(host.tell(receipt()))
    back = receipt("8", rows=(row(quantity=Decimal("-1.00")),), returned_receipt="7")
    note, beside = host.through(host.tell(back))
    assert isinstance(note, CreateInvoice)
    assert note.remark == "Kreditering av faktura 1. Kvitto 8, kassa K1, 2026-04-10"
    assert note.rows[0].quantity == Decimal("-1.00")
    assert sides(beside) == [
        (3002, "meals 12 %", "-100.00"),
        (2621, "Moms 12 %", "-12.00"),
        (CLEARING, "Kvitto 8", "112.00"),
    ]


def test_a_return_of_a_receipt_of_its_own_number_is_of_the_older_one() -> None:
    """A till whose numbers began anew: the credit note names the invoice of the sale, amended too."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt(invoice_date=DAY - timedelta(days=60))))
    back = receipt(rows=(row(quantity=Decimal("-1.00")),), returned_receipt="7")
    host.through(host.tell(back))
    orders = host.through(host.tell(receipt(amendment=1, rows=(row(quantity=Decimal("-2.00")),), returned_receipt="7")))
    (anew,) = (order for order in orders if order.step == "create")
    assert isinstance(anew, CreateInvoice)
    assert anew.remark == "Kreditering av faktura 1. Kvitto 7, kassa K1, 2026-04-10"


def test_a_customer_whose_name_nobody_sees_is_not_made() -> None:
    """Not with a name that is on no page: it waits for a customer who is."""
    host = Host(chosen(customers="create"))
    (find,) = host.tell(receipt(customer_number=None, buyer=Buyer(email="a@exempel.se", name="\u3164\u200d")))
    assert isinstance(find, FindCustomer)
    assert not find.create


@pytest.mark.parametrize("of", ["7", None])
def test_a_return_whose_sale_is_not_invoiced_waits(of: str | None) -> None:
    """A credit note names what it credits; a person lets it go without."""
    host = Host()
    back = receipt("8", rows=(row(quantity=Decimal("-1.00")),), returned_receipt=of)
    hold = held(host.tell(back))
    assert hold.reason == "sale_not_found"
    (sale,) = host.tell(receipt())
    if of:
        assert names(host.done(sale)) == ["move", "close", "create"], "it goes on by itself"
    else:
        host.through((sale,))
        again = host.tell(answered(hold, "retry"))
        assert names(again) == ["close", "sale_not_found"]
        _, note = host.tell(answered(held(again), "without"))
        assert isinstance(note, CreateInvoice)
        assert note.remark == "Kvitto 8, kassa K1, 2026-04-10"


def test_a_receipt_that_was_invoiced_twice_waits_for_a_person() -> None:
    """A database that was restored sent again what it had forgotten."""
    host = Host()
    first, _ = host.through(host.tell(receipt()))
    hold = held(host.tell(outcome(first, number=77)))
    assert (hold.reason, hold.lines) == ("invoiced_twice", ("invoice 1", "77"))
    assert names(host.tell(answered(hold, "credited"))) == ["close"]
    assert host.state().surplus == ()


@pytest.mark.parametrize("in_day_close", [True, False])
def test_a_document_of_other_amounts_waits_before_its_sale_leaves_the_day(*, in_day_close: bool) -> None:
    """A stock that is empty made each quantity 0: nobody owes anything, and the sale would stand nowhere."""
    host = Host(chosen(in_day_close=in_day_close))
    (made,) = host.tell(receipt())
    told = outcome(made).model_copy(update={"code": OTHER_AMOUNTS, "why": "DeliveredQuantity of row 1 0 for 2.00"})
    hold = held(host.tell(told))
    assert (hold.reason, [choice.answer for choice in hold.choices]) == ("other_amounts", ["right"])
    assert "invoice 1" in hold.message
    assert "DeliveredQuantity of row 1 0 for 2.00" in hold.message
    assert host.apply(chosen(in_day_close=in_day_close, amended="credit")) == ()
    assert names(host.through(host.tell(answered(hold, "right")))) == ["close", *(["move"] if in_day_close else [])]
    assert host.tell(told) == ()


def test_a_credit_note_of_other_amounts_waits_before_the_receipt_is_invoiced_anew() -> None:
    """Of nothing, it would leave the first invoice standing beside the second."""
    host = Host(chosen(amended="credit"))
    host.through(host.tell(receipt()))
    *_, credit = host.tell(receipt(amendment=1, rows=(row(),)))
    hold = held(host.tell(outcome(credit, number=2).model_copy(update={"code": OTHER_AMOUNTS, "why": "0 for 2.00"})))
    assert (hold.reason, "credit note 2" in hold.message) == ("other_amounts", True)
    assert names(host.through(host.tell(answered(hold, "right")))) == ["close", "move-back", "create", "move"]


@pytest.mark.parametrize("step", ["move", "move-back"])
def test_a_voucher_beside_that_was_booked_twice_waits_for_a_person(step: str) -> None:
    """Also where the document has been credited, and another one stands."""
    host = Host(chosen(amended="credit"))
    given = host.through(host.tell(receipt()))
    given += host.through(host.tell(receipt(amendment=1, rows=(row(),))))
    order = next(o for o in given if o.step.partition("/")[0] == step)
    hold = held(host.tell(outcome(order, number=77)))
    assert (hold.reason, hold.lines) == ("booked_twice", ("F 77",))
    assert host.tell(outcome(order, number=77)) == ()
    assert names(host.tell(answered(hold, "reversed"))) == ["close"]
    assert host.tell(outcome(order, number=77)) == ()
    assert host.state().surplus_vouchers == ()


def test_a_credit_note_that_came_out_twice_waits_for_a_person() -> None:
    """And so does a further document of content that was credited since."""
    host = Host(chosen(amended="credit"))
    first, *_ = host.through(host.tell(receipt()))
    given = host.through(host.tell(receipt(amendment=1, rows=(row(),))))
    credit = next(o for o in given if o.step.partition("/")[0] == "credit")
    assert held(host.tell(outcome(credit, number=77))).lines[1:] == ("77",)
    assert held(host.tell(outcome(first, number=78))).lines[1:] == ("77", "78")


def test_a_document_that_came_out_after_the_first_was_credited_by_hand_waits_for_a_person() -> None:
    """Nothing stands for the receipt by then, and the further one is no less in Fortnox."""
    host = Host(chosen(amended="credit"))
    (first,) = host.tell(receipt())
    host.tell(outcome(first).model_copy(update={"settings_version": 9}))
    hold = held(host.tell(receipt(amendment=1, rows=(row(),))) or host.tell(outcome(host.state().awaits, number=2)))  # type: ignore[arg-type] # the voucher beside
    again, *_ = [o for o in host.tell(answered(hold, "credited")) if not isinstance(o, CloseReview)]
    assert host.state().document is None
    host.tell(outcome(again, "rejected", code="refused", why="no"))
    asked = held(host.tell(outcome(first, number=77)))
    assert (asked.reason, asked.lines) == ("invoiced_twice", ("77",))
    assert names(host.tell(answered(asked, "credited")))[0] == "close"
    assert host.state().surplus == ()


def test_a_document_of_forgotten_settings_is_credited_by_hand() -> None:
    """The journal carried out what is not remembered here: nothing that is not known is taken back."""
    host = Host(chosen(amended="credit"))
    (first,) = host.tell(receipt())
    host.tell(outcome(first).model_copy(update={"settings_version": 9}))
    hold = held(host.tell(receipt(amendment=1, rows=(row(),))) or host.tell(outcome(host.state().awaits, number=2)))  # type: ignore[arg-type] # the voucher beside
    assert hold.reason == "document_not_known"
    assert names(host.through(host.tell(answered(hold, "credited")))) == ["close", "create", "move"]


def test_a_till_that_tells_of_no_store_is_known_by_register_and_receipt() -> None:
    """Another date may be another sale, as of a till that tells it; long names do not make keys too long."""
    host = Host()
    host.through(host.tell(receipt(store=None)))
    assert host.state("openpos/K1/7").document is not None
    hold = held(host.tell(receipt(store=None, invoice_date=date(2026, 4, 11))))
    assert (hold.reason, hold.key) == ("perhaps_the_same", "openpos/K1/7/2")
    assert len(receipt("8" * 64, store="/" * 64).key) < 200


def test_unmapped_categories_name_what_is_missing() -> None:
    """So that a person knows what to add."""
    host = Host(chosen(accounts(others=(CategoryAccount(category="rounding", account=3740),))))
    hold = held(host.tell(receipt(tip=Decimal("5.00"))))
    assert hold.lines == ("tips",)
    host = Host(chosen(accounts(payments=(PaymentAccount(method="cash", account=1910),)), method="konto"))
    assert held(host.tell(receipt())).lines == ("konto",)
