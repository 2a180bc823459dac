"""Which settings would let a held day pass: each is tried on the rules themselves before it is named. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from infra.plugin import Asking, Autopsy, Remedy, Terms
from schemas import mapping
from schemas.bas import BAS_DAY_SALES
from schemas.base import SWEDEN
from schemas.commands import HoldForReview
from schemas.flows import Held
from schemas.money import rate_text
from schemas.settings import CategoryAccount, DaySalesSettings, PaymentAccount, SalesAccount, VatAccount
from schemas.words import Text
from streams.daysales import voucher, words
from streams.daysales.case import TRIED, Case
from streams.daysales.rules import judge
from streams.daysales.state import State
from streams.daysales.verdict import NAME, Booking, Verdict

_ACCOUNT: Final = 1930
"""Stands for the account that somebody has still to choose: the rules ask only whether there is one."""
_MOST: Final = 4
"""Settings that are changed together."""

Change = tuple[Text, dict[str, Any]]
"""A setting in words, and the fields that it changes."""


def autopsy(hold: HoldForReview, terms: Terms) -> Asking[Autopsy]:
    """Yield the keys that are to be read, be sent their states, and return what would let a held day pass."""
    if hold.flow != NAME:
        return Autopsy()
    states: dict[str, State] = dict((yield (hold.key,)))
    state = states[hold.key]
    if state.day is None or state.hold is None or state.hold.step != hold.step:
        return Autopsy()  # it waits no longer
    if state.doubts:
        states |= yield state.doubts
    case = Case.of(hold.key, state.model_copy(update={"awaits": None}), state.day, states, terms, TRIED)
    return Autopsy(remedies=tuple(remedies(case)))


def remedies(case: Case) -> tuple[Remedy, ...]:
    """Return each setting that would let a day pass; where no single one does, those that do together."""
    if not case.configured:
        begun = replace(case, settings=BAS_DAY_SALES, configured=True)
        then = _passes(begun, judge(begun)[1])
        return (Remedy(words.SETTINGS_TO_BEGIN(), then),) if then else ()
    single = []
    for said, fields in _changes(case):
        changed = _with(case, fields)
        if then := _passes(changed, judge(changed)[1]):
            single.append(Remedy(said, then))
    return tuple(single) or _together(case)


def _together(case: Case) -> tuple[Remedy, ...]:
    """Change one setting after the other, as long as each makes the day wait for another reason."""
    changed: list[Text] = []
    while len(changed) < _MOST:
        before = judge(case)[1]
        for said, fields in _changes(case):
            tried = _with(case, fields)
            verdict = judge(tried)[1]
            if said not in changed and verdict != before and not _is_held_for_the_same(before, verdict):
                case, changed = tried, [*changed, said]
                break
        else:
            return ()
        if then := _passes(case, verdict):
            return (Remedy(words.TOGETHER(settings=changed), then),)
    return ()


def _is_held_for_the_same(before: Verdict, after: Verdict) -> bool:
    return isinstance(before, Held) and isinstance(after, Held) and before.reason == after.reason


def _with(case: Case, fields: dict[str, Any]) -> Case:
    return replace(case, settings=DaySalesSettings.model_validate(dict(case.settings) | fields))


def _passes(case: Case, verdict: Verdict) -> Text | None:
    """Return what becomes of a day that passes; None when it does not, or would be refused as before."""
    refused = case.state.rejected.order if case.state.rejected else None
    match verdict:
        case Held():
            return None
        case Booking() if refused is not None and verdict.is_content_of(refused):
            return None
        case Booking(purpose="reverse", relates_to=(original,)):
            return words.THEN_REVERSED(voucher=str(original))
        case Booking(voucher_date=on):
            return words.THEN_BOOKED(day=on)
    return words.THEN_FREE()


def _changes(case: Case) -> Iterator[Change]:
    """Yield the settings that a report may need, whether it does or not: the rules tell."""
    yield words.SETTING(name="sync_sales", value="true"), {"sync_sales": True}
    yield words.SETTING(name="amended", value="reverse"), {"amended": "reverse"}
    yield words.SETTING(name="locked_period", value="first_open_day"), {"locked_period": "first_open_day"}
    yield words.SETTING(name="attach_report", value="false"), {"attach_report": False}
    yield from _of_its_date(case)
    if (gap := abs(case.gap)) and gap <= 10:  # noqa: PLR2004 - the setting's own limit
        yield words.LIMIT(gap=gap), {"difference_limit": gap}
    yield from _of_its_rates(case)
    yield from _accounts(case)
    some = case.settings.fallback_account or _ACCOUNT
    yield words.FALLBACK(), {"unmapped": "fallback", "fallback_account": some}


def _of_its_date(case: Case) -> Iterator[Change]:
    day, came_at = case.day, case.state.came_at
    if case.settings.start_date is not None:
        yield words.EARLIER_START(day=day.business_date), {"start_date": day.business_date}
    if came_at is None:
        return
    came, taken = came_at.astimezone(SWEDEN).date(), day.taken_at.astimezone(SWEDEN).date()
    early = max((day.business_date - came).days, (taken - came).days)
    late = (came - min(day.business_date, taken)).days
    if early > case.settings.days_early:
        yield words.OR_MORE(name="days_early", number=early), {"days_early": min(early, 100_000)}
    if late > case.settings.days_late:
        yield words.OR_MORE(name="days_late", number=late), {"days_late": min(late, 100_000)}


def _of_its_rates(case: Case) -> Iterator[Change]:
    settings, on = case.settings, case.day.business_date
    rates = dict.fromkeys((*(line.vat_rate for line in case.day.sales), *(total.vat_rate for total in case.day.vat)))
    unknown = [rate for rate in rates if mapping.vat_account(settings, rate, on) is None]
    if unknown:
        more = tuple(VatAccount(vat_rate=rate, account=_ACCOUNT if rate else None) for rate in unknown)
        yield (
            words.VAT_ACCOUNTS(rates=[words.A_RATE(rate=rate_text(rate)) for rate in unknown]),
            {"vat": (*settings.vat, *more)},
        )
    sold = {line.group: line.vat_rate for line in case.day.sales}
    left = tuple(g for g in settings.group_rates if not _contradicts(g.group, g.vat_rate, sold))
    if left != settings.group_rates:
        names = dict.fromkeys(g.group for g in settings.group_rates if g not in left)
        yield words.OTHER_RATES(names=list(names)), {"group_rates": left}


def _contradicts(group: str, rate: Decimal, sold: dict[str, Decimal]) -> bool:
    return any(mapping.spellings(name, (group,)) and rate != found for name, found in sold.items())


def _accounts(case: Case) -> Iterator[Change]:
    """Yield an account for each means, group and category that has none on the day."""
    settings, day, on = case.settings, case.day, case.day.business_date
    methods = [m for m in voucher.methods(day) if mapping.payment_account(settings, m, on) is None]
    lines = [s for s in day.sales if s.net and mapping.sales_account(settings, s.group, s.vat_rate, on) is None]
    categories = [c for c in voucher.categories(day, case.rounded) if mapping.category_account(settings, c, on) is None]
    if methods:
        paid = tuple(PaymentAccount(method=m, account=_ACCOUNT) for m in methods)
        yield words.AN_ACCOUNT(name="payments", names=methods), {"payments": (*settings.payments, *paid)}
    if lines:
        sold = tuple(SalesAccount(group=s.group, vat_rate=s.vat_rate, account=_ACCOUNT) for s in lines)
        names = dict.fromkeys(map(voucher.group_text, lines))
        yield words.AN_ACCOUNT(name="sales", names=list(names)), {"sales": (*settings.sales, *sold)}
    if categories:
        others = tuple(CategoryAccount(category=c, account=_ACCOUNT) for c in categories)
        yield words.AN_ACCOUNT(name="others", names=categories), {"others": (*settings.others, *others)}
