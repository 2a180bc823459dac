"""What a hostile visitor, till or HR system sends: no page fails, nothing becomes markup, and no act is done twice."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx  # noqa: TID251 - what a browser gets
import pytest

import connectors.desk.web
from connectors.desk.pages import PAGES
from infra.accounts import accounts
from infra.accounts.permissions import DeskRole
from infra.postgres import text
from schemas import envelope as envelopes
from schemas.events import EmployeeChanged, EmployeeFields
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.test_pages import HOLD, SHOP, answers, filled, told, visit
from tests.connectors.desk.web import test_employees
from tests.connectors.desk.web_driver import Visitor

pytestmark = pytest.mark.usefixtures("desk")

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
WRONG = (
    EVIL,
    "'; drop table held; --",
    "9" * 400,
    "-1",
    "2026-02-30",
    "0001-01-01T00:00:00+14:00|00000000-0000-0000-0000-000000000000",
    "../../%00\\",
)
_SOURCES = "".join(file.read_text() for file in Path(connectors.desk.web.__file__).parent.glob("*.py"))
ASKED = sorted({*re.findall(r'asked\("(\w+)"', _SOURCES), "part"})
FIELDS = sorted(set(re.findall(r'(?:form|lists)(?:\.get\(|\[)"([\w.]+)"', _SOURCES)))


def harmless(answer: httpx.Response, where: object) -> None:
    """Require that an answer is no failure, and that nothing of what was sent is markup in it."""
    assert answer.status_code < 500, (answer.status_code, where)
    for markup in ("<script>alert", "<img src=x"):
        assert markup not in answer.text, where


def test_no_address_that_somebody_makes_up_fails() -> None:
    """Each page with each value that it may be asked, in the query and in its path, also in bytes that are no text."""

    async def story(visitor: Visitor) -> None:
        values = [*(quote(value, safe="") for value in WRONG), "%FF%C0%AF"]
        for page in PAGES:
            if page.act or page.path.endswith("/changes"):
                continue
            holes = page.path.replace("{tenant}", SHOP)
            for value in values:
                query = "&".join(f"{name}={value}" for name in ASKED)
                harmless(await visitor.get(f"{filled(page)}?{query}"), (page.path, value[:40]))
                if "{" in holes:
                    harmless(await visitor.get(re.sub(r"\{[^}]*\}", value, holes)), (page.path, value[:40]))

    visit(story)


def test_no_form_that_somebody_makes_up_fails() -> None:
    """Each act with each value in every field that any form has: refused in words, or done; never broken."""

    async def story(visitor: Visitor) -> None:
        kept = {name: visitor.http.cookies[name] for name in visitor.http.cookies}
        for page in PAGES:
            if not page.act or page.path == "/sign-out":
                continue
            for value in WRONG[::2]:
                visitor.http.cookies.update(kept)
                answer = await visitor.post(filled(page), dict.fromkeys(FIELDS, value))
                harmless(answer, (page.path, value[:40]))
                assert not answer.headers.get("location", "/").startswith(("//", "http")), page.path

    visit(story)


def test_markup_in_any_name_is_text_on_every_page() -> None:
    """Of a company at Fortnox, a business key, a reason, a person: what is told is shown as told."""

    async def past(past: Past) -> None:
        await told(past)
        hold = json.loads(past.held(f"openpos/{EVIL}/413", hold_id=str(uuid4())).to_bytes())
        hold["data"] |= {"message": EVIL, "choices": [{"answer": "keep", "means": EVIL}]}
        await past.reviews(envelopes.decode(json.dumps(hold).encode()))
        await accounts.invite(past.place.engine, "evil@example.se", {SHOP: DeskRole.VIEWER}, by=EVIL, name=EVIL)
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into connections (tenant, system, grant_type, state, reason, company_name, consented_by,
                                                changed_at)
                       values (:t, 'fortnox', 'client_credentials', 'needs_consent', :evil, :evil, :evil, now())"""
                ),
                {"t": SHOP, "evil": EVIL},
            )

    async def story(visitor: Visitor) -> None:
        shown = set()
        for page in PAGES:
            if not (page.act or page.path.endswith("/changes")):
                answer = await visitor.get(filled(page))
                harmless(answer, page.path)
                if "&lt;script&gt;alert" in answer.text:
                    shown.add(page.path.removeprefix("/companies/{tenant}"))
        assert shown >= {"", "/held", "/connections", "/people"}

    visit(story, past=past)


def test_markup_in_a_persons_name_is_text() -> None:
    """What an HR system calls somebody stands on the pages of staff as it was told."""
    people = (
        EmployeeChanged(
            system="huma",
            person_id="evil",
            changed_at=test_employees.NOW,
            fields=EmployeeFields(email="evil@example.se", given_name=EVIL, family_name=EVIL, city=EVIL),
        ),
    )

    async def story(staff: test_employees.Staff) -> None:
        plan = await staff.plan()
        shown = 0
        for path in (staff.at("export") + "?tab=all", staff.at("import") + "?tab=all", plan, f"{plan}/rows/1"):
            answer = await staff.get(path)
            harmless(answer, path)
            shown += "&lt;script&gt;alert" in answer.text
        assert shown >= 3

    test_employees.visit(story, people=people)


def test_an_answer_that_is_sent_five_times_at_once_is_one_decision() -> None:
    """A double click, a proxy that repeats, a page that is open twice: the first counts, and the others are told so."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())

    async def story(visitor: Visitor) -> None:
        address = f"/companies/{SHOP}/held/{HOLD}"
        sent = await asyncio.gather(*(visitor.post(address, {"answer": "reverse"}) for _ in range(5)))
        assert {answer.status_code for answer in sent} <= {303, 409}

    before = len(answers())  # other files answer the same hold on the same broker
    visit(story, DeskRole.ACCOUNTANT, past=past)
    assert len({answer.answer for answer in answers()[before:]}) == 1


def test_a_session_that_somebody_planted_is_never_signed_in() -> None:
    """Neither by a cookie set beforehand nor by one of a session that has ended."""

    async def story(visitor: Visitor) -> None:
        for planted in ("", "x", uuid4().hex, "a" * 5000):
            visitor.http.cookies.clear()
            visitor.http.cookies.set("bokbuss_session", planted)
            assert (await visitor.get(f"/companies/{SHOP}")).status_code == 303

    visit(story)
