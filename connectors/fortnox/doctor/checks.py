"""Everything about a company's Fortnox that can be known before the first write: one function for each check. Pure.

``CHECKS`` is the list; ``run`` asks each of them. What a check says to people stands in ``check_words.py``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Final, Literal

from connectors.fortnox import needs
from connectors.fortnox.classify import Year
from connectors.fortnox.doctor.setup import DEMANDS, NOT_READ, Demand, Names, Need, RowContent, Setup, Unread
from connectors.fortnox.whose import digits, shown
from infra.rows import Resting, WayFound
from schemas import mapping, money
from schemas.base import FIRST_RESULT_ACCOUNT
from schemas.commands import AttachFile
from schemas.money import rate_text
from schemas.settings import Dated, DaySalesSettings, TenantSettings

CheckState = Literal["ok", "failed", "not applicable", "not checked"]

_TIPS: Final = "tips"
"""What settings call the account of tips."""
RECEIVABLES: Final = 1510
"""The customer ledger's account (BAS): Fortnox itself books invoices and payments there."""
SKEW: Final = 60.0
"""Seconds that our clock may be off: tokens are renewed minutes before their end, and lists are asked for by date."""
_NO_RIGHT: Final = "API_NORIGHT"
"""What Fortnox shows instead of a value that the person who consented may not see (facts §2.6)."""
_LICENCE: Final = "licence_missing"
_SCOPE: Final = "scope_missing"
_RIGHT: Final = ("forbidden", "permission_missing")
_STANDING: Final = frozenset({"connected", _LICENCE})
"""States of a connection that somebody has consented to."""

VAT_RATES: Final = {
    **dict.fromkeys(("MP1", "U1"), Decimal(25)),
    **dict.fromkeys(("MP2", "U2"), Decimal(12)),
    **dict.fromkeys(("MP3", "U3"), Decimal(6)),
    "MF": Decimal(0),
}
"""Fortnox's VAT codes of sales (MP, MF) and of output VAT (U); accounts with other codes, or none, are not judged."""


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How a company's connection stands. ``scopes``: none when it is not known what was consented to."""

    state: str = "connected"
    reason: str = ""
    scopes: Names = ()


NOT_CONNECTED: Final = ConnectionStatus("not connected")


@dataclass(frozen=True, slots=True)
class CompanyInformation:
    """What Fortnox says about the company that our token opens."""

    name: str
    organisation_number: str
    database_number: int | None


@dataclass(frozen=True, slots=True)
class LastVoucher:
    """The last voucher that we wrote, and whether Fortnox has it, with our mark; None: it could not be asked."""

    voucher: str
    found: bool | None


@dataclass(frozen=True, slots=True)
class Clearing:
    """The account of sales on account, between day closes and invoices.

    Attributes:
        balance: what it holds at the end of the year, as Fortnox has it now.
        recent: what we have booked on it ourselves since yesterday: a day's sales and their invoices meet at its close.
    """

    account: int
    balance: Decimal
    recent: Decimal


@dataclass(frozen=True, slots=True)
class Situation:
    """A company as it stands, and what is known of its Fortnox.

    Attributes:
        today: in Sweden.
        organisation_number, database_number: of the company, as we know it; None when nobody has told us.
        waiting: what each waiting or held order needs.
        clock_ahead: seconds that our clock is ahead of Fortnox's; None when its answers carry no date.
        staff: why the list of employees cannot be read; None: it can be, or nobody needs it.
        documents: somebody has asked for the documents of vouchers.
        sales: why customers, invoices or orders cannot be read, by scope, of those that invoicing needs.
        clearing: why the clearing account cannot be read, or what it holds; None: nobody needs it.
        last: None when we have written nothing yet.
        ways: how each way in was found by which payloads are fetched.
        resting: which kinds of orders wait for a licence or a right that they need.
    """

    today: date
    settings: TenantSettings = field(default_factory=TenantSettings)
    connection: ConnectionStatus = field(default_factory=ConnectionStatus)
    organisation_number: str | None = None
    database_number: int | None = None
    company: CompanyInformation | Unread = NOT_READ
    setup: Setup = field(default_factory=Setup)
    staff: Unread | None = None
    documents: bool = False
    sales: tuple[tuple[str, Unread], ...] = ()
    clearing: Clearing | Unread | None = None
    waiting: tuple[Need, ...] = ()
    clock_ahead: float | None = None
    last: LastVoucher | None = None
    ways: tuple[WayFound, ...] = ()
    resting: tuple[Resting, ...] = ()

    @property
    def not_shown(self) -> str:
        """Why a list that no other check is about could not be read, for none of the reasons that have checks."""
        why = (one.code for one in (self.staff, *(unread for _, unread in self.sales)) if one is not None)
        return next((code for code in why if code not in {_LICENCE, _SCOPE, *_RIGHT}), "")

    def refused(self, *codes: str) -> Names:
        """Return the scopes of what Fortnox did not show for one of these reasons."""
        setup = self.setup
        read = (
            ("companyinformation", self.company),
            ("bookkeeping", setup.years),
            *(("bookkeeping", one) for one in (*setup.series.values(), *setup.accounts.values())),
            ("costcenter", setup.cost_centres),
            ("settings", setup.locked_until),
            ("salary", self.staff),
            *self.sales,
        )
        found = (scope for scope, one in read if isinstance(one, Unread) and one.code in codes)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: what is wrong by its names, why it could not be checked, how many orders wait for it."""

    state: CheckState
    names: Names = ()
    why: str = ""
    flows: Names = ()
    waiting: int = 0
    ways: tuple[WayFound, ...] = ()


OK: Final = Finding("ok")
NOT_APPLICABLE: Final = Finding("not applicable")


def years_that_matter(situation: Situation) -> tuple[date, ...]:
    """Return a day of each year that a mapping must fit: today's, and the next one's first from a month before on.

    Where no year holds today, the next one begins on a first day of the years that there are; without any, in January.
    """
    today, year = situation.today, situation.setup.year_of(situation.today)
    begins = year.last + timedelta(days=1) if year is not None else _next_first_day(situation.setup, today)
    return (today, begins) if begins - today <= timedelta(days=31) else (today,)


def _next_first_day(setup: Setup, today: date) -> date:
    known = setup.years if isinstance(setup.years, tuple) else ()
    newest = max((year.last for year in known), default=date(today.year, 12, 31)) + timedelta(days=1)
    return next(day for year in (today.year, today.year + 1) if (day := date(year, newest.month, 1)) > today)


def needs_of(situation: Situation) -> tuple[Need, ...]:
    """Return what the mapping needs in each year that matters, and what each waiting order needs."""
    mapped, closing = situation.settings.daysales, situation.settings.yearend
    invoicing = situation.settings.invoicing
    needs: list[Need] = []
    for day in years_that_matter(situation):
        if (year := situation.setup.year_of(day)) is None:
            continue
        if mapped is not None:
            needs.append(Need("daysales", day, mapped.series, _rows(mapped, year)))
        if invoicing is not None and invoicing.in_day_close and invoicing.series is not None:
            needs.append(Need("invoicing", day, invoicing.series))
        if closing is not None:  # the series only: of which accounts and days, its entries tell
            needs.append(Need("yearend", day, closing.series, not_locked=True))
    return (*needs, *situation.waiting)


def _overlaps(choice: Dated, year: Year) -> bool:
    return (choice.valid_from or date.min) <= year.last and (choice.valid_to or date.max) >= year.first


def _rows(mapped: DaySalesSettings, year: Year) -> tuple[RowContent, ...]:
    """Return every row that the mapping can make in a year.

    Sales rows carry a store's cost centre; a store without one is told from its waiting orders only.
    """
    of_year = partial(filter, lambda choice: _overlaps(choice, year))
    choices = chain(mapped.payments, mapped.sales, mapped.vat, mapped.others)
    accounts = dict.fromkeys(choice.account for choice in of_year(choices) if choice.account is not None)
    if mapped.unmapped == "fallback" and mapped.fallback_account is not None:
        accounts[mapped.fallback_account] = None
    centres = tuple(dict.fromkeys(store.cost_centre for store in of_year(mapped.cost_centres)))
    return tuple(
        RowContent(account, centre)
        for account in accounts
        for centre in (centres if account >= FIRST_RESULT_ACCOUNT and centres else (None,))
    )


# --- The checks ---------------------------------------------------------------------------------------------------


def the_company_has_consented(situation: Situation) -> Finding:
    """Demand a connection that stands: nothing else can be known without it."""
    connection = situation.connection
    if connection.state in _STANDING:
        return OK
    return Finding("failed", (connection.state.replace("_", " "),), flows=needs.flows(situation.settings))


def every_scope_is_granted(situation: Situation) -> Finding:
    """Demand every scope that the switched-on flows need; where it is not known what was granted, Fortnox tells."""
    connection = situation.connection
    if connection.state not in _STANDING:
        return Finding("not checked", why="not_connected")
    if connection.scopes:
        missing = needs.missing_scopes(situation.settings, connection.scopes)
        flows = dict.fromkeys(f for scope in missing for f in needs.flows_that_need(scope, situation.settings))
        return Finding("failed", missing, flows=tuple(flows)) if missing else OK
    refused = situation.refused(_SCOPE)
    if isinstance(situation.company, Unread) and not refused:
        return Finding("not checked", why=situation.company.code)
    return _failed_if(refused, situation)


def files_are_consented_to(situation: Situation) -> Finding:
    """Demand the second consent of whoever wants documents, or reports beside vouchers: lists would just be empty."""
    connection = situation.connection
    beside = AttachFile in situation.settings.carried_out("daysales")
    wanted = {
        **({"daysales": needs.NEEDS[AttachFile].scopes} if beside else {}),
        **({"documents": needs.EXTRAS["documents"].scopes} if situation.documents else {}),
    }
    if not wanted:
        return NOT_APPLICABLE
    if connection.state not in _STANDING or not connection.scopes:
        return Finding("not checked", why="scopes_unknown" if connection.state in _STANDING else "not_connected")
    held = frozenset(connection.scopes)
    missing = tuple(dict.fromkeys(scope for scopes in wanted.values() for scope in scopes if scope not in held))
    flows = tuple(flow for flow, scopes in wanted.items() if not held.issuperset(scopes))
    return Finding("failed", missing, flows=flows) if missing else OK


def the_integration_licence_is_there(situation: Situation) -> Finding:
    """Demand the licence that lets integrations in at all; without it not even the company's name can be read."""
    if situation.connection.state == _LICENCE or _code(situation.company) == _LICENCE:
        return Finding("failed", ("Integration",), flows=needs.flows(situation.settings))
    return Finding("not checked", why=situation.company.code) if isinstance(situation.company, Unread) else OK


def every_module_is_there(situation: Situation) -> Finding:
    """Demand the modules of the switched-on flows: without one its lists are refused, while others can be read."""
    if isinstance(situation.company, Unread):
        return Finding("not checked", why=situation.company.code)
    return _shown(needs.modules_that_open(situation.refused(_LICENCE), situation.settings), situation)


def the_person_who_consented_may_do_this(situation: Situation) -> Finding:
    """Demand the rights of whoever consented: Fortnox forbids what that person may not do, or hides values."""
    names = situation.refused(*_RIGHT)
    if isinstance(situation.company, Unread) and not names:
        return Finding("not checked", why=situation.company.code)
    if isinstance(situation.company, CompanyInformation) and situation.company.organisation_number == _NO_RIGHT:
        names = (*names, "OrganizationNumber")
    return _shown(names, situation)


def no_kind_of_order_waits(situation: Situation) -> Finding:
    """Demand that no kind of order waits for a licence or a right of its own; the other kinds go on meanwhile."""
    kinds, number = situation.resting, sum(kind.number for kind in situation.resting)
    if not kinds:
        return NOT_APPLICABLE
    return Finding("failed", tuple(kind.type for kind in kinds), kinds[0].code, _all(situation), number)


def the_organisation_number_matches(situation: Situation) -> Finding:
    """Demand that the books are those of the company that we know: its organisation number, and the pinned database."""
    company = situation.company
    if isinstance(company, Unread):
        return Finding("not checked", why=company.code)
    if situation.organisation_number is None and situation.database_number is None:
        return NOT_APPLICABLE
    ours, theirs = digits(situation.organisation_number), digits(company.organisation_number)
    if ours and theirs and ours != theirs:
        names = (f"{company.name} {shown(theirs)}", f"≠ {shown(ours)}")
        return Finding("failed", names, flows=_all(situation))
    pinned = situation.database_number
    if pinned is not None and company.database_number is not None and pinned != company.database_number:
        return Finding("failed", (f"{company.name} {company.database_number}", f"≠ {pinned}"), flows=_all(situation))
    return OK


def today_has_a_financial_year(situation: Situation) -> Finding:
    """Demand a financial year for today, when something is to be booked."""
    return _years(situation, (situation.today,))


def the_coming_financial_year_is_there(situation: Situation) -> Finding:
    """Demand the next financial year from a month before it begins: on 2 January it is too late."""
    return _years(situation, years_that_matter(situation)[1:])


def vat_codes_match_the_rates(situation: Situation) -> Finding:
    """Demand that the VAT code of each mapped account is that of its rate: the VAT return is made of these codes."""
    mapped, unread = situation.settings.daysales, ""
    wrong: dict[str, None] = {}
    if mapped is None:
        return NOT_APPLICABLE
    for day in years_that_matter(situation):
        year = situation.setup.year_of(day)
        chart = situation.setup.accounts.get(year.id, NOT_READ) if year else NOT_READ
        if year is None or isinstance(chart, Unread):
            unread = unread or (chart.code if isinstance(chart, Unread) else "")
            continue
        sales = ((c.account, c.vat_rate) for c in mapped.sales if _overlaps(c, year))
        output = ((c.account, c.vat_rate) for c in mapped.vat if _overlaps(c, year))
        for number, rate in chain(sales, output):
            account = chart.get(number or 0)
            theirs = VAT_RATES.get(account.vat_code) if account else None
            if account and theirs is not None and rate not in {None, theirs}:
                wrong[f"{account.number} ({account.vat_code} ≠ {rate_text(rate)} %)"] = None
    if wrong:
        return Finding("failed", tuple(wrong), flows=("daysales",))
    return Finding("not checked", why=unread) if unread else OK


def our_clock_is_right(situation: Situation) -> Finding:
    """Demand that our clock and Fortnox's agree within a minute."""
    ahead = situation.clock_ahead
    if ahead is None:
        return Finding("not checked", why="no_date")
    return Finding("failed", (f"{ahead / 60:+.0f} min",), flows=_all(situation)) if abs(ahead) > SKEW else OK


def our_last_voucher_is_found(situation: Situation) -> Finding:
    """Demand that Fortnox still has the last voucher that we wrote, with our mark: else these are other books."""
    last = situation.last
    if last is None:
        return NOT_APPLICABLE
    if last.found is None:
        return Finding("not checked", why="not_read")
    return OK if last.found else Finding("failed", (last.voucher,), flows=_all(situation))


def every_way_in_can_be_used(situation: Situation) -> Finding:
    """Demand that payloads can be fetched from wherever the settings say: what comes there waits at the company's."""
    wrong = tuple(way for way in situation.ways if way.code)
    if wrong:
        return Finding("failed", tuple(way.name for way in wrong), flows=_all(situation), ways=wrong)
    return OK if situation.ways else NOT_APPLICABLE


def what_invoices_need_has_an_account(situation: Situation) -> Finding:
    """Demand the accounts without which sales on account wait: of their means of payment, and of tips if allowed."""
    invoicing, accounts, today = situation.settings.invoicing, situation.settings.daysales, situation.today
    if invoicing is None or accounts is None or not situation.settings.carried_out("invoicing"):
        return NOT_APPLICABLE
    missing: list[str] = []
    if invoicing.in_day_close and mapping.payment_account(accounts, invoicing.method, today) is None:
        missing.append(invoicing.method)
    tips = mapping.category_account(accounts, _TIPS, today) is not None or accounts.unmapped == "fallback"
    if invoicing.allow_tip_on_invoice and not tips:
        missing.append(_TIPS)
    return Finding("failed", tuple(missing), flows=("invoicing",)) if missing else OK


def the_clearing_account_is_its_own(situation: Situation) -> Finding:
    """Demand an account that only sales on account go through, else nobody can tell whether it nets to zero."""
    account, accounts = clearing_account(situation), situation.settings.daysales
    invoicing = situation.settings.invoicing
    if account is None or accounts is None or invoicing is None:
        return NOT_APPLICABLE
    others = chain(
        (one.account for one in accounts.payments if one.method != invoicing.method),
        (one.account for one in accounts.sales),
        (one.account for one in accounts.vat),
        (one.account for one in accounts.others),
        (accounts.fallback_account, RECEIVABLES),
    )
    return Finding("failed", (str(account),), flows=("invoicing",)) if account in set(others) else OK


def the_clearing_account_nets_to_zero(situation: Situation) -> Finding:
    """Demand that what day closes have debited as sold on account is what invoices have taken out of it."""
    clearing = situation.clearing
    if clearing is None:
        return NOT_APPLICABLE
    if isinstance(clearing, Unread):
        return Finding("not checked", why=clearing.code)
    left = clearing.balance - clearing.recent
    return Finding("failed", (f"{clearing.account}: {money.text(left)}",), flows=("invoicing",)) if left else OK


def clearing_account(situation: Situation) -> int | None:
    """Return the account that today's sales on account go through; None where no voucher stands beside invoices."""
    invoicing, accounts = situation.settings.invoicing, situation.settings.daysales
    if invoicing is None or accounts is None or not invoicing.in_day_close:
        return None
    found = mapping.payment_account(accounts, invoicing.method, situation.today)
    return found.account if found else None


def _met(demand: Demand, situation: Situation) -> Finding:
    """Ask a demand of everything that is needed, mapped or waiting."""
    names: dict[str, None] = {}
    flows: dict[str, None] = {}
    unread: list[str] = []
    asked = waiting = 0
    if situation.settings.daysales is not None and isinstance(situation.setup.years, Unread):
        unread.append(situation.setup.years.code)  # what the mapping needs is told by year
    for need in needs_of(situation):
        found = demand.find(need, situation.setup)
        if isinstance(found, Unread):
            unread.append(found.code)
        elif found is not None:
            asked += 1
            names |= dict.fromkeys(found)
            if found:
                flows[need.flow] = None
                waiting += need in situation.waiting
    if names:
        return Finding("failed", tuple(names), flows=tuple(flows), waiting=waiting)
    if unread:
        return Finding("not checked", why=unread[0])
    return OK if asked else NOT_APPLICABLE


def _years(situation: Situation, days: Iterable[date]) -> Finding:
    days, years = tuple(days), situation.setup.years
    if situation.settings.daysales is None or not days:
        return NOT_APPLICABLE
    if isinstance(years, Unread):
        return Finding("not checked", why=years.code)
    missing = tuple(day.isoformat() for day in days if situation.setup.year_of(day) is None)
    return _failed_if(missing, situation)


def _failed_if(names: Names, situation: Situation) -> Finding:
    return Finding("failed", names, flows=_all(situation)) if names else OK


def _shown(names: Names, situation: Situation) -> Finding:
    """Return what lists have shown of names that are missing; that one showed nothing is not green."""
    if not names and (why := situation.not_shown):
        return Finding("not checked", why=why)
    return _failed_if(names, situation)


def _all(situation: Situation) -> Names:
    return needs.flows(situation.settings)


def _code(read: object) -> str:
    return read.code if isinstance(read, Unread) else ""


# --- All of them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its name as a sentence, and the refusals that it would come to."""

    name: str
    find: Callable[[Situation], Finding]
    codes: Names = ()


def _check(find: Callable[[Situation], Finding], *codes: str) -> Check:
    return Check(find.__name__, find, codes)


CHECKS: Final[tuple[Check, ...]] = (
    # May we come in?
    _check(the_company_has_consented, "consent_missing"),
    _check(the_integration_licence_is_there, _LICENCE),
    _check(every_module_is_there, _LICENCE),
    _check(every_scope_is_granted, _SCOPE),
    _check(files_are_consented_to, _SCOPE),
    _check(the_person_who_consented_may_do_this, *_RIGHT),
    _check(no_kind_of_order_waits, _LICENCE, _SCOPE, *_RIGHT),
    # Are these the right books?
    _check(the_organisation_number_matches),
    _check(our_last_voucher_is_found),
    # Will a voucher be taken?
    _check(today_has_a_financial_year, "financial_year_missing"),
    _check(the_coming_financial_year_is_there, "financial_year_missing"),
    *(Check(demand.name, partial(_met, demand), (demand.code,)) for demand in DEMANDS),
    # Will the books be right?
    _check(what_invoices_need_has_an_account),
    _check(the_clearing_account_is_its_own),
    _check(the_clearing_account_nets_to_zero),
    _check(vat_codes_match_the_rates),
    _check(our_clock_is_right),
    # Does everything come in?
    _check(every_way_in_can_be_used),
)
"""In the order in which a person would look; the first red one is often the cause of others."""


def run(situation: Situation, checks: Iterable[Check] = CHECKS) -> dict[str, Finding]:
    """Return what each check finds, by its name."""
    return {check.name: check.find(situation) for check in checks}
