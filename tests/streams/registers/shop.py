"""A company with registers and a clock, as the real host runs the flow: it asks what is overdue, and tells it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from infra.plugin import Terms
from schemas import envelope, ids
from schemas.bas import BAS_DAY_SALES
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.events import DayClosed, Fact, ReviewAnswered
from schemas.settings import DaySalesSettings, SettingsApplied, StoreCalendar, TenantSettings
from streams.registers import FLOW
from streams.registers.overdue import overdue
from streams.registers.state import State
from tests.flow_driver import FlowDriver

TENANT = "acme"
FIRST = date(2026, 4, 13)
"""A Monday."""
EVERY_DAY = StoreCalendar(closes_at="22:00", grace_minutes=60)


def chosen(*calendars: StoreCalendar, **changes: Any) -> TenantSettings:
    """Return settings with these calendars."""
    changes = {"calendars": calendars, "gap_grace_minutes": 60, **changes}
    return TenantSettings(daysales=DaySalesSettings.model_validate(dict(BAS_DAY_SALES) | changes))


def night(day: date) -> datetime:
    """Return when a day's report is taken: at 21:00 in Sweden in summer."""
    return datetime(day.year, day.month, day.day, 19, tzinfo=UTC)


def closed(z: int, day: date | int = 0, *, store: str = "CITY", register: str = "K1", **changes: Any) -> DayClosed:
    """Return a report of a day, or of so many days after the first Monday."""
    on = day if isinstance(day, date) else FIRST + timedelta(days=day)
    content: dict[str, Any] = {"taken_at": night(on), "total_sales": Decimal(z).quantize(Decimal("0.01"))}
    return DayClosed(store=store, register_id=register, z_number=z, business_date=on, **content | changes)


class Shop:
    """Decides as the real host does: everything twice. ``open`` are the holds that nobody has closed, by key."""

    def __init__(self, settings: TenantSettings | None = None, organisation_number: str | None = None) -> None:
        self.settings = chosen(EVERY_DAY) if settings is None else settings
        self.version, self.organisation_number = 1, organisation_number
        self.now = night(FIRST)
        self.remembered = FlowDriver(FLOW)
        self.open: dict[str, HoldForReview] = {}
        self.closed: list[CloseReview] = []

    @property
    def terms(self) -> Terms:
        """What it decides with."""
        return Terms(self.settings, self.version, self.organisation_number)

    def tell(self, *messages: Message, at: datetime | None = None) -> list[Order]:
        """Decide on messages that are accepted then; return the orders."""
        self.now = at or self.now
        given: list[Order] = []
        for message in messages:
            wrapped = envelope.wrap(message, message_id="m", source="/tests", time=self.now, tenant=TENANT)
            wrapped = wrapped.model_copy(update={"acceptedtime": self.now})
            named: list[tuple[str, ...]] = [()]
            if isinstance(message, SettingsApplied):
                self.settings, self.version = message.settings, message.version
                named = [(key,) for key in self.remembered.told(None)]
            for keys in named:
                given += self.remembered.decide(wrapped, self.terms, keys)
        for order in given:
            match order:
                case HoldForReview():
                    assert order.key not in self.open
                    self.open[order.key] = order
                case CloseReview():
                    assert self.open.pop(order.key).id_in(TENANT) == order.hold_id
                    self.closed.append(order)
        return given

    def overdue(self, at: datetime | None = None) -> Sequence[Fact]:
        """Return what the flow says is overdue."""
        self.now = at or self.now
        asking = overdue(self.terms, self.now)
        states: dict[str, State] | None = None
        try:
            while True:
                keys = asking.send(states) if states is not None else next(asking)
                states = {key: self.remembered.states.get(key) or State() for key in keys}
        except StopIteration as end:
            told: Sequence[Fact] = end.value
            return told

    def tick(self, at: datetime) -> list[Order]:
        """Let the clock ask, and tell what is overdue; asked again it says nothing."""
        facts = self.overdue(at)
        assert len({ids.fact_id(fact.key, ids.revision(fact)) for fact in facts}) == len(facts)
        given = self.tell(*facts)
        assert self.overdue() == ()
        return given

    def apply(self, settings: TenantSettings) -> list[Order]:
        """Take new settings into use."""
        return self.tell(
            SettingsApplied(tenant=TENANT, version=self.version + 1, applied_by="somebody", settings=settings)
        )

    def answer(self, key: str, answer: str) -> list[Order]:
        """Answer an open hold."""
        hold = self.open[key]
        return self.tell(
            ReviewAnswered(
                hold_id=hold.id_in(TENANT),
                flow="registers",
                about=key,
                answer=answer,
                answered_by="an accountant",
                answered_at=self.now,
            )
        )


def late(day: int, minutes: int = 0) -> datetime:
    """Return the time by which the day so many days after the first must be closed, and minutes after that."""
    return night(FIRST + timedelta(days=day)) + timedelta(hours=2, minutes=minutes)
