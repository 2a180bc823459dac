"""Fortnox's answers as verdicts, from status and body, never from the content type. Pure.

Fortnox has two casings of ErrorInformation, JSON under other content types, HTML and empty bodies. What is not
certainly a refusal and not certainly a voucher is unknown.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeGuard, TypeVar

from pydantic import ValidationError

from connectors.fortnox import encode, errors, waiting_words
from infra.delivery import answers
from infra.delivery.answers import BRIEF_WAIT, OPERATOR_WAIT, REFUSAL, Answer, Missing, Unauthorised, form, json_object
from infra.verdicts import (
    AlreadyThere,
    Delivered,
    Granted,
    Refused,
    Rejected,
    RetryLater,
    Unanswered,
    Unknown,
    Verdict,
    noting,
)
from schemas.base import is_day
from schemas.commands import VoucherRef
from schemas.ledger import Sums, booked
from schemas.money import ORE
from schemas.words import rewritten

YEAR_MISSING: Final = "financial_year_missing"
NO_RIGHT: Final = "API_NORIGHT"
"""What Fortnox shows of a field that needs a licence or a right which the company, or who consented, lacks."""
_REST: Final = Decimal("0.000001")
"""Less than that is what floats leave over."""
_UNTIL: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b", re.ASCII)

_DEFAULT_LIMIT: Final = 100

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. ``total`` counts the whole list, where Fortnox says it."""

    items: tuple[Mapping[str, Any], ...]
    total: int | None

    @property
    def is_full(self) -> bool:
        """Tell whether more may follow: it has as many items as we asked for, or as a page has if nobody asks."""
        return len(self.items) in {_DEFAULT_LIMIT, encode.LIMIT}


@dataclass(frozen=True, slots=True)
class Record:
    """One record as Fortnox holds it; its numbers are ``Decimal``."""

    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file was written, whole: so many bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A file is larger than is allowed; it was not read to its end."""


class Written(Answer, Protocol):
    """An answer of which a success was written to a file."""

    @property
    def received(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def is_too_large(self) -> bool: ...  # noqa: D102 - the name says it


@dataclass(frozen=True, slots=True)
class Year:
    """A financial year, by Fortnox's own id."""

    id: int
    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Tell whether a day is in this year."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What ErrorInformation says: ``number`` is 0 where it gives none, ``code`` is ours, ``raw`` is all, redacted."""

    number: int
    message: str
    code: str
    raw: str


_SUCCESS: Final = range(200, 300)  # 200 and 201 occur
_OF_A_LIST: Final = frozenset({"cost_centre_refused"})
"""What a refusal to list says of the company: it uses no cost centres."""
_404_FOR_NONE: Final = frozenset({"AbsenceTransactions"})
"""Lists of which Fortnox's document says that they are "not found" where there is nothing to list."""
_REFUSED_WAIT: Final = 60.0

# Of the token endpoint (facts §1.1, §1.5). A grant that is refused stays refused until a person has acted.
_NO_GRANT: Final[Mapping[str, Refused]] = {
    "invalid_grant": Refused("needs_consent", waiting_words.CONSENT_REFUSED()),
    "invalid_scope": Refused("needs_consent", waiting_words.SCOPE_LACKING()),
    "error_missing_license": Refused("licence_missing", waiting_words.NO_LICENCE()),
    "error_missing_app_license": Refused("licence_missing", waiting_words.NO_APP_LICENCE()),
}
REFRESH_SECONDS: Final = 45 * 86_400.0
"""How long an unused refresh token lasts. Fortnox's answer does not say it; it was 31 days once (facts §1.3)."""

_ADDRESS: Final = re.compile(r"[^\s@(]+@[^\s@)]+")
_QUOTATION: Final = re.compile(r"\"[^\"]*\"|'[^']*'|”[^”]*”")
_MISSING: Final[Mapping[str, str]] = {
    "Voucher": "voucher_missing",
    "Employee": "employee_missing",
    "AbsenceTransaction": "absence_missing",
    "Account": "account_missing",
    "Invoice": "invoice_missing",
    "Order": "order_missing",
}
"""How a refusal says of a record, by its key, that there is none."""
_NO_ENTITY: Final = 2000432
""""Kan inte hitta enheten", which is said of records of other kinds too."""
_NOT_THERE: Final = re.compile(r"\bhitta|finns (inte|ej)|not found", re.IGNORECASE)
_QUOTED_LENGTH: Final = 300
_NAMES_A_FIELD: Final = "Värdet kan inte vara null"
_RAW_LENGTH: Final = 500
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]00:00(:00(\.0+)?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_CODE: Final = re.compile(r"[^a-z_]")


def classify(response: Answer, *, series: str, year_id: int) -> Verdict | Unauthorised:
    """Say what became of a voucher that was sent to this series and financial year."""
    return written(response, "Voucher", lambda voucher: _booked(voucher, series=series, year_id=year_id))


def written(
    response: Answer, key: str, read: Callable[[Mapping[str, Any]], _T | None]
) -> _T | Rejected | RetryLater | Unknown | Unauthorised:
    """Say what became of a record that was sent: ``read`` gets it from under ``key``; None: it says too little."""
    if response.status not in _SUCCESS:
        return refused(response)
    content = json_object(response).get(key)
    said = read(content) if isinstance(content, dict) else None
    if said is None:
        return Unknown.saying(waiting_words.NAMES_NONE(record=key.lower(), form=form(response)))
    return said


def removed(response: Answer, key: str, record: str) -> Verdict | Unauthorised:
    """Say what became of a record, under ``key``, that was to be deleted; one that is not there was deleted before."""
    if response.status in _SUCCESS:
        if response.body.lstrip()[:1] == b"<" or _error(response) is not None:  # somebody else's page, or an error
            return Unknown.saying(waiting_words.NOT_CLEAR(form=form(response)))
        return Delivered(record=record)
    if says_missing(response, key):
        return AlreadyThere(record=record, **noting([waiting_words.WAS_NOT_THERE()]))
    return refused(response)


def refused(response: Answer) -> Rejected | RetryLater | Unknown | Unauthorised:
    """Say what an answer to a write means that is no success: only a refusal that we can read says that nothing was."""
    if passing := _passing(response):
        return passing
    refusal = _refusal(response)
    code = refusal.code if refusal else ""
    if response.status == HTTPStatus.FORBIDDEN and not errors.is_known(code):
        why = waiting_words.FORBIDDEN(said=_quoted(refusal) if refusal else waiting_words.NO_REASON())
        wait = OPERATOR_WAIT if refusal else BRIEF_WAIT
        return RetryLater.saying(wait, "forbidden", why, "operator", of_kind=True)
    if refusal is None:
        return Unknown.saying(waiting_words.NOT_CLEAR(form=form(response)))
    meaning = errors.meaning(code)
    if meaning.kind == "unknown":
        return Unknown.saying(waiting_words.FAILED_WITHIN(said=_quoted(refusal)))
    told = errors.SAYS(said=_quoted(refusal))
    if meaning is errors.meaning("unexplained"):
        told = errors.SAYS_IN_ALL(said=told, status=response.status, answer=refusal.raw)
    return Rejected.saying(code, told, meaning.who or "operator", locked_until=_locked_until(code, refusal.message))


def _locked_until(code: str, message: str) -> date | None:
    """Return the last day of the locked period, as Fortnox's refusal names it (2000401: låst perioden t.o.m. ...)."""
    named = _UNTIL.search(message) if code == "period_locked" else None
    return date.fromisoformat(named[0]) if named and is_day(named[0]) else None


def one(response: Answer, key: str) -> Record | Missing | RetryLater | Unauthorised:
    """Read the record that stands under ``key``; only Fortnox's own word says that there is none."""
    if response.status in _SUCCESS:
        content = json_object(response).get(key)
        return Record(content) if isinstance(content, dict) else unreadable_list(key)
    return Missing() if says_missing(response, key) else _not_read(response, key)


def content(response: Answer) -> bytes | Missing | RetryLater | Unauthorised:
    """Return a file's bytes."""
    if response.status == HTTPStatus.OK:
        return response.body
    return Missing() if _has_no_file(response) else _not_read(response, "File")


def fetched(response: Written) -> Fetched | TooLarge | Missing | RetryLater | Unauthorised:
    """Say whether a file was written, whole, to where it was to be written."""
    if response.status != HTTPStatus.OK:
        return Missing() if _has_no_file(response) else _not_read(response, "File")
    return TooLarge() if response.is_too_large else Fetched(response.received)


def hiding(values: Collection[str], verdict: _T) -> _T:
    """Return a verdict whose words hold none of these values: Fortnox may repeat what it was sent."""
    if not isinstance(verdict, Rejected | RetryLater | Unknown):
        return verdict

    def hidden(text: str) -> str:
        for value in sorted((value for value in values if len(value) > 1), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "[removed]", text, flags=re.IGNORECASE)
        return text

    wording = verdict.wording and rewritten(verdict.wording, hidden)
    return replace(verdict, why=hidden(verdict.why), wording=wording)


def page(response: Answer, key: str) -> Page | RetryLater | Unauthorised:
    """Read a page of the list that stands under ``key``. What cannot be read is asked for again, never empty."""
    if response.status != HTTPStatus.OK:
        none = key in _404_FOR_NONE and response.status == HTTPStatus.NOT_FOUND and says_missing(response, key)
        return Page((), 0) if none else _not_read(response, key)
    content = json_object(response)
    items, meta = content.get(key), content.get("MetaInformation")
    if isinstance(items, dict) and not all(isinstance(item, dict) for item in items.values()):  # there is one of it
        items = [items]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return unreadable_list(key)
    return Page(tuple(items), integer(meta.get("@TotalResources")) if isinstance(meta, dict) else None)


def unreadable_list(key: str) -> RetryLater:
    """Say that a list cannot be relied on."""
    return RetryLater.saying(BRIEF_WAIT, "list_unreadable", waiting_words.LIST_UNREADABLE(list=key), alone=True)


def list_moved(key: str) -> RetryLater:
    """Say that a list changed while it was read, so that it is not whole."""
    return RetryLater.saying(BRIEF_WAIT, "list_moved", waiting_words.LIST_MOVED(list=key), alone=True)


def years(items: Sequence[Mapping[str, Any]]) -> tuple[Year, ...]:
    """Return the financial years that a list names; what is none is left out."""
    return tuple(year for year in map(_year, items) if year)


def day(value: object) -> date | None:
    """Return a day, which may come with its midnight; None for what is none."""
    found = _DAY.fullmatch(str(value))
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def number_of(value: object) -> Decimal | None:
    """Return a number, which Fortnox sends as a number or as text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def is_other_number(held: Decimal | None, sent: Decimal) -> bool:
    """Tell whether Fortnox holds another number than was sent; what it does not show is none."""
    return held is not None and abs(held - sent) >= _REST


def is_true(value: object) -> bool:
    """Tell whether Fortnox says yes: its booleans come as texts too, and as 1."""
    return str(value).lower() in {"true", "1"}


def marked(
    items: Sequence[Mapping[str, Any]], mark: str, *, series: str, year_id: int
) -> tuple[VoucherRef, ...] | RetryLater:
    """Return the vouchers whose description carries a mark, from a list of one series and financial year.

    A voucher without a description, or with one that we may not read, or with the mark and without a number, gives no
    answer: it would pass for absent.
    """
    found = []
    for item in items:
        if (is_ours := shows(item, mark)) is None:
            return unreadable_list("Vouchers")
        if is_ours:
            said = {name: value for name, value in item.items() if value is not None}
            voucher = _reference({"VoucherSeries": series, "Year": year_id, **said})
            if voucher is None:
                return unreadable_list("Vouchers")
            found.append(voucher)
    return tuple(found)


def shows(voucher: Mapping[str, Any], mark: str) -> bool | None:
    """Tell whether a voucher's description carries a mark; None: we may not read it."""
    return None if voucher.get("Description", NO_RIGHT) == NO_RIGHT else carries(voucher, mark)


def carries(voucher: Mapping[str, Any], mark: str) -> bool:
    """Tell whether a voucher's description carries a mark, as a word of its own."""
    return bool(re.search(rf"(?<![\w-]){re.escape(mark)}(?![\w-])", str(voucher.get("Description"))))


def sums(voucher: Mapping[str, Any]) -> Sums | None:
    """Return what a voucher books on each account; None where a row does not say."""
    try:
        return booked(
            (int(row["Account"]), None, None, _amount(row.get("Debit")) - _amount(row.get("Credit")))
            for row in voucher["VoucherRows"]
            if not is_true(row.get("Removed"))
        )
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        return None


def _amount(value: Any) -> Decimal:
    """Return an amount to the öre: what was computed in floats comes with a rest."""
    return Decimal(value or 0).quantize(ORE)


def token(response: Answer) -> Granted | Refused | Unanswered | RetryLater:
    """Read the token endpoint's answer, to any grant; it too sends JSON under other content types.

    Only an error that is known to end a grant is a refusal, and only an answer that certainly used up no refresh token
    is a RetryLater.
    """
    content = json_object(response)
    access, refresh = content.get("access_token"), content.get("refresh_token")
    if response.status == HTTPStatus.OK and _fits_a_header(access):
        return Granted(
            access=access,
            access_seconds=integer(content.get("expires_in")) or 60,
            refresh=refresh if isinstance(refresh, str) and refresh else None,
            refresh_seconds=REFRESH_SECONDS,
            scopes=tuple(str(content.get("scope") or "").split()),
        )
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater.saying(answers.retry_after(response), "auth_throttled", waiting_words.TOKENS_THROTTLED())
    error = str(content.get("error") or ("invalid_client" if response.status == HTTPStatus.UNAUTHORIZED else ""))
    if response.status not in REFUSAL or not error:
        return Unanswered(waiting_words.NO_TOKEN_IN_IT(form=form(response)))
    if refused := _NO_GRANT.get(error):
        return refused
    if error == "invalid_client":
        return RetryLater.saying(_REFUSED_WAIT, "client_refused", waiting_words.OUR_CLIENT(), "operator")
    why = waiting_words.NO_TOKEN(error=_CODE.sub("?", error)[:60])
    return RetryLater.saying(_REFUSED_WAIT, "auth_refused", why, "operator")


def revoked(response: Answer) -> bool:
    """Tell whether Fortnox says that a token is revoked; it says so of any text."""
    return response.status == HTTPStatus.OK and json_object(response).get("revoked") is True


def _fits_a_header(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text and bool(text)


def _booked(content: Mapping[str, Any], *, series: str, year_id: int) -> Delivered | None:
    voucher = _reference(content)
    if voucher is None:
        return None
    if (voucher.series, voucher.year_id) != (series, year_id):
        # It is in the books and cannot be taken back: not sent again, and said aloud.
        told = waiting_words.BOOKED_ELSEWHERE(
            voucher=str(voucher), in_year=voucher.year_id, series=series, year=year_id
        )
        return Delivered(voucher, **noting([told]))
    return Delivered(voucher)


def _not_read(response: Answer, key: str) -> RetryLater | Unauthorised:
    """Say what an answer to a reading means that is no success: it is asked for again."""
    if passing := _passing(response):
        return passing
    refusal = _refusal(response)
    failed_within = refusal is not None and errors.meaning(refusal.code).kind == "unknown"
    if not failed_within and (response.status in REFUSAL or response.status < HTTPStatus.BAD_REQUEST):
        code, wait, why = "lookup_refused", BRIEF_WAIT, waiting_words.NOT_LISTED(list=key, status=response.status)
        if refusal:
            said = waiting_words.NOT_LISTED_SAYS(list=key, status=response.status, said=_quoted(refusal))
            wait, why = _REFUSED_WAIT, said
            code = refusal.code if refusal.code in _OF_A_LIST else code
        return RetryLater.saying(wait, code, why, "operator", alone=True)
    why = waiting_words.LISTS_NOTHING(list=key, form=form(response))
    return RetryLater.saying(BRIEF_WAIT, "fortnox_failing", why, alone=True)


def says_missing(response: Answer, key: str, named: Collection[str] = ()) -> bool:
    """Tell whether Fortnox itself says that there is no such record; a gateway's 404 does not.

    That something else is missing says nothing of the record: with another status it must name it.

    Args:
        response: to what was asked of one record.
        key: what the record stands under.
        named: the codes of what the record names.
    """
    refusal = _refusal(response)
    if refusal is None or refusal.code in named or _passing(response):
        return False
    return response.status == HTTPStatus.NOT_FOUND or refusal.code == _MISSING.get(key) or refusal.number == _NO_ENTITY


def _has_no_file(response: Answer) -> bool:
    """Tell whether Fortnox itself says that there is no such file, in whatever words: nothing is written for that."""
    refusal = _refusal(response)
    if refusal is None or _passing(response) or response.status == HTTPStatus.FORBIDDEN:
        return False
    return response.status == HTTPStatus.NOT_FOUND or bool(_NOT_THERE.search(refusal.message))


def _passing(response: Answer) -> RetryLater | Unauthorised | None:
    """Return what is about the token, the pace or the company, whatever was asked; None for the rest."""
    if response.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorised()
    if throttled := answers.throttled(response, "Fortnox"):
        return throttled
    refusal = _refusal(response)
    if refusal is None:
        return None
    meaning = errors.meaning(refusal.code)
    if meaning.kind == "unauthorised":
        return Unauthorised()
    if meaning.kind == "retry_later":
        why = waiting_words.WAITS_SAYING(said=_quoted(refusal), meaning=errors.meant(refusal.code))
        of_kind = refusal.code in errors.OF_A_KIND
        return RetryLater.saying(OPERATOR_WAIT, refusal.code, why, meaning.who, of_kind=of_kind)
    return None


def _refusal(response: Answer) -> _Refusal | None:
    if response.status not in REFUSAL:
        return None
    information = _error(response)
    if not isinstance(information, dict):
        return None
    said = {str(name).lower(): value for name, value in information.items()}
    number, message = integer(said.get("code")) or 0, str(said.get("message") or "")
    raw = json.dumps({name: _redacted(str(value)) for name, value in information.items()}, ensure_ascii=False)
    return _Refusal(number, message, errors.code_of(number, message), raw[:_RAW_LENGTH])


def _error(response: Answer) -> object:
    return {name.lower(): value for name, value in json_object(response).items()}.get("errorinformation")


def _quoted(refusal: _Refusal) -> str:
    """Return Fortnox's message with its number and without the values that it repeats from the request."""
    return f"{_redacted(refusal.message)[:_QUOTED_LENGTH] or 'no message'} ({refusal.number or 'no code'})"


def _redacted(text: str) -> str:
    """Return what Fortnox said in one line, without personal numbers, addresses, and values that it quotes."""
    text = " ".join(text.split())
    if text.startswith("Värdet") and not text.startswith(_NAMES_A_FIELD):  # these end in the value, in brackets
        text = text.partition("(")[0].rstrip()
    for private in (answers.PERSONAL_NUMBER, _ADDRESS, _QUOTATION):
        text = private.sub("[removed]", text)
    return text


def _reference(voucher: Mapping[str, Any]) -> VoucherRef | None:
    number, year_id = integer(voucher.get("VoucherNumber")), integer(voucher.get("Year"))
    if number is None or year_id is None:
        return None
    try:
        return VoucherRef(series=voucher.get("VoucherSeries"), number=number, year_id=year_id)  # type: ignore[arg-type]  # it is checked
    except ValidationError:
        return None


def _year(item: Mapping[str, Any]) -> Year | None:
    year_id, first, last = integer(item.get("Id")), day(item.get("FromDate")), day(item.get("ToDate"))
    return Year(year_id, first, last) if year_id and first and last else None


def integer(value: object) -> int | None:
    """Return a count or an id, which Fortnox sends as a number or as a string."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _NUMBER.fullmatch(text) else None
