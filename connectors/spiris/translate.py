"""What a year-end program says becomes facts: entries are ready, a source was chosen. Pure; flows judge them."""

from typing import Final

from connectors.spiris.wire import ClosingEntries, Entry, LedgerSource
from infra.intake import payloads
from schemas.events import ClosingEntriesReady, ClosingEntry, EntryRow, Fact
from schemas.ledger import LedgerRequested, LedgerSourceChosen

_SOURCE: Final = "bokbuss.spiris.ledger-source/"
_MOST_COMMAS = 200_000
"""Some twenty thousand rows: more than a year-end has."""


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return what a payload tells: the one ClosingEntriesReady, or a choice of source with the reading it asks for.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    if payloads.format_of(raw, _SOURCE, most_commas=_MOST_COMMAS).startswith(_SOURCE):
        return _choice(payloads.read(raw, LedgerSource, called="choice", most_commas=_MOST_COMMAS))
    return _entries(payloads.read(raw, ClosingEntries, called="batch", most_commas=_MOST_COMMAS))


def _choice(sent: LedgerSource) -> tuple[Fact, ...]:
    """Return the choice; Fortnox's year is read at once, and replaces a file's unless another choice came meanwhile."""
    chosen = LedgerSourceChosen(
        year_to=sent.year.to, source=sent.source, chosen_by=sent.chosen_by, chosen_at=sent.chosen_at
    )
    if sent.source != "fortnox":
        return (chosen,)
    request = LedgerRequested(
        year=sent.year.to.year,
        year_to=sent.year.to,
        documents=False,
        requested_by=sent.chosen_by,
        requested_at=sent.chosen_at,
    )
    return (chosen, request)


def _entries(sent: ClosingEntries) -> tuple[Fact, ...]:
    return (
        ClosingEntriesReady(
            system="spiris",
            batch=sent.batch,
            organisation_number=sent.company.organisation_number,
            database_number=sent.company.database_number,
            year_from=sent.year.from_,
            year_to=sent.year.to,
            version=sent.version,
            submitted_by=sent.submitted_by or "",
            entries=tuple(map(_entry, sent.entries)),
        ),
    )


def _entry(sent: Entry) -> ClosingEntry:
    return ClosingEntry(
        number=sent.number,
        entry_date=sent.date,
        text=sent.text,
        reverse_on=sent.reverse_on,
        rows=tuple(
            EntryRow(
                account=row.account,
                debit=row.debit,
                credit=row.credit,
                cost_centre=row.cost_centre,
                text=row.text or None,
                project=row.project,
            )
            for row in sent.rows
        ),
    )
