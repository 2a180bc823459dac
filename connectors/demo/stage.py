"""Starts everything in this process, plays the scenes, ties out, and stays up until it is asked to stop."""

import asyncio
import json
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition

from connectors.demo.clinic import KLINIKEN
from connectors.demo.people import KONTORET, SYSTEM
from connectors.demo.scenes import COMPANIES, SCENES
from connectors.demo.screen import Screen
from connectors.demo.staff import StaffOffice
from connectors.demo.telling import TenantRecord
from connectors.demo.tieout import BookedVoucher, TieOut, sales_accounts, tie_out
from connectors.demo.world import NotInTime, Unexpected, World
from connectors.demo.yearend import AccountingFirm
from infra import clock, companies, folders, registry, roles, telemetry, tenants
from infra.commanding import Failed, WrongUsage
from infra.embedded import found, jars, runtime
from infra.environment import PINNED
from infra.folders import CLAIM, InUse, claimed, writable
from infra.http import Client, NoAnswer, NotSent
from infra.kafka.fetching import Consumer
from infra.office import Office, office
from infra.plugin import Imitation
from infra.settings import ROLES, DeskSettings, Settings
from schemas.events import DayClosed
from schemas.settings import SettingsApplied
from schemas.topics import PARTITIONS

_FORTNOX: Final[Mapping[str, Any]] = {
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "settle_seconds": 2.0,
    "look_seconds": 0.5,
    "recheck_seconds": 1.0,
    "employees_seconds": 1.0,
}
"""Whom the sandbox knows us as (its README), and seconds. Real Fortnox gets more; it is never late by more than 1.5."""
_HR: Final[Mapping[str, Any]] = {"poll_seconds": 2.0, "leave_seconds": 3.0, "budget": 25}
"""Seconds between two readings of people, of leaves; more often is over the budget."""
_LEASE = 5.0
_OVERDUE = 0.5
"""Seconds between two looks at what is missing."""
_NOBODY = "http://127.0.0.1:1"
"""Where nobody answers: a system that the demo has no sandbox of."""
_LOG: Final = "log.jsonl"
_GONE_WITHIN, _POLL = 20.0, 0.1
_EVERYBODY = (*COMPANIES, KONTORET, KLINIKEN)
_BY_HAND = ("POST /oauth-v1/token", "PUT /3/invoices/{key}/bookkeep")
"""Calls that cost no budget of ours: for tokens, and the accountant's own."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What runs: the world and the two offices in it, where to look at it, and what must not end by itself."""

    world: World
    staff: StaffOffice
    firm: AccountingFirm
    desk: str
    sandbox: str
    tasks: frozenset[asyncio.Task[None]]


async def run(settings: Settings, stop: asyncio.Event, *, once: bool, as_json: bool) -> int:
    """Play the demo; return its exit code: 0 when every report is accounted for.

    Args:
        settings: of the host; the demo's data are in the folder ``demo`` below theirs, empty at its beginning.
        stop: ends the demo cleanly, wherever it is; with ``once`` that is exit code 1.
        once: end after the table instead of staying up.

    Raises:
        WrongUsage: a demo runs already, or the broker or the database that the settings name is not empty.
        Failed: something of ours ended by itself.
        BrokerUnavailable, DatabaseUnavailable: see there.
    """
    screen = Screen(as_json=as_json)
    own = _own_settings(settings)
    with _claimed(own.data):
        await _emptied(own.data)
        with (own.data / _LOG).open("w") as log:
            telemetry.configure(settings.log_level, log)
            async with _stage(own, screen) as stage:
                return await _show(stage, screen, own.data, stop, once=once)


async def _show(stage: _Stage, screen: Screen, data: Path, stop: asyncio.Event, *, once: bool) -> int:
    stopped = asyncio.create_task(stop.wait())
    playing = asyncio.create_task(_play(stage, screen))
    found: TieOut | None = None
    try:
        await asyncio.wait({playing, stopped, *stage.tasks}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            found = playing.result()
            if not once:
                screen.next_steps(*_next_steps(stage, data, found))
                await asyncio.wait({stopped, *stage.tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        playing.cancel()
        stopped.cancel()
        await asyncio.gather(playing, stopped, return_exceptions=True)
    for task in stage.tasks:
        if task.done():
            raise Failed(f"the demo ended: {task.exception()!r}. What happened stands in {data / _LOG}")
    accounted_for = found is not None and not found.problems
    return 0 if accounted_for or (found is None and not once) else 1


async def _play(stage: _Stage, screen: Screen) -> TieOut:
    """Play every scene and tie out; what did not happen is a problem of the tie-out, not the end of it."""
    world, staff, firm = stage.world, stage.staff, stage.firm
    begun, broken = clock.monotonic(), []
    try:
        for scene in SCENES:
            screen.scene(scene.title, scene.text)
            for act in scene.acts:
                await world.perform(act)
        await staff.play()
        await firm.play()
    except (NotInTime, Unexpected, NotSent, NoAnswer) as error:
        broken.append(str(error))
    accounts = {c.tenant: sales_accounts(c.settings.daysales) for c in COMPANIES if c.settings.daysales}
    books = {company.tenant: await world.books(company) for company in COMPANIES}
    documents = {company.tenant: await world.documents(company) for company in COMPANIES}
    calls = [await world.calls(company) for company in COMPANIES]
    told = tuple(each for each in world.told if each[0] in books)
    found = tie_out(tuple(world.sent.values()), told, books, accounts, world.sold, documents)
    people = await staff.tie_out()
    found = replace(found, problems=(*broken, *found.problems, *people.problems, *firm.problems))
    counts = _counts(world.counts, told, books, calls) | {
        "doubles": found.doubles,
        "open_holds": sum(row.ended.startswith("held") for row in found.rows),
        "seconds": round(clock.monotonic() - begun),
    }
    screen.table(found, counts, people, staff.facts, firm.facts)
    return found


def _counts(
    came: Mapping[str, int],
    told: Sequence[TenantRecord],
    books: Mapping[str, Sequence[BookedVoucher]],
    calls: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    outcomes = Counter(record.outcome for _, record in told)
    vouchers = sum(map(len, books.values()))
    made = sum(count for each in calls for route, count in each["calls"].items() if route not in _BY_HAND)
    return {
        **{name: came[name] for name in ("delivered", "duplicates", "refused")},
        "vouchers": vouchers,
        "holds": outcomes["held"],
        "calls": made,
        "calls_per_voucher": f"{made / max(vouchers, 1):.2f}",
        "lost": outcomes["unknown"],
        "lost_percent": outcomes["unknown"] * 100 // max(made, 1),
        "found": outcomes["already_there"],
        "sent_again": outcomes["absent"],
        "throttled": sum(each["throttled"] for each in calls),
    }


# --- Starting -----------------------------------------------------------------------------------------------------


def _own_settings(settings: Settings) -> Settings:
    """Return the demo's settings: a folder of its own, a free port unless one was named, short times."""
    return settings.model_copy(
        update={
            "data": settings.data / "demo",
            "port": settings.port if "port" in settings.model_fields_set else 0,
            "lease_seconds": _LEASE,
            "overdue_seconds": _OVERDUE,
            "desk": DeskSettings(open=True),  # whoever sits here is signed in
        }
    )


def _with_systems(settings: Settings, systems: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Return settings in which these systems have what is said here, and else what holds by default."""
    made = {name: type(getattr(settings, name)).model_validate(values) for name, values in systems.items()}
    return settings.model_copy(update=made)


def _pin(settings: Settings, systems: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
    """Let every command that uses the demo's folder talk to the demo's systems, and to nobody after its end."""
    pinned = {
        **{name: getattr(settings, name).model_dump(mode="json") | values for name, values in systems.items()},
        "huma": {"api_url": _NOBODY},
        "mail": {"host": None},
        "lease_seconds": settings.lease_seconds,
        **more,
    }
    folders.put(settings.data / PINNED, json.dumps(pinned))


@contextmanager
def _claimed(data: Path) -> Iterator[None]:
    """Keep the folder for this demo until it ends, also from one that is started at the same moment.

    Raises:
        WrongUsage: a demo or an installation runs there, or it holds something else than what a demo left.
    """
    writable(data)
    there = {each.name for each in data.iterdir()}
    if data.is_symlink() or (there and not there & {CLAIM, _LOG}):
        raise WrongUsage(f"a demo would empty {data}, which is not a demo's: name another folder with BOKBUSS_DATA")
    with ExitStack() as stack:
        try:
            stack.enter_context(claimed(data, patience=0.0))
            is_used = found.is_used(data)
        except InUse:
            is_used = True
        if is_used:
            raise WrongUsage(f"a demo runs in {data} already: end it, or name another folder with BOKBUSS_DATA")
        yield


async def _emptied(data: Path) -> None:
    """Remove what an earlier demo left; its servers may still be ending."""
    deadline = clock.monotonic() + _GONE_WITHIN
    while await asyncio.to_thread(_left, data, must_go=clock.monotonic() > deadline):
        await clock.sleep(_POLL)


def _left(data: Path, *, must_go: bool) -> bool:
    """Remove everything but the claim; tell whether there was anything. Raises OSError when it does not go but must."""
    left = [each for each in data.iterdir() if each.name != CLAIM]
    for each in left:
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=not must_go)
        else:
            each.unlink(missing_ok=True)
    return bool(left)


@asynccontextmanager
async def _stage(settings: Settings, screen: Screen) -> AsyncIterator[_Stage]:
    begun = clock.monotonic()
    screen.note(f"This is a demo: nothing in it is real. Its data and its log are in {settings.data}")
    screen.note(_starting(settings))
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(runtime.services(settings))
        sandbox = await stack.enter_async_context(registry.sandbox("fortnox")(Imitation(settings.host)))
        hr_url = await stack.enter_async_context(registry.sandbox(SYSTEM)(Imitation(settings.host)))
        systems = {
            "fortnox": {**_FORTNOX, **registry.systems()["fortnox"].sandbox_at(sandbox)},
            SYSTEM: {**_HR, **registry.systems()[SYSTEM].sandbox_at(hr_url)},
        }
        named = _with_systems(services.apply(settings), systems)
        _pin(named, systems)
        place = await stack.enter_async_context(office(named))
        await _refuse_what_is_not_empty(place)
        secrets = {
            company.tenant: await companies.add(
                await place.host(),
                company.tenant,
                organisation_number=company.organisation_number,
                database_number=company.database_number,
            )
            for company in _EVERYBODY
        }
        tills = {tenant: of_system["openpos"] for tenant, of_system in secrets.items()}
        http = await stack.enter_async_context(Client(timeout=30.0))
        running, url = await _roles(named, stack)
        _pin(named, systems, port=int(url.rpartition(":")[2]))
        world = World(place=place, url=url, sandbox=sandbox, secrets=tills, http=http, say=screen.effect)
        for company in _EVERYBODY:
            await world.open_books(company)
        listening = asyncio.create_task(world.listen())
        stack.push_async_callback(_end, listening)
        screen.note(f"Broker, database, both sandboxes and every role run ({clock.monotonic() - begun:.0f} s).")
        staff = StaffOffice(world, place, hr_url, http, screen)
        firm = AccountingFirm(world, place, http, screen, secrets[KLINIKEN.tenant]["spiris"], url)
        yield _Stage(world, staff, firm, url, sandbox, frozenset({running, listening}))


def _starting(settings: Settings) -> str:
    if settings.kafka.bootstrap or jars.present():
        return "Starting broker and database ..."
    return f"Fetching Apache Kafka {jars.release(jars.manifest())} (once, about 42 MB), then starting it ..."


async def _refuse_what_is_not_empty(place: Office) -> None:
    """Raise WrongUsage where the broker or the database that was named is in use: made-up facts have no place there."""
    known = await tenants.everyone(place.engine)
    consumer = Consumer(place.settings.kafka)
    await consumer.start()
    try:
        topics = (DayClosed.TOPIC, SettingsApplied.TOPIC)
        ends = await consumer.end_offsets([TopicPartition(topic, n) for topic in topics for n in range(PARTITIONS)])
    finally:
        await consumer.stop()
    if known or any(ends.values()):
        what = "database (BOKBUSS_DATABASE__URL)" if known else "broker (BOKBUSS_KAFKA__BOOTSTRAP)"
        raise WrongUsage(f"the {what} is not empty, and a demo must not write to it: unset it, or name an empty one")


async def _roles(settings: Settings, stack: AsyncExitStack) -> tuple[asyncio.Task[None], str]:
    """Run every role in this process until the stack is left; return their task and their URL."""
    stop = asyncio.Event()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(roles.run(settings, ROLES, stop, started.set_result))

    async def end() -> None:
        stop.set()
        await asyncio.wait({task})

    stack.push_async_callback(end)
    both: set[asyncio.Future[Any]] = {task, started}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    return task, started.result()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


# --- Ending -------------------------------------------------------------------------------------------------------


def _next_steps(stage: _Stage, data: Path, found: TieOut) -> tuple[list[tuple[str, str]], list[str]]:
    """Return commands to try while the demo is up, each with what it shows; and where to look."""
    program = "bokbuss" if shutil.which("bokbuss") else sys.argv[0]
    commands = []
    if lost := next((row for row in found.rows if "found" in row.story), None):
        commands.append((f'explain "{lost.vouchers[0]}" --tenant {lost.sent.report.tenant}', "the story of a voucher"))
    commands += [("audit --follow", "what became of each message"), ("held list", "what waits for the accountant")]
    if row := next((row for row in found.rows if row.ended == "held amended_after_booking"), None):
        report = row.sent.report
        answer = f"held answer {report.key} rebook --by you --tenant {report.tenant}"
        commands.append((answer, "and look here what it does"))
    commands += stage.staff.next_steps()
    commands += stage.firm.next_steps()
    commands.append(("audit verify", "nothing was changed afterwards"))
    return [(f"{program} {command}", why) for command, why in commands], [
        f"The accountant's desk: {stage.desk}/    Fortnox's books: {stage.sandbox}/    Ctrl-C ends the demo.",
        f"From another terminal, here:  export BOKBUSS_DATA={data}",
    ]
