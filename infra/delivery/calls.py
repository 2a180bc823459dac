"""One call to another party, on record: its turn, the permission to send, the answer as a value, what it took.

Bodies are never logged or kept.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

from infra import clock, telemetry, tracing, words
from infra.delivery import answers
from infra.delivery.answers import Missing, Page, Unauthorised
from infra.delivery.requests import Request
from infra.http import Client, Download, NoAnswer, NotSent, Response
from infra.plugin import Attempt
from infra.verdicts import AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas.audit import Call
from schemas.words import Text

UNREACHABLE_WAIT = 2.0
_WORDS = 200
_Answer = TypeVar("_Answer")


def told(answer: object) -> tuple[str, Text]:  # noqa: PLR0911 - one for each answer
    """Return an answer's bounded name, and its story for the audit trail.

    Raises TypeError for what only its own party can tell of.
    """
    match answer:
        case Delivered(voucher, _, record) as done:
            what = str(voucher or record)
            told = words.DELIVERED_NOTING(what=what, note=done.said) if done.note else words.DELIVERED(what=what)
            return "delivered", told
        case AlreadyThere() as there:
            return "already_there", words.ALREADY_THERE(note=there.said)
        case Rejected(code):
            return "rejected", words.REJECTED(reason=code)
        case RetryLater(_, code):
            return "retry_later", words.RETRY_LATER(reason=code)
        case Unknown() as lost:
            return "unknown", words.UNKNOWN(why=lost.said)
        case Unauthorised():
            return "unauthorised", words.UNAUTHORISED()
        case Missing():
            return "missing", words.MISSING()
        case Page(items, total):
            number = len(items)
            return "ok", words.LISTED(number=number) if total is None else words.LISTED_OF(number=number, all=total)
        case _:
            raise TypeError(f"nobody says what a {type(answer).__name__} is")


def unanswered(party: str, after: float = UNREACHABLE_WAIT) -> Callable[[str], RetryLater]:
    """Return what says of a question that it got no answer: it did nothing, and is asked again."""
    return lambda why: RetryLater.saying(after, "unreachable", words.SILENT(party=party, how=why), alone=True)


def unheard(why: str) -> Unknown:
    """Say of a write that no answer came to it."""
    return Unknown.saying(words.UNHEARD(how=why))


class Calls:
    """One company's calls to one party, over a client of the caller's.

    Args:
        party: what people call it.
        url: what its requests are below.
        told: tells of the party's own answers as well.
    """

    def __init__(
        self,
        client: Client,
        system: str,
        party: str,
        tenant: str,
        url: str,
        told: Callable[[object], tuple[str, Text]] = told,
    ) -> None:
        self._client, self._system, self._party, self._tenant, self._url = client, system, party, tenant, url
        self._told = told

    async def send(
        self,
        request: Request,
        token: str,
        attempt: Attempt,
        *,
        read: Callable[[Response], _Answer],
        lost: Callable[[str], _Answer],
        into: Download | None = None,
    ) -> _Answer | RetryLater:
        """Make one call, when its turn has come; ``lost`` says what it means that no whole answer came, and why.

        A success is written ``into`` a file, if one is given, and ``read`` gets an answer without its body.
        What ``attempt.may_send`` raises is raised, and nothing has left then.
        """
        await attempt.take()
        with tracing.call(f"{request.method} {request.kind}") as span:
            span.set(http__request__method=request.method, bokbuss__system=self._system)
            at, start = clock.now(), clock.monotonic()
            response: Response | None = None
            answer: _Answer | RetryLater
            try:
                response = await self._client.send(
                    request.method,
                    f"{self._url}/{request.path}",
                    may_send=attempt.may_send,
                    headers={"Authorization": f"Bearer {token}"}
                    | ({"Content-Type": request.content_type} if request.body else {}),
                    content=request.body,
                    into=into,
                )
            except NotSent as error:
                span.fail("NotSent")
                why = words.UNREACHABLE(party=self._party, how=str(error))
                answer = RetryLater.saying(UNREACHABLE_WAIT, "unreachable", why)
            except NoAnswer as error:
                span.fail("NoAnswer")
                answer = lost(str(error))
            else:
                span.set(http__response__status_code=response.status)
                answer = read(response)
            seconds = clock.monotonic() - start
            outcome, said = self._told(answer)
            span.set(bokbuss__outcome=outcome)
            telemetry.REQUESTS.labels(self._system, f"{request.method} {request.kind}", outcome).inc()
            telemetry.REQUEST_SECONDS.labels(self._system).observe(seconds, tracing.exemplar())
        if response and response.status == HTTPStatus.TOO_MANY_REQUESTS:
            telemetry.THROTTLED.labels(self._tenant, self._system).inc()
            await attempt.throttled(answers.retry_after(response))
        attempt.calls.append(
            Call(
                at=at,
                request=f"{request.method} {urlsplit(self._url).path}/{request.shown}",
                status=response.status if response else None,
                milliseconds=round(seconds * 1000),
                verdict=said.english[:_WORDS],
                wording=said.wording,
            )
        )
        return answer


def amend(attempt: Attempt, said: Text) -> None:
    """Write into the last call what came of the whole search."""
    new = {"verdict": said.english[:_WORDS], "wording": said.wording}
    attempt.calls[-1] = attempt.calls[-1].model_copy(update=new)
