"""What one transaction decides: states as they were read and changed, orders to send, and the line of each record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from infra import clock, telemetry, tracing
from infra.access import people
from infra.deciding.decision import NewState
from infra.failing import FlowFailed
from infra.incarnations import Former, removed_company
from infra.kafka.records import Record, bury, tenant_of
from infra.plugin import Flow
from infra.postgres import DatabaseConnection, text
from infra.store import Asked, lines, together
from schemas.audit import DeadLetter
from schemas.envelope import Envelope

_log = telemetry.log(__name__)

_STATES = text(
    """select s.flow, s.tenant, s.key, cast(s.state as text) from flow_state s
       join unnest(cast(:flows as text[]), cast(:tenants as text[]), cast(:keys as text[])) as r(f, t, k)
       on s.flow = r.f and s.tenant = r.t and s.key = r.k"""
)
_WRITE_STATES = text(
    f"""insert into flow_state (flow, tenant, key, state, waiting)
       select * from unnest(cast(:flows as text[]), cast(:tenants as text[]), cast(:keys as text[]),
                            cast({lines(":states")} as jsonb[]), cast(:waiting as text[]))
       on conflict (flow, tenant, key) do update set state = excluded.state, waiting = excluded.waiting"""  # noqa: S608 - no values in it
)
_FORGET_STATES = text(
    """delete from flow_state s
       using unnest(cast(:flows as text[]), cast(:tenants as text[]), cast(:keys as text[])) as r(f, t, k)
       where s.flow = r.f and s.tenant = r.t and s.key = r.k"""
)
_WRITE_LINES = text(
    """insert into decided (topic, partition, "offset", tenant, fact_id, key, rules, accepted_at, decided_at)
       select t, p, o, n, f, k, r, a, :now
       from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:offsets as bigint[]),
                   cast(:tenants as text[]), cast(:facts as text[]), cast(:keys as text[]), cast(:rules as text[]),
                   cast(:accepted as timestamptz[])) as x(t, p, o, n, f, k, r, a)
       on conflict do nothing"""
)

StateKey = tuple[str, str, str]
"""Where a state stands: flow, company and key."""


@dataclass(slots=True)
class DecidedLine:
    """That a record is decided: whose it is, which fact it goes back to, what it is about, and by which rules."""

    record: Record
    tenant: str
    fact_id: str
    key: str
    rules: str = ""
    span: tracing.Span = tracing.NOTHING


class Batch:
    """What the decider gathers, and reads and writes in the transaction that it is given."""

    def __init__(self) -> None:
        self.states: dict[StateKey, BaseModel] = {}
        self.changed: dict[StateKey, NewState] = {}
        self.orders: list[tuple[Envelope[Any], str]] = []
        """Each with the traceparent of the step that gave it."""
        self.letters: list[Envelope[DeadLetter]] = []
        self.lines: list[DecidedLine] = []
        self.decisions: Counter[tuple[str, str]] = Counter()
        """How often each rule of a flow has decided."""

    def keep(self, place: StateKey, kept: NewState) -> None:
        """Take in a new state."""
        self.states[place] = kept.state
        self.changed[place] = kept

    def bury(self, record: Record, letter: DeadLetter) -> None:
        """Let a record end as a dead letter."""
        self.letters.append(bury(letter, tenant := tenant_of(record)))
        self.lines.append(DecidedLine(record, tenant, letter.place, letter.place, letter.rule))
        _log.warning("dead letter", place=letter.place, reason=letter.reason)

    def is_of_a_removed_company(self, record: Record, message: Envelope[Any], formers: Mapping[str, Former]) -> bool:
        """Tell whether nothing is decided for a message, as its company was removed; its line says so then."""
        if (kept_under := removed_company(message, record.timestamp, formers)) is None:
            return False
        fact_id = message.causationid or message.id
        self.lines.append(DecidedLine(record, kept_under, fact_id, message.subject, "its_company_was_removed"))
        return True

    async def read(self, connection: DatabaseConnection, wanted: Mapping[StateKey, Flow]) -> None:
        """Read states, and nothing else, as ``take_in`` does."""
        await together(connection, asked := asking(wanted))
        await self.take_in(connection, wanted, asked)

    async def take_in(
        self, connection: DatabaseConnection, wanted: Mapping[StateKey, Flow], asked: Sequence[Asked]
    ) -> None:
        """Take in those wanted of the states that were asked for; of what is not known yet there is an empty one."""
        rows = [row for each in asked for row in each.rows if row[:3] in wanted]
        read = await states_of(connection, [(wanted[name, tenant, key], state) for name, tenant, key, state in rows])
        for (name, tenant, key, _), state in zip(rows, read, strict=True):
            self.states[name, tenant, key] = state
        unseen = {name: flow.state() for name, flow in {flow.name: flow for flow in wanted.values()}.items()}
        for place, flow in wanted.items():
            self.states.setdefault(place, unseen[flow.name])

    async def writing(self, connection: DatabaseConnection) -> list[Asked]:
        """Return what writes the states that changed, and the lines; keys of people are made at once."""
        asked: list[Asked] = []
        # A state like that of a key never seen need not be kept.
        unseen = {kind: kind() for kind in {type(new.state) for new in self.changed.values()}}
        gone = {place for place, new in self.changed.items() if new.state == unseen[type(new.state)]}
        if gone:
            asked.append(Asked(_FORGET_STATES, _places(gone)))
        if len(gone) < len(self.changed):
            kept = {place: new for place, new in self.changed.items() if place not in gone}
            texts = [new.written() for new in kept.values()]
            plain = [((tenant, key), new.state) for (_, tenant, key), new in kept.items()]
            sealed = await people.seal(connection, plain)
            written = {
                "states": "\n".join(
                    state if one is new.state else one.model_dump_json()
                    for new, state, one in zip(kept.values(), texts, sealed, strict=True)
                ),
                "waiting": [new.waiting for new in kept.values()],
            }
            asked.append(Asked(_WRITE_STATES, _places(kept) | written))
        if self.lines:
            told = {
                "topics": [line.record.topic for line in self.lines],
                "partitions": [line.record.partition for line in self.lines],
                "offsets": [line.record.offset for line in self.lines],
                "tenants": [line.tenant for line in self.lines],
                "facts": [line.fact_id for line in self.lines],
                "keys": [line.key for line in self.lines],
                "rules": [line.rules for line in self.lines],
                "accepted": [line.record.timestamp for line in self.lines],
                "now": clock.now(),
            }
            asked.append(Asked(_WRITE_LINES, told))
        return asked


def asking(wanted: Iterable[StateKey]) -> list[Asked]:
    """Return what asks for states; nothing where none are wanted."""
    places = list(wanted)
    return [Asked(_STATES, _places(places))] if places else []


async def states_of(connection: DatabaseConnection, rows: Sequence[tuple[Flow, str]]) -> list[BaseModel]:
    """Return states as they stand in the table, the values of people in them opened.

    Raises:
        FlowFailed: somebody was not erased, and yet the key of their values is not there.
    """
    of_people = [number for number, (flow, _) in enumerate(rows) if people.holds_people(flow.state)]
    written = await people.opened(connection, [rows[number][1].encode() for number in of_people])
    if any(map(people.is_sealed, written)):
        raise FlowFailed(
            "a state holds values whose key is not there: was it restored without the keys?", "KeyMissing", ""
        )
    opened = dict(zip(of_people, written, strict=True))
    return [
        flow.state.model_validate_json(opened.get(number, state), strict=False)
        for number, (flow, state) in enumerate(rows)
    ]


def _places(places: Iterable[StateKey]) -> dict[str, Any]:
    flows, tenants, keys = zip(*places, strict=True)
    return {"flows": list(flows), "tenants": list(tenants), "keys": list(keys)}
