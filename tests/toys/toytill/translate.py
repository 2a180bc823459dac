"""A receipt of Toy Till becomes the fact that an invoice is asked for. Pure."""

from pydantic import ValidationError

from infra.plugin import Malformed
from schemas.base import problems
from schemas.events import Fact
from schemas.invoices import InvoiceRequested, InvoiceRow
from tests.toys.toytill.wire import Receipt


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the one InvoiceRequested that a receipt tells.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    try:
        receipt = Receipt.model_validate_json(raw)
    except ValidationError as error:
        raise Malformed(problems(error, _place)) from None
    rows = tuple(
        InvoiceRow(text=line.text, quantity=line.quantity, price=line.price, vat_rate=line.vat_rate)
        for line in receipt.lines
    )
    return (
        InvoiceRequested(
            system="toytill",
            register_id=receipt.register_id,
            receipt_number=receipt.number,
            invoice_date=receipt.date,
            customer_number=receipt.customer,
            rows=rows,
        ),
    )


def _place(loc: tuple[int | str, ...]) -> str:
    """Return the name of a place; a name that is no field's may be a value."""
    known = {"register", "number", "date", "customer", "lines", "text", "quantity", "price", "vatRate"}
    return ".".join(str(part) if isinstance(part, int) or part in known else "(other)" for part in loc) or "receipt"
