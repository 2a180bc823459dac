"""The doctor: reads what a company has set up in Fortnox, checks it, and lets go on what waited for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_json

from connectors.fortnox import classify, encode
from connectors.fortnox.classify import Page, Record
from connectors.fortnox.client import Fortnox, unanswered
from connectors.fortnox.doctor import checks, report, setup
from connectors.fortnox.doctor.checks import CompanyInformation, LastVoucher, Situation
from connectors.fortnox.doctor.reference import Reference, is_of_year
from connectors.fortnox.doctor.report import Examination
from connectors.fortnox.doctor.setup import CHECKABLE, PARSERS, Account, Need, ReferenceKind, Unread
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, store, tenants
from infra.access.connections import Connections
from infra.delivery import answers, orders
from infra.delivery.answers import Unauthorised
from infra.delivery.guests import BACKFILL, LOOK_UP, guest
from infra.delivery.orders import Orders
from infra.delivery.requests import Request
from infra.documents import Documents
from infra.http import Client, Response
from infra.intake import collecting
from infra.plugin import Attempt, CheckSeen, Company, Host
from infra.postgres import text
from infra.verdicts import RetryLater
from schemas import ids
from schemas.base import Language
from schemas.commands import PostVoucher, VoucherRef
from schemas.events import ChecksPassed
from schemas.money import ZERO

_Found = TypeVar("_Found")
_FINDING: Final = TypeAdapter(checks.Finding)

SYSTEM: Final = "fortnox"
_TRIES: Final = 3
_LONGEST_WAIT: Final = 10.0
_PASSING: Final = frozenset({"throttled", "unreachable", "fortnox_failing", "list_moved", "list_unreadable"})
"""What may be otherwise in a few seconds."""
_OF_ONE_LIST: Final = _PASSING | {"scope_missing", "lookup_refused", "forbidden", "permission_missing"}
"""Refusals after which other lists may still be read."""
_ANEW: Final = float("-inf")
"""As an age: read now, whatever is kept."""
_WAITING: Final = 5000
"""Orders that are looked at, the newest ones; the rest is decided when these are."""
_ACCOUNTS_ASKED: Final = 60
"""Accounts that are read one by one, at most, where the list does not say their rules."""
_DOCUMENTS: Final = {False: ("invoice", "Invoices"), True: ("order", "Orders")}
"""What a sale on account becomes, by whether orders are made instead: its scope, and the key of its list."""
_FIRST_PATIENCE: Final = 60.0
_LONGEST_PATIENCE: Final = 86_400.0

_WRITE: Final = text(
    """insert into checks (tenant, system, "check", ok, body, checked_at)
       values (:tenant, 'fortnox', :check, :ok, cast(:body as jsonb), :at)
       on conflict (tenant, system, "check") do update
       set ok = excluded.ok, body = excluded.body, checked_at = excluded.checked_at
       where checks.ok or excluded.body ->> 'state' <> 'not checked'"""
)
"""What was red is not green because it could not be looked at."""

_KEPT: Final = text("""select "check", body, checked_at from checks where tenant = :tenant and system = 'fortnox'""")


@dataclass(frozen=True, slots=True)
class _Held:
    """An order that Fortnox refused and that waits for that reason, for so many seconds, refused so many times."""

    need: Need
    age: float
    refusals: int

    @property
    def may_go(self) -> bool:
        """Tell whether it may be tried again by itself.

        What is refused again although the check was green is refused for something that cannot be seen: each time it is
        left alone for twice as long.
        """
        patience = _FIRST_PATIENCE * 2.0 ** min(self.refusals - 2, 20)
        return self.refusals == 1 or self.age > min(patience, _LONGEST_PATIENCE)


async def examine(host: Host, tenant: str, priority: int = LOOK_UP) -> Examination:
    """Check everything, write it down, and tell what waits for a check that is green now.

    Raises:
        UnknownTenant: no such company.
    """
    situation, held = await known(host, tenant)
    async with reading(host, situation, tenant, priority) as visit:
        situation = await visit.company(situation)
        situation = replace(situation, connection=await _connection(host, tenant))  # as asking has found it
        if visit.closed is None:
            situation = await visit.staff(await visit.setup(situation, frozenset(PARSERS), mapped=True))
            situation = await visit.clearing(await visit.sales(situation), await _recent(host, situation, tenant))
            situation = replace(situation, last=await visit.last(await _last(host, tenant)))
        calls = len(visit.attempt.calls)
    resting = await orders.resting(host.engine, SYSTEM, tenant)
    situation = replace(situation, ways=await collecting.check(host, tenant), resting=resting)
    findings = checks.run(situation)
    passed = tuple(sorted({one.need.code for one in held if one.may_go and setup.is_open(one.need, situation.setup)}))
    report = Examination(tenant, clock.now(), findings, passed, calls)
    await _write(host, report)
    if passed:
        await host.accept(tenant, SYSTEM, (ChecksPassed(codes=passed, checked_at=report.checked_at),))
    return report


async def examined(host: Host, tenant: str, language: Language) -> tuple[CheckSeen, ...]:
    """Return what was found last, in the sequence of the checks."""
    rows = {row.check: row for row in await store.rows(host.engine, _KEPT, {"tenant": tenant})}
    found = {name: (_FINDING.validate_python(row.body), row.checked_at) for name, row in rows.items()}
    known_here = checks.no_kind_of_order_waits  # we know it ourselves, at any time
    waits = known_here(Situation(clock.today(), resting=await orders.resting(host.engine, SYSTEM, tenant)))
    if found or waits.state == "failed":
        found[known_here.__name__] = waits, clock.now()
    return tuple(
        report.seen(check.name, *found[check.name], language) for check in checks.CHECKS if check.name in found
    )


async def recheck(host: Host, tenant: str, codes: Iterable[str]) -> bool:
    """Read no more than these reasons need; where one is gone, examine the company. Tell whether one was."""
    wanted = frozenset(codes)
    situation, held = await known(host, tenant)
    waiting = [one.need for one in held if one.need.code in wanted and one.may_go]
    if not waiting:
        return False
    situation = replace(situation, waiting=tuple(waiting))
    async with reading(host, situation, tenant, BACKFILL) as visit:
        kinds = setup.reads_for(need.code for need in waiting)
        situation = await visit.setup(situation, kinds, mapped=False)
    gone = any(setup.is_open(need, situation.setup) for need in waiting)
    if gone:
        await examine(host, tenant, BACKFILL)
    return gone


class Reading:
    """One visit to one company: as few calls as what is asked for takes.

    Attributes:
        closed: why nothing at all can be read.
    """

    def __init__(self, fortnox: Fortnox, attempt: Attempt) -> None:
        self._fortnox, self.attempt = fortnox, attempt
        self._reference = Reference(fortnox)
        self.closed: Unread | None = None
        self._ahead: float | None = None

    async def company(self, situation: Situation) -> Situation:
        """Read whose books these are, and what Fortnox's clock says."""
        request = Request("GET", "companyinformation", {})
        found = await self._patiently(lambda: self._ask(request, "CompanyInformation"))
        if isinstance(found, Unread):
            closed = found.code not in _OF_ONE_LIST
            self.closed = found if closed else None
            setup_ = setup.Setup(years=found, cost_centres=found, locked_until=found) if closed else situation.setup
            return replace(situation, company=found, setup=setup_, clock_ahead=self._ahead)
        item = next(iter(found.items), {})
        number = str(item.get("DatabaseNumber") or "")
        company = CompanyInformation(
            name=str(item.get("CompanyName") or ""),
            organisation_number=str(item.get("OrganizationNumber") or ""),
            database_number=int(number) if number.isdecimal() else None,
        )
        return replace(situation, company=company, clock_ahead=self._ahead)

    async def setup(self, situation: Situation, kinds: frozenset[ReferenceKind], *, mapped: bool) -> Situation:
        """Read lists of these kinds, for the years of what waits and, if ``mapped``, for those that matter besides."""
        found: dict[tuple[ReferenceKind, int], Any] = {}
        if "years" in kinds:
            found["years", 0] = await self._list("years", 0)
        situation = replace(situation, setup=setup.setup_of(found))
        days = [need.day for need in situation.waiting]
        if mapped and (situation.settings.daysales or situation.settings.yearend):
            days += checks.years_that_matter(situation)
        known = (situation.setup.year_of(day) for day in days)
        for year in dict.fromkeys(year.id for year in known if year is not None):
            for kind in (k for k in ("series", "accounts") if k in kinds):
                found[kind, year] = await self._list(kind, year)
        situation = replace(situation, setup=setup.setup_of(found))
        for year, number in setup.without_rules(checks.needs_of(situation), situation.setup)[:_ACCOUNTS_ASKED]:
            found["accounts", year] = {**found["accounts", year], **await self._account(year, number)}
        if "cost_centres" in kinds and any(need.cost_centres for need in checks.needs_of(situation)):
            found["cost_centres", 0] = await self._list("cost_centres", 0)
        if "locked_period" in kinds:
            found["locked_period", 0] = await self._list("locked_period", 0)
        return replace(situation, setup=setup.setup_of(found))

    async def staff(self, situation: Situation) -> Situation:
        """Ask for one employee where a flow writes them: licence, scope and rights show themselves nowhere else."""
        if situation.settings.employees is None:
            return situation
        request = Request("GET", "employees", {"limit": 1})
        found = await self._patiently(lambda: self._fortnox.list(request, "Employees", self.attempt))
        return replace(situation, staff=found if isinstance(found, Unread) else None)

    async def sales(self, situation: Situation) -> Situation:
        """Ask for one customer, and one invoice or order, where sales on account become such."""
        invoicing = situation.settings.invoicing
        if invoicing is None or not situation.settings.carried_out("invoicing"):
            return situation
        unread = []
        for scope, key in (("customer", "Customers"), _DOCUMENTS[invoicing.order_instead_of_invoice]):
            ask = partial(self._fortnox.list, Request("GET", f"{scope}s", {"limit": 1}), key, self.attempt)
            if isinstance(found := await self._patiently(ask), Unread):
                unread.append((scope, found))
        return replace(situation, sales=tuple(unread))

    async def clearing(self, situation: Situation, recent: Decimal) -> Situation:
        """Read what the clearing account holds, where a voucher stands beside each invoice."""
        account, year = checks.clearing_account(situation), situation.setup.year_of(situation.today)
        if account is None or year is None:
            return situation
        request = Request("GET", f"accounts/{account}", {"financialyear": year.id})
        found = await self._patiently(lambda: self._fortnox.one(request, "Account", self.attempt))
        if isinstance(found, Unread):
            return replace(situation, clearing=found)
        held = setup.balance_of(found.fields if isinstance(found, Record) and is_of_year(found.fields, year.id) else {})
        return replace(situation, clearing=held if isinstance(held, Unread) else checks.Clearing(account, held, recent))

    async def last(self, written: tuple[VoucherRef, str] | None) -> LastVoucher | None:
        """Look for the last voucher that we wrote, by its number and our mark."""
        if written is None:
            return None
        voucher, mark = written
        request = encode.voucher_at(voucher)
        found = await self._patiently(lambda: self._fortnox.one(request, "Voucher", self.attempt))
        if isinstance(found, Unread):
            return LastVoucher(str(voucher), None)
        return LastVoucher(str(voucher), isinstance(found, Record) and classify.shows(found.fields, mark))

    async def series(self, year: int) -> tuple[Mapping[str, Any], ...]:
        """Return a year's voucher series as they were read just now; none when they could not be."""
        found = await self._reference.get("series", self.attempt, year_id=year)
        return () if isinstance(found, RetryLater) else found.items

    async def _account(self, year: int, number: int) -> dict[int, Account]:
        """Return one account as its own record shows it, for a list that does not say its rules."""
        request = Request("GET", f"accounts/{number}", {"financialyear": year})
        found = await self._patiently(lambda: self._fortnox.one(request, "Account", self.attempt))
        if not isinstance(found, Record) or not is_of_year(found.fields, year):
            return {}
        return {number: setup.account_of(found.fields, "ALLOWED")}

    async def _list(self, kind: ReferenceKind, year: int) -> Any:
        get = self._reference.get
        found = await self._patiently(lambda: get(kind, self.attempt, year_id=year, max_age=_ANEW))
        return found if isinstance(found, Unread) else PARSERS[kind](found.items)

    async def _patiently(self, ask: Callable[[], Awaitable[_Found | RetryLater]]) -> _Found | Unread:
        """Ask again what may pass within seconds; what stays unanswered was not read."""
        answer = await ask()
        for _ in range(_TRIES - 1):
            if not isinstance(answer, RetryLater) or answer.code not in _PASSING:
                break
            await clock.sleep(min(answer.after, _LONGEST_WAIT))
            answer = await ask()
        return Unread(answer.code, answer.why) if isinstance(answer, RetryLater) else answer

    async def _ask(self, request: Request, key: str) -> Page | RetryLater:
        asked = clock.now()

        def read(response: Response) -> Page | RetryLater | Unauthorised:
            self._ahead = _ahead(response, asked)
            return classify.page(response, key)

        return await self._fortnox.ask(request, self.attempt, read=read, lost=unanswered)


def _ahead(response: Response, asked: datetime) -> float | None:
    """Return how many seconds our clock was ahead of Fortnox's, halfway between question and answer."""
    theirs = answers.date(response)
    return None if theirs is None else (asked + (clock.now() - asked) / 2 - theirs).total_seconds()


@asynccontextmanager
async def reading(host: Host, situation: Situation, tenant: str, priority: int) -> AsyncIterator[Reading]:
    """Visit a company's Fortnox, in the place that a look of this priority has in its budget."""
    company = Company(tenant, situation.organisation_number, situation.database_number)
    client = Client(timeout=host.settings.of(FortnoxSettings).request_timeout, headers={"Accept": "application/json"})
    async with guest(host, SYSTEM, tenant, priority) as attempt, client:
        yield Reading(Fortnox(company, host, client), attempt)


# --- What we know ourselves ---------------------------------------------------------------------------------------


async def known(host: Host, tenant: str) -> tuple[Situation, list[_Held]]:
    """Return what the database says of a company, and its orders that were refused and wait."""
    company = await tenants.known(host.engine, tenant)
    vouchers = Orders(host.engine, SYSTEM, tenant, PostVoucher)
    is_open = [setup.need_of(order) for order in await vouchers.open(_WAITING)]
    refused = await vouchers.refused(CHECKABLE, _WAITING)
    held = [_Held(setup.need_of(one.order, one.code), one.age, one.refusals) for one in refused]
    situation = Situation(
        today=clock.today(),
        settings=company.settings,
        connection=await _connection(host, tenant),
        organisation_number=company.organisation_number,
        database_number=company.database_number,
        documents=bool(await Documents(host.engine, tenant).counts()),
        waiting=(*is_open, *(one.need for one in held)),
    )
    return situation, held


async def _connection(host: Host, tenant: str) -> checks.ConnectionStatus:
    held = await Connections(host.engine, host.vault).held(tenant, SYSTEM)
    return checks.ConnectionStatus(held.state, held.reason, held.scopes) if held else checks.NOT_CONNECTED


async def _recent(host: Host, situation: Situation, tenant: str) -> Decimal:
    """Return what our vouchers that are dated yesterday or later have booked on the clearing account."""
    account, yesterday = checks.clearing_account(situation), situation.today - timedelta(days=1)
    if account is None:
        return ZERO
    booked = await Orders(host.engine, SYSTEM, tenant, PostVoucher).delivered_since(clock.now() - timedelta(days=3))
    rows = (row for order in booked if order.voucher_date >= yesterday for row in order.rows if row.account == account)
    return sum((row.debit - row.credit for row in rows), ZERO)


async def _last(host: Host, tenant: str) -> tuple[VoucherRef, str] | None:
    """Return the last voucher that we wrote, and its mark."""
    found = await Orders(host.engine, SYSTEM, tenant, PostVoucher).last_voucher()
    return (found[1], ids.mark(found[0])) if found else None


async def _write(host: Host, report: Examination) -> None:
    rows = [
        {
            "tenant": report.tenant,
            "check": name,
            "ok": finding.state != "failed",
            "body": to_json(finding).decode(),
            "at": report.checked_at,
        }
        for name, finding in report.findings.items()
    ]
    async with host.engine.begin() as connection:
        await connection.execute_many(_WRITE, rows)
