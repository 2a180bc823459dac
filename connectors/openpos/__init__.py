"""OPEN POS, and every other till that can send its Z report, and its sales on account, as JSON."""

from connectors.openpos.translate import documents, translate
from infra.plugin import Source, System
from schemas.events import DayClosed
from schemas.invoices import InvoiceRequested

SYSTEM = System(
    name="openpos",
    source=Source(system="openpos", translate=translate, documents=documents, facts=(DayClosed, InvoiceRequested)),
)
