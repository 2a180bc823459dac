"""What becomes of facts under settings, tried on the rules themselves, with nothing that runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.desk import words
from infra.deciding.decision import Decision, deciding, reading
from infra.plugin import Flow, Terms
from schemas import envelope as envelopes
from schemas import ids
from schemas.commands import HoldForReview, Order, PostVoucher
from schemas.envelope import Envelope
from schemas.events import Fact
from schemas.settings import TenantSettings

_TENANT = "tried"
_THEN = datetime(2000, 1, 1, tzinfo=UTC)
_SAID = ("revision", "step", "settings_version", "replaces", "relates_to", "flow", "insists")
"""Fields of an order that say nothing about what it does."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A fact by its key, and the orders that it would lead to."""

    key: str
    orders: tuple[Order, ...]

    @property
    def is_held(self) -> bool:
        """Tell whether it would wait for a person."""
        return bool(self.orders) and isinstance(self.orders[-1], HoldForReview)

    def to_json(self) -> dict[str, Any]:
        """Return what is worth comparing: no ids, no versions."""
        said = [
            {"order": envelopes.type_of(type(o)), **{k: v for k, v in o.to_json().items() if k not in _SAID}}
            for o in self.orders
        ]
        return {"key": self.key, "orders": said}


def tried(
    flows: Sequence[Flow], facts: Iterable[Fact], settings: TenantSettings, organisation_number: str | None
) -> tuple[Tried, ...]:
    """Return what each fact would lead to, if it were the first that a company hears.

    Raises:
        FlowFailed: a rule raised.
    """
    terms = Terms(settings, 1, organisation_number)
    found = []
    for fact in facts:
        fact_id = ids.fact_id(fact.key, ids.revision(fact))
        message = envelopes.wrap(fact, message_id=fact_id, source="/desk", time=_THEN, tenant=_TENANT)
        asked = [_orders(flow, message, terms) for flow in flows if isinstance(fact, flow.facts)]
        found.append(Tried(fact.key, tuple(order for orders in asked for order in orders)))
    return tuple(found)


def _orders(flow: Flow, message: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    steps = deciding(flow, reading(flow, message.data), message, terms)
    step = next(steps)
    while not isinstance(step, Decision):
        step = steps.send({key: flow.state() for key in step})
    return step.orders


def lines(report: str, found: Iterable[Tried]) -> Iterator[str]:
    """Return what becomes of a report as lines for people."""
    for one in found:
        yield f"{report}: {one.key}"
        for order in one.orders:
            yield from (f"    {line}" for line in _of_order(order))


def _of_order(order: Order) -> Iterator[str]:
    match order:
        case PostVoucher():
            yield f"booked in series {order.series} on {order.voucher_date}: {order.description}"
            rows = [
                (str(r.account), r.cost_centre or "", r.text or "", words.money(r.debit), words.money(r.credit))
                for r in order.rows
            ]
            yield from words.columns(rows, right=frozenset({3, 4}))
        case HoldForReview():
            yield f"held as {order.reason}: {order.message}"
            yield from (f"it can be answered {choice.answer}: {choice.means}" for choice in order.choices)
        case _:
            yield envelopes.type_of(type(order))
