"""JSON values place by place: where each leaf stands, and the same value with another leaf there."""

import copy
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
"""The names and positions that lead to a leaf."""


def leaves(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Return every leaf of a JSON value with its place."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, name))
    else:
        yield path, value


def put(value: Any, path: Place, leaf: object) -> Any:
    """Return a JSON value with another leaf."""
    value = copy.deepcopy(value)
    target = value
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = leaf
    return value
