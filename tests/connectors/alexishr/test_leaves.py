"""Reading leaves: what differs from what was told, once, from a list that tells no time of change."""

from datetime import timedelta

import pytest

from connectors.alexishr.sandbox import Company, Fault, Faults
from connectors.alexishr.settings import AlexisHRSettings
from infra import clock
from infra.delivery.reading import NotRead
from infra.intake.sightings import Sightings
from infra.plugin import Host
from schemas.events import LeaveChanged
from tests.connectors.alexishr.reading_driver import reading
from tests.connectors.fake_acceptor import TENANT, FakeAcceptor

TODAY = clock.now().date()


async def leaves(host: Host, *, every: bool = False) -> None:
    """Read the leaves."""
    async with reading(host) as reader:
        await reader.leaves(whole=every)


def day(offset: int) -> str:
    """Return a day near today."""
    return (TODAY + timedelta(days=offset)).isoformat()


async def test_a_leave_is_told_once_with_its_kind_and_extent(host: Host, company: Company, told: FakeAcceptor) -> None:
    """The extent stands in its days only."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "PARENTAL_LEAVE", day(1), day(9), extent=25)
    await leaves(host)
    assert told.leaves() == [
        LeaveChanged(
            system="alexishr",
            leave_id=leave,
            person_id=anna,
            kind="PARENTAL_LEAVE",
            first_day=TODAY + timedelta(days=1),
            last_day=TODAY + timedelta(days=9),
            extent=25,
        )
    ]
    company.calls.clear()
    await leaves(host)
    assert told.leaves() == []
    assert len(company.calls) == 3  # five kinds, three a page


@pytest.mark.parametrize("end", ["DENIED", "CANCELLED", "PENDING", "gone"])
async def test_a_leave_that_does_not_hold_any_more_is_withdrawn_once(
    host: Host, company: Company, told: FakeAcceptor, end: str
) -> None:
    """Whether it was taken back or is not there any more."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "VACATION", day(1), day(2))
    await leaves(host)
    told.leaves()
    if end == "gone":
        company.remove("leave", leave)
    else:
        company.change_leave(leave, status=end)
    for _ in range(2):
        await leaves(host)
    assert [(fact.leave_id, fact.withdrawn, fact.kind) for fact in told.leaves()] == [(leave, True, "VACATION")]
    if end != "gone":
        company.change_leave(leave, status="APPROVED")
        await leaves(host)
        assert [fact.withdrawn for fact in told.leaves()] == [False]


@pytest.mark.parametrize("status", ["PENDING", "DENIED", "CANCELLED"])
async def test_a_leave_that_was_never_approved_is_nobodys_business(
    host: Host, company: Company, told: FakeAcceptor, status: str
) -> None:
    """Nothing is told of it."""
    anna = company.add_person(firstName="Anna")
    company.change_leave(company.add_leave(anna, "VACATION", day(1), day(2)), status=status)
    await leaves(host)
    assert told.leaves() == []


async def test_a_leave_that_moves_is_told_with_its_new_days(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Longer, shorter, and also to before the days that are looked at."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "VACATION", day(1), day(2))
    await leaves(host)
    told.leaves()
    for first, last in ((day(1), day(5)), (day(-90), day(-80))):
        company.change_leave(leave, startDate=f"{first}T00:00:00.000Z", endDate=f"{last}T00:00:00.000Z")
        await leaves(host)
        assert [(str(fact.first_day), str(fact.last_day)) for fact in told.leaves()] == [(first, last)]


async def test_a_leave_of_long_ago_is_forgotten_and_not_withdrawn(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """It left the window by itself."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "VACATION", day(-50), day(-40))
    await leaves(host)
    told.leaves()
    host.settings.of(AlexisHRSettings).leave_days = 30
    company.remove("leave", leave)
    for _ in range(2):
        await leaves(host)
    assert told.leaves() == []
    assert await Sightings(host.engine, TENANT, "alexishr").every("leave") == {}


async def test_another_extent_of_the_same_days_is_found_at_night(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """It moves nothing in the list of leaves; the full reading looks at the days of all."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "PARENTAL_LEAVE", day(1), day(3), extent=100)
    await leaves(host)
    told.leaves()
    company.change_leave(leave, extent=20)
    await leaves(host)
    assert told.leaves() == []
    await leaves(host, every=True)
    assert [fact.extent for fact in told.leaves()] == [20]


async def test_the_days_of_each_leave_are_its_own_however_many_are_read(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Days are asked for by person, of fifty leaves at once: those of another leave of hers come in part."""
    host.settings.of(AlexisHRSettings).page_size = 500
    anna = company.add_person(firstName="Anna")
    first = company.add_leave(anna, "PARENTAL_LEAVE", day(1), day(40), extent=50)
    for _ in range(49):
        company.add_leave(company.add_person(firstName="Bo"), "VACATION", day(1), day(1))
    company.add_leave(anna, "VACATION", day(30), day(30), extent=25)
    await leaves(host)
    [parental] = [fact for fact in told.leaves() if fact.leave_id == first]
    assert (parental.days, parental.extent) == ((), 50)


async def test_days_that_come_twice_are_counted_once(host: Host, company: Company, told: FakeAcceptor) -> None:
    """A list that moves while it is read is read from its beginning again."""
    anna = company.add_person(firstName="Anna")
    company.add_leave(anna, "VACATION", day(20), day(20))
    company.add_leave(anna, "PARENTAL_LEAVE", day(1), day(9), extent=25)
    await leaves(host)
    assert len(told.leaves()) == 2
    first = min(company.records["leave-transaction"])

    def before(_number: int) -> None:
        if company.calls and "/leave-transaction" in company.calls[-1]:  # three a page: this is the second
            company.records["leave-transaction"].pop(first, None)

    company.calls.clear()
    company.before = before
    await leaves(host, every=True)
    assert first not in company.records["leave-transaction"]
    assert told.leaves() == []


async def test_a_day_that_cannot_be_read_stops_nobody_elses_leave(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """And how much of it is absence is not guessed: that leave stays as it was told."""
    anna, bo = company.add_person(firstName="Anna"), company.add_person(firstName="Bo")
    hers = company.add_leave(anna, "PARENTAL_LEAVE", day(1), day(2), extent=50)
    his = company.add_leave(bo, "PARENTAL_LEAVE", day(1), day(2), extent=50)
    for each in company.records["leave-transaction"].values():
        if each["parent"]["id"] == hers:
            each["extent"] = "half"
    await leaves(host)
    assert [(fact.leave_id, fact.extent) for fact in told.leaves()] == [(his, 50)]
    company.change_leave(hers, extent=50)
    await leaves(host)
    assert [(fact.leave_id, fact.extent) for fact in told.leaves()] == [(hers, 50)]


async def test_leaves_that_go_with_their_person_are_not_withdrawn(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """That somebody is deleted does not say that they were at work."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "SICK_LEAVE", day(-9), day(-5))
    await leaves(host)
    told.leaves()
    company.remove("leave", leave)
    company.remove("employee", anna)
    for _ in range(2):
        await leaves(host)
    assert told.leaves() == []


async def test_a_leave_keeps_its_kind_when_that_is_archived(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Lists need not show what is archived; it is read by its id, once, and nothing looks changed."""
    company.hides_archived = True
    anna = company.add_person(firstName="Anna")
    company.add_leave(anna, "VACATION", day(1), day(2))
    await leaves(host)
    told.leaves()
    company.records["leave-type"][company.leave_types["VACATION"]]["archived"] = True
    company.add_leave(anna, "VACATION", day(8), day(9))
    company.calls.clear()
    await leaves(host)
    assert [(fact.first_day, fact.kind) for fact in told.leaves()] == [(TODAY + timedelta(days=8), "VACATION")]
    assert sum("leave-type/" in call for call in company.calls) == 1


async def test_a_leave_keeps_its_kind_when_that_is_gone(host: Host, company: Company, told: FakeAcceptor) -> None:
    """What was told of the leave before still says what it is."""
    anna = company.add_person(firstName="Anna")
    leave = company.add_leave(anna, "VACATION", day(1), day(2))
    await leaves(host)
    told.leaves()
    del company.records["leave-type"][company.leave_types["VACATION"]]
    await leaves(host)
    assert told.leaves() == []
    company.change_leave(leave, endDate=f"{day(3)}T00:00:00.000Z")
    await leaves(host)
    assert [(str(fact.last_day), fact.kind) for fact in told.leaves()] == [(day(3), "VACATION")]


async def test_a_kind_that_cannot_be_read_keeps_only_its_own_leaves_back(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay as they were told; the reading fails, and the next one tells them."""

    async def at_once(_seconds: float) -> None: ...

    monkeypatch.setattr(clock, "sleep", at_once)
    company.hides_archived = True
    anna = company.add_person(firstName="Anna")
    company.records["leave-type"][company.leave_types["VACATION"]]["archived"] = True
    for kind in ("VACATION", "SICK_LEAVE"):
        company.add_leave(anna, kind, day(1), day(2))
    # The list has two pages.
    company.faults = Faults(routes=["GET /v1/leave-type"], script=[None, None, *[Fault.FAIL] * 3])
    with pytest.raises(NotRead):
        await leaves(host)
    assert [fact.kind for fact in told.leaves()] == ["SICK_LEAVE"]
    await leaves(host)
    assert [fact.kind for fact in told.leaves()] == ["VACATION"]
