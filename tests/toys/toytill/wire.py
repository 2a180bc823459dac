"""Toy Till's JSON, by its names."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from schemas.base import Code, Day
from schemas.events import Register
from schemas.money import Money, Rate


class Wire(BaseModel):
    """A part of a receipt. Unknown fields are errors: a misspelt amount must be loud."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class Line(Wire):
    """What was sold: so many, for so much each without VAT."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    quantity: Money
    price: Money
    vat_rate: Rate


class Receipt(Wire):
    """A receipt on account."""

    register_id: Register = Field(alias="register")
    number: Code
    date: Day
    customer: Code
    lines: tuple[Line, ...] = Field(min_length=1, max_length=1000)
