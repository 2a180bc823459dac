"""What must be true of a report before it is booked: one function for each rule, named for what it demands. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TypeVar

from schemas import mapping
from schemas.commands import Choice, VoucherRow
from schemas.events import DayClosed, GroupSales, RateTotal
from schemas.flows import Held
from schemas.money import LARGEST, ORE, ZERO, rate_text
from schemas.settings import DaySalesSettings
from schemas.words import Phrase, Text
from streams.daysales import balance, voucher, words
from streams.daysales.verdict import ROUND, let_go

LARGEST_ROUNDING = Decimal("10.00")
"""What a person may let go as rounding: Swedish practice for a day's takings (facts: 3.4)."""
LEAST_VAT_TOLERANCE = Decimal("0.05")
MOST_LINES = 50
"""Lines that a hold names: a report has thousands, and what is said of each would be more than a message may hold."""
_MOST_RATES = 4
"""Rates whose VAT an answer names, as many as there are in Sweden: what an answer means is a few lines."""

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Report:
    """A day close, read with a company's settings. ``answers``: what a person said about it."""

    day: DayClosed
    settings: DaySalesSettings
    answers: Collection[str]

    @property
    def difference_limit(self) -> Decimal:
        """The largest difference that goes to the rounding account."""
        return LARGEST_ROUNDING if self._was_let_go(payments_meet_sales) else self.settings.difference_limit

    def lets_go(self, rule: Callable[["Report"], Held | None], difference: Decimal) -> bool:
        """Tell whether a rule's difference holds nothing: there is none, or a person let that rule's go."""
        return abs(difference) <= (LARGEST_ROUNDING if self._was_let_go(rule) else ZERO)

    def _was_let_go(self, rule: Callable[["Report"], Held | None]) -> bool:
        """Tell whether a person let a difference of this rule go; the answer to another rule's says nothing of it.

        Before an answer was of one rule, it was of all.
        """
        return ROUND in self.answers or let_go(rule.__name__) in self.answers

    @cached_property
    def vat_more(self) -> Mapping[Decimal, Decimal]:
        """By rate, how much more VAT the report states than its groups come to: what it states is what is owed."""
        return {rate: more for rate, (_, more) in balance.more_stated(self.day).items() if rate and more}

    @cached_property
    def gap(self) -> Decimal:
        """Payments less sales and other amounts; sales are the groups', or the totals of the rates, if nearer."""
        gap = balance.payments_of(self.day) - balance.expected_payments(self.day)
        stated = sum((net + vat for net, vat in balance.more_stated(self.day).values()), ZERO)
        return min(gap, gap - stated, key=abs)

    @cached_property
    def rounded(self) -> Decimal:
        """What goes to the rounding account, once every rule has let the report through."""
        return self.rest if abs(self.gap) <= self.difference_limit else ZERO

    @cached_property
    def rest(self) -> Decimal:
        """Payments less sales, the VAT that the report states, and other amounts."""
        expected = balance.expected_payments(self.day) + sum(self.vat_more.values(), ZERO)
        return balance.payments_of(self.day) - expected

    @cached_property
    def rows(self) -> tuple[VoucherRow, ...]:
        """The voucher's rows, once every rule has let the report through."""
        return voucher.rows_of(self.day, self.settings, self.rounded, self.vat_more)


def a_day_before_the_start_is_held(report: Report) -> Held | None:
    """Hold days before the company's start: they are booked elsewhere, and would be booked twice."""
    start = report.settings.start_date
    if start is None or report.day.business_date >= start:
        return None
    return Held("before_start", words.BEFORE_START(start=start))


def every_rate_is_known_on_the_day(report: Report) -> Held | None:
    """Hold a VAT rate that the settings do not have on the business date; a rate is never guessed."""
    on = report.day.business_date
    lines: tuple[GroupSales | RateTotal, ...] = (*report.day.sales, *report.day.vat)
    rates = dict.fromkeys(line.vat_rate for line in lines if _has_money(line))
    unknown = tuple(_rate(r) for r in rates if mapping.vat_account(report.settings, r, on) is None)
    if not unknown:
        return None
    return Held("unknown_vat_rate", words.UNKNOWN_RATE(rates=unknown, day=on), unknown)


def every_group_has_its_rate_of_the_day(report: Report) -> Held | None:
    """Hold a group sold at another rate than its own on the day; returns may carry a rate that it once had."""
    on = report.day.business_date
    wrong = []
    for line in filter(_has_money, report.day.sales):
        allowed = mapping.allowed_rates(report.settings, line.group, on, is_return=line.net < 0)
        if allowed and line.vat_rate not in allowed:
            wrong.append((line, allowed))

    def said(found: tuple[GroupSales, tuple[Decimal, ...]]) -> Text:
        line, allowed = found
        right = [_rate(r) for r in sorted(allowed)]
        return words.SOLD_AT(group=voucher.group_text(line), amount=line.net + line.vat, day=on, rates=right)

    lines = the_first(wrong, said)
    return Held("wrong_vat_rate", words.WRONG_RATE(day=on, lines=lines), lines) if lines else None


def vat_is_what_the_rate_says(report: Report) -> Held | None:
    """Hold a line whose VAT is not its net at its rate, but for the öre that each line sold may round."""
    differ = [(s, s.vat - s.net * s.vat_rate / 100) for s in report.day.sales]
    wrong = [(s, more) for s, more in differ if more and abs(more) > vat_tolerance(s, report.day)]
    if not wrong:
        return None
    difference = sum((abs(more) for _, more in wrong), ZERO)
    rounding = all(s.vat_rate for s, _ in wrong)  # there is no account for VAT of a rate that has none
    if rounding and report.lets_go(vat_is_what_the_rate_says, difference):
        return None

    def said(found: tuple[GroupSales, Decimal]) -> Text:
        line, more = found
        return words.VAT_LINE(group=voucher.group_text(line), vat=line.vat, net=line.net, expected=line.vat - more)

    lines = the_first(wrong, said)
    choices = _round(_stated_vat(report, [s.vat_rate for s, _ in wrong]), difference) if rounding else ()
    return Held("vat_differs", words.VAT_DIFFERS(lines=lines), lines, choices)


def vat_tolerance(line: GroupSales, day: DayClosed) -> Decimal:
    """Return how far VAT may be from net times rate: one öre for each thing sold, and 0.05 at least.

    Tills round VAT once a receipt and rate, or once a line of the receipt, by half an öre at most; the same half öre is
    missing from the net, so that it shows as up to 0.00625 at 25 %. Nothing is sold for less than a krona on average,
    whatever was counted; when nothing was, one receipt for every ten kronor is assumed. A rate of zero leaves nothing
    to round.
    """
    if not line.vat_rate:
        return ZERO
    counted = [count for count in (day.receipts, day.goods) if count is not None]
    roundings = min(Decimal(max(counted)), abs(line.net)) if counted else abs(line.net) / 10
    return max(LEAST_VAT_TOLERANCE, roundings * ORE)


def the_groups_add_up_to_their_rate(report: Report) -> Held | None:
    """Hold groups that do not come to the totals that the report states for their rate, but for what rounding makes."""
    wrong: list[Text] = []
    explanations: list[balance.Explanation] = []
    difference = ZERO
    for rate, more in balance.more_stated(report.day).items():
        if not any(more):
            continue
        groups = [s for s in report.day.sales if s.vat_rate == rate]
        tolerance = sum((vat_tolerance(s, report.day) for s in groups), ZERO)
        for differs, stated_more in ((words.NET_DIFFERS, more[0]), (words.VAT_SUM_DIFFERS, more[1])):
            if abs(stated_more) > tolerance:
                if differs is words.VAT_SUM_DIFFERS:
                    lines = [balance.ReportLine(balance.vat_of(s), s.vat, s.vat) for s in groups]
                else:
                    lines = [balance.ReportLine(voucher.group_text(s), s.net, s.net) for s in groups]
                found = sum((line.amount for line in lines), ZERO)
                difference += abs(stated_more)
                wrong.append(differs(rate=rate_text(rate), found=found, stated=found + stated_more))
                explanations += balance.explain(lines, -stated_more)
    if not wrong or report.lets_go(the_groups_add_up_to_their_rate, difference):
        return None
    passes = payments_meet_sales(report) is None
    means = _rounded(report, words.GROUPS_ROUNDED_TO, words.ROUND_GROUPS) if passes else words.ROUND_GROUPS()
    return _unbalanced(words.GROUPS_DIFFER(wrong=wrong), explanations, _round(means, difference))


def total_sales_is_what_the_groups_say(report: Report) -> Held | None:
    """Hold a report whose stated total sales are neither the groups' sales with VAT nor those of its rates."""
    stated, found = report.day.total_sales, balance.sales_of(report.day)
    if stated == found:
        return None
    of_rates = found + sum((net + vat for net, vat in balance.more_stated(report.day).values()), ZERO)
    if stated == of_rates or report.lets_go(total_sales_is_what_the_groups_say, found - stated):
        return None
    lines = [balance.ReportLine(voucher.group_text(s), s.net + s.vat, s.net + s.vat) for s in report.day.sales]
    said = words.SALES_MORE if found > stated else words.SALES_LESS
    return _unbalanced(
        said(found=found, stated=stated, gap=abs(found - stated)),
        balance.explain(lines, found - stated),
        _round(words.SALES_BOOKED(found=found, stated=stated), found - stated),
    )


def the_amounts_fit_in_a_voucher(report: Report) -> Held | None:
    """Hold amounts that together are more than a voucher row can take; that is no day's takings."""
    day = report.day
    lines = chain((s.net for s in day.sales), (s.vat for s in day.sales), (o.amount for o in day.others))
    if sum(map(abs, chain(lines, (p.amount for p in day.payments))), abs(day.cash_difference)) < LARGEST:
        return None
    return Held("amount_too_large", words.TOO_LARGE())


def every_payment_method_has_an_account(report: Report) -> Held | None:
    """Hold means of payment without an account on the day, unless the company chose a fallback."""
    on = report.day.business_date
    return _unmapped(
        report,
        "unmapped_payment_method",
        words.NO_PAYMENT_ACCOUNT,
        (m for m in voucher.methods(report.day) if mapping.payment_account(report.settings, m, on) is None),
    )


def every_group_has_an_account(report: Report) -> Held | None:
    """Hold product groups without a sales account on the day, by themselves or by their VAT rate."""
    on = report.day.business_date
    lines = (
        s for s in report.day.sales if s.net and mapping.sales_account(report.settings, s.group, s.vat_rate, on) is None
    )
    return _unmapped(report, "unmapped_group", words.NO_SALES_ACCOUNT, (voucher.group_text(s) for s in lines))


def every_category_has_an_account(report: Report) -> Held | None:
    """Hold other amounts without an account on the day; rounding and a cash difference are among them."""
    on, needed = report.day.business_date, voucher.categories(report.day, report.rounded)
    return _unmapped(
        report,
        "unmapped_category",
        words.NO_CATEGORY_ACCOUNT,
        (c for c in needed if mapping.category_account(report.settings, c, on) is None),
    )


def payments_meet_sales(report: Report) -> Held | None:
    """Hold payments that are not sales with VAT and other amounts, but for what the company lets go as rounding."""
    if abs(report.gap) <= report.difference_limit and abs(report.rest) <= LARGEST_ROUNDING:
        return None
    day, gap = report.day, report.gap or report.rest
    explanations = balance.explain(balance.lines_of(day), gap, alone=balance.vat_lines_of(day))
    said = words.PAID_MORE if gap > 0 else words.PAID_LESS
    return _unbalanced(
        said(gap=abs(gap), paid=balance.payments_of(day), expected=balance.expected_payments(day)),
        explanations,
        _round(_rounded(report, words.GAP_ROUNDED_TO, words.ROUND_GAP), max(gap, report.rest, key=abs)),
    )


def the_first(found: Sequence[_Found], said: Callable[[_Found], Text]) -> tuple[Text, ...]:
    """Return in words what was found, as far as a hold names it, and how many there are besides."""
    told, more = tuple(map(said, found[:MOST_LINES])), len(found) - MOST_LINES
    return (*told, words.AND_MORE(number=more)) if more > 0 else told


def _has_money(line: GroupSales | RateTotal) -> bool:
    return bool(line.net or line.vat)


def _rate(rate: Decimal) -> Text:
    return words.A_RATE(rate=rate_text(rate))


def _round(means: Text, difference: Decimal) -> tuple[Choice, ...]:
    """Return the choice to let a difference go, where it is small."""
    return (Choice.saying(ROUND, means),) if abs(difference) <= LARGEST_ROUNDING else ()


def _rounded(report: Report, said: Phrase, otherwise: Phrase) -> Text:
    """Say what a person lets go: the row that the voucher then has, or in general where it has none yet."""
    account = voucher.category_account(report.settings, voucher.ROUNDING, report.day.business_date)
    if account is None or not report.rest:
        return otherwise()
    row = (words.CREDIT if report.rest > 0 else words.DEBIT)(amount=abs(report.rest))
    return said(row=row, account=str(account))


def _stated_vat(report: Report, rates: Iterable[Decimal]) -> Text:
    """Say which VAT is booked, on which account, where what the report states counts."""
    said = []
    for rate in dict.fromkeys(rates):
        where = mapping.vat_account(report.settings, rate, report.day.business_date)
        stated = sum((s.vat for s in report.day.sales if s.vat_rate == rate), report.vat_more.get(rate, ZERO))
        said += [words.AMOUNT_ON(amount=stated, account=str(where.account))] if where else []
    return words.STATED_VAT_BOOKED(vat=said) if len(said) <= _MOST_RATES else words.ROUND_TO_STATED_VAT()


def _unmapped(report: Report, reason: str, said: Phrase, keys: Iterable[str]) -> Held | None:
    missing = tuple(dict.fromkeys(keys))
    if not missing or report.settings.unmapped == "fallback":
        return None
    return Held(reason, said(day=report.day.business_date, names=missing), missing)


def _unbalanced(what: Text, explanations: Sequence[balance.Explanation], choices: tuple[Choice, ...] = ()) -> Held:
    found = tuple(each.said for each in explanations)
    said = words.EXPLAINED(what=what, found=found) if found else words.UNEXPLAINED(what=what)
    return Held("unbalanced", said, found, choices)
