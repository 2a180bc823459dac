"""Fortnox: the ledger that vouchers are booked in."""

from connectors.fortnox.client import connect
from infra.plugin import Sink, System
from schemas.commands import PostVoucher

SYSTEM = System(name="fortnox", sink=Sink(system="fortnox", orders=(PostVoucher,), connect=connect))
