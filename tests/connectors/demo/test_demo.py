"""The demo judges by what stands in the books: its story, its lines and its tie-out, without a broker."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.demo import people, scenes
from connectors.demo.on_account import Document
from connectors.demo.people import ENDS, HIRED, IN_FORTNOX, Staff
from connectors.demo.reports import DemoReport, Till, amended, ordinary
from connectors.demo.scenes import BAGERIET, MONDAY, SCENES, SODER, TILLS, Await, Break, Deliver, Sell
from connectors.demo.telling import effect, progress
from connectors.demo.tieout import BookedVoucher, SentReport, TieOut, sales_accounts, tie_out
from infra import registry
from schemas import ids
from schemas.audit import GENESIS, AuditRecord
from schemas.commands import VoucherRef
from schemas.events import DayClosed
from schemas.invoices import InvoiceRequested
from schemas.money import ZERO

AT = datetime(2026, 4, 1, 20, 0, tzinfo=UTC)
REPORT = ordinary(SODER, MONDAY, MONDAY)
BETTER = amended(REPORT, "Bröd", "100.00")
ACCOUNTS = {"bageriet": sales_accounts(BAGERIET.settings.daysales)} if BAGERIET.settings.daysales else {}
DELIVERIES = [act for scene in SCENES for act in scene.acts if isinstance(act, Deliver)]


def read(report: DemoReport) -> DayClosed:
    """Return the fact that a report becomes, as the host reads it."""
    (fact,) = registry.sources()["openpos"].translate(json.dumps(report.wire()).encode())
    assert isinstance(fact, DayClosed)
    return fact


def revision(report: DemoReport) -> str:
    """Return the revision of a report's content."""
    return ids.revision(read(report))


def record(report: DemoReport, outcome: str, step: str = "book", sequence: int = 1, **more: Any) -> AuditRecord:
    """Return a record of the trail; ``number`` is its voucher's."""
    number = more.pop("number", None)
    kind = "hold-for-review" if outcome in {"held", "released"} else "post-voucher"
    order = ids.order_id(tenant=report.tenant, flow="daysales", key=report.key, revision=revision(report), step=step)
    values: dict[str, Any] = {
        "sequence": sequence,
        "previous": GENESIS,
        "at": AT,
        "outcome": outcome,
        "flow": "daysales",
        "key": report.key,
        "message_id": str(order),
        "message_type": f"bokbuss.{kind}.v1",
        "fact_id": ids.fact_id(report.key, revision(report)),
        "revision": revision(report),
        "step": step,
        "voucher": VoucherRef(series="F", number=number, year_id=4) if number else None,
    }
    return AuditRecord(**(values | more))


def entry(report: DemoReport, told: AuditRecord, text: str = "Dagsavslut", sign: int = 1) -> BookedVoucher:
    """Return the voucher that a report must become, or (sign -1) the one that takes it back."""
    sales, rest = report.total_sales, report.debit - report.total_sales
    rows = [(1930, report.debit, ZERO), (3001, ZERO, sales), (2820, ZERO, rest)]
    if sign < 0:
        rows = [(account, credit, debit) for account, debit, credit in rows]
    assert told.order_id is not None
    return BookedVoucher(str(told.voucher), f"{text} {ids.mark(told.order_id)}", tuple(rows))


def judged(sent: list[SentReport], told: list[AuditRecord], books: list[BookedVoucher]) -> TieOut:
    """Tie out one company."""
    return tie_out(sent, [("bageriet", each) for each in told], {"bageriet": books}, ACCOUNTS)


BOOKED = record(REPORT, "delivered", number=1)
REVERSED = record(REPORT, "delivered", "reverse", 2, number=2)
BOOKED_ANEW = record(BETTER, "delivered", "rebook", 3, number=3)
ONCE = [SentReport(REPORT, revision(REPORT), "booked")]


def reversal(text: str = "Återföring av F 1: Dagsavslut") -> BookedVoucher:
    """Return the voucher that takes the first one back."""
    return entry(REPORT, REVERSED, text, sign=-1)


# --- The reports --------------------------------------------------------------------------------------------------


@given(
    sells=st.dictionaries(st.sampled_from(["Bröd", "Mat", "Presenter"]), st.integers(1000, 99_999), min_size=1),
    tips=st.integers(0, 999),
    first_z=st.integers(1, 99_999),
    since=st.integers(0, 6),
    extra=st.sampled_from(["0.00", "0.50", "500.00"]),
)
def test_an_ordinary_day_adds_up(sells: dict[str, int], tips: int, first_z: int, since: int, extra: str) -> None:
    """What was paid is what was sold, tips and the rest; and no amount is below zero, as the debit presumes."""
    till = Till("bageriet", "Bageriet AB", "SODER", "KASSA1", "HTTP", first_z, sells, tips)
    report = ordinary(till, MONDAY, MONDAY + timedelta(days=since), rounding=extra, gift_cards_sold=extra)
    day = read(report)
    paid = sum((p.amount for p in day.payments), ZERO)
    assert paid == day.total_sales + sum((o.amount for o in day.others), ZERO) == report.debit
    assert day.total_sales == sum((s.net + s.vat for s in day.sales), ZERO) == report.total_sales
    assert day.key == report.key
    assert min([p.amount for p in day.payments] + [s.net for s in day.sales]) > 0


@pytest.mark.parametrize("delivery", DELIVERIES, ids=lambda d: f"{d.report.tenant}-{d.report.z}-{d.report.amendment}")
def test_every_report_of_the_story_has_the_published_format(delivery: Deliver) -> None:
    """A till's developer may copy it: it is read as the day, store and register that it says."""
    day, report = read(delivery.report), delivery.report
    assert (day.business_date, day.store, day.amendment) == (report.day, report.till.store, report.amendment)


def test_the_story_is_a_week_of_several_stores() -> None:
    """Every till closes on each of seven days; only amendments tell of the same day twice."""
    first = [(d.report.till.store, d.report.day) for d in DELIVERIES if not d.report.amendment]
    assert sorted(first) == sorted((t.store, MONDAY + timedelta(days=n)) for t in TILLS for n in range(7))


def test_the_story_waits_for_every_report() -> None:
    """Whatever is delivered is awaited in its last state, so that the table is made when all has come to its end."""
    awaited = {
        (a.report.key, a.report.tenant, a.report.amendment, a.state)
        for s in SCENES
        for a in s.acts
        if isinstance(a, Await)
    }
    expected = {(d.report.key, d.report.tenant, d.report.amendment, d.ends) for d in DELIVERIES}
    assert expected <= awaited


def test_every_fault_of_the_story_is_told_in_words() -> None:
    """A reader need not know the sandbox."""
    faults = {fault for s in SCENES for a in s.acts if isinstance(a, Break) for fault in a.script if fault}
    assert faults == scenes.FAULTS.keys()


# --- The tie-out --------------------------------------------------------------------------------------------------


def test_a_report_that_is_one_voucher_is_accounted_for() -> None:
    """Its sales stand in the books once, and its company's sum says the same."""
    found = judged(ONCE, [BOOKED], [entry(REPORT, BOOKED)])
    assert found.problems == ()
    assert [(row.vouchers, row.difference) for row in found.rows] == [(("F 1",), ZERO)]
    assert [(t.reports, t.due, t.in_books) for t in found.totals] == [(REPORT.total_sales,) * 3]
    assert found.doubles == 0


def test_three_vouchers_that_name_each_other_are_accounted_for() -> None:
    """The first and its reversal come to nothing, and only the new content counts."""
    sent = [SentReport(REPORT, revision(REPORT), "reversed"), SentReport(BETTER, revision(BETTER), "booked")]
    anew = entry(BETTER, BOOKED_ANEW, "Rättelse av F 1, återförd med F 2: Dagsavslut")
    found = judged(sent, [BOOKED, REVERSED, BOOKED_ANEW], [entry(REPORT, BOOKED), reversal(), anew])
    assert found.problems == ()
    assert [row.in_books for row in found.rows] == [ZERO, BETTER.total_sales]
    (total,) = found.totals
    assert (total.replaced, total.due) == (REPORT.total_sales, BETTER.total_sales)


@pytest.mark.parametrize("reason", ["unbalanced", "period_locked"])
def test_a_held_report_is_accounted_for_by_its_reason_only(reason: str) -> None:
    """It stands nowhere in the books; another reason than the expected one is a problem."""
    held = record(REPORT, "held", "hold/1", code=reason)
    found = judged([SentReport(REPORT, revision(REPORT), "held unbalanced")], [held], [])
    assert bool(found.problems) == (reason != "unbalanced")
    assert found.totals[0].held == REPORT.total_sales


DOUBLE = entry(REPORT, BOOKED)
WRONG = {
    "nothing_became_of_it": ([], []),
    "only_the_trail_knows_it": ([BOOKED], []),
    "only_the_books_know_it": ([], [DOUBLE]),
    "it_stands_twice_in_the_books": ([BOOKED], [DOUBLE, replace(DOUBLE, name="F 2")]),
    "it_stands_twice_in_the_trail": ([BOOKED, BOOKED], [DOUBLE]),
    "it_carries_another_mark": ([BOOKED], [replace(DOUBLE, description="Dagsavslut bb-aaaaaaaaaaaa")]),
    "an_ore_is_missing": ([BOOKED], [replace(DOUBLE, rows=(*DOUBLE.rows, (3001, Decimal("0.01"), ZERO)))]),
    "it_was_paid_otherwise": (
        [BOOKED],
        [replace(DOUBLE, rows=(*DOUBLE.rows, (1910, Decimal("0.01"), ZERO), (2820, ZERO, Decimal("0.01"))))],
    ),
    "it_is_held": ([record(REPORT, "held", "hold/1", code="unbalanced")], []),
    "it_was_reversed": ([BOOKED, REVERSED], [DOUBLE, reversal()]),
    "the_reversal_names_nothing": ([BOOKED, REVERSED], [DOUBLE, reversal("Återföring")]),
    "another_content_was_booked": ([BOOKED, record(BETTER, "delivered", number=2)], [DOUBLE]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_accounted_for_is_said(case: str) -> None:
    """Each way to be wrong gives a problem that names the company."""
    told, books = WRONG[case]
    problems = judged(ONCE, told, books).problems
    assert problems
    assert all(problem.startswith("bageriet") for problem in problems)


def test_a_double_is_counted() -> None:
    """Two vouchers with the same mark are one event booked twice."""
    assert judged(ONCE, [BOOKED], [DOUBLE, replace(DOUBLE, name="F 2")]).doubles == 1


@given(st.decimals("-500.00", "500.00", places=2))
def test_the_difference_is_exact(wrong: Decimal) -> None:
    """Whatever the books have too much or too little is the difference, of the row and of the company."""
    rows = (*DOUBLE.rows, (2611, ZERO, wrong) if wrong > 0 else (2611, -wrong, ZERO))
    found = judged(ONCE, [BOOKED], [replace(DOUBLE, rows=rows)])
    assert found.rows[0].difference == found.totals[0].difference == wrong
    assert bool(found.problems) == bool(wrong)


# --- Sold on account ----------------------------------------------------------------------------------------------

SALES = [act.sale for scene in SCENES for act in scene.acts if isinstance(act, Sell)]
SALE = replace(SALES[0], till=SODER)


def on_account(outcome: str, kind: str, step: str, **more: Any) -> AuditRecord:
    """Return a record of the trail about the sale."""
    order = ids.order_id(tenant="bageriet", flow="invoicing", key=SALE.key, revision="a", step=step)
    about = {"flow": "invoicing", "key": SALE.key, "revision": "a", "message_id": str(order), "fact_id": "f"}
    return record(REPORT, outcome, step, message_type=f"bokbuss.{kind}.v1", **(about | more))


MADE = on_account("delivered", "create-invoice", "create", record="1")
MOVED = on_account(
    "already_there", "post-voucher", "move", sequence=2, voucher=VoucherRef(series="A", number=1, year_id=4)
)
INVOICE = Document("invoice", "1", ids.mark(MADE.order_id or UUID(int=0)), SALE.total)


def beside(amount: Decimal = SALE.total, name: str = "A 1") -> BookedVoucher:
    """Return the voucher that takes the sale out of its day."""
    tip = (2820, SALE.tip, ZERO)
    rows = ((3001, amount - SALE.tip, ZERO), tip, (1518, ZERO, amount))
    return BookedVoucher(name, f"Kvitto {ids.mark(MOVED.order_id or UUID(int=0))}", rows)


def sold_on_account(told: list[AuditRecord], books: list[BookedVoucher], documents: list[Document]) -> TieOut:
    """Tie out a day close that has the sale, and what became of the sale."""
    closed = entry(REPORT, BOOKED)
    (_, paid, _), *rest = closed.rows
    closed = replace(closed, rows=((1930, paid - SALE.total, ZERO), (1518, SALE.total, ZERO), *rest))
    trail = [("bageriet", each) for each in (BOOKED, *told)]
    return tie_out(ONCE, trail, {"bageriet": [closed, *books]}, ACCOUNTS, [SALE], {"bageriet": documents})


def test_a_sale_that_is_one_invoice_is_accounted_for_and_its_books_wait_for_the_accountant() -> None:
    """It has left its day; booked in Fortnox it stands there again, and the clearing account holds nothing."""
    waiting = sold_on_account([MADE, MOVED], [beside()], [INVOICE])
    assert waiting.problems == ()
    assert (waiting.totals[0].to_invoice, waiting.totals[0].clearing) == (SALE.sales, ZERO)
    rows = ((1510, SALE.total, ZERO), (3001, ZERO, SALE.sales), (2820, ZERO, SALE.tip))
    own = BookedVoucher("B 1", "Kundfaktura Bygg (1)", rows)
    booked = sold_on_account([MADE, MOVED], [beside(), own], [replace(INVOICE, voucher="B 1")])
    assert (booked.problems, booked.totals[0].to_invoice, booked.totals[0].difference) == ((), ZERO, ZERO)


ORE_LESS = SALE.total - Decimal("0.01")
NOT_SOLD: dict[str, tuple[list[AuditRecord], list[BookedVoucher], list[Document]]] = {
    "nothing_became_of_it": ([], [], []),
    "it_is_an_order": ([MADE, MOVED], [beside()], [replace(INVOICE, kind="order")]),
    "it_is_invoiced_twice": ([MADE, MOVED], [beside()], [INVOICE, replace(INVOICE, number="2")]),
    "somebody_elses_order_made_it": ([MADE, MOVED], [beside()], [replace(INVOICE, mark="bb-other")]),
    "an_ore_is_missing": ([MADE, MOVED], [beside()], [replace(INVOICE, total=ORE_LESS)]),
    "it_did_not_leave_its_day": ([MADE], [], [INVOICE]),
    "an_ore_stayed_in_its_day": ([MADE, MOVED], [beside(ORE_LESS)], [INVOICE]),
    "an_invoice_that_nobody_sold_is_booked": ([MADE, MOVED], [beside(), beside(ZERO, "B 7")], [INVOICE]),
}


@pytest.mark.parametrize("case", NOT_SOLD)
def test_a_sale_that_is_not_accounted_for_is_said(case: str) -> None:
    """Each way to be wrong gives a problem that names the company."""
    problems = sold_on_account(*NOT_SOLD[case]).problems
    assert problems
    assert all(problem.startswith("bageriet") for problem in problems)


def test_every_sale_of_the_story_has_the_published_format_and_is_in_its_day() -> None:
    """The day's report counts it by the means of payment of sales on account."""
    for sale in SALES:
        (fact,) = registry.sources()["openpos"].translate(json.dumps(sale.wire()).encode())
        assert isinstance(fact, InvoiceRequested)
        assert (fact.key, fact.total, fact.tip) == (sale.key, sale.total, sale.tip)
        [day] = [d.report for d in DELIVERIES if (d.report.till, d.report.day) == (sale.till, sale.day)]
        assert day.payments["invoice"] == sale.total


# --- The lines ----------------------------------------------------------------------------------------------------


def test_each_effect_is_told_in_plain_words() -> None:
    """A reader who knows nothing of orders and outcomes understands each line."""
    why = "Store SODER, register KASSA1, Z 412 of 2026-03-30, total sales 9.00: The payments are 1.00 above the sales."
    lost = "the voucher was sent and no answer came: POST 127.0.0.1: ReadError"
    amount = Decimal("1234.50")
    lines = {
        "booked as F 1, debit 1 234.50": (record(REPORT, "delivered", number=1, amount=amount), []),
        "asked Fortnox, which has it: booked as F 1, debit 1 234.50": (
            record(REPORT, "already_there", number=1, amount=amount),
            [],
        ),
        "no clear answer (ReadError): Fortnox is asked before more is sent": (record(REPORT, "unknown", why=lost), []),
        "asked Fortnox twice, which does not have it: sent again": (record(REPORT, "absent"), []),
        "Fortnox refused it, period locked": (record(REPORT, "rejected", code="period_locked"), []),
        "held, unbalanced: The payments are 1.00 above the sales.": (
            record(REPORT, "held", "hold/1", code="unbalanced", why=why),
            [],
        ),
        "no longer held: A person answered retry.": (
            record(REPORT, "released", "close/1", why="A person answered retry."),
            [],
        ),
        "F 1 reversed by F 2": (REVERSED, [BOOKED]),
        "booked anew as F 3, debit 1 234.50; it names F 1 and F 2": (
            record(BETTER, "delivered", "rebook", number=3, amount=amount),
            [BOOKED, REVERSED],
        ),
    }
    told = {text: effect("bageriet", heard, before) for text, (heard, before) in lines.items()}
    assert {text: each.text for text, each in told.items()} == {text: text for text in lines}
    assert {(each.company, each.about) for each in told.values()} == {("bageriet", "KASSA1 Z 412")}


STEPS = {
    "": [record(REPORT, "unknown"), record(REPORT, "absent")],
    "booked": [record(REPORT, "held", "hold/1", code="period_locked"), record(REPORT, "released", "close/1"), BOOKED],
    "reversed": [BOOKED, REVERSED],
    "replaced": [record(REPORT, "held", "hold/1"), record(REPORT, "released", "close/1", code="superseded")],
    "held unbalanced": [BOOKED, record(REPORT, "held", "hold/2", code="unbalanced")],
    "booked more than once": [BOOKED, record(REPORT, "delivered", "book/2", number=2)],
}


@pytest.mark.parametrize("state", STEPS)
def test_a_report_is_as_far_as_its_trail_says(state: str) -> None:
    """The newest hold that is open decides, then the vouchers."""
    (found,) = progress(("bageriet", each) for each in STEPS[state]).values()
    assert found.state == state


def test_the_week_is_the_one_in_which_vat_on_food_falls() -> None:
    """The day before and the day itself are in it."""
    assert date(2026, 4, 1) - MONDAY == timedelta(days=2)
    assert {rate for report in (REPORT, BETTER) for _, rate in report.sales} == {12, 25}
    assert (("Bröd", 6) in ordinary(SODER, MONDAY, date(2026, 4, 1)).sales) is True


# --- The staff ----------------------------------------------------------------------------------------------------

PERSON = {
    "id": "p1",
    "firstName": "Anna",
    "lastName": "Exempelsson",
    "workEmail": "anna@example.se",
    "privatePhone": "070-174 06 05",
    "ssn": "19900101-2385",
    "title": "Butikschef",
    "bankAccount": {"clearing": "6789", "number": "123456789"},
    "homeAddress": {"street": "Storgatan 1", "postalCode": "111 22", "city": "Stockholm", "country": "SE"},
    "tax": {"table": 33, "column": 1},
}
EMPLOYMENT = {"employeeId": "p1", "startDate": "2019-12-31T23:00:00.000Z", "endDate": None}
EMPLOYEE = {
    "FirstName": "Anna",
    "LastName": "Exempelsson",
    "Email": "anna@example.se",
    "Phone1": "+46701740605",
    "PersonalIdentityNumber": "900101-2385",
    "JobTitle": "Butikschef",
    "ClearingNo": "6789",
    "BankAccountNo": "000123456789",
    "Address2": "Storgatan 1",
    "PostCode": "11122",
    "City": "Stockholm",
    "Country": "Sverige",
    "EmploymentDate": "2020-01-01",
    "TaxTable": "33",
    "TaxColumn": 1,
}
HR_ANNA, FORTNOX_ANNA = people.in_hr(PERSON, [EMPLOYMENT]), people.in_fortnox(EMPLOYEE)
AGREES = {"Anna Exempelsson": ("agree", "linked")}


def staff_record(**values: Any) -> AuditRecord:
    """Return a record of the trail about somebody."""
    told = {
        "sequence": 1,
        "previous": GENESIS,
        "at": AT,
        "outcome": "delivered",
        "flow": "employees",
        "key": "alexishr/p1",
        "message_id": "m",
        "message_type": "bokbuss.upsert-employee.v1",
        "fact_id": "f",
    }
    return AuditRecord(**(told | values))


def test_both_systems_ways_to_write_are_compared_as_one() -> None:
    """Dashes, countries by name, leading zeros and the company's own midnight make no difference; nothing is lost."""
    assert HR_ANNA == FORTNOX_ANNA
    assert len(HR_ANNA) == 14
    (row,) = people.tie_out(Staff([HR_ANNA], [FORTNOX_ANNA]), AGREES).rows
    assert (row.ended, row.agree, row.differ) == ("agree", 14, ())


@given(st.sampled_from(sorted(HR_ANNA)))
def test_whatever_differs_between_both_sides_is_named(field: str) -> None:
    """A value that is another one, or missing on one side, is a problem that names the field and never the value."""
    for other in ({**FORTNOX_ANNA, field: "other"}, {k: v for k, v in FORTNOX_ANNA.items() if k != field}):
        found = people.tie_out(Staff([HR_ANNA], [other]), AGREES)
        assert found.problems
        assert "9001012385" not in str(found)
        assert "123456789" not in str(found)
        if not field.endswith("_name"):
            assert found.rows[0].differ == (field,)


WRONG_STAFF = {
    "somebody_stands_twice_in_fortnox": Staff([HR_ANNA], [FORTNOX_ANNA, FORTNOX_ANNA]),
    "somebody_stands_twice_in_hr": Staff([HR_ANNA, HR_ANNA], [FORTNOX_ANNA]),
    "somebody_is_missing_in_fortnox": Staff([HR_ANNA], []),
    "nobody_is_there": Staff([], []),
    "a_day_of_leave_is_missing": Staff([HR_ANNA], [FORTNOX_ANNA], [("Anna Exempelsson", "2026-12-07")]),
    "a_day_too_many": Staff([HR_ANNA], [FORTNOX_ANNA], [], [("Anna Exempelsson", "2026-12-07")]),
    "a_day_twice": Staff(
        [HR_ANNA], [FORTNOX_ANNA], [("Anna Exempelsson", "2026-12-07")], [("Anna Exempelsson", "2026-12-07")] * 2
    ),
    "a_stranger": Staff(
        [HR_ANNA, {"given_name": "Nils"}],
        [FORTNOX_ANNA],
    ),
}


@pytest.mark.parametrize("case", WRONG_STAFF)
def test_staff_that_is_not_as_it_should_be_is_said(case: str) -> None:
    """Each way to be wrong gives a problem that names the company."""
    problems = people.tie_out(WRONG_STAFF[case], AGREES).problems
    assert problems
    assert all(problem.startswith("kontoret") for problem in problems)


def test_a_leave_is_its_days_in_the_companys_own_time() -> None:
    """The first and the last day count, and midnight is Sweden's."""
    leave = {"employeeId": "p1", "startDate": "2026-12-06T23:00:00.000Z", "endDate": "2026-12-08T23:00:00.000Z"}
    days = people.leaves_of([leave], {"p1": "Anna"})
    assert days == [("Anna", "2026-12-07"), ("Anna", "2026-12-08"), ("Anna", "2026-12-09")]


def test_everybody_of_the_staff_has_an_end_that_is_awaited() -> None:
    """Who is added to a system is in the tie-out."""
    hired = {f"{each['firstName']} {each['lastName']}" for each in HIRED}
    there = {f"{each['FirstName']} {each['LastName']}" for each in IN_FORTNOX.values()}
    assert hired | there <= ENDS.keys()
    assert {end for end, _ in ENDS.values()} == {"agree", "apart", "only in HR", "only in Fortnox"}


def test_what_becomes_of_somebody_is_told_in_plain_words() -> None:
    """Each line has a name, and says what was done where."""
    absence = {"message_type": "bokbuss.write-absence.v1", "key": "leave/alexishr/l1/2026-12-07"}
    person = {"message_type": "bokbuss.upsert-person.v1", "why": "city: A -> B"}
    created = {"record": "2", "rule": "a_new_person_is_created_or_waits"}
    lines = {
        "created as employee 2 in Fortnox": created,
        "written to employee 1 in Fortnox": {"record": "1", "rule": "differing_fields_are_settled_one_by_one"},
        "written to HR (city: A -> B)": person,
        "2026-12-07 is an absence in Fortnox": absence | {"step": "create/1"},
        "2026-12-07 was taken back": absence | {"step": "delete/4"},
        "held, not linked: Taken apart.": {"outcome": "held", "code": "not_linked", "why": "alexishr/p1: Taken apart."},
        "no longer held: A person decided.": {"outcome": "released", "why": "A person decided."},
        "rejected no right": {"outcome": "rejected", "why": "no right"},
    }
    names = {"alexishr/p1": "Anna", "leave/alexishr/l1": "Anna"}
    told = {text: people.effect("kontoret", staff_record(**values), names) for text, values in lines.items()}
    assert {text: each.text for text, each in told.items()} == {text: text for text in lines}
    assert {each.about for each in told.values()} == {"Anna"}


def test_what_people_do_to_a_company_meanwhile_is_told_and_no_report() -> None:
    """A connection that is paused has a key of its own, which is nobody's content."""
    paused = record(REPORT, "disconnected", revision="", key="fortnox/connection", code="paused", why="paused by Anna")
    assert effect("bageriet", paused, []).about == "fortnox connection"
    whole = tie_out([], [("bageriet", paused)], {"bageriet": []}, ACCOUNTS)
    assert whole.problems == ()
