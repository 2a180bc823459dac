"""What a route is, and how a resource answers."""

from collections.abc import Callable
from typing import Any, Final

from connectors.fortnox.sandbox.answers import ApiAnswer, to_json
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.requests import ApiRequest

Handler = Callable[[ApiRequest, Company], ApiAnswer]
Route = tuple[str, str, str, Handler]
"""Method, path, scope and handler."""

BASE: Final = "https://api.fortnox.se/3"


def ok(**content: Any) -> ApiAnswer:
    """Answer 200 with JSON."""
    return ApiAnswer(200, to_json(content))


def nothing(key: str) -> ApiAnswer:
    """Answer 200 with an empty list."""
    meta = {"@TotalResources": 0, "@TotalPages": 0, "@CurrentPage": 1}
    return ok(MetaInformation=meta, **{key: []})


def created(location: str, **content: Any) -> ApiAnswer:
    """Answer 201 with JSON. The Location is useless: the resource's name (facts §2.3)."""
    return ApiAnswer(201, to_json(content), headers={"Location": location})


def number(text: str) -> int:
    """Return a whole number, or -1 for what is none: no id is negative."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 - digits of an id
