"""A till's Z report becomes the fact that a cash register was closed. Pure; sums are judged later, by the flow."""

from connectors.openpos.wire import ZReport
from infra.intake import payloads
from schemas.events import DayClosed, Fact, GroupSales, OtherAmount, Payment, RateTotal
from schemas.money import ZERO

_MOST_COMMAS = 50_000
"""Ten thousand lines: far more than a day has. A report of nothing but mistakes is soon refused."""


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the one DayClosed that a Z report tells.

    The same content gives the same fact, whatever the order of fields and lines and whatever the time's offset.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    report = payloads.read(raw, ZReport, called="report", most_commas=_MOST_COMMAS)
    return (_day_closed(report),)


def _day_closed(report: ZReport) -> DayClosed:
    named = (
        ("tips", report.tips),
        ("rounding", report.rounding),
        ("gift_cards_sold", report.gift_cards_sold),
        *((other.category, other.amount) for other in report.other_amounts),
    )
    # Lines are sorted because their order says nothing, and must not make the report another revision.
    return DayClosed(
        system="openpos",
        store=report.store,
        register_id=report.register_id,
        z_number=report.z_number,
        business_date=report.business_date,
        taken_at=report.taken_at,
        amendment=report.amendment,
        organisation_number=report.company.organisation_number,
        currency=report.currency,
        sales=tuple(
            GroupSales(group=g.group, vat_rate=g.vat_rate, net=g.net, vat=g.vat)
            for g in sorted(report.product_groups, key=lambda g: (g.group, g.vat_rate, g.net, g.vat))
        ),
        vat=tuple(
            RateTotal(vat_rate=v.vat_rate, net=v.net, vat=v.vat)
            for v in sorted(report.vat_totals, key=lambda v: (-v.vat_rate, v.net, v.vat))
        ),
        payments=tuple(
            Payment(method=p.method, amount=p.amount, count=p.count)
            for p in sorted(report.payments, key=lambda p: (p.method, p.amount, -1 if p.count is None else p.count))
        ),
        others=tuple(OtherAmount(category=c, amount=a) for c, a in sorted(named) if a),
        cash_difference=report.cash.counted - report.cash.registered if report.cash else ZERO,
        total_sales=report.total_sales,
        discounts=report.discounts.amount if report.discounts else ZERO,
        returns=report.returns.amount if report.returns else ZERO,
        receipts=report.receipts,
        goods=_sum(report.goods_sold, report.services_sold),
    )


def _sum(*counts: int | None) -> int | None:
    """Return how many there are of what was counted; None when nothing was."""
    counted = [count for count in counts if count is not None]
    return sum(counted) if counted else None
