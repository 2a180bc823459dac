"""What a company has set up in Fortnox: read once, kept with its age for all processes, dropped when it proves wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from infra.plugin import Attempt, RetryLater

if TYPE_CHECKING:
    from connectors.fortnox.client import Fortnox

Kind = Literal["years", "series", "accounts", "cost_centres", "projects", "locked_period", "company", "settings"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole list as Fortnox gave it, with the fields that we use; a resource that is one is a list of one."""

    items: tuple[Mapping[str, Any], ...]
    read_at: datetime


class Reference:
    """One company's reference data. ``series`` and ``accounts`` are a financial year's: pass its id."""

    def __init__(self, fortnox: "Fortnox") -> None:
        self._fortnox = fortnox

    async def get(
        self, kind: Kind, attempt: Attempt, *, year_id: int = 0, max_age: float = 3600.0
    ) -> Kept | RetryLater:
        """Return a list that is at most ``max_age`` seconds old; a refusal comes with its code, and is remembered."""
        raise NotImplementedError

    async def drop(self, *kinds: Kind, year_id: int | None = None) -> None:
        """Forget lists, in every process: those of one financial year, or of all."""
        raise NotImplementedError
