"""The pages, as a browser gets them: who sees what, what an answer does, that nothing is cached or shown too much."""

import asyncio
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import connectors.sie
from connectors.desk.pages import PAGES
from connectors.desk.web.rendering import POLICY, static
from connectors.desk.web.visit import ANYBODY, SIGNED_IN, Page
from infra import clock, registry
from infra.accounts.permissions import DeskRole, Permission
from infra.environment import load
from infra.office import office
from infra.parting import parting
from infra.postgres import text
from schemas import envelope as envelopes
from schemas import ids
from schemas.events import ReviewAnswered
from schemas.ledger import LedgerRow, LedgerVoucher
from tests.bus import records
from tests.connectors.desk.conftest import Past, sample
from tests.connectors.desk.web_driver import Visitor, visiting
from tests.infra.delivery_driver import REPORT

pytestmark = pytest.mark.usefixtures("desk")

SHOP = "krogen-soder"
LEDGER = f"/companies/{SHOP}/ledger"
HOLD = "727173a9-0e3e-58f2-a254-1688e296e014"


async def told(past: Past) -> None:
    """Let a day be booked, found, amended, held and reversed."""
    await past.tell_the_sample_story()
    await past.bury(topic="facts.day-closed.v1", offset=7, value=b"{}", tenant=SHOP)


def visit(story: Any, role: DeskRole | None = DeskRole.ADMIN, tenant: str = SHOP, past: Any = told) -> Any:
    """Let something have happened, and somebody visit the desk."""

    async def main() -> Any:
        async with office(load()) as place, visiting(place) as visitor:
            await Past(place).add(SHOP)
            await Past(place).add("grannen")
            await past(Past(place))
            if role is not None:
                await visitor.is_signed_in_as(role, tenant)
            return await story(visitor)

    return asyncio.run(main())


async def nothing(_past: Past) -> None:
    """Let nothing have happened."""


def filled(page: Page) -> str:
    """Return an address of a page, about the shop."""
    path = page.path.replace("{tenant}", SHOP).replace("{hold:uuid}", HOLD)
    path = path.replace("systems/{system}", "systems/fortnox")
    path = path.replace("{place:path}", "facts.day-closed.v1/3/7").replace("{key:path}", "openpos/KASSA1/412")
    while "{" in path:
        path = f"{path[: path.index('{')]}00000000-0000-4000-8000-000000000000{path[path.index('}') + 1 :]}"
    return path


def test_an_empty_desk_says_so() -> None:
    """Before anything happened the page stands, and says that nothing waits."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.see("/")
        assert "Nothing waits." in page
        assert "Nothing is booked yet." in page
        page = await visitor.see(f"/companies/{SHOP}")
        assert "Left to do before anything travels" in page
        assert "Connect the systems" in page

    visit(story, past=nothing)


def test_the_company_page_shows_what_waits_and_what_was_booked() -> None:
    """Tiles count, and the last vouchers are there, the newest first, each with the way to its story."""

    async def story(visitor: Visitor) -> None:
        html = (await visitor.get(f"/companies/{SHOP}")).text
        assert html.index(">F 13<") < html.index(">F 12<")
        assert f'href="/companies/{SHOP}/story/openpos/KASSA1/412"' in html
        page = await visitor.see(f"/companies/{SHOP}")
        assert "1 could not be read" in page

    visit(story)


@pytest.mark.parametrize("where", ["*", SHOP])
def test_what_waits_under_a_name_that_no_company_has_is_shown_to_who_runs_bokbuss(where: str) -> None:
    """No page is of it, and no company's people are told of another name."""

    async def past(past: Past) -> None:
        await past.bury(topic="facts.day-closed.v1", offset=8, value=b"?", tenant="unknown")
        await past.reviews(past.held(tenant="krogen-sodr", hold_id="00000000-0000-4000-8000-000000000009"))
        await past.accept(sample("facts.day-closed.v1", "restaurant-day").model_copy(update={"tenant": "krogen-norr"}))

    async def story(visitor: Visitor) -> None:
        page = await visitor.see("/")
        assert ("Under names that no company has" in page) is (where == "*")
        for row in ("krogen-norr 1", "krogen-sodr 1", "unknown 1"):
            assert (row in page) is (where == "*")

    visit(story, tenant=where, past=past)


def test_a_connection_has_one_light_wherever_it_is_shown() -> None:
    """A consent that ends in days is no green one on the start page; a company with a number only is connected."""

    async def past(past: Past) -> None:
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into connections (tenant, system, grant_type, state, refresh_until, changed_at)
                       values (:t, 'fortnox', 'authorization_code', 'connected', now() + interval '3 days', now())"""
                ),
                {"t": SHOP},
            )
            await connection.execute(text("update tenants set database_number = 7 where tenant = 'grannen'"))

    async def story(visitor: Visitor) -> None:
        everywhere = (await visitor.get("/")).text
        for tenant, light in ((SHOP, "wait"), ("grannen", "good")):
            shown = rf'<span class="light {light}" aria-hidden="true"></span>fortnox'
            assert shown in (await visitor.get(f"/companies/{tenant}/connections")).text
            row = everywhere.partition(f'<td><a href="/companies/{tenant}">')[2].partition("</tr>")[0]
            assert shown in row, tenant
            assert ("(needs somebody)" in row) is (light == "wait")  # a colour alone says nothing to many
            assert "Connect the systems" not in await visitor.see(f"/companies/{tenant}")
        assert "has ended or is paused" not in await visitor.see(f"/companies/{SHOP}/closing")

    visit(story, tenant="*", past=past)


def test_checks_are_as_old_as_the_oldest_of_them() -> None:
    """What we know ourselves at any time is no word of Fortnox, which was asked in January."""

    async def past(past: Past) -> None:
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into checks (tenant, system, "check", ok, body, checked_at)
                       values (:t, 'fortnox', 'the_company_has_consented', true, '{"state": "ok"}',
                               '2026-01-05 02:00Z')"""
                ),
                {"t": SHOP},
            )
            await connection.execute(
                text(
                    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state,
                                            outcome, due_at, accepted_at, journaled_at)
                       values (gen_random_uuid(), 1, 'fortnox', 0, :t, 'huma/bo', 'bokbuss.upsert-employee.v1', '',
                               '{}', 'queued', '{"of_kind": true, "code": "licence_missing"}', now(), now(), now())"""
                ),
                {"t": SHOP},
            )

    async def story(visitor: Visitor) -> None:
        page = await visitor.see(f"/companies/{SHOP}/connections")
        assert "last 2026-01-05 03:00" in page
        assert "1 are in order" in page

    visit(story, past=past)


def test_the_address_of_a_form_leads_to_the_page_above_it() -> None:
    """A refused form stands at its own address: the other language, a filter, a reload lead from there to a page."""
    shown = {page.path for page in PAGES if not page.act}

    async def story(visitor: Visitor) -> None:
        for page in PAGES:
            if page.act and page.path not in shown:
                answer = await visitor.get(f"{filled(page)}?tab=all")
                assert answer.status_code == 303, page
                to = answer.headers["location"]
                assert to.endswith("?tab=all"), page
                assert filled(page).startswith(to.removesuffix("?tab=all")), page
        wrong = await visitor.http.post(
            f"{visitor.url}/companies/{SHOP}/ledger/sync",
            data={"without": ["ledger", "documents"]},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert wrong.status_code == 422
        here = re.search(r'name="to" value="([^"]*)"', wrong.text)
        assert here is not None
        chosen = await visitor.post("/language", {"to": here[1], "language": "en"})
        assert "Financial years" in await visitor.see(chosen.headers["location"])

    visit(story)


def test_what_ended_by_itself_was_answered_by_nobody() -> None:
    """The log of what was done says who answered what: a hold that other settings ended is not among it."""

    async def past(past: Past) -> None:
        for key, how in (("openpos/KASSA1/413", "answered"), ("openpos/KASSA1/414", "settings_changed")):
            await past.reviews(past.held(key, hold_id=str(uuid4())))
            async with past.place.engine.begin() as connection:
                closed = text("update held set closed_at = now(), how = :how where key = :key")
                await connection.execute(closed, {"key": key, "how": how})
        await past.reviews(past.held("openpos/KASSA1/415", hold_id=str(uuid4())))

    async def story(visitor: Visitor) -> None:
        lines = (await visitor.get(f"/companies/{SHOP}/activity.csv?direction=out")).text.splitlines()
        holds = [line.split(";") for line in lines if ";hold;" in line]
        assert sorted((line[4], line[5]) for line in holds) == [("1", "answered"), ("1", "ended"), ("1", "waiting")]

    visit(story, past=past)


def test_a_list_that_is_cut_says_so() -> None:
    """Fourteen orders whose answer was lost, of which twelve are shown."""

    async def past(past: Past) -> None:
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state,
                                            due_at, sent_at, accepted_at, journaled_at)
                       select gen_random_uuid(), n, 'fortnox', 0, :t, 'openpos/K1/' || n, 'bokbuss.post-voucher.v1', '',
                              '{}', 'unknown', now(), now(), now(), now() from generate_series(1, 14) n"""
                ),
                {"t": SHOP},
            )

    async def story(visitor: Visitor) -> None:
        page = await visitor.see(f"/companies/{SHOP}")
        assert "14 without an answer yet" in page
        assert "The oldest 12 of 14." in page

    visit(story, past=past)


def test_takings_of_many_companies_are_not_drawn_as_one() -> None:
    """Two companies' takings are a chart; the sum of dozens says nothing, and was seconds of work for each look."""

    async def story(visitor: Visitor) -> None:
        assert "Booked from the tills" in await visitor.see("/")
        for number in range(29):
            await add(visitor, f"bolaget-{number}")
        page = await visitor.see("/")
        assert "bolaget-28" in page
        assert "Booked from the tills" not in page
        assert "F 13" in page
        assert "Booked from the tills" in await visitor.see(f"/companies/{SHOP}")

    async def add(visitor: Visitor, tenant: str) -> None:
        async with visitor.host.engine.begin() as connection:
            await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})

    visit(story, tenant="*")


def test_a_browser_that_leaves_while_it_sends_a_file_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """It is nobody's fault, and no stack trace stands in the log for it."""

    async def story(visitor: Visitor) -> None:
        host, port = visitor.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        cookie = visitor.http.cookies["bokbuss_session"]
        head = (
            f"POST /companies/{SHOP}/ledger/file HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: bokbuss_session={cookie}\r\nContent-Length: 1000\r\n\r\n#FLAGGA 0"
        )
        writer.write(head.encode())
        await writer.drain()
        await clock.sleep(0.5)
        writer.close()
        await clock.sleep(1.0)
        assert "Financial years" in await visitor.see(f"/companies/{SHOP}/ledger")

    with caplog.at_level("ERROR"):
        visit(story, past=nothing)
    assert [record.getMessage() for record in caplog.records] == []


def test_a_story_is_a_page() -> None:
    """The same story as explain tells, with the fact read back from Kafka."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.see("/explain?what=F+13")
        for words in ("Store SODER, register KASSA1, Z 412", "Fortnox booked it as F 13", "28,971.50"):
            assert words in page
        answer = await visitor.get("/explain?what=%3Cscript%3E1")
        assert answer.status_code == 404
        assert "Ask for a voucher" in answer.text
        assert "<script>1" not in answer.text

    visit(story)


def test_a_voucher_is_shown_wherever_its_block_goes_on() -> None:
    """Six vouchers of a thousand rows are more than a message holds: the last one stands in another part."""

    async def past(past: Past) -> None:
        row = LedgerRow(account="1910", amount=Decimal("1.00"))
        with parting() as parts:
            for number in range(1, 7):
                day, rows = date(2025, 5, 25), (row,) * 1000
                parts.voucher(LedgerVoucher(series="L", number=str(number), day=day, text="Löner", rows=rows))
            year = parts.whole(date(2025, 1, 1), date(2025, 12, 31))
            facts = [*year.part(one.part for one in year.parts), year.retrieved("sie", read_at=clock.now())]
            for fact in facts:
                fact_id = ids.fact_id(fact.key, ids.revision(fact))
                await past.decides(
                    envelopes.wrap(fact, message_id=fact_id, source="/tests", time=clock.now(), tenant=SHOP)
                )

    async def story(visitor: Visitor) -> None:
        below = f"/companies/{SHOP}/ledger/2025-12-31/vouchers"
        page = await visitor.see(f"{below}?part_of=vouchers/L/0000000/002")
        assert "L 6" in page
        page = await visitor.see(f"{below}/6?series=L")
        assert "← 5" in page
        assert "6 →" in await visitor.see(f"{below}/5?series=L")

    visit(story, past=past)


def test_what_others_have_hides_nothing_of_ones_own() -> None:
    """Six hundred vouchers of neighbours have the number that somebody asks for: theirs is found all the same."""

    async def past(past: Past) -> None:
        await told(past)
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into audit (tenant, sequence, key, fact_id, message_id, trace, body)
                       select 'a-' || n, 1, 'openpos/K1/' || n, '', '', '', '{"voucher": {"series": "F", "number": 13}}'
                       from generate_series(1, 600) n"""
                )
            )

    async def story(visitor: Visitor) -> None:
        assert "Fortnox booked it as F 13" in await visitor.see("/explain?what=F+13")

    visit(story, past=past)


def test_what_went_out_is_listed_however_much_came_in() -> None:
    """The list is cut after it is filtered, and says that it is cut."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())
        async with past.place.engine.begin() as connection:
            await connection.execute(
                text(
                    """insert into deliveries (tenant, system, delivery_id, body_sha256, event_ids, accepted_at)
                       select :t, 'till-' || n, '', '', '[]', clock_timestamp() from generate_series(1, 10001) n"""
                ),
                {"t": SHOP},
            )

    async def story(visitor: Visitor) -> None:
        at = f"/companies/{SHOP}/activity"
        assert "Only the last ones are shown" in await visitor.see(f"{at}?direction=in")
        assert "<td>desk</td>" in (await visitor.get(f"{at}?direction=out")).text
        assert "Nothing has happened" not in await visitor.see(f"{at}?direction=sideways")
        lines = (await visitor.get(f"{at}.csv?direction=in")).text.splitlines()
        assert (len(lines), "Only the latest 10000 rows" in lines[-1]) == (10_002, True)

    visit(story, past=past)


def test_a_hold_is_answered_under_the_name_of_the_session() -> None:
    """The button sends the answer to Kafka under the address of whoever is signed in, whatever the form says."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())

    async def story(visitor: Visitor) -> None:
        page = await visitor.see(f"/companies/{SHOP}/held")
        assert "came again with other content" in page
        page = await visitor.see(f"/companies/{SHOP}/held/{HOLD}")
        assert "Reverse the voucher." in page
        form = {"answer": "reverse", "answered_by": "somebody else", "comment": "wrong day"}
        answer = await visitor.post(f"/companies/{SHOP}/held/{HOLD}", form)
        assert answer.status_code == 303
        wrong = await visitor.post(f"/companies/{SHOP}/held/{HOLD}", {"answer": "burn"})
        assert wrong.status_code == 422

    visit(story, DeskRole.ACCOUNTANT, past=past)
    found = [fact for fact in answers() if fact.comment == "wrong day"]
    assert [(fact.answer, fact.answered_by) for fact in found] == [("reverse", f"accountant-{SHOP}@example.se")]


def test_a_page_that_was_open_for_long_leads_to_what_waits_by_now() -> None:
    """Other settings or newer content have ended the hold, and the same day waits anew: nobody was quicker."""
    now = "00000000-0000-5000-8000-000000000001"
    close = "update held set closed_at = now(), how = :how, message = '' where hold_id = :hold"

    async def past(past: Past) -> None:
        await past.reviews(past.held())
        async with past.place.engine.begin() as connection:
            await connection.execute(text(close), {"how": "settings_changed", "hold": HOLD})
        await past.reviews(past.held(hold_id=now))

    async def story(visitor: Visitor) -> None:
        form = {"answer": "reverse", "comment": "1000 kr was Swish"}
        late = await visitor.post(f"/companies/{SHOP}/held/{HOLD}", form)
        assert (late.status_code, f'href="/companies/{SHOP}/held/{now}"' in late.text) == (409, True)
        assert "answered already" not in late.text
        assert "1000 kr was Swish" in late.text
        async with visitor.host.engine.begin() as connection:
            await connection.execute(text(close), {"how": "answered", "hold": now})
        twice = await visitor.post(f"/companies/{SHOP}/held/{now}", form)
        assert (twice.status_code, "answered already" in twice.text, "It waits again" in twice.text) == (
            409,
            True,
            False,
        )

    visit(story, DeskRole.ACCOUNTANT, past=past)


def test_an_answered_hold_leads_to_the_next_one() -> None:
    """A month's end is forty of them: nobody goes back to the list after each."""
    after = "00000000-0000-5000-8000-000000000002"
    close = "update held set closed_at = now(), how = 'answered', message = '' where hold_id = :hold"

    async def past(past: Past) -> None:
        await past.reviews(past.held())
        await past.reviews(past.held("openpos/KASSA1/413", hold_id=after))

    async def story(visitor: Visitor) -> None:
        for answered, leads in ((HOLD, True), (after, False)):
            assert "Next that waits" not in (await visitor.get(f"/companies/{SHOP}/held/{answered}")).text
            async with visitor.host.engine.begin() as connection:
                await connection.execute(text(close), {"hold": answered})
            page = (await visitor.get(f"/companies/{SHOP}/held/{answered}")).text
            assert (f'href="/companies/{SHOP}/held/{after}"' in page, "Next that waits" in page) == (leads, leads)

    visit(story, DeskRole.ACCOUNTANT, past=past)


def answers() -> list[ReviewAnswered]:
    """Return the answers that stand in Kafka: other tests' too, and between them what else people have decided."""

    async def main() -> list[ReviewAnswered]:
        async with office(load()) as place:
            found = await records(str(place.settings.kafka.bootstrap), ReviewAnswered.TOPIC, SHOP)
            decided = [envelopes.decode(record.value or b"").data for record in found]
            return [each for each in decided if isinstance(each, ReviewAnswered)]

    return asyncio.run(main())


def test_while_kafka_is_away_a_form_is_told_so() -> None:
    """Whoever sends it learns that it may not have counted."""

    async def story(visitor: Visitor) -> None:
        await (await visitor.host.producer()).stop()
        answer = await visitor.post(f"/companies/{SHOP}/ledger/sync", {"year": "2026"})
        assert answer.status_code == 503
        assert "Kafka does not answer" in answer.text

    visit(story, past=nothing)


def test_a_letter_that_is_sent_again_many_times_at_once_keeps_nobody_waiting() -> None:
    """Each would keep a connection to the database, and all of them wait for one more, with every other page."""
    topic = f"ways/{SHOP}/kassa/openpos/0123456789ab"

    async def past(past: Past) -> None:
        await past.bury(topic=topic, offset=7, value=REPORT, tenant=SHOP)

    async def story(visitor: Visitor) -> None:
        path = f"/companies/{SHOP}/dead/{topic}/3/7/replay"
        answers = await asyncio.gather(*(visitor.post(path) for _ in range(24)))
        assert sorted(answer.status_code for answer in answers) == [303] + [409] * 23

    visit(story, past=past)


def test_what_names_another_company_is_sent_by_nobody_of_this_one() -> None:
    """Its key is this company's, and it would be told of the other one: who is admin of both may say so."""

    async def past(past: Past) -> None:
        body = json.loads(sample("facts.day-closed.v1", "restaurant-day").to_bytes()) | {"tenant": "grannen"}
        await past.bury(topic="facts.day-closed.v1", offset=7, value=json.dumps(body).encode(), tenant=SHOP)

    async def story(visitor: Visitor) -> None:
        path = f"/companies/{SHOP}/dead/facts.day-closed.v1/3/7"
        refused = await visitor.post(f"{path}/replay")
        assert refused.status_code == 403
        assert "It names another company, of which you are no admin" in refused.text
        assert "grannen" not in refused.text
        assert ">Send again<" in (await visitor.get(path)).text
        await visitor.is_signed_in_as(DeskRole.ADMIN)
        assert (await visitor.post(f"{path}/replay")).status_code == 303

    visit(story, past=past)


def test_a_search_that_finds_nothing_does_not_say_that_nothing_waits() -> None:
    """What was not searched for is still there."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())

    async def story(visitor: Visitor) -> None:
        for path in ("/held?q=nowhere", "/held?reason=no_account", "/days?q=nowhere"):
            page = await visitor.see(f"/companies/{SHOP}{path}")
            assert "Nothing meets the selection." in page
            assert "Nothing waits." not in page

    visit(story, past=past)


def test_a_reason_that_nothing_waits_for_any_more_is_still_what_is_chosen() -> None:
    """Its list is empty for that, and not since nothing at all waits; of what waited no number is told."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())

    async def story(visitor: Visitor) -> None:
        at = f"/companies/{SHOP}/held"
        assert '<option value="no_account" selected>' in (await visitor.get(f"{at}?reason=no_account")).text
        reason = "amended_after_booking"
        there = re.compile(rf'<option value="{reason}">[^<(]*( \(1\))?</option>')
        waits, waited = [there.search((await visitor.get(f"{at}?state={each}")).text) for each in ("open", "closed")]
        assert waits is not None
        assert waited is not None
        assert (waits[1], waited[1]) == (" (1)", None)

    visit(story, past=past)


def test_whoever_asks_for_the_head_of_a_package_has_not_fetched_it() -> None:
    """The log of what went out says who has a package."""
    year = Path(connectors.sie.__file__).parent / "samples" / "year-with-history.se"

    async def past(past: Past) -> None:
        for fact in registry.ledger_files().translate(year.read_bytes()):
            about = {"message_id": f"m/{fact.key}", "source": "/tests", "time": clock.now(), "tenant": SHOP}
            await past.decides(envelopes.wrap(fact, **about))

    async def story(visitor: Visitor) -> None:
        found = re.search(rf"/companies/{SHOP}/ledger/[0-9-]+/package", (await visitor.get(LEDGER)).text)
        assert found is not None
        log = f"/companies/{SHOP}/activity.csv?direction=out"
        assert (await visitor.http.head(visitor.url + found[0])).status_code == 200
        assert ";package;" not in (await visitor.get(log)).text
        assert (await visitor.get(found[0])).content.startswith(b"PK")
        assert ";package;" in (await visitor.get(log)).text

    visit(story, past=past)


def test_what_did_not_work_is_not_told_in_green() -> None:
    """Also where the browser is sent on to another page that says so."""

    async def story(visitor: Visitor) -> None:
        answer = await visitor.post(f"/companies/{SHOP}/matching/chart")
        assert answer.status_code == 303
        told = '<div class="note stop" role="alert"><p>The chart could not be read'
        assert told in (await visitor.get(answer.headers["location"])).text

    visit(story, past=nothing)


def test_a_viewer_decides_nothing() -> None:
    """Who may only see is told so by 403, and nothing is done."""

    async def past(past: Past) -> None:
        await past.reviews(past.held())

    async def story(visitor: Visitor) -> None:
        answer = await visitor.post(f"/companies/{SHOP}/held/{HOLD}", {"answer": "reverse"})
        assert answer.status_code == 403
        assert "Your role may see, not decide." in await visitor.see(f"/companies/{SHOP}/held/{HOLD}")
        assert (await visitor.get(f"/companies/{SHOP}/people")).status_code == 403

    visit(story, DeskRole.VIEWER, past=past)


def test_every_page_of_another_company_looks_as_if_it_were_not_there() -> None:
    """404 for each, to see and to act, also for an admin of the neighbour; nothing of it is in the text."""

    async def story(visitor: Visitor) -> None:
        for page in PAGES:
            if not isinstance(page.asks, Permission):
                continue
            answer = await (visitor.post if page.act else visitor.get)(filled(page))
            assert answer.status_code == 404, page
            shown = re.sub(r"/static/[0-9a-f]+/", "", answer.text)  # hashes have digits of their own
            assert "412" not in shown.replace(filled(page), "")
        found = await visitor.get("/explain?what=F+13")
        assert found.status_code == 404
        assert SHOP not in await visitor.see("/")

    visit(story, tenant="grannen")


def test_every_page_asks_for_somebody_and_none_is_cached() -> None:
    """A walk over the routes: who is not signed in is sent to sign in, and each answer has the headers."""

    async def story(visitor: Visitor) -> None:
        for page in PAGES:
            answer = await (visitor.post if page.act else visitor.get)(filled(page))
            if page.asks != ANYBODY:
                assert answer.status_code == 303, page
                assert answer.headers["location"].startswith("/sign-in")
            assert answer.headers["cache-control"] == "no-store", page
            assert answer.headers["content-security-policy"] == POLICY
        part = await visitor.get("/?part=live", **{"HX-Request": "true"})
        assert part.status_code == 401
        assert part.headers["hx-redirect"] == "/sign-in"

    visit(story, role=None)


def test_a_file_is_kept_under_its_own_version_only() -> None:
    """While two versions run, one is asked for what the other's page links: a year later that must not be this one."""

    async def story(visitor: Visitor) -> None:
        content, version = static("desk.css")
        ours, theirs = [await visitor.get(f"/static/{one}/desk.css") for one in (version, "0123456789ab")]
        assert ours.content == theirs.content == content
        assert ours.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert theirs.headers["cache-control"] == "no-store"

    visit(story, role=None, past=nothing)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    ],
)
def test_a_form_of_another_site_does_nothing(headers: dict[str, str]) -> None:
    """Whatever a foreign page sends with the cookie is refused before anything else."""

    async def story(visitor: Visitor) -> None:
        for page in PAGES:
            if page.act:
                assert (await visitor.post(filled(page), {"answer": "reverse"}, **headers)).status_code == 403

    visit(story)


def test_a_form_that_no_page_of_ours_sends_is_refused() -> None:
    """Too large, not urlencoded, with NUL, broken: a sentence, and no failure."""

    async def story(visitor: Visitor) -> None:
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{visitor.url}/language"
        for body, status in (("a=" + "x" * 4_100_000, 413), ("a=%00", 400), ("\xff=1", 400), ("a=%ff", 400)):
            answer = await visitor.http.post(url, content=body.encode("latin-1"), headers=headers)
            assert answer.status_code == status, body[:10]
        other = await visitor.http.post(url, content=b"{}", headers=headers | {"Content-Type": "application/json"})
        assert other.status_code == 415
        visitor.http.cookies.clear()
        assert (await visitor.post("/sign-in", {"email": "x" * 300_000})).status_code == 413, "of nobody"

    visit(story, past=nothing)


def test_pages_say_which_permission_they_ask_for() -> None:
    """What changes something asks for more than seeing, or is about oneself."""
    own = {"/sign-in", "/sign-in/openid", "/sign-in/openid/back", "/sign-out", "/language", "/invitation/{token}"}
    for page in PAGES:
        if page.asks == ANYBODY:
            assert page.path in own, page
        elif page.asks == SIGNED_IN:
            assert not page.path.startswith("/companies"), page
        elif page.act:
            assert page.asks is not Permission.SEE, page


def test_the_fact_is_a_checked_sample() -> None:
    """The story that these tests tell begins with the sample that every other test knows."""
    assert sample("facts.day-closed.v1", "restaurant-day").tenant == SHOP
