"""Orders as Fortnox's requests, byte for byte. Pure.

Sources: Fortnox's OpenAPI document, and its pages "formats and encoding", "parameters" and "best practices: vouchers".
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from connectors.fortnox import waiting_words
from infra.delivery.requests import Request
from schemas import ids
from schemas.base import as_read
from schemas.characters import sanitise
from schemas.commands import PostVoucher, VoucherRef, VoucherRow
from schemas.envelope import Envelope
from schemas.words import Text

LIMIT: Final = 500
"""The most that a page of a list holds."""

DESCRIPTION_LENGTH: Final = 200
ROW_TEXT_LENGTH: Final = 100
_MOST_CHANGES: Final = 5
_SHOWN: Final = 100
"""Of a voucher whose texts are adapted: how many are named, and how many characters of each are shown."""


def voucher(order: Envelope[PostVoucher], year_id: int) -> Request:
    """Return the request that books a voucher in the financial year of this id.

    Without ``financialyear`` Fortnox may take the year that a person selected last.
    """
    data = order.data
    fields = {
        "Description": description(data.description, UUID(order.id)),
        "VoucherSeries": data.series,
        "TransactionDate": data.voucher_date.isoformat(),
        "VoucherRows": [_row(row) for row in data.rows],
    }
    return Request("POST", "vouchers", {"financialyear": year_id}, body("Voucher", fields))


def voucher_list(order: Envelope[PostVoucher], year_id: int, page: int) -> Request:
    """Return the request for one page of the vouchers among which the order's is, if it was booked."""
    data = order.data
    day = data.voucher_date.isoformat()
    params: dict[str, str | int] = {"voucherseries": data.series, "financialyear": year_id}
    return Request("GET", "vouchers", params | {"fromdate": day, "todate": day, "limit": LIMIT, "page": page})


def voucher_at(voucher: VoucherRef) -> Request:
    """Return the request for one voucher, by its series, number and financial year."""
    return Request("GET", f"vouchers/{voucher.series}/{voucher.number}", {"financialyear": voucher.year_id})


def description(text: str, order_id: UUID) -> str:
    """Return a voucher's description: the text, cut where it must be, and the order's whole mark at its end."""
    mark = ids.mark(order_id)
    return f"{sanitise(text)[: DESCRIPTION_LENGTH - len(mark) - 1].rstrip()} {mark}".lstrip()


def adapted(order: PostVoucher) -> tuple[Text, ...]:
    """Return what of a voucher's texts Fortnox gets in other words than the order has: old -> new, the first ones."""
    texts = [(waiting_words.DESCRIPTION(), order.description, DESCRIPTION_LENGTH - len(ids.mark(UUID(int=0))) - 1)]
    rows = enumerate(order.rows, 1)
    texts += [(waiting_words.ROW_TEXT(row=number), row.text or "", ROW_TEXT_LENGTH) for number, row in rows]
    changes = [
        waiting_words.ADAPTED_TEXT(name=name, was=_printable(text), sent=_printable(sent))
        for name, text, length in texts
        if (sent := sanitise(text)[:length].rstrip()) != as_read(text)
    ]
    return (waiting_words.ADAPTED(changes=changes[:_MOST_CHANGES]),) if changes else ()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_SHOWN]


def body(key: str, fields: Mapping[str, Any]) -> bytes:
    """Return a record as Fortnox takes it, ``{"Employee": {...}}``; decimals are numbers in it, to the last digit."""
    return _json({key: fields}).encode()


def _row(row: VoucherRow) -> dict[str, Any]:
    fields: dict[str, Any] = {"Account": row.account, "Debit": row.debit or 0, "Credit": row.credit or 0}
    if row.cost_centre:  # an empty one must be left out: Fortnox refuses "" and null
        fields["CostCenter"] = row.cost_centre
    if row.project:
        fields["Project"] = row.project
    if text := sanitise(row.text or "")[:ROW_TEXT_LENGTH].rstrip():
        fields["TransactionInformation"] = text
    return fields


def _json(value: Any) -> str:
    match value:
        case Mapping():
            return "{" + ",".join(f"{json.dumps(name)}:{_json(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_json, value)) + "]"
        case Decimal():  # json.dumps cannot write one as a number
            return f"{value:f}"
        case _:
            return json.dumps(value)
