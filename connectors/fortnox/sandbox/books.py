"""The books: companies with their years, charts, series and vouchers, in memory."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from connectors.fortnox.sandbox import chart, licences
from connectors.fortnox.sandbox.calls import CallLog
from connectors.fortnox.sandbox.faults import Faults
from connectors.fortnox.sandbox.grants import Consent, Integration, IssuedCode, RefreshToken, Token, User
from connectors.fortnox.sandbox.records import Attached, File, Folder, Record

ZERO = Decimal("0.00")
DimensionRule = Literal["ALLOWED", "MANDATORY", "NOTALLOWED"]

CLIENT_ID = "sandbox"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but the sandbox
SCOPES = "bookkeeping companyinformation costcenter settings"
"""What a new company has consented to."""

_Kind = TypeVar("_Kind")
_Passing = Annotated[_Kind, Field(exclude=True)]
"""Not in the file that this is kept in (state.py)."""


@dataclass(slots=True)
class Account:
    """An account of one year's chart.

    Attributes:
        balance: what its vouchers have moved.
        text_rule: of the transaction information.
        brought_forward: the opening balance.
        cost_centre, project, text: proposed for rows; they change nothing.
    """

    number: int
    description: str
    active: bool = True
    cost_centre_rule: DimensionRule = "ALLOWED"
    vat_code: str | None = None
    balance: Decimal = ZERO
    project_rule: DimensionRule = "ALLOWED"
    text_rule: DimensionRule = "ALLOWED"
    brought_forward: Decimal = ZERO
    cost_centre: str | None = None
    project: str | None = None
    text: str | None = None
    sru: int | None = None
    changed: datetime | None = None


@dataclass(slots=True)
class CostCentre:
    """A cost centre; its code has 1 to 6 characters."""

    code: str
    description: str
    active: bool = True
    note: str = ""
    changed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a voucher."""

    account: int
    debit: Decimal
    credit: Decimal
    cost_centre: str | None = None
    text: str | None = None
    quantity: Decimal | None = None
    project: str | None = None


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
    project: str | None = None
    reference: str = ""
    reference_type: str = "MANUAL"


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher in the books: the API neither changes nor deletes one. Lists show it from ``listed_from`` on."""

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
    changed: datetime | None = None


@dataclass(slots=True)
class Year:
    """A financial year with its own chart and series."""

    id: int
    from_date: date
    to_date: date
    accounts: dict[int, Account] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    method: Literal["ACCRUAL", "CASH"] = "ACCRUAL"
    chart_type: str = "BAS 2026"

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
        not_locked: the series that takes vouchers in a locked period all the same (facts §8); no list shows which.
        preselected_year: the year of a call that names none.
        scopes: what was consented to, separated by spaces.
        consented: a service account may be used by every client without a consent that was given on the consent page.
        licences: what the company pays for; see licences.py.
        registers: employees, customers, invoices ... by the name of their path and by their key.
        reserved: keys that stay taken after their record was deleted, by register.
        folders, files: of archive and inbox, by id.
        attached: the files' connections to vouchers, by file id.
        predefined_accounts: account numbers by name.
        cost_centre_support: whether the company uses cost centres at all.
        new_agreement: an agreement is set for new employees; without one they must say their PersonelType.
        unlisted: fields that the lists of accounts and series leave out; the record itself has them (facts §3.6).
        no_right: names of fields that show API_NORIGHT, because the user lacks the right to read them.
        makes: what it makes of employees that are written: ``capitals`` of a city, other ``apostrophes`` in names, the
            ``tax`` of a new one, which it fills in.
        sie_utf8: SIE files are UTF-8 although they say PC8, as was seen (facts §3.9).
        unpaid: locked for an unpaid invoice: a consent comes back with neither code nor error (facts §1.1).
    """

    database_number: int
    name: str = "Sandlådan AB"
    organisation_number: str = "556000-0001"
    manual_series: InitVar[Iterable[str]] = ("A", "F")
    cost_centres: dict[str, CostCentre] = field(default_factory=dict)
    years: dict[int, Year] = field(default_factory=dict)
    locked_until: date | None = None
    not_locked: str | None = "I"
    preselected_year: int = chart.PRESELECTED_YEAR
    scopes: str = SCOPES
    consented: bool = True
    licences: set[str] = field(default_factory=lambda: set(licences.ALL))
    unpaid: bool = False
    registers: dict[str, dict[str, Record]] = field(default_factory=dict)
    reserved: dict[str, list[str]] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    attached: dict[str, Attached] = field(default_factory=dict)
    predefined_accounts: dict[str, int] = field(default_factory=lambda: dict(chart.PREDEFINED))
    cost_centre_support: bool = True
    new_agreement: bool = True
    unlisted: set[str] = field(default_factory=set)
    no_right: set[str] = field(default_factory=set)
    makes: set[Literal["capitals", "apostrophes", "tax"]] = field(default_factory=set)
    sie_utf8: bool = False
    faults: _Passing[Faults] = field(default_factory=Faults)
    calls: _Passing[CallLog] = field(default_factory=CallLog)
    _listeners: _Passing[list[Callable[[Voucher], object]]] = field(default_factory=list)
    _late: _Passing[list[tuple[datetime, Callable[[datetime], object]]]] = field(default_factory=list)

    def __post_init__(self, manual_series: Iterable[str]) -> None:
        """Give a company without years the standard ones."""
        if not self.years:
            self.years = standard_years(manual_series)

    def register(self, name: str) -> dict[str, Record]:
        """Return a register's records by their key; its name is the one of its path, such as ``employees``."""
        if name not in self.registers:
            self.registers[name] = {one["Code"]: Record({**one}) for one in chart.REGISTERS.get(name, ())}
        return self.registers[name]

    def listed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return an account or a series as its list shows it."""
        return {name: value for name, value in record.items() if name not in self.unlisted}

    def seen(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record as whoever consented may see it."""
        return {name: "API_NORIGHT" if name in self.no_right else value for name, value in record.items()}

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
        for listener in self._listeners:
            listener(voucher)
        return voucher

    @contextmanager
    def listening(self, listener: Callable[[Voucher], object]) -> Iterator[None]:
        """Call somebody with each voucher that is booked."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def later(self, due: datetime, work: Callable[[datetime], object]) -> None:
        """Do something when its time has come: ``settle`` calls it with that time."""
        self._late.append((due, work))
        self._late.sort(key=lambda late: late[0])

    def settle(self, now: datetime) -> bool:
        """Do what was due by now, and tell whether there was any. Everything that looks at the books calls this."""
        settled = False
        while self._late and self._late[0][0] <= now:
            due, work = self._late.pop(0)
            work(due)
            settled = True
        return settled

    def vouchers(self) -> Iterator[Voucher]:
        """Return every voucher, by year, series and number."""
        for _, year in sorted(self.years.items()):
            for _, series in sorted(year.series.items()):
                yield from series.vouchers.values()


def _users() -> dict[int, User]:
    return {
        1: User("Siv Sandberg", "siv@sandladan.example", administrator=True),
        2: User("Olle Olsson", "olle@sandladan.example"),
        3: User("Berit Byström", "berit@byran.example", administrator=True),
    }


@dataclass(slots=True)
class Books:
    """Everything the sandbox knows.

    Attributes:
        companies: by database number; ``add`` adds one.
        clients: integrations by client id.
        users: who can log in on the consent page, by id: an administrator, an ordinary user, an agency's accountant.
        consents: what was approved on the consent page, by id.
        authorization_codes, refresh_tokens, tokens: by their text.
        token_seconds: how long an access token lasts.
        code_seconds: how long an authorization code lasts.
        refresh_seconds: how long a refresh token lasts unused: 45 days.
        limit: requests in any 5 seconds, per client and company.
        retry_after: whether a 429 says when to come back; not documented by Fortnox (facts §2.1).
        scope_status: 400 or 403, seen both, for a scope that was not consented to (facts §2.4).
        licence_status: 400 or 403 for a licence that is missing.
        codes: other error codes by refusal, since Fortnox's own are not public for each (facts §7).
        php_json: JSON as PHP writes it, slashes and letters outside ASCII escaped.
        clock_offset: seconds that the server's clock (header Date) is ahead of ours.
        luck: the faults of a company that is added, by its database number; None: none.
    """

    companies: _Passing[dict[int, Company]] = field(default_factory=dict)
    clients: dict[str, Integration] = field(
        default_factory=lambda: {CLIENT_ID: Integration(CLIENT_SECRET, "An integration under test")}
    )
    users: dict[int, User] = field(default_factory=_users)
    consents: dict[int, Consent] = field(default_factory=dict)
    authorization_codes: dict[str, IssuedCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    token_seconds: int = 3600
    code_seconds: int = 600
    refresh_seconds: int = 45 * 24 * 3600
    limit: int = 25
    retry_after: bool = False
    scope_status: Literal[400, 403] = 403
    licence_status: Literal[400, 403] = 403
    codes: dict[str, int] = field(default_factory=dict)
    php_json: bool = True
    clock_offset: float = 0.0
    tokens: dict[str, Token] = field(default_factory=dict)
    issued: int = 0
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    luck: _Passing[Callable[[int], Faults] | None] = None

    def add(self, company: Company) -> Company:
        """Add a company and return it. Raises ValueError when its database number is taken."""
        if company.database_number in self.companies:
            raise ValueError(f"database number {company.database_number} is taken: choose another")
        self.companies[company.database_number] = company
        if self.luck is not None:
            company.faults = self.luck(company.database_number)
        return company

    def settle(self, now: datetime) -> tuple[int, ...]:
        """Do what was due by now in every company, and return those where there was any."""
        return tuple(number for number, company in self.companies.items() if company.settle(now))
