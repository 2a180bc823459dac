"""Vouchers in Fortnox: booked by one POST, found again by the mark in their description."""

from typing import Any, Final
from uuid import UUID

from connectors.fortnox import classify, encode
from connectors.fortnox.classify import Year
from connectors.fortnox.client import BRIEF_WAIT, Fortnox, amend
from infra import telemetry
from infra.plugin import Absent, AlreadyThere, Attempt, Kind, Look, Rejected, RetryLater, Unknown, Verdict
from schemas import ids
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope

_PAGES: Final = 200  # of one day in one series: no list is that long
_NO_YEAR_WAIT: Final = 60.0

_log = telemetry.log(__name__)


async def write(fortnox: Fortnox, order: Envelope[PostVoucher], attempt: Attempt) -> Verdict:
    """Book a voucher: the financial year from memory or by a look-up, then one POST, whose answer decides."""
    year = await fortnox.year(order.data.voucher_date, attempt)
    if not isinstance(year, Year):
        return year
    verdict = await fortnox.ask(
        encode.voucher(order, year.id),
        attempt,
        read=lambda response: classify.classify(response, series=order.data.series, year_id=year.id),
        lost=lambda why: Unknown(f"the voucher was sent and no answer came: {why}"),
    )
    await fortnox.reference.heed(verdict, year.id)
    return verdict


async def probe(fortnox: Fortnox, order: Envelope[PostVoucher], attempt: Attempt) -> Look:
    """Look for the order's mark among the vouchers of its series, year and date, to the last page."""
    year = await fortnox.year(order.data.voucher_date, attempt)
    if isinstance(year, Rejected):  # when it was sent there was a year; so this look says nothing
        return RetryLater(_NO_YEAR_WAIT, year.code, year.why, year.who)
    return year if isinstance(year, RetryLater) else await _search(fortnox, order, year, attempt)


async def _search(fortnox: Fortnox, order: Envelope[PostVoucher], year: Year, attempt: Attempt) -> Look:
    mark = ids.mark(UUID(order.id))
    found: list[VoucherRef] = []
    seen: set[tuple[Any, Any]] = set()  # told apart, since a page that came twice hides another
    complete = False
    for number in range(1, _PAGES + 1):
        page = await fortnox.list(encode.voucher_list(order, year.id, number), "Vouchers", attempt)
        if isinstance(page, RetryLater):
            return page
        vouchers = classify.marked(page.items, mark, series=order.data.series, year_id=year.id)
        if isinstance(vouchers, RetryLater):
            return vouchers
        found += vouchers
        before = len(seen)
        seen |= {(item.get("VoucherSeries"), item.get("VoucherNumber")) for item in page.items}
        complete = len(seen) == page.total if page.total is not None else len(page.items) < encode.LIMIT
        if complete or len(seen) == before:
            break
    if found:
        return _found(fortnox, sorted(set(found), key=lambda voucher: voucher.number), order, attempt)
    if not complete:
        amend(attempt, f"{len(seen)} vouchers read, not all that Fortnox counts")
        return RetryLater(BRIEF_WAIT, "list_moved", "Fortnox's list of vouchers changed while it was read")
    amend(attempt, f"the mark is not among {len(seen)} vouchers")
    return Absent()


def _found(
    fortnox: Fortnox, vouchers: list[VoucherRef], order: Envelope[PostVoucher], attempt: Attempt
) -> AlreadyThere:
    names = ", ".join(map(str, vouchers))
    if len(vouchers) == 1:
        amend(attempt, f"found {names}")
    else:  # somebody copied one, or the promise was broken: a person has to look
        amend(attempt, f"{len(vouchers)} vouchers carry this mark: {names}")
        _log.error("several_vouchers_carry_one_mark", tenant=fortnox.company.tenant, order_id=order.id, vouchers=names)
    return AlreadyThere(vouchers[0])


VOUCHERS = Kind(
    order=PostVoucher, write=write, probe=probe, found_by="its mark at the end of the voucher's description"
)
