"""A desk with a real database and a real broker, and what happens before somebody comes to it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra import cli, clock, registry
from infra.commanding import Failed
from infra.deciding.decider import Decider
from infra.delivery.journal import Journal, Transition
from infra.delivery.reviews import ReviewRole
from infra.environment import load
from infra.kafka.records import Record, at, bury
from infra.leases import Leases
from infra.office import Office, office
from infra.postgres import text
from infra.trail import Entry
from schemas import envelope as envelopes
from schemas.audit import Call, DeadLetter
from schemas.commands import CloseReview, HoldForReview, VoucherRef
from schemas.envelope import Envelope
from tests.ending import end_tasks

SAMPLES = Path(__file__).parents[3] / "schemas" / "samples"
NOW = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)


def sample(topic: str, name: str) -> Envelope[Any]:
    """Return one of the checked samples."""
    return envelopes.decode((SAMPLES / topic / "v1" / f"{name}.json").read_bytes())


@dataclass
class Past:
    """A company's past, made by the host's own code."""

    place: Office

    @staticmethod
    def held(key: str = "openpos/KASSA1/412", tenant: str = "krogen-soder", hold_id: str = "") -> Envelope[Any]:
        """Return a hold that offers reverse and keep, of a day that came again with other content."""
        body = json.loads((SAMPLES / "orders.desk.v1" / "v1" / "held-day.json").read_bytes())
        body |= {"tenant": tenant, "subject": key, "id": hold_id or "727173a9-0e3e-58f2-a254-1688e296e014"}
        body["data"] |= {
            "key": key,
            "reason": "amended_after_booking",
            "message": "The day is booked as F 12 and came again with other content.",
            "choices": [
                {"answer": "reverse", "means": "Reverse the voucher."},
                {"answer": "keep", "means": "Leave the books as they are."},
            ],
        }
        return envelopes.decode(json.dumps(body).encode())

    async def add(self, tenant: str) -> None:
        """Add a company."""
        async with self.place.engine.begin() as connection:
            await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})

    async def accept(self, message: Envelope[Any]) -> Record:
        """Put a fact on its topic and decide it; there is no flow, so that nothing is ordered."""
        producer = await self.place.producer()
        key, value = message.tenant.encode(), message.to_bytes()
        sent = await producer.send_and_wait(message.data.TOPIC, value, key=key)
        record = Record(sent.topic, sent.partition, sent.offset, at(sent.timestamp), key, value)
        await Decider(self.place.engine, producer, ()).decide([record])
        return record

    async def decides(self, message: Envelope[Any]) -> list[Envelope[Any]]:
        """Put a message on its topic and let every flow decide on it; return the orders that came of it."""
        producer = await self.place.producer()
        key, value = message.tenant.encode(), message.to_bytes()
        sent = await producer.send_and_wait(message.data.TOPIC, value, key=key)
        record = Record(sent.topic, sent.partition, sent.offset, at(sent.timestamp), key, value)
        await Decider(self.place.engine, producer, registry.flows()).decide([record])
        async with self.place.engine.begin() as connection:
            ordered = await connection.scalars(
                text("delete from outbox where tenant = :t returning value"), {"t": message.tenant}
            )
            return [envelopes.decode(bytes(order)) for order in ordered]

    async def comes_to(self, message: Envelope[Any], number: int = 12) -> list[Envelope[Any]]:
        """Let every flow decide on a message; book what it orders under these numbers, and show what it holds."""
        ordered = await self.decides(message)
        for order in ordered:
            if isinstance(order.data, HoldForReview | CloseReview):
                await self.reviews(order)
            else:
                voucher = VoucherRef(series="F", number=number, year_id=4)
                done = call("POST", 201, f"delivered {voucher}")
                await self.order(order, ("delivered", Entry(order, "delivered", voucher), (done,)))
                number += 1
        return ordered

    async def order(self, order: Envelope[Any], *steps: tuple[str, Entry | None, tuple[Call, ...]]) -> None:
        """Write an order into the journal, and what became of it: (state, what goes on record, calls) for each step."""
        journal = Journal(self.place.engine, "fortnox")
        await journal.insert([(0, order)])
        leases = Leases(self.place.engine, 60.0)
        lease = await leases.acquire(f"fortnox/{order.tenant}")
        assert lease is not None
        writing = asyncio.create_task(journal.write())
        calls: tuple[Call, ...] = ()
        for state, entry, new in steps:
            [work] = [w for w in await journal.next(order.tenant, 50) if w.order.id == order.id]
            if work.state == "queued":
                assert await journal.mark_sending(work, lease.name, lease.epoch)
            calls += tuple(c.model_copy(update={"at": clock.now()}) for c in new)
            recorded = replace(entry, calls=calls) if entry else None
            change = Transition(work, lease.name, lease.epoch, state, calls, entry=recorded)
            assert await journal.change(change)
        await end_tasks(writing)
        await leases.release(lease)

    async def reviews(self, *messages: Envelope[Any]) -> None:
        """Let the desk's role take orders for the desk, or dead letters."""
        producer = await self.place.producer()
        role = ReviewRole(engine=self.place.engine, producer=producer, settings=self.place.settings)
        await role._accept([(Record("orders.desk.v1", 0, 0, NOW, None, b""), m) for m in messages])

    async def bury(self, *, topic: str, offset: int, value: bytes, tenant: str) -> str:
        """Let a record be unreadable; return its place."""
        letter = DeadLetter(
            topic=topic,
            partition=3,
            offset=offset,
            reader="flows",
            reason="data.total_sales: an amount is a string",
            found_at=NOW,
            record_key=tenant.encode(),
            record_value=value,
        )
        await self.reviews(bury(letter, tenant))
        return letter.place

    async def tell_the_sample_story(self) -> None:
        """Book a day whose answer was lost; let it come again otherwise, be held, answered and reversed."""
        fact, order = sample("facts.day-closed.v1", "restaurant-day"), sample("orders.fortnox.v1", "post-voucher")
        await self.accept(fact)
        lost, found = call("POST", None, "unknown: no answer in 30 s"), call("GET", 200, "found F 12")
        number = VoucherRef(series="F", number=12, year_id=4)
        await self.order(
            order,
            ("unknown", Entry(order, "unknown", why="no answer in 30 s"), (lost,)),
            ("delivered", Entry(order, "already_there", number), (found,)),
        )
        again = sample("facts.day-closed.v1", "restaurant-day-amended")
        await self.accept(again)
        await self.reviews(self.held())
        await self.accept(sample("facts.review-answered.v1", "reverse-it"))
        reverse = sample("orders.fortnox.v1", "reverse-voucher")
        posted = call("POST", 201, "delivered F 13")
        back = VoucherRef(series="F", number=13, year_id=4)
        await self.order(reverse, ("delivered", Entry(reverse, "delivered", back), (posted,)))


def call(method: str, status: int | None, verdict: str) -> Call:
    """Return a call that somebody made."""
    return Call(at=NOW, request=f"{method} /3/vouchers", status=status, milliseconds=42, verdict=verdict)


Happened = Callable[[Past], Awaitable[Any]]


@dataclass
class VerbDriver:
    """The verbs, as they are typed."""

    def after(self, past: Happened) -> Any:
        """Let something happen first."""

        async def main() -> Any:
            async with office(load()) as place:
                return await past(Past(place))

        return asyncio.run(main())

    def run(self, *words: str) -> Result:
        """Run a verb, however it ends."""
        return CliRunner().invoke(cli.app, words)

    def __call__(self, *words: str) -> Result:
        """Run a verb that ends well."""
        result = self.run(*words)
        if result.exception is not None:
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        """Run a verb with --json; return the values."""
        return json.loads(self(*words, "--json").stdout)

    def refused(self, code: int, *words: str) -> str:
        """Run a verb that ends with an exit code; return what it says."""
        with pytest.raises(Failed) as refusal:
            self(*words)
        assert refusal.value.code == code
        return str(refusal.value)


@pytest.fixture
def desk(prepared_url: str, kafka: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> VerbDriver:
    """Return the verbs, over an empty database and the broker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKBUSS_DATABASE__URL", prepared_url)
    monkeypatch.setenv("BOKBUSS_KAFKA__BOOTSTRAP", kafka)
    return VerbDriver()


@pytest.fixture
def sample_bytes() -> bytes:
    """Return a day close that can be read."""
    return (SAMPLES / "facts.day-closed.v1" / "v1" / "restaurant-day.json").read_bytes()


@pytest.fixture
def settings_message() -> Envelope[Any]:
    """Return version 3 of krogen-soder's settings."""
    return sample("settings.v1", "day-sales")
