"""A payload's JSON, read by a strict model: what is wrong is named by its place, and no value is ever shown. Pure."""

import codecs
import json
import re
from collections import Counter
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from infra.plugin import Malformed
from schemas.base import problems

_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_REPEATED: Final = 50
"""Names of fields that are said to stand twice; whoever sends more has seen enough."""
_Model = TypeVar("_Model", bound=BaseModel)


def read(raw: bytes, model: type[_Model], *, called: str, most_commas: int) -> _Model:
    """Return a payload as its model says.

    Args:
        called: what the payload is called where it is wrong as a whole: ``report``.
        most_commas: so many values there may be: one of nothing but mistakes is soon refused.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    if raw.count(b",") > most_commas:
        raise Malformed([f"{called}: it holds more than {most_commas:,} values"])
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise Malformed([f"{called}: not UTF-8, from byte {error.start}; send the JSON as UTF-8"]) from None
    repeated = _repeated_names(text, called)
    try:
        found = model.model_validate_json(text)
    except ValidationError as error:
        raise Malformed([*repeated, *problems(error, lambda place: _path(place) or called)]) from None
    if repeated:
        raise Malformed(repeated)
    return found


def may_say(raw: bytes, text: str) -> bool:
    """Tell whether a payload may hold a text: JSON can write any letter otherwise, as PHP writes each slash."""
    return text.encode() in raw or b"\\" in raw


def format_of(raw: bytes, looked_for: str, *, most_commas: int) -> str:
    """Return which format a payload says it has, where that can be what is looked for; "" where its reader will say."""
    if not may_say(raw, looked_for) or raw.count(b",") > most_commas:
        return ""
    try:
        content = json.loads(raw.decode("utf-8-sig"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return ""
    said = content.get("format") if isinstance(content, dict) else None
    return said if isinstance(said, str) else ""


def _repeated_names(text: str, called: str) -> list[str]:
    """Say which fields stand twice in one object: readers disagree on which of the two counts, and it may be money."""
    repeated: dict[str, None] = {}

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs) and len(repeated) < _REPEATED:
            times = Counter(name for name, _ in pairs)
            repeated.update({_shown(name): None for name, count in times.items() if count > 1})

    try:
        # Numbers stay text here: nothing is read from them, and no float ever exists.
        json.loads(text, object_pairs_hook=note, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise Malformed([f"{called}: not JSON, at line {error.lineno} column {error.colno}: {error.msg}"]) from None
    except RecursionError:
        raise Malformed([f"{called}: nested too deeply"]) from None
    return [f"{name}: stands more than once in the same object" for name in islice(repeated, _REPEATED)]


def _path(loc: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in loc)
    return path.removeprefix(".")


def _shown(name: str) -> str:
    # A name that no field can have may be a value that slipped out of its place.
    return name if _FIELD_NAME.fullmatch(name) else "(a name that is no field's)"
