"""Deciding on a real broker and a real database: one record, one line, one order, whatever fails in between."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from infra import registry, store
from infra.deciding.decider import Decider
from infra.kafka import cluster
from infra.kafka.lives import Rewound
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.audit import GENESIS, AuditRecord, DeadLetter
from schemas.bas import BAS_DAY_SALES
from schemas.commands import CloseReview, HoldForReview, PostVoucher
from schemas.events import (
    ChecksPassed,
    DayClosed,
    EmployeeChanged,
    EmployeeFields,
    EmployeeSeen,
    LeaveChanged,
    LinkDecided,
    PlanApplied,
)
from schemas.settings import AbsenceCause, EmployeesSettings, PaymentAccount, SettingsApplied, TenantSettings
from schemas.topics import LARGEST
from tests.bus import messages
from tests.infra.facts import WHEN, applied, day, message, record

pytestmark = pytest.mark.usefixtures("added")

FORTNOX, DESK, BURIED = PostVoucher.TOPIC, HoldForReview.TOPIC, DeadLetter.TOPIC


class Died(BaseException):
    """The process ends here."""


@pytest.fixture
def decider(engine: Engine, producer: AIOKafkaProducer) -> Decider:
    """Return the decider of a process, with the flows that there are."""
    return Decider(engine, producer, registry.flows())


async def lines(engine: Engine, tenant: str) -> list[tuple[str, str]]:
    """Return a company's lines: fact and rules."""
    async with engine.connect() as connection:
        query = text('select fact_id, rules from decided where tenant = :t order by decided_at, "offset"')
        return [(fact, rules) for fact, rules in await connection.execute(query, {"t": tenant})]


async def test_a_fact_becomes_an_order_and_a_line_that_names_the_rule(
    decider: Decider, engine: Engine, kafka: str, tenant: str
) -> None:
    """The order carries what it goes back to; its id follows from the fact."""
    fact = record(tenant, day(1))
    await decider.decide([record(tenant, applied(tenant, 1)), fact])
    [order] = await messages(kafka, FORTNOX, tenant)
    fact_id = message(tenant, day(1)).id
    assert (order.causationid, order.acceptedtime, order.data.settings_version) == (fact_id, fact.timestamp, 1)
    assert order.id == str(order.data.id_in(tenant))
    assert (fact_id, "a_day_that_adds_up_is_booked") in await lines(engine, tenant)


async def test_a_record_decided_twice_gives_one_line_and_no_second_order(
    decider: Decider, engine: Engine, kafka: str, tenant: str
) -> None:
    """In the same batch, and later again."""
    start, fact = record(tenant, applied(tenant, 1)), record(tenant, day(1))
    await decider.decide([start, fact, fact])
    await decider.decide([start, fact])
    assert len(await messages(kafka, FORTNOX, tenant)) == 1
    assert len(await lines(engine, tenant)) == 2


async def test_another_fact_at_a_place_that_was_decided_is_not_passed_over(
    decider: Decider, engine: Engine, tenant: str
) -> None:
    """Its topic has ended before it meanwhile: whoever brings it must begin anew. What could not be read may be now."""
    fact, start, unread = record(tenant, day(1)), record(tenant, applied(tenant, 1)), record(tenant, b"{}")
    await decider.decide([fact, start, unread])
    known = await lines(engine, tenant)
    for place, other in ((fact, day(2)), (start, applied(tenant, 2))):
        with pytest.raises(Rewound) as rewound:
            await decider.decide([replace(place, value=message(tenant, other).to_bytes()), record(tenant, day(3))])
        assert rewound.value.life == place.topic
    await decider.decide([fact, start, replace(unread, value=message(tenant, day(2)).to_bytes())])
    assert await lines(engine, tenant) == known


async def test_a_large_batch_is_decided_in_two_halves_and_each_companys_records_in_their_order(
    decider: Decider, engine: Engine, kafka: str, tenant: str
) -> None:
    """Two transactions side by side: no company is in both, and none of its records passes another."""
    companies = [f"{tenant}-{number}" for number in range(4)]
    begun = [record(company, applied(company, 1)) for company in companies]
    facts = [record(company, day(z)) for z in range(1, 31) for company in companies]
    await decider.decide([*begun, *facts, *facts[:10]])
    for company in companies:
        orders = await messages(kafka, FORTNOX, company)
        assert [order.causationid for order in orders] == [message(company, day(z)).id for z in range(1, 31)]
        assert len(await lines(engine, company)) == 31


async def test_of_large_records_few_are_read_at_once(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of a ledger's parts may have waited: all of them read together are more than a process may have."""
    together = list[int]()

    class Watched(Decider):
        async def _decide_plain(self, messages: Any, unreadable: Any) -> None:
            together.append(sum(len(one.value or b"") for one, _ in messages))
            await super()._decide_plain(messages, unreadable)

    facts = [record(tenant, day(z)) for z in range(1, 11)]
    most = 3 * max(len(fact.value or b"") for fact in facts)
    monkeypatch.setattr("infra.deciding.decider.AT_ONCE", most, raising=False)
    await Watched(engine, producer, registry.flows()).decide([record(tenant, applied(tenant, 1)), *facts])
    assert max(together) <= most
    orders = await messages(kafka, FORTNOX, tenant)
    assert [order.causationid for order in orders] == [message(tenant, day(z)).id for z in range(1, 11)]


async def test_what_no_flow_wants_gets_its_line(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> None:
    """The auditor must not take it for a hole."""
    await Decider(engine, producer, ()).decide([record(tenant, day(1))])
    assert await lines(engine, tenant) == [(message(tenant, day(1)).id, "")]


@pytest.mark.parametrize("failure", ["raise exception 'no'", "perform pg_terminate_backend(pg_backend_pid())"])
async def test_what_the_database_did_not_take_was_not_sent_and_is_decided_again(
    decider: Decider, engine: Engine, kafka: str, tenant: str, failure: str
) -> None:
    """An error and a lost connection at the last statement: neither an order nor a state is left, and then both are."""
    facts = [record(tenant, applied(tenant, 1)), record(tenant, day(1))]
    await decider.decide(facts[:1])
    async with engine.begin() as connection:
        await connection.execute(
            text(f"create function fail() returns trigger language plpgsql as $$ begin {failure}; return new; end $$")
        )
        await connection.execute(text("create trigger fail before insert on outbox execute function fail()"))
    with pytest.raises(psycopg.Error):
        await decider.decide(facts[1:])
    assert await messages(kafka, FORTNOX, tenant) == []
    assert len(await lines(engine, tenant)) == 1
    async with engine.begin() as connection:
        await connection.execute(text("drop trigger fail on outbox"))
    await decider.decide(facts[1:])
    assert len(await messages(kafka, FORTNOX, tenant)) == 1
    assert len(await lines(engine, tenant)) == 2


async def test_a_failure_after_the_commit_repeats_the_same_ids(
    decider: Decider, engine: Engine, kafka: str, tenant: str
) -> None:
    """A process dies after Kafka had its orders and before it wrote that down: the next one sends the same again."""
    facts = [record(tenant, applied(tenant, 1)), record(tenant, day(1))]
    await decider.decide(facts)
    other = await cluster.producer(KafkaSettings(bootstrap=kafka))
    await Decider(engine, other, registry.flows()).decide([record(tenant, day(2))])
    await other.stop()
    sent = [order.id for order in await messages(kafka, FORTNOX, tenant)]
    assert (len(sent), len(set(sent))) == (3, 2)


BAD: dict[str, tuple[bytes | None, str, str]] = {
    "no JSON": (b"\xff\x00 not ours", "Invalid JSON", "no_json"),
    "no value": (None, "no value", "no_value"),
    "of no type": (json.dumps({"type": "bokbuss.no-such.v1"}).encode(), "not a message that we know", "unknown_type"),
    "with the character NUL": (message("t", day(1)).to_bytes().replace(b'"t"', b'"t\\u0000"'), "NUL", "holds_nul"),
    "wrong in a thousand places": (
        json.dumps({"type": "bokbuss.day-closed.v1", "data": {f"x{i}": 0 for i in range(1000)}}).encode(),
        "Extra inputs are not permitted",
        "breaks_its_schema",
    ),
    "as large as can be": (b"[" * (LARGEST - 5000), "Invalid JSON", "no_json"),
    "settings among the facts": (
        message("t", applied("t", 1)).to_bytes(),
        "does not travel on facts.day-closed.v1",
        "wrong_topic",
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_cannot_be_read_is_a_dead_letter_with_a_line(
    decider: Decider, engine: Engine, kafka: str, tenant: str, kind: str
) -> None:
    """Whatever it is: the record is passed by on purpose, once, with the reason and without its values."""
    value, reason, code = BAD[kind]
    value = value and value.replace(b'"tenant":"t"', f'"tenant":"{tenant}"'.encode())
    bad = record(tenant, value, topic=DayClosed.TOPIC)
    await decider.decide([bad, record(tenant, day(1))])
    await decider.decide([bad])
    [letter] = await messages(kafka, BURIED, tenant)
    assert letter.data.place == "/".join(map(str, bad.place))
    assert reason in letter.data.reason
    assert (letter.data.code, letter.data.rule, letter.data.attempt) == (code, "unreadable_is_a_dead_letter", 1)
    assert (value or b"").startswith(letter.data.record_value)
    assert [rules for fact, rules in await lines(engine, tenant) if fact == letter.data.place] == [
        "unreadable_is_a_dead_letter"
    ]
    assert len(await messages(kafka, DESK, tenant)) == 1  # the day behind it was decided


async def test_settings_cut_the_batch(decider: Decider, kafka: str, tenant: str) -> None:
    """What stands before them in the batch is decided without them and then reconsidered; what follows has them."""
    await decider.decide(
        [record(tenant, day(1)), record(tenant, applied(tenant, 1)), record(tenant, day(2))],
    )
    held, closed = await messages(kafka, DESK, tenant)
    assert isinstance(held.data, HoldForReview)
    assert (held.data.reason, held.data.settings_version) == ("flow_not_configured", 0)
    assert isinstance(closed.data, CloseReview)
    assert (closed.data.how, closed.data.hold_id) == ("settings_changed", held.data.id_in(tenant))
    assert [order.subject for order in await messages(kafka, FORTNOX, tenant)] == [
        "openpos/CITY/K1/1/2026-04-10",
        "openpos/CITY/K1/2/2026-04-10",
    ]


async def test_everything_that_waits_is_reconsidered_in_pages(decider: Decider, kafka: str, tenant: str) -> None:
    """However much it is; another company's days stay as they are."""
    other, days = f"{tenant}-b", range(1, 451)
    await decider.decide([record(t, day(z)) for z in days for t in (tenant, other)])
    await decider.decide([record(tenant, applied(tenant, 1))])
    assert len({order.id for order in await messages(kafka, FORTNOX, tenant)}) == len(days)
    assert await messages(kafka, FORTNOX, other) == []


def refused(order: Any, code: str) -> AuditRecord:
    """Return what the sink puts on record about an order that Fortnox refused."""
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=WHEN,
        outcome="rejected",
        flow="daysales",
        key=order.subject,
        message_id=order.id,
        message_type=order.type,
        fact_id=order.causationid,
        revision=order.data.revision,
        step=order.data.step,
        settings_version=order.data.settings_version,
        code=code,
        who="accountant",
    )


async def test_a_check_that_is_green_is_told_to_everything_that_waits_for_it(
    decider: Decider, engine: Engine, kafka: str, tenant: str
) -> None:
    """In pages, to what is held under one of its codes and to nothing else; told twice, it is told once."""
    await decider.decide([record(tenant, applied(tenant, 1)), *(record(tenant, day(z)) for z in range(1, 301))])
    first = await messages(kafka, FORTNOX, tenant)
    codes = {order.id: "account_missing" if i % 10 == 0 else "period_locked" for i, order in enumerate(first)}
    await decider.decide([record(tenant, refused(o, codes[o.id]), topic="audit.v1") for o in first])
    green = record(tenant, ChecksPassed(codes=("period_locked", "series_missing"), checked_at=WHEN))
    await decider.decide([green])
    await decider.decide([green])
    again = [order for order in await messages(kafka, FORTNOX, tenant) if order.data.replaces]
    assert {str(o.data.replaces) for o in again} == {i for i, code in codes.items() if code == "period_locked"}
    assert len(again) == 270
    assert ("what_waits_for_a_check_is_decided_again") in [rules for _, rules in await lines(engine, tenant)]


@pytest.mark.parametrize("dies", [False, True])
async def test_a_first_plan_is_told_to_everybody_who_waits_for_it(
    decider: Decider, engine: Engine, kafka: str, tenant: str, monkeypatch: pytest.MonkeyPatch, *, dies: bool
) -> None:
    """In pages, and of its own flow only; a process that dies between two pages leaves nobody out."""
    causes = (AbsenceCause(kind="VACATION", cause="SEM"),)
    chosen = EmployeesSettings(system="alexishr", source_of_truth="hr", causes=causes)
    settled = SettingsApplied(tenant=tenant, version=1, applied_by="lena", settings=TenantSettings(employees=chosen))
    facts: list[Any] = []
    for number in range(1, 302):
        fields = EmployeeFields(email=f"{number}@x.se", given_name="Anna", family_name="Ek")
        person: dict[str, Any] = {"system": "alexishr", "person_id": str(number)}
        days: dict[str, Any] = {"first_day": WHEN.date(), "last_day": WHEN.date(), "extent": 100}
        facts += [
            EmployeeChanged(**person, changed_at=WHEN, fields=fields),
            EmployeeSeen(employee_id=str(number), seen_at=WHEN, fields=fields),
            LeaveChanged(**person, **days, leave_id=str(number), kind="VACATION"),
            LinkDecided(person=f"alexishr/{number}", employee_id=str(number), decided_by="lena", decided_at=WHEN),
        ]
    await decider.decide([record(tenant, settled), *(record(tenant, fact) for fact in facts)])
    assert await messages(kafka, FORTNOX, tenant) == []

    whole = PlanApplied(plan_id=UUID(int=1), flow="employees", rows=0, applied_by="lena", applied_at=WHEN)
    await decider.decide([record(tenant, whole.model_copy(update={"flow": "yearend"}))])
    assert await messages(kafka, FORTNOX, tenant) == []
    first = record(tenant, whole)
    if dies:
        pages = iter([True])

        def reach(step: str) -> bool:
            if step == "decide.emitted" and next(pages, False):
                raise Died
            return False

        with monkeypatch.context() as patched:
            patched.setattr("infra.faultpoints.reach", reach)
            with pytest.raises(Died):
                await decider.decide([first])
        assert 0 < len(await messages(kafka, FORTNOX, tenant)) < 301
    for _ in range(2):
        await decider.decide([first])
    orders = await messages(kafka, FORTNOX, tenant)
    assert sorted({order.data.employee_id for order in orders}, key=int) == [str(n) for n in range(1, 302)]
    assert len({order.id for order in orders}) == 301
    assert (message(tenant, whole).id, "") in await lines(engine, tenant)


async def test_settings_that_came_late_change_nothing(decider: Decider, engine: Engine, tenant: str) -> None:
    """The higher version wins, in whatever order they arrive; both have their line."""
    klarna = PaymentAccount(method="klarna", account=1580)
    newer = BAS_DAY_SALES.model_copy(update={"payments": (*BAS_DAY_SALES.payments, klarna)})
    await decider.decide([record(tenant, applied(tenant, 2, newer)), record(tenant, applied(tenant, 1))])
    await decider.decide([record(tenant, day(1, method="klarna"))])
    async with engine.connect() as connection:
        query = text("select version from settings where tenant = :t")
        assert await connection.scalar(query, {"t": tenant}) == 2
    assert [rules for _, rules in await lines(engine, tenant)] == [
        "settings_take_effect",
        "settings_take_effect",
        "a_day_that_adds_up_is_booked",
    ]


async def test_a_company_that_is_removed_while_it_is_told_its_last_settings_has_no_line(
    decider: Decider, engine: Engine, tenant: str
) -> None:
    """What waits is decided in other transactions, and a removal comes between any two of them."""
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """create function remove() returns trigger language plpgsql as $$ begin
                   insert into removed_tenants (tenant, name, incarnation, created_at, removed_at, removed_by)
                   values (new.tenant || '.1', new.tenant, 0, now(), clock_timestamp(), 'a test'); return new; end $$"""
            )
        )
        await connection.execute(
            text("create trigger remove after insert on settings for each row execute function remove()")
        )
    await decider.decide([record(tenant, applied(tenant, 1))])
    async with engine.begin() as connection:
        await connection.execute(text("drop trigger remove on settings"))
    assert await lines(engine, tenant) == []
    assert [rules for _, rules in await lines(engine, f"{tenant}.1")] == ["its_company_was_removed"]


async def test_two_deciders_at_once_decide_a_key_one_after_the_other(
    decider: Decider, prepared_url: str, producer: AIOKafkaProducer, engine: Engine, kafka: str, tenant: str
) -> None:
    """After a rebalance two workers may have the same records, or two contents of one day: none sees half a state."""
    second_engine = store.engine(prepared_url, 8)
    second = Decider(second_engine, producer, registry.flows())
    await decider.decide([record(tenant, applied(tenant, 1))])
    both = [record(tenant, day(z)) for z in range(1, 41)]
    theirs = [record(tenant, day(z, discounts=Decimal("1.00"))) for z in range(1, 41)]
    for one, other in zip(both, theirs, strict=True):
        await asyncio.gather(decider.decide([one]), second.decide([one]), second.decide([other]))
    await second_engine.dispose()
    orders = {order.id: order.subject for order in await messages(kafka, FORTNOX, tenant)}
    # One order for each day: the second content waits for Fortnox's answer to the first.
    assert sorted(orders.values()) == sorted(fact.key for fact in (day(z) for z in range(1, 41)))
    assert len(await lines(engine, tenant)) == 1 + 2 * len(both)
