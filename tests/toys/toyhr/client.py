"""The only file of this connector that talks to Toy HR: every call with its token, its budget and its record."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from infra import words
from infra.access.connections import Connections
from infra.delivery.answers import Missing, Page
from infra.delivery.calls import Calls, told, unanswered, unheard
from infra.delivery.reading import answered
from infra.http import Client, Response
from infra.plugin import Attempt, Host
from infra.verdicts import Delivered, Rejected, RetryLater, Unknown
from schemas.words import Text
from tests.toys.toyhr import classify
from tests.toys.toyhr.encode import Request
from tests.toys.toyhr.settings import ToyHRSettings
from tests.toys.toyhr.translate import SYSTEM

_Answer = TypeVar("_Answer")


class ToyHR:
    """One company's Toy HR, over a client of the caller's."""

    def __init__(self, tenant: str, host: Host, client: Client) -> None:
        self.tenant, self.host = tenant, host
        self._connections = Connections(host.engine, host.vault)
        self._calls = Calls(client, SYSTEM, "Toy HR", tenant, host.settings.of(ToyHRSettings).api_url, _told)

    async def people(self, request: Request, attempt: Attempt) -> Page | Missing:
        """Ask for people. Raises NotRead."""
        lost = unanswered("Toy HR")
        return await answered(lambda: self._call(request, attempt, read=classify.people, lost=lost), tries=1)

    async def write(
        self, request: Request, attempt: Attempt, values: tuple[str, ...]
    ) -> Delivered | Rejected | RetryLater | Unknown:
        """Write a person, once; ``values`` are what must not be shown of an answer that repeats them."""
        return await self._call(request, attempt, read=partial(classify.written, values=values), lost=unheard)

    async def _call(
        self,
        request: Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        token = await self._connections.secret(self.tenant, SYSTEM)
        if token is None:
            verb = f"bokbuss {SYSTEM} connect {self.tenant}"
            why = words.NOT_CONNECTED(tenant=self.tenant, system="Toy HR", verb=verb)
            return RetryLater.saying(2.0, "consent_missing", why, "operator", steady=True)
        return await self._calls.send(request, token, attempt, read=read, lost=lost)


def _told(answer: object) -> tuple[str, Text]:
    return ("ok", words.LISTED(number=len(answer.items))) if isinstance(answer, Page) else told(answer)
