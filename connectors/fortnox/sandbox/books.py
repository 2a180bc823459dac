"""The books: companies with their years, charts, series and vouchers, in memory."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from connectors.fortnox.sandbox import chart
from connectors.fortnox.sandbox.calls import Calls
from connectors.fortnox.sandbox.faults import Faults

ZERO = Decimal("0.00")
Rule = Literal["ALLOWED", "MANDATORY", "NOTALLOWED"]

CLIENT_ID = "sandbox"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but the sandbox
SCOPES = "bookkeeping companyinformation costcenter settings"
"""What a new company has consented to."""


@dataclass(slots=True)
class Account:
    """An account of one year's chart; ``balance`` is what its vouchers have moved."""

    number: int
    description: str
    active: bool = True
    cost_centre_rule: Rule = "ALLOWED"
    vat_code: str | None = None
    balance: Decimal = ZERO


@dataclass(slots=True)
class CostCentre:
    """A cost centre; its code has 1 to 6 characters."""

    code: str
    description: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a voucher."""

    account: int
    debit: Decimal
    credit: Decimal
    cost_centre: str | None = None
    text: str | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A voucher that has passed every check and lacks only its number."""

    year_id: int
    series: str
    date: date
    description: str
    rows: tuple[Row, ...]
    comments: str | None = None
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher in the books: never changed, never deleted. Lists show it from ``listed_from`` on."""

    draft: Draft
    number: int
    booked_at: datetime
    listed_from: datetime


@dataclass(slots=True)
class Series:
    """A voucher series of one year. Only a manual one takes vouchers from outside."""

    code: str
    description: str
    manual: bool = False
    next_number: int = 1
    vouchers: dict[int, Voucher] = field(default_factory=dict)


@dataclass(slots=True)
class Year:
    """A financial year with its own chart and series."""

    id: int
    from_date: date
    to_date: date
    accounts: dict[int, Account] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)

    def holds(self, day: date) -> bool:
        """Tell whether a day is in this year."""
        return self.from_date <= day <= self.to_date


def standard_years(manual_series: Iterable[str] = ("A", "F")) -> dict[int, Year]:
    """Return the years 2025 (id 3), 2026 (id 4) and 2027 (id 5), each with its own copy of the chart and the series."""
    manual = frozenset(manual_series)
    return {
        key: Year(
            id=key,
            from_date=first,
            to_date=last,
            accounts={number: Account(number, name, vat_code=code) for number, name, code in chart.ACCOUNTS},
            series={code: Series(code, name, manual=code in manual) for code, name in chart.SERIES},
        )
        for key, first, last in chart.YEARS
    }


@dataclass(slots=True)
class Company:
    """One company's Fortnox: what the token of that company opens.

    Attributes:
        database_number: its id; the ``TenantId`` of client credentials.
        manual_series: the series open for manual entry, in the standard years only.
        locked_until: nothing may be booked on this day or before it; None locks nothing.
        preselected_year: the year of a call that names none.
        scopes: what was consented to, separated by spaces.
    """

    database_number: int
    name: str = "Sandlådan AB"
    organisation_number: str = "556000-0001"
    manual_series: InitVar[Iterable[str]] = ("A", "F")
    cost_centres: dict[str, CostCentre] = field(default_factory=dict)
    years: dict[int, Year] = field(default_factory=dict)
    locked_until: date | None = None
    preselected_year: int = chart.PRESELECTED_YEAR
    scopes: str = SCOPES
    faults: Faults = field(default_factory=Faults)
    calls: Calls = field(default_factory=Calls)
    _late: list[tuple[datetime, Callable[[datetime], object]]] = field(default_factory=list)

    def __post_init__(self, manual_series: Iterable[str]) -> None:
        """Give a company without years the standard ones."""
        if not self.years:
            self.years = standard_years(manual_series)

    def year_on(self, day: date) -> Year | None:
        """Return the financial year of a day."""
        return next((year for year in self.years.values() if year.holds(day)), None)

    def book(self, draft: Draft, at: datetime, listed_from: datetime) -> Voucher:
        """Give a draft the next number of its series and put it into the books."""
        year = self.years[draft.year_id]
        series = year.series[draft.series]
        voucher = Voucher(draft, series.next_number, at, listed_from)
        series.vouchers[voucher.number] = voucher
        series.next_number += 1
        for row in draft.rows:
            year.accounts[row.account].balance += row.debit - row.credit
        return voucher

    def later(self, due: datetime, work: Callable[[datetime], object]) -> None:
        """Do something when its time has come: ``settle`` calls it with that time."""
        self._late.append((due, work))
        self._late.sort(key=lambda late: late[0])

    def settle(self, now: datetime) -> None:
        """Do what was due by now. Everything that looks at the books calls this first."""
        while self._late and self._late[0][0] <= now:
            due, work = self._late.pop(0)
            work(due)

    def vouchers(self) -> Iterator[Voucher]:
        """Return every voucher, by year, series and number."""
        for _, year in sorted(self.years.items()):
            for _, series in sorted(year.series.items()):
                yield from series.vouchers.values()


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: who may do what, for whom, and until when."""

    client_id: str
    database_number: int
    scope: str
    expires: datetime


@dataclass(slots=True)
class Books:
    """Everything the sandbox knows.

    Attributes:
        companies: by database number; ``add`` adds one.
        clients: the secret of each client id.
        token_seconds: how long an access token lasts.
        limit: requests in any 5 seconds, per client and company.
        retry_after: whether a 429 says when to come back; not documented by Fortnox (facts §2.1).
        scope_status: 400 or 403, seen both, for a scope that was not consented to (facts §2.4).
        codes: other error codes by refusal, since Fortnox's own are not public for each (facts §7).
    """

    companies: dict[int, Company] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=lambda: {CLIENT_ID: CLIENT_SECRET})
    token_seconds: int = 3600
    limit: int = 25
    retry_after: bool = False
    scope_status: Literal[400, 403] = 403
    codes: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    issued: int = 0
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def add(self, company: Company) -> Company:
        """Add a company and return it. Raises ValueError when its database number is taken."""
        if company.database_number in self.companies:
            raise ValueError(f"database number {company.database_number} is taken: choose another")
        self.companies[company.database_number] = company
        return company

    def settle(self, now: datetime) -> None:
        """Do what was due by now in every company."""
        for company in self.companies.values():
            company.settle(now)
