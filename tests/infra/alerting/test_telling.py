"""Alerts at a receiver of webhooks: raised, over, told once each, signed, in vain only so often; nothing of people."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.alerting import conditions, hooks, telling
from infra.environment import whole
from infra.intake import web
from infra.leases import Lease, Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from tests.connectors.party import VAULT

LEASE = Lease("alerts", 1, float("inf"))
_HOLD = text(
    """insert into held (hold_id, tenant, flow, key, body, held_at)
       values (:id, :tenant, 'employees', 'alexishr/507f1f77', cast(:body as jsonb), clock_timestamp())"""
)
BODY = json.dumps(
    {"data": {"reason": "email_missing", "who": "accountant", "message": "Anna Andersson has none", "lines": ["x"]}}
)


@dataclass
class Receiver:
    """Whoever takes alerts: answers ``status``, and keeps what came."""

    host: Host
    tenant: str
    secret: str = ""
    status: int = 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        """What was taken, by type and alert, its signature verified."""
        for headers, body in self.came:
            Webhook(self.secret).verify(body, headers)
        read = [json.loads(body) for _, body in self.came]
        return [(one["type"], one["data"]["alert"]) for one in read]

    async def turn(self) -> None:
        """Look and tell, as the job does."""
        engine = self.host.engine
        hook = await hooks.of(engine, VAULT, self.tenant)
        assert hook is not None
        await conditions.look(engine, self.tenant)
        await telling.tell(self.host, self.tenant, hook, await conditions.due(engine, self.tenant, 20), LEASE)

    async def execute(self, statement: Any, **values: Any) -> None:
        """Change something in the database."""
        async with self.host.engine.begin() as connection:
            await connection.execute(statement, {"tenant": self.tenant, **values})

    async def hold(self) -> str:
        """Let something be held; return its alert."""
        hold = uuid.uuid4()
        await self.execute(_HOLD, id=hold, body=BODY)
        return f"held/{hold}"

    async def close(self) -> None:
        """Let nothing be held any more."""
        await self.execute(text("update held set closed_at = clock_timestamp() where tenant = :tenant"))

    async def at_once(self) -> None:
        """Let all that was told in vain be told again now."""
        await self.execute(text("update alerts set due_at = clock_timestamp() where tenant = :tenant"))


@pytest.fixture
async def receiver(engine: Engine, tmp_path: Path) -> AsyncIterator[Receiver]:
    """Yield a company whose alerts are told to a receiver."""
    tenant = f"t-{uuid.uuid4().hex[:12]}"
    settings = whole()(data=tmp_path, _env_file=None)
    made = Receiver(Host(settings, engine, VAULT, Leases(engine, 5.0), None), tenant)

    async def take(request: Request) -> Response:
        made.came.append((dict(request.headers), await request.body()))
        return Response(status_code=made.status)

    app = web.application({})
    app.router.routes.append(Route("/alerts", take, methods=["POST"]))
    async with web.serving(app, "127.0.0.1", 0) as url:
        secret = await hooks.change(engine, VAULT, tenant, url=f"{url}/alerts", mail_to=(), by="a test")
        assert secret is not None
        made.secret = secret
        yield made


async def test_what_waits_for_somebody_is_told_once_and_so_is_its_end(receiver: Receiver) -> None:
    """However often it is looked."""
    held = await receiver.hold()
    await receiver.turn()
    await receiver.turn()
    assert receiver.told == [("alert.raised", held)]
    await receiver.close()
    await receiver.turn()
    await receiver.turn()
    assert receiver.told == [("alert.raised", held), ("alert.ended", held)]
    assert await conditions.known(receiver.host.engine, receiver.tenant) == []


async def test_nothing_is_told_of_people(receiver: Receiver) -> None:
    """No message, no line, no business key: an id opens the rest here."""
    held = await receiver.hold()
    await receiver.turn()
    [(_, body)] = receiver.came
    assert b"Anna" not in body
    assert b"507f1f77" not in body
    about = json.loads(body)["data"]["about"]
    assert about == {
        "hold_id": held.removeprefix("held/"),
        "flow": "employees",
        "reason": "email_missing",
        "who": "accountant",
        "business_date": None,
    }
    [known] = await conditions.known(receiver.host.engine, receiver.tenant)
    assert telling.said(known.alert).startswith("held: flow employees, hold id ")


async def test_what_is_not_taken_is_told_again_under_the_same_id_and_given_up_in_the_end(receiver: Receiver) -> None:
    """Ten times in three days; where alerts are told is set again, and it is told."""
    held = await receiver.hold()
    receiver.status = 500
    for _ in range(len(telling.AGAIN) + 3):
        await receiver.turn()
        await receiver.at_once()
    assert len(receiver.came) == len(telling.AGAIN) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    [known] = await conditions.known(receiver.host.engine, receiver.tenant)
    assert (known.given_up, known.why, known.told) == (True, "it answered 500", "")
    receiver.status, receiver.came = 200, []
    hook = await hooks.of(receiver.host.engine, VAULT, receiver.tenant)
    assert hook is not None
    again = await hooks.change(receiver.host.engine, VAULT, receiver.tenant, url=hook.url, mail_to=(), by="a test")
    assert again is None, "the secret stays"
    await receiver.turn()
    assert receiver.told == [("alert.raised", held)]


async def test_what_is_over_before_it_was_told_is_not_told(receiver: Receiver) -> None:
    """Nobody has to be told of an end whose beginning they never heard of; what comes back is not over."""
    await receiver.hold()
    receiver.status = 503
    await receiver.turn()
    await receiver.close()
    receiver.status, receiver.came = 200, []
    await receiver.at_once()
    await receiver.turn()
    assert receiver.told == []
    assert await conditions.known(receiver.host.engine, receiver.tenant) == []


async def test_every_condition_is_an_alert(receiver: Receiver) -> None:
    """A red check, a consent that is gone or ends, a lost answer, a dead letter, books that differ."""
    for statement in (
        """insert into checks (tenant, system, "check", ok, body, checked_at)
           values (:tenant, 'fortnox', 'the_series_is_manual', false, '{}', clock_timestamp())""",
        """insert into connections (tenant, system, grant_type, state, changed_at, refresh_until) values
           (:tenant, 'huma', 'token', 'needs_consent', clock_timestamp(), null),
           (:tenant, 'fortnox', 'authorization_code', 'connected', clock_timestamp(),
            clock_timestamp() + interval '3 days')""",
        """insert into journal (order_id, sink, tenant, seq, place, partition, key, type, fact_id, body, state, due_at,
                                accepted_at, journaled_at, sent_at)
           values (gen_random_uuid(), 'fortnox', :tenant, 1, 1, 0, 'k', 't', 'f', '{}', 'unknown',
                   clock_timestamp(), clock_timestamp(), clock_timestamp(),
                   clock_timestamp() - interval '1 hour')""",
        """insert into dead_letters (place, topic, tenant, body, state, found_at)
           values (:tenant || '/0/1', 'facts.day-closed.v1', :tenant, '{}', 'open', clock_timestamp())""",
        """insert into proofs (tenant, source, year_to, read_at, differences, body)
           values (:tenant, 'fortnox', '2025-12-31', clock_timestamp(), 2, '{}')""",
    ):
        await receiver.execute(text(statement))
    await receiver.turn()
    assert sorted(alert for _, alert in receiver.told) == [
        "books_differ/fortnox/2025-12-31",
        "check_failed/fortnox/the_series_is_manual",
        "consent_expiring/fortnox",
        "needs_consent/huma",
        "outcome_unknown/fortnox",
        "unreadable/facts.day-closed.v1",
    ]


async def test_a_thousand_holds_hide_nothing_that_stops_the_company(receiver: Receiver) -> None:
    """They came first, and a consent that ends is told all the same."""
    await receiver.execute(
        text(
            """insert into held (hold_id, tenant, flow, key, body, held_at)
               select gen_random_uuid(), :tenant, 'daysales', 'k', '{}', clock_timestamp() - interval '1 day'
               from generate_series(1, 1000)"""
        )
    )
    await receiver.execute(
        text(
            """insert into connections (tenant, system, grant_type, state, changed_at)
               values (:tenant, 'fortnox', 'token', 'needs_consent', clock_timestamp())"""
        )
    )
    await conditions.look(receiver.host.engine, receiver.tenant)
    names = {one.alert.name for one in await conditions.known(receiver.host.engine, receiver.tenant)}
    assert len(names) == 1000
    assert "needs_consent/fortnox" in names


@pytest.mark.parametrize(
    ("state", "outcome", "alerts"), [("unknown", "unknown", 1), ("sending", "absent", 1), ("queued", "put_off", 0)]
)
async def test_an_order_that_goes_round_for_ever_is_told(
    receiver: Receiver, state: str, outcome: str, alerts: int
) -> None:
    """Its answer is lost each time, it is absent each time, and sent again: the answer lost now is a second old."""
    order, now = uuid.uuid4(), "clock_timestamp()"
    await receiver.execute(
        text(
            f"""insert into journal (order_id, sink, tenant, seq, place, partition, key, type, fact_id, body, due_at,
                                    accepted_at, journaled_at, sent_at, state, outcome)
               values (:order, 'fortnox', :tenant, 1, 1, 0, 'k', 't', 'f', '{{}}', {now}, {now}, {now}, {now}, :state,
                       jsonb_build_object('outcome', cast(:outcome as text)))"""  # noqa: S608 - a name
        ),
        order=order,
        state=state,
        outcome=outcome,
    )
    await receiver.execute(
        text(
            """insert into audit (tenant, sequence, key, fact_id, message_id, trace, body)
               select :tenant, n, 'k', 'f', :order, '',
                      jsonb_build_object('outcome', said, 'at', clock_timestamp() - age)
               from (values (1, 'unknown', interval '1 hour'), (2, 'absent', interval '58 minutes'),
                            (3, 'unknown', interval '1 second')) as x(n, said, age)"""
        ),
        order=str(order),
    )
    await receiver.turn()
    assert receiver.told == [("alert.raised", "outcome_unknown/fortnox")] * alerts


async def test_a_receiver_that_is_away_costs_one_call_a_turn_and_is_said(receiver: Receiver) -> None:
    """Ten alerts wait; the first one tells that nobody takes them."""
    for _ in range(10):
        await receiver.hold()
    receiver.status = 500
    await receiver.turn()
    assert len(receiver.came) == 1
    receiver.status, receiver.came = 204, []
    await receiver.turn()
    assert len(receiver.told) == 9
    await receiver.at_once()
    await receiver.turn()
    assert len(set(receiver.told)) == 10


async def test_however_much_is_held_all_of_it_is_told_and_what_stopped_first(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year-end of thousands of entries waits: a consent that is lost later is told all the same, and each end."""
    monkeypatch.setattr(conditions, "_MOST", 2)
    held = {await receiver.hold() for _ in range(4)}
    await receiver.turn()
    assert len(receiver.told) == 2
    lost = """insert into connections (tenant, system, grant_type, state, changed_at)
              values (:tenant, 'fortnox', 'token', 'needs_consent', clock_timestamp())"""
    await receiver.execute(text(lost))
    await receiver.turn()
    assert receiver.told[2] == ("alert.raised", "needs_consent/fortnox")
    await receiver.turn()
    assert {alert for _, alert in receiver.told} == {*held, "needs_consent/fortnox"}
    await receiver.close()
    receiver.came = []
    await receiver.turn()
    assert set(receiver.told) == {("alert.ended", alert) for alert in held}


async def test_what_comes_back_before_its_end_was_taken_is_new_to_who_is_mailed(receiver: Receiver) -> None:
    """The receiver is away for good: its end is given up, and a letter tells what was raised since the last one."""
    held = await receiver.hold()
    await receiver.turn()
    [before] = await conditions.known(receiver.host.engine, receiver.tenant)
    receiver.status = 500
    await receiver.close()
    for _ in range(len(telling.AGAIN) + 1):
        await receiver.turn()
        await receiver.at_once()
    await receiver.execute(text("update held set closed_at = null where tenant = :tenant"))
    await receiver.turn()
    [again] = await conditions.known(receiver.host.engine, receiver.tenant)
    assert (again.alert.name, again.alert.ended_at, again.given_up) == (held, None, False)
    assert again.alert.raised_at > before.alert.raised_at
