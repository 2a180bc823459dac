"""After a restore: invoices and orders in Fortnox that carry a mark of ours, and that no order here has made."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.fortnox import encode, errors
from connectors.fortnox.forms import invoice
from connectors.fortnox.ledger.books import connect
from connectors.fortnox.tokens import SYSTEM
from infra import tenants
from infra.delivery.guests import LOOK_UP, guest
from infra.delivery.orders import Orders
from infra.delivery.reading import NotRead
from infra.delivery.requests import Request
from infra.plugin import Host
from schemas import ids
from schemas.invoices import CreateInvoice

_BEFORE: Final = timedelta(days=1)
"""Fortnox's clock, in its own zone, may differ from ours."""


async def strangers(host: Host, tenant: str, since: datetime) -> tuple[str, ...]:
    """Return what was made for us since a moment and nobody here knows of, in words; none where nothing is invoiced.

    Raises:
        NotRead: Fortnox does not answer for now.
    """
    company = await tenants.known(host.engine, tenant)
    if company.settings.invoicing is None:
        return ()
    found: list[str] = []
    ours = {ids.mark(each) for each in await Orders(host.engine, SYSTEM, tenant, CreateInvoice).ids()}
    async with guest(host, SYSTEM, tenant, LOOK_UP) as attempt, connect(company, host) as books:
        for kind, form in invoice.DOCUMENTS.items():

            def listed(page: int, path: str = form.path) -> Request:
                changed = f"{(since - _BEFORE).date()} 00:00"
                return Request("GET", path, {"lastmodified": changed, "limit": encode.LIMIT, "page": page})

            try:
                items = (await books.whole(listed, form.many, "DocumentNumber", attempt, keep=_kept)).items
            except NotRead as error:
                if error.verdict.code in errors.OF_A_KIND:  # nothing of this kind can have been written, then
                    continue
                raise
            found += [
                f"{kind} {invoice.number(item)}: {mark} stands on it, and no order here has that mark"
                for item in items
                if (mark := str(item[invoice.MARKED])).startswith(ids.MARK_PREFIX) and mark not in ours
            ]
    return tuple(found)


def _kept(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is held of a listed document: neither who buys, nor what."""
    return {"DocumentNumber": invoice.number(item), invoice.MARKED: str(item.get(invoice.MARKED) or "").strip()}
