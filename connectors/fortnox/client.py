"""The only file of this connector that talks to Fortnox: every call with its token, its budget and its record.

Bodies are never logged or kept.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode, urlsplit

from connectors.fortnox import classify, encode, errors, whose
from connectors.fortnox.classify import Missing, Page, Record, Unauthorised
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.tokens import AccessTokens
from infra import clock, telemetry
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import Attempt, Company, Host
from infra.verdicts import AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas.audit import Call

_SINK: Final = "fortnox"
_UNREACHABLE_WAIT: Final = 2.0
BRIEF_WAIT: Final = 5.0
_UNAUTHORISED_WAIT: Final = 5.0

_WHOSE: Final = encode.Request("GET", "companyinformation")

_log = telemetry.log(__name__)
_Answer = TypeVar("_Answer")


class Fortnox:
    """One company's Fortnox: calls with token, budget and record. Used by one lane, one order at a time."""

    def __init__(self, company: Company, host: Host, client: Client) -> None:
        self.company, self.host = company, host
        self._settings = host.settings.of(FortnoxSettings)
        self._client = client
        self._tokens = AccessTokens(company, host)
        self._proved = ""  # the token that opens this company's books, as Fortnox said when it was asked with it

    async def list(self, request: encode.Request, key: str, attempt: Attempt) -> Page | RetryLater:
        """Return one page of the list that stands under ``key``."""
        return await self.ask(
            request,
            attempt,
            read=lambda response: classify.page(response, key),
            lost=unanswered,
        )

    async def one(self, request: encode.Request, key: str, attempt: Attempt) -> Record | Missing | RetryLater:
        """Return the one record that stands under ``key``."""
        return await self.ask(
            request,
            attempt,
            read=lambda response: classify.one(response, key),
            lost=unanswered,
        )

    async def ask(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        """Send a request, once more if its token was refused: a 401 did nothing, so that is safe for a POST as well."""
        for _ in range(2):
            token = await self._tokens.current()
            if isinstance(token, RetryLater):
                return token
            answer: _Answer | RetryLater | Unauthorised | None = await self._stranger(token, request, attempt)
            if answer is None:
                await attempt.take()
                answer = await self._send(request, token, attempt, read=read, lost=lost)
            if not isinstance(answer, Unauthorised):
                return answer
            await self._tokens.refused(token)
        return RetryLater(
            _UNAUTHORISED_WAIT,
            "unauthorised",
            "Fortnox refuses a new access token as well (401); let the company connect again",
            "operator",
        )

    async def _stranger(
        self, token: str, request: encode.Request, attempt: Attempt
    ) -> RetryLater | Unauthorised | None:
        """Say why nothing may be asked with a token: it opens another company's books; None when it opens ours.

        Before the first write with each token Fortnox is asked; for a question the token's own word is enough.
        """
        if token == self._proved or request.resource == _WHOSE.resource:
            return None
        if request.method == "GET" and whose.company_of(token) == self.company.database_number is not None:
            return None
        await attempt.take()
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
        refused = await self._tokens.opens(found.database_number, found.name)
        if refused is None:
            self._proved = token
        return refused

    async def _send(
        self,
        request: encode.Request,
        token: str,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer | Unauthorised],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater | Unauthorised:
        at, start = clock.now(), clock.monotonic()
        status: int | None = None
        answer: _Answer | RetryLater | Unauthorised
        try:
            response = await self._client.send(
                request.method,
                f"{self._settings.api_url}/{request.resource}",
                may_send=attempt.may_send,
                headers={"Authorization": f"Bearer {token}"}
                | ({"Content-Type": request.content_type} if request.body else {}),
                params=request.params,
                content=request.body,
            )
            status, answer = response.status, errors.explained(read(response), self.host.settings.language)
        except NotSent as error:
            answer = RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Fortnox cannot be reached: {error}")
        except NoAnswer as error:
            answer = lost(str(error))
        seconds = clock.monotonic() - start
        operation = f"{request.method} {request.resource.partition('/')[0]}"  # without the record's id: it is a label
        outcome, verdict = _told(answer)
        telemetry.REQUESTS.labels(_SINK, operation, outcome).inc()
        telemetry.REQUEST_SECONDS.labels(_SINK).observe(seconds)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            telemetry.THROTTLED.labels(self.company.tenant, _SINK).inc()
            if isinstance(answer, RetryLater):
                await attempt.throttled(answer.after)
        path = f"{urlsplit(self._settings.api_url).path}/{request.resource}"
        path += f"?{urlencode(request.params)}" if request.params else ""
        attempt.calls.append(
            Call(
                at=at,
                request=f"{request.method} {path}",
                status=status,
                milliseconds=round(seconds * 1000),
                verdict=verdict[:200],
            )
        )
        return answer


def unanswered(why: str) -> RetryLater:
    """Say that a question got no answer: it did nothing, and is asked again."""
    return RetryLater(BRIEF_WAIT, "unreachable", f"Fortnox did not answer: {why}", alone=True)


def _told(answer: object) -> tuple[str, str]:  # noqa: C901, PLR0911 - one line for each kind of answer
    """Return an answer's bounded name, and its story for the audit trail."""
    match answer:
        case Delivered(voucher, note, record):
            return "delivered", f"delivered {voucher or record} {note}".rstrip()
        case AlreadyThere(note=note):
            return "already_there", f"already there: {note}"
        case Rejected(code, _, _):
            return "rejected", f"rejected: {code}"
        case RetryLater(_, code, _, _):
            return "retry_later", f"retry later: {code}"
        case Unknown(why):
            return "unknown", f"unknown: {why}"
        case Unauthorised():
            return "unauthorised", "the access token was refused"
        case Page(items, _):
            return "ok", f"{len(items)} listed"
        case Record():
            return "ok", "read"
        case Missing():
            return "missing", "not there"
        case str():
            return "ok", f"it is {answer}"
        case bytes():
            return "ok", f"{len(answer)} bytes"
        case _:
            raise TypeError(f"an answer of Fortnox's cannot be a {type(answer).__name__}")


def amend(attempt: Attempt, verdict: str) -> None:
    """Write into the last call what came of the whole search."""
    attempt.calls[-1] = attempt.calls[-1].model_copy(update={"verdict": verdict[:200]})
