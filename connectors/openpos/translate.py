"""A till's Z report becomes the fact that a cash register was closed. Pure; sums are judged later, by the flow."""

import codecs
import json
import re
from collections import Counter
from itertools import islice
from typing import Any

from pydantic import ValidationError

from connectors.openpos.wire import ZReport
from infra.plugin import Malformed
from schemas.base import problems
from schemas.events import DayClosed, Fact, GroupSales, OtherAmount, Payment, RateTotal
from schemas.money import ZERO

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MOST_COMMAS = 50_000
"""Ten thousand lines: far more than a day has. A report of nothing but mistakes is soon refused."""
_REPEATED = 50
"""Names of fields that are said to stand twice; whoever sends more has seen enough."""


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the one DayClosed that a Z report tells.

    The same content gives the same fact, whatever the order of fields and lines and whatever the time's offset.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    text = _text(raw)
    repeated = _repeated_names(text)
    try:
        report = ZReport.model_validate_json(text)
    except ValidationError as error:
        raise Malformed([*repeated, *problems(error, _path)]) from None
    if repeated:
        raise Malformed(repeated)
    return (_day_closed(report),)


def _text(raw: bytes) -> str:
    if raw.count(b",") > _MOST_COMMAS:
        raise Malformed([f"report: it holds more than {_MOST_COMMAS:,} values; no day has so many"])
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise Malformed([f"report: not UTF-8, from byte {error.start}; send the JSON as UTF-8"]) from None


def _repeated_names(text: str) -> list[str]:
    """Say which fields stand twice in one object: readers disagree on which of the two counts, and it may be money."""
    repeated: dict[str, None] = {}

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs) and len(repeated) < _REPEATED:
            times = Counter(name for name, _ in pairs)
            repeated.update({_shown(name): None for name, count in times.items() if count > 1})

    try:
        # Numbers stay text here: nothing is read from them, and no float ever exists.
        json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise Malformed([f"report: not JSON, at line {error.lineno} column {error.colno}: {error.msg}"]) from None
    except RecursionError:
        raise Malformed(["report: nested too deeply"]) from None
    return [f"{name}: stands more than once in the same object" for name in islice(repeated, _REPEATED)]


def _path(loc: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in loc)
    return path.removeprefix(".") or "report"


def _shown(name: str) -> str:
    # A name that no field can have may be a value that slipped out of its place.
    return name if _FIELD_NAME.fullmatch(name) else "(a name that is no field's)"


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
