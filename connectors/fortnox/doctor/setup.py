"""What a company has set up in Fortnox, what a voucher needs of it, and what of that stands in the way. Pure.

The same functions answer for one voucher before it is sent (``objection``) and for a whole mapping (``checks.py``).
Sources: facts §3.4 to 3.8 and 3.10. A series that is chosen as "Bokslutsserie (Ej låsbar serie)" is not locked with its
period, and no list says which one that is: what a person sends again is for Fortnox itself to refuse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from connectors.fortnox.classify import Year, day, is_true, number_of, years
from schemas.base import Who
from schemas.characters import sanitise
from schemas.commands import PostVoucher
from schemas.money import LARGEST, ORE

ReferenceKind = Literal["years", "series", "accounts", "cost_centres", "locked_period"]
"""What is read of a company, as ``reference.py`` names it."""

Names = tuple[str, ...]
"""What stands in the way, by its names in Fortnox; none: nothing does."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read: why, by a code such as ``scope_missing``, and in words."""

    code: str
    why: str = ""


_SWITCHED_OFF: Final = "cost_centre_refused"
"""How Fortnox refuses the list of cost centres of a company that does not use any."""
_RULES: Final = frozenset({"ALLOWED", "MANDATORY", "NOTALLOWED"})

NOT_READ: Final = Unread("not_read")
"""Nobody asked for it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of one year's chart.

    Attributes:
        cost_centre, project, text: ALLOWED, MANDATORY or NOTALLOWED for rows on this account; empty: not said.
        vat_code: Fortnox's own, such as MP1; empty for none.
    """

    number: int
    active: bool = True
    cost_centre: str = "ALLOWED"
    project: str = "ALLOWED"
    text: str = "ALLOWED"
    vat_code: str = ""

    @property
    def rules_are_said(self) -> bool:
        """Tell whether the list said every rule."""
        return bool(self.cost_centre and self.project and self.text)


@dataclass(frozen=True, slots=True)
class Setup:
    """What was read. Series (manual or not) and accounts are by the year's id, cost centres are active or not.

    A series of which it is not said whether it is manual is None.
    """

    years: tuple[Year, ...] | Unread = NOT_READ
    series: Mapping[int, Mapping[str, bool | None] | Unread] = field(default_factory=dict)
    accounts: Mapping[int, Mapping[int, Account] | Unread] = field(default_factory=dict)
    cost_centres: Mapping[str, bool] | Unread = NOT_READ
    locked_until: date | Unread | None = NOT_READ

    def year_of(self, day: date) -> Year | None:
        """Return the financial year that holds a day, as far as years were read."""
        return next((year for year in self.years if year.holds(day)), None) if isinstance(self.years, tuple) else None


@dataclass(frozen=True, slots=True)
class RowContent:
    """What a voucher row carries, apart from its amount."""

    account: int
    cost_centre: str | None = None
    text: bool = True
    project: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What one voucher, or a whole mapping in one year, needs.

    Attributes:
        code: the reason that it waits for.
        not_locked: the company says that the series is not locked with its period.
    """

    flow: str
    day: date
    series: str
    rows: tuple[RowContent, ...] = ()
    code: str = ""
    not_locked: bool = False

    @property
    def cost_centres(self) -> tuple[str, ...]:
        """The cost centres that it names, each once."""
        return tuple(dict.fromkeys(row.cost_centre for row in self.rows if row.cost_centre))


def need_of(order: PostVoucher, code: str = "") -> Need:
    """Return what a voucher needs: a reversal alone is half a correction, and needs what is booked after it as well."""
    rows = dict.fromkeys(
        RowContent(row.account, row.cost_centre, bool(sanitise(row.text or "")), bool(row.project))
        for row in (*order.rows, *order.followed_by)
    )
    return Need(order.flow, order.voucher_date, order.series, tuple(rows), code, order.exempt_from_lock)


# --- What Fortnox demands of a voucher ----------------------------------------------------------------------------

DemandAnswer = Names | Unread | None
"""What stands in the way; that it cannot be told; None: it is nothing that this voucher needs."""


def a_financial_year_holds_the_day(need: Need, setup: Setup) -> DemandAnswer:
    """Demand a financial year for the voucher's date."""
    if isinstance(setup.years, Unread):
        return setup.years
    return () if setup.year_of(need.day) else (need.day.isoformat(),)


def the_series_exists(need: Need, setup: Setup) -> DemandAnswer:
    """Demand the series in that year: each year has its own."""
    year, series = _of_year(need, setup, setup.series)
    if year is None or isinstance(series, Unread):
        return series if isinstance(series, Unread) else None
    return () if need.series in series else (f"{need.series} ({_called(year)})",)


def the_series_is_manual(need: Need, setup: Setup) -> DemandAnswer:
    """Demand that the series takes vouchers from outside, in that year."""
    year, series = _of_year(need, setup, setup.series)
    if year is None or isinstance(series, Unread):
        return series if isinstance(series, Unread) else None
    manual = series.get(need.series, True)
    if manual is None:
        return Unread("list_unreadable", "Fortnox's list does not say whether the series is manual")
    return () if manual else (f"{need.series} ({_called(year)})",)


def every_account_exists(need: Need, setup: Setup) -> DemandAnswer:
    """Demand every account in that year's chart."""
    return _accounts(need, setup, lambda _, account: account is None)


def every_account_is_active(need: Need, setup: Setup) -> DemandAnswer:
    """Demand that every account is active in that year."""
    return _accounts(need, setup, lambda _, account: account is not None and not account.active)


def cost_centres_are_in_use(need: Need, setup: Setup) -> DemandAnswer:
    """Demand cost centre support, when rows carry cost centres: without it there is no list, or an empty one."""
    if not need.cost_centres:
        return None
    if isinstance(setup.cost_centres, Unread):
        return need.cost_centres if setup.cost_centres.code == _SWITCHED_OFF else setup.cost_centres
    return () if setup.cost_centres else need.cost_centres


def every_cost_centre_exists(need: Need, setup: Setup) -> DemandAnswer:
    """Demand every cost centre that rows carry."""
    return _cost_centres(need, setup, lambda code, known: code not in known)


def every_cost_centre_is_active(need: Need, setup: Setup) -> DemandAnswer:
    """Demand that every cost centre that rows carry is active."""
    return _cost_centres(need, setup, lambda code, known: not known.get(code, True))


def cost_centre_rules_are_met(need: Need, setup: Setup) -> DemandAnswer:
    """Demand a cost centre where an account wants one, and none where it takes none."""
    return _rules(need, setup, lambda account: account.cost_centre, lambda row: bool(row.cost_centre))


def project_rules_are_met(need: Need, setup: Setup) -> DemandAnswer:
    """Demand a project where an account wants one, and none where it takes none."""
    return _rules(need, setup, lambda account: account.project, lambda row: row.project)


def transaction_information_rules_are_met(need: Need, setup: Setup) -> DemandAnswer:
    """Demand that accounts take the text of our rows, and that a row has one where an account wants it."""
    return _rules(need, setup, lambda account: account.text, lambda row: row.text)


def no_day_is_locked(need: Need, setup: Setup) -> DemandAnswer:
    """Demand a date after the locked period, but for a series that is not locked with it."""
    until = None if need.not_locked else setup.locked_until
    if until is None or isinstance(until, Unread):
        return () if until is None else until
    return (f"{need.day} (≤ {until})",) if need.day <= until else ()


def locked_by(demand: "Demand", setup: Setup) -> date | None:
    """Return the last day of the locked period, where that is what a demand is about."""
    until = setup.locked_until
    return until if demand.find is no_day_is_locked and isinstance(until, date) else None


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that Fortnox demands of a voucher.

    Attributes:
        code: what its refusal is called, whether Fortnox says it or we do before asking.
        reads: what must be known to tell.
    """

    find: Callable[[Need, Setup], DemandAnswer]
    code: str
    reads: tuple[ReferenceKind, ...]
    who: Who = "accountant"

    @property
    def name(self) -> str:
        """The demand as a sentence."""
        return self.find.__name__


DEMANDS: Final[tuple[Demand, ...]] = (
    Demand(a_financial_year_holds_the_day, "financial_year_missing", ("years",)),
    Demand(the_series_exists, "series_missing", ("years", "series")),
    Demand(the_series_is_manual, "series_not_manual", ("years", "series")),
    Demand(every_account_exists, "account_missing", ("years", "accounts")),
    Demand(every_account_is_active, "account_inactive", ("years", "accounts")),
    Demand(cost_centres_are_in_use, "cost_centre_refused", ("cost_centres",)),
    Demand(every_cost_centre_exists, "cost_centre_refused", ("cost_centres",)),
    Demand(every_cost_centre_is_active, "cost_centre_refused", ("cost_centres",)),
    Demand(cost_centre_rules_are_met, "cost_centre_refused", ("years", "accounts")),
    Demand(project_rules_are_met, "project_refused", ("years", "accounts")),
    Demand(transaction_information_rules_are_met, "transaction_information_refused", ("years", "accounts")),
    Demand(no_day_is_locked, "period_locked", ("locked_period",)),
)
"""In the order in which Fortnox is thought to look (facts §6.7)."""

CHECKABLE: Final = frozenset(demand.code for demand in DEMANDS)
"""Reasons of refusals that can be looked up, so that what waits for one goes on by itself."""


def objection(need: Need, setup: Setup) -> tuple[Demand, Names] | None:
    """Return the first demand that is not met, and what stands in the way; what is not known is no objection."""
    return next(iter(objections(need, setup)), None)


def is_open(need: Need, setup: Setup) -> bool:
    """Tell whether what a need waits for stands in its way no longer; what could not be read opens nothing."""
    for demand in DEMANDS:
        if demand.code == need.code:
            found = demand.find(replace(need, not_locked=False), setup)  # refused for it: it was locked
            if found or isinstance(found, Unread):
                return False
    return True


def objections(need: Need, setup: Setup) -> tuple[tuple[Demand, Names], ...]:
    """Return every demand that is not met, and what stands in the way."""
    found = ((demand, demand.find(need, setup)) for demand in DEMANDS)
    return tuple((demand, said) for demand, said in found if isinstance(said, tuple) and said)


def reads_for(codes: Iterable[str]) -> frozenset[ReferenceKind]:
    """Return what must be read to tell whether these reasons still hold."""
    wanted = frozenset(codes)
    return frozenset(kind for demand in DEMANDS if demand.code in wanted for kind in demand.reads)


# --- Lists as Fortnox gives them ----------------------------------------------------------------------------------


def series_of(items: Sequence[Mapping[str, Any]]) -> Mapping[str, bool | None]:
    """Return whether each series is manual, by its code; None where it is not said."""
    return {str(item.get("Code")): is_manual(item) for item in items}


def is_manual(item: Mapping[str, Any]) -> bool | None:
    """Tell whether a series is manual; None: its document does not promise that it is said."""
    said = item.get("Manual")
    return None if said in (None, "") else is_true(said)


def accounts_of(items: Sequence[Mapping[str, Any]]) -> Mapping[int, Account]:
    """Return accounts by number; an account whose list does not say so is taken for active."""
    found = (account_of(item) for item in items if str(item.get("Number")).isdecimal())
    return {account.number: account for account in found}


def account_of(item: Mapping[str, Any], unsaid: str = "") -> Account:
    """Return an account. ``unsaid`` is a rule that the item lacks: nothing of a list's, ALLOWED of the account's own.

    Fortnox's document has the rules in lists as well, one of them as a number without a key; older lists have none.
    """

    def rule(name: str) -> str:
        said = str(item.get(name)).upper()
        return said if said in _RULES else unsaid

    return Account(
        number=int(str(item.get("Number"))),
        active=is_active(item),
        cost_centre=rule("CostCenterSettings"),
        project=rule("ProjectSettings"),
        text=rule("TransactionInformationSettings"),
        vat_code=str(item.get("VATCode") or "").strip().upper(),
    )


def without_rules(needs: Iterable[Need], setup: Setup) -> tuple[tuple[int, int], ...]:
    """Return the accounts, by year and number, that are needed and whose rules the list did not say."""
    wanted = ((year.id, row.account) for need in needs if (year := setup.year_of(need.day)) for row in need.rows)
    return tuple(
        (year, number)
        for year, number in dict.fromkeys(wanted)
        if isinstance(chart := setup.accounts.get(year), Mapping)
        and (account := chart.get(number)) is not None
        and not account.rules_are_said
    )


def balance_of(item: Mapping[str, Any]) -> Decimal | Unread:
    """Return what stands on an account at the end of the year, to the öre: sums of floats come with a rest."""
    held = number_of(item.get("BalanceCarriedForward"))
    if held is None or abs(held) >= LARGEST:
        return Unread("list_unreadable", "the account shows no balance")
    return held.quantize(ORE)


def cost_centres_of(items: Sequence[Mapping[str, Any]]) -> Mapping[str, bool]:
    """Return whether each cost centre is active, by its code."""
    return {str(item.get("Code")): is_active(item) for item in items}


def locked_until_of(items: Sequence[Mapping[str, Any]]) -> date | Unread | None:
    """Return the last locked day; None locks nothing."""
    if not (end := next(iter(items), {}).get("EndDate")):
        return None
    return day(end) or Unread("list_unreadable", "the end of the locked period is no date")


PARSERS: Final[Mapping[ReferenceKind, Callable[[Sequence[Mapping[str, Any]]], Any]]] = {
    "years": years,
    "series": series_of,
    "accounts": accounts_of,
    "cost_centres": cost_centres_of,
    "locked_period": locked_until_of,
}
"""What each list becomes in a Setup."""


def setup_of(found: Mapping[tuple[ReferenceKind, int], Any]) -> Setup:
    """Put together what was read: parsed lists, or why they were not read, by kind and by the year that they are of."""
    return Setup(
        years=found.get(("years", 0), NOT_READ),
        series={year: lists for (kind, year), lists in found.items() if kind == "series"},
        accounts={year: lists for (kind, year), lists in found.items() if kind == "accounts"},
        cost_centres=found.get(("cost_centres", 0), NOT_READ),
        locked_until=found.get(("locked_period", 0), NOT_READ),
    )


def is_active(item: Mapping[str, Any]) -> bool:
    """Tell whether an account or a cost centre is active; one that does not say so is taken for active."""
    return item.get("Active") is None or is_true(item["Active"])


def _called(year: Year) -> str:
    """Return a year as people call it: 2026, or 2025/2026."""
    return f"{year.last.year}" if year.first.year == year.last.year else f"{year.first.year}/{year.last.year}"


def _of_year(
    need: Need, setup: Setup, lists: Mapping[int, Mapping[Any, Any] | Unread]
) -> tuple[Year | None, Mapping[Any, Any] | Unread]:
    """Return the need's year and the list of that year; no year says another demand."""
    year = setup.year_of(need.day)
    return (
        (None, setup.years if isinstance(setup.years, Unread) else {})
        if year is None
        else (
            year,
            lists.get(year.id, NOT_READ),
        )
    )


def _accounts(need: Need, setup: Setup, wrong: Callable[[RowContent, Account | None], bool]) -> DemandAnswer:
    """Name the accounts of rows that are wrong."""
    year, chart = _of_year(need, setup, setup.accounts)
    if year is None or isinstance(chart, Unread):
        return chart if isinstance(chart, Unread) else None
    found = sorted({row.account for row in need.rows if wrong(row, chart.get(row.account))})
    return tuple(f"{number} ({_called(year)})" for number in found)


def _cost_centres(need: Need, setup: Setup, wrong: Callable[[str, Mapping[str, bool]], bool]) -> DemandAnswer:
    """Name the cost centres of rows that are wrong; whether there are any at all says ``cost_centres_are_in_use``."""
    known = setup.cost_centres
    if isinstance(known, Unread):
        return known if need.cost_centres and known.code != _SWITCHED_OFF else None
    if not need.cost_centres or not known:
        return None
    return tuple(sorted(code for code in need.cost_centres if wrong(code, known)))


def _rules(
    need: Need, setup: Setup, rule_of: Callable[[Account], str], carries: Callable[[RowContent], bool]
) -> DemandAnswer:
    """Name the accounts whose rule a row breaks; a rule that the list does not say cannot be told."""

    def wrong(row: RowContent, account: Account | None) -> bool:
        return account is not None and rule_of(account) == ("NOTALLOWED" if carries(row) else "MANDATORY")

    found = _accounts(need, setup, wrong)
    if found == ():
        unsaid = _accounts(need, setup, lambda _, account: account is not None and not rule_of(account))
        return Unread("list_unreadable", "Fortnox's list does not say the accounts' rules") if unsaid else ()
    return found
