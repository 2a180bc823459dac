"""Work that a page begins and that goes on after its answer: how far it has come, for whoever looks, anywhere.

One of a kind goes on for a company at a time: who begins it again meets the one that is under way. Work that dies with
its process is ended by whoever looks next; what it had done stands, so work is such that it can be begun anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from infra import speaking, store, telemetry
from infra.failing import named, raised_in
from infra.plugin import Host
from infra.postgres import Engine, text
from schemas.words import Said, Text

_log = telemetry.log(__name__)
_BEAT: Final = 0.5
_MOST: Final = 2000
_COLUMNS: Final = "task_id, kind, state, begun_by, begun_at, said_sv, said_en, done, total, result, why"
_DIED: Final = text(
    """update tasks set state = 'died', ended_at = clock_timestamp() where tenant = :tenant and state = 'running'
       and seen_at < clock_timestamp() - interval '30 seconds'"""
)
_OLD: Final = text("delete from tasks where tenant = :tenant and begun_at < clock_timestamp() - interval '30 days'")
_BEGIN: Final = text(
    """insert into tasks (task_id, tenant, kind, state, begun_by, begun_at, seen_at)
       values (:task_id, :tenant, :kind, 'running', :by, clock_timestamp(), clock_timestamp())
       on conflict (tenant, kind) where state = 'running' do nothing returning task_id"""
)
_RUNNING: Final = text("select task_id from tasks where tenant = :tenant and kind = :kind and state = 'running'")
_SEEN: Final = text(
    """update tasks set seen_at = clock_timestamp(), said_sv = :sv, said_en = :en, done = :done, total = :total
       where task_id = :task_id and state = 'running'"""
)
_END: Final = text(
    """update tasks set state = :state, ended_at = clock_timestamp(), result = :result, why = :why,
           said_sv = coalesce(:sv, said_sv), said_en = coalesce(:en, said_en)
       where task_id = :task_id and state = 'running'"""
)
_ONE: Final = text(f"select {_COLUMNS} from tasks where tenant = :tenant and task_id = :task_id")  # noqa: S608 - no values in it
_LAST: Final = text(
    f"""select {_COLUMNS} from tasks where tenant = :tenant and kind = :kind
        order by begun_at desc limit 1"""  # noqa: S608 - no values in it
)
_NOTHING: Final = Said("", "")
_NOTHING_SAID: Final[dict[str, Any]] = {"result": "", "why": "", "sv": None, "en": None}
_under_way: Final[set[asyncio.Task[None]]] = set()


@dataclass(frozen=True, slots=True)
class Task:
    """Work as it stands.

    Attributes:
        said: the step that it is at; what went wrong, when ``why`` says that something did.
        done: of ``total`` pieces; no total: it is not known.
        result: what it has made, when it is done: an id.
        why: what went wrong, when it failed.
    """

    task_id: UUID
    kind: str
    state: Literal["running", "done", "failed", "died"]
    begun_by: str
    begun_at: datetime
    said: Said
    done: int
    total: int
    result: str
    why: str


@dataclass(slots=True)
class Steps:
    """Where work says how far it has come."""

    said: Said = _NOTHING
    done: int = 0
    total: int = 0

    def say(self, said: Said, done: int = 0, total: int = 0) -> None:
        """Say which step it is at."""
        self.said, self.done, self.total = said, done, total


class NotDone(Exception):
    """Work that could not be done; the text is for whoever began it."""

    def __init__(self, why: Text | str) -> None:
        self.said = speaking.both(why)
        super().__init__(self.said.en)


Work = Callable[[Steps], Awaitable[str]]
"""Does it, and returns what it has made. Raises NotDone."""


async def begin(host: Host, tenant: str, kind: str, work: Work, *, by: str) -> UUID:
    """Begin work, unless some of this kind is under way for the company; return the id of what is under way now."""
    about = {"tenant": tenant, "kind": kind}
    async with host.engine.begin() as connection:
        await connection.execute(_DIED, about)
        await connection.execute(_OLD, about)
        while (begun := await connection.scalar(_BEGIN, {**about, "task_id": uuid4(), "by": by})) is None:
            if (running := await connection.scalar(_RUNNING, about)) is not None:  # else it has ended just now
                return UUID(str(running))
    task = asyncio.create_task(_carry(host, begun, work), name=f"{kind} {tenant}")
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return UUID(str(begun))


async def one(engine: Engine, tenant: str, task_id: UUID) -> Task | None:
    """Return a company's work by its id."""
    return await _read(engine, _ONE, {"tenant": tenant, "task_id": task_id})


async def last(engine: Engine, tenant: str, kind: str) -> Task | None:
    """Return the last work of a kind that was begun for a company."""
    return await _read(engine, _LAST, {"tenant": tenant, "kind": kind})


async def _read(engine: Engine, query: Any, values: dict[str, Any]) -> Task | None:
    async with engine.begin() as connection:
        await connection.execute(_DIED, values)
        row = (await connection.execute(query, values)).mapping()
    if row is None:
        return None
    known = dict(row)
    return Task(said=Said(known.pop("said_sv"), known.pop("said_en")), **known)


async def _carry(host: Host, task_id: UUID, work: Work) -> None:
    """Do it, say every moment how far it is, and how it ended. It ends with the process at the latest."""
    steps = Steps()
    doing = asyncio.ensure_future(work(steps))
    ending = asyncio.ensure_future(host.stop.wait())
    try:
        while not doing.done() and not ending.done():
            await asyncio.wait({doing, ending}, timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
            told = {"sv": steps.said.sv, "en": steps.said.en, "done": steps.done, "total": steps.total}
            await _write(host, _SEEN, task_id, told)
    finally:
        ending.cancel()
        if not doing.done():
            doing.cancel()
            await asyncio.wait({doing})
    await _write(host, _END, task_id, _outcome(doing))


def _outcome(doing: "asyncio.Future[str]") -> dict[str, Any]:
    if doing.cancelled():
        return {"state": "died"} | _NOTHING_SAID
    error = doing.exception()
    if error is None:
        return {"state": "done"} | _NOTHING_SAID | {"result": doing.result()}
    if isinstance(error, NotDone):
        said = {"why": str(error)[:_MOST], "sv": error.said.sv[:_MOST], "en": error.said.en[:_MOST]}
        return {"state": "failed", "result": ""} | said
    function, line = raised_in(error) if isinstance(error, Exception) else ("", "")
    _log.error("a task failed", error=named(error), function=function, line=line)
    return {"state": "failed"} | _NOTHING_SAID


async def _write(host: Host, statement: Any, task_id: UUID, values: dict[str, Any]) -> None:
    try:
        await store.write(host.engine, statement, {"task_id": task_id, **values})
    except Exception as error:  # noqa: BLE001 - the database was away: the next beat says it
        _log.warning("how far a task is could not be written", error=named(error))
