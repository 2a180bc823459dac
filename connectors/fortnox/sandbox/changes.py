"""What the sandbox's own side can change: each change has a body, and a function that makes it."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from connectors.fortnox.sandbox import consent
from connectors.fortnox.sandbox.books import SCOPES, ZERO, Account, Books, Company, CostCentre, DimensionRule, Year
from connectors.fortnox.sandbox.faults import Fault, Faults
from infra import clock


class Body(BaseModel):
    """What a change is asked for with."""

    model_config = ConfigDict(extra="forbid")


class CompanyBody(Body):
    """A company to add. ``cost_centres`` are descriptions by code; without ``consented`` it needs a consent first."""

    database_number: int = Field(ge=1)
    name: str = "Sandlådan AB"
    organisation_number: str = "556000-0001"
    manual_series: tuple[str, ...] = ("A", "F")
    cost_centres: dict[str, str] = {}
    locked_until: date | None = None
    scopes: str = SCOPES
    consented: bool = True


class YearBody(Body):
    """A financial year to add, with the chart and the series of the newest one, or of ``like``."""

    company: int
    id: int = Field(ge=1)
    from_date: date
    to_date: date
    like: int | None = None


class ApproveBody(Body):
    """What a person does with the address that an integration sent the browser to: who, for which company, and what."""

    url: str
    company: int
    user: int = 1
    decision: Literal["approve", "deny"] = "approve"


class ScopesBody(Body):
    """The scopes that a company has consented to from now on, in tokens that are already out as well."""

    company: int
    scopes: str


class WithdrawBody(Body):
    """A consent to withdraw, as a company does inside Fortnox; without ``consent`` all of the company's."""

    company: int
    consent: int | None = None


class FaultsBody(Body):
    """What shall go wrong from now on, instead of what was asked for before. Without ``company``: for every company."""

    company: int | None = None
    seed: int | str = 0
    rates: dict[Fault, float] = {}
    only: str | tuple[str, ...] | None = "POST /3/vouchers"
    script: tuple[Fault | None, ...] = ()
    seconds: dict[Fault, float] = {}


class LockedPeriodBody(Body):
    """The last day of a company's locked period; null opens it."""

    company: int
    end_date: date | None


class AccountBody(Body):
    """An account to add, change or ``remove``; what is left out stays. Without ``year``: in every year."""

    company: int
    number: int = Field(ge=1000, le=9999)
    year: int | None = None
    description: str | None = None
    active: bool | None = None
    cost_centre_rule: DimensionRule | None = None
    remove: bool = False


class SeriesBody(Body):
    """Whether a series is open for manual entry. Without ``year``: in every year."""

    company: int
    code: str
    manual: bool
    year: int | None = None


class Wrong(ValueError):
    """What was asked for cannot be done."""


def company_of(books: Books, number: int) -> Company:
    """Return a company. Raises Wrong when there is none with this number."""
    if number not in books.companies:
        raise Wrong(f"company: no company has database number {number}; add it with POST /_sandbox/companies")
    return books.companies[number]


def years_of(company: Company, year: int | None) -> list[int]:
    """Return the ids of all of a company's years, or that of one. Raises Wrong when there is no such year."""
    if year is not None and year not in company.years:
        raise Wrong(f"year: the company has no financial year {year}; its ids are {sorted(company.years)}")
    return list(company.years) if year is None else [year]


def add_company(books: Books, content: CompanyBody) -> Any:
    """Add a company."""
    company = Company(
        content.database_number,
        content.name,
        content.organisation_number,
        content.manual_series,
        cost_centres={code: CostCentre(code, name) for code, name in content.cost_centres.items()},
        locked_until=content.locked_until,
        scopes=content.scopes,
        consented=content.consented,
    )
    return {"companies": [books.add(company).database_number]}


def add_year(books: Books, content: YearBody) -> Any:
    """Add a financial year."""
    company = company_of(books, content.company)
    like = max(company.years) if content.like is None else years_of(company, content.like)[0]
    if content.id in company.years:
        raise Wrong(f"id: the company has a financial year {content.id}; its ids are {sorted(company.years)}")
    company.years[content.id] = Year(
        content.id,
        content.from_date,
        content.to_date,
        {number: replace(account, balance=ZERO) for number, account in company.years[like].accounts.items()},
        {code: replace(one, next_number=1, vouchers={}) for code, one in company.years[like].series.items()},
    )
    return {"companies": [content.company]}


def approve(books: Books, content: ApproveBody) -> Any:
    """Approve or deny as a person in a browser would, and say where the browser goes."""
    try:
        wanted = consent.read(books, dict(parse_qsl(urlsplit(content.url).query)))
        approved = content.decision == "approve"
        back = consent.decide(books, wanted, content.user, content.company, clock.now(), approved=approved)
    except consent.Impossible as no:
        raise Wrong(str(no)) from no
    except consent.Redirect as refused:
        back = refused
    return {"location": back.location}


def set_scopes(books: Books, content: ScopesBody) -> Any:
    """Change what a company has consented to."""
    company = company_of(books, content.company)
    company.scopes = content.scopes
    for one in books.consents.values():
        if one.database_number == content.company:
            one.scope = content.scopes
    for text, token in books.tokens.items():
        if token.database_number == content.company:
            books.tokens[text] = replace(token, scope=content.scopes)
    return {"companies": [content.company]}


def withdraw(books: Books, content: WithdrawBody) -> Any:
    """Withdraw one consent of a company, or all."""
    company = company_of(books, content.company)
    theirs = [number for number, one in books.consents.items() if one.database_number == content.company]
    if content.consent is None:
        company.consented = False
    elif content.consent not in theirs:
        raise Wrong(f"consent: the company has no consent {content.consent}; it has {theirs}")
    for number in theirs if content.consent is None else [content.consent]:
        consent.withdraw(books, number)
    return {"companies": [content.company]}


def set_faults(books: Books, content: FaultsBody) -> Any:
    """Choose what goes wrong."""
    companies = [company_of(books, content.company)] if content.company is not None else [*books.companies.values()]
    for company in companies:  # each has its own luck
        seed = f"{content.seed}/{company.database_number}"
        company.faults = Faults(seed, content.rates, content.only, script=content.script, seconds=content.seconds)
    return {"companies": [company.database_number for company in companies]}


def lock(books: Books, content: LockedPeriodBody) -> Any:
    """Lock the books until a day, or open them."""
    company_of(books, content.company).locked_until = content.end_date
    return {"companies": [content.company]}


def set_account(books: Books, content: AccountBody) -> Any:
    """Add, change or remove an account."""
    company = company_of(books, content.company)
    for year in years_of(company, content.year):
        chart = company.years[year].accounts
        if content.remove:
            if any(row.account == content.number for one in company.vouchers() for row in one.draft.rows):
                raise Wrong(f"number: account {content.number} stands in vouchers and must stay")
            chart.pop(content.number, None)
            continue
        account = chart.setdefault(content.number, Account(content.number, ""))
        account.description = account.description if content.description is None else content.description
        account.active = account.active if content.active is None else content.active
        account.cost_centre_rule = content.cost_centre_rule or account.cost_centre_rule
    return {"companies": [content.company]}


def set_series(books: Books, content: SeriesBody) -> Any:
    """Open or close a series for manual entry."""
    company = company_of(books, content.company)
    for year in years_of(company, content.year):
        if content.code not in company.years[year].series:
            raise Wrong(f"code: the company has no voucher series {content.code}")
        company.years[year].series[content.code].manual = content.manual
    return {"companies": [content.company]}
