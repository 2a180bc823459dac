"""Toy HR's JSON, by its names: what we read of it. They add fields, so others pass; a wrong type is an error."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from schemas.base import Moment

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{1,64}$")]
"""It stands in paths."""


class Person(BaseModel):
    """A person, in deliveries and in answers alike."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, alias_generator=to_camel)

    id: Id
    changed_at: Moment
    email: str | None = Field(default=None, repr=False)
    first_name: str | None = Field(default=None, repr=False)
    last_name: str | None = Field(default=None, repr=False)
    mobile: str | None = Field(default=None, repr=False)
    city: str | None = Field(default=None, repr=False)
