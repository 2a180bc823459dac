"""Reads outside the lane: a guest borrows calls from a company's budget, whoever holds it, in whichever process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.plugin import Attempt, Host

LOOK_UP = 1
"""Somebody waits for the answer: doctor, consent, a command, a page."""
BACKFILL = 2
"""Nobody waits: it gets what is left."""


@asynccontextmanager
async def guest(host: Host, system: str, tenant: str, priority: int) -> AsyncIterator[Attempt]:
    """Lend the permission to read from a company at a system; ``Attempt.take`` waits for each call's turn.

    Reads only: a guest has no lease, so what it sends is not fenced off when it is late.
    """
    raise NotImplementedError
    yield Attempt(may_send=lambda: None, take=None)  # type: ignore[unreachable]
