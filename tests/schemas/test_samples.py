"""The checked examples of every message: they decode, they come back equal, and the published schema takes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas import ids
from schemas.asyncapi import json_schema, samples
from schemas.audit import GENESIS, AuditRecord
from schemas.commands import Order, PostVoucher
from schemas.envelope import MESSAGES, Envelope, Unreadable, decode, type_of
from schemas.events import DayClosed, Fact
from schemas.money import PATTERN
from tests.json_values import leaves, put

FOLDER = Path(__file__).parents[2] / "schemas" / "samples"
SAMPLES = samples()
BY_TYPE = {type_of(m): m for m in MESSAGES}

every_sample = pytest.mark.parametrize("path", sorted(SAMPLES))
every_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.__name__)


def raw(value: object) -> bytes:
    """Return JSON as it stands in Kafka."""
    return json.dumps(value, ensure_ascii=False).encode()


def read(path: str) -> Envelope[Any]:
    """Decode a sample."""
    return decode(raw(SAMPLES[path]))


def test_every_file_is_a_sample() -> None:
    """No file below the folder escapes the checks."""
    assert {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*") if p.is_file()} == set(SAMPLES)


@every_message
def test_a_message_has_a_sample_under_its_topic(message: type[Any]) -> None:
    """An example of every message lies where a reader looks for it."""
    assert any(p.startswith(f"{message.TOPIC}/v1/") for p, s in SAMPLES.items() if s["type"] == type_of(message))


ON_BY_DEFAULT = {
    ("data", "ledger"),
    *(
        ("data", "settings", "daysales", name)
        for name in ("sync_sales", "locked_period", "days_late", "gap_grace_minutes")
    ),
}
"""Choices that came later, and mean by default what held before there was a choice. Every other new field is empty."""


@every_sample
def test_a_sample_comes_back_equal(path: str) -> None:
    """Decoding and encoding loses and alters nothing; what is added since is a default."""
    envelope = read(path)
    again = json.loads(envelope.to_bytes())
    known, written = dict(leaves(again)), dict(leaves(SAMPLES[path]))
    assert {place: known[place] for place in written} == written
    assert {place for place, leaf in known.items() if leaf and place not in written} <= ON_BY_DEFAULT
    assert decode(envelope.to_bytes()) == envelope


@every_sample
def test_a_sample_has_the_ids_that_its_content_gives(path: str) -> None:
    """The examples show identity as it is made: of facts, orders and audit records."""
    envelope = read(path)
    data = envelope.data
    from_before = isinstance(data, DayClosed) and envelope.subject == data.counter  # stores and dates were in no key
    key = data.counter if from_before else getattr(data, "key", envelope.tenant)
    assert envelope.subject == key
    if isinstance(data, Fact):
        assert envelope.id == envelope.causationid == ids.fact_id(key, ids.revision(data))
    if isinstance(data, Order):
        assert envelope.id == str(data.id_in(envelope.tenant))
    if isinstance(data, PostVoucher):
        assert data.description.endswith(ids.mark(data.id_in(envelope.tenant)))


def test_the_audit_samples_are_a_whole_chain() -> None:
    """Each record holds the hash of the one before, from the beginning."""
    records = [read(path).data for path in sorted(SAMPLES) if path.startswith("audit.v1/")]
    assert [r.sequence for r in records] == [1, 2, 3, 4, 5]
    previous = GENESIS
    for record in records:
        assert record.previous == previous
        assert record.is_whole()
        assert not record.model_copy(update={"why": "something else"}).is_whole()
        previous = record.hash


def test_an_order_about_a_person_names_what_it_writes() -> None:
    """Also what it empties; by name, never by value: the trail keeps it for ever."""
    order = read("orders.fortnox.v1/v1/new-employee.json").data
    emptied = order.model_copy(update={"clear": ("title",)})
    assert "title" in emptied.written
    assert set(order.written) == {name for name, value in order.fields if value is not None} | set(order.clear)
    record = read(next(path for path in sorted(SAMPLES) if path.startswith("audit.v1/"))).data
    named = record.model_copy(update={"written": ("city",)}).sealed()
    assert named.is_whole()
    assert named.hash != record.hash


# --- The published schema ---------------------------------------------------------------------------------------


@every_message
def test_the_schema_is_a_json_schema(message: type[Any]) -> None:
    """Other languages' tools can read it."""
    Draft202012Validator.check_schema(json_schema(message))


@every_sample
def test_the_schema_takes_a_sample_and_no_other_type(path: str) -> None:
    """A sample is valid as what it is; with another type it is not."""
    validator = Draft202012Validator(json_schema(BY_TYPE[SAMPLES[path]["type"]]))
    validator.validate(SAMPLES[path])
    assert not validator.is_valid(SAMPLES[path] | {"type": "bokbuss.unheard-of.v1"})


@every_sample
def test_the_schema_and_the_reader_refuse_the_same_field(path: str) -> None:
    """An unknown field in the data is an error for both."""
    misspelt = put(SAMPLES[path], ("data", "misspelt"), "1.00")
    assert not Draft202012Validator(json_schema(BY_TYPE[misspelt["type"]])).is_valid(misspelt)
    with pytest.raises(Unreadable, match=r"data\.misspelt: Extra inputs are not permitted"):
        decode(raw(misspelt))


@every_sample
def test_an_unknown_attribute_of_the_envelope_is_ignored(path: str) -> None:
    """CloudEvents lets anybody add extension attributes."""
    assert decode(raw(SAMPLES[path] | {"partitionkey": "x"})) == read(path)


def money_in(message: type[Any], sample: dict[str, Any]) -> list[tuple[str | int, ...]]:
    """Return the places of a sample where the schema says money."""
    schema = json_schema(message)
    places = []
    for path, leaf in leaves(sample["data"], ("data",)):
        if {"wording", "line_wordings", "finding_wordings"} & set(path):
            continue  # what a text is filled in with is said, not booked
        node: Any = schema
        for part in path:
            while "$ref" in node or "anyOf" in node:
                node = next(n for n in node["anyOf"] if n.get("type") != "null") if "anyOf" in node else node
                node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
            node = node["items"] if isinstance(part, int) else node["properties"][part]
        options = node.get("anyOf", [node])
        if leaf is not None and any("1234.50" in o.get("examples", ()) for o in options):
            assert any(o.get("type") == "string" and o.get("pattern") == PORTABLE_MONEY for o in options)
            places.append(path)
    return places


PORTABLE_MONEY = PATTERN.replace(r"\d", "[0-9]")


def test_money_is_a_string_with_a_pattern_in_the_schema() -> None:
    """Day closes and vouchers are full of money; wherever it stands it is a string, and a number is refused by both."""
    found = 0
    for sample in SAMPLES.values():
        for place in money_in(BY_TYPE[sample["type"]], sample):
            found += 1
            validator = Draft202012Validator(json_schema(BY_TYPE[sample["type"]]))
            for wrong in (1234.5, 1234, "1234.5", "1 234.50", "1234,50"):
                damaged = put(sample, place, wrong)
                assert not validator.is_valid(damaged)
                with pytest.raises(Unreadable, match="an amount is a string"):
                    decode(raw(damaged))
    assert found > 50


@every_message
def test_patterns_mean_the_same_in_every_language(message: type[Any]) -> None:
    r"""``\w`` and ``\d`` are ASCII in JavaScript and not in Python and Rust; no published pattern has them."""
    patterns = [leaf for path, leaf in leaves(json_schema(message)) if path[-1] == "pattern"]
    assert patterns
    assert not [p for p in patterns if "\\w" in p or "\\d" in p or "\\s" in p]


# --- Errors -----------------------------------------------------------------------------------------------------


def refusal(value: object) -> str:
    """Return why a message is unreadable, or the empty string."""
    try:
        decode(raw(value))
    except Unreadable as unreadable:
        return str(unreadable)
    return ""


@every_sample
def test_an_error_of_the_envelope_never_shows_a_value(path: str) -> None:
    """Each leaf in turn is made wrong; the error says where and why, and not what stands there."""
    said = [
        refusal(put(SAMPLES[path], place, wrong))
        for place, _ in leaves(SAMPLES[path])
        for wrong in ("19800101-7302\n", {"x": "7302"}, 7302.7302, "7302.00", "7302-01-01", "2026-04-10T23:41:07.7302Z")
    ]
    assert any(said)
    assert not [s for s in said if "7302" in s]


def test_an_unknown_type_is_told_when_it_looks_like_one() -> None:
    """A newer version's message is recognised, also where others wrote it; any other text is not repeated."""
    sample = SAMPLES["facts.day-closed.v1/v1/restaurant-day.json"]
    unknown = "type: bokbuss.day-closed.v2 is not a message that we know"
    assert refusal(sample | {"type": "bokbuss.day-closed.v2", "source": "/tills/city"}) == unknown
    assert refusal(sample | {"type": "bokbuss.day-closed.v2", "source": "/connectors/openpos"}).endswith(unknown)
    assert refusal(sample | {"type": "olle@example.com"}) == "type: this is not a message that we know"


@pytest.mark.parametrize(
    "value", [b"", b"{", b"[]", b"\xff\xfe", b'{"type": 1}', b'{"type": "bokbuss.unheard-of.v1"}', b"{}", b"null"]
)
def test_what_is_no_message_is_unreadable(value: bytes) -> None:
    """Whatever stands on a topic, there is one kind of error, with a reason."""
    with pytest.raises(Unreadable, match=": "):
        decode(value)


def test_a_record_of_another_shape_is_not_an_audit_record() -> None:
    """A type promises its schema."""
    sample = SAMPLES["audit.v1/v1/1-answer-lost.json"] | {"data": SAMPLES["orders.desk.v1/v1/held-day.json"]["data"]}
    assert BY_TYPE[sample["type"]] is AuditRecord
    with pytest.raises(Unreadable):
        decode(raw(sample))
