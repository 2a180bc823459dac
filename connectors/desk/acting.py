"""What a person does at the desk. Kafka acknowledges first, then it is remembered and put on record."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final
from uuid import UUID

from aiokafka import AIOKafkaProducer

from connectors.desk.running import POLL, until
from infra import clock, registry, store, tenants
from infra.deciding import remembering
from infra.delivery import waiting
from infra.intake import letters
from infra.intake.accepting import Acceptor
from infra.kafka.cluster import sent
from infra.kafka.lives import topic_of
from infra.plugin import Host
from infra.postgres import Engine
from infra.rows import AnswerOutcome, Hold
from infra.showing import overview
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import DeadLetter
from schemas.commands import Choice
from schemas.envelope import Unreadable
from schemas.events import ReviewAnswered
from schemas.flows import GIVE_UP, REOPEN

_SOURCE = "/connectors/desk"
_TURNS: Final = store.Turns(2)
"""Of letters that one process sends again: each keeps a connection until Kafka has it."""
_FOLLOWS = 2.0
"""Seconds within which what follows an answer is on its way, or nothing does."""


async def offered(engine: Engine, hold: Hold) -> tuple[str, ...]:
    """Return what can be answered to a hold; of one that is closed: to take up again what was given up, or nothing."""
    order = hold.order.data
    if hold.closed_at is None:
        return tuple(choice.answer for choice in order.choices)
    flow = registry.flow(order.flow)
    state = (await remembering.states(engine, flow, hold.tenant, [hold.key])).get(hold.key)
    return (REOPEN,) if flow.given_up and state is not None and flow.given_up(state, order) else ()


def must_say_why(hold: Hold, chosen: str) -> bool:
    """Tell whether an answer counts only with a reason: money that is given up is never booked."""
    return chosen == GIVE_UP and registry.flow(hold.order.data.flow).given_up is not None


async def answer(producer: AIOKafkaProducer, hold: Hold, chosen: str, *, by: str, comment: str) -> str:
    """Publish a person's answer to a hold; return the fact's id. It takes effect when a flow reads it.

    Raises KafkaError: the broker did not acknowledge it in time.
    """
    now = clock.now()
    fact = ReviewAnswered(
        hold_id=hold.hold_id,
        flow=hold.order.data.flow,
        about=hold.key,
        answer=chosen,
        answered_by=by,
        answered_at=now,
        comment=comment,
    )
    message_id = ids.fact_id(fact.key, ids.revision(fact))
    trace = hold.order.traceparent
    message = envelopes.wrap(
        fact,
        message_id=message_id,
        source=_SOURCE,
        time=now,
        tenant=hold.tenant,
        incarnation=hold.order.incarnation,
        trace=trace,
    )
    await sent(producer, fact.TOPIC, message.to_bytes(), key=hold.tenant.encode())
    return message_id


def alike(holds: Sequence[Hold]) -> tuple[Choice, ...]:
    """Return the answers that each of these holds offers, as the first one says them; none where reasons differ."""
    if len({kind(hold) for hold in holds}) != 1:
        return ()
    offered_by = [{choice.answer for choice in hold.order.data.choices} for hold in holds]
    return tuple(one for one in holds[0].order.data.choices if all(one.answer in each for each in offered_by))


def choice_of(hold: Hold, chosen: str) -> Choice:
    """Return an answer that a hold offers, as it says it."""
    return next(choice for choice in hold.order.data.choices if choice.answer == chosen)


def mean_the_same(holds: Sequence[Hold], chosen: str) -> bool:
    """Tell whether an answer does the same to each of these holds, in the same words."""
    return len({choice_of(hold, chosen).means for hold in holds}) == 1


def kind(hold: Hold) -> tuple[str, str]:
    """Return what holds have in common that wait for the same: flow and reason."""
    return hold.order.data.flow, hold.order.data.reason


async def answer_all(
    engine: Engine,
    producer: AIOKafkaProducer,
    holds: Sequence[Hold],
    chosen: str,
    *,
    by: str,
    comment: str,
    seconds: float,
) -> dict[UUID, AnswerOutcome]:
    """Give each of these holds an answer of its own; return what each has come to within some seconds in all.

    Raises KafkaError: the broker did not acknowledge one in time; those before it are answered.
    """
    given = [(hold, await answer(producer, hold, chosen, by=by, comment=comment)) for hold in holds]
    came: dict[UUID, AnswerOutcome] = {}

    async def all_settled() -> bool:
        for hold, answer_id in given:
            known = came.get(hold.hold_id)
            if known is None or not known.closed or known.under_way:
                came[hold.hold_id] = await overview.became(engine, hold, answer_id)
        return all(one.closed and not one.under_way for one in came.values())

    await until(all_settled, seconds)
    return came


async def what_came(engine: Engine, hold: Hold, answer_id: str, seconds: float) -> AnswerOutcome:
    """Return what an answer has come to, within some seconds; orders that may follow it are waited for briefly."""
    deadline = clock.monotonic() + seconds
    closed_at: float | None = None
    while True:
        came, now = await overview.became(engine, hold, answer_id), clock.monotonic()
        closed_at = closed_at or (now if came.closed else None)
        told = came.again is not None or (came.ordered and not came.under_way)
        settled = closed_at is not None and (told or (not came.under_way and now >= closed_at + _FOLLOWS))
        if settled or now >= deadline:
            return came
        await clock.sleep(POLL)


async def replay(host: Host, place: str, *, by: str, value: bytes | None = None, to_nobody: bool = False) -> DeadLetter:
    """Send a dead letter again, as it was or with corrected bytes: a record to its topic, to the company that it names.

    What was a row of a till's outbox is accepted as a payload of its system.

    Args:
        to_nobody: also where it names no company that there is, of which nothing comes.

    Raises:
        NotOpen: see there.
        UnknownTenant: the company that it names is none; the letter stays open.
        Malformed: the payload of a row breaks its format.
        KafkaError, Unavailable: the broker did not acknowledge it in time; the letter stays open.
    """
    producer = await host.producer()
    acceptor = Acceptor(engine=host.engine, producer=producer, vault=host.vault, settings=host.settings)
    async with _TURNS.of(host.engine, place), host.engine.begin() as connection:
        message = await waiting.open_letter(connection, place)
        letter = message.data
        again = letter.record_value if value is None else value
        if (source := letters.source_of(letter)) is not None:
            await acceptor.accept_file(tenant=message.tenant, source=source, file=BytesIO(again), requested_by=by)
        else:
            if not to_nobody and (company := company_of(again)) is not None:
                await tenants.known(host.engine, company)
            await sent(producer, topic_of(letter.topic), again, key=_key_of(again, letter))
        how = "as it was" if value is None else "corrected"
        await waiting.close_letter(connection, message, "replayed", f"{by} sent it again, {how}")
    return letter


async def discard(engine: Engine, place: str, *, by: str, reason: str) -> None:
    """Throw a dead letter away, for a reason that stays on record.

    Raises:
        NotOpen: see there.
    """
    async with engine.begin() as connection:
        message = await waiting.open_letter(connection, place)
        await waiting.close_letter(connection, message, "discarded", f"{by}: {reason}")


def company_of(value: bytes) -> str | None:
    """Return the company that a record's message names; None: it cannot be read."""
    try:
        return envelopes.decode(value).tenant
    except Unreadable:
        return None


def _key_of(value: bytes, letter: DeadLetter) -> bytes | None:
    """Return the key that a record is sent again under: the company that its message names, since a person says so."""
    company = company_of(value)
    return letter.record_key if company is None else company.encode()
