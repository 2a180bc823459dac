"""The fields of Fortnox's records: how each is read from a body and shown in an answer."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.records import Scalar, Value, Values

CLEAR: Final = "API_BLANK"
"""Sent as a value, it empties the field (facts §2.6)."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,14}(\.\d{1,8})?", re.ASCII)
_LARGEST: Final = Decimal(10) ** 15
_PRECISION: Final = Context(prec=14, rounding=ROUND_HALF_UP)
"""Of PHP's floats: -99999999999999.9 comes back as -100000000000000 (recorded of an article's stock)."""

# The class that Fortnox prints under "formats and encoding", besides letters; the straight apostrophe is unclear there.
_ALLOWED: Final = frozenset("’\\\u0308\u030a0123456789 –:.`´,;^¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@\u00a0\n\r")  # noqa: RUF001 - theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that Fortnox alone sets; the other kinds can be written as well.

    Attributes:
        required: a record cannot be made without it, nor be left without it.
        empty: what is shown where nothing is set.
        filled: must be left out rather than be null: "Värdet tolkas som null" (facts §5); "" was taken (recorded).
    """

    required: bool = False
    empty: Any = None
    filled: bool = False

    def read(self, name: str, _value: Any, /) -> Value:
        """Return a value as it is kept. Raises RequestRefused for one that the field does not take."""
        raise RequestRefused(answers.UNKNOWN_FIELD, name)

    def show(self, value: Value) -> Any:
        """Return a kept value as it is sent."""
        return value


Form = Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Field):
    """A text in Fortnox's characters, or, ``free``, of any. ``choices``: it is one of these, or ``refusal`` is said."""

    shortest: int = 0
    longest: int = 1024
    choices: frozenset[str] = frozenset()
    refusal: answers.Refusal = answers.BAD_CHOICE
    free: bool = False

    def read(self, name: str, value: Any, /) -> Value:
        """Return the text."""
        found = text(name, value, self.longest, free=self.free)
        if len(found) < self.shortest or (self.choices and found not in self.choices):
            raise RequestRefused(self.refusal, found)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(Field):
    """A number that Fortnox sends as text: ``"45000"``. It is taken as number or as text."""

    places: int = 2

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the number as text."""
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            raise RequestRefused(answers.NOT_NUMBER, value)
        return str(_decimal(Decimal(value) if isinstance(value, str) else value, self.places))

    def show(self, value: Value) -> Any:
        """Return the text, without zeros behind the decimal point."""
        return answers.to_json(Decimal(str(value))).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field):
    """A number, rounded half up to ``places`` decimals as recorded of invoice rows: 1.125 is 1.13.

    ``texts``: it is taken as text as well.
    """

    places: int = 2
    least: int = -(10**12)
    most: int = 10**12
    texts: bool = False

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the number: a whole one as it is, another as text."""
        written = self.texts and isinstance(value, str) and _NUMBER.fullmatch(value)
        found = _decimal(Decimal(value) if written else value, self.places)
        if not self.least <= found <= self.most:
            raise RequestRefused(answers.BAD_CHOICE, value)
        return str(found) if self.places else int(found)

    def show(self, value: Value) -> Any:
        """Return the number."""
        return Decimal(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Field):
    """True or false."""

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the flag."""
        if not isinstance(value, bool):
            raise RequestRefused(answers.NOT_BOOLEAN, value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field):
    """A date."""

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the date as text."""
        if not isinstance(value, str) or parse_day(value) is None:
            raise RequestRefused(answers.BAD_DATE, value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Field):
    """A record in a record."""

    form: Form

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the part's fields."""
        if not isinstance(value, dict):
            raise RequestRefused(answers.NO_DATA)
        return _flat(read(self.form, value, new=True))

    def show(self, value: Value) -> Any:
        """Return the part."""
        return show(self.form, value if isinstance(value, dict) else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Field):
    """Rows of one form."""

    form: Form
    empty: Any = ()

    def read(self, _name: str, value: Any, /) -> Value:
        """Return the rows; an object's values are rows, too, since PHP tells no list from it (recorded)."""
        rows = list(value.values()) if isinstance(value, dict) else value
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise RequestRefused(answers.BAD_STRUCTURE)
        return [_flat(read(self.form, row, new=True)) for row in rows]

    def show(self, value: Value) -> Any:
        """Return the rows."""
        return [show(self.form, row) for row in value] if isinstance(value, list) else []


def names(text: str) -> tuple[str, ...]:
    """Return the names in a text, separated by spaces."""
    return tuple(text.split())


def content(body: bytes, key: str) -> dict[str, Any]:
    """Return the fields of a body ``{key: {...}}``; numbers are exact. Raises RequestRefused for any other body."""
    if not body.strip():
        raise RequestRefused(answers.NO_DATA)
    try:
        whole = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise RequestRefused(answers.BAD_JSON) from error
    if not isinstance(whole, dict) or key not in whole:
        raise RequestRefused(answers.NO_DATA)
    known(whole, {key})
    fields = whole[key]
    if not isinstance(fields, dict):
        raise RequestRefused(answers.NO_DATA)
    return fields


def read(form: Form, fields: Mapping[str, Any], *, new: bool) -> Values:
    """Return what a body sets. None is a field to be emptied; one that is left out, null or "" stays as it was.

    Raises RequestRefused for unknown fields, then for each field that is missing or has a value that it does not take.
    """
    known(fields, {name for name, field in form.items() if type(field) is not Field})
    changes: Values = {}
    for name, field in form.items():
        value = fields.get(name)
        if value is None or value == "":
            if field.filled and value is None and name in fields:
                raise RequestRefused(answers.NULL, name)
            if field.required and new:
                raise RequestRefused(answers.MISSING_FIELD, name)
        elif value == CLEAR and field.required:
            raise RequestRefused(answers.MISSING_FIELD, name)
        elif value == CLEAR:
            changes[name] = None
        else:
            changes[name] = field.read(name, value)
    return changes


def merged(stored: Values, changes: Values) -> Values:
    """Return a record's fields after a change."""
    return {name: value for name, value in {**stored, **changes}.items() if value is not None}


def show(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields of a form as they are sent."""
    return {name: field.empty if values.get(name) is None else field.show(values[name]) for name, field in form.items()}


def text(name: str, value: Any, longest: int, *, free: bool = False) -> str:
    """Return a text. Raises RequestRefused for another type, too many characters, and those that Fortnox refuses."""
    if not isinstance(value, str):
        raise RequestRefused(answers.NOT_TEXT, value)
    if len(value) > longest:
        raise RequestRefused(answers.TOO_LONG, name)
    # "://" was seen refused as well, though each of its characters is in the class (facts §2.6).
    if not free and (
        "://" in value or not all(c in _ALLOWED or unicodedata.category(c).startswith("L") for c in value)
    ):
        raise RequestRefused(answers.BAD_CHARACTERS, value)
    return value


def known(fields: Mapping[str, Any], names: Any) -> None:
    """Refuse fields of other names than these."""
    for name in fields:
        if name not in names:
            raise RequestRefused(answers.UNKNOWN_FIELD, name)


def parse_day(written: str) -> date | None:
    """Return a day written YYYY-MM-DD, or None."""
    try:
        return date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        return None


def parse_flag(written: str) -> bool:
    """Return what a search parameter says of a flag. Raises RequestRefused for what says neither."""
    said = {"true": True, "1": True, "false": False, "0": False}
    return answers.found(said.get(written.lower()), answers.BAD_PARAMETER)


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Round half up, as Fortnox does; never to a negative zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + Decimal(0)


def _decimal(value: Any, places: int) -> Decimal:
    found = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    try:
        if found is not None and abs(found) < _LARGEST and (places or found == found.to_integral_value()):
            return rounded(_PRECISION.plus(found), places)
    except InvalidOperation:  # an exponent out of reach
        pass
    raise RequestRefused(answers.NOT_NUMBER, value)


def _flat(values: Values) -> dict[str, Scalar]:
    return {name: value for name, value in values.items() if value is None or isinstance(value, str | int)}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
