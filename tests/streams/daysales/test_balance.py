"""Which lines explain a gap."""

from decimal import Decimal
from time import process_time

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.events import DayClosed
from streams.daysales import balance
from streams.daysales.balance import ReportLine
from tests.streams.daysales.days import day, money, paid, sold, sums_that_meet


def lines(*amounts: str) -> list[ReportLine]:
    """Return lines named a, b, c, … that all count upwards."""
    return [ReportLine(chr(97 + n), money(a), money(a)) for n, a in enumerate(amounts)]


def explained(gap: str, *amounts: str) -> list[str]:
    """Return the explanations of a gap, in words."""
    return [str(e.said) for e in balance.explain(lines(*amounts), money(gap))]


def test_one_line_comes_before_two_and_two_before_three() -> None:
    """The smallest set wins."""
    assert explained("30.00", "10.00", "20.00", "30.00") == ["c 30.00"]
    assert explained("30.00", "10.00", "20.00", "31.00") == ["a 10.00 and b 20.00"]
    assert explained("35.00", "10.00", "20.00", "5.00", "99.00") == ["a 10.00 and b 20.00 and c 5.00"]


def test_equally_small_sets_are_all_named() -> None:
    """Two lines of the gap's amount are two suspects; the accountant sees both."""
    assert explained("30.00", "30.00", "1.00", "30.00") == ["a 30.00", "c 30.00"]


def test_half_the_gap_is_a_wrong_sign() -> None:
    """A line with the wrong sign moves the sum by twice its amount."""
    assert explained("-60.00", "10.00", "-30.00") == ["b -30.00 with the opposite sign"]


def test_a_line_that_is_missing_once_is_a_line_of_the_opposite_gap() -> None:
    """What should have been counted twice (two alike, one lost) explains a gap of its own amount."""
    assert explained("-30.00", "10.00", "30.00") == ["b 30.00"]


def test_a_gap_that_no_few_lines_make_is_not_explained() -> None:
    """Nothing is named rather than something far-fetched; no gap needs no explanation."""
    assert explained("31.07", "10.00", "20.00", "30.00") == []
    assert explained("0.00", "10.00", "-10.00") == []


@given(sums_that_meet(), st.data())
def test_one_planted_mistake_is_found(report: DayClosed, data: st.DataObject) -> None:
    """A payment that is counted twice, or has the wrong sign, is among the explanations of the gap."""
    place = data.draw(st.integers(0, len(report.payments) - 1))
    line = report.payments[place]
    assume(line.amount)
    twice = data.draw(st.booleans())
    wrong = line if twice else line.model_copy(update={"amount": -line.amount})
    payments = (*report.payments, line) if twice else (*report.payments[:place], wrong, *report.payments[place + 1 :])
    amended = report.model_copy(update={"payments": payments})
    gap = balance.payments_of(amended) - balance.expected_payments(amended)

    found = balance.explain(balance.lines_of(amended), gap)

    assert all(len(e.lines) == 1 for e in found)
    alike = [e for e in balance.lines_of(amended) if abs(e.weight) in {abs(gap), abs(gap) / 2}]
    if len(alike) <= balance.MOST_ALTERNATIVES:
        assert any(e.lines[0].name == line.method and e.lines[0].amount == wrong.amount for e in found)


def test_the_vat_of_a_group_explains_a_gap_by_itself() -> None:
    """VAT that the payments do not hold is named as VAT, and not mixed into sums of lines."""
    report = day(sales=(sold("wine", "25", "80.00", "20.00"),), payments=(paid("card", "80.00"),), others=())
    found = balance.explain(balance.lines_of(report), money(-20), alone=balance.vat_lines_of(report))

    assert [str(e.said) for e in found] == ["VAT of wine 25 % 20.00"]


def test_the_search_stays_small() -> None:
    """The longest report that is searched takes well under a second, longer ones are not searched."""
    many = [ReportLine(str(n), Decimal(n * n) + money("0.01"), Decimal(n * n) + money("0.01")) for n in range(1, 201)]
    began = process_time()

    assert balance.explain(many, money("123456789.00")) == ()
    assert balance.explain(many[:30], money("123456789.00")) == ()
    assert process_time() - began < 1
    assert balance.explain([*many, many[0]], many[0].weight) == ()
