"""What a request asks for: its path, its parameters, its page, and the financial year that it is about."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import Refused
from connectors.fortnox.sandbox.books import Company, Year

_PAGE: Final = 100
_LARGEST_PAGE: Final = 500
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_PAGING: Final = frozenset({"limit", "page", "offset"})
_YEAR: Final = frozenset({"financialyear", "financialyeardate"})

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of one company.

    Attributes:
        at: when it takes effect.
        path: the variable parts of the path.
        query: the parameters; names are lower case.
        listed_from: when lists begin to show what this request makes.
    """

    at: datetime
    path: Mapping[str, Any]
    query: Mapping[str, str]
    body: bytes
    listed_from: datetime

    def allow(self, *names: str) -> None:
        """Refuse every parameter but these and the ones of paging and years."""
        if "filter" in self.query:
            raise Refused(answers.BAD_FILTER)
        if not self.query.keys() <= _PAGING | _YEAR | set(names):
            raise Refused(answers.BAD_PARAMETER)

    def year(self, company: Company) -> Year:
        """Return the year that is named by id or by a day in it, else the preselected one."""
        if (year_id := self.count("financialyear")) is not None:
            year = company.years.get(year_id)
        elif (day := self.day("financialyeardate")) is not None:
            year = company.year_on(day)
        else:
            year = company.years.get(company.preselected_year)
        if year is None:
            asked = self.query.get("financialyear") or self.query.get("financialyeardate") or "förvalt"
            raise Refused(answers.NO_YEAR, asked)
        return year

    def day(self, name: str) -> date | None:
        """Return a parameter that is a day."""
        text = self.query.get(name)
        if text is None:
            return None
        day = parse_day(text)
        if day is None:
            raise Refused(answers.BAD_PARAMETER)
        return day

    def count(self, name: str) -> int | None:
        """Return a parameter that is a whole number."""
        text = self.query.get(name)
        if text is None:
            return None
        if not _COUNT.fullmatch(text):
            raise Refused(answers.BAD_PARAMETER)
        return int(text)

    def page(self, key: str, items: Sequence[_Item], form: Callable[[_Item], dict[str, Any]]) -> dict[str, Any]:
        """Return the page asked for of a list. An empty list has 0 pages, and its current page is 1."""
        limit, page = self.count("limit"), self.count("page")
        limit, page = _PAGE if limit is None else limit, 1 if page is None else page
        if not 1 <= limit <= _LARGEST_PAGE or page < 1:
            raise Refused(answers.BAD_PARAMETER)
        first = (self.count("offset") or 0) + (page - 1) * limit
        meta = {
            "@TotalResources": len(items),
            "@TotalPages": -(-len(items) // limit),
            "@CurrentPage": page if items else 1,
        }
        return {"MetaInformation": meta, key: [form(item) for item in items[first : first + limit]]}


def parse_day(text: str) -> date | None:
    """Return a day written YYYY-MM-DD, or None."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
