"""What a plan of closing entries proposes: each state with its action, its rule, and what an approval is of."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from connectors.desk.closing import previewed
from schemas.commands import PostVoucher
from schemas.plans import ClosingRow, Plan
from schemas.settings import TenantSettings
from streams.yearend import FLOW
from tests.streams.yearend.entries import Company, batch, chosen, double, entry, key, outcome, refusal
from tests.streams.yearend.entries import row as books

NOW = datetime(2026, 3, 15, 10, tzinfo=UTC)


def rows(company: Company) -> tuple[ClosingRow, ...]:
    """Return the rows of a plan made now."""
    assert FLOW.plan
    states = [(k, s) for k, s in company.remembered.states.items() if FLOW.in_plan(k)]
    return FLOW.plan(states, company.settings, date(2026, 3, 15))


def row(company: Company, number: str = "1") -> ClosingRow:
    """Return the row of an entry."""
    return next(one for one in rows(company) if one.number == number)


def plan_by(who: str) -> Plan:
    """Return a plan that somebody made."""
    return Plan(
        plan_id=uuid4(),
        tenant="acme",
        flow="yearend",
        settings_version=1,
        made_at=NOW,
        made_by=who,
        hr_read_at=None,
        fortnox_read_at=None,
    )


def new(_company: Company) -> None:
    """Leave it as it came."""


def sending(company: Company) -> None:
    """Let it be on its way."""
    company.approve()


def unknown(company: Company) -> None:
    """Let no answer come."""
    company.approve()
    company.tell(outcome(company.ordered(), "unknown"))


def failed(company: Company) -> None:
    """Let Fortnox refuse it."""
    company.approve()
    company.tell(refusal(company.ordered()))


def held(company: Company) -> None:
    """Let another voucher book the same."""
    company.approve()
    company.tell(double(company.ordered()))


def alone(company: Company) -> None:
    """Let the one who sent it approve it."""
    company.settings = chosen(four_eyes=True)
    company.approve(by="lena")


def exported(company: Company) -> None:
    """Let it be booked."""
    company.export()


def amended(company: Company) -> None:
    """Let it come otherwise after that."""
    company.settings = chosen(amended="reverse")
    company.export()
    company.tell(batch(entry("1", "2.00"), entry("2"), version=1))


def kept(company: Company) -> None:
    """Let a person leave the books as they are."""
    company.export()
    company.tell(batch(entry("1", "2.00"), entry("2"), version=1))
    company.answer("keep")


def gone(company: Company) -> None:
    """Let it leave the batch after it was booked."""
    company.settings = chosen(amended="reverse")
    company.export()
    company.tell(batch(entry("2"), version=1))


def reversed_(company: Company) -> None:
    """Let it be taken back."""
    gone(company)
    [order] = company.approve()
    assert isinstance(order, PostVoucher)
    company.tell(outcome(order, number=13))


def left(company: Company) -> None:
    """Let it leave the batch before it was booked."""
    company.tell(batch(entry("2"), version=1))


def discarded(company: Company) -> None:
    """Let a person give it up."""
    held(company)
    company.answer("discard")


@pytest.mark.parametrize(
    ("past", "state", "action", "rule"),
    [
        (new, "planned", "export", "what_is_new_is_exported"),
        (sending, "sending", "do_nothing", "what_is_under_way_is_waited_for"),
        (unknown, "unknown", "do_nothing", "what_is_under_way_is_waited_for"),
        (failed, "failed", "export", "what_is_new_is_exported"),
        (held, "held", "do_nothing", "what_a_person_decides_is_left_alone"),
        (alone, "held", "export", "what_is_new_is_exported"),
        (exported, "exported", "do_nothing", "what_is_exported_stays"),
        (amended, "planned", "rebook", "what_came_otherwise_is_rebooked"),
        (kept, "exported", "do_nothing", "what_is_exported_stays"),
        (gone, "planned", "reverse", "what_left_the_batch_is_reversed"),
        (reversed_, "reversed", "do_nothing", "what_was_given_up_is_left_alone"),
        (left, "withdrawn", "do_nothing", "what_was_given_up_is_left_alone"),
        (discarded, "withdrawn", "do_nothing", "what_was_given_up_is_left_alone"),
    ],
)
def test_each_state_has_its_action(past: Any, state: str, action: str, rule: str) -> None:
    """And the other entry of the batch is planned beside it."""
    company = Company()
    company.tell(batch(entry("1"), entry("2")))
    past(company)
    one = row(company)
    assert (one.state, one.action, one.rule) == (state, action, rule)
    assert row(company, "2").action == "export"


def test_a_row_shows_what_would_be_booked_and_where_it_came_from() -> None:
    """The content that an approval is of, the sum, the series of the settings, what stands."""
    company = Company(chosen(series="K"))
    company.tell(batch(database_number=4711, version=2))
    one = row(company)
    assert (one.about, one.batch, one.version, one.number) == (key(), "spiris/2025", 2, "1")
    assert (str(one.amount), one.series, one.not_locked, one.submitted_by) == ("100.00", "K", ("I",), "lena")
    assert (one.content, one.database_number) == (company.state().content, 4711)
    assert (one.rows, one.vouchers) == (entry().rows, ())


def test_what_needs_somebody_comes_first_then_batch_day_and_number() -> None:
    """Numbers as numbers."""
    company = Company()
    company.tell(batch(entry("10"), entry("9"), entry("b"), entry("1", text=" ")))
    assert [one.number for one in rows(company)] == ["1", "b", "9", "10"]
    assert [one.row for one in rows(company)] == [1, 2, 3, 4]


def test_without_settings_there_is_no_plan() -> None:
    """Nothing is known of the series."""
    company = Company()
    company.tell(batch())
    company.settings = TenantSettings()
    assert rows(company) == ()


def test_a_row_that_is_applied_approves_what_it_showed() -> None:
    """And the flow takes it."""
    company = Company()
    company.tell(batch())
    assert FLOW.applied
    fact = FLOW.applied(plan_by("bo"), row(company).model_copy(update={"series": "K"}), "anna", NOW)
    [order] = company.tell(fact)
    assert isinstance(order, PostVoucher)
    assert order.series == "K"


@pytest.mark.parametrize(
    ("made_by", "by", "why"),
    [
        ("bo", "anna", ""),
        ("bo", "Bo", "Bo made the plan, and the company wants four eyes"),
        ("bo", "lena", "lena sent batch spiris/2025, and the company wants four eyes"),
    ],
)
def test_where_two_people_are_wanted_the_same_one_may_not_apply(made_by: str, by: str, why: str) -> None:
    """Where one is enough, everybody may."""
    company = Company()
    company.tell(batch())
    plan = plan_by(made_by)
    assert FLOW.objects(plan, rows(company), chosen(four_eyes=True), by).startswith(why)
    assert bool(FLOW.objects(plan, rows(company), chosen(four_eyes=True), by)) is bool(why)
    assert FLOW.objects(plan, rows(company), chosen(), by) == ""


def test_an_entry_that_sums_to_more_than_an_amount_is_a_row_without_one() -> None:
    """It waits by itself: the others are planned."""
    company, most = Company(), "999999999999.99"
    sides = (books(8910, most), books(8910, most), books(2512, credit=most), books(2512, credit=most))
    company.tell(batch(entry("1", rows=sides), entry("2")))
    assert [(r.number, r.state, r.amount) for r in rows(company)] == [
        ("1", "held", None),
        ("2", "planned", Decimal("100.00")),
    ]


def test_what_is_reversed_is_shown_as_the_books_have_it() -> None:
    """It came otherwise before it left its batch, and as no voucher can be: what is looked up is what stands."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch(entry("1"), entry("2")))
    company.export("1")
    company.tell(batch(entry("1", rows=(books(8910, "5.00"), books(2512, credit="6.00"))), entry("2"), version=1))
    company.tell(batch(entry("2"), version=2))
    found = row(company)
    assert (found.action, found.rows, found.amount) == ("reverse", entry().rows, Decimal("100.00"))
    [order] = previewed(found)
    assert [(r.account, r.debit) for r in order.rows] == [(8910, Decimal("100.00")), (2512, Decimal("0.00"))]


def test_what_a_batch_says_of_itself_is_a_warning_of_each_entry_that_would_be_booked() -> None:
    """An entry that stands in the books has none; the same batch in a file that says more of itself is no news."""
    company = Company()
    found = {"findings": ("a program has taken this file before",)}
    company.tell(batch(entry("1"), **found))
    assert [(one.code, one.why) for one in row(company).warnings] == [("finding", *found["findings"])]
    company.approve()
    company.tell(outcome(company.ordered()))
    assert (row(company).state, row(company).warnings) == ("exported", ())
    before = dict(company.remembered.states)
    assert company.tell(batch(entry("1"), submitted_by="bo")) == ()
    assert company.remembered.states == before
