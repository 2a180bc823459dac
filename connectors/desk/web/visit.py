"""What a page is, and what it is given: who looks, at which company, in which language, with what form."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from connectors.desk.web.cookies import Cookies, Kind
from connectors.desk.web.rendering import Rendering
from infra.accounts.openid import OpenId
from infra.accounts.permissions import Permission, Person
from infra.plugin import Host
from infra.showing.today import News
from schemas.base import Language

ANYBODY: Final = "anybody"
SIGNED_IN: Final = "signed in"
Asks = Permission | Literal["anybody", "signed in"]
"""What a page asks for: a permission in the company of its address, somebody who is signed in, or nothing."""


_PLACES: Final = (
    ((), "o", "Översikt", "Overview", Permission.SEE),
    (("held",), "h", "Väntar på någon", "Waits for somebody", Permission.SEE),
    (("days",), "d", "Dagar", "Days", Permission.SEE),
    (("matching",), "m", "Kontering", "Matching", Permission.SEE),
    (("employees",), "e", "Anställda", "Employees", Permission.SEE),
    (("ledger",), "l", "Huvudbok", "Ledger", Permission.SEE),
    (("closing",), "y", "Bokslut", "Year-end", Permission.SEE),
    (("connections",), "c", "Anslutningar", "Connections", Permission.SEE),
    (("activity",), "a", "Händelser", "Activity", Permission.SEE),
    (("parked",), "b", "Kan inte avgöras", "Cannot be decided", Permission.SEE),
    (("dead",), "x", "Gick inte att läsa", "Could not be read", Permission.SEE),
    (("settings",), "s", "Inställningar", "Settings", Permission.SEE),
    (("people",), "p", "Personer", "People", Permission.MANAGE),
)
"""The pages of a company, in the order in which they are shown: below its address, key, names, what each asks for."""


class NoSuchPage(LookupError):
    """There is nothing at this address, or nothing that whoever asks may know of."""


class NotAllowed(Exception):
    """Whoever asks sees the company, and may not do this there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at a page, or sends its form.

    Attributes:
        person: who; None only on pages for anybody.
        tenant: the company of the address; "" on a page about none.
        form: what was sent, the last value of each name.
        lists: the same, every value of each name.
    """

    request: Request
    host: Host
    rendering: Rendering
    cookies: Cookies
    news: News
    openid: OpenId | None
    language: Language
    person: Person | None
    tenant: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def who(self) -> Person:
        """Whoever is signed in, on a page that asks for somebody."""
        if self.person is None:
            raise NoSuchPage
        return self.person

    @property
    def by(self) -> str:
        """What an act is on record under."""
        return self.who.email

    def may(self, permission: Permission, tenant: str = "") -> bool:
        """Tell whether whoever looks may do this, in the company of the page or another."""
        return self.person is not None and self.person.may(permission, tenant or self.tenant)

    def say(self, sv: str, en: str) -> str:
        """Return the text in the reader's language."""
        return sv if self.language == "sv" else en

    def asked(self, name: str, otherwise: str = "") -> str:
        """Return a value of the address' query."""
        return self.request.query_params.get(name, otherwise).strip()

    def number(self, said: str) -> int:
        """Return a number that a page names, as the database can hold it. Raises NoSuchPage."""
        if not (said.isascii() and said.isdecimal() and len(said) < 10):  # noqa: PLR2004 - what an integer there holds
            raise NoSuchPage
        return int(said)

    def at(self, *parts: str, **query: str) -> str:
        """Return an address below the company of this page: ``at("days", z="57")``."""
        return below(self.tenant, *parts, **query)

    def from_outside(self, path: str) -> str:
        """Return the whole address of one of our pages: what a link that is sent, or a provider, leads back to."""
        return f"{self.host.settings.desk.url or self.request.base_url}".rstrip("/") + path

    async def show(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page, or the part of it that a script asks for (``part`` in the query names a block)."""
        kind, told = self.cookies.told(self.request)
        known = {"visit": self, "person": self.person, "tenant": self.tenant, "language": self.language}
        known |= {"told": told, "told_kind": kind}
        response = self.rendering.page(self.request, template, status, known | values)
        if told and not self.asked("part"):
            self.cookies.was_told(response)
        return response

    @property
    def places(self) -> tuple[tuple[str, str, str], ...]:
        """The pages of this company that whoever looks may see: address, key after ``g``, name."""
        return tuple((self.at(*path), key, self.say(sv, en)) for path, key, sv, en, asks in _PLACES if self.may(asks))

    @property
    def place(self) -> str:
        """The name of the page of this company that the address is of, or below; "": of none in the menu."""
        part = (*self.request.url.path.split("/")[3:], "")[0]
        return next((self.say(sv, en) for path, _, sv, en, _ in _PLACES if path == (part,)), "")

    def go(self, address: str, said: str = "", kind: Kind = "good") -> Response:
        """Send the browser on after an act, with a sentence of what came of it that is shown once."""
        response = RedirectResponse(address, 303)
        if said:
            self.cookies.tell_once(response, said, kind)
        return response


def below(tenant: str, *parts: str, **query: str) -> str:
    """Return an address of a company's pages."""
    path = "/".join(("", "companies", *(quote(part, safe="") for part in (tenant, *parts))))
    kept = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the desk and what it asks for.

    Attributes:
        path: as Starlette's; a page about a company begins with ``/companies/{tenant}``.
        act: it takes a form (POST) and changes something; else it only shows (GET).
        file: what it takes is no form but a file as it is, which the page reads itself.
    """

    path: str
    asks: Asks
    handler: Handler
    act: bool = False
    file: bool = False

    def __post_init__(self) -> None:
        """Refuse a page that asks for a permission and names no company to have it in."""
        if isinstance(self.asks, Permission) and not self.path.startswith("/companies/{tenant}"):
            raise ValueError(f"{self.path}: a permission is had in a company, which the address must name")
