"""What closing entries would meet in a company's books, put into the rows of their plan."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from connectors.desk import looking
from connectors.desk import looking_words as words
from connectors.desk.looking import Looking
from infra.commanding import WrongUsage
from infra.plugin import Host, VoucherOutlook
from infra.proving.comparing import repeated
from infra.proving.doubles import Double
from infra.proving.telling import likeness
from schemas.base import SeriesCode
from schemas.commands import PostVoucher, VoucherRow
from schemas.plans import ClosingRow, Obstacle

_SERIES: Final = TypeAdapter[str](SeriesCode)


BOOKED_ALREADY: Final = "booked_already"
"""A warning: another flow of ours has booked what an entry holds."""
_NAMED: Final = 5


def looks(host: Host, tenant: str, chosen: str | None) -> Looking:
    """Return what looks at the books for a plan of closing entries, in the series that somebody chose."""

    async def prepared(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return await _compared(host, tenant, tuple(_in_series(row, chosen) for row in rows))

    return Looking(host, tenant, previewed, _seen, prepared)


async def _compared(host: Host, tenant: str, rows: tuple[ClosingRow, ...]) -> tuple[ClosingRow, ...]:
    """Return rows, each that holds what we have booked of something else with a warning that says so."""
    coming = [row for row in rows if row.action == "export"]
    found = await repeated(host.engine, tenant, [previewed(row)[0] for row in coming])
    told = {coming[place].row: _repeats(double) for place, double in found.items()}
    return tuple(
        row.model_copy(update={"warnings": (*row.warnings, told[row.row])}) if row.row in told else row for row in rows
    )


def _repeats(double: Double) -> Obstacle:
    booked = [words.OURS(name=one.name, day=one.day, key=one.key) for one in double.ours[:_NAMED]]
    more = [words.AND_MORE(number=len(double.ours) - _NAMED)] if len(double.ours) > _NAMED else []
    said = words.ALL_HOLD_THE_SAME if len(double.ours) > 1 else words.HOLDS_THE_SAME
    return Obstacle.saying(BOOKED_ALREADY, said(booked=[*booked, *more], likeness=likeness(double.likeness)))


def read_series(text: str | None) -> str | None:
    """Return the series that somebody names. Raises WrongUsage when none can be called so."""
    if text is None:
        return None
    try:
        return _SERIES.validate_python(text)
    except ValidationError:
        raise WrongUsage(words.NO_SERIES(series=repr(text))) from None


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
        Obstacle.saying(one.code, words.LATER_WAITS(day=row.reverse_on, why=one.said))
        for outlook in later
        for one in outlook.obstacles
        if one not in first.obstacles
    ]
    new = looking.told(first)
    return looking.stopped(row, new | {"warnings": (*row.warnings, *first.warnings, *more)})
