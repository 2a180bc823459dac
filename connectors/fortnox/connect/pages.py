"""The pages that ask for a company's consent: what a link opens, the way to Fortnox, the way back, and how it went."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.fortnox import words
from connectors.fortnox.connect import connecting, consent, views
from connectors.fortnox.connect.connecting import RESULT
from connectors.fortnox.connect.consent import Result
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.plugin import Host
from schemas.base import Language
from schemas.words import LANGUAGES, chosen

_STATUS: Final[Mapping[str, int]] = {"link_unknown": 404, "link_used": 410, "link_expired": 410, "not_registered": 503}
_RESULT: Final = "bokbuss_result"
_LANGUAGE: Final = "bokbuss_language"
_RESULT_LASTS: Final = 600
_LANGUAGE_LASTS: Final = 86_400
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def pages(host: Host) -> list[Route]:
    """Return the pages: ``/connect/{token}``, ``/oauth/callback``, and ``/oauth/result``, whose address is clean."""
    site = _Site(host)
    return [
        Route("/connect/{token}", site.explain, methods=["GET"]),
        Route("/connect/{token}", site.leave, methods=["POST"]),
        Route("/oauth/callback", site.returned, methods=["GET"]),
        Route("/oauth/result", site.result, methods=["GET"]),
    ]


class _Site:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # A form's action is also checked on the redirects that follow it, and logging in can lead to any host.
        target = urlsplit(host.settings.of(FortnoxSettings).auth_url)
        self._policy = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' https: {target.scheme}://{target.netloc}"
        )

    # --- The link -------------------------------------------------------------------------------------------------

    async def explain(self, request: Request) -> Response:
        """Say who asks, for what and why; a link that is looked at, by whatever looks at links in mails, stays good."""
        link = await connecting.open_link(self._host, request.path_params["token"])
        worth = consent.worth(link, clock.now()) if link else "link_unknown"
        if link is None or worth != "open":
            return self._told(request, Result(cast("consent.ConsentOutcome", worth)), link)
        language = self._language(request)
        page = views.explanation(link, language, urlsplit(self._base(request)).netloc)
        return self._page(request, "explain.html", language, page=page)

    async def leave(self, request: Request) -> Response:
        """Send a browser to Fortnox, with a state that only this browser can bring back."""
        link = await connecting.open_link(self._host, request.path_params["token"])
        worth = consent.worth(link, clock.now()) if link else "link_unknown"
        if link is None or worth != "open":
            return self._told(request, Result(cast("consent.ConsentOutcome", worth)), link)
        if not self._host.settings.of(FortnoxSettings).client_id:
            return self._told(request, Result("not_registered"), link)
        leaving = connecting.leave(self._host, link, self._redirect_uri(request))
        response = RedirectResponse(leaving.url, 303, self._headers())
        seconds = int(consent.STATE_LASTS.total_seconds())
        self._set(response, request, _nonce_cookie(link.link_id), leaving.nonce, seconds)
        return response

    # --- The way back ---------------------------------------------------------------------------------------------

    async def returned(self, request: Request) -> Response:
        """Take Fortnox's answer, and go on to an address that holds neither code nor state."""
        params = dict(request.query_params)
        state = connecting.returning(self._host, params.get("state", ""))
        response = RedirectResponse("result", 303, self._headers())
        if state is None:
            result = consent.without_state(params)
        else:
            name = _nonce_cookie(state.link_id)
            nonce = request.cookies.get(name, "")
            result = await connecting.complete(self._host, state, nonce, params, self._redirect_uri(request))
            self._set(response, request, name, "", 0)
        self._set(response, request, _RESULT, connecting.sealed(self._host, result.to_text(), RESULT), _RESULT_LASTS)
        return response

    async def result(self, request: Request) -> Response:
        """Say how it went."""
        text = connecting.unsealed(self._host, request.cookies.get(_RESULT, ""), RESULT)
        result = Result.from_text(text) if text else Result("no_result")
        link = await connecting.find(self._host, result.link_id) if result.link_id else None
        return self._told(request, result, link)

    # --- What every page shares -----------------------------------------------------------------------------------

    def _told(self, request: Request, result: Result, link: consent.ActivationLink | None) -> Response:
        language = self._language(request)
        page = views.outcome(result, link, language)
        can_try = link is not None and page.again and consent.worth(link, clock.now()) == "open"
        again = connecting.address(self._host, link.link_id, self._base(request)) if link and can_try else ""
        status = _STATUS.get(result.outcome, 200)
        return self._page(request, "outcome.html", language, status, page=page, again=again)

    def _page(self, request: Request, name: str, language: Language, status: int = 200, **values: Any) -> Response:
        other = next(each for each in LANGUAGES if each != language)
        label = {key: said.to(language) for key, said in words.LABELS.items()}
        html = self._templates.get_template(name).render(language=language, other=other, label=label, **values)
        response = HTMLResponse(html, status, self._headers() | {"Content-Language": language})
        if request.query_params.get("lang") == language:
            self._set(response, request, _LANGUAGE, language, _LANGUAGE_LASTS)
        return response

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, "Content-Security-Policy": self._policy}

    def _language(self, request: Request) -> Language:
        """Return the language that was chosen on a page, else the browser's, else this installation's."""
        for wish in (request.query_params.get("lang"), request.cookies.get(_LANGUAGE)):
            if wish in LANGUAGES:
                return wish
        return chosen(request.headers.get("accept-language", ""), self._host.settings.language)

    def _base(self, request: Request) -> str:
        return self._redirect_uri(request).removesuffix(connecting.CALLBACK)

    def _redirect_uri(self, request: Request) -> str:
        return connecting.redirect_uri(self._host.settings, str(request.base_url))

    def _set(self, response: Response, request: Request, name: str, value: str, seconds: int) -> None:
        """Set a cookie for the pages on the way; ``lax`` lets it come along when Fortnox sends the browser back."""
        target = urlsplit(self._base(request))
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=f"{target.path}/",
            secure=target.scheme == "https",
            httponly=True,
            samesite="lax",
        )


def _nonce_cookie(link_id: str) -> str:
    """Return the name of a link's own cookie: an agency has several of them under way."""
    return f"bokbuss_consent_{link_id}"
