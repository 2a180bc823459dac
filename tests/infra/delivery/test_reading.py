"""Questions asked again, and lists that move while they are read."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import clock
from infra.delivery.answers import Page
from infra.delivery.reading import NotRead, answered, pages
from infra.delivery.requests import Request
from infra.verdicts import RetryLater

SOON = RetryLater(0.01, "unreachable", "no answer")
PERSON = RetryLater(0.01, "forbidden", "no right", "operator")
LIST = Request("GET", "people", (("limit", "3"),))


@pytest.mark.parametrize(
    ("answers", "tries", "asked"),
    [([SOON, SOON, "yes"], 3, 3), ([SOON, SOON, "yes"], 2, 2), ([PERSON, "yes"], 3, 1), ([SOON, "yes"], 1, 1)],
)
async def test_a_question_is_asked_again_while_that_may_help(
    answers: Sequence[str | RetryLater], tries: int, asked: int
) -> None:
    """So many times at most, after the time that the answer names, and never where a person must act."""
    times = 0

    async def ask() -> str | RetryLater:
        nonlocal times
        times += 1
        return answers[times - 1]

    begun = clock.monotonic()
    if answers[asked - 1] == "yes":
        assert await answered(ask, tries) == "yes"
    else:
        with pytest.raises(NotRead) as caught:
            await answered(ask, tries)
        assert caught.value.verdict is answers[asked - 1]
    assert times == asked
    assert clock.monotonic() - begun >= 0.01 * (asked - 1)


async def read(
    people: list[int], moves: Callable[[list[int], int], None] = lambda _people, _page: None, *, counts: bool = True
) -> list[int]:
    """Read a list whose people come three a page, and move before each one; ``counts``: it says how many there are."""
    asked = 0

    async def ask(request: Request) -> Page:
        nonlocal asked
        moves(people, asked)
        asked += 1
        offset = int(dict(request.params)["offset"])
        found = tuple({"id": person} for person in people[offset : offset + 3])
        return Page(found, len(people) if counts else None)

    return [item["id"] async for page in pages("Acme", LIST, ask) for item in page.items]


@given(size=st.integers(0, 20), counts=st.booleans())
async def test_a_list_that_stands_still_is_read_once(*, size: int, counts: bool) -> None:
    """Each page begins with the last record of the one before, which is given once; a list need not say its length."""
    assert await read(list(range(size)), counts=counts) == list(range(size))


@given(
    size=st.integers(1, 20),
    gone=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=2),
    counts=st.booleans(),
)
async def test_nobody_who_stays_is_missed(*, size: int, gone: list[tuple[int, int]], counts: bool) -> None:
    """Records that go while the list is read move others past us: it is read from its beginning then."""

    def moves(people: list[int], page: int) -> None:
        for when, who in gone:
            if when == page and who in people:
                people.remove(who)

    people = list(range(size))
    assert set(await read(people, moves, counts=counts)) >= set(people)


async def test_a_list_that_never_stands_still_is_not_read() -> None:
    """It says so, and is tried later."""

    def moves(people: list[int], _page: int) -> None:
        people.pop(0)

    with pytest.raises(NotRead, match="Acme's list changed each time") as caught:
        await read(list(range(100)), moves)
    assert (caught.value.verdict.code, caught.value.verdict.alone) == ("list_moved", True)
