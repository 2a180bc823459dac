"""How a system is used, what is done with it and which fields travel: to be read before it is connected."""

from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import describing
from infra.accounts.permissions import Permission

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>')
_MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>")


async def _system(visit: Visit) -> Response:
    system = visit.request.path_params["system"]
    if system not in describing.systems():
        raise NoSuchPage
    return await visit.show("system.html", found=describing.described(system), html=_html)


@cache
def _html(text: str) -> Markup:
    """Return one of our own texts as HTML; its headings stand below the page's, its links lead nowhere from here."""
    tokens = _MARKDOWN.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "th_open" and not tokens[place + 1].content:
            token.tag = tokens[place + 2].tag = "td"
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1:]) + (token.tag == 'h2'))}"
        for child in token.children or ():
            if child.type in {"link_open", "link_close"} and not str(child.attrs.get("href", "")).startswith(
                "https://"
            ):
                child.tag = "span"
                child.attrs = {}
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - a text of this repository


PAGES: Final = (Page("/companies/{tenant}/systems/{system}", Permission.SEE, _system),)
