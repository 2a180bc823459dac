"""Huma as it is tried: its samples are webhooks, which do not say when they came, and people as its API has them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.huma import SYSTEM, translate
from schemas.events import Fact
from tests.connectors.party import Party

AT = datetime(2026, 4, 10, 20, 4, 11, tzinfo=UTC)


def translated(name: str, payload: bytes) -> Sequence[Fact]:
    """Return whom a webhook mentions, or the facts of people with the positions that begin first and end last."""
    if name != "people.json":
        return translate.heard(payload, AT).mentions
    people = [(each["user"], each.get("ends")) for each in json.loads(payload)]
    return [translate.person(user, AT, ends and (ends[0], ends[1])) for user, ends in people]


PARTY = Party(SYSTEM, Path(str(translate.__file__)).parent, translated)
