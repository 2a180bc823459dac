"""Z reports of made-up tills, in the format that tills send. Pure; every amount follows from the till and the day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from schemas import money
from schemas.money import ORE, ZERO

FOOD = ("Bröd", "Take away")
FOOD_AT_SIX = date(2026, 4, 1)
"""Sweden's VAT on food is 6 % instead of 12 % from this day (facts: VAT rates)."""

Way = Literal["HTTP", "file", "Kafka"]


@dataclass(frozen=True, slots=True)
class Till:
    """A cash register, what it sells on an ordinary day (with VAT, by product group), and the way its reports take."""

    tenant: str
    company: str
    store: str
    register: str
    way: Way
    first_z: int
    sells: Mapping[str, int]
    tips: int = 0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """One Z report. ``sales`` (with VAT) by product group and VAT rate; no amount is below zero."""

    till: Till
    z: int
    day: date
    sales: Mapping[tuple[str, int], Decimal]
    payments: Mapping[str, Decimal]
    tips: Decimal = ZERO
    rounding: Decimal = ZERO
    gift_cards_sold: Decimal = ZERO
    short: Decimal = ZERO
    amendment: int = 0

    @property
    def tenant(self) -> str:
        """The company."""
        return self.till.tenant

    @property
    def key(self) -> str:
        """The business key, as bokbuss makes it: system, store, register, Z number, date."""
        return f"openpos/{self.till.store}/{self.till.register}/{self.z}/{self.day}"

    @property
    def total_sales(self) -> Decimal:
        """Sales with VAT."""
        return sum(self.sales.values(), ZERO)

    @property
    def debit(self) -> Decimal:
        """What the voucher must come to on its debit side: what was paid, and cash that is missing."""
        return sum(self.payments.values(), ZERO) + self.short

    def wire(self) -> dict[str, Any]:
        """Return the report as the till sends it (connectors/openpos/README.md)."""
        groups = [
            {"group": group, "vatRate": str(rate), "net": money.text(gross - vat), "vat": money.text(vat)}
            for (group, rate), gross in self.sales.items()
            for vat in [(gross * rate / (100 + rate)).quantize(ORE)]
        ]
        rates = dict.fromkeys(rate for _, rate in self.sales)
        registered = self.payments.get("cash", ZERO) + 2000
        return {
            "format": "bokbuss.openpos.z-report/1",
            "reportType": "Z",
            "amendment": self.amendment,
            "company": {"name": self.till.company},
            "store": self.till.store,
            "registerId": self.till.register,
            "zNumber": self.z,
            "businessDate": self.day.isoformat(),
            "takenAt": f"{self.day}T22:{self.z % 60:02d}:00+02:00",
            "currency": "SEK",
            "totalSales": money.text(self.total_sales),
            "productGroups": groups,
            "vatTotals": [_rate_total(groups, str(rate)) for rate in rates],
            "payments": [{"method": method, "amount": money.text(paid)} for method, paid in self.payments.items()],
            "tips": money.text(self.tips),
            "rounding": money.text(self.rounding),
            "giftCardsSold": money.text(self.gift_cards_sold),
            "cash": {"counted": money.text(registered - self.short), "registered": money.text(registered)},
        }


def _rate_total(groups: list[dict[str, str]], rate: str) -> dict[str, str]:
    own = [group for group in groups if group["vatRate"] == rate]
    return {
        "vatRate": rate,
        "net": money.text(sum((Decimal(group["net"]) for group in own), ZERO)),
        "vat": money.text(sum((Decimal(group["vat"]) for group in own), ZERO)),
    }


def rate_on(group: str, day: date) -> int:
    """Return the VAT rate of a product group: drinks and gifts 25 %, meals 12 %, food 12 % and then 6 %."""
    if group in FOOD:
        return 6 if day >= FOOD_AT_SIX else 12
    return 12 if group in {"Mat", "Fika"} else 25


def ordinary(
    till: Till,
    monday: date,
    day: date,
    *,
    rounding: str = "0.00",
    gift_cards_sold: str = "0.00",
    gift_cards_used: str = "0.00",
    short: str = "0.00",
) -> DemoReport:
    """Return the report of a day that adds up. Weekends sell more; the öre come from the Z number."""
    since = (day - monday).days
    z, busy = till.first_z + since, 100 + 9 * since
    sales = {
        (group, rate_on(group, day)): Decimal(usual * busy // 100) + Decimal(z * 37 % 9000) / 100
        for group, usual in till.sells.items()
    }
    tips, more, sold = Decimal(till.tips * busy // 100) + ZERO, Decimal(rounding), Decimal(gift_cards_sold)
    to_pay = sum(sales.values(), ZERO) + tips + more + sold
    used, cash, swish = Decimal(gift_cards_used), to_pay // 12 + ZERO, to_pay // 5 + ZERO
    paid = {"cash": cash, "swish": swish, "card": to_pay - cash - swish - used, "gift_card": used}
    return DemoReport(till, z, day, sales, {m: p for m, p in paid.items() if p}, tips, more, sold, Decimal(short))


def amended(report: DemoReport, group: str, by: str) -> DemoReport:
    """Return the till's correction: this much more (or less) was sold of a group, and paid by card."""
    changed = Decimal(by)
    sales = {place: gross + changed * (place[0] == group) for place, gross in report.sales.items()}
    payments = dict(report.payments) | {"card": report.payments["card"] + changed}
    return replace(report, sales=sales, payments=payments, amendment=report.amendment + 1)


def at_old_rate(report: DemoReport) -> DemoReport:
    """Return the report of a till that was not told of the new VAT rate: food at 12 %."""
    return replace(
        report, sales={(group, 12 if group in FOOD else rate): s for (group, rate), s in report.sales.items()}
    )


def paid_also_by(report: DemoReport, method: str, amount: str) -> DemoReport:
    """Return a report in which a part was paid by another means instead of by card."""
    part = Decimal(amount)
    return replace(report, payments=dict(report.payments) | {"card": report.payments["card"] - part, method: part})


def counted_twice(report: DemoReport, method: str) -> DemoReport:
    """Return a report that does not add up: what was paid by one means is among the card payments, too."""
    payments = dict(report.payments)
    return replace(report, payments=payments | {"card": payments["card"] + payments[method]})
