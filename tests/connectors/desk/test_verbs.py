"""held, dead, audit and settings, as they are typed, over a real database and a real broker."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer

from connectors.desk import acting, settings_files, views
from connectors.desk.words import money
from infra.commanding import Failed
from infra.delivery import waiting
from infra.postgres import text
from infra.rows import AnswerOutcome
from infra.trail import Entry
from schemas import envelope as envelopes
from schemas.audit import AuditRecord, Outcome
from schemas.bas import BAS_DAY_SALES
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.settings import PaymentAccount, TenantSettings
from schemas.words import named
from streams.daysales import words
from tests.connectors.desk.conftest import Past, call
from tests.infra.facts import applied, message
from tests.infra.facts import day as report
from tests.streams.daysales.days import Host, chosen, day, outcome, without_card
from tests.streams.daysales.days import answered as answer_of

KEY = "openpos/KASSA1/412"
TENANT = "krogen-soder"
OTHER_HOLD = "00000000-0000-5000-8000-000000000001"


def messages(bootstrap: str, topic: str) -> list[Envelope[Any]]:
    """Return everything readable on a topic."""

    async def main() -> list[Envelope[Any]]:
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            found = []
            for partition, end in ends.items():
                consumer.seek(partition, 0)  # aiokafka's seek_to_beginning may be undone, and no record comes then
                while await consumer.position(partition) < end:
                    for rows in (await consumer.getmany(partition, timeout_ms=100)).values():
                        found += [row.value for row in rows]
        finally:
            await consumer.stop()
        told = []
        for value in found:
            with suppress(envelopes.Unreadable):  # what other tests left on the broker
                told.append(envelopes.decode(value))
        return told

    return asyncio.run(main())


def execute(desk: Any, statement: str, **values: Any) -> None:
    """Do what nobody may do: write into the tables by hand."""

    async def past(world: Any) -> None:
        async with world.place.engine.begin() as connection:
            await connection.execute(text(statement), values)

    desk.after(past)


@pytest.fixture
def holding(desk: Any) -> Any:
    """Return the desk with one hold that can be answered reverse or keep."""
    desk.after(lambda world: world.reviews(world.held()))
    return desk


# --- held -------------------------------------------------------------------------------------------------------


def test_an_answer_is_published_as_a_fact(holding: Any, kafka: str) -> None:
    """It names the hold, who answered and why, under the company's key; nothing changes before a flow reads it."""
    said = holding("held", "answer", "727173a9", "reverse", "--by", "Siv", "--comment", "Swish, inte kort").stdout
    assert "takes effect when flows run" in " ".join(said.split())
    [given] = [m for m in messages(kafka, "facts.review-answered.v1") if getattr(m.data, "answered_by", "") == "Siv"]
    assert (given.tenant, given.subject) == (TENANT, KEY)
    assert (str(given.data.hold_id), given.data.answer) == ("727173a9-0e3e-58f2-a254-1688e296e014", "reverse")
    assert given.data.comment == "Swish, inte kort"
    assert [h["key"] for h in holding.json("held", "list")] == [KEY]


def test_only_an_answer_that_was_offered_is_taken(holding: Any) -> None:
    """A misspelt answer is refused with those that can be given; an empty name means no hold, though there is one."""
    assert "reverse, keep" in holding.refused(2, "held", "answer", KEY, "revrse", "--by", "Åsa")
    assert "is called ''" in holding.refused(2, "held", "answer", "", "reverse", "--by", "Åsa")


def test_money_is_given_up_with_a_reason_only(desk: Any, kafka: str) -> None:
    """As at the desk: what is never booked has its reason on record; one that is too long is refused in words."""
    body = json.loads(Past.held().to_bytes())
    body["data"]["choices"] = [{"answer": "discard", "means": "It is booked by hand."}]
    desk.after(lambda world: world.reviews(envelopes.decode(json.dumps(body).encode())))
    assert "say why: --comment" in desk.refused(2, "held", "answer", KEY, "discard", "--by", "Bo")
    assert "say why: --comment" in desk.refused(2, "held", "answer", KEY, "discard", "--by", "Bo", "--comment", " ")
    long = desk.refused(2, "held", "answer", KEY, "discard", "--by", "Bo", "--comment", "x" * 1001)
    assert "1001 characters" in long
    given = messages(kafka, "facts.review-answered.v1")
    assert not [m for m in given if getattr(m.data, "answered_by", "") == "Bo"]


def test_several_that_wait_alike_are_answered_together(desk: Any, kafka: str) -> None:
    """Each is shown with its amount first, and somebody says yes; what ended before that is told, and not answered."""
    ids = [str(UUID(int=(5 << 76) | (2 << 62) | number)) for number in (41, 42, 43)]
    keys = [f"openpos/CITY/KASSA1/{number}/2026-04-10" for number in (61, 62, 63)]
    desk.after(lambda world: world.reviews(*(world.held(key, hold_id=one) for key, one in zip(keys, ids, strict=True))))
    asked = desk.run("held", "answer", *keys, "keep", "--by", "Eva")
    assert asked.exit_code == 1
    [amount] = {hold["amount"] for hold in desk.json("held", "list")}
    shown = asked.output
    assert all(key in shown for key in keys)
    assert f"keep to 3, {money(3 * Decimal(amount))} kr in all" in shown
    assert "Leave the books as they are." in shown
    assert "there is nobody to ask" in desk.refused(2, "held", "answer", *keys, "keep", "--by", "Eva", "--json")
    assert "no answer to all" in desk.refused(2, "held", "answer", *keys, "burn", "--yes")
    execute(desk, "update held set closed_at = now(), how = 'superseded', message = 'Newer.' where key = :k", k=keys[2])
    assert "nothing was answered" in desk.refused(1, "held", "answer", *keys, "keep", "--by", "Eva", "--yes")
    told = desk.json("held", "answer", *keys[:2], keys[0], "keep", "--by", "Eva", "--yes")
    assert [(one["key"], one["closed"]) for one in told] == [(keys[0], False), (keys[1], False)]
    still = desk.refused(1, "held", "answer", *keys[:2], "keep", "--by", "Eva", "--yes", "--wait", "0.1")
    assert still.count("still waits after 0.1 s") == 2
    given = [m.data for m in messages(kafka, "facts.review-answered.v1") if getattr(m.data, "answered_by", "") == "Eva"]
    assert sorted((str(fact.hold_id), fact.answer) for fact in given) == sorted(
        2 * [(ids[0], "keep"), (ids[1], "keep")]
    )
    execute(
        desk, """update held set body = jsonb_set(body::jsonb, '{data,reason}', '"other"') where key = :k""", k=keys[0]
    )
    assert "the same reason" in desk.refused(2, "held", "answer", *keys[:2], "keep", "--yes")


def test_waiting_in_vain_is_told(holding: Any) -> None:
    """--wait ends with exit code 1 when no flow took the answer."""
    assert "do flows run" in holding.refused(1, "held", "answer", KEY, "keep", "--by", "Åsa", "--wait", "0.1")


def test_what_waits_no_longer_cannot_be_answered(holding: Any) -> None:
    """A closed hold says how it was closed; the list shows it only when asked for all."""
    execute(holding, "update held set closed_at = now(), how = 'superseded', message = 'A newer report came.'")
    assert "A newer report came." in holding.refused(1, "held", "answer", KEY, "keep", "--by", "Åsa")
    assert holding.json("held", "list") == []
    assert [h["how"] for h in holding.json("held", "list", "--all")] == ["superseded"]


def test_what_was_discarded_is_taken_up_again(desk: Any) -> None:
    """Only reopen is an answer then, to the hold that was given up."""
    body = json.loads(Past.held().to_bytes())
    body["data"] |= {"step": "hold/1", "choices": [{"answer": "discard", "means": "It is booked by hand."}]}
    hold = envelopes.decode(json.dumps(body).encode())
    desk.after(lambda world: world.reviews(hold))
    assert desk("held", "answer", KEY, "discard", "--by", "Åsa", "--comment", "By hand.").stdout
    execute(desk, "update held set closed_at = now(), how = 'answered', message = 'Discarded.'")
    assert "waits no longer" in desk.refused(1, "held", "answer", KEY, "reopen", "--by", "Åsa")
    assert "reopen" not in desk("held", "show", KEY).stdout
    state = {"seen": [hold.data.revision], "answers": ["discard"], "holds": 1}
    into = "insert into flow_state (flow, tenant, key, state) values ('daysales', :t, :k, cast(:s as jsonb))"
    execute(desk, into, t=TENANT, k=KEY, s=json.dumps(state))
    assert "  bokbuss held answer 727173a9 reopen\n      Take it up again" in desk("held", "show", KEY).stdout
    assert desk.json("held", "show", KEY)["reopens"] is True
    assert "it can be: reopen" in desk.refused(2, "held", "answer", KEY, "discard", "--by", "Åsa")
    said = desk.refused(1, "held", "answer", KEY, "reopen", "--by", "Åsa", "--wait", "0.1")
    assert "is not taken up again after 0.1 s" in said


def test_what_the_desk_has_not_heard_of_is_no_all_clear(desk: Any) -> None:
    """A flow holds a day, and the role that writes holds down is not there to hear of it."""

    async def past(world: Any) -> list[Envelope[Any]]:
        await world.add(TENANT)
        await world.decides(message(TENANT, applied(TENANT, 1)))
        orders: list[Envelope[Any]] = await world.decides(message(TENANT, report(7, method="klarna")))
        return orders

    [hold] = desk.after(past)
    listed = desk("held", "list", "--tenant", TENANT)
    assert (listed.stdout, "1 wait as flows have it" in listed.stderr) == ("", True)
    desk.after(lambda world: world.reviews(hold))
    listed = desk("held", "list")
    assert (hold.subject in listed.stdout, listed.stderr) == (True, "")


def test_what_is_wrong_is_listed_where_nobody_is_told_of_it(holding: Any) -> None:
    """A list of alerts that is empty says that nothing is wrong, and not that nobody has looked."""
    holding.after(lambda world: world.add(TENANT))
    told = holding("alerts", "list", TENANT)
    assert "held: business date" in " ".join(told.stdout.split())
    assert "alerts set" in told.stderr
    [alert] = holding.json("alerts", "list", TENANT)
    assert (alert["alert"]["kind"], alert["told"]) == ("held", "")
    execute(holding, "update held set closed_at = now(), how = 'superseded'")
    assert holding("alerts", "list", TENANT).stdout == f"nothing is wrong with {TENANT}\n"


def test_an_answer_that_came_after_another_is_not_told_as_what_counts(holding: Any) -> None:
    """Two people have the page open, and flows read the other one's first; or newer content came meanwhile."""

    async def came(world: Any) -> AnswerOutcome:
        engine = world.place.engine
        [hold] = await waiting.holds(engine, TENANT, closed=True)
        return await acting.what_came(engine, replace(hold, closed_at=None), "reviews/of-mine@1", 0.0)

    [hold] = holding.after(lambda world: waiting.holds(world.place.engine, TENANT))
    kept = words.ANSWERED(answer=named("daysales", "answer", "keep"))
    close = "update held set closed_at = now(), how = :how, message = :said, wording = cast(:wording as jsonb)"
    execute(holding, close, how="answered", said=kept.english, wording=kept.wording.model_dump_json())
    outcome = holding.after(came)
    assert "waits no longer, and not by the answer reverse: A person answered keep" in views.became(
        hold, "reverse", outcome
    )
    assert "inte genom svaret" in views.became(hold, "reverse", outcome, "sv")
    assert views.became_json(outcome, "reverse")["ended_otherwise"] == "A person answered keep"
    assert views.became(hold, "keep", outcome).endswith("answered keep; it waits no longer.")
    assert views.became_json(outcome, "keep")["ended_otherwise"] is None
    execute(holding, close, how="superseded", said="A newer report came.", wording="null")
    assert "not by the answer keep: A newer report came." in views.became(hold, "keep", holding.after(came))


def test_a_day_that_is_only_taken_back_so_far_is_not_told_as_booked(desk: Any) -> None:
    """Rebook is a reversal and a voucher after it, which can be refused: before both are heard of nothing is said."""

    async def story(world: Any) -> None:
        engine = world.place.engine

        async def told(answer: str = "rebook", answer_id: str = "") -> tuple[str, bool]:
            came = await acting.what_came(engine, hold, answer_id or answered.id, 0.0)
            return views.became(hold, answer, came), came.under_way

        async def fortnox(order: Envelope[Any], result: Outcome, number: int, **why: Any) -> list[Envelope[Any]]:
            """Write what became of an order; return what flows order when they hear of it, which they have not yet."""
            reference = VoucherRef(series="F", number=number, year_id=1) if result == "delivered" else None
            done = call("POST", 201 if reference else 400, result)
            await world.order(order, (result, Entry(order, result, reference, **why), (done,)))
            assert (await told())[1]
            return await hears(order, outcome(order.data, result, number=number, **why), answered.id)

        async def hears(order: Envelope[Any], of_it: AuditRecord, fact_id: str) -> list[Envelope[Any]]:
            heard = of_it.model_copy(update={"message_id": order.id, "fact_id": fact_id})
            ordered: list[Envelope[Any]] = await world.decides(message(TENANT, heard))
            return ordered

        await world.add(TENANT)
        await world.decides(message(TENANT, applied(TENANT, 1, BAS_DAY_SALES.model_copy(update={"amended": "hold"}))))
        [order] = await world.decides(message(TENANT, report(7)))
        await hears(order, outcome(order.data), order.causationid)
        await world.comes_to(message(TENANT, report(7, amendment=1, method="card")))
        [hold] = await waiting.holds(engine, TENANT)
        answer = answer_of(hold.order.data, "rebook").model_copy(update={"hold_id": hold.hold_id})
        answered = message(TENANT, answer)
        [closing, reverse] = await world.decides(answered)
        await world.reviews(closing)
        assert (await told())[1]
        [rebook] = await fortnox(reverse, "delivered", 13)
        assert (await told())[1]
        [again] = await fortnox(rebook, "rejected", 0, code="account_missing", why="No account 1580.")
        assert (await told())[1]
        await world.reviews(again)
        said, under_way = await told()
        assert (under_way, "it waits again (account_missing)" in said) == (False, True)
        assert "not by the answer keep: " in (await told("keep", "of/somebody-slower@1"))[0]

    desk.after(story)


def test_a_key_of_two_companies_is_asked_back(holding: Any) -> None:
    """The same register and Z number can stand in two companies: neither is guessed."""
    holding.after(lambda world: world.reviews(world.held(tenant="other-company", hold_id=OTHER_HOLD)))
    assert "other-company" in holding.refused(2, "held", "show", KEY)
    assert holding.json("held", "show", KEY, "--tenant", "other-company")["hold_id"] == OTHER_HOLD
    assert holding.json("held", "show", "7271")["tenant"] == TENANT


def test_a_shortened_key_is_completed_where_it_means_one_thing(desk: Any) -> None:
    """Parts in their sequence; of several things each is named, and none is guessed."""
    city, norr = ("openpos/CITY/K1/57/2026-04-10", "openpos/NORR (2)/K1/57/2026-04-10")
    desk.after(lambda world: world.reviews(world.held(city), world.held(norr, hold_id=OTHER_HOLD)))

    for called in ("openpos/CITY/K1/57", "CITY/K1/57", "openpos/CITY/57/2026-04-10", city):
        assert desk.json("held", "show", called)["key"] == desk.json("explain", called)["key"] == city
    for verb in (("held", "show"), ("explain",)):
        asked_back = desk.refused(2, *verb, "openpos/K1/57")
        assert city in asked_back
        assert norr in asked_back
    assert desk.json("explain", norr)["key"] == norr
    assert desk.json("explain", "NORR (2)/57")["key"] == norr
    assert "held list" in desk.refused(2, "held", "show", "openpos/K/57")


def test_no_company_hides_what_waits_at_another(desk: Any) -> None:
    """Of more than a list holds each company's first are there, open ones before others; how many are not is said."""
    many = (
        """insert into held (hold_id, tenant, flow, key, body, held_at, closed_at)
           select gen_random_uuid(), tenant, flow, key, body, held_at - interval '1 day', shut
           from held, generate_series(1, 600), unnest(array[null, now()]) as shut where tenant = :tenant""",
        """insert into dead_letters (place, topic, tenant, body, state, found_at)
           select place || how || n, topic, tenant, body, how, found_at - interval '1 day'
           from dead_letters, generate_series(1, 600) as n, unnest(array['open', 'discarded']) as how
           where tenant = :tenant""",
    )

    async def past(world: Any) -> None:
        for tenant, hold_id in ((TENANT, ""), ("grannen", OTHER_HOLD)):
            await world.add(tenant)
            await world.reviews(world.held(tenant=tenant, hold_id=hold_id))
            await world.bury(topic="facts.day-closed.v1", offset=len(tenant), value=b"{}", tenant=tenant)

    desk.after(past)
    for statement in many:
        execute(desk, statement, tenant=TENANT)
    for verb, is_open in (("held", lambda one: one["closed_at"] is None), ("dead", lambda one: one["state"] == "open")):
        whole = desk(verb, "list")
        assert "grannen" in whole.stdout
        assert "are listed" not in whole.stderr
        assert len(desk.json(verb, "list")) == 602
        cut = desk(verb, "list", "--all")
        assert "grannen" in cut.stdout
        assert "Only 1,000 of 1,202 are listed" in cut.stderr
        assert sum(map(is_open, desk.json(verb, "list", "--all"))) == 602


def test_a_hold_that_is_not_there_is_wrong_usage(holding: Any) -> None:
    """No hold is called so."""
    assert "held list" in holding.refused(2, "held", "show", "openpos/K9/1")


# --- dead -------------------------------------------------------------------------------------------------------


def bury(desk: Any, value: bytes, offset: int = 48211) -> str:
    """Let bytes be a dead letter; return their place."""
    place: str = desk.after(
        lambda world: world.bury(topic="facts.day-closed.v1", offset=offset, value=value, tenant=TENANT)
    )
    return place


def test_bytes_that_still_cannot_be_read_are_not_replayed(desk: Any) -> None:
    """They would only die again; the refusal says what is wrong with them."""
    place = bury(desk, b"{}")
    assert "type: Field required" in desk.refused(1, "dead", "replay", place)
    assert desk.json("dead", "show", place)["state"] == "open"


def test_what_names_no_company_is_sent_by_those_only_who_insist(
    desk: Any, kafka: str, tmp_path: Path, sample_bytes: bytes
) -> None:
    """A name that was mistyped in the correction: nothing would come of it, and the letter would be closed."""
    place = bury(desk, b"{}", offset=48212)
    value = json.loads(sample_bytes) | {"tenant": "krogen-sodr", "id": "openpos/KASSA1/412@mistyped"}
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(value, separators=(",", ":")))
    said = desk.refused(1, "dead", "replay", place, "--file", str(corrected))
    assert "nothing is sent: no company is called 'krogen-sodr'" in said
    assert desk.json("dead", "show", place)["state"] == "open"
    desk("dead", "replay", place, "--file", str(corrected), "--force")
    assert [m.tenant for m in messages(kafka, "facts.day-closed.v1") if m.id == value["id"]] == ["krogen-sodr"]


def test_no_bytes_that_others_have_written_command_a_terminal(desk: Any) -> None:
    """They are shown as they are: what would move the cursor, hide a line or set the clipboard is a number."""
    place = bury(desk, b"a\x1b[2J\xc2\x9b1A")
    said = desk("dead", "show", place).stdout
    assert "a\\x1b[2J\\x9b1A\n" in said
    assert not {"\x1b", "\x9b"} & set(said)


def test_corrected_bytes_are_sent_to_their_topic_and_it_is_on_record(
    desk: Any, kafka: str, tmp_path: Path, sample_bytes: bytes
) -> None:
    """The corrected record stands on the topic; who sent it is in the trail; it cannot be replayed twice."""
    desk.after(lambda world: world.add(TENANT))
    place = bury(desk, b"{}")
    value = json.loads(sample_bytes)
    value["id"] = "openpos/KASSA1/412@corrected"
    (tmp_path / "corrected.json").write_text(json.dumps(value, separators=(",", ":")))
    desk("dead", "replay", place, "--file", str(tmp_path / "corrected.json"), "--by", "Åsa")
    assert [m.tenant for m in messages(kafka, "facts.day-closed.v1") if m.id == value["id"]] == [TENANT]
    assert desk.json("dead", "list") == []
    assert desk.json("dead", "show", place)["state"] == "replayed"
    [record] = [r for r in trail(desk) if r["outcome"] == "replayed"]
    assert (record["message_id"], record["why"]) == (place, "Åsa sent it again, corrected")
    assert "replayed already" in desk.refused(1, "dead", "replay", place, "--force")


def test_a_discarded_letter_keeps_who_and_why(desk: Any) -> None:
    """Nothing is thrown away without a name and a reason."""
    place = bury(desk, b"{}")
    desk("dead", "discard", place, "--by", "Åsa", "--reason", "a test of the till")
    [record] = [r for r in trail(desk) if r["outcome"] == "discarded"]
    assert record["why"] == "Åsa: a test of the till"
    assert "There are no dead letters." in desk("dead", "list").stdout


# --- audit ------------------------------------------------------------------------------------------------------


def trail(desk: Any, *words: str) -> list[dict[str, Any]]:
    """Return the records that audit prints."""
    return [json.loads(line) for line in desk("audit", *words, "--json").stdout.splitlines()]


@pytest.fixture
def story(desk: Any) -> Any:
    """Return the desk after a day was booked, came again, was held, answered and reversed."""
    desk.after(lambda world: world.tell_the_sample_story())
    return desk


def test_the_trail_is_told_with_the_newest_last(story: Any) -> None:
    """--limit takes the newest; --since and --tenant leave the others out."""
    assert [r["outcome"] for r in trail(story)] == ["unknown", "already_there", "held", "delivered"]
    assert [r["outcome"] for r in trail(story, "--limit", "1")] == ["delivered"]
    assert trail(story, "--since", "2100-01-01") == []
    assert "no company is called 'another'" in story.refused(2, "audit", "--tenant", "another")


def test_a_whole_trail_is_proved(story: Any) -> None:
    """Every record follows the one before, and each order ended once."""
    assert story.json("audit", "verify") == [
        {
            "tenant": TENANT,
            "whole": True,
            "records": 4,
            "orders": 2,
            "problem": None,
            "taken_back": 0,
            "forked": 0,
        }
    ]


@pytest.mark.parametrize(
    ("crime", "found"),
    [
        (
            """update audit set body = jsonb_set(body, '{amount}', '"1.00"') where sequence = 2""",
            "record 2 was changed",
        ),
        ("delete from audit where sequence = 2", "record 2 is missing: after 1 comes 3"),
        ("delete from audit where sequence = 4", "record 4 is missing: the chain should go on to 4"),
        ("update audit set key = 'openpos/KASSA1/1' where sequence = 3", "record 3 stands under another name"),
        ("delete from audit_heads", "record 4 is not the end that was remembered"),
        (
            "update journal set state = 'queued' where key like '%412' and state = 'delivered'",
            "is queued in the journal",
        ),
    ],
)
def test_tampering_is_found_and_named(story: Any, crime: str, found: str) -> None:
    """Whatever is changed, taken out or moved by hand, verify names the first record that is wrong."""
    execute(story, crime)
    result = story.run("audit", "verify", "--json")
    assert result.exception.code == 1
    [finding] = json.loads(result.stdout)
    assert found in finding["problem"]


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_are_published_with_the_next_version(desk: Any, kafka: str, tmp_path: Path) -> None:
    """Each apply has a version of its own; who applied it is in the message; only known companies have settings."""
    file = tmp_path / "settings.yaml"
    file.write_text(settings_files.to_yaml(TenantSettings(daysales=BAS_DAY_SALES)))
    assert "no company" in desk.refused(2, "settings", "apply", "cafe-ett", str(file))
    desk.after(lambda world: world.add("cafe-ett"))
    assert "daysales.series: (none) -> F" in desk("settings", "diff", "cafe-ett", str(file)).stdout
    assert desk.json("settings", "apply", "cafe-ett", str(file), "--by", "Åsa")["version"] == 1
    on_its_way = "version 1 was published and is not in force yet; what is applied now takes its place"
    assert f"# {on_its_way}\n" in desk("settings", "show", "cafe-ett").stdout
    assert on_its_way in " ".join(desk("settings", "diff", "cafe-ett", str(file)).stdout.split())
    shown = desk.json("settings", "show", "cafe-ett")
    assert (shown["version"], shown["given_out"]) == (0, 1)
    assert desk.json("settings", "apply", "cafe-ett", str(file), "--by", "Åsa")["version"] == 2
    applied = [m.data for m in messages(kafka, "settings.v1") if m.tenant == "cafe-ett"]
    assert [(a.version, a.applied_by, a.settings.daysales) for a in applied] == [
        (1, "Åsa", BAS_DAY_SALES),
        (2, "Åsa", BAS_DAY_SALES),
    ]


def test_settings_that_took_effect_are_shown(desk: Any, tmp_path: Path, settings_message: Envelope[Any]) -> None:
    """Show prints what decisions are made with, in a form that diff and apply take."""

    async def past(world: Any) -> None:
        await world.add(TENANT)
        await world.accept(settings_message)

    desk.after(past)
    shown = desk("settings", "show", TENANT).stdout
    assert shown.startswith(f"# {TENANT}: version 3\n")
    (tmp_path / "same.yaml").write_text(shown)
    assert desk("settings", "diff", TENANT, str(tmp_path / "same.yaml")).stdout == "No field differs.\n"


def test_settings_are_simulated_on_what_came_in(
    desk: Any, kafka: str, tmp_path: Path, settings_message: Envelope[Any]
) -> None:
    """Other accounts move sums by day; what would newly wait is named and ends with 1; nothing is sent or written."""
    host = Host()
    host.tell(day())
    in_force = settings_message.data.model_copy(update={"settings": chosen()})

    async def past(world: Any) -> None:
        await world.add(TENANT)
        await world.accept(settings_message.model_copy(update={"data": in_force}))
        async with world.place.engine.begin() as connection:
            for key, state in host.remembered.states.items():
                await connection.execute(
                    text("insert into flow_state values ('daysales', :t, :k, cast(:s as jsonb))"),
                    {"t": TENANT, "k": key, "s": state.model_dump_json()},
                )

    desk.after(past)
    file = tmp_path / "other.yaml"
    file.write_text(settings_files.to_yaml(without_card()))
    before = [m.id for m in messages(kafka, "settings.v1") if m.tenant == TENANT]

    since = ("--since", "2026-04-01")
    result = desk.run("settings", "simulate", TENANT, str(file), *since, "--json")
    assert isinstance(result.exception, Failed)
    assert result.exception.code == 1
    found = json.loads(result.stdout)
    assert (found["reports"], found["changed"], found["booked_already"]) == (1, 1, 0)
    assert found["newly_held"] == [
        {"flow": "daysales", "reason": "unmapped_payment_method", "number": 1, "examples": [day().key]}
    ]
    assert {"day": "2026-04-10", "account": 3001, "amount": "100.00"} in found["differences"]
    file.write_text(settings_files.to_yaml(chosen()))
    assert (
        "1 report and 0 sales on account compared; 0 would come to something else"
        in desk("settings", "simulate", TENANT, str(file), *since).stdout
    )
    assert desk.json("settings", "simulate", TENANT, str(file), "--since", "2026-04-11")["reports"] == 0
    backwards = desk.run("settings", "simulate", TENANT, str(file), "--since", "2026-04-11", "--until", "2026-04-10")
    assert isinstance(backwards.exception, Failed)
    assert (backwards.exception.code, "--until 2026-04-10 is before" in str(backwards.exception)) == (2, True)
    assert [m.id for m in messages(kafka, "settings.v1") if m.tenant == TENANT] == before


def test_what_is_booked_otherwise_is_planned(desk: Any, tmp_path: Path, settings_message: Envelope[Any]) -> None:
    """Applied with a day, settings say which days they book otherwise; a plan of them is kept, and nothing is sent."""
    host = Host()
    [order] = host.tell(day())
    assert isinstance(order, PostVoucher)
    host.tell(outcome(order))
    other = chosen(payments=(PaymentAccount(method="cash", account=1910), PaymentAccount(method="card", account=1580)))

    async def past(world: Any) -> None:
        await world.add(TENANT)
        await world.accept(
            settings_message.model_copy(update={"data": settings_message.data.model_copy(update={"settings": other})})
        )
        async with world.place.engine.begin() as connection:
            for key, state in host.remembered.states.items():
                await connection.execute(
                    text("insert into flow_state values ('daysales', :t, :k, cast(:s as jsonb))"),
                    {"t": TENANT, "k": key, "s": state.model_dump_json()},
                )

    desk.after(past)
    (tmp_path / "other.yaml").write_text(settings_files.to_yaml(other))
    said = desk("settings", "apply", TENANT, str(tmp_path / "other.yaml"), "--from", "2026-04-10").stdout
    assert "1 report booked since 2026-04-10 stands otherwise than these settings book it." in said
    assert "2026-04-10  1580  +151.00" in said
    assert f"bokbuss correct {TENANT} --from 2026-04-10" in " ".join(said.split()), "a terminal may break the line"

    said = desk("correct", TENANT, "--from", "2026-04-01", "--to", "2026-04-30", "--by", "anna").stdout
    assert "the days from 2026-04-01 to 2026-04-30" in said
    assert "F 12 is reversed in series F" in said
    [plan] = desk.json("plan", "list", TENANT)
    assert (plan["flow"], plan["made_by"], plan["state"]) == ("daysales", "anna", "made")
    assert "F 12 is reversed" in desk("plan", "show", plan["plan_id"][:8], "--where", "day=2026-04-10").stdout
    assert f"bokbuss correct {TENANT} --from 2026-04-01 --to 2026-04-30" in desk.refused(
        2, "plan", "edit", plan["plan_id"][:8], "--row", "1", "--set", "match"
    )
    assert "is before" in desk.refused(2, "correct", TENANT, "--from", "2026-04-30", "--to", "2026-04-01")


def test_a_wrong_settings_file_names_the_field(desk: Any, tmp_path: Path) -> None:
    """The path to what is wrong, and why; nothing is published."""
    desk.after(lambda world: world.add(TENANT))
    (tmp_path / "wrong.yaml").write_text("daysales: {series: F, payments: [{method: card, account: 99}]}")
    said = desk.refused(2, "settings", "apply", TENANT, str(tmp_path / "wrong.yaml"))
    assert "daysales.payments[0].account: it is less than 1000 (it says 99)" in said


def test_the_starting_set_can_be_applied(desk: Any) -> None:
    """What --starting-set prints is a settings file."""
    shown = desk("settings", "show", "--starting-set").stdout
    assert settings_files.read(shown.encode()).daysales == BAS_DAY_SALES
