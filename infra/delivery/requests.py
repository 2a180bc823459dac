"""A request to another party as a value: what is sent, and what may be shown of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Request:
    """A request below a party's address. A party says what may be shown of its own in a class of its own.

    Attributes:
        resource: begins with its kind, ``employees/17``.
        params: of the query; a name may come more than once.
    """

    method: str
    resource: str
    params: Mapping[str, str | int] | Sequence[tuple[str, str]] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"

    def shows(self, _name: str) -> bool:
        """Tell whether a parameter's value may be shown."""
        return True

    @property
    def kind(self) -> str:
        """What it is about, without the record's id: bounded, for metrics."""
        return self.resource.partition("/")[0]

    @property
    def path(self) -> str:
        """Resource and query, as they are sent."""
        return f"{self.resource}?{urlencode(self.params)}" if self.params else self.resource

    @property
    def shown(self) -> str:
        """Resource and query for the audit trail: a value that must not be shown is left out."""
        values = {name: value if self.shows(name) else "…" for name, value in dict(self.params).items()}
        query = "&".join(f"{name}={value}" for name, value in values.items())
        return f"{self.resource}{'?' if query else ''}{query}"[:_SHOWN]

    def at(self, offset: int) -> Self:
        """Return this question for the part of the list that begins there."""
        return replace(self, params=(*self.params, ("offset", str(offset))))
