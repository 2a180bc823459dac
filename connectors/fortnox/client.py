"""The only file of this connector that talks to Fortnox: every call with its token, its budget and its record.

Bodies are never logged or kept.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from connectors.fortnox import classify, errors, waiting_words, whose
from connectors.fortnox.classify import Fetched, Page, Record, TooLarge
from connectors.fortnox.settings import settings_of
from connectors.fortnox.tokens import SYSTEM, AccessTokens
from connectors.fortnox.whose import OpenedCompany
from infra import words
from infra.delivery import calls
from infra.delivery.answers import BRIEF_WAIT, Missing, Unauthorised
from infra.delivery.calls import Calls
from infra.delivery.requests import Request
from infra.http import Client, Download, Response
from infra.plugin import Attempt, Company, Host
from infra.verdicts import RetryLater
from schemas.words import Text

_UNAUTHORISED_WAIT: Final = 5.0

_WHOSE: Final = Request("GET", "companyinformation")
_Answer = TypeVar("_Answer")


class Fortnox:
    """One company's Fortnox: calls with token, budget and record. Used by one lane, one order at a time."""

    def __init__(self, company: Company, host: Host, client: Client) -> None:
        self.company, self.host = company, host
        self._calls = Calls(client, SYSTEM, "Fortnox", company.tenant, settings_of(host, company.tenant).api_url, _told)
        self._tokens = AccessTokens(company, host)
        self._books: tuple[str, OpenedCompany] | None = None  # a token, and what it opens
        self._proved = ""  # the token that opens this company's books, as Fortnox said when it was asked with it

    async def list(self, request: Request, key: str, attempt: Attempt) -> Page | RetryLater:
        """Return one page of the list that stands under ``key``."""
        return await self.ask(
            request,
            attempt,
            read=lambda response: classify.page(response, key),
            lost=unanswered,
        )

    async def one(self, request: Request, key: str, attempt: Attempt) -> Record | Missing | RetryLater:
        """Return the one record that stands under ``key``."""
        return await self.ask(
            request,
            attempt,
            read=lambda response: classify.one(response, key),
            lost=unanswered,
        )

    async def fetch(
        self, request: Request, attempt: Attempt, into: Download
    ) -> Fetched | TooLarge | Missing | RetryLater:
        """Write a file's content into a file of ours, whole; one of which the end did not come is asked for again."""
        return await self.ask(request, attempt, read=classify.fetched, lost=unanswered, into=into)

    async def ask(
        self,
        request: Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
        into: Download | None = None,
    ) -> _Answer | RetryLater:
        """Send a request, once more if its token was refused: a 401 did nothing, so that is safe for a POST as well."""
        for _ in range(2):
            token = await self._tokens.current()
            if isinstance(token, RetryLater):
                return token
            answer: _Answer | RetryLater | Unauthorised | None = await self._stranger(token, request, attempt)
            if answer is None:
                answer = await self._send(request, token, attempt, read=read, lost=lost, into=into)
            if not isinstance(answer, Unauthorised):
                return answer
            await self._tokens.refused(token)
        why = waiting_words.NEW_TOKEN_REFUSED()
        return RetryLater.saying(_UNAUTHORISED_WAIT, "unauthorised", why, "operator")

    async def books(self, attempt: Attempt) -> OpenedCompany | RetryLater:
        """Return whose books the company's token opens now, as Fortnox says; it is asked once for each token."""
        token = await self._tokens.current()
        if isinstance(token, RetryLater):
            return token
        if self._books is None or self._books[0] != token:  # a person may have connected others meanwhile
            answer = await self.one(_WHOSE, "CompanyInformation", attempt)
            found = whose.found(answer.fields) if isinstance(answer, Record) else None
            if found is None:
                return answer if isinstance(answer, RetryLater) else classify.unreadable_list("CompanyInformation")
            self._books = token, found
        return self._books[1]

    async def _stranger(self, token: str, request: Request, attempt: Attempt) -> RetryLater | Unauthorised | None:
        """Say why nothing may be asked with a token: it opens another company's books; None when it opens ours.

        Before the first write with each token Fortnox is asked; for a question the token's own word is enough.
        """
        if token == self._proved or request.resource == _WHOSE.resource:
            return None
        if request.method == "GET" and whose.company_of(token) == self.company.database_number is not None:
            return None
        answer: Record | Missing | RetryLater | Unauthorised = await self._send(
            _WHOSE,
            token,
            attempt,
            read=lambda response: classify.one(response, "CompanyInformation"),
            lost=unanswered,
        )
        if not isinstance(answer, Record):
            return classify.unreadable_list("CompanyInformation") if isinstance(answer, Missing) else answer
        if (found := whose.found(answer.fields)) is None:
            return classify.unreadable_list("CompanyInformation")
        refused = await self._tokens.opens(token, found.database_number, found.name)
        if refused is None:
            self._proved, self._books = token, (token, found)
        return refused

    async def _send(
        self,
        request: Request,
        token: str,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
        into: Download | None = None,
    ) -> _Answer | RetryLater | Unauthorised:
        def explained(response: Response) -> _Answer | Unauthorised:
            return errors.explained(read(response), self.host.settings.language)

        return await self._calls.send(request, token, attempt, read=explained, lost=lost, into=into)


unanswered: Final = calls.unanswered("Fortnox", BRIEF_WAIT)


def _told(answer: object) -> tuple[str, Text]:  # noqa: PLR0911 - one for each answer
    match answer:
        case Page(items):
            return "ok", words.LISTED(number=len(items))
        case Record():
            return "ok", words.READ()
        case str():
            return "ok", waiting_words.IT_IS(what=answer)
        case Fetched(size):
            return "ok", waiting_words.BYTES(number=size)
        case TooLarge():
            return "too_large", waiting_words.TOO_LARGE()
        case bytes():
            return "ok", waiting_words.BYTES(number=len(answer))
        case _:
            return calls.told(answer)
