"""The Z report beside its voucher: once, readable, and without a word about money when Fortnox does not take it."""

import hashlib
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from schemas.audit import Outcome
from schemas.bas import BAS_DAY_SALES
from schemas.commands import AttachFile, CloseReview, HoldForReview, PostVoucher
from schemas.documents import Document
from schemas.events import RateTotal
from schemas.settings import CategoryAccount, TenantSettings
from streams.daysales import report
from tests.streams.daysales.days import (
    NOW,
    Host,
    answered,
    attachment,
    chosen,
    day,
    money,
    outcome,
    paid,
    sold,
)
from tests.streams.daysales.test_correcting import Company

ATTACHES = chosen(attach_report=True, amended="reverse")


def with_tips_elsewhere() -> TenantSettings:
    """Return the same settings with another account for tips."""
    others = tuple(
        CategoryAccount(category=o.category, account=2890) if o.category == "tips" else o for o in BAS_DAY_SALES.others
    )
    return chosen(attach_report=True, amended="reverse", others=others)


def booked(host: Host, **changes: Any) -> AttachFile:
    """Book a day; return the order that puts its report beside the voucher."""
    (order,) = host.tell(day(**changes))
    assert isinstance(order, PostVoucher)
    (beside,) = host.tell(outcome(order))
    assert isinstance(beside, AttachFile)
    return beside


def test_a_report_is_put_beside_its_voucher_once() -> None:
    """After booking, where the company chose so; whatever is told again, nothing more is ordered."""
    host = Host(ATTACHES)
    beside = booked(host)
    assert str(beside.voucher) == "F 12"
    assert beside.rule == "the_report_is_put_beside_its_voucher"
    assert beside.sha256 == hashlib.sha256(beside.content).hexdigest()
    assert host.tell(attachment(beside)) == ()
    assert host.tell(day()) == ()
    assert host.apply(ATTACHES) == ()
    without = Host()
    (order,) = without.tell(day())
    assert isinstance(order, PostVoucher)
    assert without.tell(outcome(order)) == ()


def test_the_tills_own_report_is_named_by_its_hash() -> None:
    """The order has none of its content: the document store does, under the hash that the till's report came with."""
    own = Document(sha256="ab" * 32, size=700)
    beside = booked(Host(ATTACHES), pdf=own)
    assert (beside.sha256, beside.content) == (own.sha256, b"")
    assert beside.name == "Z-rapport K1 12 2026-04-10.pdf"
    assert beside.rule == "the_tills_own_report_is_put_beside_its_voucher"


def test_a_readable_report_stands_in_for_what_is_no_pdf_and_says_so() -> None:
    """What is wrong with the till's own loses neither the day nor the evidence."""
    beside = booked(Host(ATTACHES), pdf_flaw="not_a_pdf")
    text = pypdf.PdfReader(io.BytesIO(beside.content)).pages[0].extract_text()
    assert "Kassans egen PDF gick inte att använda: den är ingen hel PDF." in text
    assert beside.rule == "a_readable_report_stands_in_for_a_wrong_pdf"


def test_a_corrected_day_has_its_own_report_beside_each_voucher() -> None:
    """The voucher that is reversed keeps its report, and the new one gets that of its own content."""
    host = Host(ATTACHES)
    first = booked(host)
    assert host.tell(attachment(first)) == ()
    (reversal,) = host.tell(day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00"))))
    assert isinstance(reversal, PostVoucher)
    (again,) = host.tell(outcome(reversal, number=13))
    assert isinstance(again, PostVoucher)
    (beside,) = host.tell(outcome(again, number=14))
    assert isinstance(beside, AttachFile)
    assert str(beside.voucher) == "F 14"
    assert beside.content != first.content


@pytest.mark.parametrize("result", ["delivered", "rejected"])
@pytest.mark.parametrize("by", ["the till", "a plan"])
def test_a_corrected_day_waits_for_what_became_of_the_report_beside_its_first_voucher(by: str, result: Outcome) -> None:
    """It may wait long, for a consent to files say; the report of the voucher that stands is no repetition of it."""
    host = Company(ATTACHES)
    first = booked(host)
    host.apply(with_tips_elsewhere())
    changed = day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00")))
    (reversal,) = host.tell(changed) if by == "the till" else host.approve(host.row())
    assert isinstance(reversal, PostVoucher)
    (again,) = host.tell(outcome(reversal, number=13))
    assert isinstance(again, PostVoucher)
    assert host.tell(outcome(again, number=14)) == ()
    (beside,) = host.tell(attachment(first, result))
    assert isinstance(beside, AttachFile)
    assert (str(first.voucher), str(beside.voucher)) == ("F 12", "F 14")
    assert beside.id_in("acme") != first.id_in("acme"), "the journal would drop it: the first one of an id wins"
    assert beside.replaces == (first.id_in("acme") if result == "rejected" else None)
    assert host.tell(attachment(beside)) == ()
    assert not host.state().hold


def test_a_report_that_is_not_taken_holds_the_day_and_changes_no_money() -> None:
    """A person lets it go again as a new order that replaces the refused one, or leaves the voucher without it."""
    host = Host(ATTACHES)
    beside = booked(host)
    (hold,) = host.tell(attachment(beside, "rejected", "Filen är för stor."))
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "report_not_attached"
    assert "F 12" in hold.message
    assert "Filen är för stor." in hold.message
    assert {choice.answer for choice in hold.choices} == {"retry", "without"}

    closed, again = host.tell(answered(hold, "retry"))
    assert isinstance(closed, CloseReview)
    assert isinstance(again, AttachFile)
    assert again.replaces == beside.id_in("acme")
    assert again.step == "attach/2"
    (hold,) = host.tell(attachment(again, "rejected"))
    assert isinstance(hold, HoldForReview)
    (closed,) = host.tell(answered(hold, "without"))
    assert isinstance(closed, CloseReview)
    assert not host.state().hold


@pytest.mark.parametrize("result", ["delivered", "rejected"])
@pytest.mark.parametrize("code", ["amended_after_booking", "discarded", "period_locked"])
def test_what_became_of_a_report_says_nothing_of_what_the_day_waits_for(code: str, result: Outcome) -> None:
    """The same hold stays open, and what a person had discarded or Fortnox refused is not sent again by itself."""
    host = Host(chosen(attach_report=True, amended="hold" if code == "amended_after_booking" else "reverse"))
    beside = booked(host)
    orders = host.tell(day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00"))))
    if isinstance(reversal := orders[0], PostVoucher):
        orders = host.tell(outcome(reversal, "discarded" if code == "discarded" else "rejected", code=code))
    (hold,) = orders
    assert isinstance(hold, HoldForReview)
    assert hold.reason == code
    assert host.tell(attachment(beside, result)) == ()
    assert host.tell(answered(hold, "keep")) != ()


def test_no_report_waits_where_none_is_wanted_any_more() -> None:
    """Switched off, what was not taken waits no longer."""
    host = Host(ATTACHES)
    host.tell(attachment(booked(host), "rejected"))
    assert [type(order) for order in host.apply(chosen())] == [CloseReview]


def test_a_report_is_a_pdf_that_says_what_the_till_sent() -> None:
    """Another program reads it: every group, rate, means of payment and sum; the same report is the same bytes."""
    told = day(
        store="Söder Café",
        organisation_number="5560160680",
        sales=(sold("mat", "12", "-1000.00", "-120.00"), sold("läsk", "25", "12345.60", "3086.40")),
        vat=(RateTotal(vat_rate=Decimal(25), net=money("12345.60"), vat=money("3086.40")),),
        cash_difference=money("-3.50"),
    )
    text = pypdf.PdfReader(io.BytesIO(report.pdf(told))).pages[0].extract_text().replace("\xa0", " ")
    for said in ("Söder Café", "556016-0680", "2026-04-10 23:30:00", "läsk, 25 %", "12 345,60", "-1 000,00", "-3,50"):
        assert said in text
    assert report.pdf(told) == report.pdf(told.model_copy())
    assert report.name(told) == "Z-rapport K1 12 2026-04-10.pdf"


def test_a_long_report_goes_on_on_the_next_page() -> None:
    """No line is lost, and what no Western European font has is a question mark."""
    told = day(sales=tuple(sold(f"grupp {n} Ж", "25", "1.00", "0.25") for n in range(200)), taken_at=NOW)
    pages = pypdf.PdfReader(io.BytesIO(report.pdf(told))).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert len(pages) > 3
    assert all(f"grupp {n} ?" in text for n in range(200))
    assert str(date(2026, 4, 10)) in text
