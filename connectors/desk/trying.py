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
from schemas.audit import GENESIS, AuditRecord
from schemas.base import Message
from schemas.commands import HoldForReview, Order, PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.events import Fact
from schemas.invoices import CreateInvoice, FindCustomer
from schemas.money import rate_text
from schemas.settings import TenantSettings

_TENANT = "tried"
_MOST = 20
"""Messages that one fact may lead to; no flow needs as many."""
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
        asked = [_all_orders(flow, fact, fact_id, terms) for flow in flows if isinstance(fact, flow.facts)]
        found.append(Tried(fact.key, tuple(order for orders in asked for order in orders)))
    return tuple(found)


def _all_orders(flow: Flow, fact: Fact, fact_id: str, terms: Terms) -> Iterator[Order]:
    """Yield what a fact leads to, and what comes of each order when it is carried out: an invoice, then its voucher."""
    states: dict[str, Any] = {}
    told: list[tuple[Message, str]] = [(fact, fact_id)]
    for _ in range(_MOST):
        if not told:
            return
        data, message_id = told.pop(0)
        message = envelopes.wrap(data, message_id=message_id, source="/desk", time=_THEN, tenant=_TENANT)
        for order in _orders(flow, message, terms, states):
            yield order
            if order.TOPIC != HoldForReview.TOPIC:
                done = _carried_out(order, fact_id, terms.version)
                told.append((done, done.key))


def _orders(flow: Flow, message: Envelope[Any], terms: Terms, states: dict[str, Any]) -> tuple[Order, ...]:
    if not (keys := reading(flow, message.data)):
        return ()
    steps = deciding(flow, keys, message, terms)
    step = next(steps)
    while not isinstance(step, Decision):
        step = steps.send({key: states.get(key) or flow.state() for key in step})
    states |= {key: kept.state for key, kept in step.kept.items()}
    return step.orders


def _carried_out(order: Order, fact_id: str, version: int) -> AuditRecord:
    """Return what would stand on record of an order that was carried out: each as number 1 of its kind."""
    voucher = VoucherRef(series=order.series, number=1, year_id=1) if isinstance(order, PostVoucher) else None
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=_THEN,
        outcome="delivered",
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(_TENANT)),
        message_type=envelopes.type_of(type(order)),
        fact_id=fact_id,
        revision=order.revision,
        step=order.step,
        settings_version=version,
        voucher=voucher,
        record="" if voucher else "1",
    )


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
        case FindCustomer():
            who = order.customer_number or order.buyer.name or "whoever the receipt names"
            yield f"customer {who} is found{', or made where there is none' if order.create else ''}"
        case CreateInvoice():
            yield f"{order.document} to customer {order.customer_number}, dated {order.invoice_date}: {order.remark}"
            sold = [
                (str(r.account or ""), f"{r.quantity:f}", r.text, f"{rate_text(r.vat_rate)} %", words.money(r.amount))
                for r in order.rows
            ]
            yield from words.columns(sold, right=frozenset({1, 3, 4}))
        case HoldForReview():
            yield f"held as {order.reason}: {order.message}"
            yield from (f"it can be answered {choice.answer}: {choice.means}" for choice in order.choices)
        case _:
            yield envelopes.type_of(type(order))
