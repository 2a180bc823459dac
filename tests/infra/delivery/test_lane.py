"""A lane writes each order once, in its sequence, whatever fails and whenever: in virtual time.

Two kinds of proof: thousands of seeds of the simulation (``BOKBUSS_SEED=7`` plays one again, and a failure
prints the seed and its story), and by name the situations that were hard to get right.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import REGISTRY
from psycopg.errors import AdminShutdown
from structlog.testing import capture_logs

from infra.delivery.budget import LOOK_UP, Budget
from infra.delivery.lane import Lane, Patience
from infra.delivery.pace import FEW
from infra.leases import Lease, LeaseLost
from infra.plugin import Attempt
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, RetryLater, Unknown, Verdict
from schemas.commands import VoucherRef
from schemas.envelope import Envelope
from tests.infra import simulation, virtual
from tests.infra.fake_fortnox import FakeFortnox, order
from tests.infra.memory import Database, JournalRow, MemoryJournal, MemoryLeases, Step
from tests.infra.simulation import LATEST, PATIENCE, DatabaseGone, Mode, simulate
from tests.seeds import seeds

SEEDS = 200


@pytest.mark.parametrize("mode", ["safety", "liveness"])
def test_every_order_is_carried_out_once_whatever_fails(mode: Mode) -> None:
    """No voucher twice, each key in sequence, one end on record, no budget overdrawn; when faults end, all drain."""
    tried = len([simulate(seed, mode) for seed in seeds(SEEDS)])
    print(f"{tried} seeds")  # noqa: T201 - shown by pytest -s: how much was tried


def test_no_write_waits_for_a_look_that_the_journal_does_not_know() -> None:
    """This seed made a lane ask for its next order for ever: one that it was to look for had ended otherwise."""
    simulate(1_000_050, "liveness")


def test_a_seed_always_tells_the_same_story() -> None:
    """A failing seed can be played again: everything that is drawn is drawn from it."""
    for seed in range(8):
        first, again = simulate(seed, "liveness"), simulate(seed, "liveness")
        assert first.story == again.story
        assert first.database.trail == again.database.trail
        assert first.fortnox.books == again.fortnox.books


def a_seed_finds(what: str, mode: Mode) -> bool:
    """Tell whether one of a few hundred seeds finds this wrong."""
    for seed in range(600):
        try:
            simulate(seed, mode)
        except AssertionError as error:
            if what in str(error):
                return True
    return False


def test_the_seeds_find_a_settle_time_that_is_too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that is carried out later than we look is carried out twice."""
    monkeypatch.setattr(simulation, "PATIENCE", Patience(settle=LATEST / 3, look=1.0))
    assert a_seed_finds("was booked 2 times", "safety")


def test_the_seeds_find_a_lease_that_nobody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped and goes on sends although another one is the owner."""
    monkeypatch.setattr(Lease, "check", lambda _lease: None)
    assert a_seed_finds("was not the owner any more", "safety")


def test_the_seeds_find_a_lane_that_forgets_what_was_being_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between mark and outcome leaves an order that nobody sends and nobody looks for."""

    async def nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr(MemoryJournal, "take_over", nothing)
    assert a_seed_finds("is sending for ever", "liveness")


# --- Situations ---------------------------------------------------------------------------------------------------

Answer = Callable[[Envelope[Any], Attempt], Awaitable[Any]]
VOUCHER = VoucherRef(series="F", number=1, year_id=3)
BOOKED, INVOICED = "bokbuss.post-voucher.v1", "bokbuss.create-invoice.v1"
PAUSED = {"tenant": "a", "sink": "fortnox", "code": "licence_missing", "kind": "create-invoice"}


def says(*answers: Verdict | Look | Exception) -> Answer:
    """Give these answers in turn, the last one for ever."""
    left = list(answers)

    async def answer(_order: Envelope[Any], attempt: Attempt) -> Any:
        await attempt.take()
        attempt.may_send()
        await asyncio.sleep(0.01)
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return answer


@dataclass
class Target:
    """A connection that does as it is told, and remembers when it was asked for what."""

    on_write: Answer = field(default_factory=lambda: says(Delivered(VOUCHER)))
    on_probe: Answer = field(default_factory=lambda: says(Absent()))
    writes: list[tuple[str, float]] = field(default_factory=list)
    looks: list[tuple[str, float]] = field(default_factory=list)

    async def write(self, order: Envelope[Any], attempt: Attempt) -> Verdict:
        self.writes.append((order.subject, asyncio.get_running_loop().time()))
        verdict: Verdict = await self.on_write(order, attempt)
        return verdict

    async def probe(self, order: Envelope[Any], attempt: Attempt) -> Look:
        self.looks.append((order.subject, asyncio.get_running_loop().time()))
        look: Look = await self.on_probe(order, attempt)
        return look

    @asynccontextmanager
    async def connect(self) -> AsyncIterator["Target"]:
        yield self


async def _nothing(_step: str) -> None: ...


@dataclass
class LaneDriver:
    """A company's orders, and lanes that work on them one after the other."""

    target: Target = field(default_factory=Target)
    database: Database = field(default_factory=Database)
    step: Step = _nothing
    patience: Patience = PATIENCE
    sink: str = "fortnox"

    async def insert(self, *keys: str) -> None:
        """Let orders come in, one of each key."""
        await MemoryJournal(self.database).insert((0, order("a", key, 1)) for key in keys)

    def row(self, key: str) -> JournalRow:
        """Return the order of a key."""
        return self.database.rows[order("a", key, 1).id]

    async def lane(self, owner: str, *, kept: bool = True) -> Lane:
        """Return a lane of another process; ``kept`` renews its lease for ever."""
        leases = MemoryLeases(self.database, owner, simulation.LEASE)
        while (lease := await leases.acquire("fortnox/a")) is None:  # noqa: ASYNC110 - a successor asks until it gets it
            await asyncio.sleep(0.5)
        if kept:
            self.keeping = asyncio.create_task(leases.keep())
        return Lane(
            sink=replace(simulation.sink(Target), system=self.sink),
            tenant="a",
            lease=lease,
            journal=MemoryJournal(self.database, self.step),  # type: ignore[arg-type]  # see the contract suite
            budget=Budget(24),
            patience=self.patience,
            connect=self.target.connect,
        )

    async def run(self, seconds: float) -> None:
        """Let a lane work for so long, and then be gone without a word."""
        lane = await self.lane("one")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await lane.run()
        finally:
            self.keeping.cancel()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep what lanes log to ourselves."""
    with capture_logs():
        yield


def test_an_order_whose_lease_ended_before_it_left_is_looked_for_by_the_next_owner() -> None:
    """It was marked as sending and never was; the successor cannot know, and sends it after the settle time."""

    async def story() -> None:
        async def be_stopped(_order: Envelope[Any], attempt: Attempt) -> Verdict:
            await attempt.take()
            await asyncio.sleep(simulation.LEASE)
            attempt.may_send()
            raise AssertionError("it may not send any more")

        company = LaneDriver(Target(on_write=be_stopped))
        await company.insert("day/1")
        with pytest.raises(LeaseLost):
            await (await company.lane("one", kept=False)).run()
        assert company.row("day/1").state == "sending"
        company.target.on_write = says(Delivered(VOUCHER))
        await company.run(100.0)
        assert company.row("day/1").history[-2:] == ["sending", "delivered"]
        (_, lost), (_, sent) = company.target.writes
        assert sent - lost > simulation.LEASE + PATIENCE.settle
        settled = lost + simulation.LEASE + PATIENCE.settle
        assert len([at for _, at in company.target.looks if settled < at < sent]) == 2

    virtual.run(story())


@pytest.mark.parametrize(("broken", "after"), [("change", "sending"), ("changed", "delivered")])
def test_an_outcome_that_the_database_did_not_take_is_found_again(broken: str, after: str) -> None:
    """The voucher is booked, and the database fails before or after its commit: the next lane finds it, or is done."""

    async def story() -> None:
        async def fail(step: str) -> None:
            if step == broken:
                raise DatabaseGone

        company = LaneDriver(Target(on_probe=says(AlreadyThere(VOUCHER))), step=fail)
        await company.insert("day/1")
        with pytest.raises(DatabaseGone):
            await company.run(10.0)
        assert company.row("day/1").state == after
        company.step = _nothing
        await company.run(30.0)
        assert company.row("day/1").state == "delivered"
        assert len(company.target.writes) == 1
        assert len(company.database.trail["a"]) == 1

    virtual.run(story())


def test_a_bug_while_writing_is_an_unknown_outcome() -> None:
    """Nobody knows how far it came: it is looked for, and found."""

    async def story() -> None:
        company = LaneDriver(Target(on_write=says(KeyError("bug")), on_probe=says(AlreadyThere(VOUCHER))))
        await company.insert("day/1")
        await company.run(10.0)
        assert company.row("day/1").history == ["queued", "sending", "unknown", "delivered"]
        assert [record.outcome for record in company.database.trail["a"]] == ["unknown", "already_there"]

    virtual.run(story())


def test_a_bug_before_anything_left_leaves_no_doubt() -> None:
    """Nothing has to be looked for; the order is tried again each minute, and no other waits for it."""

    async def story() -> None:
        async def fail_on_one(order: Envelope[Any], attempt: Attempt) -> Verdict:
            if order.subject == "day/1":
                raise KeyError("bug")
            return await says(Delivered(VOUCHER))(order, attempt)

        company = LaneDriver(Target(on_write=fail_on_one))
        await company.insert("day/1", "day/2")
        await company.run(200.0)
        assert company.row("day/1").history == ["queued", *["sending", "queued"] * 4]
        assert company.row("day/2").state == "delivered"
        assert company.target.writes[1][1] - company.target.writes[0][1] < 1.0
        assert company.target.looks == []

    virtual.run(story())


def test_a_database_that_is_away_is_no_bug_of_ours() -> None:
    """The lane waits for it as for a target that is away: seconds, not a minute; and nobody looks for a bug."""

    async def story() -> None:
        away = AdminShutdown("gone")
        failing = [away, away]

        async def fail_before(order: Envelope[Any], attempt: Attempt) -> Verdict:
            if failing:
                raise failing.pop()
            return await says(Delivered(VOUCHER))(order, attempt)

        company = LaneDriver(Target(on_write=fail_before))
        await company.insert("day/1")
        with capture_logs() as said:
            await company.run(20.0)
        assert company.row("day/1").history == ["queued", *["sending", "queued"] * 2, "sending", "delivered"]
        assert [line["error"] for line in said if line["event"] == "database away"] == ["AdminShutdown"] * 2
        assert [line for line in said if line["log_level"] == "error"] == []
        assert company.target.looks == []

    virtual.run(story())


def test_a_database_that_is_away_once_a_write_has_left_leaves_it_in_doubt() -> None:
    """It is looked for as any other; on record it says what was away."""

    async def story() -> None:
        away = AdminShutdown("gone")
        company = LaneDriver(Target(on_write=says(away), on_probe=says(away, AlreadyThere(VOUCHER))))
        await company.insert("day/1")
        await company.run(30.0)
        assert company.row("day/1").history[-2:] == ["unknown", "delivered"]
        assert "AdminShutdown" in company.database.trail["a"][0].why

    virtual.run(story())


def test_a_bug_while_looking_stops_no_other_order() -> None:
    """The order stays unknown, since a failed look says nothing; the lane goes on with the rest."""

    async def story() -> None:
        target = Target(on_write=says(Unknown("no answer"), Delivered(VOUCHER)), on_probe=says(KeyError("bug")))
        company = LaneDriver(target)
        await company.insert("day/1")
        running = asyncio.create_task(company.run(400.0))
        await asyncio.sleep(2.0)
        await company.insert("day/2", "day/3")
        await asyncio.sleep(31.0)
        assert [company.row(f"day/{n}").state for n in (1, 2, 3)] == ["unknown", "delivered", "delivered"]
        await running
        assert [key for key, _ in target.writes] == ["day/1", "day/2", "day/3"]
        assert len(target.looks) < 10

    virtual.run(story())


def test_an_order_that_never_passes_delays_no_other_key() -> None:
    """The target asks to wait for one order whenever it comes; the ones behind it have their turns in between."""

    async def story() -> None:
        async def wait_for_one(order: Envelope[Any], _attempt: Attempt) -> Verdict:
            return RetryLater(5.0, "forbidden", "ask somebody") if order.subject == "day/0" else Delivered(VOUCHER)

        company = LaneDriver(Target(on_write=wait_for_one))
        keys = [f"day/{n}" for n in range(200)]
        await company.insert(*keys)
        await company.run(60.0)
        assert [company.row(key).state for key in keys] == ["queued"] + ["delivered"] * 199

    virtual.run(story())


def test_a_kind_without_its_licence_rests_and_the_others_go_on_until_it_is_there() -> None:
    """One call every five minutes asks for it; what is in doubt of that kind takes no vouchers' place meanwhile."""

    async def story() -> None:
        licensed = False
        refusal = RetryLater(300.0, "licence_missing", "no module for invoices", "operator", of_kind=True)

        async def write(order: Envelope[Any], _attempt: Attempt) -> Verdict:
            return Delivered(VOUCHER) if licensed or order.type == BOOKED else refusal

        async def probe(order: Envelope[Any], _attempt: Attempt) -> Look:
            return Absent() if licensed or order.type == BOOKED else refusal

        company = LaneDriver(Target(on_write=write, on_probe=probe))
        invoices = [order("a", f"invoice/{n}", 1).model_copy(update={"type": INVOICED}) for n in range(20)]
        await MemoryJournal(company.database).insert((0, each) for each in invoices)
        for each in invoices[:FEW]:  # as many in doubt as there may be
            company.database.rows[each.id].become("unknown")
            company.database.rows[each.id].sent = 0.0
        vouchers = [f"day/{n}" for n in range(100)]
        await company.insert(*vouchers)
        running = asyncio.create_task(company.run(1500.0))
        await asyncio.sleep(5.0)
        assert {company.row(key).state for key in vouchers} == {"delivered"}
        assert REGISTRY.get_sample_value("bokbuss_lane_paused", PAUSED) == 1
        assert len(company.target.looks) + len(company.target.writes) == 1 + len(vouchers)
        await asyncio.sleep(400.0)
        assert len(company.target.looks) + len(company.target.writes) == 2 + len(vouchers)
        licensed = True
        await asyncio.sleep(700.0)
        assert {company.database.rows[each.id].state for each in invoices} == {"delivered"}
        assert REGISTRY.get_sample_value("bokbuss_lane_paused", PAUSED) == 0
        await running

    virtual.run(story())


def test_a_mark_that_becomes_durable_late_is_looked_for() -> None:
    """A predecessor's transaction may end after its successor began: the order would be nobody's."""

    async def story() -> None:
        company = LaneDriver(Target(on_probe=says(AlreadyThere(VOUCHER))))
        await company.insert("day/1")
        company.row("day/1").due = float("inf")
        running = asyncio.create_task(company.run(60.0))
        await asyncio.sleep(1.0)
        company.row("day/1").become("sending")
        await running
        assert company.row("day/1").history == ["queued", "sending", "unknown", "delivered"]

    virtual.run(story())


def test_pauses_grow_to_a_minute_and_start_anew_after_a_success() -> None:
    """A target that takes nothing is asked less and less; one that asks for more than a minute gets it."""

    async def story() -> None:
        wait = RetryLater(5.0, "throttled", "too many requests")
        target = Target(on_write=says(*[wait] * 6, Delivered(VOUCHER), wait, RetryLater(300.0, "consent_missing", "x")))
        company = LaneDriver(target)
        await company.insert("day/1")
        running = asyncio.create_task(company.run(1500.0))
        await asyncio.sleep(400.0)
        assert company.row("day/1").state == "delivered"
        await company.insert("day/2")
        await running
        pauses = [later - at for (_, at), (_, later) in pairwise(target.writes)]
        expected = [5, 10, 20, 40, 60, 60, None, 5, 300, 300]
        assert all(e is None or e <= p < 1.25 * e + 0.5 for p, e in zip(pauses, expected, strict=False)), pauses

    virtual.run(story())


def test_a_wait_that_costs_the_target_nothing_stays_short_and_is_told_once() -> None:
    """A company that is not connected goes on within seconds of being connected, however long that took."""

    async def story() -> None:
        wait = RetryLater(2.0, "consent_missing", "not connected", "operator", steady=True)
        target = Target(on_write=says(*[wait] * 200, Delivered(VOUCHER)))
        company = LaneDriver(target)
        await company.insert("day/1")
        with capture_logs() as logs:
            await company.run(600.0)
        assert company.row("day/1").state == "delivered"
        pauses = [round(later - at) for (_, at), (_, later) in pairwise(target.writes)]
        assert set(pauses) == {2}
        assert [line["event"] for line in logs].count("lane paused") == 1

    virtual.run(story())


def test_a_target_without_clear_answers_does_not_bring_a_whole_backlog_in_doubt() -> None:
    """A few writes are in doubt, and no more go out before it is known what became of them; nobody waits in between."""

    async def story() -> None:
        target = Target(on_write=says(Unknown("500")))
        company = LaneDriver(target, patience=Patience(1000.0, 1.0))
        await company.insert(*(f"day/{n}" for n in range(50)))
        await company.run(100.0)
        assert [key for key, _ in target.writes] == [f"day/{n}" for n in range(FEW)]
        assert target.writes[-1][1] - target.writes[0][1] < 1.0
        target.on_write, target.on_probe = says(Delivered(VOUCHER)), says(AlreadyThere(VOUCHER))
        await company.run(1000.0)
        assert all(company.row(f"day/{n}").state == "delivered" for n in range(50))
        assert len(target.writes) == 50

    virtual.run(story())


def test_other_keys_go_on_while_one_write_is_in_doubt() -> None:
    """Its own key waits for the look; a target that answers the others clearly gets them at once."""

    async def story() -> None:
        async def lose_one(order: Envelope[Any], attempt: Attempt) -> Verdict:
            delivered = await says(Delivered(VOUCHER))(order, attempt)
            return Unknown("500") if order.subject == "day/3" else delivered

        company = LaneDriver(Target(on_write=lose_one))
        await company.insert(*(f"day/{n}" for n in range(20)))
        behind = order("a", "day/3", 2)
        await MemoryJournal(company.database).insert([(0, behind)])
        await company.run(50.0)
        states = [company.row(f"day/{n}").state for n in range(20)]
        assert states == ["unknown" if n == 3 else "delivered" for n in range(20)]
        assert company.target.writes[-1][1] - company.target.writes[0][1] < 1.0
        assert company.database.rows[behind.id].history == ["queued"]

    virtual.run(story())


def test_a_look_does_not_wait_behind_a_backlog() -> None:
    """It comes as soon as it is due and the budget has a call, among the writes, and finds what was booked."""

    async def story() -> None:
        target = Target(on_write=says(Unknown("500"), Delivered(VOUCHER)), on_probe=says(AlreadyThere(VOUCHER)))
        company = LaneDriver(target)
        await company.insert(*(f"day/{n}" for n in range(200)))
        await company.run(60.0)
        [(key, at)] = target.looks
        assert key == "day/0"
        assert sum(sent < at for _, sent in target.writes) <= 25
        assert len(target.writes) == 200

    virtual.run(story())


def test_looks_are_ever_rarer_until_the_write_has_settled() -> None:
    """What appears late is found soon after; the two looks that count come when nothing can appear any more."""

    async def story() -> None:
        company = LaneDriver(Target(on_write=says(Unknown("500"), Delivered(VOUCHER))))
        await company.insert("day/1")
        await company.run(100.0)
        (_, lost), (_, sent_again) = company.target.writes
        looks = [round(at - lost) for _, at in company.target.looks if at < sent_again]
        assert looks == [1, 4, 16, 60, 65]

    virtual.run(story())


def test_a_look_that_fails_delays_its_order_only() -> None:
    """A passing 500 on one order's look says nothing of the others; three failures in a row say it of the target."""

    async def story() -> None:
        failing = RetryLater(5.0, "fortnox_failing", "500", alone=True)
        target = Target(on_write=says(Unknown("500"), Delivered(VOUCHER)), on_probe=says(failing))
        company = LaneDriver(target)
        await company.insert("day/0")
        running = asyncio.create_task(company.run(200.0))
        await asyncio.sleep(1.5)
        await company.insert("day/1", "day/2")
        await asyncio.sleep(31.0)
        assert [company.row(f"day/{n}").state for n in (1, 2)] == ["delivered", "delivered"]
        assert company.row("day/0").state == "unknown"
        await running
        pauses = [later - at for (_, at), (_, later) in pairwise(target.looks)]
        assert all(5 <= pause < 7 for pause in pauses[:2])
        assert all(pause >= 5 for pause in pauses)
        assert pauses[-1] >= 60

    virtual.run(story())


@pytest.mark.parametrize("seed", range(3))
def test_a_target_that_fails_a_third_of_the_time_takes_a_backlog_within_five_minutes(seed: int) -> None:
    """120 days of a company at 35 % faults: half of them doubts, and a look fails as often; each is booked once."""

    async def story() -> None:
        fortnox, loop, luck = FakeFortnox(), asyncio.get_running_loop(), random.Random(seed)

        async def write(order: Envelope[Any], attempt: Attempt) -> Verdict:
            await attempt.take()
            attempt.may_send()
            await asyncio.sleep(0.1)
            fate = luck.choice(["lost", "done", "late", "slow", "alone"]) if luck.random() < 0.35 else "ok"
            if fate == "alone":
                return RetryLater(5.0, "fortnox_failing", "500", alone=True)
            if fate == "slow":
                await asyncio.sleep(2.0)
            if fate == "late":
                loop.call_later(3.0, fortnox.carry_out, order)
            elif fate != "lost":
                fortnox.carry_out(order)
            found = fortnox.voucher(order, loop.time())
            return Delivered(found) if found and fate != "done" else Unknown("500")

        async def look(order: Envelope[Any], attempt: Attempt) -> Look:
            await attempt.take()
            attempt.may_send()
            await asyncio.sleep(0.1)
            if luck.random() < 0.35:
                return RetryLater(5.0, "fortnox_failing", "500", alone=True)
            found = fortnox.voucher(order, loop.time())
            return AlreadyThere(found) if found else Absent()

        company = LaneDriver(Target(write, look))
        keys = [f"day/{n}" for n in range(120)]
        await company.insert(*keys)
        await company.run(300.0)
        assert [key for key in keys if company.row(key).state != "delivered"] == []
        assert len(fortnox.books["a"]) == 120

    virtual.run(story())


def test_a_look_that_began_too_early_does_not_count() -> None:
    """What a slow answer shows was read when it was asked for: only looks begun after the settle time count."""

    async def story() -> None:
        async def slow(_order: Envelope[Any], _attempt: Attempt) -> Look:
            await asyncio.sleep(29.0)
            return Absent()

        company = LaneDriver(Target(on_write=says(Unknown("no answer"), Delivered(VOUCHER)), on_probe=slow))
        await company.insert("day/1")
        await company.run(400.0)
        (_, lost), (_, sent_again) = company.target.writes
        counted = [at for _, at in company.target.looks if at - lost >= PATIENCE.settle and at < sent_again]
        assert len(counted) == 2

    virtual.run(story())


@pytest.mark.parametrize(
    ("settle", "carried_out_after", "vouchers"), [(60.0, 59.0, 1), (60.0, 80.0, 2), (90.0, 80.0, 1)]
)
def test_one_order_is_one_voucher_as_long_as_settling_outlasts_late_writes(
    settle: float, carried_out_after: float, vouchers: int
) -> None:
    """The limit of the promise: Fortnox knows no idempotency key, so a write that comes later than we look comes twice.

    The settle time has to exceed the longest time from the last byte to a voucher in the list.
    """

    async def story() -> int:
        fortnox = FakeFortnox()
        loop = asyncio.get_running_loop()

        async def carry_out_late(order: Envelope[Any], _attempt: Attempt) -> Verdict:
            loop.call_later(carried_out_after, fortnox.carry_out, order)
            return Unknown("no answer")

        async def look(order: Envelope[Any], _attempt: Attempt) -> Look:
            found = fortnox.voucher(order, loop.time())
            return AlreadyThere(found) if found else Absent()

        company = LaneDriver(Target(carry_out_late, look), patience=Patience(settle, 5.0))
        await company.insert("day/1")
        await company.run(600.0)
        assert company.row("day/1").state == "delivered"
        return len(fortnox.books["a"])

    assert virtual.run(story()) == vouchers


def test_a_write_that_comes_later_than_it_was_waited_for_is_found_as_soon_as_it_was_sent_again() -> None:
    """Both are on record at once, whatever put the second one off; what was sent once costs no look."""

    async def story() -> None:
        company, second = LaneDriver(), VoucherRef(series="F", number=2, year_id=3)
        target = company.target
        put_off = RetryLater(5.0, "throttled", "too many requests")
        target.on_write = says(Unknown("no answer"), put_off, Delivered(second))

        async def look(_order: Envelope[Any], _attempt: Attempt) -> Look:
            return AlreadyThere(VOUCHER, others=(second,)) if len(target.writes) == 3 else Absent()

        target.on_probe = look
        await company.insert("day/1")
        await company.run(100.0)
        assert company.row("day/1").history[-3:] == ["queued", "sending", "delivered"]
        ended = [(r.outcome, r.voucher) for r in company.database.trail["a"] if r.voucher]
        assert ended == [("already_there", VOUCHER), ("already_there", second)]
        looks = len(target.looks)
        await company.insert("day/2")
        await company.run(100.0)
        assert (company.row("day/2").state, len(target.looks)) == ("delivered", looks)

    virtual.run(story())


@pytest.mark.parametrize("look", [Absent(), AlreadyThere(VOUCHER), RetryLater(5.0, "list_moved", "it moved")])
def test_a_write_that_was_sent_again_and_answered_is_delivered_whatever_a_look_says_of_it(look: Look) -> None:
    """Its own answer is the better word: a list may not show it yet, or not be read."""

    async def story() -> None:
        company = LaneDriver(Target(on_write=says(Unknown("no answer"), Delivered(VOUCHER))))
        target = company.target

        async def after(_order: Envelope[Any], _attempt: Attempt) -> Look:
            return look if len(target.writes) > 1 else Absent()

        target.on_probe = after
        await company.insert("day/1")
        await company.run(100.0)
        assert len(target.writes) == 2
        assert company.row("day/1").history[-2:] == ["sending", "delivered"]
        assert [r.outcome for r in company.database.trail["a"]] == ["unknown", "absent", "delivered"]

    virtual.run(story())


def test_a_write_that_no_look_finds_is_sent_ever_more_rarely() -> None:
    """A look that is blind to what it wrote had it written every minute, for ever: some hundred copies in two hours."""

    async def story() -> None:
        company = LaneDriver(Target(on_write=says(Unknown("no answer")), on_probe=says(Absent())))
        await company.insert("day/1")
        await company.run(7200.0)
        sent = [at for _, at in company.target.writes]
        assert [round((later - before) / 60) for before, later in pairwise(sent)] == [1, 1, 1, 3, 9, 27]
        assert company.row("day/1").state == "unknown"

    virtual.run(story())


def test_a_clock_that_is_put_forward_settles_no_write() -> None:
    """The database's says an hour later while a write is in doubt: what is booked late is waited for all the same."""

    async def story() -> int:
        fortnox, loop = FakeFortnox(), asyncio.get_running_loop()

        async def carry_out_late(order: Envelope[Any], _attempt: Attempt) -> Verdict:
            loop.call_later(30.0, fortnox.carry_out, order)
            return Unknown("no answer")

        async def look(order: Envelope[Any], _attempt: Attempt) -> Look:
            found = fortnox.voucher(order, loop.time())
            return AlreadyThere(found) if found else Absent()

        company = LaneDriver(Target(carry_out_late, look), patience=Patience(60.0, 5.0))
        await company.insert("day/1")
        loop.call_later(3.0, setattr, company.database, "ahead", 3600.0)
        await company.run(600.0)
        assert company.row("day/1").state == "delivered"
        return len(fortnox.books["a"])

    assert virtual.run(story()) == 1


def test_a_lane_that_rests_is_woken_by_an_order() -> None:
    """It does not wait until it would look by itself."""

    async def story() -> None:
        company = LaneDriver()
        lane = await company.lane("one")
        running = asyncio.create_task(lane.run())
        await asyncio.sleep(100.0)
        await company.insert("day/1")
        lane.wake()
        await asyncio.sleep(0.1)
        assert company.row("day/1").state == "delivered"
        running.cancel()

    virtual.run(story())


def test_a_lane_ends_after_the_request_under_way() -> None:
    """Asked to stop, it records that one's outcome and sends no other."""

    async def story() -> None:
        async def slow(_order: Envelope[Any], _attempt: Attempt) -> Verdict:
            await asyncio.sleep(5.0)
            return Delivered(VOUCHER)

        company = LaneDriver(Target(on_write=slow))
        await company.insert("day/1", "day/2")
        lane = await company.lane("one")
        running = asyncio.create_task(lane.run())
        await asyncio.sleep(1.0)
        lane.stop()
        await running
        assert [company.row(f"day/{n}").state for n in (1, 2)] == ["delivered", "queued"]

    virtual.run(story())


def test_a_lane_that_pauses_or_rests_ends_at_once() -> None:
    """A process that is terminated hands its companies over without waiting for their targets."""

    async def story() -> None:
        for target in (Target(), Target(on_write=says(RetryLater(60.0, "throttled", "too many requests")))):
            company = LaneDriver(target)
            await company.insert("day/1")
            lane = await company.lane("one")
            running = asyncio.create_task(lane.run())
            await asyncio.sleep(10.0)
            asked = asyncio.get_running_loop().time()
            lane.stop()
            await running
            assert asyncio.get_running_loop().time() == asked

    virtual.run(story())


@pytest.mark.parametrize(("answer", "lent"), [(Delivered(VOUCHER), 11), (RetryLater(20.0, "throttled", "429"), 0)])
def test_a_lane_tells_guests_how_it_is(answer: Verdict, lent: int) -> None:
    """They get half of the window while an order is under way, nothing until a 429 is over, then the usual share."""

    async def story() -> list[int]:
        got: list[int] = []

        async def write(_order: Envelope[Any], attempt: Attempt) -> Verdict:
            await attempt.take()
            attempt.may_send()
            if isinstance(answer, RetryLater):
                await attempt.throttled(answer.after)
            got.append(lend())
            return answer

        def lend() -> int:
            return lane._budget.lend(24, LOOK_UP, 0.0, asyncio.get_running_loop().time())

        company = LaneDriver(Target(on_write=write))
        await company.insert("day/1")
        lane = await company.lane("one")
        running = asyncio.create_task(lane.run())
        await asyncio.sleep(20.1)
        got.append(lend())
        lane.stop()
        await running
        return got

    assert virtual.run(story()) == [lent, 20]
