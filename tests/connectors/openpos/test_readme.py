"""What README.md tells till developers is true: the table of fields, the signature, the event."""

import base64
import json
import re
import types
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from standardwebhooks import Webhook

from connectors.openpos.translate import translate
from connectors.openpos.wire import ZReport
from infra.plugin import Malformed
from schemas import ids
from schemas.envelope import decode

FOLDER = Path(__file__).parents[3] / "connectors" / "openpos"
README = (FOLDER / "README.md").read_text()
ROWS = {
    cells[0].strip("` "): [c.strip() for c in cells]
    for line in README.splitlines()
    if line.startswith("| `") and len(cells := line.strip("|").split("|")) == 6
}
REPORT = {
    **json.loads((FOLDER / "samples" / "cash-difference.json").read_bytes()),
    "amendment": 1,
    "tips": "10.00",
    "rounding": "0.50",
    "giftCardsSold": "100.00",
    "returns": {"count": 1, "amount": "20.00"},
    "discounts": {"count": 1, "amount": "30.00"},
    "pdf": base64.b64encode(b"%PDF-1.7 a report %%EOF").decode(),
}
OTHER_VALUES = {
    "company.name": "Annan AB",
    "company.organisationNumber": "5599990099",
    "registerId": "K2",
    "businessDate": "2026-04-12",
    "takenAt": "2026-04-13T21:00:03+02:00",
    "pdf": base64.b64encode(b"%PDF-1.7 another %%EOF").decode(),
}
FIXED = {"format", "reportType", "currency"}


def parts_of(annotation: Any) -> tuple[type[BaseModel], str] | None:
    """Return the object that a field holds, or a list of, and the brackets of the latter."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    if get_origin(annotation) is tuple:
        inner = parts_of(get_args(annotation)[0])
        return inner and (inner[0], "[]")
    if get_origin(annotation) in {Union, types.UnionType}:
        return next((found for a in get_args(annotation) if (found := parts_of(a))), None)
    return None


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Return the path of every field that holds a value, and whether it is required."""
    for field in model.model_fields.values():
        path = f"{prefix}{field.alias}"
        if inner := parts_of(field.annotation):
            yield from fields_of(inner[0], f"{path}{inner[1]}.")
        else:
            yield path, field.is_required()


FIELDS = dict(fields_of(ZReport))


def with_another(path: str) -> dict[str, Any]:
    """Return the report with another valid value in one field."""
    report = json.loads(json.dumps(REPORT))
    *parents, last = path.replace("[]", ".0").split(".")
    target = report
    for parent in parents:
        target = target[int(parent)] if parent == "0" else target[parent]
    old = target[last]
    if path in OTHER_VALUES:
        target[last] = OTHER_VALUES[path]
    elif isinstance(old, int):
        target[last] = old + 1
    elif re.fullmatch(r"-?\d+\.\d\d", old):
        target[last] = "77.77"
    else:
        target[last] = "8" if last == "vatRate" else old + "x"
    assert target[last] != old
    return report


def test_the_table_has_every_field_and_no_other() -> None:
    """A till developer finds each field of the format, and whether it must be there."""
    assert {path: row[1].startswith("yes") for path, row in ROWS.items()} == FIELDS


def test_the_table_has_every_letter_of_the_regulation() -> None:
    """Whatever a Z report must contain has its field."""
    assert {row[3] for row in ROWS.values()} - {""} == set("abcdefghijklmnopqrstuvw")


@pytest.mark.parametrize("path", sorted(set(FIELDS) - FIXED))
def test_a_field_counts_unless_the_table_says_ignored(path: str) -> None:
    """Another value in it makes another fact, or the same one where the table says that it is ignored."""
    same = translate(json.dumps(with_another(path)).encode()) == translate(json.dumps(REPORT).encode())
    assert same == (ROWS[path][5] == "ignored")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_signature_is_the_one_of_standard_webhooks() -> None:
    """The code and the example that the page shows sign as our server checks."""
    found = re.search(
        r"secret `(whsec_\S+)`, the id `(\S+)`, the\ntimestamp `(\d+)` and the body `(.*?)`, the header is\n`(\S+)`",
        README,
    )
    assert found
    secret, webhook_id, timestamp, body, header = found.groups()
    assert Webhook(secret).sign(webhook_id, datetime.fromtimestamp(int(timestamp), UTC), body) == header
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)  # noqa: S102 - the page's own code is what is tested
    assert names["signature"](secret, webhook_id, int(timestamp), body.encode()) == header


def test_the_event_is_a_message_with_its_right_id() -> None:
    """What the page shows for Kafka decodes, and its id is made as the page says."""
    shown = json.loads(next(b for b in blocks("json") if "specversion" in b))
    envelope = decode(json.dumps(shown).encode())
    assert envelope.data.to_json() == shown["data"]
    assert shown["id"] == shown["causationid"] == ids.fact_id(envelope.data.key, ids.revision(envelope.data))
    assert shown["subject"] == envelope.data.key
    assert translate((FOLDER / "samples" / "tips-by-card.json").read_bytes()) == (envelope.data,)


def test_the_problems_are_what_a_till_gets() -> None:
    """The example of a 422 is what these mistakes really give."""
    report = json.loads((FOLDER / "samples" / "restaurant-day.json").read_bytes())
    report |= {"zNumber": 0, "tip": "1.00"}
    report["payments"][1]["amount"] = 28971.5
    shown = json.loads(next(b for b in blocks("json") if "problems" in b))["problems"]
    with pytest.raises(Malformed) as caught:
        translate(json.dumps(report).encode())
    assert list(caught.value.problems) == shown


def test_the_accepted_id_is_the_one_of_the_sample() -> None:
    """The example of a 202 is what the sample really gets."""
    (fact,) = translate((FOLDER / "samples" / "restaurant-day.json").read_bytes())
    assert f'`{{"event_ids": ["{ids.fact_id(fact.key, ids.revision(fact))}"]}}`' in README
