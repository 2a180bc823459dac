"""What must be true of a report before it is booked: one function for each rule, named for what it demands. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain

from schemas.commands import Choice, VoucherRow
from schemas.events import DayClosed, GroupSales
from schemas.money import ORE, ZERO, rate_text, text
from schemas.settings import DaySalesSettings
from streams.daysales import balance, voucher
from streams.daysales.verdict import Held

LARGEST_ROUNDING = Decimal("10.00")
"""What a person may let go as rounding: Swedish practice for a day's takings (facts: 3.4)."""
LARGEST_ROW = Decimal(10) ** 12
LEAST_VAT_TOLERANCE = Decimal("0.05")
ROUND = Choice(answer="round", means="Book the day, with the difference on the rounding account.")


@dataclass(frozen=True)
class Report:
    """A day close, read with a company's settings. ``may_round``: a person let the difference go as rounding."""

    day: DayClosed
    settings: DaySalesSettings
    may_round: bool

    @property
    def difference_limit(self) -> Decimal:
        """The largest difference that goes to the rounding account."""
        return LARGEST_ROUNDING if self.may_round else self.settings.difference_limit

    @cached_property
    def gap(self) -> Decimal:
        """Payments less sales and other amounts."""
        return balance.payments_of(self.day) - balance.expected_payments(self.day)

    @cached_property
    def rounded(self) -> Decimal:
        """The gap, when it goes to the rounding account."""
        return self.gap if abs(self.gap) <= self.difference_limit else ZERO

    @cached_property
    def rows(self) -> tuple[VoucherRow, ...]:
        """The voucher's rows, once every rule has let the report through."""
        return voucher.rows_of(self.day, self.settings, self.rounded)


def a_day_before_the_start_is_held(report: Report) -> Held | None:
    """Hold days before the company's start: they are booked elsewhere, and would be booked twice."""
    start = report.settings.start_date
    if start is None or report.day.business_date >= start:
        return None
    return Held(
        "before_start",
        f"The day is before {start}, when bokbuss starts to book for this company. "
        "If it is to be booked here, set an earlier start_date; else discard it.",
    )


def every_rate_is_known_on_the_day(report: Report) -> Held | None:
    """Hold a VAT rate that the settings do not have on the business date; a rate is never guessed."""
    on = report.day.business_date
    rates = dict.fromkeys(s.vat_rate for s in report.day.sales if _has_money(s))
    unknown = [f"{rate_text(r)} %" for r in rates if voucher.vat_account(report.settings, r, on) is None]
    if not unknown:
        return None
    return Held(
        "unknown_vat_rate",
        f"The settings have no VAT account for {_listed(unknown)} on {on}. "
        "Add the rate to vat, with its dates; or let the till correct its report.",
        tuple(unknown),
    )


def every_group_has_its_rate_of_the_day(report: Report) -> Held | None:
    """Hold a group sold at another rate than its own on the day; returns may carry a rate that it once had."""
    on, rates = report.day.business_date, report.settings.group_rates
    wrong = []
    for line in filter(_has_money, report.day.sales):
        own = [g for g in rates if g.group == line.group]
        allowed = {g.vat_rate for g in own if line.net < 0 or g.holds_on(on)}
        if allowed and line.vat_rate not in allowed:
            right = " or ".join(f"{rate_text(r)} %" for r in sorted(allowed))
            wrong.append(f"{voucher.group_text(line)}, {text(line.net + line.vat)} with VAT: {on} it is {right}")
    if not wrong:
        return None
    return Held(
        "wrong_vat_rate",
        f"A group was sold at another VAT rate than the settings allow on {on}: {_listed(wrong)}. "
        "Correct the rate in the till and send the report again, or correct group_rates in the settings.",
        tuple(wrong),
    )


def vat_is_what_the_rate_says(report: Report) -> Held | None:
    """Hold a line whose VAT is not its net at its rate, but for the öre that each receipt may round."""
    wrong = [
        f"{voucher.group_text(s)}: VAT {text(s.vat)} on net {text(s.net)}, expected {text(s.net * s.vat_rate / 100)}"
        for s in report.day.sales
        if abs(s.vat - s.net * s.vat_rate / 100) > vat_tolerance(s, report.day.receipts)
    ]
    if not wrong:
        return None
    return Held(
        "vat_differs",
        f"The VAT is not what the rate says: {_listed(wrong)}. "
        "Perhaps net and gross were confused. Correct it in the till and send the report again.",
        tuple(wrong),
    )


def vat_tolerance(line: GroupSales, receipts: int | None) -> Decimal:
    """Return how far VAT may be from net times rate: one öre for each receipt, and 0.05 at least.

    Tills round VAT once a receipt and rate, by half an öre at most; the same half öre is missing from the net, so
    that it shows as up to 0.00625 at 25 %. When the receipts were not counted, one receipt for every ten kronor of
    the line is assumed. A rate of zero leaves nothing to round.
    """
    if not line.vat_rate:
        return ZERO
    roundings = abs(line.net) / 10 if receipts is None else Decimal(receipts)
    return max(LEAST_VAT_TOLERANCE, roundings * ORE)


def the_groups_add_up_to_their_rate(report: Report) -> Held | None:
    """Hold groups whose net or VAT do not come to the totals that the report states for their rate, to the öre."""
    if not report.day.vat:
        return None
    wrong: list[str] = []
    explanations: list[balance.Explanation] = []
    rates = chain((t.vat_rate for t in report.day.vat), (s.vat_rate for s in report.day.sales))
    for rate in dict.fromkeys(rates):
        groups = [s for s in report.day.sales if s.vat_rate == rate]
        totals = [t for t in report.day.vat if t.vat_rate == rate]
        for what, lines, stated in (
            ("net", [(voucher.group_text(s), s.net) for s in groups], sum((t.net for t in totals), ZERO)),
            ("VAT", [(f"VAT of {voucher.group_text(s)}", s.vat) for s in groups], sum((t.vat for t in totals), ZERO)),
        ):
            found = sum((amount for _, amount in lines), ZERO)
            if found != stated:
                wrong.append(f"{what} at {rate_text(rate)} %: groups {text(found)}, stated {text(stated)}")
                explanations += balance.explain([balance.Line(n, a, a) for n, a in lines], found - stated)
    if not wrong:
        return None
    return _unbalanced(f"The groups do not add up to the totals of their VAT rate: {_listed(wrong)}.", explanations)


def total_sales_is_what_the_groups_say(report: Report) -> Held | None:
    """Hold a report whose stated total sales are not the groups' sales with VAT."""
    stated, found = report.day.total_sales, balance.sales_of(report.day)
    if stated == found:
        return None
    lines = [balance.Line(voucher.group_text(s), s.net + s.vat, s.net + s.vat) for s in report.day.sales]
    return _unbalanced(
        f"The groups' sales with VAT come to {text(found)}; the report states total sales of {text(stated)}: "
        f"{text(abs(found - stated))} {'more' if found > stated else 'less'}.",
        balance.explain(lines, found - stated),
    )


def the_amounts_fit_in_a_voucher(report: Report) -> Held | None:
    """Hold amounts that together are more than a voucher row can take; that is no day's takings."""
    day = report.day
    lines = chain((s.net for s in day.sales), (s.vat for s in day.sales), (o.amount for o in day.others))
    if sum(map(abs, chain(lines, (p.amount for p in day.payments))), abs(day.cash_difference)) < LARGEST_ROW:
        return None
    return Held("amount_too_large", "The amounts are larger than a voucher takes. Correct the report in the till.")


def every_payment_method_has_an_account(report: Report) -> Held | None:
    """Hold means of payment without an account on the day, unless the company chose a fallback."""
    on = report.day.business_date
    return _unmapped(
        report,
        ("payment_method", "means of payment", "payments"),
        (m for m in voucher.methods(report.day) if voucher.payment_account(report.settings, m, on) is None),
    )


def every_group_has_an_account(report: Report) -> Held | None:
    """Hold product groups without a sales account on the day, by themselves or by their VAT rate."""
    on = report.day.business_date
    lines = (s for s in report.day.sales if s.net and voucher.sales_account(report.settings, s, on) is None)
    return _unmapped(report, ("group", "product group", "sales"), (voucher.group_text(s) for s in lines))


def every_category_has_an_account(report: Report) -> Held | None:
    """Hold other amounts without an account on the day; rounding and a cash difference are among them."""
    on, needed = report.day.business_date, voucher.categories(report.day, report.rounded)
    return _unmapped(
        report,
        ("category", "category", "others"),
        (c for c in needed if voucher.category_account(report.settings, c, on) is None),
    )


def payments_meet_sales(report: Report) -> Held | None:
    """Hold payments that are not sales with VAT and other amounts, but for what the company lets go as rounding."""
    if abs(report.gap) <= report.difference_limit:
        return None
    day = report.day
    explanations = balance.explain(balance.lines_of(day), report.gap, alone=balance.vat_lines_of(day))
    return _unbalanced(
        f"The payments are {text(abs(report.gap))} {'above' if report.gap > 0 else 'below'} the sales: payments "
        f"{text(balance.payments_of(day))}, sales with VAT and other amounts {text(balance.expected_payments(day))}.",
        explanations,
        (ROUND,) if abs(report.gap) <= LARGEST_ROUNDING else (),
    )


def _has_money(line: GroupSales) -> bool:
    return bool(line.net or line.vat)


def _listed(names: Iterable[str]) -> str:
    return "; ".join(names)


def _unmapped(report: Report, what: tuple[str, str, str], keys: Iterable[str]) -> Held | None:
    missing = tuple(dict.fromkeys(keys))
    if not missing or report.settings.unmapped == "fallback":
        return None
    code, words, section = what
    return Held(
        f"unmapped_{code}",
        f"No account on {report.day.business_date} for the {words}: {_listed(missing)}. "
        f"Add it to {section} in the settings; the day is then booked by itself.",
        missing,
    )


def _unbalanced(what: str, explanations: Sequence[balance.Explanation], choices: tuple[Choice, ...] = ()) -> Held:
    found = tuple(map(str, explanations))
    because = (
        f" Exactly that is: {'; or '.join(found)}."
        if found
        else " No line of the report, and no two or three together, are that amount."
    )
    ask = " Correct the report in the till and send it again."
    return Held("unbalanced", what + because + ask, found, choices)
