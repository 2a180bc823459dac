"""Accept: a payload becomes facts, Kafka acknowledges them, and only then is the sender told so."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast
from weakref import WeakValueDictionary

import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from standardwebhooks import Webhook, WebhookVerificationError

from infra import clock, contents, faultpoints, store, telemetry, tenants, tracing, words
from infra.access import people, signing_secrets
from infra.access.vault import Vault, lend
from infra.failing import named
from infra.intake import signing, telling
from infra.intake.sealing import sealed
from infra.intake.signing import BadSignature, pieces, tried, verified
from infra.kafka import records
from infra.plugin import Files, Malformed, Source, YearRead
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import DeadLetter
from schemas.base import whole
from schemas.events import ClosingEntriesReady, Fact
from schemas.ledger import LedgerSource
from schemas.topics import LARGEST

_log = telemetry.log(__name__)

_WITHIN = 5.0
"""Seconds in which the database and Kafka must answer; aiokafka alone would try to send for ever."""
_AT_ONCE = 4
"""Deliveries of one company that are being accepted by a process, which has 16 connections for those of all."""
_LARGEST = LARGEST - 1024
"""Bytes of a message: what Kafka counts besides is less than the rest."""
_FILES_READ = store.Turns(2)
"""Of files that one process reads: a large one keeps one of its few threads for a minute, and deliveries need them."""
_LONGEST_ID = 200
_LONGEST_NAME = 200
_DELIVERY = text(
    """select body_sha256, event_ids from deliveries
       where tenant = :tenant and system = :system and delivery_id = :delivery"""
)
_REMEMBER = text(
    """insert into deliveries (tenant, system, delivery_id, body_sha256, event_ids, accepted_at)
       values (:tenant, :system, :delivery, :sha256, cast(:event_ids as jsonb), clock_timestamp())
       on conflict do nothing"""
)


class OtherBody(ValueError):
    """A delivery with this webhook-id was accepted before, with another body. Give a new delivery a new id."""


class Unavailable(RuntimeError):
    """Kafka or the database does not answer in time. Nothing was promised; send it again.

    A record that was on its way may still arrive later. Sent again it has the same id, so that it counts once.
    """


def read_payload(file: BinaryIO, most: int) -> bytes:
    """Return what a file holds, and read no more than a delivery may have. Raises Malformed when it is larger."""
    payload = file.read(most + 1)
    if len(payload) > most:
        raise Malformed([words.PAYLOAD_TOO_LARGE(most=most, setting="BOKBUSS_MAX_BODY")])
    return payload


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted: the ids of the facts, and what of the delivery is not used."""

    event_ids: tuple[str, ...]
    unused: tuple[str, ...] = ()


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Turn every way in which Kafka and the database do not answer into Unavailable."""
    try:
        async with asyncio.timeout(_WITHIN):
            yield
    except BadSignature:  # an OSError to Python
        raise
    except (psycopg.Error, KafkaError, OSError) as error:
        raise Unavailable(f"not accepted, send it again: {named(error)}") from error


def _sent_by(fact: Fact, who: str) -> Fact:
    """Return closing entries with who loads them, where they do not say who sends them: four eyes look at that."""
    if isinstance(fact, ClosingEntriesReady) and not fact.submitted_by:
        return fact.model_copy(update={"submitted_by": who})
    return fact


def _unused(tenant: str, source: Source, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return what is not used of what was accepted, and put it into the log: a folder answers nobody."""
    unused = tuple(said for fact in facts for said in fact.unused)
    if unused:
        _log.warning("accepted, but not all of it", tenant=tenant, system=source.system, problems=unused)
    return unused


class Acceptor:
    """Takes payloads in, from HTTP, files and commands alike."""

    def __init__(
        self, *, engine: Engine, producer: AIOKafkaProducer, vault: Vault, settings: Settings | None = None
    ) -> None:
        """Take what payloads are accepted with. ``settings`` are needed for files and documents."""
        self._engine = engine
        self._producer = producer
        self._vault = vault
        lend(engine, vault)
        self._settings = settings
        self._places = WeakValueDictionary[str, asyncio.Semaphore]()

    async def accept(
        self, *, tenant: str, source: Source, payload: bytes, happened: datetime | None = None, trace: str = ""
    ) -> Accepted:
        """Put a payload's facts on their topics.

        Raises:
            Malformed: the payload breaks its format, or tells more than one message can hold.
            UnknownTenant: no such company.
            Unavailable: Kafka did not acknowledge, or the database did not answer.
        """
        translate = await self.reader(tenant, source)
        facts = await asyncio.to_thread(translate, payload)  # a large one takes its time
        await self.keep_documents(tenant, source, payload)
        event_ids = await self.accept_facts(tenant, source.system, facts, happened=happened, trace=trace)
        return Accepted(event_ids, unused=_unused(tenant, source, facts))

    async def reader(self, tenant: str, source: Source) -> Callable[[bytes], tuple[Fact, ...]]:
        """Return what reads a company's payloads of a system, under its settings. Raises Unavailable."""
        if source.by_settings is None:
            return source.translate
        async with _in_time():
            settings, _ = await tenants.settings_in_force(self._engine, tenant)
        return source.reader(settings)

    async def keep_documents(self, tenant: str, source: Source, payload: bytes) -> None:
        """Store a payload's documents before the facts that name them are told.

        Of facts that are not told they lie there in vain. Raises UnknownTenant and Unavailable.
        """
        if not (documents := await asyncio.to_thread(source.documents, payload)):
            return
        async with _in_time(), store.alone(self._engine) as connection:
            await tenants.incarnation(connection, tenant)  # nothing is kept of a company that is not there
        kept = contents.opened(self._of_files())
        async with _in_time():
            for document in documents:
                await kept.keep(tenant, hashlib.sha256(document).hexdigest(), io.BytesIO(document))

    async def accept_file(
        self, *, tenant: str, source: Source, file: BinaryIO, requested_by: str = "", trace: str = ""
    ) -> Accepted:
        """Put on their topics what an open file tells, however large it is.

        A year's ledger is told when all of it is read: a file that is broken leaves nothing.

        Args:
            requested_by: who loads it, as far as is known.

        Raises:
            What ``accept`` raises.
        """
        if source.files is None:
            payload = await asyncio.to_thread(file.read)
            return await self.accept(tenant=tenant, source=source, payload=payload, trace=trace)
        settings, who = self._of_files(), whole(requested_by)[:_LONGEST_NAME]  # of a file whose name is no text
        async with _in_time(), store.alone(self._engine) as connection:
            await tenants.incarnation(connection, tenant)  # before a large file is read for nobody
        begun = clock.now()

        async def accept(to: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
            return await self.accept_facts(to, system, facts, trace=trace)

        try:
            with ExitStack() as stack:
                async with _FILES_READ.of(self._engine, tenant):
                    told = await asyncio.to_thread(stack.enter_context, source.files.read(file, settings))
                if not isinstance(told, YearRead):
                    facts = [_sent_by(fact, who) for fact in told]
                    event_ids = await accept(tenant, source.system, facts)
                    return Accepted(event_ids, unused=_unused(tenant, source, facts))
                ledger = cast("LedgerSource", source.system)
                _, event_ids = await telling.tell(
                    self._engine, accept, tenant, ledger, told, read_at=begun, requested_by=who
                )
        except (psycopg.Error, OSError) as error:  # the database, or the disk on which parts wait
            raise Unavailable(f"not accepted, send it again: {named(error)}") from error
        return Accepted(event_ids)

    def most(self, files: Files) -> int:
        """Return how many bytes a file of a source may have."""
        return files.most(self._of_files())

    def _of_files(self) -> Settings:
        if self._settings is None:
            raise TypeError("an acceptor of files and documents needs settings")
        return self._settings

    async def accept_facts(
        self, tenant: str, system: str, facts: Sequence[Fact], *, happened: datetime | None = None, trace: str = ""
    ) -> tuple[str, ...]:
        """Put facts that a system told on their topics; return their ids. Raises what ``accept`` raises."""
        async with _in_time():
            async with store.alone(self._engine) as connection:
                incarnation = await tenants.incarnation(connection, tenant)
            with tracing.span(
                f"send facts of {system}",
                "producer",
                origin="" if tracing.exemplar() else trace,
                messaging__system="kafka",
                messaging__operation__type="send",
                messaging__batch__message_count=len(facts),
                bokbuss__tenant=tenant,
                bokbuss__system=system,
            ) as span:
                return await self._publish(tenant, incarnation, system, facts, happened or clock.now(), trace, span)

    async def bury(self, tenant: str, letter: DeadLetter) -> None:
        """Put among the dead letters what nobody can read. Raises Unavailable."""
        async with _in_time():
            message = records.bury(letter, tenant)
            await self._producer.send_and_wait(letter.TOPIC, message.to_bytes(), key=tenant.encode())

    async def accept_delivery(
        self, *, tenant: str, source: Source, body: bytes, headers: Mapping[str, str], trace: str = ""
    ) -> Accepted:
        """Accept a signed delivery once, however often it is sent (Standard Webhooks).

        Of one company a few at once: those of a sender that repeats itself without a pause wait for each other, and no
        other company's for them.

        Raises:
            BadSignature, OtherBody: see there; and what ``accept`` raises.
        """
        async with _in_time(), self._places.setdefault(tenant, asyncio.Semaphore(_AT_ONCE)):
            delivery = await self._verify(tenant, source, body, headers)
            sha256 = hashlib.sha256(body).hexdigest()
            if before := await self._before(tenant, source, delivery, sha256):
                return before
            accepted = await self.accept(tenant=tenant, source=source, payload=body, trace=trace)
            await self._remember(tenant, source, delivery, sha256, accepted)
        return accepted

    async def accept_delivered_file(
        self, *, tenant: str, source: Source, file: BinaryIO, headers: Mapping[str, str], trace: str = ""
    ) -> Accepted:
        """Accept a signed delivery of a file, as ``accept_delivery`` does. Raises what that raises."""
        async with _in_time():
            secrets = await signing.secrets_of(self._engine, self._vault, tenant, source.system)
        said, fits = await asyncio.to_thread(tried, lambda secret: verified(file, headers, secret), secrets)
        delivery = _short(said)
        sha256 = await asyncio.to_thread(_sha256, file)
        async with _in_time():
            await signing_secrets.used(self._engine, fits)
            if before := await self._before(tenant, source, delivery, sha256):
                return before
        accepted = await self.accept_file(tenant=tenant, source=source, file=file, trace=trace)
        async with _in_time():
            await self._remember(tenant, source, delivery, sha256, accepted)
        return accepted

    async def _before(self, tenant: str, source: Source, delivery: str, sha256: str) -> Accepted | None:
        """Return what a delivery was accepted as, if it came before. Raises OtherBody."""
        values = {"tenant": tenant, "system": source.system, "delivery": delivery}
        before = await store.row(self._engine, _DELIVERY, values)
        if before is not None and before.body_sha256 != sha256:
            raise OtherBody("this webhook-id was accepted with another body: give a new delivery a new id")
        return Accepted(tuple(before.event_ids)) if before is not None else None

    async def _remember(self, tenant: str, source: Source, delivery: str, sha256: str, accepted: Accepted) -> None:
        values = {"tenant": tenant, "system": source.system, "delivery": delivery, "sha256": sha256}
        values["event_ids"] = ids.canonical(accepted.event_ids).decode()
        await store.write(self._engine, _REMEMBER, values)

    async def _verify(self, tenant: str, source: Source, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the delivery's id. Raises BadSignature."""
        secrets = await signing.secrets_of(self._engine, self._vault, tenant, source.system)
        if (scheme := source.verify) is not None:
            said, fits = await asyncio.to_thread(tried, lambda secret: scheme(body, headers, secret), secrets)
        else:
            try:
                content = body.decode()
            except UnicodeDecodeError as error:  # what is signed is a text
                raise Malformed([f"body: not UTF-8, from byte {error.start}; send it as UTF-8"]) from None
            said, fits = tried(lambda secret: _as_standard(content, headers, secret), secrets)
        await signing_secrets.used(self._engine, fits)
        return said

    async def _publish(
        self,
        tenant: str,
        incarnation: int,
        system: str,
        facts: Sequence[Fact],
        happened: datetime,
        trace: str,
        span: tracing.Span,
    ) -> tuple[str, ...]:
        trace = trace or span.traceparent or telemetry.new_trace()
        hop = tracing.headers(span.traceparent)
        facts = [sealed(fact, self._vault, tenant) for fact in facts]
        if any(people.holds_people(type(fact)) for fact in facts):
            async with self._engine.begin() as connection:
                facts = await people.seal(connection, [((tenant, fact.key), fact) for fact in facts])
        messages: list[envelopes.Envelope[Any]] = [
            envelopes.wrap(
                fact,
                message_id=ids.fact_id(fact.key, ids.revision(fact)),
                source=f"/connectors/{system}",
                time=getattr(fact, "taken_at", None) or getattr(fact, "changed_at", None) or happened,
                tenant=tenant,
                incarnation=incarnation,
                trace=trace,
            )
            for fact in facts
        ]
        values = [_readable(message) for message in messages]
        faultpoints.reach("accept.before_publish")
        try:
            acknowledged = [
                await self._producer.send(m.data.TOPIC, value, key=tenant.encode(), headers=hop)
                for m, value in zip(messages, values, strict=True)
            ]
            for future in acknowledged:
                await future
        except MessageSizeTooLargeError:  # the same again would be refused for ever
            raise Malformed([words.MESSAGE_TOO_LARGE()]) from None
        faultpoints.reach("accept.published")
        for message in messages:
            telemetry.FACTS_ACCEPTED.labels(system, message.type).inc(exemplar=tracing.exemplar())
            telemetry.SOURCE_LAST_ACCEPTED.labels(tenant, system).set_to_current_time()
            _log.info("accepted", tenant=tenant, system=system, fact_id=message.id, trace_id=message.trace_id)
        return tuple(message.id for message in messages)


def _readable(message: envelopes.Envelope[Any]) -> bytes:
    """Return a message's bytes. Raises Malformed where Kafka or no reader would take them, before any is sent."""
    value = message.to_bytes()
    if len(value) > _LARGEST:
        raise Malformed([words.MESSAGE_TOO_LARGE()])
    try:
        envelopes.must_be_readable(value)
    except envelopes.Unreadable as error:
        raise Malformed([words.MESSAGE_UNREADABLE(why=str(error))]) from None
    return value


def _as_standard(content: str, headers: Mapping[str, str], secret: str) -> str:
    """Check a signature as Standard Webhooks has it, and return the delivery's id. Raises BadSignature."""
    try:
        Webhook(secret).verify(content, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        raise BadSignature(f"webhook-signature: {error}") from None
    except ValueError:  # a signature that is no text at all
        raise BadSignature("webhook-signature: it cannot be read") from None
    return _short(headers["webhook-id"])


def _short(delivery: str) -> str:
    """Return a delivery's id, which must not be longer than can be kept. Raises BadSignature."""
    if len(delivery) > _LONGEST_ID:
        raise BadSignature(f"webhook-id: it is longer than {_LONGEST_ID} characters")
    return delivery


def _sha256(file: BinaryIO) -> str:
    summed = hashlib.sha256()
    for piece in pieces(file):
        summed.update(piece)
    return summed.hexdigest()
