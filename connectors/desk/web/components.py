"""The parts that pages are made of, shown together: for whoever makes a page, and for whoever tests one."""

from decimal import Decimal
from typing import Final

from starlette.responses import Response

from connectors.desk.web.visit import SIGNED_IN, Page, Visit
from schemas.commands import VoucherRow

_ROWS: Final = (
    VoucherRow(account=1930, debit=Decimal("34464.50"), text="Kort"),
    VoucherRow(account=2611, credit=Decimal("6892.90")),
    VoucherRow(account=3001, credit=Decimal("27571.60"), cost_centre="SODER"),
)


async def _components(visit: Visit) -> Response:
    columns = [(f"{day:02}/11", Decimal(12000 + 3700 * (day % 7)), "wait" if day == 11 else "") for day in range(1, 29)]  # noqa: PLR2004 - one that stands out
    return await visit.show("components.html", rows=_ROWS, names={1930: "Bank"}, columns=columns)


PAGES: Final = (Page("/desk/components", SIGNED_IN, _components),)
