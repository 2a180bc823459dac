"""A batch of closing entries becomes the fact that they are ready. Pure; what must hold is judged by the flow."""

from connectors.spiris.wire import ClosingEntries, Entry
from infra.intake import payloads
from schemas.events import ClosingEntriesReady, ClosingEntry, EntryRow, Fact

_MOST_COMMAS = 200_000
"""Some twenty thousand rows: more than a year-end has."""


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the one ClosingEntriesReady that a payload tells.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    sent = payloads.read(raw, ClosingEntries, called="batch", most_commas=_MOST_COMMAS)
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
