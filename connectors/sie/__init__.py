"""SIE files, the format in which Swedish bookkeeping travels: read, checked and written."""

from contextlib import AbstractContextManager
from io import BytesIO
from typing import BinaryIO

from connectors.sie.ledger import LEDGER_FILE, read_file
from connectors.sie.note_words import WORDS
from connectors.sie.settings import SieSettings
from infra.plugin import Files, Source, System, YearRead
from infra.settings import Settings
from schemas.events import ClosingEntriesReady, Fact
from schemas.ledger import LedgerPartRead, LedgerRetrieved


def read(file: BinaryIO, settings: Settings) -> AbstractContextManager[tuple[Fact, ...] | YearRead]:
    """Read a file within the limits that are set. Raises Malformed."""
    return read_file(file, settings.of(SieSettings).limits)


def translate(payload: bytes) -> tuple[Fact, ...]:
    """Return all facts of a file that fits into memory. Raises Malformed."""
    with read_file(BytesIO(payload), SieSettings().limits) as told:
        if isinstance(told, YearRead):
            return (*told.part(one.part for one in told.parts), told.retrieved("sie", read_at=None))
        return told


SYSTEM = System(
    name="sie",
    settings=SieSettings,
    ledger_file=LEDGER_FILE,
    words=WORDS,
    source=Source(
        system="sie",
        translate=translate,
        facts=(LedgerPartRead, LedgerRetrieved, ClosingEntriesReady),
        suffixes=(".se", ".si", ".sie"),
        files=Files(lambda settings: settings.of(SieSettings).size, "BOKBUSS_SIE__SIZE", read),
    ),
)
