"""Fortnox: the ledger that vouchers are booked in."""

from contextlib import AbstractAsyncContextManager

from connectors.fortnox.kinds import KINDS, connect
from infra.plugin import Sink, System


def _sandbox(host: str, port: int) -> AbstractAsyncContextManager[str]:
    from connectors.fortnox import sandbox  # noqa: PLC0415 - nobody who books for real loads it

    return sandbox.running(sandbox.Books(), port, host)


SYSTEM = System(name="fortnox", sink=Sink(system="fortnox", kinds=KINDS, connect=connect), sandbox=_sandbox)
