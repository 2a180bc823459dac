"""What Fortnox's events say, and when a company's years are to be read for it. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.fortnox.classify import integer

_VOUCHER: Final = re.compile(r"(\d{1,9})-.+-\d+", re.ASCII)
"""A voucher's id: its year's, its series, its number."""
_LONGEST: Final = 10
"""Pauses: so long at most a company waits that is never quiet."""


def read(message: str | bytes) -> dict[str, Any]:
    """Return the JSON object that a message is; an empty one when it is none."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened to a company's vouchers, in the year of this id; None: in which one is not said."""

    tenant: str
    year_id: int | None

    @classmethod
    def of(cls, event: Mapping[str, Any], companies: Mapping[int, str]) -> "Hint | None":
        """Read an event; None when it is about none of these companies' vouchers."""
        tenant = companies.get(number) if (number := integer(event.get("tenantId"))) is not None else None
        if event.get("topic") != "vouchers" or tenant is None:
            return None
        named = _VOUCHER.fullmatch(str(event.get("id", "")))
        return cls(tenant, int(named[1]) if named else None)


@dataclass(slots=True)
class _Dirty:
    since: float
    last: float
    years: set[int | None]


@dataclass(slots=True)
class Hints:
    """Which companies' years are dirty. ``pause``: seconds of quiet after which they are read."""

    pause: float
    _dirty: dict[str, _Dirty] = field(default_factory=dict)

    def take(self, hint: Hint, now: float) -> None:
        """Take a hint, at a moment (monotonic seconds)."""
        dirty = self._dirty.setdefault(hint.tenant, _Dirty(now, now, set()))
        dirty.last = now
        dirty.years.add(hint.year_id)

    def due(self, now: float) -> tuple[str, ...]:
        """Return the companies that are quiet by now, or have waited long."""
        return tuple(
            tenant
            for tenant, dirty in self._dirty.items()
            if now >= dirty.last + self.pause or now >= dirty.since + _LONGEST * self.pause
        )

    def done(self, tenant: str) -> frozenset[int] | None:
        """Forget a company's hints and return the ids of its years; None: all that are open."""
        years = self._dirty.pop(tenant).years
        return None if None in years else frozenset(year for year in years if year is not None)
