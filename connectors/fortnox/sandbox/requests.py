"""What a request asks for: its path, its parameters, its page, and the financial year that it is about."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol, TypeVar

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.books import Company, Year
from connectors.fortnox.sandbox.forms import parse_day
from connectors.fortnox.sandbox.grants import User
from schemas.base import SWEDEN

_PAGE: Final = 100
_LARGEST_PAGE: Final = 500
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}(:\d{2})?)?", re.ASCII)
_PAGING: Final = frozenset({"limit", "page", "offset"})
_YEAR: Final = frozenset({"financialyear", "financialyeardate"})
_DIRECTIONS: Final = {"ascending": False, "descending": True}

_Item = TypeVar("_Item")


class Timestamped(Protocol):
    """What knows when it was changed; None: before anybody looked."""

    changed: datetime | None


_Modified = TypeVar("_Modified", bound=Timestamped)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request of one company.

    Attributes:
        at: when it takes effect.
        path: the variable parts of the path.
        query: the parameters; names are lower case.
        listed_from: when lists begin to show what this request makes.
        user_id, user: who consented.
    """

    at: datetime
    path: Mapping[str, Any]
    query: Mapping[str, str]
    body: bytes
    listed_from: datetime
    user_id: int = 1
    user: User | None = None

    @property
    def today(self) -> date:
        """The day on which it takes effect, in Sweden."""
        return self.at.astimezone(SWEDEN).date()

    def allow(self, *names: str, filters: Iterable[str] = ()) -> None:
        """Refuse every filter but these, and every parameter but these and the ones of paging and years."""
        if self.query.get("filter") not in {None, *filters}:
            raise RequestRefused(answers.BAD_FILTER)
        if not self.query.keys() <= _PAGING | _YEAR | {"filter"} | set(names):
            raise RequestRefused(answers.BAD_PARAMETER)

    def year(self, company: Company) -> Year:
        """Return the year that is named by id or by a day in it, else the preselected one."""
        if (year_id := self.count("financialyear")) is not None:
            year = company.years.get(year_id)
        elif (day := self.day("financialyeardate")) is not None:
            year = company.year_on(day)
        else:
            year = company.years.get(company.preselected_year)
        asked = self.query.get("financialyear") or self.query.get("financialyeardate") or "förvalt"
        return answers.found(year, answers.NO_YEAR, asked)

    def day(self, name: str) -> date | None:
        """Return a parameter that is a day."""
        text = self.query.get(name)
        if text is None:
            return None
        return answers.found(parse_day(text), answers.BAD_PARAMETER)

    def period(self) -> tuple[date, date]:
        """Return the days that ``fromdate`` and ``todate`` name, both included."""
        return self.day("fromdate") or date.min, self.day("todate") or date.max

    def since(self) -> datetime | None:
        """Return ``lastmodified``, which is a time of day in Sweden."""
        text = self.query.get("lastmodified")
        if text is None:
            return None
        try:
            since = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
        except ValueError:
            since = None
        return answers.found(since, answers.BAD_PARAMETER).replace(tzinfo=SWEDEN).astimezone(UTC)

    def modified(self, items: Iterable[_Modified]) -> list[_Modified]:
        """Return what was changed since ``lastmodified``."""
        since = self.since()
        return [one for one in items if since is None or (one.changed is not None and one.changed >= since)]

    def count(self, name: str) -> int | None:
        """Return a parameter that is a whole number."""
        text = self.query.get(name)
        if text is None:
            return None
        if not _COUNT.fullmatch(text):
            raise RequestRefused(answers.BAD_PARAMETER)
        return int(text)

    def ordered(self, items: Iterable[_Item], keys: Mapping[str, Callable[[_Item], Any]]) -> list[_Item]:
        """Return a list in the order asked for by ``sortby`` (one of the keys) and ``sortorder``."""
        name, direction = self.query.get("sortby"), self.query.get("sortorder", "ascending").lower()
        if direction not in _DIRECTIONS or (name is not None and name.lower() not in keys):
            raise RequestRefused(answers.BAD_PARAMETER)
        found = sorted(items, key=keys[name.lower()]) if name is not None else list(items)
        return found[::-1] if _DIRECTIONS[direction] else found

    def page(self, key: str, items: Sequence[_Item], form: Callable[[_Item], dict[str, Any]]) -> dict[str, Any]:
        """Return the page asked for of a list. An empty list has 0 pages, and its current page is 1."""
        limit, page = self.count("limit"), self.count("page")
        limit, page = _PAGE if limit is None else limit, 1 if page is None else page
        if not 1 <= limit <= _LARGEST_PAGE or page < 1:
            raise RequestRefused(answers.BAD_PARAMETER)
        first = (self.count("offset") or 0) + (page - 1) * limit
        meta = {
            "@TotalResources": len(items),
            "@TotalPages": -(-len(items) // limit),
            "@CurrentPage": page if items else 1,
        }
        return {"MetaInformation": meta, key: [form(item) for item in items[first : first + limit]]}
