"""What the vouchers of a plan's rows would meet in a company's books: asked of the system that keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from infra import registry
from infra.deciding.planning import Look
from infra.plugin import Host, SeriesSeen, VoucherOutlook
from schemas.commands import PostVoucher
from schemas.plans import BooksRow, reasoned

STOPPED: Final = "what_fortnox_would_refuse_is_not_sent"
"""The rule of a row that something stands in the way of."""

RowT = TypeVar("RowT", bound=BooksRow)


@dataclass(slots=True)
class Looking:
    """Looks at the books for a plan's rows.

    Attributes:
        previewed: the vouchers that a row would book, as far as the books have something to say of them.
        seen: a row with what its vouchers would meet.
        prepared: rows before they are looked at.
        series: those that there are in the years of the plan.
    """

    host: Host
    tenant: str
    previewed: Callable[[Any], tuple[PostVoucher, ...]]
    seen: Callable[[Any, Sequence[VoucherOutlook]], Any]
    prepared: Look | None = None
    series: tuple[SeriesSeen, ...] = ()

    async def __call__(self, rows: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return rows with what each would meet; what would be refused is not sent."""
        rows = await self.prepared(rows) if self.prepared else rows
        asked = {row.row: self.previewed(row) for row in rows if row.action != "do_nothing"}
        look = registry.systems()[registry.ledger()].outlook if registry.ledger() else None
        if look is None or not asked:
            return rows
        found = await look(self.host, self.tenant, [order for orders in asked.values() for order in orders])
        self.series = found.series
        at = iter(found.vouchers)
        met = {number: [next(at) for _ in orders] for number, orders in asked.items()}
        return tuple(self.seen(row, met[row.row]) if row.row in met else row for row in rows)


def told(outlook: VoucherOutlook) -> dict[str, Any]:
    """Return what a row shows of a voucher's outlook."""
    return {
        "year": outlook.year,
        "next_number": outlook.series.next_number if outlook.series else None,
        "manual": outlook.series.is_manual if outlook.series else None,
        "locked_until": outlook.locked_until,
        "obstacles": outlook.obstacles,
        "warnings": outlook.warnings,
    }


def stopped(row: RowT, new: dict[str, Any]) -> RowT:
    """Return a row with what it would meet; nothing is done where something stands in its way."""
    if obstacles := new["obstacles"]:
        new = {**new, "action": "do_nothing", "rule": STOPPED, **reasoned(obstacles[0].said)}
    return row.model_copy(update=new)
