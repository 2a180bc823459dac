"""What closing entries would meet in a company's books: asked of the system that keeps them, and put into the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from infra import registry
from infra.commanding import WrongUsage
from infra.plugin import Host, SeriesSeen, VoucherOutlook
from infra.proving.comparing import repeated
from infra.proving.doubles import Double
from schemas.base import SeriesCode
from schemas.commands import PostVoucher, VoucherRow
from schemas.plans import ClosingRow, Obstacle

_SERIES: Final = TypeAdapter[str](SeriesCode)
STOPPED: Final = "what_fortnox_would_refuse_is_not_sent"
"""The rule of a row that something stands in the way of."""


BOOKED_ALREADY: Final = "booked_already"
"""A warning: another flow of ours has booked what an entry holds."""
_NAMED: Final = 5


@dataclass(slots=True)
class Looking:
    """Looks at the books for a plan's rows. ``series``: those that there are in the years of the plan."""

    host: Host
    tenant: str
    chosen: str | None
    series: tuple[SeriesSeen, ...] = field(default=())

    async def __call__(self, rows: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return rows with the chosen series, and with what each would meet; what would be refused is not sent."""
        rows = await self._compared(tuple(_in_series(row, self.chosen) for row in rows))
        asked = [row for row in rows if row.action != "do_nothing"]
        look = registry.systems()[registry.ledger()].outlook if registry.ledger() else None
        if look is None or not asked:
            return rows
        orders = [order for row in asked for order in previewed(row)]
        found = await look(self.host, self.tenant, orders)
        self.series = found.series
        met: dict[int, list[VoucherOutlook]] = {}
        at = iter(found.vouchers)
        for row in asked:
            met[row.row] = [next(at) for _ in previewed(row)]
        return tuple(_seen(row, met[row.row]) if row.row in met else row for row in rows)

    async def _compared(self, rows: tuple[ClosingRow, ...]) -> tuple[ClosingRow, ...]:
        """Return rows, each that holds what we have booked of something else with a warning that says so."""
        coming = [row for row in rows if row.action == "export"]
        found = await repeated(self.host.engine, self.tenant, [previewed(row)[0] for row in coming])
        told = {coming[place].row: _repeats(double) for place, double in found.items()}
        return tuple(
            row.model_copy(update={"warnings": (*row.warnings, told[row.row])}) if row.row in told else row
            for row in rows
        )


def _repeats(double: Double) -> Obstacle:
    booked = ", ".join(f"{one.name} of {one.day} ({one.key})" for one in double.ours[:_NAMED])
    more = f", and {len(double.ours) - _NAMED} more" if len(double.ours) > _NAMED else ""
    why = (
        f"{booked}{more} {'hold' if len(double.ours) > 1 else 'holds'} the same: {double.likeness}. If it is the same "
    )
    return Obstacle(code=BOOKED_ALREADY, why=f"{why}event, leave this row out; nothing is to be reversed yet.")


def read_series(text: str | None) -> str | None:
    """Return the series that somebody names. Raises WrongUsage when none can be called so."""
    if text is None:
        return None
    try:
        return _SERIES.validate_python(text)
    except ValidationError:
        raise WrongUsage(f"{text!r} is no series: its code has 1 to 10 letters or digits") from None


def _in_series(row: ClosingRow, chosen: str | None) -> ClosingRow:
    return row.model_copy(update={"series": chosen}) if chosen and row.action != "do_nothing" else row


def previewed(row: ClosingRow) -> tuple[PostVoucher, ...]:
    """Return the vouchers that a row would book, as far as the books have something to say of them."""
    content: dict[str, Any] = {
        "flow": "yearend",
        "key": row.about,
        "revision": row.content,
        "rule": row.rule,
        "series": row.series,
        "description": row.text[:180],
        "rows": tuple(
            VoucherRow(
                account=each.account,
                debit=each.debit,
                credit=each.credit,
                cost_centre=each.cost_centre,
                text=(each.text or "")[:100] or None,
                project=each.project,
            )
            for each in row.rows
        ),
        "organisation_number": row.organisation_number,
        "database_number": row.database_number,
        "exempt_from_lock": row.series in row.not_locked,
    }
    first = PostVoucher(**content, step="book", purpose="book", voucher_date=row.entry_date)
    if row.reverse_on is None:
        return (first,)
    return (first, PostVoucher(**content, step="turn", purpose="reverse", voucher_date=row.reverse_on))


def _seen(row: ClosingRow, met: Sequence[VoucherOutlook]) -> ClosingRow:
    first, *later = met
    more = [
        Obstacle(code=one.code, why=f"The voucher of {row.reverse_on} waits for it: {one.why}")
        for outlook in later
        for one in outlook.obstacles
        if one not in first.obstacles
    ]
    new: dict[str, Any] = {
        "year": first.year,
        "next_number": first.series.next_number if first.series else None,
        "manual": first.series.is_manual if first.series else None,
        "locked_until": first.locked_until,
        "obstacles": first.obstacles,
        "warnings": (*row.warnings, *first.warnings, *more),
    }
    if first.obstacles:
        new |= {"action": "do_nothing", "rule": STOPPED, "why": first.obstacles[0].why[:1000]}
    return row.model_copy(update=new)
