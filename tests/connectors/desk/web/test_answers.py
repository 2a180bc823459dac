"""Many that wait alike are answered at once: each is shown with its amount before, and told by itself after."""

from uuid import UUID

import pytest

from infra.accounts.permissions import DeskRole
from infra.postgres import text
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.test_pages import SHOP, answers, visit
from tests.connectors.desk.web_driver import Visitor, words

pytestmark = pytest.mark.usefixtures("desk")

ALL = f"/companies/{SHOP}/held/answers"
HOLDS = [str(UUID(int=(5 << 76) | (2 << 62) | number)) for number in (31, 32, 33)]


async def waiting(past: Past) -> None:
    """Let three days wait, booked and amended."""
    for number, hold in enumerate(HOLDS):
        await past.reviews(past.held(f"openpos/CITY/KASSA1/{500 + number}/2026-04-10", hold_id=hold))


def test_what_has_moved_meanwhile_is_told_and_not_answered() -> None:
    """Of three that were shown one ended before the click; the other two are answered, each with a fact of its own."""
    end = (
        "update held set closed_at = now(), how = 'superseded', message = 'The till sent it again.' where hold_id = :h"
    )

    async def story(visitor: Visitor) -> None:
        listed = (await visitor.get(f"/companies/{SHOP}/held")).text
        assert all(f'<input type="checkbox" name="row" value="{hold}"' in listed for hold in HOLDS)
        shown = words((await visitor.get(f"{ALL}?{'&'.join(f'row={hold}' for hold in HOLDS)}")).text)
        assert shown.count("came again with other content") == len(HOLDS)
        assert "Total of 3" in shown
        assert "Keep: 3 of them" in shown
        async with visitor.host.engine.begin() as connection:
            await connection.execute(text(end), {"h": HOLDS[1]})
        sent = {"Sec-Fetch-Site": "same-origin"}
        form = {"row": HOLDS, "answer": "keep", "comment": "month end"}
        told = await visitor.http.post(visitor.url + ALL, data=form, headers=sent)
        assert words(told.text).count("answered keep") == 2
        assert words(told.text).count("Not answered: it waited no longer.") == 1
        wrong = await visitor.http.post(visitor.url + ALL, data={"row": HOLDS, "answer": "burn"}, headers=sent)
        assert (wrong.status_code, "Choose an answer." in wrong.text) == (422, True)

    visit(story, DeskRole.ACCOUNTANT, past=waiting)
    given = {str(fact.hold_id): fact.answer for fact in answers() if fact.comment == "month end"}
    assert given == {HOLDS[0]: "keep", HOLDS[2]: "keep"}


def test_only_what_waits_for_the_same_is_answered_at_once() -> None:
    """Another reason's answers mean other things; who may only see is offered nothing."""

    async def past(past: Past) -> None:
        await waiting(past)
        async with past.place.engine.begin() as connection:
            other = (
                """update held set body = jsonb_set(body::jsonb, '{data,reason}', '"unbalanced"') where hold_id = :h"""
            )
            await connection.execute(text(other), {"h": HOLDS[2]})

    async def story(visitor: Visitor) -> None:
        page = await visitor.get(f"{ALL}?row={HOLDS[0]}&row={HOLDS[2]}")
        assert (page.status_code, "Choose such as wait for the same reason." in page.text) == (422, True)
        await visitor.is_signed_in_as(DeskRole.VIEWER, SHOP)
        assert 'name="row"' not in (await visitor.get(f"/companies/{SHOP}/held")).text
        assert (await visitor.get(f"{ALL}?row={HOLDS[0]}")).status_code == 403

    visit(story, DeskRole.ACCOUNTANT, past=past)
