"""A line of day totals becomes the fact that a cash register was closed. Pure; sums are judged later, by the flow."""

from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from connectors.daytotals import wire
from connectors.daytotals.wire import Line, Odd
from infra.plugin import Malformed
from schemas.base import problems
from schemas.daytotals import AMOUNTS, DayTotalsSettings, Meaning
from schemas.events import DayClosed, Fact, GroupSales, OtherAmount, Payment, RateTotal
from schemas.money import ORE, ZERO
from schemas.settings import TenantSettings

_SYSTEM: Final = "daytotals"
_NO_GROUPS: Final = "sales"
"""The product group of a till that has none, as in the format of Z reports."""
_MOST_PROBLEMS: Final = 50
_HUNDRED: Final = Decimal(100)

Sums = Mapping[Meaning, tuple[Decimal, Decimal]]
"""Net and VAT, by group and rate."""


def reader(settings: TenantSettings) -> Callable[[bytes], tuple[Fact, ...]]:
    """Return what reads a company's files."""
    return partial(_read, settings.daytotals or DayTotalsSettings())


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the day closes of a file whose headings say what the columns mean. Raises Malformed."""
    return _read(DayTotalsSettings(), raw)


def _read(settings: DayTotalsSettings, raw: bytes) -> tuple[Fact, ...]:
    """Return a day close for each line; a file is taken as a whole, or not at all.

    Raises:
        Malformed: naming line and column of what is not as the settings say, never a value.
    """
    found, wrong = dict[str, tuple[int, DayClosed]](), list[str]()
    for line in wire.lines(raw, settings):
        try:
            closed = _day_closed(line, settings)
        except Malformed as malformed:
            wrong += malformed.problems
            continue
        if (before := found.get(closed.key)) is not None:
            wrong.append(f"line {line.number}: it is of the same day close as line {before[0]}")
        found[closed.key] = line.number, closed
    if wrong:
        raise Malformed([*wrong[:_MOST_PROBLEMS], *(["file: and more"] if len(wrong) > _MOST_PROBLEMS else [])])
    if not found:
        raise Malformed(["file: it has no line with a day close"])
    return tuple(closed for _, closed in found.values())


def _day_closed(line: Line, settings: DayTotalsSettings) -> DayClosed:
    if line.problem:
        raise Malformed([f"line {line.number}: {line.problem}"])
    values, wrong = dict[str, Any](settings.given), list[str]()
    amounts = dict[Meaning, Decimal]()
    for meaning, cell in line.cells.items():
        try:
            if (read := _FIELDS.get(meaning.kind)) is None:
                amounts[meaning._replace(sign=1)] = meaning.sign * wire.amount(cell, settings)
            elif cell:
                values[meaning.kind] = read(cell, settings)
        except Odd as odd:
            wrong.append(f"line {line.number}, {meaning}: {odd}")
    if wrong:
        raise Malformed(wrong)
    try:
        return _fact(values, amounts, settings)
    except ValidationError as error:
        raise Malformed(
            [f"line {line.number}, {one}" for one in problems(error, lambda place: str(place[0]))]
        ) from None


_FIELDS: Final[Mapping[str, Callable[[str, DayTotalsSettings], Any]]] = {
    "business_date": wire.day,
    "taken_at": lambda cell, settings: wire.moment(cell, settings).astimezone(UTC),
    "store": lambda cell, _: cell,
    "register_id": lambda cell, _: cell,
    "organisation_number": lambda cell, _: cell,
    "z_number": lambda cell, _: wire.whole(cell),
    "amendment": lambda cell, _: wire.whole(cell),
    "receipts": lambda cell, _: wire.whole(cell),
}


def _fact(values: dict[str, Any], amounts: Mapping[Meaning, Decimal], settings: DayTotalsSettings) -> DayClosed:
    sales, stated = _sums(amounts, "sales"), _sums(amounts, "vat")
    vat = stated or _by_rate(sales)
    sales = sales or {rate._replace(kind="sales", name=_NO_GROUPS): sums for rate, sums in stated.items()}
    total = sum((net + tax for net, tax in vat.values()), ZERO)
    if (closed_on := values.get("business_date")) is not None:
        # Of a till that tells no time the day's first moment stands: it is never later than the file.
        values.setdefault("taken_at", wire.midnight(closed_on).astimezone(UTC))
        if not settings.numbered:
            values |= {"z_number": int(f"{closed_on:%Y%m%d}"), "unnumbered": True}
    named = {one.kind: amount for one, amount in amounts.items() if one.kind in AMOUNTS}
    return DayClosed(
        system=_SYSTEM,
        **{"total_sales": total, **values, **named},
        sales=tuple(
            GroupSales(group=one.name, vat_rate=one.rate or ZERO, net=net, vat=tax)
            for one, (net, tax) in sorted(sales.items(), key=_place)
            if net or tax
        ),
        vat=tuple(
            RateTotal(vat_rate=one.rate or ZERO, net=net, vat=tax)
            for one, (net, tax) in sorted(vat.items(), key=_place, reverse=True)
            if net or tax
        ),
        payments=tuple(
            Payment(method=one.name, amount=amount)
            for one, amount in sorted(amounts.items(), key=_place)
            if one.kind == "payment" and amount
        ),
        others=tuple(
            OtherAmount(category=one.name, amount=amount)
            for one, amount in sorted(amounts.items(), key=_place)
            if one.kind == "other" and amount
        ),
    )


def _place(item: tuple[Meaning, object]) -> tuple[str, Decimal]:
    return item[0].name, item[0].rate or ZERO


def _sums(amounts: Mapping[Meaning, Decimal], kind: str) -> Sums:
    told: dict[Meaning, dict[str, Decimal]] = {}
    for meaning, amount in amounts.items():
        if meaning.kind == kind:
            told.setdefault(meaning._replace(measure=None), {})[meaning.measure or ""] = amount
    return {one: _split(one.rate or ZERO, found) for one, found in told.items()}


def _split(rate: Decimal, told: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
    """Return net and VAT of what is told of them; of one amount alone they are what the rate makes, to the öre."""
    match told:
        case {"net": net, "vat": vat}:
            return net, vat
        case {"gross": gross, "vat": vat}:
            return gross - vat, vat
        case {"net": net, "gross": gross}:
            return net, gross - net
        case {"gross": gross}:
            vat = (gross * rate / (_HUNDRED + rate)).quantize(ORE, ROUND_HALF_UP)
            return gross - vat, vat
        case _:
            net = told["net"]
            return net, (net * rate / _HUNDRED).quantize(ORE, ROUND_HALF_UP)


def _by_rate(sales: Sums) -> Sums:
    found: dict[Meaning, tuple[Decimal, Decimal]] = {}
    for one, (net, vat) in sales.items():
        rate = Meaning("vat", rate=one.rate)
        before = found.get(rate, (ZERO, ZERO))
        found[rate] = before[0] + net, before[1] + vat
    return found
