"""Fortnox as it is tried: its samples are answers of its API."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.fortnox import SYSTEM, translate
from schemas.events import Fact
from tests.connectors.party import Party

SEEN_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def translated(_name: str, payload: bytes) -> Sequence[Fact]:
    """Return what a list of employees shows."""
    found = [translate.employee(each, SEEN_AT, 1) for each in json.loads(payload)["Employees"]]
    return [fact for fact in found if fact is not None]


PARTY = Party(SYSTEM, Path(str(translate.__file__)).parent, translated)
