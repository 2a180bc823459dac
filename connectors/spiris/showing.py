"""A company's financial years as a year-end program reads them: our published form, version 1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from infra.ledgers import LedgerYear
from infra.specifications import WHY, Specification, Specifications
from schemas.ledger import (
    LedgerAccount,
    LedgerBalance,
    LedgerDimension,
    LedgerObject,
    LedgerRow,
    LedgerVoucher,
    ObjectCode,
)

FORMAT: Final = "bokbuss.spiris.ledger/1"
_DAY: Final = 86_400.0


def year(known: LedgerYear) -> Mapping[str, Any]:
    """Return what is known of a year besides its books: where it comes from, and when it was read."""
    read = known.retrieved
    return {
        "year": known.last.year,
        "from": str(known.first),
        "to": str(known.last),
        "replacedBy": {"from": str(known.replaced_by[0]), "to": str(known.replaced_by[1])}
        if known.replaced_by
        else None,
        "source": known.source,
        "chosenSource": known.chosen,
        "retrievedAt": read.read_at.isoformat() if read and read.read_at else None,
        "requestedBy": read.requested_by if read else "",
        "organisationNumber": read.organisation_number if read else None,
        "vouchers": read.vouchers if read else 0,
        "rows": read.rows if read else 0,
        "sha256": read.sha256 if read else None,
        "findings": list(read.findings) if read else [],
        "waitsFor": known.waits or None,
        "question": list(known.question),
        "difference": list(known.difference),
    }


def connection(state: str, granted_at: datetime | None, days_left: float | None, now: datetime) -> Mapping[str, Any]:
    """Return how the connection to the books stands, and its age in whole days; it renews itself."""
    return {
        "state": state,
        "ageDays": int((now - granted_at).total_seconds() // _DAY) if granted_at else None,
        "daysLeft": None if days_left is None else int(days_left),
    }


def specifications(known: Specifications) -> Mapping[str, Any]:
    """Return which invoices were open at the end of a year, for each account, and what has been paid of them since."""
    return {
        "year": known.last.year,
        "from": str(known.first),
        "to": str(known.last),
        "readAt": known.read_at.isoformat(),
        "specifications": [_specification(one) for one in known.sides],
    }


def _specification(one: Specification) -> Mapping[str, Any]:
    return {
        "side": one.side,
        "account": str(one.account),
        "note": str(WHY[one.note]) if one.note else None,
        "total": str(one.total),
        "accountBalance": None if one.balance is None else str(one.balance),
        "findings": [{"code": each.code, "text": each.why} for each in one.findings],
        "invoices": [
            {
                "number": each.number,
                "reference": each.reference,
                "party": each.party,
                "partyName": each.party_name,
                "date": str(each.day),
                "due": str(each.due) if each.due else None,
                "currency": each.currency,
                "total": str(each.total),
                "open": str(each.open),
                "paidLater": str(each.paid_later),
                "lastPaid": str(each.last_paid) if each.last_paid else None,
            }
            for each in one.invoices
        ],
    }


def account(one: LedgerAccount) -> Mapping[str, Any]:
    """Return an account of the chart."""
    return {"number": one.number, "name": one.name, "sru": list(one.sru)}


def dimension(one: LedgerDimension) -> Mapping[str, Any]:
    """Return a dimension."""
    return {"dimension": one.dimension, "name": one.name, "parent": one.parent}


def code(one: LedgerObject) -> Mapping[str, Any]:
    """Return a cost centre, a project or the like."""
    return {"dimension": one.dimension, "code": one.code, "name": one.name}


def balance(one: LedgerBalance) -> Mapping[str, Any]:
    """Return a balance: debit is positive."""
    return {
        "account": one.account,
        "kind": one.kind,
        "amount": str(one.amount),
        "objects": _objects(one.objects),
        "quantity": one.quantity,
    }


def voucher(one: LedgerVoucher) -> Mapping[str, Any]:
    """Return a voucher; one without rows is a number that was used and struck."""
    return {
        "series": one.series,
        "number": one.number,
        "date": str(one.day),
        "text": one.text,
        "registered": str(one.registered) if one.registered else None,
        "rows": [_row(row) for row in one.rows],
    }


def _row(one: LedgerRow) -> Mapping[str, Any]:
    return {
        "account": one.account,
        "amount": str(one.amount),
        "objects": _objects(one.objects),
        "text": one.text,
        "quantity": one.quantity,
        "date": str(one.day) if one.day else None,
    }


def _objects(objects: tuple[ObjectCode, ...]) -> list[Mapping[str, Any]]:
    return [{"dimension": one.dimension, "code": one.code} for one in objects]
