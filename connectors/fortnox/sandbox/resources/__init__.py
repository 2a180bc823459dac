"""The resources under /3: what each request reads or books, and the form of what it gives back."""

from typing import Final

from connectors.fortnox.sandbox.resources import (
    actions,
    bookkeeping,
    company,
    dimensions,
    exports,
    files,
    payments,
    payroll,
    sales,
    suppliers,
    vouchers,
)
from connectors.fortnox.sandbox.resources.route import Handler, Route, number
from connectors.fortnox.sandbox.resources.vouchers import post_voucher

__all__ = ["ROUTES", "Handler", "Route", "number", "post_voucher"]

ROUTES: Final[tuple[Route, ...]] = (
    *company.ROUTES,
    *bookkeeping.ROUTES,
    *vouchers.ROUTES,
    *exports.ROUTES,
    *dimensions.ROUTES,
    *payroll.ROUTES,
    *sales.ROUTES,
    *actions.ROUTES,
    *files.ROUTES,
    *suppliers.ROUTES,
    *payments.ROUTES,
)
"""Method, path, scope and handler."""
