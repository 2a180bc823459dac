"""The desk over real HTTP, as somebody's browser meets it: cookies are kept, redirects can be followed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx  # noqa: TID251 - a browser, which keeps cookies

from connectors.desk.pages import pages
from infra.accounts import accounts, sessions
from infra.accounts.permissions import EVERY_COMPANY, DeskRole
from infra.intake import web
from infra.office import Office
from infra.plugin import Host

PASSWORD = "en lang ramsa om en bokbuss"


@dataclass
class Visitor:
    """Somebody's browser."""

    host: Host
    http: httpx.AsyncClient
    url: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Go to an address; a redirect is not followed."""
        return await self.http.get(self.url + path, headers=headers)

    async def see(self, path: str) -> str:
        """Return the text of a page that is there, without its marks."""
        answer = await self.http.get(self.url + path, follow_redirects=True)
        assert answer.status_code == 200, (answer.status_code, path)
        return words(answer.text)

    async def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form, as a page of ours sends it."""
        sent = {"Sec-Fetch-Site": "same-origin"} | headers
        return await self.http.post(self.url + path, data=form or {}, headers=sent)

    async def signs_in(self, email: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
        """Sign in by the form."""
        return await self.post("/sign-in", {"email": email, "password": password, "code": code})

    async def is_signed_in_as(self, role: DeskRole, tenant: str = EVERY_COMPANY) -> None:
        """Have an account with a role, and a session of it."""
        email = f"{role}-{tenant.strip('*') or 'all'}@example.se"
        account, _ = await accounts.invite(self.host.engine, email, {tenant: role}, by="test", name=role.title())
        token = await sessions.begin(self.host.engine, account, address="127.0.0.1", agent="test")
        self.http.cookies.set("bokbuss_session", token)


def words(html: str) -> str:
    """Return what a page says, without marks and with single spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


@asynccontextmanager
async def visiting(place: Office, language: str = "en", **settings: object) -> AsyncIterator[Visitor]:
    """Serve the desk, and yield a browser that nobody is signed in with."""
    host = await place.host()
    host.settings.__dict__.update(settings)
    app = web.application({})
    app.router.routes.extend(pages(host))
    async with (
        web.serving(app, "127.0.0.1", 0) as url,
        httpx.AsyncClient(timeout=60.0, headers={"Accept-Language": language}) as http,
    ):
        yield Visitor(host, http, url)
