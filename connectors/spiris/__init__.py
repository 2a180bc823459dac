"""Spiris Tax & Year-end, and every other year-end program that can send its closing entries as JSON."""

from collections.abc import Sequence
from typing import Any

from connectors.spiris.translate import translate
from infra.plugin import Host, Source, System
from schemas.events import ClosingEntriesReady
from schemas.ledger import LedgerRequested, LedgerSourceChosen


def _pages(host: Host) -> Sequence[Any]:
    from connectors.spiris.pages import pages  # noqa: PLC0415 - only who serves them loads a web server

    return pages(host)


SYSTEM = System(
    name="spiris",
    source=Source(
        system="spiris", translate=translate, facts=(ClosingEntriesReady, LedgerSourceChosen, LedgerRequested)
    ),
    pages=_pages,
)
