"""A lane: one company's orders at one sink, one at a time, under a lease. It decides what follows from each verdict."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from infra import clock, faultpoints, postgres, telemetry, tracing, words
from infra.delivery.budget import Budget
from infra.delivery.journal import Journal, Transition, Work, put_off
from infra.delivery.pace import OUR_FAILURE, Pace
from infra.delivery.reading import NotRead
from infra.failing import named
from infra.leases import Lease, LeaseLost
from infra.plugin import Attempt, Sink
from infra.trail import Entry
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Unknown, Verdict
from schemas.audit import ANSWERED, Call, Outcome
from schemas.envelope import type_of
from schemas.words import Text

_log = telemetry.log(__name__)

_LOOKS = 2
"""Looks that must not find a write before it is sent again; both after the settle time."""
_IN_VAIN = 3
"""Times that a write, sent without an answer and not found, is waited for no longer than the settle time."""
_LONGER = 3
"""How much longer it is waited for each time after that: a look may be blind to what it wrote."""
_LONGEST = 86_400.0
_FIRST_LOOK = 1.0
"""Seconds after a lost answer until the first look: most writes are there by then. The next ones are ever rarer."""
_IDLE = 30.0
"""Seconds after which a lane without work looks at the journal by itself."""
_AFTER_OUR_FAILURE = 60.0
"""Seconds until an order is tried again that a bug of ours stopped; the target is well, so the lane goes on."""
_AFTER_THE_DATABASE = 2.0
"""Seconds until an order is tried again that needed the database while it was away; growing, and for the whole lane."""
_CALLS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a write without an answer may still appear, and how far apart two looks are (seconds)."""

    settle: float
    look: float


class Lane:
    """Works until it is stopped or its lease is lost."""

    def __init__(
        self,
        *,
        sink: Sink,
        tenant: str,
        lease: Lease,
        journal: Journal,
        budget: Budget,
        patience: Patience,
        connect: Callable[[], AbstractAsyncContextManager[Any]],
    ) -> None:
        self._kind_of, self._sink = sink.kind_of, sink.name
        self._reads = tuple(type_of(kind.order) for kind in sink.kinds if kind.reads)
        self._tenant = tenant
        self._lease = lease
        self._journal = journal
        self._budget = budget
        self._patience = patience
        self._connect = connect
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._left = False
        self._pace = Pace()
        self._looks: dict[str, float] = {}  # when to look for each write in doubt that this lane knows of (monotonic)
        self._sent: dict[str, float] = {}  # when each of them had left, at the latest (monotonic)
        self._rests: dict[str, float] = {}  # until when orders of each kind wait for what they need (monotonic)

    def wake(self) -> None:
        """Say that there may be work."""
        self._wake.set()

    def stop(self) -> None:
        """Ask the lane to end after the request that is under way."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Work through the journal. Raises LeaseLost when another process may own the lane."""
        await self._take_over()
        try:
            async with self._connect() as client:
                while not self._stop.is_set():
                    await self._turn(client)
        finally:
            self._show_pause("", self._pace.paused_for)
            for kind in tuple(self._pace.resting):
                self._end_rest(kind)
            telemetry.BUDGET_USED.labels(self._tenant, self._sink).set(0)

    async def _take_over(self) -> bool:
        """Let what is being sent, though not by us, be looked for; tell whether there was any."""
        interrupted = await self._journal.take_over(self._tenant, self._lease.name, self._lease.epoch)
        if interrupted:
            _log.warning("writes without an answer", tenant=self._tenant, orders=interrupted)
        return interrupted > 0

    async def _turn(self, client: Any) -> None:
        """Do what is due, or rest until something is; the journal knows what is due after a pause."""
        self._wake.clear()
        asked = clock.monotonic()
        resting = [kind for kind, until in self._rests.items() if until > asked]
        work = await self._journal.next(self._tenant, self._pace.doubts, resting=resting, reads=self._reads)
        doubtful = {item.order.id for item in work if item.state == "unknown"}
        # A look that is due, and of which the journal does not know, is none: nothing may wait for it for ever.
        self._looks = {order: at for order, at in self._looks.items() if at > asked or order in doubtful}
        self._budget.busy = bool(work)
        if not work:
            await self._rest(resting)
        for item in work:
            if self._stop.is_set() or (item.state == "queued" and not self._may_write()):
                return
            if self._rests.get(item.order.type, 0.0) > clock.monotonic():
                continue
            with self._step(item) as span:
                pause = await self._do(client, item, span)
            if pause > 0:
                self._budget.busy = False
                await self._sleep(pause)
                return

    def _may_write(self) -> bool:
        """Tell whether the next write may go: no look waits behind writes, and so many may be in doubt and no more."""
        return len(self._looks) < self._pace.doubts and clock.monotonic() < min(self._looks.values(), default=math.inf)

    async def _rest(self, resting: Sequence[str]) -> None:
        self._show_budget()
        for kind in [kind for kind in self._pace.resting if kind not in resting]:  # nothing of it is left
            self._end_rest(kind)
        if await self._take_over():  # a predecessor's last mark can become durable after we began
            return
        due = await self._journal.next_due(self._tenant, resting)
        over = min((self._rests[kind] for kind in resting), default=math.inf) - clock.monotonic()
        await self._sleep(max(min(_IDLE if due is None else due, over, _IDLE), 0.005), woken=True)

    async def _sleep(self, seconds: float, *, woken: bool = False) -> None:
        await clock.wait(self._wake if woken else self._stop, seconds)

    def _attempt(self) -> Attempt:
        def may_send() -> None:
            self._lease.check()
            self._left = True
            self._budget.leaves()
            faultpoints.reach("lane.leaving")

        return Attempt(may_send=may_send, take=self._take, throttled=self._throttled)

    async def _throttled(self, seconds: float) -> None:
        self._budget.pause(seconds)

    async def _take(self) -> None:
        asked = clock.monotonic()
        await self._budget.take()
        telemetry.BUDGET_WAIT_SECONDS.labels(self._sink).observe(clock.monotonic() - asked)
        telemetry.CALLS.labels(self._sink, "live").inc()
        self._show_budget()

    def _show_budget(self) -> None:
        telemetry.BUDGET_USED.labels(self._tenant, self._sink).set(self._budget.share_used())

    def _step(self, work: Work) -> AbstractContextManager[tracing.Span]:
        kind = work.order.type.split(".")[1]
        return tracing.span(
            f"look for {kind}" if work.state == "unknown" else f"carry out {kind}",
            "consumer",
            origin=work.order.traceparent,
            hop=work.hop,
            bokbuss__tenant=self._tenant,
            bokbuss__sink=self._sink,
            bokbuss__order__id=work.order.id,
            bokbuss__order__attempt=work.attempt + 1,
        )

    async def _do(self, client: Any, work: Work, span: tracing.Span) -> float:
        """Send an order, or look for it; return the seconds that the lane must pause."""
        self._lease.check()
        attempt = self._attempt()
        if work.state == "unknown":
            since = self._since_sent(work)  # as it was before this look
            look = await self._probe(client, work, attempt)
            faultpoints.reach("lane.looked")
            change = self._after_look(work, look, attempt, since)
            verdict: Verdict | Look = look
        else:
            if not await self._journal.mark_sending(work, self._lease.name, self._lease.epoch):
                raise LeaseLost(self._lease.name)
            faultpoints.reach("lane.sending")
            verdict = await self._write(client, work, attempt)
            self._sent[work.order.id] = clock.monotonic()
            faultpoints.reach("lane.answered")
            if work.looks and isinstance(verdict, Delivered):
                verdict = await self._once(client, work, attempt, verdict)
            self._pace.sent(verdict)
            change = self._after_write(work, verdict, attempt)
        before, kind = self._pace.paused_for, work.order.type
        rested_for = self._pace.resting.get(kind)
        wait = self._pace.after(verdict, work.order_id, work.attempt, kind)
        if isinstance(verdict, RetryLater):
            change = replace(change, wait=wait.order)
            if wait.lane > 0 and self._pace.paused_for != before:
                _log.warning("lane paused", tenant=self._tenant, code=verdict.code, why=verdict.why, seconds=wait.lane)
            if wait.kind > 0 and verdict.code != rested_for:
                _log.warning("kind rests", tenant=self._tenant, kind=kind, code=verdict.code, why=verdict.why)
        self._show_pause(self._pace.paused_for, before)
        if wait.kind > 0:
            self._rests[kind] = clock.monotonic() + wait.kind
        if (rests_for := self._pace.resting.get(kind)) != rested_for:
            self._show_pause(rests_for or "", rested_for or "", kind)
        if not await self._journal.change(_of_step(change, span)):
            raise LeaseLost(self._lease.name)
        faultpoints.reach("lane.recorded")
        self._remember(work.order.id, change, rests=wait.kind > 0)
        span.set(bokbuss__verdict=type(verdict).__name__, bokbuss__order__state=change.state)
        self._note(work, change, verdict)
        return wait.lane

    def _remember(self, order: str, change: Transition, *, rests: bool) -> None:
        """Remember when to look for a write in doubt; what rests is looked for when its kind goes on."""
        self._looks.pop(order, None)
        if change.state != "unknown":
            self._sent.pop(order, None)
        elif not rests:
            self._looks[order] = clock.monotonic() + change.wait

    def _since_sent(self, work: Work) -> float:
        """Return for how long a write has settled. The database's clock tells a lane that did not send it, and once.

        It can be set while a write is in doubt, to an hour later say, and no late voucher would be waited for.
        """
        now = clock.monotonic()
        return now - self._sent.setdefault(work.order.id, now - (work.since_sent or 0.0))

    async def _write(self, client: Any, work: Work, attempt: Attempt) -> Verdict:
        self._left = False
        try:
            return await self._kind_of(work.order.data).write(client, work.order, attempt)
        except LeaseLost:
            raise
        except NotRead as error:
            return error.verdict
        except Exception as error:  # noqa: BLE001 - a bug of ours; after the first byte nothing is certain
            verdict, why = self._failed(error, "sink failed", work)
            return Unknown.saying(why) if self._left else verdict

    async def _probe(self, client: Any, work: Work, attempt: Attempt) -> Look:
        try:
            return await self._kind_of(work.order.data).probe(client, work.order, attempt)
        except LeaseLost:
            raise
        except NotRead as error:
            return error.verdict
        except Exception as error:  # noqa: BLE001 - a bug of ours; it says nothing about the order
            return self._failed(error, "look failed", work)[0]

    def _failed(self, error: Exception, what: str, work: Work) -> tuple[RetryLater, Text]:
        """Log what kept an order from being carried out or looked for; return how long it waits for it, and why."""
        if isinstance(error, postgres.AWAY):
            _log.warning("database away", tenant=self._tenant, order_id=work.order.id, error=named(error))
            why = words.DATABASE_AWAY(error=named(error))
            return RetryLater.saying(_AFTER_THE_DATABASE, "database_away", why, "operator"), why
        _log.exception(what, tenant=self._tenant, order_id=work.order.id)
        why = words.OUR_FAILURE(error=named(error))
        return RetryLater.saying(_AFTER_OUR_FAILURE, OUR_FAILURE, why, "developer"), why

    async def _once(self, client: Any, work: Work, attempt: Attempt, sent_again: Delivered) -> Verdict:
        """Look after a write that was sent again: the first one may have come later than it was waited for."""
        look = await self._probe(client, work, attempt)
        return look if isinstance(look, AlreadyThere) and look.others else sent_again

    def _after_write(self, work: Work, verdict: Verdict, attempt: Attempt) -> Transition:
        match verdict:
            case Delivered():
                return self._change(work, attempt, "delivered", _done(work, "delivered", verdict))
            case AlreadyThere():
                return self._was_there(work, attempt, verdict)
            case Rejected() as no:
                entry = Entry(
                    work.order,
                    "rejected",
                    no.voucher,
                    code=no.code,
                    why=no.why,
                    wording=no.wording,
                    who=no.who,
                    shown=no.shown,
                    locked_until=no.locked_until,
                )
                return self._change(work, attempt, "rejected", entry)
            case RetryLater(after=after) as later:
                change = self._change(work, attempt, "queued", None, looks=work.looks, wait=after)
                return replace(change, outcome=put_off(later))
            case Unknown() as lost:
                first_look = min(_FIRST_LOOK, self._patience.settle)
                entry = Entry(work.order, "unknown", why=lost.why, wording=lost.wording)
                return self._change(work, attempt, "unknown", entry, looks=work.looks, wait=first_look, just_sent=True)

    def _after_look(self, work: Work, look: Look, attempt: Attempt, since: float) -> Transition:
        match look:
            case AlreadyThere():
                telemetry.UNKNOWN_RESOLVED.labels(self._sink, "found").inc()
                return self._was_there(work, attempt, look)
            case RetryLater(after=after) as later:
                change = self._change(work, attempt, "unknown", None, looks=work.looks, wait=after)
                return replace(change, outcome=put_off(later))
            case Absent():
                looks, longer = work.looks + 1, _LONGER ** max(0, work.looks // _LOOKS + 1 - _IN_VAIN)
                if (left := min(self._patience.settle * longer, _LONGEST) - since) > 0:
                    wait = min(left, max(3 * since, _FIRST_LOOK))
                    return self._change(work, attempt, "unknown", None, looks=work.looks, wait=wait)
                if looks % _LOOKS:
                    return self._change(work, attempt, "unknown", None, looks=looks, wait=self._patience.look)
                telemetry.UNKNOWN_RESOLVED.labels(self._sink, "absent").inc()
                return self._change(work, attempt, "queued", Entry(work.order, "absent"), looks=looks)

    def _was_there(self, work: Work, attempt: Attempt, there: AlreadyThere) -> Transition:
        """Put each that was found on record: flows hold what came out twice, as after a restore."""
        found = self._change(work, attempt, "delivered", _done(work, "already_there", there))
        return replace(found, others=_others(work, there))

    def _change(
        self,
        work: Work,
        attempt: Attempt,
        state: str,
        entry: Entry | None,
        *,
        looks: int = 0,
        wait: float = 0.0,
        just_sent: bool = False,
    ) -> Transition:
        calls = (*work.calls, *attempt.calls)[-_CALLS_KEPT:]
        outcome: dict[str, Any] | None = None
        if entry is not None:
            entry = replace(entry, calls=_of_entry(entry, calls))
            outcome = {
                "outcome": entry.outcome,
                "voucher": entry.voucher.to_json() if entry.voucher else None,
                "record": entry.record,
                "code": entry.code,
                "why": entry.why,
                "wording": entry.wording.to_json() if entry.wording else None,
                "who": entry.who,
            }
        return Transition(
            work=work,
            lease=self._lease.name,
            epoch=self._lease.epoch,
            state=state,
            calls=calls,
            looks=looks,
            wait=wait,
            just_sent=just_sent,
            outcome=outcome,
            entry=entry,
        )

    def _end_rest(self, kind: str) -> None:
        self._rests.pop(kind, None)
        self._show_pause("", self._pace.resting.pop(kind), kind)

    def _show_pause(self, code: str, before: str, kind: str = "") -> None:
        named = kind.removeprefix("bokbuss.").rpartition(".")[0]
        if before and before != code:
            telemetry.LANES_PAUSED.labels(self._tenant, self._sink, before, named).set(0)
        if code:
            telemetry.LANES_PAUSED.labels(self._tenant, self._sink, code, named).set(1)

    def _note(self, work: Work, change: Transition, verdict: Verdict | Look) -> None:
        order = work.order
        kind = order.causationid and order.data.flow
        age = (clock.now() - work.accepted_at).total_seconds()
        if change.state == "delivered":
            telemetry.FACTS_FINISHED.labels(kind, "booked").inc()
            telemetry.FACT_AGE_SECONDS.labels(kind, "booked").observe(age, tracing.exemplar())
        elif change.state == "rejected":
            telemetry.FACTS_FINISHED.labels(kind, "rejected").inc()
        _log.info(
            "order",
            tenant=self._tenant,
            order_id=order.id,
            fact_id=order.causationid,
            trace_id=order.trace_id,
            verdict=type(verdict).__name__,
            state=change.state,
            attempt=work.attempt + 1,
            voucher=str(v) if change.entry and (v := change.entry.voucher) else None,
        )


def _done(work: Work, outcome: Outcome, done: Delivered | AlreadyThere) -> Entry:
    """Return what goes on record of an order that was carried out."""
    return Entry(
        work.order,
        outcome,
        done.voucher,
        code=done.code,
        why=done.note,
        wording=done.wording,
        record=done.record,
        shown=done.shown,
    )


def _others(work: Work, there: AlreadyThere) -> tuple[Entry, ...]:
    """Return what goes on record of each further one that carries the order's mark."""
    why = words.SAME_MARK()
    made = Entry(work.order, "already_there", why=str(why), wording=why.wording)
    return tuple(
        replace(made, record=other) if isinstance(other, str) else replace(made, voucher=other)
        for other in there.others
    )


def _of_step(change: Transition, span: tracing.Span) -> Transition:
    """Return a change whose entry names the step that it comes of."""
    return change if change.entry is None else replace(change, entry=replace(change.entry, hop=span.traceparent))


def _of_entry(entry: Entry, calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return every call for a record that ends an order, the last one for a record on the way."""
    return calls if entry.outcome in ANSWERED else calls[-1:]
