"""Alexis HR as it is tried: its samples are answers of its API."""

import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.alexishr import SYSTEM, translate
from connectors.alexishr.wire import LeaveType
from infra.delivery.answers import read
from schemas.events import Fact
from tests.connectors.party import Party

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def translated(_name: str, payload: bytes) -> Sequence[Fact]:
    """Return the facts of a list that the API answers with, related records beside it."""
    answer = json.loads(payload)
    related = answer.get("relations", {})
    if answer["data"] and "duration" in answer["data"][0]:
        types = [read(LeaveType, each, "leave-type") for each in related["type"]]
        kinds = {each.id: each.kind for each in types}
        return [translate.leave(each, kinds, STOCKHOLM) for each in answer["data"]]
    return [
        translate.person(each, [e for e in related["employment"] if e["employeeId"] == each["id"]], STOCKHOLM)
        for each in answer["data"]
    ]


PARTY = Party(SYSTEM, Path(str(translate.__file__)).parent, translated)
