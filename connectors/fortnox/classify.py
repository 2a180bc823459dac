"""Fortnox's answers as verdicts, from status and body, never from the content type. Pure.

Fortnox has two casings of ErrorInformation, JSON under other content types, HTML and empty bodies. What is not
certainly a refusal and not certainly a voucher is unknown.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any, Final, Protocol

from pydantic import ValidationError

from infra.plugin import Delivered, Rejected, RetryLater, Unknown, Verdict
from schemas.audit import Who
from schemas.commands import VoucherRef

THROTTLED: Final = "throttled"
YEAR_MISSING: Final = "financial_year_missing"


class Answer(Protocol):
    """An HTTP answer, as ``infra.http`` gives it; pure files do not import that."""

    @property
    def status(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102 - the name says it
    @property
    def body(self) -> bytes: ...  # noqa: D102 - the name says it


@dataclass(frozen=True, slots=True)
class Unauthorised:
    """The access token is not good any more: nothing was done, another token may be tried."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the seconds that it lasts."""

    text: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. ``total`` counts the whole list, where Fortnox says it."""

    items: tuple[Mapping[str, Any], ...]
    total: int | None


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
    """What ErrorInformation says; ``number`` is 0 where it gives none."""

    number: int
    message: str


# Codes: Fortnox's page "errors"; 2000401 from a help desk, 2000550 and 2002455 from fortnox4j's constants.
_REFUSED: Final[Mapping[int, tuple[str, Who]]] = {
    2000401: ("period_locked", "accountant"),
    2000423: ("account_missing", "accountant"),
    2001304: ("account_missing", "accountant"),
    2000550: ("account_inactive", "accountant"),
    2002462: ("account_invalid", "accountant"),
    2000359: ("bad_characters", "developer"),
    2000106: ("bad_value", "developer"),
    2000107: ("bad_value", "developer"),
    2000108: ("bad_value", "developer"),
    2000134: ("bad_value", "developer"),
    2000588: ("bad_parameter", "developer"),
    2001392: ("bad_body", "developer"),
    2002115: ("bad_body", "developer"),
    2001399: ("unknown_field", "developer"),
    2001795: ("missing_field", "developer"),
}
# Texts whose number is not published.
_REFUSED_TEXTS: Final[tuple[tuple[str, str, Who], ...]] = (
    (r"serie\w* är inte manuell", "series_not_manual", "accountant"),
    (r"ogiltig verifikationsserie|hitta\w* (inte )?verifikationsserie", "series_missing", "accountant"),
    (r"konto\w* .*är inte aktivt", "account_inactive", "accountant"),
    (r"ogiltigt konto|hitta\w* (inte )?konto", "account_missing", "accountant"),
    (r"låst perioden|(perioden|räkenskapsåret) är (låst|stängt?)", "period_locked", "accountant"),
    (r"räkenskapsår", YEAR_MISSING, "accountant"),
    (r"kostnadsställe", "cost_centre_refused", "accountant"),
    (r"balanserar (inte|ej)|obalans", "unbalanced", "developer"),
    (r"tolkas som null", "bad_value", "developer"),
)
# About the company, not about the order: these come with 400 or 403.
_COMPANY: Final[Mapping[int, str]] = {
    2000663: "scope_missing",
    2002455: "scope_missing",
    2001101: "licence_missing",
    2001103: "licence_missing",
}
_LOGIN: Final = frozenset({2000310, 2000311, 2003275, 2004054})
_SYSTEM_EXCEPTION: Final = 1000003

_SUCCESS: Final = range(200, 300)  # 200 and 201 occur
_REFUSAL: Final = range(400, 500)

_OPERATOR_WAIT: Final = 300.0  # until a person has acted
_REFUSED_WAIT: Final = 60.0
_BRIEF_WAIT: Final = 5.0  # Fortnox's window; also what its 429 asks for where it says nothing
_LONGEST_WAIT: Final = 600.0

_NO_TOKEN: Final[Mapping[str, tuple[float, str, str]]] = {
    "invalid_client": (
        _REFUSED_WAIT,
        "client_refused",
        "Fortnox does not know our client id or secret; check BOKBUSS_FORTNOX__CLIENT_ID and __CLIENT_SECRET",
    ),
    "invalid_grant": (
        _OPERATOR_WAIT,
        "consent_missing",
        "Fortnox gives no token: the company's consent is missing or gone; let it connect again (bokbuss connect)",
    ),
    "invalid_scope": (
        _OPERATOR_WAIT,
        "scope_missing",
        "Fortnox gives no token: the consent lacks a scope; let the company connect again (bokbuss connect)",
    ),
    "error_missing_license": (_OPERATOR_WAIT, "licence_missing", "the company lacks a Fortnox licence; buy it there"),
    "error_missing_app_license": (
        _OPERATOR_WAIT,
        "licence_missing",
        "the company lacks Fortnox's licence for integrations; buy it there",
    ),
}

_PERSONAL_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+]?\d{4}(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


def classify(response: Answer, *, series: str, year_id: int) -> Verdict | Unauthorised:
    """Say what became of a voucher that was sent to this series and financial year."""
    if response.status in _SUCCESS:
        return _booked(response, series=series, year_id=year_id)
    if passing := _passing(response):
        return passing
    refusal = _refusal(response.body) if response.status in _REFUSAL else None
    code, who = _meaning(refusal) if refusal else ("", "operator")
    if refusal and refusal.number == _SYSTEM_EXCEPTION:
        return Unknown(f"Fortnox failed within: {_quoted(refusal)}")
    if response.status == HTTPStatus.FORBIDDEN and not code:
        said = _quoted(refusal) if refusal else "no reason given"
        why = f"Fortnox forbids it (403): {said}; check the integration's rights in the company"
        return RetryLater(_OPERATOR_WAIT, "forbidden", why, "operator")
    if refusal:
        return Rejected(code or f"fortnox_{refusal.number}", _quoted(refusal), who)
    return Unknown(f"the answer does not say whether it was booked: {_form(response)}")


def page(response: Answer, key: str) -> Page | RetryLater | Unauthorised:
    """Read a page of the list that stands under ``key``. What cannot be read is asked for again, never empty."""
    if response.status != HTTPStatus.OK:
        if passing := _passing(response):
            return passing
        refusal = _refusal(response.body)
        if refusal or response.status < _REFUSAL.stop:
            said = f": {_quoted(refusal)}" if refusal else ""
            why = f"Fortnox did not list {key} ({response.status}){said}; check its address and our rights"
            return RetryLater(_REFUSED_WAIT, "lookup_refused", why, "operator")
        return RetryLater(_BRIEF_WAIT, "fortnox_failing", f"Fortnox did not list {key}: {_form(response)}")
    content = _json(response.body)
    items, meta = content.get(key), content.get("MetaInformation")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return unreadable_list(key)
    return Page(tuple(items), _integer(meta.get("@TotalResources")) if isinstance(meta, dict) else None)


def unreadable_list(key: str) -> RetryLater:
    """Say that a list cannot be relied on."""
    return RetryLater(_BRIEF_WAIT, "list_unreadable", f"Fortnox's list of {key} has not the form that we know")


def years(items: Sequence[Mapping[str, Any]]) -> tuple[Year, ...]:
    """Return the financial years that a list names; what is none is left out."""
    return tuple(year for year in map(_year, items) if year)


def marked(
    items: Sequence[Mapping[str, Any]], mark: str, *, series: str, year_id: int
) -> tuple[VoucherRef, ...] | RetryLater:
    """Return the vouchers whose description carries a mark, from a list of one series and financial year.

    A voucher without a description, or with the mark and without a number, gives no answer: it would pass for absent.
    """
    whole = re.compile(rf"(?<![\w-]){re.escape(mark)}(?![\w-])")
    found = []
    for item in items:
        if "Description" not in item:
            return unreadable_list("Vouchers")
        if whole.search(str(item["Description"])):
            voucher = _reference({"VoucherSeries": series, "Year": year_id, **item})
            if voucher is None:
                return unreadable_list("Vouchers")
            found.append(voucher)
    return tuple(found)


def token(response: Answer) -> Token | RetryLater:
    """Read the token endpoint's answer; it too sends JSON under other content types."""
    content = _json(response.body)
    text = content.get("access_token")
    fits_a_header = isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text
    if response.status == HTTPStatus.OK and fits_a_header and text:
        return Token(text, _integer(content.get("expires_in")) or 60)
    error = "invalid_client" if response.status == HTTPStatus.UNAUTHORIZED else str(content.get("error", ""))
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater(_retry_after(response), "auth_throttled", "Fortnox's token endpoint asks us to wait (429)")
    if response.status not in _REFUSAL or not error:
        return RetryLater(_BRIEF_WAIT, "auth_unreachable", f"the token endpoint gives no token: {_form(response)}")
    after, code, why = _NO_TOKEN.get(error, _NO_TOKEN["invalid_grant"])
    return RetryLater(after, code, why, "operator")


def _booked(response: Answer, *, series: str, year_id: int) -> Verdict:
    content = _json(response.body).get("Voucher")
    voucher = _reference(content) if isinstance(content, dict) else None
    if voucher is None:
        return Unknown(f"the answer names no voucher: {_form(response)}")
    if (voucher.series, voucher.year_id) != (series, year_id):
        # It is in the books and cannot be taken back: not sent again, and said aloud.
        return Delivered(
            voucher,
            note=f"booked as {voucher} in financial year id {voucher.year_id},"
            f" but series {series} and year id {year_id} were asked for; the accountant should look at it",
        )
    return Delivered(voucher)


def _passing(response: Answer) -> RetryLater | Unauthorised | None:
    """Return what is about the token, the pace or the company, whatever was asked; None for the rest."""
    if response.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorised()
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater(_retry_after(response), THROTTLED, "Fortnox says: too many requests (429)")
    refusal = _refusal(response.body) if response.status in _REFUSAL else None
    if refusal is None:
        return None
    if refusal.number in _LOGIN:
        return Unauthorised()
    if code := _COMPANY.get(refusal.number):
        why = f"{_quoted(refusal)}; give the company the licence, or let it connect again with the scopes of the README"
        return RetryLater(_OPERATOR_WAIT, code, why, "operator")
    return None


def _meaning(refusal: _Refusal) -> tuple[str, Who]:
    """Return our name for a refusal and whose move it is; no name for one that we do not know."""
    if known := _REFUSED.get(refusal.number):
        return known
    for pattern, code, who in _REFUSED_TEXTS:
        if re.search(pattern, refusal.message, re.IGNORECASE):
            return code, who
    return "", "operator"


def _refusal(body: bytes) -> _Refusal | None:
    information = {name.lower(): value for name, value in _json(body).items()}.get("errorinformation")
    if not isinstance(information, dict):
        return None
    said = {str(name).lower(): value for name, value in information.items()}
    return _Refusal(_integer(said.get("code")) or 0, str(said.get("message") or ""))


def _quoted(refusal: _Refusal) -> str:
    """Return Fortnox's message with its number and without the values that it repeats from the request."""
    text = " ".join(refusal.message.split()) or "no message"
    if text.startswith("Värdet"):  # these end in the value, in brackets
        text = text.partition("(")[0].rstrip()
    return f"{_PERSONAL_NUMBER.sub('[removed]', text)[:500]} ({refusal.number or 'no code'})"


def _form(response: Answer) -> str:
    """Describe an answer without its content."""
    start = response.body.lstrip()[:1]
    form = {b"": "empty", b"<": "HTML", b"{": "JSON", b"[": "JSON"}.get(start, "text")
    return f"status {response.status}, {form}, {len(response.body)} bytes"


def _retry_after(response: Answer) -> float:
    said = {name.lower(): value for name, value in response.headers.items()}.get("retry-after", "").strip()
    return min(max(float(said), 1.0), _LONGEST_WAIT) if _NUMBER.fullmatch(said) else _BRIEF_WAIT


def _reference(voucher: Mapping[str, Any]) -> VoucherRef | None:
    number, year_id = _integer(voucher.get("VoucherNumber")), _integer(voucher.get("Year"))
    if number is None or year_id is None:
        return None
    try:
        return VoucherRef(series=voucher.get("VoucherSeries"), number=number, year_id=year_id)  # type: ignore[arg-type]  # it is checked
    except ValidationError:
        return None


def _year(item: Mapping[str, Any]) -> Year | None:
    year_id = _integer(item.get("Id"))
    try:
        first, last = date.fromisoformat(str(item.get("FromDate"))), date.fromisoformat(str(item.get("ToDate")))
    except ValueError:
        return None
    return Year(year_id, first, last) if year_id else None


def _integer(value: object) -> int | None:
    """Return a count or an id, which Fortnox sends as a number or as a string."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _NUMBER.fullmatch(text) else None


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
