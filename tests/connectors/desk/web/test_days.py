"""The days of the tills: a month in which each date says how it stands, and a day with its report and its voucher."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.accounts.permissions import DeskRole
from infra.environment import load
from infra.office import office
from infra.postgres import text
from infra.showing import days
from infra.showing.days import Span
from schemas import envelope as envelopes
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from tests.connectors.desk.conftest import Past, sample
from tests.connectors.desk.web_driver import Visitor, visiting
from tests.databases import stepping

pytestmark = pytest.mark.usefixtures("desk")

SHOP = "krogen-soder"
KEY = "openpos/SODER/KASSA1/412/2026-04-10"


def visit(story: Callable[[Visitor, Past], Awaitable[Any]]) -> Any:
    """Let somebody who may only see visit a shop whose settings have taken effect."""

    async def main() -> Any:
        async with office(load()) as place, visiting(place) as visitor:
            past = Past(place)
            await past.add(SHOP)
            await past.add("grannen")
            await past.decides(sample("settings.v1", "day-sales"))
            await visitor.is_signed_in_as(DeskRole.VIEWER, SHOP)
            return await story(visitor, past)

    return asyncio.run(main())


def report(**changes: Any) -> Envelope[Any]:
    """Return the sample's day with other content."""
    body = json.loads(sample("facts.day-closed.v1", "restaurant-day").to_bytes())
    body["data"] |= changes
    key = f"openpos/{body['data']['store']}/{body['data']['register_id']}/{body['data']['z_number']}"
    return envelopes.decode(json.dumps(body | {"id": f"{key}/{changes}", "subject": key}).encode())


def unmapped() -> Envelope[Any]:
    """Return the day after the sample's, with a means of payment that nobody has mapped."""
    body = json.loads(sample("facts.day-closed.v1", "restaurant-day").to_bytes())["data"]
    paid = [one | {"method": "swish_qr"} if one["method"] == "swish" else one for one in body["payments"]]
    return report(z_number=413, business_date="2026-04-11", payments=paid)


def test_a_month_says_how_each_day_stands() -> None:
    """A day is booked, another waits, a third was never closed; each leads to where one sees why, and back."""

    async def story(visitor: Visitor, past: Past) -> None:
        assert "No day closes in this month." in await visitor.see(f"/companies/{SHOP}/days")
        await past.comes_to(report())
        await past.comes_to(unmapped())
        hold = json.loads(past.held("soder/2026-04-12").to_bytes())
        hold["data"] |= {"flow": "registers", "reason": "day_missing", "business_date": "2026-04-12"}
        await past.reviews(envelopes.decode(json.dumps(hold).encode()))
        page = await visitor.see(f"/companies/{SHOP}/days")
        for words in ("April 2026", "SODER · KASSA1", "booked 1", "held 1", "missing 1", "10 33,614"):
            assert words in page
        html = (await visitor.get(f"/companies/{SHOP}/days")).text
        assert f'href="/companies/{SHOP}/days/{KEY}"' in html
        assert f'href="/companies/{SHOP}/held/{hold["id"]}">missing' in html
        waits = (await visitor.get(f"/companies/{SHOP}/held/{hold['id']}")).text
        assert f'href="/companies/{SHOP}/days?month=2026-04"' in waits
        march = await visitor.see(f"/companies/{SHOP}/days?month=2026-03")
        assert "No day closes" in march
        assert "Nothing meets the selection" in await visitor.see(f"/companies/{SHOP}/days?month=2026-04&q=norrmalm")
        for wrong in ("2026-13", "0000-01", "0001-01", "9999-12", "april", "2026-04-10"):
            assert (await visitor.get(f"/companies/{SHOP}/days?month={wrong}")).status_code == 404, wrong

    visit(story)


def test_a_day_whose_money_is_not_booked_never_says_that_there_is_nothing_to_book() -> None:
    """Of sales that a person discarded the calendar says that they are not booked; of zeros, that there is nothing."""

    async def story(visitor: Visitor, past: Past) -> None:
        given_up = [
            ("1", {"day": {"total_sales": "100.00"}, "awaits": None}),
            ("2", {"day": {"total_sales": "0.00", "payments": [{"amount": "500.00"}]}, "awaits": None}),
            ("3", {"day": {"total_sales": "0.00", "payments": [{"amount": "0.00"}]}, "awaits": None}),
            ("4", {"day": {"total_sales": "100.00"}, "awaits": None, "part_of": "openpos/B/K1/1/2026-02-01"}),
        ]
        async with past.place.engine.begin() as connection:
            await connection.execute_many(
                text("insert into flow_state (flow, tenant, key, state) values ('daysales', :t, :key, :state)"),
                [{"t": SHOP, "key": f"openpos/B/K1/{n}/2026-02-0{n}", "state": json.dumps(s)} for n, s in given_up],
            )
        span = Span(SHOP, "daysales", "bokbuss.post-voucher.v1", date(2026, 2, 1), date(2026, 2, 28))
        kinds = {one.number: one.kind for one in await days.page(past.place.engine, span)}
        assert kinds == {"1": "left", "2": "left", "3": "settled", "4": "settled"}
        assert "not booked 2 nothing to book 2" in await visitor.see(f"/companies/{SHOP}/days?month=2026-02")

    visit(story)


def test_a_discard_says_why_and_a_discarded_day_is_taken_up_again() -> None:
    """No empty reason is taken, whatever the form says; and only what was given up has the button."""

    async def story(visitor: Visitor, past: Past) -> None:
        [hold] = await past.comes_to(unmapped())
        address = f"/companies/{SHOP}/held/{hold.id}"
        assert (await visitor.post(address, {"answer": "discard"})).status_code == 403
        await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, SHOP)
        assert "Write why." in await visitor.see(address)
        for comment in ("", "   "):
            refused = await visitor.post(address, {"answer": "discard", "comment": comment})
            assert (refused.status_code, "Write why" in refused.text) == (422, True)
        assert (await visitor.post(address, {"answer": "reopen"})).status_code == 422
        await past.comes_to(answer_to(hold, "discard"))
        assert "Take up again" in await visitor.see(address)
        assert (await visitor.post(address, {"answer": "discard", "comment": "Again."})).status_code == 409
        taken = await visitor.post(address, {"answer": "reopen"})
        assert taken.status_code == 303
        [again] = await past.comes_to(answer_to(hold, "reopen"))
        assert "Take up again" not in await visitor.see(address)
        assert (await visitor.post(address, {"answer": "reopen"})).status_code == 409
        assert "Write why." in await visitor.see(f"/companies/{SHOP}/held/{again.id}")

    visit(story)


def answer_to(hold: Envelope[Any], answer: str) -> Envelope[Any]:
    """Return what a person answered to a hold."""
    fact = ReviewAnswered(
        hold_id=UUID(hold.id),
        flow=hold.data.flow,
        about=hold.data.key,
        answer=answer,
        answered_by="Åsa",
        answered_at=hold.time,
        comment="Handled by hand.",
    )
    return envelopes.wrap(
        fact,
        message_id=f"{hold.id}/{answer}",
        source="/connectors/desk",
        time=hold.time,
        tenant=hold.tenant,
        incarnation=hold.incarnation,
        trace=hold.traceparent,
    )


def test_a_day_shows_its_report_its_voucher_and_its_story() -> None:
    """The rows have the names that Fortnox's list gives the accounts; the day after is one key away."""

    async def story(visitor: Visitor, past: Past) -> None:
        async with past.place.engine.begin() as connection:
            accounts = [{"Number": 1686, "Description": "Fordringar för kontokort"}]
            await connection.execute(
                text(
                    """insert into reference_data (tenant, system, kind, year_id, body, read_at)
                       values (:t, 'fortnox', 'accounts', 4, cast(:body as jsonb), now())"""
                ),
                {"t": SHOP, "body": json.dumps(accounts)},
            )
        await past.comes_to(report())
        [hold] = await past.comes_to(unmapped())
        page = await visitor.see(f"/companies/{SHOP}/days/{KEY}")
        for words in ("SODER · KASSA1 · 2026-04-10", "Voucher F 12", "1686 Fordringar för kontokort", "Sprit", "tips"):
            assert words in page
        assert "Fortnox booked it as F 12" in page
        html = (await visitor.get(f"/companies/{SHOP}/days/{KEY}")).text
        after = "openpos/SODER/KASSA1/413/2026-04-11"
        assert f'rel="next" href="/companies/{SHOP}/days/{after}"' in html
        assert f'href="/companies/{SHOP}/days/{after}"' in (await visitor.get(f"/companies/{SHOP}/held/{hold.id}")).text
        assert f'href="/companies/{SHOP}/held/{hold.id}"' in (await visitor.get(f"/companies/{SHOP}/days/{after}")).text
        page = await visitor.see(f"/companies/{SHOP}/days/{after}")
        for words in ("Why the day waits", "swish_qr", "No voucher has been made", "Never book this report"):
            assert words in page
        assert (await visitor.get(f"/companies/{SHOP}/days/openpos/SODER/KASSA1/999/2026-04-10")).status_code == 404
        assert (await visitor.get(f"/companies/grannen/days/{KEY}")).status_code == 404

    visit(story)


def test_registers_are_paged_and_a_month_is_read_by_its_index() -> None:
    """A company of forty registers: twelve on a page, none twice; its month is not looked for among all days."""

    async def story(visitor: Visitor, past: Past) -> None:
        first = date(2026, 1, 1)
        rows = [
            {"key": f"openpos/B%2F{store:02}/K1/{n + 1}/{first + timedelta(days=n)}", "t": SHOP}
            for store in range(40)
            for n in range(120)
        ]
        async with past.place.engine.begin() as connection:
            await connection.execute_many(
                text(
                    """insert into flow_state (flow, tenant, key, state)
                       values ('daysales', :t, :key, '{"day": {"total_sales": "100.00"}, "awaits": null}')"""
                ),
                rows,
            )
            await connection.execute(text("analyze flow_state"))
        seen: list[str] = []
        span = Span(SHOP, "daysales", "bokbuss.post-voucher.v1", date(2026, 2, 1), date(2026, 2, 28))
        after = ""
        while page := await days.page(past.place.engine, span, after=after, tills=12):
            seen += dict.fromkeys(one.till for one in page)
            after = page[-1].till
        assert seen == sorted({f"openpos/B%2F{store:02}/K1" for store in range(40)})
        assert await days.counts(past.place.engine, span) == {"left": 40 * 28}
        html = (await visitor.get(f"/companies/{SHOP}/days?month=2026-02")).text
        assert html.count("<h2>B/") == 12
        assert 'rel="next" href="/companies/krogen-soder/days?month=2026-02&amp;after=openpos%2FB%25252F11%2FK1"' in (
            html.replace("%252F", "%25252F")
        )

    visit(story)


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few() -> None:
    """What waits is listed without the state of each day, which says nothing that the list shows."""

    async def story(visitor: Visitor, past: Past) -> None:
        asked: list[str] = []

        async def note(statement: str) -> None:
            asked.append(statement)

        stepping(past.place.engine, note)
        counts = []
        for number in range(2):
            for each in range(1 + 20 * number):
                hold_id = f"727173a9-0e3e-58f2-a254-{number:06}{each:06}"
                await past.reviews(past.held(f"openpos/KASSA1/{number}{each}", hold_id=hold_id))
            asked.clear()
            page = await visitor.see(f"/companies/{SHOP}/held")
            assert page.count("came again with other content") == 1 + 21 * number
            counts.append(len(asked))
        assert counts[0] == counts[1]
        [states] = [query for query in asked if "flow_state" in query]
        assert states

    visit(story)
