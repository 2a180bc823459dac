"""Toy Till: what is sold on account there is to be invoiced."""

from infra.plugin import Source, System
from schemas.invoices import InvoiceRequested
from tests.toys.toytill.translate import translate

SYSTEM = System(name="toytill", source=Source(system="toytill", translate=translate, facts=(InvoiceRequested,)))
