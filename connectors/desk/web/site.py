"""Every page's guard: where a request comes from, who sends it, which company they see, and what they may do there."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.desk.web.cookies import Cookies
from connectors.desk.web.rendering import HEADERS, Rendering, static, static_names, wants_part
from connectors.desk.web.unsent import told
from connectors.desk.web.visit import ANYBODY, NoSuchPage, NotAllowed, Page, Visit
from infra import telemetry, tenants
from infra.accounts import accounts, sessions
from infra.accounts.openid import OpenId
from infra.accounts.permissions import EVERY_COMPANY, DeskRole, Permission, Person
from infra.plugin import Host
from infra.showing.today import News
from schemas.base import Language
from schemas.words import LANGUAGES, Said, chosen

_log = telemetry.log(__name__)
_LOOK_EVERY: Final = 2.0
_MOST_BYTES: Final = 256_000
_MOST_BYTES_OF_SOMEBODY: Final = 4_000_000
"""Of a form of whoever is signed in: settings and mappings with thousands of stores."""
_ROWS_IN_ADDRESS: Final = 100
_MOST_FIELDS: Final = 100_000
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "txt": "text/plain"}
_DEMO: Final = "demo@example.com"
_NOT_SIGNED_IN: Final = Said(
    "Du var inte inloggad längre: ingenting gjordes. Logga in och gör det igen.",
    "You were not signed in any more, so that nothing was done. Sign in, and do it again.",
)
_HOLE: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


class Refused(Exception):
    """A request that no page of ours has sent, or that is too large; ``status`` and a sentence."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class Site:
    """The desk's pages, guarded."""

    def __init__(self, host: Host, pages: Sequence[Page]) -> None:
        self._host = host
        self._pages = pages
        self._url = host.settings.desk.url
        self._rendering = Rendering()
        oidc = host.settings.desk.oidc
        self._openid = OpenId(oidc) if oidc is not None else None
        self._news = News(host.engine, _LOOK_EVERY)
        self._cookies = Cookies(secure=urlsplit(self._url or "").scheme == "https")

    def routes(self) -> list[Route]:
        """Return the routes: every page, what leads from the address of a form to one, the files that browsers load."""
        shown = {page.path for page in self._pages if not page.act}
        found = [Route("/static/{version}/{name}", self._static, methods=["GET"])]
        for page in self._pages:
            found.append(Route(page.path, _Guarded(self, page), methods=["POST" if page.act else "GET"]))
            if page.path not in shown:
                found.append(Route(page.path, _to_page_above(page.path, shown), methods=["GET"]))
        return found

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in static_names():
            return PlainTextResponse("There is no such file.\n", 404)
        content, version = static(name)
        # What another version of ours, which runs beside this one, has linked is not kept under that one's name.
        headers = _FOREVER if request.path_params["version"] == version else _FOREVER | {"Cache-Control": "no-store"}
        return Response(content, headers=headers, media_type=_TYPES.get(name.rpartition(".")[2], "text/plain"))

    # --- One request ----------------------------------------------------------------------------------------------

    async def answer(self, page: Page, request: Request) -> Response:
        """Return a page's answer, or why there is none."""
        try:
            if page.act:
                self._comes_from_us(request)
            person, fresh = await self._person(page, request)
            if person is None and page.asks != ANYBODY:
                return await self._kept(request) if page.act and not page.file else self._to_sign_in(request)
            most = _MOST_BYTES_OF_SOMEBODY if person else _MOST_BYTES
            fields = await _form(request, most) if page.act and not page.file else ()
        except Refused as refused:
            return PlainTextResponse(f"{refused}\n", refused.status, dict(HEADERS))
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        response = await self._handled(page, self._visit(request, person, fields))
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if fresh:
            self._cookies.remember(response, fresh)
        return response

    async def _person(self, page: Page, request: Request) -> tuple[Person | None, str]:
        """Return who asks; and the cookie of a session that was begun for that, if one was."""
        person = await sessions.person(self._host.engine, self._cookies.session(request))
        if person is not None or page.asks == ANYBODY:
            return person, ""
        fresh = await self._open(request)
        return (await sessions.person(self._host.engine, fresh) if fresh else None), fresh

    def _visit(self, request: Request, person: Person | None, fields: Sequence[tuple[str, str]]) -> Visit:
        lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in fields:
            lists[name].append(value)
        return Visit(
            request=request,
            host=self._host,
            rendering=self._rendering,
            cookies=self._cookies,
            news=self._news,
            openid=self._openid,
            language=self._language(request, person),
            person=person,
            tenant=request.path_params.get("tenant", ""),
            form=dict(fields),
            lists={name: tuple(values) for name, values in lists.items()},
        )

    async def _handled(self, page: Page, visit: Visit) -> Response:
        try:
            await self._may(page, visit)
            return await page.handler(visit)
        except NoSuchPage:
            return await visit.show("missing.html", status=404)
        except accounts.NotInvited:
            return await visit.show("no_invitation.html", status=404)
        except NotAllowed:
            return await visit.show("forbidden.html", status=403)
        except ClientDisconnect:  # while it sent a file
            return PlainTextResponse("", 400)

    async def _may(self, page: Page, visit: Visit) -> None:
        """Refuse a page of a company that somebody does not see: it looks as if it were not there; or may not do this.

        Raises NoSuchPage, NotAllowed.
        """
        if not isinstance(page.asks, Permission):
            return
        if not visit.may(Permission.SEE) or visit.tenant not in await tenants.names(self._host.engine):
            raise NoSuchPage
        if not visit.may(page.asks):
            raise NotAllowed

    def _comes_from_us(self, request: Request) -> None:
        """Refuse a form that another site has sent; browsers say where it stood (Fetch Metadata, or Origin)."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            if site == "same-origin":
                return
        elif (origin := request.headers.get("origin")) is not None and origin in self._origins(request):
            return
        raise Refused(403, "This form was not sent by a page of ours, so that nothing was done. Open the page anew.")

    def _origins(self, request: Request) -> frozenset[str]:
        if self._url:
            parts = urlsplit(self._url)
            return frozenset({f"{parts.scheme}://{parts.netloc}"})
        return frozenset({f"http://{request.headers.get('host', '')}"})

    async def _kept(self, request: Request) -> Response:
        """Show that a form of a company's page was not done, and what it holds, for whoever signs in beside it.

        They send it again from there, perhaps as somebody else: so it says what that is, and who typed it.
        """
        by = await sessions.whose(self._host.engine, self._cookies.session(request))
        try:
            fields = await _form(request, _MOST_BYTES_OF_SOMEBODY if by else _MOST_BYTES)
        except Refused:
            fields = ()
        visit = self._visit(request, None, fields)
        if wants_part(request) or not fields or not visit.tenant:
            return self._to_sign_in(request)
        path, unsent = request.url.path, told(request.url.path, fields)
        rows = [("row", row) for row in unsent.rows[:_ROWS_IN_ADDRESS]]
        address = f"{path}?{urlencode(rows)}" if rows else path
        return await visit.show("not_sent.html", status=401, fields=fields, unsent=unsent, by=by, address=address)

    def _to_sign_in(self, request: Request) -> Response:
        """Lead to where somebody signs in, and from there on: what they have sent was not done, and that is said."""
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        address = f"/sign-in?to={quote(to, safe='')}" if to != "/" else "/sign-in"
        if wants_part(request):
            return Response(status_code=401, headers={**HEADERS, "HX-Redirect": "/sign-in"})
        response = RedirectResponse(address, 303, dict(HEADERS))
        if request.method == "POST":
            self._cookies.tell_once(response, _NOT_SIGNED_IN.to(self._language(request, None)), "stop")
        return response

    def _language(self, request: Request, person: Person | None) -> Language:
        for wish in (person.language if person else None, self._cookies.language(request)):
            if wish in LANGUAGES:
                return wish
        return chosen(request.headers.get("accept-language", ""), self._host.settings.language)

    async def _open(self, request: Request) -> str:
        """Return a new session of the demonstration's admin: where that is set, and on this machine; or nothing."""
        if not (self._host.settings.desk.open and _is_here(request)):
            return ""
        engine = self._host.engine
        try:
            account, _ = await accounts.invite(engine, _DEMO, {EVERY_COMPANY: DeskRole.ADMIN}, by="demo", name="Demo")
            return await sessions.begin(engine, account, address=address_of(request), agent=agent_of(request))
        except (accounts.Closed, sessions.NotSignedIn):
            return ""


class _Guarded:
    """An ASGI endpoint of one page; it carries what the page asks for, so that a walk over the routes can tell."""

    def __init__(self, site: Site, page: Page) -> None:
        self._site = site
        self.page = page

    async def __call__(self, scope: Mapping[str, object], receive: object, send: object) -> None:
        request = Request(scope, receive, send)  # type: ignore[arg-type]
        response = await self._site.answer(self.page, request)
        await response(scope, receive, send)  # type: ignore[arg-type]


def _to_page_above(path: str, shown: Collection[str]) -> Callable[[Request], Awaitable[Response]]:
    """Return what leads from the address of a form, which shows nothing by itself, to the page above it.

    Where a form is refused its answer stands there: who then chooses the other language, filters the list or types
    Enter in the address bar goes to that address.
    """
    above = max((one for one in shown if path.startswith(f"{one}/")), key=len, default="/")

    async def lead(request: Request) -> Response:
        address = _HOLE.sub(lambda hole: quote(str(request.path_params[hole[1]])), above)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(address + query, 303, dict(HEADERS))

    return lead


def address_of(request: Request) -> str:
    """Return the address of whoever asks, as the server saw it."""
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    """Return what a browser calls itself."""
    return request.headers.get("user-agent", "")


def _is_here(request: Request) -> bool:
    """Tell whether a request comes from this machine, and means it: a name of elsewhere could be anybody's page."""
    try:
        near = ip_address(address_of(request)).is_loopback
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return near and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


async def _form(request: Request, most: int) -> tuple[tuple[str, str], ...]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise Refused(413, f"A form holds {most} bytes at most.")
    if not body:
        return ()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(415, "A form is sent as application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused(400, "The form cannot be read.") from None
    if any("\0" in part for pair in pairs for part in pair):
        raise Refused(400, "The form holds the character NUL.")
    return tuple(pairs)
