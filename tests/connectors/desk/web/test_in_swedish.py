"""A reader of Swedish reads Swedish on every page, whatever has happened: a walk along every link."""

from html import escape
from uuid import uuid4

import pytest
from pydantic_core import to_json
from sqlalchemy import text

from infra import words
from infra.access.connections import Connection, Connections
from infra.accounts.permissions import DeskRole
from infra.delivery.lane import _put_off
from infra.verdicts import RetryLater
from schemas.audit import Call
from schemas.events import EmployeeChanged, EmployeeFields
from tests.connectors.desk.conftest import NOW, Past, VerbDriver, sample
from tests.connectors.desk.in_swedish import english_in, english_pages
from tests.connectors.desk.test_pages import HOLD, SHOP, told, visit
from tests.connectors.desk.web import test_days, test_employees, test_matching
from tests.connectors.desk.web.test_employees import Staff
from tests.connectors.desk.web_driver import Visitor

WRITTEN_BEFORE = (
    "a balanced day is booked",
    "an amended day is reversed",
    "an unmapped payment method holds",
    "The day is booked as F 12 and came again with other content.",
    "Reverse the voucher.",
    "Leave the books as they are.",
    "Reverse",
)
"""What a hold says that was made before texts had words, and rules that are no more: they show their text."""


@pytest.mark.usefixtures("desk")
def test_a_day_that_was_booked_amended_held_and_reversed() -> None:
    """Its pages, those of its company, and those of what could not be read."""

    async def past(past: Past) -> None:
        await told(past)
        await past.reviews(past.held(key="openpos/KASSA1/413"))

    async def story(visitor: Visitor) -> None:
        assert await english_pages(visitor, f"/companies/{SHOP}", ours=WRITTEN_BEFORE) == {}

    visit(story, past=past)


@pytest.mark.usefixtures("desk")
def test_people_who_were_compared() -> None:
    """Each list, each row and what is wrong with it, what would be sent, and how somebody stands."""
    wrong = EmployeeFields(email="no address", given_name="Ivar", family_name="Fel")
    ivar = EmployeeChanged(system="huma", person_id="ivar", changed_at=NOW, fields=wrong)

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        assert await english_pages(staff, "/", plan, f"{plan}/send?view=plan&all=1") == {}
        staff.http.headers["Accept-Language"] = "sv"
        row = await staff.row(plan, "Ivar Fel")
        assert "E-postadressen kan inte vara rätt" in await staff.see(f"{plan}/rows/{row}?view=plan")

    test_employees.visit(story, DeskRole.ADMIN, people=(*test_employees.PEOPLE, ivar))


@pytest.mark.usefixtures("desk")
def test_days_that_wait_for_an_account() -> None:
    """What waits is said by key and values, and each day tells its story."""

    async def story(visitor: Visitor, past: Past) -> None:
        await past.comes_to(test_days.report())
        assert await english_pages(visitor, f"/companies/{test_matching.SHOP}", ours=("Accountant",)) == {}

    test_matching.visit(story)


@pytest.mark.parametrize(
    "english",
    [
        "<p>Nothing waits for a person</p>",
        "<p>unbalanced</p>",
        '<input placeholder="Search for the day">',
        "<p>Butik SODER, kassa KASSA1: total sales 12,00: Apply settings; the day is then booked by itself</p>",
    ],
)
def test_what_is_english_is_found(english: str) -> None:
    """By words that Swedish has not, and by the English sides of what we say in two languages."""
    assert english_in(english)


@pytest.mark.parametrize(
    "swedish",
    ["<p>Kör bokbuss held list</p>", '<p lang="en">of the day</p>', "<code>the-key</code>", "<p>Dagen går vidare</p>"],
)
def test_what_is_marked_or_the_same_in_both_languages_is_not(swedish: str) -> None:
    """Commands, code, and what is said to be English."""
    assert not english_in(swedish)


@pytest.mark.usefixtures("desk")
def test_why_an_order_rests_and_a_connection_stands_still() -> None:
    """On the start page, in the story and among the connections: the reason travels as key and values."""
    order = sample("orders.fortnox.v1", "post-voucher")
    why = words.UNREACHABLE(party="Fortnox", how="POST 127.0.0.1: ConnectError")

    async def past(past: Past) -> None:
        await told(past)
        again = order.model_copy(update={"id": str(uuid4())})
        await past.order(again)
        put_off = {"id": again.id, "outcome": to_json(_put_off(RetryLater.saying(2.0, "unreachable", why))).decode()}
        failed = Call(at=NOW, request="POST /3/vouchers", status=None, milliseconds=3, verdict=str(why))
        put_off["calls"] = to_json([failed.model_copy(update={"wording": why.wording})]).decode()
        async with past.place.engine.begin() as connection:
            change = "update journal set outcome = cast(:outcome as jsonb), calls = cast(:calls as jsonb)"
            await connection.execute(text(f"{change} where order_id = cast(:id as uuid)"), put_off)
            await connection.execute(text("update tenants set database_number = 1 where tenant = :t"), {"t": SHOP})
        connections = Connections(past.place.engine, (await past.place.host()).vault)
        assert await connections.access(SHOP, "fortnox", _nobody) is not None
        assert await connections.pause(SHOP, "fortnox", "lena")

    async def story(visitor: Visitor) -> None:
        assert await english_pages(visitor, f"/companies/{SHOP}", ours=WRITTEN_BEFORE) == {}
        visitor.http.headers["Accept-Language"] = "sv"
        assert "Fortnox går inte att nå: POST 127.0.0.1" in await visitor.see(f"/companies/{SHOP}")
        assert "pausad av lena" in await visitor.see(f"/companies/{SHOP}/connections")

    visit(story, past=past)


async def _nobody(_held: Connection, _refresh: str | None, _may_send: object) -> RetryLater:
    return RetryLater.saying(2.0, "unreachable", words.UNREACHABLE(party="Fortnox", how="nobody asks"))


def test_commands_speak_swedish_where_that_is_chosen(desk: VerbDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits, the trail, what was done and a story, with BOKBUSS_LANGUAGE=sv."""

    async def past(past: Past) -> None:
        await past.add(SHOP)
        await told(past)

    known = (*WRITTEN_BEFORE, "data.total_sales: an amount is a string")  # what a program says of bytes
    desk.after(past)
    monkeypatch.setenv("BOKBUSS_LANGUAGE", "sv")
    monkeypatch.setenv("COLUMNS", "1000")  # what is known is looked for in whole lines
    for verb in (("held", "list"), ("held", "show", HOLD), ("audit",), ("explain", "F", "13")):
        said = desk(*verb, "--tenant", SHOP).stdout
        lines = [line for line in said.splitlines() if not english_in(f"<p>{escape(line)}</p>", known)]
        assert lines == said.splitlines()
