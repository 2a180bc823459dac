"""Tills that export nothing but a CSV of day totals: how it is read, each company's settings say."""

from connectors.daytotals.translate import reader, translate
from infra.plugin import Source, System
from schemas.events import DayClosed

SYSTEM = System(
    name="daytotals",
    source=Source(
        system="daytotals", translate=translate, facts=(DayClosed,), suffixes=(".csv", ".txt"), by_settings=reader
    ),
)
