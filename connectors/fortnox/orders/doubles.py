"""Whether another voucher books the same already: typed in by hand, or imported from a file. One call, of one day."""

import asyncio
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Final

from connectors.fortnox import classify, refusal_words, waiting_words
from connectors.fortnox.classify import Year
from connectors.fortnox.client import unanswered
from connectors.fortnox.session import Session
from connectors.fortnox.tokens import SYSTEM
from infra import registry
from infra.delivery.answers import BRIEF_WAIT, Missing
from infra.delivery.calls import amend
from infra.delivery.orders import Orders
from infra.delivery.requests import Request
from infra.plugin import Attempt, Malformed
from infra.verdicts import RetryLater
from schemas import ids
from schemas.commands import PostVoucher, VoucherRef
from schemas.ledger import COST_CENTRE, PROJECT, LedgerVoucher, booked

_OURS: Final = re.compile(rf"\b{re.escape(ids.MARK_PREFIX)}[a-z2-7]{{12}}\b")
_SERIES: Final = re.compile(r"\w{1,10}")


async def find(fortnox: Session, order: PostVoucher, year: Year, attempt: Attempt) -> VoucherRef | RetryLater | None:
    """Return a voucher of the order's day with the same sum on each account, unless it is of the order's own flow.

    One of another flow of ours is a double too: a file of entries may hold the takings that a till has told already.
    So is one with the mark of what the order takes back: whoever reversed that in Fortnox has copied its text.

    The day comes as a SIE file of type 4: lists have no rows, and reading each voucher would take a call for each.
    """
    day = order.voucher_date.isoformat()
    request = Request("GET", "sie/4", {"financialyear": year.id, "fromdate": day, "todate": day})
    answer: bytes | Missing | RetryLater = await fortnox.ask(request, attempt, read=classify.content, lost=unanswered)
    if isinstance(answer, RetryLater):
        return answer
    try:
        first, last, vouchers = await asyncio.to_thread(_vouchers, b"" if isinstance(answer, Missing) else answer)
    except Malformed as error:
        why = waiting_words.SIE_UNREADABLE(day=day, problem=error.problems[0])
        return RetryLater.saying(BRIEF_WAIT, "list_unreadable", why, alone=True)
    if not first <= order.voucher_date <= last:  # it would tell of no voucher of that day
        asked, given = (refusal_words.SPAN(first=of[0], last=of[1]) for of in ((year.first, year.last), (first, last)))
        why = refusal_words.LEDGER_OF_ANOTHER_YEAR(asked=asked, given=given)
        return RetryLater.saying(BRIEF_WAIT, "other_year", why, "developer", alone=True)
    wanted = booked((row.account, row.cost_centre, row.project, row.debit - row.credit) for row in order.rows)
    copied = ids.mark(order.takes_back) if order.takes_back else ""
    ours = Orders(fortnox.host.engine, SYSTEM, fortnox.company.tenant, PostVoucher)
    for voucher in vouchers:
        if voucher.day != order.voucher_date or not _is_named(voucher):
            continue
        if wanted and booked(_rows(voucher)) == wanted:
            found = VoucherRef(series=voucher.series, number=int(voucher.number), year_id=year.id)
            flow = await ours.flow_of(found)  # its text may have been cut, and the mark with it
            is_marked = any(mark != copied for mark in _OURS.findall(voucher.text))
            if flow != order.flow and (flow or not is_marked):
                return found
    amend(attempt, waiting_words.NONE_THE_SAME(number=len(vouchers)))
    return None


def _vouchers(content: bytes) -> tuple[date, date, tuple[LedgerVoucher, ...]]:
    """Return a file's year, and its vouchers. Raises Malformed."""
    with registry.ledger_file().read(BytesIO(content)) as year:
        names = [part.part for part in year.parts]
        found = tuple(voucher for part in year.part(names) for voucher in part.vouchers)
        return year.first, year.last, found


def _is_named(voucher: LedgerVoucher) -> bool:
    return bool(_SERIES.fullmatch(voucher.series)) and voucher.number.isdecimal() and int(voucher.number) > 0


def _rows(voucher: LedgerVoucher) -> Iterator[tuple[int, str | None, str | None, Decimal]]:
    for row in voucher.rows:
        if row.account.isdecimal():
            codes = {one.dimension: one.code for one in row.objects}
            yield int(row.account), codes.get(COST_CENTRE), codes.get(PROJECT), row.amount
