"""What corrections of booked days would meet in a company's books, put into the rows of their plan."""

from collections.abc import Sequence
from typing import Any, Final

from connectors.desk import looking
from connectors.desk import looking_words as words
from connectors.desk.looking import Looking
from infra.plugin import Host, VoucherOutlook
from schemas.commands import PostVoucher
from schemas.plans import CorrectionRow, Obstacle

PERIOD_LOCKED: Final = "period_locked"
"""The code of an obstacle: the day of a voucher is locked."""


def looks(host: Host, tenant: str) -> Looking:
    """Return what looks at the books for a plan of corrections."""
    return Looking(host, tenant, previewed, _seen)


def previewed(row: CorrectionRow) -> tuple[PostVoucher, PostVoucher]:
    """Return the reversal and the voucher instead, as far as the books have something to say of them."""
    content: dict[str, Any] = {
        "flow": "daysales",
        "key": row.about,
        "revision": row.revision,
        "rule": row.rule,
        "description": row.name[:180],
        "exempt_from_lock": row.first_open_day,
    }
    back: dict[str, Any] = {
        "step": "reverse",
        "purpose": "reverse",
        "series": row.series,
        "voucher_date": row.stands_on,
    }
    anew: dict[str, Any] = {"step": "rebook", "purpose": "rebook", "series": row.new_series, "voucher_date": row.day}
    return (
        PostVoucher(**content, **back, rows=tuple(each.swapped for each in row.stands)),
        PostVoucher(**content, **anew, rows=row.becomes),
    )


def _seen(row: CorrectionRow, met: Sequence[VoucherOutlook]) -> CorrectionRow:
    """Return a row with what stands in the way of either voucher: nothing is reversed that cannot be booked anew."""
    _, anew = met
    both = {
        what: tuple({one.why: one for outlook in met for one in getattr(outlook, what)}.values())
        for what in ("obstacles", "warnings")
    }
    if row.first_open_day:
        both["warnings"] = tuple(map(_moved, both["warnings"]))
    return looking.stopped(row, looking.told(anew) | both)


def _moved(warning: Obstacle) -> Obstacle:
    """Return a warning of a lock as what comes of it where the company books on the first open day."""
    if warning.code != PERIOD_LOCKED:
        return warning
    return Obstacle.saying(warning.code, words.FIRST_OPEN_DAY())
