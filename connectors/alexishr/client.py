"""The only file of this connector that talks to Alexis HR: every call with its token, its budget and its record.

Bodies are never logged or kept, and neither are the values of filters.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from connectors.alexishr import classify, encode, refusal_words
from connectors.alexishr.classify import Page, Written
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.translate import SYSTEM, Chosen
from infra import telemetry, tenants, words
from infra.access.connections import Connections, connects
from infra.delivery.answers import Missing, Unauthorised
from infra.delivery.calls import Calls, told, unanswered, unheard
from infra.delivery.reading import NotRead, answered, pages
from infra.http import Client, Response
from infra.plugin import Attempt, Host
from infra.verdicts import Rejected, RetryLater, Unknown
from schemas.words import Text

PARTY: Final = "Alexis HR"
_STEADY: Final = 2.0
_SWEDEN: Final = "Europe/Stockholm"
_Answer = TypeVar("_Answer")

_log = telemetry.log(__name__)


class AlexisHR:
    """One company's Alexis HR, over a client of the caller's.

    Args:
        tries: how often a question is asked at most.
        token: one that is only tried; None takes the company's.
    """

    def __init__(self, tenant: str, host: Host, client: Client, *, tries: int = 1, token: str | None = None) -> None:
        self.tenant, self.host = tenant, host
        self._tries, self._tried = tries, token
        self._connections = Connections(host.engine, host.vault)
        self._calls = Calls(client, SYSTEM, PARTY, tenant, host.settings.of(AlexisHRSettings).api_url, _told)

    async def chosen(self) -> Chosen:
        """Return what the company has chosen that its people are read and written by."""
        settings, _ = await tenants.settings_in_force(self.host.engine, self.tenant)
        zone = ZoneInfo(settings.employees.zone if settings.employees else _SWEDEN)
        return Chosen(zone, settings.hr_fields(SYSTEM))

    async def read(self, request: encode.Request, attempt: Attempt) -> Page | Missing:
        """Ask one question. Raises NotRead."""
        lost = unanswered(PARTY)
        return await answered(lambda: self._call(request, attempt, read=classify.page, lost=lost), self._tries)

    def pages(self, request: encode.Request, attempt: Attempt) -> AsyncIterator[Page]:
        """Read a list to its end. Raises NotRead."""

        async def ask(request: encode.Request) -> Page:
            page = await self.read(request, attempt)
            if isinstance(page, Missing):
                raise NotRead(classify.unreadable())
            return page

        return pages(PARTY, request, ask)

    async def write(
        self, request: encode.Request, attempt: Attempt, values: tuple[str, ...]
    ) -> Written | Rejected | RetryLater | Unknown:
        """Write a record, once; ``values`` are what must not be shown of an answer that repeats them."""
        return await self._call(request, attempt, read=partial(classify.written, values=values), lost=unheard)

    async def _call(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        token = self._tried or await self._connections.secret(self.tenant, SYSTEM)
        if token is None:
            why = words.NOT_CONNECTED(tenant=self.tenant, system=PARTY, verb=connects(SYSTEM, self.tenant))
            return RetryLater.saying(_STEADY, "consent_missing", why, "operator", steady=True)
        answer = await self._calls.send(request, token, attempt, read=read, lost=lost)
        return await self._token_refused(token) if isinstance(answer, Unauthorised) else answer

    async def _token_refused(self, token: str) -> RetryLater:
        """Write down that a person must give a new token, unless one did meanwhile."""
        why = refusal_words.TOKEN_REFUSED(tenant=self.tenant)
        if self._tried is None and await self._connections.secret(self.tenant, SYSTEM) == token:
            await self._connections.lost(self.tenant, SYSTEM, "needs_consent", why)
            _log.warning("connection lost", tenant=self.tenant, system=SYSTEM, why=str(why))
        return RetryLater.saying(_STEADY, "unauthorised", why, "operator", steady=True)


def _told(answer: object) -> tuple[str, Text]:
    return ("written", words.WRITTEN()) if isinstance(answer, Written) else told(answer)
