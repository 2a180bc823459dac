"""The whole story of a business key in order of time: what came, what was decided and done, where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from connectors.desk import story_words as say
from connectors.desk import telling, words
from infra import speaking
from infra.rows import FactLine, Hold, Material, Ordered, Planned, Waits
from schemas import ids
from schemas.audit import DONE, AuditRecord, Call
from schemas.base import Language
from schemas.commands import PostVoucher, VoucherRef, VoucherRow, WriteEmployee
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from schemas.money import ZERO
from schemas.words import Said


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One thing that happened. ``rows``: of the voucher that was ordered."""

    at: datetime
    what: str
    details: tuple[str, ...] = ()
    rows: tuple[VoucherRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a company's business key, and how it stands now.

    Attributes:
        state: parked, booked, reversed, done, held, on_the_way, unknown, rejected, nothing_to_do or not_decided.
        now: the same as a sentence.
    """

    tenant: str
    key: str
    state: str
    now: str
    steps: tuple[StoryStep, ...]


def tell(material: Material, page: Language | None = None) -> Story:
    """Return the story of everything that is known about a key: in the language of a page, or as commands tell it."""
    return _Teller(material, page or "en", page).story()


def voucher_numbers(records: Iterable[AuditRecord]) -> dict[str, VoucherRef]:
    """Return what was booked, by the id of the order that it came of."""
    return {r.message_id: r.voucher for r in records if r.outcome in DONE and r.voucher is not None}


_NOT_SENT: Final = "not sent: "
"""How the verdict begins of a call that a look beforehand has spared."""


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells one story in one language."""

    material: Material
    language: Language
    page: Language | None

    def story(self) -> Story:
        material = self.material
        state, now = self._stands()
        now = " ".join((now, *(speaking.heard(said, self.language) for said in material.standing)))
        steps: list[StoryStep] = []
        if not material.lines and material.delivered_at:
            steps.append(StoryStep(material.delivered_at, self._say(say.OVER_HTTP)))
        steps += map(self._came, material.lines)
        for ordered in material.orders:
            steps += self._of_order(ordered)
        for hold in material.holds:
            steps += self._of_hold(hold)
        steps += map(self._parked, material.parked)
        steps += map(self._planned, material.planned)
        return Story(material.tenant, material.key, state, now, tuple(sorted(steps, key=lambda step: step.at)))

    def _say(self, said: Said, **values: object) -> str:
        return said.to(self.language, **values)

    def _name(self, kind: str, flow: str, name: str) -> str:
        return name if self.language == "en" else speaking.name(kind, flow, name, self.language)

    def _rule(self, name: str, flow: str = "") -> str:
        return speaking.name("rule", flow, name, self.language)

    def _field(self, name: str) -> str:
        return speaking.name("field", "employees", name, self.language)

    def _came(self, line: FactLine) -> StoryStep:
        message = (self.material.facts or {}).get(line.place)
        where = self._say(say.IN_KAFKA, topic=line.topic, partition=line.partition, offset=line.offset)
        traced = message and message.trace_id
        details = [self._say(say.TRACE, where=where, trace=message.trace_id) if message and traced else where]
        if message is not None:
            details += telling.fact(message, self.page)
        elif self.material.facts is not None:
            details.append(self._say(say.NOT_READ_BACK))
        rules = ", ".join(map(self._rule, line.rules.split())) or self._say(say.NOTHING_TO_DO)
        details.append(self._say(say.DECIDED, at=words.when(line.decided_at), rules=rules))
        what = say.ANSWERED_AS if line.topic == ReviewAnswered.TOPIC else say.ACCEPTED_AS
        return StoryStep(line.accepted_at, self._say(what, id=line.fact_id), tuple(details))

    # --- Orders -------------------------------------------------------------------------------------------------------

    def _of_order(self, ordered: Ordered) -> Iterable[StoryStep]:
        records = [r for r in self.material.records if r.message_id == ordered.order.id]
        where = _where(ordered.order)
        yield self._was_ordered(ordered)
        for call in _calls(ordered, records):
            if call.status is None and call.verdict.startswith(_NOT_SENT):
                what = self._say(say.NOT_SENT, request=call.request)
                why = speaking.said(call.wording, call.verdict.removeprefix(_NOT_SENT), self.language)
                yield StoryStep(call.at, what, (why,))
                continue
            answer = self._say(say.NO_ANSWER) if call.status is None else str(call.status)
            verdict = self._verdict(call)
            after = self._say(say.AFTER, answer=answer, ms=call.milliseconds, verdict=verdict)
            yield StoryStep(call.at, self._say(say.ASKED, where=where, request=call.request), (after,))
        for record in records:
            yield StoryStep(record.at, self._outcome(record, where), tuple(self._afterwards(record)))

    def _was_ordered(self, ordered: Ordered) -> StoryStep:
        order = ordered.order
        data = order.data
        what = self._say(say.ORDERED, type=telling.kind(order.type, self.language))
        given: tuple[str, ...] = (
            self._say(say.RULE, rule=self._rule(data.rule, data.flow), version=data.settings_version),
            self._say(say.ORDER, id=order.id, cause=order.causationid),
        )
        if ordered.replaces is not None:
            given += (self._say(say.INSTEAD, id=ordered.replaces),)
        match data:
            case PostVoucher() as voucher:
                what = self._say(
                    say.ORDERED_TO,
                    does=self._say(say.DOES[voucher.purpose]),
                    series=voucher.series,
                    day=voucher.voucher_date,
                    amount=words.money(_total(voucher), self.page),
                )
                mark = ids.mark(voucher.id_in(order.tenant))
                about: tuple[str, ...] = (self._say(say.MARKED, text=voucher.description, mark=mark),)
                if voucher.relates_to:
                    about += (self._say(say.RELATES, vouchers=", ".join(map(str, voucher.relates_to))),)
                return StoryStep(ordered.journaled_at, what, about + given, voucher.rows)
            case WriteEmployee() as write:
                rules = {one.field: self._rule(one.rule, "employees") for one in write.settled}
                fields = tuple(
                    f"{self._field(name)}: {rules[name]}" if name in rules else self._field(name)
                    for name in write.written
                )
                return StoryStep(ordered.journaled_at, what, (*given, *fields))
            case _:
                return StoryStep(ordered.journaled_at, what, given)

    def _verdict(self, call: Call) -> str:
        return speaking.said(call.wording, call.verdict, self.language)

    def _outcome(self, record: AuditRecord, where: str) -> str:  # noqa: PLR0911 - one for each outcome
        voucher = record.voucher
        match record.outcome:
            case "delivered":
                done = self._say(say.BOOKED_AS, where=where, voucher=voucher) if voucher else self._say(say.DONE)
                return self._noted(done, record)
            case "already_there":
                done = self._say(say.FOUND_AS, where=where, voucher=voucher) if voucher else self._say(say.FOUND)
                return self._noted(done, record)
            case "rejected":
                code = self._name("reason", record.flow, record.code)
                return self._say(say.REFUSED, code=code, why=self._why(record))
            case "unknown":
                return self._say(say.LOST, why=self._why(record), where=where)
            case "absent":
                return self._say(say.ABSENT, where=where)
            case other if other in say.OUTCOMES:
                return self._say(say.OUTCOMES[other], why=speaking.why(record, self.language))
            case other:
                return f"{other.replace('_', ' ').capitalize()}: {speaking.why(record, self.language)}"

    def _noted(self, done: str, record: AuditRecord) -> str:
        """Return what was done with its record at the target, and what is to be known about it."""
        done = f"{done}: {record.record}" if record.record else done
        why = speaking.why(record, self.language)
        return f"{done} ({why})" if why else done

    def _why(self, record: AuditRecord) -> str:
        return (speaking.why(record, self.language) or record.code).rstrip(".")

    def _afterwards(self, record: AuditRecord) -> Iterable[str]:
        numbers = voucher_numbers(self.material.records)
        if record.voucher is not None:
            what = self._say(say.IN_YEAR, voucher=record.voucher, year=record.voucher.year_id)
            yield self._say(say.IN_THE_WAY, what=what) if record.outcome == "rejected" else what
            for ordered in self.material.orders:
                voucher = ordered.order.data
                number = numbers.get(ordered.order.id)
                if number and isinstance(voucher, PostVoucher) and record.voucher in voucher.relates_to:
                    by = say.REVERSED_BY if voucher.purpose == "reverse" else say.FOLLOWED_BY
                    yield self._say(by, voucher=number)
        if record.outcome == "rejected" and record.who:
            yield self._say(say.MUST_ACT[record.who])

    # --- Holds --------------------------------------------------------------------------------------------------------

    def _of_hold(self, hold: Hold) -> Iterable[StoryStep]:
        data, language = hold.order.data, self.language
        details = [
            *speaking.lines(data, language),
            self._say(say.RULE, rule=self._rule(data.rule, data.flow), version=data.settings_version),
            self._say(say.HOLD, id=hold.hold_id, cause=hold.order.causationid),
        ]
        for choice in data.choices:
            answer = self._name("answer", data.flow, choice.answer)
            details.append(self._say(say.CAN_BE_ANSWERED, answer=answer, means=speaking.means(choice, language)))
        reason = self._name("reason", data.flow, data.reason)
        why = speaking.message(data, language)
        yield StoryStep(hold.held_at, self._say(say.HELD, reason=reason, why=why), tuple(details))
        if hold.closed_at is not None:
            how = hold.how or ""
            ended = self._say(say.RELEASED[how]) if how in say.RELEASED else how
            told = (speaking.said(hold.wording, hold.message, language),) if hold.message else ()
            yield StoryStep(hold.closed_at, self._say(say.WAITS_NO_LONGER, why=ended), told)

    def _planned(self, one: Planned) -> StoryStep:
        row = one.row
        action = speaking.name("action", "desk", row.action, self.language)
        what = self._say(say.ROW_OF_PLAN, row=row.row, plan=one.plan, action=action)
        fields = ", ".join(self._field(d.field) for d in row.fields if d.prefer != "neither")
        details = [self._say(say.PLAN_RULE, rule=self._rule(row.rule))]
        details += [self._say(say.FIELDS, fields=fields)] if fields else []
        if row.applied_at is None:
            return StoryStep(one.made_at, self._say(say.NOT_APPLIED, what=what), tuple(details))
        return StoryStep(row.applied_at, self._say(say.APPLIED_BY, what=what, by=row.applied_by), tuple(details))

    def _parked(self, one: Waits) -> StoryStep:
        what = self._say(say.SET_ASIDE if one.state == "set_aside" else say.PARKED)
        behind = one.reason or self._say(say.BEHIND)
        return StoryStep(one.parked_at, what, (behind, f"bokbuss parked show {one.place}"))

    # --- How it stands ------------------------------------------------------------------------------------------------

    def _stands(self) -> tuple[str, str]:
        """Return the state as one word and as one sentence; what somebody must do comes before what is done."""
        material = self.material
        if material.parked:
            one = material.parked[0]
            return "parked", self._say(say.IS_PARKED if one.reason else say.IS_BEHIND, place=one.place)
        waiting = [hold for hold in material.holds if hold.closed_at is None]
        if waiting:
            data = waiting[-1].order.data
            return "held", self._say(say.WAITS_FOR[data.who], why=speaking.message(data, self.language))
        replaced = {ordered.replaces for ordered in material.orders}
        for ordered in material.orders:
            if ordered.state == "unknown":
                return "unknown", self._say(say.UNKNOWN, where=_where(ordered.order))
            if ordered.state in {"queued", "sending"}:
                return "on_the_way", self._on_the_way(ordered)
        for record in material.records:
            if record.outcome == "rejected" and record.order_id not in replaced:
                where = next((_where(o.order) for o in material.orders if o.order.id == record.message_id), "Fortnox")
                return "rejected", self._say(say.WAS_REFUSED, where=where, why=self._why(record))
        return self._stands_finished()

    def _on_the_way(self, ordered: Ordered) -> str:
        where = _where(ordered.order)
        if how := self.material.away.get(where.lower()):
            name = how.replace(" ", "_")
            how = self._say(say.CONNECTION[name]) if name in say.CONNECTION else how
            return self._say(say.WAITS_FOR_CONNECTION, where=where, how=how, tenant=self.material.tenant)
        put_off = self._say(say.PUT_OFF, verdict=self._verdict(ordered.calls[-1])) if ordered.calls else ""
        return self._say(say.ON_ITS_WAY, where=where, put_off=put_off)

    def _stands_finished(self) -> tuple[str, str]:
        material = self.material
        numbers = voucher_numbers(material.records)
        finished = [(o.order.data, numbers[o.order.id]) for o in material.orders if o.order.id in numbers]
        vouchers = [(order, number) for order, number in finished if isinstance(order, PostVoucher)]
        if vouchers and vouchers[-1][0].purpose == "reverse":
            return "reversed", self._say(say.IS_REVERSED, voucher=vouchers[-1][1])
        if vouchers:
            order, number = vouchers[-1]
            amount = words.money(_total(order), self.page)
            return "booked", self._say(say.IS_BOOKED, voucher=number, day=order.voucher_date, amount=amount)
        if material.holds and not _done_since(material):
            books = any(hold.order.data.amount is not None or hold.order.data.business_date for hold in material.holds)
            last = material.holds[-1]
            why = speaking.said(last.wording, last.message or "", self.language) or self._say(say.NO_LONGER)
            return "nothing_to_do", self._say(say.NOTHING_BOOKED if books else say.NOTHING_DONE, why=why)
        if material.orders:
            return "done", self._say(say.IS_DONE)
        if material.lines:
            return "nothing_to_do", self._say(say.DECIDED_NOTHING)
        return "not_decided", self._say(say.NOT_DECIDED)


def _where(order: Envelope[Any]) -> str:
    """Return the name of the system that an order is carried out in."""
    return str(getattr(order.data, "system", "Fortnox"))


def _calls(ordered: Ordered, records: Iterable[AuditRecord]) -> list[Call]:
    """Return each call once, although records repeat those of the records before them."""
    calls = [*ordered.calls, *(call for record in records for call in record.calls)]
    return list({(call.at, call.request): call for call in calls}.values())


def _done_since(material: Material) -> bool:
    """Tell whether something was ordered when the last hold ended, or later."""
    return any(ordered.journaled_at >= material.holds[-1].held_at for ordered in material.orders)


def _total(voucher: PostVoucher) -> Decimal:
    return sum((row.debit for row in voucher.rows), ZERO)
