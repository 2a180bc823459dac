"""The pages for people: the books, and the consent that ``/oauth-v1/auth`` asks for. Neither shows a token."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connectors.fortnox.sandbox import licences
from connectors.fortnox.sandbox.books import Books, Company, Voucher
from connectors.fortnox.sandbox.consent import AuthorizationRequest
from connectors.fortnox.sandbox.records import Record

_NEWEST: Final = 100
_COLUMNS: Final = 7
_NOT_SHOWN: Final = frozenset({"PersonalIdentityNumber", "SocialSecurityNumber"})

_SCOPES_IN_WORDS: Final[Mapping[str, str]] = {
    "archive": "files in the archive",
    "article": "articles",
    "bookkeeping": "accounts, financial years, voucher series and vouchers",
    "companyinformation": "the company's name and number",
    "connectfile": "which file belongs to which voucher or invoice",
    "costcenter": "cost centres",
    "customer": "customers",
    "inbox": "files in the inbox",
    "invoice": "customer invoices",
    "order": "orders",
    "profile": "who gave this permission",
    "project": "projects",
    "salary": "employees, absence and salary",
    "settings": "the company's settings, such as the locked period",
}

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["when"] = lambda at: f"{at:%Y-%m-%d %H:%M:%S}"
_TEMPLATES.filters["money"] = lambda amount: f"{amount:,.2f}".replace(",", "\N{NO-BREAK SPACE}") if amount else ""


def books(known: Books, companies: Sequence[Company]) -> str:
    """Return a page with everything that the companies' books hold, of each kind the newest."""
    return _TEMPLATES.get_template("books.html").render(
        books=known, companies=companies, most=_NEWEST, vouchers=_vouchers, records=_records
    )


def consent(known: Books, wanted: AuthorizationRequest, params: Mapping[str, str], user: int | None) -> str:
    """Return the page on which a person logs in or, logged in as a user, chooses a company and decides."""
    person = None if user is None else known.users.get(user)
    return _TEMPLATES.get_template("consent.html").render(
        wanted=wanted,
        client=known.clients[wanted.client_id],
        hidden={name: value for name, value in params.items() if name not in {"user", "company", "decision"}},
        users=known.users,
        user_id=user,
        person=person,
        companies=[one for one in known.companies.values() if person and person.sees(one.database_number)],
        scopes=[(scope, _SCOPES_IN_WORDS.get(scope, scope)) for scope in wanted.scope.split()],
        needed=licences.named(wanted.scope),
    )


def no_consent(why: str) -> str:
    """Return the page for a request that cannot go back to where it came from."""
    return _TEMPLATES.get_template("no_consent.html").render(why=why)


def _vouchers(company: Company, year_id: int) -> list[Voucher]:
    """Return a year's newest vouchers."""
    found = [one for one in company.vouchers() if one.draft.year_id == year_id]
    return sorted(found, key=lambda one: one.booked_at, reverse=True)[:_NEWEST]


def _records(company: Company) -> list[tuple[str, int, list[str], list[list[str]]]]:
    """Return what else a company holds: of each kind its name, how many, the columns that say something, and rows."""
    held: dict[str, dict[str, Any]] = {
        "cost centres": company.cost_centres,
        **company.registers,
        "files": company.files,
        "files of vouchers": company.attached,
    }
    kinds = []
    for kind, known in held.items():
        records = [_fitting(key, record) for key, record in islice(reversed(known.items()), _NEWEST)]
        names = dict.fromkeys(name for record in records for name in record)
        columns = [name for name in names if any(record.get(name) for record in records)][:_COLUMNS]
        rows = [[record.get(name, "") for name in columns] for record in records]
        if rows:
            kinds.append((kind.capitalize(), len(known), columns, rows))
    return kinds


def _fitting(key: str, record: Any) -> dict[str, str]:
    """Return what of a record fits into a row, its key first."""
    values = record.values if isinstance(record, Record) else asdict(record)
    return {"key": key} | {
        str(name): _cell(value)
        for name, value in values.items()
        if name not in _NOT_SHOWN and value != key and not isinstance(value, bytes | Mapping | list)
    }


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case True | False:
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return str(value)
