"""Money is a Decimal with two places, written as a string; a float never enters."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetPydanticSchema, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema

ZERO = Decimal("0.00")
ORE = Decimal("0.01")
PATTERN = r"^-?\d{1,12}\.\d{2}$"
"""Fortnox takes 14 digits, decimals included (facts: vouchers)."""

_Of = TypeVar("_Of")
_AMOUNT = re.compile(PATTERN, re.ASCII)
LARGEST: Final = Decimal(10) ** 12
"""What an amount is below, whatever its sign."""
_NO_AMOUNT: Final = 'an amount is a string with two decimals, like "1234.50" or "-0.50"; never a number'


def _amount(value: object) -> Decimal:
    if isinstance(value, str):
        if not _AMOUNT.fullmatch(value):
            raise PydanticCustomError("no_amount", _NO_AMOUNT)
        return Decimal(value) + ZERO
    if isinstance(value, Decimal):
        if value.same_quantum(ORE) and abs(value) < LARGEST:  # as most are, those that are computed too
            return value or ZERO
        if not value.is_finite() or value != value.quantize(ORE) or abs(value) >= LARGEST:
            said = "an amount has at most two decimals and twelve digits before them"
            raise PydanticCustomError("amount_size", said)
        return value.quantize(ORE) + ZERO
    raise PydanticCustomError("no_amount", _NO_AMOUNT)


_WRITTEN = core_schema.str_schema(pattern=PATTERN.replace(r"\d", "[0-9]"), strict=True)
_OF_JSON = core_schema.custom_error_schema(
    core_schema.no_info_after_validator_function(
        ZERO.__add__,  # negative zero is zero
        core_schema.no_info_after_validator_function(Decimal, _WRITTEN),
    ),
    custom_error_type="no_amount",
    custom_error_message=_NO_AMOUNT,
)


def _at_once(amount: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Read an amount of JSON without Python in between: a fifth of the time to read a day close went there."""
    return core_schema.json_or_python_schema(_OF_JSON, handler(amount))


def summed(amounts: Iterable[tuple[_Of, Decimal]]) -> dict[_Of, Decimal]:
    """Add amounts up by what each is of, in the order in which that came first."""
    sums: dict[_Of, Decimal] = {}
    for of, amount in amounts:
        sums[of] = sums.get(of, ZERO) + amount
    return sums


def text(amount: Decimal) -> str:
    """Return an amount as it is written in messages: ``1234.50``."""
    return f"{amount:.2f}"


Money = Annotated[
    Decimal,
    BeforeValidator(_amount),
    GetPydanticSchema(_at_once),
    PlainSerializer(
        str, return_type=str
    ),  # every amount has two places by now; ``text`` would take three times as long
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["1234.50", "-0.50"]}),
]
"""An amount in SEK with exactly two decimals; negative zero is read as zero."""

_COUNTED = re.compile(r"^-?\d{1,9}\.\d{2,4}$", re.ASCII)
_MOST = Decimal(10) ** 9
_FINEST = Decimal("0.0001")


def _quantity(value: object) -> Decimal:
    if isinstance(value, str) and _COUNTED.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _MOST and value == value.quantize(_FINEST):
        return value.quantize(ORE) + ZERO if value == value.quantize(ORE) else value.normalize()
    raise ValueError('a quantity is a string with two to four decimals, like "2.00" or "0.345"; never a number')


Quantity = Annotated[
    Decimal,
    BeforeValidator(_quantity),
    PlainSerializer(lambda value: f"{value:f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _COUNTED.pattern, "examples": ["2.00", "0.345", "-1.00"]}),
]
"""How many, or how much by weight: with two decimals, and up to four where they are needed."""

_RATE = re.compile(r"^\d{1,2}(\.\d{1,2})?$", re.ASCII)


def _rate(value: object) -> Decimal:
    if isinstance(value, str) and (rate := _known_rate(value)) is not None:
        return rate
    if isinstance(value, Decimal) and value.is_finite() and ZERO <= value < 100:  # noqa: PLR2004 - percent
        return value.quantize(ORE)
    raise PydanticCustomError("no_rate", 'a VAT rate is a string in percent, like "25" or "25.00"')


@lru_cache(maxsize=256)
def _known_rate(value: str) -> Decimal | None:
    """Return a rate that is written well; there are few, and each is read many times."""
    return Decimal(value).quantize(ORE) if _RATE.fullmatch(value) else None


@lru_cache(maxsize=256)
def rate_text(rate: Decimal) -> str:
    """Return a VAT rate as people write it: ``25`` or ``8.25``."""
    return f"{rate:f}".rstrip("0").rstrip(".") if rate % 1 else str(int(rate))


Rate = Annotated[
    Decimal,
    BeforeValidator(_rate),
    PlainSerializer(rate_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}(\.\d{1,2})?$", "examples": ["25", "12", "6", "0"]}),
]
"""A VAT rate in percent: 25, 12, 6 or 0 today, but rates are data with dates."""

_PERCENT = re.compile(r"^\d{1,3}(\.\d{1,2})?$", re.ASCII)
_WHOLE = 100


def _percent(value: object) -> Decimal:
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and ZERO <= value <= _WHOLE and value == value.quantize(ORE):
        return Decimal(int(value)) if value == int(value) else value.normalize()
    raise ValueError('a percentage is a whole number of 0 to 100, or a string like "12.5"')


Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    PlainSerializer(lambda value: int(value) if value == int(value) else f"{value:f}", return_type=int | str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 100},
                {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})?$"},
            ],
            "examples": [100, "12.5"],
        }
    ),
]
"""A part of a whole with at most two decimals; a whole number is written as one."""
