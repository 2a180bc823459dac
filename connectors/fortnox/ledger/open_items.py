"""The invoices that were open at a balance date, compared with their account: read on request, and told to nobody."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from connectors.fortnox import open_item_words as say
from connectors.fortnox.classify import Record, Year
from connectors.fortnox.forms import open_items
from connectors.fortnox.forms.open_items import CUSTOMERS, SUPPLIERS, Side
from connectors.fortnox.ledger.books import TRIES, Books, connect
from connectors.fortnox.ledger.fresh import chosen
from connectors.fortnox.tokens import SYSTEM
from infra import clock, tenants
from infra.access.connections import Connections
from infra.delivery.answers import BRIEF_WAIT
from infra.delivery.guests import LOOK_UP, guest
from infra.delivery.reading import NotRead, answered
from infra.plugin import Attempt, Host
from infra.specifications import Finding, OpenInvoice, Specification, Specifications
from infra.verdicts import RetryLater
from schemas.money import ZERO

_NAMED: Final = 10


async def read_open(host: Host, tenant: str, year: int | date) -> Specifications:
    """Read what was open at the end of a year, as ``infra.plugin.System.read_open`` says.

    Raises:
        NotRead: there is no whole answer for now.
        Failed: there is no such year.
    """
    company = await tenants.known(host.engine, tenant)
    async with guest(host, SYSTEM, tenant, LOOK_UP) as attempt, connect(company, host) as books:
        found = chosen(await books.years(attempt), year)
        at = clock.now()
        held = await Connections(host.engine, host.vault).held(tenant, SYSTEM)
        granted = frozenset(held.scopes) if held else frozenset[str]()
        sides = [await _side(books, side, found, granted, attempt) for side in (CUSTOMERS, SUPPLIERS)]
        return Specifications(found.first, found.last, at, tuple(sides))


async def _side(books: Books, side: Side, year: Year, granted: frozenset[str], attempt: Attempt) -> Specification:
    if granted and not side.scopes <= granted:
        return Specification(side.name, side.account, note="not_consented")
    try:
        return await _read(books, side, year, attempt)
    except open_items.Unreadable as error:
        raise NotRead(RetryLater.saying(BRIEF_WAIT, "list_unreadable", error.said, "developer")) from error
    except NotRead as error:
        if error.verdict.who is None or error.verdict.steady:
            raise
        return Specification(side.name, side.account, note="not_permitted")


async def _read(books: Books, side: Side, year: Year, attempt: Attempt) -> Specification:
    day = year.last
    invoices: list[Mapping[str, Any]] = []
    for request in (side.unpaid, side.paid_since):
        listed = await books.whole(
            partial(request, day), side.many, side.number, attempt, keep=partial(open_items.kept, side=side)
        )
        invoices += listed.items
    payments: Sequence[Mapping[str, Any]] = ()
    if invoices:
        since = partial(side.payments_since, day)
        payments = (await books.whole(since, side.many_payments, "Number", attempt, keep=open_items.payment)).items
    found = open_items.found(side, day, invoices, payments)
    opened = [*found.open]
    for item in found.ask:
        of = partial(side.payments_of, str(item[side.number]))
        its = (await books.whole(of, side.many_payments, "Number", attempt, keep=open_items.payment)).items
        opened += filter(None, [open_items.by_its_payments(side, day, item, its)])
    opened.sort(key=lambda one: (one.day, len(one.number), one.number))
    balance = await _balance(books, side, year, attempt)
    total = sum((one.open for one in opened), ZERO)
    return Specification(
        side.name,
        side.account,
        invoices=tuple(opened),
        total=total,
        balance=balance,
        findings=tuple(_findings(side, total, balance, found, opened)),
    )


async def _balance(books: Books, side: Side, year: Year, attempt: Attempt) -> Decimal | None:
    """Return what stands on the account; None: the year's chart has none of this number."""
    got = await answered(lambda: books.one(open_items.account(side, year), "Account", attempt), TRIES)
    return open_items.balance(got.fields) if isinstance(got, Record) else None


def _findings(
    side: Side, total: Decimal, balance: Decimal | None, found: open_items.Found, opened: Sequence[OpenInvoice]
) -> list[Finding]:
    said: list[Finding] = []
    stands = (balance or ZERO) * side.sign
    if total != stands:
        said.append(
            Finding(
                "differs_from_account",
                say.DIFFERS(total=total, account=side.account, stands=stands, gap=stands - total),
            )
        )
    if found.not_booked:
        said.append(Finding("not_booked", say.NOT_BOOKED(number=found.not_booked)))
    if found.payments_not_booked:
        said.append(Finding("payments_not_booked", say.PAYMENTS_NOT_BOOKED(number=found.payments_not_booked)))
    foreign = [one.number for one in opened if one.currency != "SEK"]
    if foreign:
        *named, last = foreign[:_NAMED]
        more = len(foreign) - _NAMED
        ending = say.AND_MORE(number=last, more=more) if more > 0 else last
        said.append(Finding("foreign_currency", say.FOREIGN(numbers=[*named, ending])))
    return said
