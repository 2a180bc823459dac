"""A company's settings as a file that people write: YAML or JSON to settings and back, and what differs. Pure.

Amounts, rates and accounts may stand unquoted: no number is ever read as one before the settings' own types do so.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from connectors.desk import settings_problem_words as say
from schemas import problem_words
from schemas.envelope import Unreadable, must_be_readable
from schemas.events import EmployeeField
from schemas.settings import LARGEST_SETTINGS, TenantSettings
from schemas.settings_words import MEANINGS
from schemas.words import Text

_NULL = "tag:yaml.org,2002:null"
_TEXTS: Final = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "timestamp"))
_PARTS: Final = (_NULL, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", None)
_MOST: Final = 100_000
"""Values of a file, each counted as often as the file refers to it: those of thousands of stores are fewer."""
_NO_LETTER: Final = (ValueError, OverflowError)
"""What PyYAML raises of an escape that is no letter: ``\\U00110000``, ``\\UFFFFFFFF``."""
_Location = tuple[int | str, ...]

Choices = Mapping[str, Mapping[EmployeeField, tuple[str, ...]]]
"""By HR system, and by field of ours: its own fields of which one can be chosen."""


class WrongFile(ValueError):
    """The file is no settings. ``problems`` names each wrong field and why, ``places`` where, if that is known."""

    def __init__(self, problems: tuple[Text, ...], places: tuple[_Location, ...] = ()) -> None:
        self.problems = problems
        self.places = places
        super().__init__("; ".join(map(str, problems)))


class _Loader(yaml.SafeLoader):
    """Every plain scalar is a string, but for null: 0.50 stays 0.50, 2026-01-01 is a date's text, and no is a word."""

    yaml_implicit_resolvers: dict[Any, Any] = {  # noqa: RUF012 - PyYAML's own name
        first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors: ClassVar[dict[Any, Any]] = {
        **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _PARTS},
        **dict.fromkeys(_TEXTS, yaml.SafeLoader.construct_yaml_str),  # also where a tag says that it is a number
    }

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse what refers to itself, or a few lines that refer to each other until they are more than fits here."""
        refers = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if node is not None and not refers:
            inner = [each for pair in node.value for each in pair] if isinstance(node, yaml.MappingNode) else node.value
            parts = () if isinstance(node, yaml.ScalarNode) else inner
            self._sizes[id(node)] = 1 + sum(self._sizes[id(part)] for part in parts)
        if self._sizes.get(id(node), _MOST + 1) > _MOST:  # whose size is not known yet holds itself
            raise _too_much()
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        """Refuse a name that stands twice: PyYAML would drop the first one in silence."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        _once([(str(name), None) for name in names])
        return super().construct_mapping(node, deep=deep)


def read(raw: bytes, choices: Choices | None = None, *, is_json: bool = False) -> TenantSettings:
    """Read settings from a file's bytes.

    Args:
        choices: what an HR system's fields are chosen from; None: that is not looked at.

    Raises:
        WrongFile: it is not YAML (or JSON), breaks the settings' rules, or names fields that the HR system lacks.
    """
    try:
        settings = _validated(_value(raw, is_json=is_json))
    except RecursionError:
        raise _too_much() from None
    if choices is not None and (unsuitable := dict(_unsuitable(settings, choices))):
        raise WrongFile(tuple(unsuitable.values()), tuple(unsuitable))
    return settings


def _value(raw: bytes, *, is_json: bool) -> Any:
    try:
        content = raw.decode("utf-8-sig")
        if is_json:
            return json.loads(content, parse_int=str, parse_float=str, object_pairs_hook=_once)
        return yaml.load(content, _Loader)  # noqa: S506 - a SafeLoader that reads even less
    except UnicodeDecodeError:
        raise WrongFile((say.NOT_UTF_8(),)) from None
    except json.JSONDecodeError as error:
        raise WrongFile((say.NOT_READABLE_AT(form="JSON", line=error.lineno, column=error.colno),)) from None
    except yaml.YAMLError as error:
        raise WrongFile((_no_yaml(error),)) from None
    except WrongFile:
        raise
    except _NO_LETTER:
        raise WrongFile((say.NOT_UTF_8(),)) from None


def _too_much() -> WrongFile:
    return WrongFile((say.TOO_MUCH(most=_MOST),))


def lines_of(raw: bytes, places: Sequence[_Location]) -> list[int | None]:
    """Return for each place of a file the line on which it stands, or what should hold it; the first is 1.

    None: the file cannot be read as YAML. It may be JSON with tabs between its words.
    """
    if not places:
        return []
    try:
        whole = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, *_NO_LETTER):
        return [None] * len(places)
    return [_line(whole, place) for place in places]


def _line(node: yaml.Node | None, place: _Location) -> int:
    line = 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            inner = next(((name, value) for name, value in node.value if name.value == part), None)
            if inner is None:
                break
            line, node = inner[0].start_mark.line + 1, inner[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _no_yaml(error: yaml.YAMLError) -> Text:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return say.NOT_READABLE(form="YAML", how=type(error).__name__)
    return say.NOT_READABLE_AT(form="YAML", line=mark.line + 1, column=mark.column + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]:
        raise WrongFile(tuple(say.AT(where=name, what=problem_words.TWICE()) for name in twice))
    return dict(pairs)


def _validated(value: Any) -> TenantSettings:
    if value is None:
        raise WrongFile((say.EMPTY(),))
    try:
        raw = to_json(_fitted(value, SCHEMA))
        settings = TenantSettings.model_validate_json(raw)
        must_be_readable(raw)  # else what is published is read by nobody, and never in force
    except Unreadable as error:
        raise WrongFile((say.HOLDS_NUL(),)) if error.code == "holds_nul" else _too_much() from None
    except PydanticSerializationError:  # half a character: "\ud800"
        raise WrongFile((say.NOT_UTF_8(),)) from None
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise WrongFile(tuple(map(_problem, found)), tuple(each["loc"] for each in found)) from None
    if (size := len(settings.model_dump_json().encode())) > LARGEST_SETTINGS:  # Kafka would never take them
        raise WrongFile((say.TOO_LARGE(size=size, most=LARGEST_SETTINGS),))
    return settings


def _unsuitable(settings: TenantSettings, choices: Choices) -> Iterator[tuple[_Location, Text]]:
    """Say which of an HR system's own fields cannot be what they were chosen for, and which can."""
    if settings.employees is None:
        return
    own = choices.get(name := settings.employees.system, {})
    for at, rule in enumerate(settings.employees.fields):
        found = own.get(rule.field, ())
        if rule.hr_field is None or rule.hr_field in found:
            continue
        which = _nearest(rule.hr_field, found) if found else say.NO_OTHER_FIELD(system=name, field=rule.field)
        what = say.WRONG_CHOICE(given=repr(rule.hr_field), which=which)
        yield ("employees", "fields", at, "hr_field"), say.AT(where=f"employees.fields[{at}].hr_field", what=what)


# --- The types that the settings have -----------------------------------------------------------------------------

SCHEMA: Final[Mapping[str, Any]] = TenantSettings.model_json_schema()
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_TRUTH: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a value with its texts as numbers and truth values where the settings have those; all others stay."""
    branches = forms_of(schema)
    if isinstance(value, dict):
        properties: dict[str, Any] = {}
        for branch in branches:
            properties |= branch.get("properties", {})
        return {name: _fitted(inner, properties.get(name, {})) for name, inner in value.items()}
    if isinstance(value, list):
        items: Mapping[str, Any] = next((branch["items"] for branch in branches if "items" in branch), {})
        return [_fitted(inner, items) for inner in value]
    if not isinstance(value, str) or any(_takes(branch, value, "string") for branch in branches):
        return value
    if _WHOLE.fullmatch(value) and any(_takes(branch, int(value), "integer") for branch in branches):
        return int(value)
    if value.lower() in _TRUTH and any(_takes(branch, _TRUTH[value.lower()], "boolean") for branch in branches):
        return _TRUTH[value.lower()]
    return value


def forms_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the forms that a value can have, references resolved."""
    if "$ref" in schema:
        return forms_of(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return [form for each in several for form in forms_of(each)]
    return [schema]


def _takes(schema: Mapping[str, Any], value: str | int, kind: str) -> bool:
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return any(choice == value and isinstance(choice, bool) == isinstance(value, bool) for choice in choices)
    return bool(schema.get("type") == kind)


# --- What is wrong, in the words of the file ----------------------------------------------------------------------


def _problem(error: ErrorDetails) -> Text:
    location, given, kind = error["loc"], error["input"], error["type"]
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location).lstrip(".") or say.WHOLE()
    fields = _fields(location[:-1])
    about = fields.get(str(location[-1]), {}) if location else {}
    match kind:
        case "missing":
            return say.AT(where=where, what=_missing(about.get("description", "")))
        case "extra_forbidden":
            return say.AT(where=where, what=say.UNKNOWN(which=_nearest(str(location[-1]), [*fields])))
        case "literal_error":
            choices = [
                str(c) for form in forms_of(about) for c in form.get("enum", [form.get("const")]) if c is not None
            ]
            return say.AT(where=where, what=say.WRONG_CHOICE(given=repr(given), which=_nearest(str(given), choices)))
    what = problem_words.of(error)
    return say.AT(where=where, what=say.GIVEN(what=what, given=repr(given)) if isinstance(given, str | int) else what)


def _missing(description: str) -> Text:
    meaning = MEANINGS.get(description)
    return say.MISSING(meaning=meaning()) if meaning else problem_words.MISSING()


def _fields(location: _Location) -> Mapping[str, Any]:
    """Return the settings that can stand at a place, by name."""
    forms = forms_of(SCHEMA)
    for part in location:
        inner = [
            form["items"] if isinstance(part, int) else form["properties"][part]
            for form in forms
            if ("items" in form if isinstance(part, int) else part in form.get("properties", {}))
        ]
        forms = [form for each in inner for form in forms_of(each)]
    return {name: schema for form in forms for name, schema in form.get("properties", {}).items()}


def _nearest(word: str, choices: Sequence[str]) -> Text | str:
    near = get_close_matches(word, choices, n=1)
    if near:
        return say.MEANT(near=near[0], choices=choices)
    return say.CAN_BE(choices=choices) if choices else ""


def to_yaml(settings: TenantSettings) -> str:
    """Return settings as YAML that ``read`` takes; what was left out is left out."""
    return yaml.safe_dump(
        settings.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True, width=80
    )


def differences(old: TenantSettings, new: TenantSettings) -> tuple[Text, ...]:
    """Return what changes, field by field; entries of a list are named by their content."""
    return tuple(_differences("", old.to_json(), new.to_json()))


def _differences(path: str, old: Any, new: Any) -> Iterator[Text]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _differences(f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    elif isinstance(old, dict) or isinstance(new, dict):
        yield (say.ADDED if old is None else say.REMOVED)(where=path)
        yield from _differences(path, old or {}, new or {})
    elif isinstance(old, list) or isinstance(new, list):
        yield from _entries(path, [_entry(v) for v in old or ()], [_entry(v) for v in new or ()])
    else:
        yield say.CHANGED(where=path, old=_shown(old), new=_shown(new))


def _entries(path: str, old: list[str], new: list[str]) -> Iterator[Text]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield from (say.GONE(where=path, entry=entry) for entry in gone.elements())
    yield from (say.COME(where=path, entry=entry) for entry in come.elements())
    if not gone and not come and old != new:
        yield say.ANOTHER_ORDER(where=path)


def _entry(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(v)}" for name, v in value.items() if v is not None)
    return str(_shown(value))


def _shown(value: Any) -> Text | str:
    if isinstance(value, bool):
        return str(value).lower()  # as the file has it
    return say.NOTHING() if value is None else str(value)
