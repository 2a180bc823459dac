"""A list of Fortnox's, read to its end: only such a one says that something is not there."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.fortnox import waiting_words
from connectors.fortnox.classify import list_moved
from connectors.fortnox.client import Fortnox
from infra.delivery.calls import amend
from infra.delivery.requests import Request
from infra.plugin import Attempt
from infra.verdicts import Absent, RetryLater

_PAGES: Final = 200
"""The most pages that are read: no list that an order is looked for in is that long."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What stands in a list under its ``key``, and whether that is all that Fortnox counts."""

    key: str
    items: tuple[Mapping[str, Any], ...]
    is_complete: bool

    def absent(self, attempt: Attempt) -> Absent | RetryLater:
        """Say that what was looked for is in none of the items, which counts only when these are all."""
        if self.is_complete:
            amend(attempt, waiting_words.NOT_AMONG(number=len(self.items)))
            return Absent()
        amend(attempt, waiting_words.NOT_ALL(number=len(self.items)))
        return list_moved(self.key)


async def whole(
    fortnox: Fortnox,
    request: Callable[[int], Request],
    key: str,
    attempt: Attempt,
    *,
    name: Callable[[Mapping[str, Any]], Hashable],
    keep: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda item: item,
    most: int = _PAGES,
) -> Whole | RetryLater:
    """Read every page of a list; ``name`` tells its items apart, since a page that came twice hides another.

    What ``keep`` returns of an item is held until the end: of a long list, no more than is wanted.
    So many pages as ``most`` says are read at most.
    """
    items: dict[Hashable, Mapping[str, Any]] = {}
    told = listed = 0
    for number in range(1, most + 1):
        page = await fortnox.list(request(number), key, attempt)
        if isinstance(page, RetryLater):
            return page
        before = len(items)
        items |= {name(item): keep(item) for item in page.items}
        if page.total is not None and page.total < told:  # one is gone, and what came after it has moved up unseen
            break
        told, listed = page.total or 0, listed + len(page.items)
        counted = page.total if page.total is not None else listed  # what came twice there hides something
        complete = len(items) == counted and not (page.total is None and page.is_full)
        if complete or len(items) == before:
            return Whole(key, tuple(items.values()), complete)
    return Whole(key, tuple(items.values()), is_complete=False)
