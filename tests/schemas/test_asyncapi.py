"""The AsyncAPI document says what is in Kafka: every topic, every message, nothing that leads nowhere."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from schemas.asyncapi import asyncapi, samples
from schemas.envelope import MESSAGES, type_of
from schemas.topics import PARTITIONS, TOPICS


@cache
def document() -> dict[str, Any]:
    """Return the document; it takes a while to make."""
    return asyncapi()


def references(value: Any) -> Iterator[str]:
    """Return every reference of the document."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def resolve(reference: str) -> Any:
    """Return what a reference leads to, or raise KeyError."""
    root, *parts = reference.split("/")
    assert root == "#"
    node: Any = document()
    for part in parts:
        node = node[part]
    return node


def test_the_document_has_what_the_standard_demands() -> None:
    """Version, title, and the parts that a generator reads; and it is plain JSON."""
    assert document()["asyncapi"] == "3.0.0"
    assert document()["info"]["title"]
    assert document()["info"]["version"]
    assert set(document()) == {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
    assert json.loads(json.dumps(document())) == document()
    assert asyncapi() == document()


def test_every_reference_leads_somewhere() -> None:
    """A reader can follow each of them."""
    found = set(references(document()))
    assert len(found) > 50
    for reference in found:
        assert resolve(reference)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_a_channel_is_a_topic(topic: Any) -> None:
    """Address, partitions, retention and messages are those of the table."""
    channel = document()["channels"][topic.name]
    kafka = channel["bindings"]["kafka"]
    assert (channel["address"], kafka["topic"], kafka["partitions"]) == (topic.name, topic.name, PARTITIONS)
    assert kafka["topicConfiguration"]["cleanup.policy"] == ["compact" if topic.compacted else "delete"]
    assert list(channel["messages"]) == [m.__name__ for m in topic.messages]


def test_there_is_a_channel_for_every_topic_and_no_other() -> None:
    """The document is complete."""
    assert list(document()["channels"]) == [t.name for t in TOPICS]
    assert set(document()["components"]["messages"]) == {m.__name__ for m in MESSAGES}


def test_an_operation_uses_the_messages_of_its_own_channel() -> None:
    """The standard demands it, and each topic is both written and read."""
    actions = {}
    for operation in document()["operations"].values():
        channel = operation["channel"]["$ref"]
        assert operation["messages"]
        assert all(m["$ref"].startswith(f"{channel}/messages/") for m in operation["messages"])
        actions.setdefault(channel, set()).add(operation["action"])
    assert list(actions.values()) == [{"receive", "send"}] * len(TOPICS)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.__name__)
def test_a_message_names_its_type_its_key_and_its_examples(message: type[Any]) -> None:
    """Its examples are the checked samples, and they are valid against its payload."""
    described = document()["components"]["messages"][message.__name__]
    payload = resolve(described["payload"]["$ref"])
    assert described["name"] == payload["properties"]["type"]["const"] == type_of(message)
    assert described["bindings"]["kafka"]["key"]["type"] == "string"
    assert described["contentType"] == "application/cloudevents+json"
    examples = [example["payload"] for example in described["examples"]]
    assert examples == [s for s in samples().values() if s["type"] == type_of(message)]
    registry = Registry().with_resource(
        "urn:document", Resource.from_contents(document() | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    )
    validator = Draft202012Validator({"$ref": f"urn:document{described['payload']['$ref']}"}, registry=registry)
    assert examples
    for example in examples:
        validator.validate(example)
        assert not validator.is_valid({**example, "data": {**example["data"], "misspelt": 1}})


def test_two_messages_never_disagree_about_a_schema() -> None:
    """Parts are shared by name, so one name has one meaning."""
    from schemas.asyncapi import json_schema  # noqa: PLC0415 - only this test needs it

    parts: dict[str, Any] = {}
    for message in MESSAGES:
        for name, part in json_schema(message)["$defs"].items():
            assert parts.setdefault(name, part) == part
