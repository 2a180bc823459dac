"""The messages described for other languages: JSON Schema of each, and one AsyncAPI 3.0 document of all topics.

Everything is generated from the models, the table of topics and the checked samples. The samples are as constant as the
code, and this reads them from beside it; nothing else in this package opens a file.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.base import Message
from schemas.envelope import MESSAGES, Envelope, type_of
from schemas.topics import PARTITIONS, TOPICS, Topic

VERSION = "1.0.0"
"""Of the language: the first number is the one in topics and types, the second grows with each addition."""

CONTENT_TYPE = "application/cloudevents+json"
_BINDING = "0.5.0"
_SAMPLES = Path(__file__).parent / "samples"

_LETTER = "0-9A-Za-z_À-ÖØ-öø-ɏ"
"""What ``\\w`` is to our readers, as far as Latin letters go. In JavaScript it is ASCII, and å would be refused."""


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a message in its CloudEvents envelope, as it stands in Kafka.

    Money and VAT rates are strings with a pattern. What the schema accepts our readers decode, save for rules that no
    schema can say, such as that a voucher balances.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{type_of(message).replace('.', ':')}",
        **_schema(message, "#/$defs/{model}"),
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of every topic, seen from bokbuss: it receives what its roles read."""
    examples = samples()
    schemas: dict[str, Any] = {}
    for message in MESSAGES:
        schema = _schema(message, "#/components/schemas/{model}")
        schemas.update(schema.pop("$defs"))
        schemas[f"{message.__name__}Envelope"] = schema
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "bokbuss",
            "version": VERSION,
            "description": (
                "Facts that systems tell, orders that follow from them, and the trail of what became of each. "
                "Every record's key is the tenant and its value a CloudEvent in structured JSON. "
                "Money is a string in SEK with two decimals. Publish with acks=all; a fact may be published any number "
                "of times, and one that breaks its schema goes to dead-letters.v1."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(operation for topic in TOPICS for operation in _operations(topic)),
        "components": {
            "messages": {message.__name__: _message(message, examples) for message in MESSAGES},
            "schemas": schemas,
        },
    }


def samples() -> dict[str, Any]:
    """Return the checked examples: the path below ``schemas/samples`` and the whole envelope as JSON values."""
    return {
        file.relative_to(_SAMPLES).as_posix(): json.loads(file.read_bytes())
        for file in sorted(_SAMPLES.glob("*/v*/*.json"))
    }


def _schema(message: type[Message], ref_template: str) -> dict[str, Any]:
    envelope: Any = Envelope[message]  # type: ignore[valid-type]
    schema: dict[str, Any] = _portable(envelope.model_json_schema(ref_template=ref_template))
    schema["title"] = f"{message.__name__}Envelope"
    schema["properties"]["type"] = {"const": type_of(message), "type": "string"}
    return schema


def _portable(schema: Any) -> Any:
    """Return a schema whose patterns mean the same in every language."""
    if isinstance(schema, list):
        return [_portable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    portable = {name: _portable(part) for name, part in schema.items()}
    if isinstance(pattern := portable.get("pattern"), str):
        portable["pattern"] = re.sub(r"\\w", _LETTER, pattern).replace(r"\d", "[0-9]")
    return portable


def _channel(topic: Topic) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name, value in topic.config().items():
        config[name] = [value] if name == "cleanup.policy" else int(value)
    return {
        "address": topic.name,
        "description": topic.carries,
        "messages": {m.__name__: {"$ref": f"#/components/messages/{m.__name__}"} for m in topic.messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": config,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operations(topic: Topic) -> Iterator[tuple[str, dict[str, Any]]]:
    for action, roles in (("receive", topic.consumers), ("send", topic.producers)):
        yield (
            f"{action}.{topic.name}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "summary": f"{', '.join(roles)}: {topic.carries}",
                "messages": [{"$ref": f"#/channels/{topic.name}/messages/{m.__name__}"} for m in topic.messages],
            },
        )


def _message(message: type[Message], examples: dict[str, Any]) -> dict[str, Any]:
    description = (message.__doc__ or "").strip()
    return {
        "name": type_of(message),
        "title": message.__name__,
        "summary": description.splitlines()[0],
        "description": re.sub(r"\n +", "\n", description),
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{message.__name__}Envelope"},
        "bindings": {"kafka": {"key": {"type": "string", "description": "the tenant"}, "bindingVersion": _BINDING}},
        "examples": [
            {"name": path.rpartition("/")[2].removesuffix(".json"), "payload": sample}
            for path, sample in examples.items()
            if sample["type"] == type_of(message)
        ],
    }
