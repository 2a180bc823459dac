"""Before a plan: both systems are read, and all that was ever told of the company's people is decided, whoever told it.

Only differences are told, so what another reader has told a moment before is told by nobody again. A plan waits for
that too: behind everything that was told it puts a mark on each topic, and the marks are decided last.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import uuid4

from infra import clock, registry, tenants, words
from infra.commanding import Failed, WrongUsage
from infra.deciding import planning
from infra.intake.accepting import Unavailable
from infra.kafka import parking
from infra.plugin import Flow, Host, Refreshed
from schemas.marks import MARKS
from schemas.words import Said, named

_PATIENCE: Final = 60.0
"""Seconds in which something of what was told is decided, when flows run."""
_LOOK: Final = 0.2
_SAY: Final = 5.0


async def read_both(host: Host, flow: Flow, tenant: str, say: Callable[[Said], None]) -> dict[str, Refreshed]:
    """Read in full what a flow's plans compare, as far as it can be asked; return what each reading found.

    Raises:
        WrongUsage: the company has no settings for the flow.
        Failed: a system was not read; the message says why.
    """
    settings, _ = await tenants.settings_in_force(host.engine, tenant)
    if not (both := flow.about(settings)):
        raise WrongUsage(words.NO_SETTINGS(tenant=tenant, flow=named("infra", "flow", flow.name)))
    found: dict[str, Refreshed] = {}
    for name in both:
        system = registry.systems().get(name)
        if system is None or system.refresh is None:
            continue  # canonical events of a system that we cannot ask
        one = await system.refresh(host, tenant, lambda count, name=name: say(_read(name, count)))  # type: ignore[misc] # bound now
        say(_compared(name, one))
        found[name] = one
    return found


def _read(name: str, count: int) -> Said:
    return Said(f"{name}: {count} lästa", f"{name}: {count} read")


def _compared(name: str, one: Refreshed) -> Said:
    records, calls, differ = one.records, one.calls, len(one.fact_ids)
    return Said(
        f"{name}: {records} lästa i {calls} anrop, {differ} skiljer sig",
        f"{name}: {records} read in {calls} call{'s' * (calls != 1)}, {differ} differ",
    )


def facts_of(found: Mapping[str, Refreshed]) -> tuple[str, ...]:
    """Return the ids of all facts that readings told."""
    return tuple(fact_id for one in found.values() for fact_id in one.fact_ids)


async def nothing_is_parked(host: Host, tenant: str) -> None:
    """Raise Failed when flows do not get on with a company: waiting for what it is told would have no end."""
    if await parking.stands(host.engine, tenant, parking.FLOWS):
        raise Failed(words.IS_PARKED(tenant=tenant))


async def all_decided(
    host: Host, tenant: str, say: Callable[[Said], None], *, told: Sequence[str] = (), wait: float = _PATIENCE
) -> None:
    """Wait until everything that was told of a company's people by now is decided.

    Args:
        told: the ids of facts that were told just now.
        wait: seconds in which nothing at all is decided, after which nothing is expected: of ten thousand people told
            just now, whoever told them, the flows decide for minutes.

    Raises:
        Failed: the flows do not get there. A plan would be made from half the truth.
    """
    begun = said = moved = clock.monotonic()
    lines = await planning.decided_lines(host.engine, tenant)
    try:
        marks = await host.accept(tenant, "desk", [mark(mark=uuid4(), marked_at=clock.now()) for mark in MARKS])
    except Unavailable as error:
        raise Failed(words.UNAVAILABLE(how=str(error))) from error
    while await planning.undecided(host.engine, tenant, marks) or await planning.undecided(host.engine, tenant, told):
        await nothing_is_parked(host, tenant)
        await clock.sleep(_LOOK)
        now = clock.monotonic()
        if now - moved > wait:
            before, lines = lines, await planning.decided_lines(host.engine, tenant)
            if lines == before:
                raise Failed(words.NOT_DECIDED_YET(tenant=tenant, seconds=round(now - begun)))
            moved = now
        if now - said > _SAY:
            said = now
            say(Said("väntar på att det lästa är avgjort", "waiting until what was read is decided"))
