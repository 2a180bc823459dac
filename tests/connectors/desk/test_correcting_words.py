"""What corrections say to a person: which days stand otherwise, what moves, what stands in the way."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from connectors.desk import correcting, correcting_words, plan_words
from connectors.desk.looking import STOPPED
from infra.plugin import VoucherOutlook
from schemas.commands import VoucherRef, VoucherRow
from schemas.plans import CorrectionRow, Obstacle, Plan, RowOutcome

LOCKED = Obstacle(code="period_locked", why="The period is locked until 2026-04-30.")


def side(account: int, kronor: int, text: str) -> VoucherRow:
    """Return a row of a voucher, debit above zero."""
    amount = Decimal(abs(kronor)).quantize(Decimal("0.01"))
    return VoucherRow(account=account, text=text, **{"debit" if kronor > 0 else "credit": amount})


def row(number: int = 1, **changes: Any) -> CorrectionRow:
    """Return a day whose cards stand on another account."""
    content: dict[str, Any] = {
        "row": number,
        "state": "booked",
        "action": "correct",
        "rule": "what_is_booked_otherwise_is_corrected",
        "about": "openpos/CITY/K1/12/2026-04-10",
        "name": "CITY K1 Z12",
        "day": date(2026, 4, 10),
        "voucher": VoucherRef(series="F", number=12, year_id=4),
        "series": "F",
        "stands_on": date(2026, 4, 10),
        "stands": (side(1686, 100, "card"), side(3001, -100, "food 25 %")),
        "becomes": (side(1580, 100, "card"), side(3001, -100, "food 25 %")),
        "new_series": "K",
        "revision": "r",
        "content": "c",
        "differs": ("1686 card: debit 100.00, now nothing", "1580 card: nothing, now debit 100.00"),
    }
    return CorrectionRow(**content | changes)


def test_what_stands_otherwise_is_summed_by_day_and_account() -> None:
    """To the öre; what would be left is named by its rule, and the verb that plans it comes last."""
    found = correcting_words.Tally(date(2026, 4, 1))
    for number in (1, 2):
        found.add(row(number))
    found.add(row(3, action="do_nothing", rule="what_is_under_way_is_waited_for"))
    assert list(correcting_words.lines(found, "acme")) == [
        "2 reports booked since 2026-04-01 stand otherwise than these settings book them.",
        "What would be booked otherwise, by day and account (debit +, credit -):",
        "2026-04-10  1580  +200.00",
        "2026-04-10  1686  -200.00",
        "Together:",
        "1580  +200.00",
        "1686  -200.00",
        "1 report would be left: what is under way is waited for",
        "Settings change no voucher. A plan of reversals and new ones: bokbuss correct acme --from 2026-04-01",
    ]
    assert correcting_words.to_json(found)["totals"][0] == {"account": 1580, "amount": "200.00"}
    [same] = correcting_words.lines(correcting_words.Tally(date(2026, 4, 1)), "acme")
    assert same == "Every day that is booked since 2026-04-01 stands as these settings book it."


def test_a_row_says_what_is_reversed_and_what_is_booked() -> None:
    """Every line fits 80 columns."""
    lines = correcting_words.row_lines(row())
    assert lines[0] == "    1  booked     correct     2026-04-10  CITY K1 Z12"
    assert "F 12 is reversed in series F, the day booked anew in K" in " ".join(lines)
    assert "         1686 card: debit 100.00, now nothing" in lines
    assert all(len(line) <= 80 for line in lines)


def test_what_would_be_refused_is_not_sent_and_says_why() -> None:
    """Both vouchers are looked at: nothing is reversed that could not be booked anew."""
    first, second = correcting.previewed(row())
    assert [(o.purpose, o.series, o.rows[0].account) for o in (first, second)] == [
        ("reverse", "F", 1686),
        ("rebook", "K", 1580),
    ]
    missing = Obstacle(code="account_missing", why="Account 1580 is missing.")
    look = correcting.looks(None, "acme")  # type: ignore[arg-type] # it is not asked
    seen = look.seen(row(), [VoucherOutlook(obstacles=(LOCKED,)), VoucherOutlook(obstacles=(LOCKED, missing))])
    assert (seen.action, seen.rule, seen.why) == ("do_nothing", STOPPED, LOCKED.why)
    assert seen.obstacles == (LOCKED, missing)
    assert "period_locked: The period is locked until 2026-04-30." in " ".join(correcting_words.row_lines(seen))


def test_a_locked_day_moves_where_the_company_says_so() -> None:
    """It is a warning then: both vouchers are booked on the first open day."""
    look = correcting.looks(None, "acme")  # type: ignore[arg-type] # it is not asked
    moves = row(first_open_day=True)
    assert {order.exempt_from_lock for order in correcting.previewed(moves)} == {True}
    seen = look.seen(moves, [VoucherOutlook(warnings=(LOCKED,)), VoucherOutlook(warnings=(LOCKED,))])
    assert (seen.action, len(seen.warnings)) == ("correct", 1)
    assert "on the first day after it" in seen.warnings[0].why


@pytest.mark.parametrize(
    ("asked", "met"),
    [("day=2026-04-10", True), ("day=2026-04-11", False), ("action=correct", True), ("state=held", False)],
)
def test_rows_are_chosen_by_what_they_are(asked: str, *, met: bool) -> None:
    """By day, state, action, rule and number."""
    assert correcting_words.meets(row(), plan_words.conditions([asked], (), correcting_words.CHOICES)) is met


def test_a_plan_says_its_days_and_its_report_the_vouchers() -> None:
    """The head names the days; a row that is done names both new vouchers."""
    plan = Plan(
        plan_id=uuid4(),
        tenant="acme",
        flow="daysales",
        settings_version=2,
        made_at=datetime(2026, 4, 12, 8, tzinfo=UTC),
        made_by="anna",
        hr_read_at=None,
        fortnox_read_at=None,
        first_day=date(2026, 4, 1),
        last_day=date(2026, 4, 30),
    )
    assert "the days from 2026-04-01 to 2026-04-30" in correcting_words.head(plan)[-1]
    report = correcting_words.report(plan, [RowOutcome(row(), "done", 2, record="F 13, K 1")], left=0)
    assert "  row 1  CITY K1 Z12, 100.00: F 13, K 1" in report
    assert correcting_words.hints(plan, {("booked", "correct"): 1}, 1, live=False) == (
        f"Approve and send it: bokbuss apply {plan.begins} (1 report)",
    )
    assert correcting_words.counted({}) == ("  Every day that is booked stands as the settings book it.",)
