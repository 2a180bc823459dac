"""The only file of this connector that talks to Alexis HR: every call with its token, its budget and its record.

Bodies are never logged or kept, and neither are the values of filters.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.alexishr import classify, encode
from connectors.alexishr.classify import Missing, Page, Written
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.translate import SYSTEM
from infra import clock, telemetry, tenants
from infra.access.connections import Connections
from infra.http import Client, NoAnswer, NotSent, Response
from infra.plugin import Attempt, Host
from infra.verdicts import Rejected, RetryLater, Unknown
from schemas.audit import Call

_UNREACHABLE_WAIT: Final = 2.0
_STEADY: Final = 2.0
_RESTARTS: Final = 3
_SWEDEN: Final = "Europe/Stockholm"
_Answer = TypeVar("_Answer")

_log = telemetry.log(__name__)


class NotRead(Exception):
    """A question has no answer for now; ``verdict`` says why, and when to ask again."""

    def __init__(self, verdict: RetryLater) -> None:
        self.verdict = verdict
        super().__init__(verdict.why)


class AlexisHR:
    """One company's Alexis HR, over a client of the caller's.

    Args:
        tries: how often a question is asked at most.
        token: one that is only tried; None takes the company's.
    """

    def __init__(self, tenant: str, host: Host, client: Client, *, tries: int = 1, token: str | None = None) -> None:
        self.tenant, self.host = tenant, host
        self._tries, self._tried = tries, token
        self._settings = host.settings.of(AlexisHRSettings)
        self._connections = Connections(host.engine, host.vault)
        self._client = client

    async def zone(self) -> ZoneInfo:
        """Return the zone in which the company reads dates."""
        settings, _ = await tenants.settings_in_force(self.host.engine, self.tenant)
        return ZoneInfo(settings.employees.zone if settings.employees else _SWEDEN)

    async def read(self, request: encode.Request, attempt: Attempt) -> Page | Missing:
        """Ask one question. Raises NotRead."""
        tries = 0
        while True:
            answer = await self._call(request, attempt, read=classify.page, lost=_unanswered)
            if not isinstance(answer, RetryLater):
                return answer
            tries += 1
            if answer.who is not None or tries >= self._tries:
                raise NotRead(answer)
            await clock.sleep(answer.after)

    async def pages(self, request: encode.Request, attempt: Attempt) -> AsyncIterator[Page]:
        """Read a list to its end, page by page, by whatever size of page it answers with.

        Each page begins with the last record of the one before. If it does not, records before it are gone, and others
        moved past us: the list is read from its beginning again, so a record may come twice, but none is missed.

        Raises:
            NotRead: also when a list moves each time it is read.
        """
        for _ in range(_RESTARTS):
            offset, last = 0, None
            while True:
                page = await self.read(request.at(offset), attempt)
                if isinstance(page, Missing):
                    raise NotRead(classify.unreadable())
                items = page.items
                if last is not None:
                    if not items or items[0].get("id") != last:
                        break
                    items = items[1:]
                if items or not offset:
                    yield Page(items, page.total, page.related, page.at)
                reached = offset + len(page.items)
                if reached >= page.total:
                    return
                if not items:
                    break
                offset, last = reached - 1, items[-1].get("id")
        why = "Alexis HR's list changed each time while it was read"
        raise NotRead(RetryLater(_UNREACHABLE_WAIT, "list_moved", why, alone=True))

    async def write(
        self, request: encode.Request, attempt: Attempt, values: tuple[str, ...]
    ) -> Written | Rejected | RetryLater | Unknown:
        """Write a record, once; ``values`` are what must not be shown of an answer that repeats them."""
        return await self._call(
            request,
            attempt,
            read=lambda response: classify.written(response, values),
            lost=lambda why: Unknown(f"it was sent and no answer came: {why}"),
        )

    async def _call(
        self,
        request: encode.Request,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer],
        lost: Callable[[str], _Answer],
    ) -> _Answer | RetryLater:
        token = self._tried or await self._connections.secret(self.tenant, SYSTEM)
        if token is None:
            why = f"company {self.tenant} is not connected to Alexis HR; run: bokbuss alexishr connect {self.tenant}"
            return RetryLater(_STEADY, "consent_missing", why, "operator", steady=True)
        await attempt.take()
        at, start = clock.now(), clock.monotonic()
        status: int | None = None
        answer: _Answer | RetryLater
        try:
            response = await self._client.send(
                request.method,
                f"{self._settings.api_url}/{request.path}",
                may_send=attempt.may_send,
                headers={"Authorization": f"Bearer {token}"}
                | ({"Content-Type": "application/json"} if request.body else {}),
                content=request.body,
            )
        except NotSent as error:
            answer = RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Alexis HR cannot be reached: {error}")
        except NoAnswer as error:
            answer = lost(str(error))
        else:
            status = response.status
            if classify.refused_token(response):
                answer = await self._token_refused(token)
            else:
                answer = read(response)
            if (wait := classify.throttled(response)) is not None:
                telemetry.THROTTLED.labels(self.tenant, SYSTEM).inc()
                await attempt.throttled(wait)
        seconds = clock.monotonic() - start
        outcome, verdict = _told(answer)
        telemetry.REQUESTS.labels(SYSTEM, request.operation, outcome).inc()
        telemetry.REQUEST_SECONDS.labels(SYSTEM).observe(seconds)
        method, _, path = request.shown.partition(" ")
        attempt.calls.append(
            Call(
                at=at,
                request=f"{method} {urlsplit(self._settings.api_url).path}{path}",
                status=status,
                milliseconds=round(seconds * 1000),
                verdict=verdict[:200],
            )
        )
        return answer

    async def _token_refused(self, token: str) -> RetryLater:
        """Write down that a person must give a new token, unless one did meanwhile."""
        why = classify.REFUSED.format(tenant=self.tenant)
        if self._tried is None and await self._connections.secret(self.tenant, SYSTEM) == token:
            await self._connections.lost(self.tenant, SYSTEM, "needs_consent", why)
            _log.warning("connection lost", tenant=self.tenant, system=SYSTEM, why=why)
        return RetryLater(_STEADY, "unauthorised", why, "operator", steady=True)


def _unanswered(why: str) -> Page | Missing | RetryLater:
    return RetryLater(_UNREACHABLE_WAIT, "unreachable", f"Alexis HR did not answer: {why}", alone=True)


def _told(answer: object) -> tuple[str, str]:
    """Return an answer's bounded name, and its story for the audit trail."""
    match answer:
        case Written():
            return "written", "written"
        case Rejected(code, _, _):
            return "rejected", f"rejected: {code}"
        case RetryLater(_, code, _, _):
            return "retry_later", f"retry later: {code}"
        case Unknown(why):
            return "unknown", f"unknown: {why}"
        case Missing():
            return "missing", "there is no such record"
        case Page(items, total):
            return "ok", f"{len(items)} of {total}"
        case _:
            raise TypeError(f"an answer of Alexis HR's cannot be a {type(answer).__name__}")
