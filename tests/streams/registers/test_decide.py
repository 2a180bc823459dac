"""A day that was not closed and numbers that have not come are said so, once, and both end by themselves."""

from datetime import date, timedelta

import pytest

from schemas.settings import StoreCalendar, TenantSettings
from streams.registers.series import MOST
from tests.streams.registers.shop import EVERY_DAY, FIRST, Shop, chosen, closed, late, night

TUESDAY = "city/2026-04-14"
GAP = "openpos/CITY/K1/1..4"


# --- The missing day --------------------------------------------------------------------------------------------


def test_a_day_that_is_not_closed_is_said_so_and_ends_when_its_report_comes() -> None:
    """Not a minute before its time; by the store's name however it is spelled; with the words to act on."""
    shop = Shop()
    shop.tell(closed(1))
    assert shop.tick(late(1, -1)) == []
    shop.tick(late(1))
    [hold] = shop.open.values()
    assert (hold.key, hold.reason, hold.business_date) == (TUESDAY, "day_missing", date(2026, 4, 14))
    assert hold.rule == "a_store_that_has_not_closed_is_said_so"
    assert hold.message.startswith("Store CITY has not closed 2026-04-14: by 2026-04-14 23:00 no Z report")
    assert [c.answer for c in hold.choices] == ["was_closed"]
    shop.tell(closed(2, 1, store="City"), at=late(1, 30))
    assert shop.open == {}
    assert [(c.how, c.rule) for c in shop.closed] == [("arrived", "a_day_that_has_come_is_missed_no_more")]
    assert shop.tick(late(1, 60)) == []


def test_a_report_from_any_register_of_the_store_is_the_days() -> None:
    """One closed register says that the store was open and has closed."""
    shop = Shop()
    shop.tell(closed(1), closed(9, register="K2"))
    shop.tell(closed(10, 1, register="K2"))
    assert shop.tick(late(1)) == []


def test_a_name_whose_small_letters_are_three_times_as_many_is_a_key() -> None:
    """A key has its limit, and one store's name stops nobody."""
    shop = Shop()
    shop.tell(closed(1, store="ΐ" * 64))
    shop.tick(late(1))
    [hold] = shop.open.values()
    shop.tell(closed(2, 1, store="ΐ" * 64))
    assert shop.closed[0].key == hold.key


def test_a_report_that_names_another_company_has_not_come() -> None:
    """It is held, so the day is missed, and so is its number; both end when the store's own comes."""
    shop = Shop(organisation_number="559999-0024")
    ours, theirs = {"organisation_number": "5599990024"}, {"organisation_number": "5599990016"}
    shop.tell(closed(1, **ours), closed(2, 1, **theirs))
    shop.tick(late(1))
    assert set(shop.open) == {TUESDAY}
    shop.tell(closed(3, 2, **ours))
    shop.tick(late(2, 60))
    assert set(shop.open) == {TUESDAY, "openpos/CITY/K1/1..3"}
    shop.tell(closed(2, 1, amendment=1, **theirs))
    assert len(shop.open) == 2
    shop.tell(closed(2, 1, **ours))
    assert shop.open == {}


def test_each_store_has_its_own_days() -> None:
    """One store's report says nothing of another's."""
    shop = Shop()
    shop.tell(closed(1), closed(1, store="NORR"))
    shop.tell(closed(2, 1))
    shop.tick(late(1))
    assert set(shop.open) == {"norr/2026-04-14"}


def test_a_person_says_that_the_store_was_closed() -> None:
    """The answer stands; nothing is said of the day again, and a report that comes all the same changes nothing."""
    shop = Shop()
    shop.tell(closed(1))
    shop.tick(late(1))
    shop.answer(TUESDAY, "was_closed")
    assert shop.open == {}
    assert shop.tick(late(1, 90)) == []
    assert shop.tell(closed(2, 1)) == []
    assert [c.how for c in shop.closed] == ["answered"]


def test_a_calendar_that_closes_the_day_ends_it_and_one_that_opens_it_says_it_again() -> None:
    """Settings are reconsidered by what is open."""
    shop = Shop()
    shop.tell(closed(1))
    shop.tick(late(1))
    shop.apply(chosen(EVERY_DAY.model_copy(update={"closed_on": (date(2026, 4, 14),)})))
    assert [c.how for c in shop.closed] == ["settings_changed"]
    assert shop.tick(late(1, 60)) == []
    shop.apply(chosen(EVERY_DAY))
    shop.tick(late(1, 90))
    assert set(shop.open) == {TUESDAY}
    assert shop.apply(chosen(EVERY_DAY, series="K")) == [], "nothing of it has changed"


@pytest.mark.parametrize("settings", [TenantSettings(), chosen(), chosen(EVERY_DAY, sync_sales=False)])
def test_nothing_is_missed_without_a_calendar_or_where_days_are_not_booked(settings: TenantSettings) -> None:
    """A company that has not chosen is asked for nothing."""
    shop = Shop(settings)
    shop.tell(closed(1))
    assert shop.tick(late(20)) == []


def test_a_store_that_was_never_heard_of_is_missed_from_the_day_that_its_calendar_begins() -> None:
    """One day says it, not each; a calendar of every store expects nothing of those that nobody knows."""
    shop = Shop(chosen(StoreCalendar(store="NY", valid_from=FIRST, closes_at="22:00", grace_minutes=60)))
    assert shop.tick(late(0, -1)) == []
    shop.tick(late(3))
    assert set(shop.open) == {"ny/2026-04-16"}
    assert Shop().tick(late(3)) == []
    assert Shop(chosen(StoreCalendar(store="NY"))).tick(late(3)) == []


def test_days_before_the_first_report_and_before_the_start_are_not_missed() -> None:
    """What was before is not known to be missing."""
    shop = Shop(chosen(EVERY_DAY, start_date=FIRST + timedelta(days=3)))
    shop.tell(closed(1), closed(5, 4))
    shop.tick(late(4))
    assert set(shop.open) == {"city/2026-04-16", "openpos/CITY/K1/1..5"}


def test_days_that_are_forgotten_are_not_missed() -> None:
    """A register that closes many times a day is remembered for fewer days: of those before, nothing is said."""
    shop = Shop()
    for number in range(1, MOST + 2):
        shop.tell(closed(number, number // 20, taken_at=night(FIRST) + timedelta(hours=number)))
    assert shop.tick(late(2)) == []


# --- The gap ----------------------------------------------------------------------------------------------------


def gap() -> Shop:
    """Return a shop whose register has told of Z 1 and Z 4, an hour ago."""
    shop = Shop(chosen())
    shop.tell(closed(1), closed(4, 1), at=late(1))
    assert shop.tick(late(1, 59)) == [], "reports overtake others"
    shop.tick(late(1, 60))
    return shop


def test_a_gap_in_the_numbers_is_named_and_ends_when_they_have_come() -> None:
    """Which numbers, between which reports; each that comes is missing no more."""
    shop = gap()
    [hold] = shop.open.values()
    assert (hold.key, hold.reason, hold.lines) == (GAP, "numbers_missing", ("2-3",))
    assert "between Z 1 of 2026-04-13 and Z 4 of 2026-04-14 these have not come: Z 2-3." in hold.message
    shop.tell(closed(3, 1, taken_at=night(FIRST) + timedelta(hours=20)))
    assert shop.open[GAP].lines == ("2",)
    assert shop.tick(late(3)) == [], "the same gap is told of once"
    shop.tell(closed(2, 1, taken_at=night(FIRST) + timedelta(hours=10)))
    assert shop.open == {}
    assert [c.how for c in shop.closed] == ["superseded", "arrived"]
    assert shop.closed[-1].rule == "numbers_that_have_come_are_missed_no_more"


def test_a_person_says_that_the_numbers_will_not_come() -> None:
    """The answer stands, and a later gap is told of."""
    shop = gap()
    shop.answer(GAP, "will_not_come")
    assert shop.open == {}
    assert shop.tick(late(3)) == []
    shop.tell(closed(6, 2))
    shop.tick(late(9))
    assert set(shop.open) == {"openpos/CITY/K1/4..6"}


def test_reports_in_any_sequence_leave_no_gap() -> None:
    """A folder of files is read by name: Z 10 comes before Z 2."""
    shop = Shop(chosen())
    for number in sorted(range(1, 31), key=str):
        shop.tell(closed(number, number))
    assert shop.tick(late(60)) == []


def test_numbers_that_are_made_of_the_day_are_no_series() -> None:
    """A register that counts no reports has no gaps; its days are missed as any other's."""
    shop = Shop()
    shop.tell(closed(20260413, 0, unnumbered=True), closed(20260415, 2, unnumbered=True))
    shop.tick(late(2, 90))
    assert set(shop.open) == {TUESDAY}


def test_a_new_register_counts_from_one_again() -> None:
    """A lower number is no gap; one behind it is, also where the old register had that number weeks before."""
    shop = Shop(chosen())
    shop.tell(*(closed(number, number - 28) for number in range(28, 33)))
    shop.tell(*(closed(number, 20 + number) for number in (1, 2, 4)))
    shop.tell(*(closed(number, 60 + number) for number in (29, 31)))
    shop.tick(late(200))
    assert {key: hold.lines for key, hold in shop.open.items()} == {
        "openpos/CITY/K1/2..4": ("3",),
        "openpos/CITY/K1/4..29": ("5-28",),
        "openpos/CITY/K1/29..31": ("30",),
    }


def test_registers_of_one_name_are_told_apart_by_store_and_system() -> None:
    """Each has a series of its own; a register that was moved goes on in its new store, and nothing is missing."""
    shop = Shop(chosen())
    shop.tell(closed(1), closed(7, store="NORR"), closed(2, 1), closed(8, 1, store="NORR"))
    shop.tell(closed(40, 1, system="kassa"), closed(41, 2, system="kassa"))
    shop.tell(closed(3, 2, store="SÖDER"), closed(4, 3, store="SÖDER"))
    assert shop.tick(late(60)) == []


def test_a_correction_is_no_other_report() -> None:
    """An amendment, weeks later or of a number that is forgotten, opens no gap."""
    shop = Shop(chosen())
    shop.tell(*(closed(number, number) for number in range(1, 5)))
    shop.tell(closed(2, 2, amendment=1, taken_at=night(FIRST + timedelta(days=5))))
    shop.tell(closed(5, 5, taken_at=night(FIRST + timedelta(days=5)) + timedelta(hours=1)))
    assert shop.tick(late(60)) == []
    shop.tell(*(closed(number, number) for number in range(6, 80)))
    shop.tell(closed(3, 3, amendment=1, taken_at=night(FIRST + timedelta(days=90))))
    shop.tell(closed(80, 91))
    assert shop.tick(late(200)) == []
