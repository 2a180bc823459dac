"""Templates, the values that each of them knows, and the headers that each answer has."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from connectors.desk.words import money
from infra import clock, speaking
from infra.accounts.permissions import Permission
from schemas import words
from schemas.base import SWEDEN
from schemas.words import Said

_HERE: Final = Path(__file__).parent
_UNITS: Final = ((1440, Said("d", "d")), (60, Said("tim", "h")), (0, Said("min", "min")))
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language, HX-Request",
}


def when(at: datetime | None) -> str:
    """Return a time as the clock on the wall in Sweden shows it, to the minute."""
    return at.astimezone(SWEDEN).strftime("%Y-%m-%d %H:%M") if at else ""


@pass_context
def _thing(context: Context, key: str) -> str:
    """Return a business key as people call it, as far as it can be told: ``SODER KASSA1 Z 412``."""
    match key.split("/"):
        case [_, store, register, number, _] if number.startswith("receipt-"):
            what = "kvitto" if context["language"] == "sv" else "receipt"
            return f"{store} {register} {what} {number.removeprefix('receipt-')}"
        case [_, store, register, number, _]:
            return f"{store} {register} Z {number}"
        case _:
            return key


@pass_context
def _ago(context: Context, at: datetime | None) -> str:
    """Return how long ago something was, in the largest unit that says something."""
    if at is None:
        return ""
    minutes = max(0, int((clock.now() - at).total_seconds() // 60))
    size, unit = next((size, unit) for size, unit in _UNITS if minutes >= size)
    number = minutes // (size or 1)
    return f"{number} {unit.sv} sedan" if context["language"] == "sv" else f"{number} {unit.en} ago"


@pass_context
def _name_of(context: Context, key: str, names: Mapping[str, Said]) -> str:
    """Return what a key is called in the reader's language."""
    return names[key].to(context["language"]) if key in names else key


@cache
def static(name: str) -> tuple[bytes, str]:
    """Return a file that browsers load, and its version for the address: a hash of what it holds."""
    content = (_HERE / "static" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def static_names() -> frozenset[str]:
    """Return the files that there are."""
    return frozenset(file.name for file in (_HERE / "static").iterdir())


def _spoken(tell: Callable[..., Any]) -> Callable[..., Any]:
    """Return for templates what takes a language last: they give it the reader's."""

    @pass_context
    def told(context: Context, *values: Any) -> Any:
        return tell(*values, context["language"])

    return told


@pass_context
def _called(context: Context, name: str, kind: str, flow: str = "") -> str:
    """Return what a name is called: ``data.reason|called("reason", data.flow)``."""
    return speaking.name(kind, flow, name, context["language"])


@pass_context
def _with(context: Context, **changes: Any) -> str:
    """Return this page's address with other values in its query; an empty one leaves it out."""
    query = [(name, value) for name, value in context["query"].multi_items() if name not in {"part", *changes}]
    query += [(name, str(value or "")) for name, value in changes.items()]
    kept = [(name, value) for name, value in query if value]
    return f"{context['path']}?{urlencode(kept)}" if kept else context["path"]


class Rendering:
    """Turns values into pages."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters |= {
            "money": _spoken(money),
            "when": when,
            "count": _spoken(words.count),
            "message": _spoken(speaking.message),
            "lines": _spoken(speaking.lines),
            "means": _spoken(speaking.means),
            "said": _spoken(lambda text, wording, language: speaking.said(wording, text, language)),
            "heard": _spoken(speaking.heard),
            "called": _called,
            "sentence": words.capital,
            "thing": _thing,
            "ago": _ago,
            "name_of": _name_of,
        }
        self._templates.globals |= {
            "say": _spoken(lambda sv, en, language: sv if language == "sv" else en),
            "with_query": _with,
            "static": lambda name: f"/static/{static(name)[1]}/{name}",
            "Permission": Permission,
        }

    def page(self, request: Request, name: str, status: int, values: Mapping[str, Any]) -> Response:
        """Return a page, or for a script that asks for ``part=NAME`` that block; ``values`` name the ``language``.

        A page that answers a form can name the ``path`` and ``query`` at which the same stands without one.
        """
        template = self._templates.get_template(name)
        known = {"request": request, "path": request.url.path, "query": request.query_params, **values}
        part = request.query_params.get("part", "")
        if part and wants_part(request) and part in template.blocks:
            html = "".join(template.blocks[part](template.new_context(known)))
        else:
            html = template.render(known)
        return HTMLResponse(html, status, {**HEADERS, "Content-Language": values["language"]})


def wants_part(request: Request) -> bool:
    """Tell whether a script asks, and not a person who goes to an address."""
    return request.headers.get("hx-request") == "true"
