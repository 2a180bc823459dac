"""Questions that are asked until they are answered, and lists that are read to their end although they move."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from infra import clock, words
from infra.delivery.answers import Page
from infra.delivery.calls import UNREACHABLE_WAIT
from infra.delivery.requests import Request
from infra.plugin import Attempt, Kind
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, RetryLater, Verdict
from schemas.commands import Order
from schemas.envelope import Envelope

_RESTARTS = 3
_Answer = TypeVar("_Answer")
_Page = TypeVar("_Page", bound=Page)
_Request = TypeVar("_Request", bound=Request)


class NotRead(Exception):
    """A question has no answer for now; ``verdict`` says why, and when to ask again."""

    def __init__(self, verdict: RetryLater) -> None:
        self.verdict = verdict
        super().__init__(verdict.why)


def reading(order: type[Order], read: Callable[[Any, Envelope[Any], Attempt], Awaitable[Verdict]]) -> Kind:
    """Return a kind of order that reads something and tells it: it is looked for by doing it again."""

    async def again(client: Any, order: Envelope[Any], attempt: Attempt) -> Look:
        match await read(client, order, attempt):
            case Delivered(record=record):
                return AlreadyThere(record=record)
            case RetryLater() as later:
                return later
            case _:
                return Absent()  # it is given again, and its answer is put on record then

    found_by = "reading changes nothing: it is read again"
    return Kind(order=order, write=read, probe=again, found_by=found_by, reads=True)


async def answered(ask: Callable[[], Awaitable[_Answer | RetryLater]], tries: int) -> _Answer:
    """Ask until there is an answer, so many times at most, and not again what waits for a person. Raises NotRead."""
    while True:
        answer = await ask()
        if not isinstance(answer, RetryLater):
            return answer
        tries -= 1
        if answer.who is not None or tries <= 0:
            raise NotRead(answer)
        await clock.sleep(answer.after)


async def pages(party: str, request: _Request, ask: Callable[[_Request], Awaitable[_Page]]) -> AsyncIterator[_Page]:
    """Read a list to its end, page by page, by whatever size of page it answers with.

    Each page begins with the last record of the one before. If it does not, records before it are gone, and others
    moved past us: the list is read from its beginning again, so a record may come twice, but none is missed. A list
    that does not say how many there are ends where a page brings nothing new.

    Raises:
        NotRead: also when a list moves each time it is read.
    """
    for _ in range(_RESTARTS):
        offset, last = 0, None
        while True:
            page = await ask(request.at(offset))
            items = page.items
            if last is not None:
                if not items or items[0].get("id") != last:
                    break
                items = items[1:]
            if items or not offset:
                yield replace(page, items=items)
            reached = offset + len(page.items)
            if not items if page.total is None else reached >= page.total:
                return
            if not items:
                break
            offset, last = reached - 1, items[-1].get("id")
    raise NotRead(RetryLater.saying(UNREACHABLE_WAIT, "list_moved", words.LIST_MOVED(party=party), alone=True))
