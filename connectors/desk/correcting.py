"""What corrections of booked days would meet in a company's books, put into the rows of their plan."""

from collections.abc import Sequence
from typing import Any

from connectors.desk import looking
from connectors.desk.looking import Looking
from infra.plugin import Host, VoucherOutlook
from schemas.commands import PostVoucher
from schemas.plans import CorrectionRow


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
        "voucher_date": row.day,
        "description": row.name[:180],
    }
    back = tuple(each.model_copy(update={"debit": each.credit, "credit": each.debit}) for each in row.stands)
    return (
        PostVoucher(**content, step="reverse", purpose="reverse", series=row.series, rows=back),
        PostVoucher(**content, step="rebook", purpose="rebook", series=row.new_series, rows=row.becomes),
    )


def _seen(row: CorrectionRow, met: Sequence[VoucherOutlook]) -> CorrectionRow:
    """Return a row with what stands in the way of either voucher: nothing is reversed that cannot be booked anew."""
    _, anew = met
    both = {
        what: tuple(dict.fromkeys(one for outlook in met for one in getattr(outlook, what)))
        for what in ("obstacles", "warnings")
    }
    return looking.stopped(row, looking.told(anew) | both)
