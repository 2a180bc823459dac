"""A list is whole when all of it was seen: what is absent from less than that is not absent."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from connectors.fortnox.classify import Page
from connectors.fortnox.paging import Whole, whole
from infra.delivery.requests import Request
from tests.connectors.fortnox.lane_driver import attempt


class Lists:
    """A Fortnox that has one list, of these pages; what comes after them is empty."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = [*pages]

    async def list(self, *_asked: object) -> Page:
        """Return the next page."""
        return self.pages.pop(0) if self.pages else Page((), None)


def page(first: int, last: int, total: int | None = None) -> Page:
    """Return a page of items that are called by these numbers."""
    return Page(tuple({"id": number} for number in range(first, last)), total)


@pytest.mark.parametrize(
    ("pages", "items", "is_complete"),
    [
        ([page(0, 150, 150)], 150, True),
        ([page(0, 100, 150), page(100, 150, 150)], 150, True),
        ([page(0, 100, 150), page(0, 100, 150)], 100, False),
        ([page(0, 100, 101), page(100, 101, 100)], 101, False),
        ([page(0, 99)], 99, True),
        ([page(0, 150)], 150, True),
        ([page(0, 100), page(100, 150)], 150, True),
        ([page(0, 500), page(500, 501)], 501, True),
        ([page(0, 100), page(0, 100)], 100, False),
        ([page(0, 100), page(99, 150)], 150, False),
        ([Page(({}, {}), None)], 1, False),
        ([Page(({}, {}), 2)], 1, False),
    ],
)
async def test_a_list_is_whole_when_all_of_it_was_seen(pages: list[Page], items: int, *, is_complete: bool) -> None:
    """Counted or not, heeding the limit or not; two items without a name may be two, and one of them is not seen."""
    found = await whole(
        cast("Any", Lists(pages)),
        lambda number: Request("GET", "things", {"page": number}),
        "Things",
        attempt(),
        name=lambda item: item.get("id"),
    )
    assert isinstance(found, Whole)
    assert (len(found.items), found.is_complete) == (items, is_complete)
