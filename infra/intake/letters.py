"""Rows of tills' outboxes that cannot be read: each is a dead letter, under a place that is its own for ever."""

import hashlib
from typing import Final

from infra import clock, registry
from infra.intake.outboxes import Row
from infra.intake.sealing import may_hold_personal_data
from infra.intake.ways import Way
from infra.kafka.records import Record, letter_of
from infra.plugin import Malformed, Source
from schemas.audit import DeadLetter
from schemas.envelope import Unreadable

_BEGINS: Final = "ways"
_DIGEST: Final = 12


def of_row(way: Way, row: Row, malformed: Malformed) -> DeadLetter:
    """Return the dead letter of a row: ``ways/COMPANY/WAY/SYSTEM/digest`` of its content, and its id as offset.

    Of a system whose facts hold personal data nothing is copied: the row stands in the till's own table.
    """
    payload = row.payload or b""
    digest = hashlib.sha256(payload).hexdigest()[:_DIGEST]
    place = f"{_BEGINS}/{way.tenant}/{way.name}/{way.settings.system}/{digest}"
    kept = b"" if any(map(may_hold_personal_data, way.source.facts)) else payload
    record = Record(place, 0, max(row.id, 0), clock.now(), None, kept)
    return letter_of(record, "sources", Unreadable(str(malformed), "malformed"))


def source_of(letter: DeadLetter) -> Source | None:
    """Return whose payload a dead letter holds; None: it is a record of a topic."""
    match letter.topic.split("/"):
        case [begins, _, _, system, _] if begins == _BEGINS:
            return registry.sources().get(system)
    return None
