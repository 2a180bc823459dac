"""A company's settings as a file that people write: YAML or JSON to settings and back, and what differs. Pure.

Amounts, rates and accounts may stand unquoted: no number is ever read as one before the settings' own types do so.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import to_json

from schemas.settings import TenantSettings

_NULL = "tag:yaml.org,2002:null"
_Location = tuple[int | str, ...]


class WrongFile(ValueError):
    """The file is no settings. ``problems`` names each wrong field and why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class _Loader(yaml.SafeLoader):
    """Every plain scalar is a string, but for null: 0.50 stays 0.50, 2026-01-01 is a date's text, and no is a word."""

    yaml_implicit_resolvers: dict[Any, Any] = {  # noqa: RUF012 - PyYAML's own name
        first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        """Refuse a name that stands twice: PyYAML would drop the first one in silence."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        _once([(str(name), None) for name in names])
        return super().construct_mapping(node, deep=deep)


def read(raw: bytes, *, is_json: bool = False) -> TenantSettings:
    """Read settings from a file's bytes.

    Raises:
        WrongFile: it is not YAML (or JSON), or breaks the settings' rules.
    """
    try:
        content = raw.decode("utf-8-sig")
        if is_json:
            value = json.loads(content, parse_int=str, parse_float=str, object_pairs_hook=_once)
        else:
            value = yaml.load(content, _Loader)  # noqa: S506 - a SafeLoader that reads even less
    except UnicodeDecodeError:
        raise WrongFile(("the file is not UTF-8",)) from None
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise WrongFile((f"the file is not {'JSON' if is_json else 'YAML'}: {error}",)) from None
    return _validated(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise WrongFile(tuple(f"{name}: stands twice in the same place" for name in twice))
    return dict(pairs)


def _validated(value: Any) -> TenantSettings:
    try:
        return TenantSettings.model_validate_json(to_json(value))
    except ValidationError as error:
        wanted = [e["loc"] for e in error.errors() if e["type"] == "int_type"]
    for location in wanted:
        value = _with_integer(value, location)
    try:
        return TenantSettings.model_validate_json(to_json(value))
    except ValidationError as error:
        raise WrongFile(tuple(_problems(error))) from None


def _with_integer(value: Any, location: _Location) -> Any:
    """Return the value with the digits at a location as an integer; unchanged where there are none."""
    if not location:
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(value, dict) and location[0] in value:
        return {**value, location[0]: _with_integer(value[location[0]], location[1:])}
    if isinstance(value, list) and isinstance(location[0], int):
        return [_with_integer(v, location[1:]) if i == location[0] else v for i, v in enumerate(value)]
    return value


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False):
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in problem["loc"]).lstrip(".")
        given = problem["input"]
        said = f" (it says {given!r})" if isinstance(given, str | int) else ""
        yield f"{where or 'settings'}: {problem['msg']}{said}"


def to_yaml(settings: TenantSettings) -> str:
    """Return settings as YAML that ``read`` takes; what was left out is left out."""
    return yaml.safe_dump(
        settings.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True, width=120
    )


def differences(old: TenantSettings, new: TenantSettings) -> tuple[str, ...]:
    """Return what changes, field by field; entries of a list are named by their content."""
    return tuple(_differences("", old.to_json(), new.to_json()))


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _differences(f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    elif isinstance(old, dict) or isinstance(new, dict):
        yield f"{path}: {'added' if old is None else 'removed'}"
        yield from _differences(path, old or {}, new or {})
    elif isinstance(old, list) or isinstance(new, list):
        yield from _entries(path, [_entry(v) for v in old or ()], [_entry(v) for v in new or ()])
    else:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _entries(path: str, old: list[str], new: list[str]) -> Iterator[str]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield from (f"{path}: - {entry}" for entry in gone.elements())
    yield from (f"{path}: + {entry}" for entry in come.elements())
    if not gone and not come and old != new:
        yield f"{path}: the same entries in another order"


def _entry(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(v)}" for name, v in value.items() if v is not None)
    return _shown(value)


def _shown(value: Any) -> str:
    return "(none)" if value is None else str(value)
