"""Reports in any order, lost, late and repeated, and a clock: what is open is what is missing, and nothing else."""

from datetime import timedelta

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.streams.registers.shop import EVERY_DAY, FIRST, TENANT, Shop, chosen, closed, late

DAYS = 12


@effort(max_examples=80, deadline=None)
@given(data=st.data(), gone=st.sets(st.integers(1, DAYS - 2)), ticks=st.lists(st.integers(1, DAYS), max_size=3))
def test_what_is_open_is_what_has_not_come(data: st.DataObject, gone: set[int], ticks: list[int]) -> None:
    """Whatever the order in which the rest came; and once the lost ones come, nothing is open any more."""
    shop = Shop(chosen(EVERY_DAY))
    came = [day for day in range(DAYS) if day not in gone]
    for place, day in enumerate(data.draw(st.permutations(came))):
        shop.tell(closed(day + 1, day))
        if place in ticks:
            shop.tick(late(day))
    shop.tick(late(DAYS - 1, 600))
    missing = {f"city/{FIRST + timedelta(days=day)}" for day in gone}
    assert {key for key, hold in shop.open.items() if hold.reason == "day_missing"} == missing
    named = {
        number
        for hold in shop.open.values()
        if hold.reason == "numbers_missing"
        for run in hold.lines
        for number in range(int(run.split("-")[0]), int(run.split("-")[-1]) + 1)
    }
    assert named == {day + 1 for day in gone}
    shop.tell(*(closed(day + 1, day) for day in data.draw(st.permutations(sorted(gone)))))
    assert shop.open == {}
    assert shop.tick(late(DAYS - 1, 1200)) == []


@effort(max_examples=40, deadline=None)
@given(data=st.data(), gone=st.sets(st.integers(1, DAYS - 2), min_size=1))
def test_each_hold_has_an_answer_that_ends_it(data: st.DataObject, gone: set[int]) -> None:
    """Nothing is said of it again."""
    shop = Shop(chosen(EVERY_DAY))
    shop.tell(*(closed(day + 1, day) for day in range(DAYS) if day not in gone))
    shop.tick(late(DAYS - 1, 600))
    for key in data.draw(st.permutations(sorted(shop.open))):
        (choice,) = shop.open[key].choices
        shop.answer(key, choice.answer)
    assert shop.open == {}
    assert shop.tick(late(DAYS - 1, 1200)) == []
    assert len({close.id_in(TENANT) for close in shop.closed}) == len(shop.closed)
