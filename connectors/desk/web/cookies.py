"""The cookies of the desk: whose session it is, the language before that is known, and a sentence that is said once."""

import base64
from typing import Final, Literal, get_args

from starlette.requests import Request
from starlette.responses import Response

from infra.accounts import sessions
from schemas.base import Language

Kind = Literal["good", "wait", "stop"]
"""Of what is said once, as notes are coloured."""
_KINDS: Final = get_args(Kind)
_LANGUAGE: Final = "bokbuss_language"
_TOLD: Final = "bokbuss_told"
_DEPARTURE: Final = "bokbuss_openid"
_DEPARTED_SECONDS: Final = 600
_DAY: Final = 86_400
_LONGEST: Final = 600


class Cookies:
    """Sets and reads them. ``secure``: the desk is reached by https, so that they never travel otherwise."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._session = "__Host-bokbuss" if secure else "bokbuss_session"
        self._departure = f"__Host-{_DEPARTURE}" if secure else _DEPARTURE

    def session(self, request: Request) -> str:
        """Return the session's cookie, or nothing."""
        return request.cookies.get(self._session, "")

    def remember(self, response: Response, token: str) -> None:
        """Have the browser keep a session's cookie."""
        self._set(response, self._session, token, sessions.LASTS_DAYS * _DAY)

    def forget(self, response: Response) -> None:
        """Have the browser throw its session's cookie away."""
        self._set(response, self._session, "", 0)

    def keep_departure(self, response: Response, locked: bytes) -> None:
        """Have the browser keep what somebody left for an OpenID provider with; only we can read it."""
        self._set(response, self._departure, base64.urlsafe_b64encode(locked).decode(), _DEPARTED_SECONDS)

    def departure(self, request: Request) -> bytes:
        """Return what somebody left with, or nothing."""
        try:
            return base64.urlsafe_b64decode(request.cookies.get(self._departure, ""))
        except ValueError:
            return b""

    def forget_departure(self, response: Response) -> None:
        """Have the browser throw it away: it was used."""
        self._set(response, self._departure, "", 0)

    @staticmethod
    def language(request: Request) -> str:
        """Return the language that was chosen before somebody was signed in, or nothing."""
        return request.cookies.get(_LANGUAGE, "")

    def choose(self, response: Response, language: Language) -> None:
        """Have the browser keep a language."""
        self._set(response, _LANGUAGE, language, 365 * _DAY)

    def tell_once(self, response: Response, said: str, kind: Kind = "good") -> None:
        """Have the next page show a sentence, once: something that went well, that waits, or that did not work."""
        told = f"{kind} {said[:_LONGEST]}"
        self._set(response, _TOLD, base64.urlsafe_b64encode(told.encode()).decode(), 60)

    def told(self, request: Request) -> tuple[Kind, str]:
        """Return the sentence that the page before left, and of which kind it is; or nothing."""
        try:
            kind, _, said = base64.urlsafe_b64decode(request.cookies.get(_TOLD, "")).decode().partition(" ")
        except ValueError:
            return "good", ""
        return (kind, said) if kind in _KINDS else ("good", "")  # type: ignore[return-value] # it is one

    def was_told(self, response: Response) -> None:
        """Have the browser forget the sentence: it is shown."""
        self._set(response, _TOLD, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax")
