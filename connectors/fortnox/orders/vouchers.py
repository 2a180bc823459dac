"""Vouchers in Fortnox: booked by one POST, found again by the mark in their description."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from connectors.fortnox import classify, encode, errors, refusal_words, waiting_words, whose
from connectors.fortnox.classify import Year
from connectors.fortnox.doctor.preflight import believed, not_sent
from connectors.fortnox.orders import doubles
from connectors.fortnox.paging import whole
from connectors.fortnox.session import Session
from infra import telemetry
from infra.delivery.answers import OPERATOR_WAIT, Missing
from infra.delivery.calls import amend, unheard
from infra.plugin import Attempt, Kind
from infra.verdicts import AlreadyThere, Delivered, Look, Rejected, RetryLater, Verdict, noting
from schemas import ids
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.ledger import Sums, booked
from schemas.words import named

_NO_YEAR_WAIT: Final = 60.0

_log = telemetry.log(__name__)


async def write(fortnox: Session, order: Envelope[PostVoucher], attempt: Attempt) -> Verdict:
    """Book a voucher: nothing that is known of its year and the set-up objects, then one POST, whose answer decides.

    It is booked only in the books that it names; a reversal only if what it takes back still stands there; and what
    must not be booked twice only if no other voucher books the same.
    """
    year = await fortnox.year(order.data.voucher_date, attempt, believed=believed(order.data))
    if not isinstance(year, Year):
        return year
    for look in (_stranger, _objection, _gone, _double, _stranger):  # the calls of a full lane take their time
        if said := await look(fortnox, order.data, year, attempt):
            return said
    verdict: Verdict = await fortnox.ask(
        encode.voucher(order, year.id),
        attempt,
        read=lambda response: classify.classify(response, series=order.data.series, year_id=year.id),
        lost=unheard,
    )
    await fortnox.reference.heed(verdict, year.id)
    if isinstance(verdict, Delivered) and (adapted := encode.adapted(order.data)):
        return replace(verdict, **noting([*([verdict.said] if verdict.note else []), *adapted]))
    return verdict


async def _stranger(
    fortnox: Session, order: PostVoucher, _year: Year, attempt: Attempt
) -> Rejected | RetryLater | None:
    """Say that the books are not those that an order is for."""
    if order.organisation_number is None and order.database_number is None:
        return None
    books = await fortnox.books(attempt)
    if isinstance(books, RetryLater):
        return books
    found = whose.objection(books, order.organisation_number, order.database_number)
    return _not_sent(fortnox, attempt, Rejected.saying(*found, "operator")) if found else None


async def _objection(
    fortnox: Session, order: PostVoucher, year: Year, attempt: Attempt
) -> Rejected | RetryLater | None:
    return await fortnox.preflight.objection(order, year.id, attempt)


async def _double(fortnox: Session, order: PostVoucher, year: Year, attempt: Attempt) -> Rejected | RetryLater | None:
    """Say which voucher that is not ours books the same on that day."""
    if not order.look_for_double:
        return None
    found = await doubles.find(fortnox, order, year, attempt)
    if not isinstance(found, VoucherRef):
        return found
    why = refusal_words.BOOKS_THE_SAME(voucher=str(found), day=order.voucher_date)
    return _not_sent(fortnox, attempt, Rejected.saying("suspected_double", why, "accountant", voucher=found))


def _not_sent(fortnox: Session, attempt: Attempt, rejected: Rejected) -> Rejected:
    reason = named("fortnox", "reason", rejected.code)
    not_sent(attempt, waiting_words.NOT_SENT(reason=reason, why=rejected.said))
    return errors.explained(rejected, fortnox.host.settings.language)


async def _gone(fortnox: Session, order: PostVoucher, _year: Year, attempt: Attempt) -> Rejected | RetryLater | None:
    """Say which voucher a reversal would take back that is not there any more, or whose number is another one's."""
    for voucher in order.relates_to if order.purpose == "reverse" else ():
        answer = await fortnox.one(encode.voucher_at(voucher), "Voucher", attempt)
        if isinstance(answer, RetryLater):
            return answer
        is_ours = isinstance(answer, Missing) or order.takes_back is None or _is_of(answer.fields, order.takes_back)
        if isinstance(is_ours, RetryLater):
            return is_ours
        if isinstance(answer, Missing):
            why = refusal_words.GONE(voucher=str(voucher))
        elif not is_ours:
            why = refusal_words.NOT_OURS(voucher=str(voucher))
        else:
            continue
        amend(attempt, waiting_words.NOT_REVERSED(why=why))
        return errors.explained(Rejected.saying("voucher_gone", why, "accountant"), fortnox.host.settings.language)
    return None


def _is_of(voucher: Mapping[str, Any], order_id: UUID) -> bool | RetryLater:
    """Tell whether a voucher is what an order was carried out as, unless what tells it is hidden from us."""
    is_ours = classify.shows(voucher, ids.mark(order_id))
    if is_ours is None:
        why = refusal_words.HIDDEN(fields=["Description"])
        return RetryLater.saying(OPERATOR_WAIT, "field_unreadable", why, "operator", alone=True)
    return is_ours


async def probe(fortnox: Session, order: Envelope[PostVoucher], attempt: Attempt) -> Look:
    """Look for the order's mark among the vouchers of its series, year and date, to the last page."""
    year = await fortnox.year(order.data.voucher_date, attempt, believed=believed(order.data))
    if isinstance(year, Rejected):  # when it was sent there was a year; so this look says nothing
        return RetryLater(_NO_YEAR_WAIT, year.code, year.why, year.who, alone=True, wording=year.wording)
    return year if isinstance(year, RetryLater) else await _search(fortnox, order, year, attempt)


async def _search(fortnox: Session, order: Envelope[PostVoucher], year: Year, attempt: Attempt) -> Look:
    listed = await whole(
        fortnox,
        lambda page: encode.voucher_list(order, year.id, page),
        "Vouchers",
        attempt,
        name=lambda item: (item.get("VoucherSeries"), item.get("VoucherNumber")),
    )
    if isinstance(listed, RetryLater):
        return listed
    mark = ids.mark(UUID(order.id))
    found = classify.marked(listed.items, mark, series=order.data.series, year_id=year.id)
    if isinstance(found, RetryLater):
        return found
    if found:
        return await _found(fortnox, sorted(set(found), key=lambda voucher: voucher.number), order, attempt)
    return listed.absent(attempt)


async def _found(
    fortnox: Session, vouchers: list[VoucherRef], order: Envelope[PostVoucher], attempt: Attempt
) -> AlreadyThere | RetryLater:
    names = tuple(map(str, vouchers))
    if len(vouchers) == 1:
        amend(attempt, waiting_words.FOUND(names=names))
    else:  # somebody copied one, or the promise was broken: a person has to look
        amend(attempt, waiting_words.SEVERAL(number=len(vouchers), names=names))
        _log.error("several_vouchers_carry_one_mark", tenant=fortnox.company.tenant, order_id=order.id, vouchers=names)
    others = []
    for voucher in vouchers[1:]:
        answer = await fortnox.one(encode.voucher_at(voucher), "Voucher", attempt)
        if isinstance(answer, RetryLater):
            return answer
        # Whoever reverses a voucher in Fortnox copies its text, and our mark with it: that one is no second posting.
        if not isinstance(answer, Missing) and classify.sums(answer.fields) != _taken_back(order.data):
            others.append(voucher)
    return AlreadyThere(vouchers[0], others=tuple(others), **noting(encode.adapted(order.data)))


def _taken_back(order: PostVoucher) -> Sums:
    return booked((row.account, None, None, row.credit - row.debit) for row in order.rows)


VOUCHERS = Kind(
    order=PostVoucher, write=write, probe=probe, found_by="its mark at the end of the voucher's description"
)
