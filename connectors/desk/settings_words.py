"""What settings there are, from the models' own descriptions: meaning, what each takes, default, value now. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from connectors.desk.settings_files import SCHEMA, forms_of
from schemas.settings import TenantSettings

_KINDS = {
    "object": "settings",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "date": "a day such as 2026-04-10",
}
_WIDTH = 80
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        path: where it stands in a file; ``[]`` is each entry of a list.
        default: as JSON; None when there is none.
        required: it must be chosen wherever what it stands in is chosen.
        now: the company's value as JSON; None where nothing is chosen, and for what stands in each entry of a list.
    """

    path: str
    meaning: str
    takes: str
    default: Any
    required: bool
    now: Any


def explained(settings: TenantSettings | None = None) -> tuple[Setting, ...]:
    """Return every setting that there is, in the sequence of the models."""
    return tuple(_settings("", SCHEMA, settings.to_json() if settings else {}))


def _settings(path: str, schema: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Setting]:
    for name, field in schema.get("properties", {}).items():
        here, value = f"{path}{name}", now.get(name)
        forms = [form for form in forms_of(field) if form.get("type") != "null"]
        yield Setting(
            path=here,
            meaning=field.get("description") or forms[0].get("description", ""),
            takes=" or ".join(map(_takes, forms)),
            default=field.get("default"),
            required=name in schema.get("required", ()),
            now=value,
        )
        for form in forms:
            if "properties" in form:
                yield from _settings(f"{here}.", form, value or {})
            elif "items" in form:
                for item in forms_of(form["items"]):
                    yield from _settings(f"{here}[].", item, {})


def _takes(form: Mapping[str, Any]) -> str:
    if choices := form.get("enum") or [form[name] for name in ("const",) if name in form]:
        return ", ".join(map(str, choices))
    if "minimum" in form and "maximum" in form:
        return f"{form['minimum']} to {form['maximum']}"
    if examples := form.get("examples"):
        return f"a value such as {examples[0]}"
    return _KINDS.get(form.get("format") or form["type"], "a text")


def lines(found: tuple[Setting, ...], *, of_company: bool) -> Iterator[str]:
    """Return the settings as lines for people."""
    for one in found:
        yield one.path
        yield from wrap(one.meaning, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
        said = [f"takes {one.takes}"]
        if one.required:
            said.append("must be chosen")
        elif one.takes not in {"settings", "a list"}:
            said.append(f"default {_shown(one.default)}")
        if of_company and "[]" not in one.path:
            said.append(f"now {_shown(one.now)}")
        yield from wrap("; ".join(said), _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _shown(value: Any) -> str:
    match value:
        case None | [] | ():
            return "none"
        case bool():
            return str(value).lower()
        case list():
            return f"{len(value)} entries" if len(value) > 1 else "1 entry"
        case dict():
            return "chosen"
    return str(value)
