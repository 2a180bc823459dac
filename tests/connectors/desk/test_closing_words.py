"""A plan of closing entries in words: what each is, where it goes, what it meets, and what became of it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.desk import closing, closing_words
from connectors.desk.plan_words import InvalidEdit, conditions
from infra.commanding import WrongUsage
from infra.plugin import SeriesSeen
from schemas.events import EntryRow
from schemas.plans import ClosingRow, Obstacle, Plan, RowOutcome

AT = datetime(2026, 3, 15, 10, tzinfo=UTC)
PLAN = Plan(
    plan_id=UUID("1a2b3c4d-0000-4000-8000-000000000000"),
    tenant="acme",
    flow="yearend",
    settings_version=3,
    made_at=AT,
    made_by="bo",
    hr_read_at=None,
    fortnox_read_at=None,
)
LOCKED = Obstacle(code="period_locked", why="The period is locked.")


def row(**changes: Any) -> ClosingRow:
    """Return a row that is to be exported."""
    amount = Decimal("18000.00")
    content: dict[str, Any] = {
        "row": 1,
        "state": "planned",
        "action": "export",
        "rule": "what_is_new_is_exported",
        "about": "spiris/2025#1",
        "batch": "spiris/2025",
        "version": 0,
        "number": "1",
        "entry_date": date(2025, 12, 31),
        "text": "Hyra januari",
        "rows": (EntryRow(account=1710, debit=amount), EntryRow(account=5010, credit=amount, cost_centre="S1")),
        "amount": amount,
        "reverse_on": date(2026, 1, 1),
        "content": "0123456789abcdef",
        "series": "I",
        "organisation_number": "5560160680",
        "year": "2025-01-01 to 2025-12-31",
        "next_number": 12,
        "manual": True,
    }
    return ClosingRow(**(content | changes))


def test_a_row_says_what_is_booked_and_where() -> None:
    """Series, whether manual, next number, year and lock; the rows with both sides; the day it is taken back."""
    assert closing_words.row_lines(row(locked_until=date(2025, 11, 30), warnings=(LOCKED,))) == (
        "    1  planned    export      2025-12-31  18 000.00  Hyra januari",
        "       spiris/2025#1, version 0",
        "       series I, manual, next number 12 of 2025-01-01 to 2025-12-31, locked",
        "         until 2025-11-30: books it",
        "       taken back on 2026-01-01",
        "       NB period_locked: The period is locked.",
        "         1710        18 000.00",
        "         5010  S1               18 000.00",
    )


def test_a_row_that_something_stands_in_the_way_of_says_what() -> None:
    """By name and in words, once."""
    stopped = row(action="do_nothing", obstacles=(LOCKED,), why=LOCKED.why)
    assert [line for line in closing_words.row_lines(stopped) if "locked" in line] == [
        "       period_locked: The period is locked."
    ]


def test_the_series_of_a_year_are_listed_with_next_number() -> None:
    """And whether vouchers can be booked in them from outside."""
    seen = (
        SeriesSeen("2025", "A", "Redovisning", is_manual=True, next_number=3),
        SeriesSeen("2025", "B", "Kundfakturor", is_manual=False, next_number=None),
    )
    assert closing_words.series(seen)[1:] == (
        "2025  A       manual         3  Redovisning",
        "2025  B       not manual        Kundfakturor",
    )
    assert closing_words.series(()) == ()


def test_a_report_names_the_voucher_of_each_or_why_there_is_none() -> None:
    """What waits for a person comes before what is done."""
    found = [RowOutcome(row(), "done", 1, record="I 12"), RowOutcome(row(row=2), "held", 0, "A 1 books it", "double")]
    said = closing_words.report(PLAN, found, left=1)
    assert said[:3] == (
        "Plan 1a2b3c4d of acme, made 2026-03-15 11:00:00 by bo",
        "  made; settings version 3",
        "1 done, 1 held",
    )
    assert "  row 1  1 Hyra januari, 18 000.00: I 12" in said
    assert "  row 2  1 Hyra januari, 18 000.00: A 1 books it" in said
    assert said[-1] == "1 rows are not applied yet: bokbuss plan show 1a2b3c4d"


@pytest.mark.parametrize(
    ("texts", "met"),
    [
        (["state=planned"], True),
        (["state=exported"], False),
        (["batch=2025", "number=1"], True),
        (["batch=spiris/2025"], True),
        (["number=2"], False),
        (["action=export", "row=1"], True),
    ],
)
def test_conditions_choose_rows(texts: list[str], met: bool) -> None:  # noqa: FBT001 - a case
    """A batch by its whole key or without its system."""
    assert closing_words.meets(row(), conditions(texts, (), closing_words.CHOICES)) is met


def test_a_condition_of_plans_of_people_is_none_of_closing_entries() -> None:
    """It says which there are."""
    with pytest.raises(InvalidEdit, match="a condition is state=, action=, row=, batch="):
        conditions(["field=city"], (), closing_words.CHOICES)


def test_what_is_previewed_is_the_voucher_and_the_one_that_takes_it_back() -> None:
    """In the chosen series, exempt from the lock where the company says so."""
    first, turn = closing.previewed(row(not_locked=("I",), database_number=4711))
    assert (first.voucher_date, turn.voucher_date) == (date(2025, 12, 31), date(2026, 1, 1))
    assert (first.exempt_from_lock, first.database_number) == (True, 4711)
    [only] = closing.previewed(row(reverse_on=None))
    assert not only.exempt_from_lock


def test_a_series_that_cannot_be_is_refused() -> None:
    """Before anything is read."""
    assert closing.read_series(None) is None
    assert closing.read_series("K") == "K"
    with pytest.raises(WrongUsage, match="is no series"):
        closing.read_series("K L")


@given(text=st.text(min_size=1, max_size=200), why=st.text(max_size=300))
def test_nothing_is_wider_than_a_terminal(text: str, why: str) -> None:
    """Whatever entries are called; a column of accounts aside."""
    one = row(text=text, why=why, rows=(), obstacles=(Obstacle(code="a_code", why=why),))
    lines = [*closing_words.row_lines(one), *closing_words.report(PLAN, [RowOutcome(one, "held", 0, why, "x")], left=2)]
    assert max(len(line) for line in lines) <= 80
