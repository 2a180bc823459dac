"""What the same weekday looked like before: of the register whose day is held, of the store whose day is missing."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from infra.plugin import Autopsy
from schemas.commands import HoldForReview
from streams.registers.autopsy import autopsy
from streams.registers.state import State
from tests.streams.registers.shop import FIRST, Shop, closed, late


def asked(shop: Shop, hold: HoldForReview) -> list[tuple[str, str]]:
    """Return the days before, and what each came to."""
    asking = autopsy(hold, shop.terms)
    states: Mapping[str, State] | None = None
    try:
        while True:
            keys = next(asking) if states is None else asking.send(states)
            states = {key: shop.remembered.states.get(key) or State() for key in keys}
    except StopIteration as end:
        told: Autopsy = end.value
        assert told.remedies == ()
        return [(str(each.day), str(each.total)) for each in told.before]


def of_a_day(key: str, day: date | None, flow: str = "daysales") -> HoldForReview:
    """Return a hold."""
    words: dict[str, Any] = {"revision": "0", "step": "hold/1", "rule": "a_rule", "reason": "unbalanced"}
    return HoldForReview(flow=flow, key=key, business_date=day, message="It does not add up.", **words)


def test_the_last_eight_weekdays_before_a_held_day_are_remembered() -> None:
    """Newest first, of that register alone; the day itself and those behind it are none of them."""
    shop = Shop()
    shop.tell(*(closed(number + 1, number) for number in range(56)), closed(900, 49, register="K2"))
    hold = of_a_day("openpos/CITY/K1/57/2026-06-08", date(2026, 6, 8))
    assert asked(shop, hold) == [
        (str(FIRST + timedelta(weeks=week)), f"{7 * week + 1}.00") for week in range(7, -1, -1)
    ]
    assert asked(shop, of_a_day("openpos/CITY/K1/8T211500Z/2026-04-20", date(2026, 4, 20))) == [("2026-04-13", "1.00")]


def test_two_reports_of_a_day_are_one_day() -> None:
    """Their totals are summed, and so are those of a missing day's registers."""
    shop = Shop()
    shop.tell(closed(1), closed(2, total_sales=Decimal("9.00")), closed(1, register="K2"))
    shop.tell(*(closed(number + 2, number) for number in range(1, 7)))
    assert asked(shop, of_a_day("openpos/CITY/K1/9/2026-04-20", date(2026, 4, 20))) == [("2026-04-13", "10.00")]
    shop.tick(late(7))
    assert asked(shop, shop.open["city/2026-04-20"]) == [("2026-04-13", "11.00")]


def test_nothing_is_said_of_what_is_no_day_of_a_register() -> None:
    """An employee, a year, a key from before stores were in it, a gap in a series."""
    shop = Shop()
    shop.tell(closed(1), closed(3, 1))
    shop.tick(late(1, 60))
    holds = [of_a_day("alexishr/507f", None), of_a_day("openpos/K1/57", date(2026, 4, 20)), *shop.open.values()]
    assert [asked(shop, hold) for hold in holds] == [[], [], []]
