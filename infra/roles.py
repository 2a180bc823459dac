"""Runs roles in one process: one of them, or all (``bokbuss up``)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import psycopg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from infra import canary, ending, hosts, overdue, registry, retention, store, telemetry, watch
from infra.access import rotation
from infra.access.connections import settled
from infra.access.vault import Vault, open_vault, prove
from infra.alerting import mailing, telling
from infra.deciding.auditor import Auditor
from infra.deciding.decider import Decider, topics_of
from infra.deciding.flows import GROUP, FlowRole
from infra.delivery import reviews
from infra.delivery.relay import Relay
from infra.delivery.reviews import ReviewRole
from infra.delivery.sinks import SinkRole
from infra.exporting import exporting
from infra.failing import named
from infra.folders import writable
from infra.http import certificates, leave_by
from infra.installation import Pulse
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.intake.collecting import Collecting
from infra.intake.inbox import Inbox
from infra.kafka import cluster, durability
from infra.kafka.meeting import Lives
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.proving import nightly
from infra.restoring import fence, sweeping
from infra.settings import Role, Settings
from infra.store import DatabaseUnavailable
from schemas.commands import HoldForReview

_log = telemetry.log(__name__)

RoleWork = Callable[[asyncio.Event], Coroutine[Any, Any, None]]

_PROXIES = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}
"""What others take a proxy from. By whom tokens travel is said to us by a name of ours."""
_END_WITHIN = 5.5
"""Seconds that jobs have to end when they are asked to: long enough for the answer to a request, mostly."""
_CLOSE_WITHIN = 1.0
"""Seconds for connections to the database, which may be away."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What roles are built from."""

    settings: Settings
    engine: Engine
    vault: Vault
    producer: AIOKafkaProducer
    leases: Leases
    pulse: Pulse


def _sources(acceptor: Acceptor, host: Host) -> Iterable[RoleWork]:
    yield Inbox(host.settings.data / "inbox", acceptor, registry.sources(), host.settings.max_body).run
    yield Collecting(host, acceptor).run
    if host.settings.canary.url is not None:
        yield partial(canary.run, host)


def _flows(parts: _Parts, host: Host, checks: dict[str, web.HealthCheck]) -> Iterable[RoleWork]:
    settings, flows = parts.settings, registry.flows()
    decider = Decider(parts.engine, parts.producer, flows)
    lives = Lives(parts.engine, parts.producer, settings.kafka)
    role = FlowRole(kafka=settings.kafka, decider=decider, lives=lives, flows=flows, data=settings.data)
    checks["flows"] = role.check
    yield role.run
    yield partial(overdue.run, host)
    yield partial(retention.run, host)
    orders = {f"bokbuss-sinks-{s.name}": [o.TOPIC for o in s.orders] for s in registry.sinks()}
    yield Auditor(
        kafka=settings.kafka,
        engine=parts.engine,
        decider=decider,
        lives=lives,
        leases=parts.leases,
        topics=topics_of(flows),
        groups={**orders, reviews.GROUP: reviews.TOPICS},
        flows_group=GROUP,
        old_enough=settings.hole_seconds,
    ).run


def _sinks(parts: _Parts, host: Host) -> Iterable[RoleWork]:
    for sink in registry.sinks():
        yield SinkRole(host=host, producer=parts.producer, sink=sink, seen=lambda: parts.pulse.seen).run
    yield Relay(parts.engine, parts.producer, parts.leases).run
    yield partial(nightly.run, host)
    yield partial(sweeping.run, host)


def _desk(parts: _Parts, host: Host) -> Iterable[RoleWork]:
    yield ReviewRole(engine=parts.engine, producer=parts.producer, settings=parts.settings).run
    settings = parts.settings
    yield watch.Watch(parts.engine, canary=settings.canary.url is not None, digest_hours=settings.mail.digest_hours).run
    yield partial(telling.run, host)
    yield partial(mailing.run, host)


async def _same(producer: AIOKafkaProducer) -> AIOKafkaProducer:
    return producer


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[_Parts]:
    async with AsyncExitStack() as stack:
        engine = store.engine(settings.database.url or "", settings.database.pool)
        stack.push_async_callback(ending.closed, "database", engine.dispose, _CLOSE_WITHIN)
        try:
            await store.prepare(engine, migrate=settings.database.migrate, proof=partial(prove, settings))
            vault = await open_vault(engine, settings)  # before anything is looked at: a wrong key starts nothing
            producer = await cluster.producer(settings.kafka)
            stack.push_async_callback(producer.stop)
            await durability.look_over(settings.kafka)
            pulse = await fence.passed(engine, producer, settings)
        except psycopg.Error as error:
            raise DatabaseUnavailable(
                f"The database does not answer ({named(error)}): does it run, and is its URL right "
                "(BOKBUSS_DATABASE__URL)?"
            ) from error
        except KafkaError as error:
            raise _away(error) from error
        leases = Leases(engine, settings.lease_seconds)
        keeping = asyncio.create_task(leases.keep())
        stack.callback(keeping.cancel)
        yield _Parts(settings, engine, vault, producer, leases, pulse)


async def run(
    settings: Settings, roles: Sequence[Role], stop: asyncio.Event, started: Callable[[str], None] | None = None
) -> None:
    """Run roles until asked to stop, or until one of them fails: then its exception is raised.

    Args:
        settings: with the broker and the database named.
        started: called with this process's URL once it listens.
    """
    leave_by(settings.proxy)
    if settings.proxy.url is None and (found := sorted(_PROXIES & os.environ.keys())):
        _log.warning("proxy of the environment not used", variables=found, instead="BOKBUSS_PROXY__URL")
    certificates()  # without them no company's order leaves, and each lane would say so by itself for ever
    if {"sources", "flows"} & set(roles):
        await asyncio.to_thread(writable, settings.data)  # the inbox lies there, and Faust wants a folder
    telemetry.BUILD.info({"version": version("bokbuss"), "roles": " ".join(roles)})
    async with exporting(" ".join(roles)), _parts(settings) as parts:
        vault = parts.vault
        acceptor = Acceptor(engine=parts.engine, producer=parts.producer, vault=vault, settings=settings)
        host = Host(
            settings=settings,
            engine=parts.engine,
            vault=vault,
            leases=parts.leases,
            accept=acceptor.accept_facts,
            producer=partial(_same, parts.producer),
            stop=stop,
        )
        checks = {"database": _database(parts.engine), "broker": _broker(parts.producer)}
        app = web.application(checks)
        jobs: list[RoleWork] = [watch.event_loop_lag, watch.complaints]
        jobs.append(partial(fence.beat, parts.pulse, settings, parts.engine))
        jobs.append(partial(rotation.follow, vault, parts.engine, settings))
        if "sources" in roles:
            checks["deliveries"] = web.deliveries(app, acceptor, registry.sources(), settings.max_body)
            jobs += _sources(acceptor, host)
        if "flows" in roles:
            jobs += _flows(parts, host, checks)
        if "sinks" in roles:
            jobs += _sinks(parts, host)
        if "desk" in roles:
            jobs += _desk(parts, host)
            for system in registry.systems().values():
                if system.pages is not None:
                    app.router.routes.extend(system.pages(host))
        jobs += [partial(job.run, host) for s in registry.systems().values() for job in s.jobs if job.role in roles]
        async with web.serving(app, settings.host, settings.port, stop) as url:
            _log.info("started", roles=" ".join(roles), url=url)
            if started is not None:
                started(url)
            await _until_stopped(jobs, stop)
        _log.info("stopped", roles=" ".join(roles))


def _away(error: KafkaError) -> cluster.BrokerUnavailable:
    return cluster.BrokerUnavailable(
        f"The broker does not answer ({type(error).__name__}): start this again when it does."
    )


async def _until_stopped(jobs: Iterable[RoleWork], stop: asyncio.Event) -> None:
    """Run jobs; when one ends by itself it failed, and the others are asked to stop, and end in time."""
    hosts.look_up_apart(asyncio.get_running_loop())
    tasks = [asyncio.create_task(job(stop), name=getattr(job, "__qualname__", None)) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            _log.error("ended by itself", jobs=sorted(task.get_name() for task in tasks if task.done()))
    finally:
        stop.set()
        # Whoever asked for new tokens need not be a job: a page may have. Their answers are written down meanwhile.
        late, _ = await asyncio.gather(ending.ended(tasks, _END_WITHIN), settled(_END_WITHIN))
        if late:
            _log.warning("left behind", jobs=sorted(task.get_name() for task in late))
    for task in tasks:
        failure = task.exception() if task.done() and not task.cancelled() else None
        while isinstance(failure, BaseExceptionGroup):  # of a role's own tasks; the first one tells why
            failure = failure.exceptions[0]
        if isinstance(failure, KafkaError):  # the broker went away just while a role started
            raise _away(failure) from failure
        if failure is not None:
            raise failure


def _database(engine: Engine) -> web.HealthCheck:
    async def check() -> None:
        # A database that can only be read, as a standby is, answers each question and takes no fact.
        await store.write(engine, text("update installation set pulse = pulse where false"))

    return check


def _broker(producer: AIOKafkaProducer) -> web.HealthCheck:
    async def check() -> None:
        await producer.partitions_for(HoldForReview.TOPIC)
        if not await producer.client.force_metadata_update():
            raise ConnectionError("no broker answers")

    return check
