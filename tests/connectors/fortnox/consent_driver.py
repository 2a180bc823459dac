"""A person who consents: a browser with cookies, our pages, and the sandbox's consent page."""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import SecretStr
from starlette.applications import Starlette

from connectors.fortnox.connect import connecting
from connectors.fortnox.connect.pages import pages
from connectors.fortnox.sandbox import CLIENT_ID, CLIENT_SECRET, Books, Company, running
from connectors.fortnox.settings import FortnoxSettings
from infra.access.connections import Connection, Connections
from infra.access.vault import open_vault
from infra.environment import whole
from infra.http import Client, Response
from infra.intake import web
from infra.plugin import Host
from infra.postgres import Engine, text

ADMINISTRATOR, ORDINARY, AGENCY = 1, 2, 3
"""The sandbox's users."""


@dataclass
class Browser:
    """Keeps cookies by their path, and follows redirects as long as they are asked to."""

    client: Client
    language: str = "sv-SE,sv;q=0.9,en;q=0.8"
    cookies: dict[tuple[str, str, str], str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    async def send(self, method: str, url: str, form: dict[str, str] | None = None) -> Response:
        """Send a request as a browser does, and keep the cookies that come."""
        at = urlsplit(url)
        held = [
            f"{name}={value}"
            for (host, path, name), value in self.cookies.items()
            if host == at.hostname and (at.path + "/").startswith(path)
        ]
        headers = {"Accept-Language": self.language, **({"Cookie": "; ".join(held)} if held else {})}
        answer = await self.client.send(method, url, headers=headers, form=form)
        self.visited.append(url)
        for line in answer.headers.get_list("set-cookie"):  # type: ignore[attr-defined]  # httpx's
            name, value = line.partition(";")[0].split("=", 1)
            path = re.search(r"path=([^;]+)", line, re.IGNORECASE)
            key = (at.hostname or "", path.group(1) if path else "/", name)
            self.cookies[key] = value.strip('"')
            if "max-age=0" in line.lower():
                del self.cookies[key]
        return answer

    async def open(self, method: str, url: str, form: dict[str, str] | None = None, *, until: str = "") -> Response:
        """Open an address and follow where it leads, but not to one that holds ``until``."""
        answer = await self.send(method, url, form)
        while answer.status in {302, 303}:
            url = urljoin(url, answer.headers["location"])
            if until and until in url:
                self.visited.append(url)
                return answer
            answer = await self.send("GET", url)
        return answer


@dataclass
class ConsentDriver:
    """Our pages and the sandbox, both served."""

    host: Host
    url: str
    books: Books
    client: Client

    def browser(self, language: str = "sv") -> Browser:
        """Return somebody's browser."""
        return Browser(self.client, language)

    async def tenant(
        self, name: str = "krogen", organisation_number: str | None = None, database_number: int | None = None
    ) -> str:
        """Add a company of ours; return what it is called."""
        tenant = f"{name}-{uuid.uuid4().hex[:6]}"
        values = {"t": tenant, "o": organisation_number, "d": database_number}
        async with self.host.engine.begin() as connection:
            await connection.execute(
                text(
                    "insert into tenants (tenant, organisation_number, database_number, created_at)"
                    " values (:t, :o, :d, now())"
                ),
                values,
            )
        return tenant

    def company(
        self, number: int = 2001, name: str = "Krogen Söder AB", organisation_number: str = "556016-0680", **more: Any
    ) -> Company:
        """Add a company of Fortnox's; nobody has consented there."""
        return self.books.add(Company(number, name, organisation_number, consented=False, **more))

    async def link(self, tenant: str, *, service: bool = True, days: float = 7.0) -> str:
        """Make a link; return its address as it is served here."""
        made = await connecting.new_link(self.host, tenant, made_by="Anna Ek", days=days, service=service)
        return self.url + urlsplit(connecting.address(self.host, made)).path

    async def give(self, browser: Browser, link: str) -> str:
        """Press *Give permission*; return where Fortnox asks."""
        await browser.open("POST", link, until="/oauth-v1/auth")
        return browser.visited[-1]

    async def approve(
        self, browser: Browser, asked: str, *, company: int = 2001, user: int = ADMINISTRATOR, decision: str = "approve"
    ) -> str:
        """Log in at Fortnox and decide; return the address that it sends the browser back to."""
        page = await browser.send("GET", f"{asked}&user={user}")
        fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text))
        form = {name: unescape(value) for name, value in fields.items()}
        form |= {"user": str(user), "company": str(company), "decision": decision}
        await browser.open("POST", asked.partition("?")[0], form, until="/oauth/callback")
        return browser.visited[-1]

    async def consent(self, link: str, browser: Browser | None = None, **decision: Any) -> Response:
        """Go the whole way; return the last page."""
        browser = browser or self.browser()
        back = await self.approve(browser, await self.give(browser, link), **decision)
        return await browser.open("GET", back)

    async def held(self, tenant: str) -> Connection | None:
        """Return what is held of a company's connection."""
        return await Connections(self.host.engine, self.host.vault).held(tenant, "fortnox")

    async def rows(self, query: str, **values: Any) -> Sequence[Any]:
        """Ask the database."""
        async with self.host.engine.connect() as connection:
            return (await connection.execute(text(query), values)).all()


@asynccontextmanager
async def opened(engine: Engine, fortnox: FortnoxSettings | None = None) -> AsyncIterator[ConsentDriver]:
    """Serve our pages, and a sandbox unless other settings of Fortnox are given."""
    books = Books()
    async with running(books) as sandbox, Client(timeout=60) as client:
        settings = whole()(
            _env_file=None,
            secret_key=SecretStr("a test"),
            fortnox=fortnox
            or FortnoxSettings(
                api_url=f"{sandbox}/3",
                auth_url=f"{sandbox}/oauth-v1",
                client_id=CLIENT_ID,
                client_secret=SecretStr(CLIENT_SECRET),
                request_timeout=2.0,
            ),
        )
        host = Host(settings, engine, await open_vault(engine, settings), None, None)
        async with web.serving(Starlette(routes=pages(host)), "127.0.0.1", 0) as url:
            yield ConsentDriver(host, url, books, client)
