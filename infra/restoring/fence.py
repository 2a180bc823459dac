"""The fence: every role begins by asking whether the database is the one that was left, and writes nothing before.

One process at a time looks, under a lock of the database's. What happened since the backup is taken in before any role
reads or writes; then each company is opened by itself (``infra.restoring.sweeping``).
"""

import asyncio
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from infra import clock, installation, telemetry
from infra.failing import named
from infra.installation import PULSE_SECONDS, Installation, Pulse
from infra.kafka.witness import Witness
from infra.postgres import Engine, text
from infra.restoring.replaying import Replay, TakenIn
from infra.settings import Settings

_log = telemetry.log(__name__)

_MOST_NAMED: Final = 20
_FOUND: Final = text(
    """update fenced set found = found || jsonb_build_object('taken_back', cast(:taken as int),
           'forked', greatest(cast(:forked as int), (found ->> 'forked')::int),
           'removed', cast(:removed as boolean) or coalesce((found ->> 'removed')::boolean, false))
       where tenant = :tenant"""
)
_FENCED: Final = text("select tenant from fenced where opened_at is null")


async def passed(engine: Engine, producer: AIOKafkaProducer, settings: Settings) -> Pulse:
    """Return once this database may be worked with; take in what a restored one lacks.

    Raises:
        WrongInstallation: it belongs to another environment.
    """
    replay = Replay(engine, producer, settings.kafka)
    async with engine.begin() as one_at_a_time:
        await installation.lock(one_at_a_time)
        async with engine.begin() as connection:
            targets = installation.targets(settings)
            if (before := await installation.read(connection)) is None:
                await installation.begin(connection, targets)
            else:
                await installation.must_be_ours(connection, before, targets)
        known = await _read(engine)
        async with Witness(settings.kafka, known.installation) as witness:
            pulse = await witness.pulse()
            known = await _read(engine)  # after Kafka: others go on beating, and it is told what was written before
            if why := await _noticed(known, pulse, replay):
                known = await _close(engine, known, why, pulse)
                await witness.tell(known.pulse)
        if not known.writing:
            await _take_in(engine, known, replay)
    return Pulse(engine, known.epoch, known.pulse)


async def _read(engine: Engine) -> Installation:
    async with engine.connect() as connection:
        if (known := await installation.read(connection)) is None:
            raise installation.Restored("The database has lost its installation: start this process again.")
        return known


async def _noticed(known: Installation, pulse: int, replay: Replay) -> str:
    """Say by what a restore is noticed; "" for not at all."""
    if not known.ours:
        return "the database lies elsewhere than it was written, or was copied"
    if pulse > known.pulse:
        return f"Kafka knows pulse {pulse} of this installation, the database only {known.pulse}"
    if await replay.goes_on(known.pulsed_at):
        return "audit.v1 goes on where the trail in the database ends"
    return ""


async def _close(engine: Engine, known: Installation, why: str, pulse: int) -> Installation:
    async with engine.begin() as connection:
        await installation.close(connection, why=why, since=known.pulsed_at, pulse=pulse)
    closed = await _read(engine)
    _log.error("database was restored: nothing is written", why=why, since=str(closed.since), epoch=closed.epoch)
    return closed


async def _take_in(engine: Engine, known: Installation, replay: Replay) -> None:
    taken = await replay.take_in(known.since or known.pulsed_at)
    async with engine.begin() as connection:
        for tenant in list(await connection.scalars(_FENCED)):
            found = {"taken": taken.records[tenant], "forked": taken.forked[tenant], "removed": tenant in taken.removed}
            await connection.execute(_FOUND, {"tenant": tenant} | found)
        await installation.go_on(connection)
    _log.warning("what happened since the backup is taken in", **_told(taken))


def _told(taken: TakenIn) -> dict[str, object]:
    return {
        "decided": taken.decided,
        "ended": taken.ended,
        "records": dict(taken.records),
        "forked": dict(taken.forked),
        "removed": sorted(taken.removed),
        "unknown": sorted(taken.unknown)[:_MOST_NAMED],
    }


async def beat(pulse: Pulse, settings: Settings, engine: Engine, stop: asyncio.Event) -> None:
    """Go on looking whether the database is the same, and tell Kafka of its pulse, until asked to stop.

    Raises:
        Restored: it is another one; this process must end.
    """
    while not stop.is_set():
        try:
            known = await _read(engine)
            async with Witness(settings.kafka, known.installation) as witness:
                while not stop.is_set():
                    if (written := await pulse.beat()) is not None:
                        await witness.tell(written)
                    await clock.wait(stop, PULSE_SECONDS)
        except installation.Restored:
            raise
        except Exception as error:  # noqa: BLE001 - Kafka or the database is away; the next pulse tells
            pulse.must_not_be_replaced()
            _log.warning("no pulse", error=named(error), broker=isinstance(error, KafkaError))
            await clock.wait(stop, PULSE_SECONDS)
