"""What goes wrong does so as it was asked for (facts §4, §6 point 8)."""

import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Books, Company, Fault, Faults, running
from infra import clock
from infra.http import Client, NoAnswer

Fortnox = Any  # of conftest.py, which a test cannot import


async def test_the_answer_is_lost_after_the_commit(fortnox: Fortnox) -> None:
    """The voucher stands in the books, and the connection is closed without a byte."""
    fortnox.script(Fault.COMMIT_THEN_LOSE_ANSWER)
    assert await fortnox.loses() == "RemoteProtocolError"
    assert fortnox.numbers() == await fortnox.listed() == [1]


async def test_a_reset_comes_before_the_commit(fortnox: Fortnox) -> None:
    """The connection is reset, and nothing was done."""
    fortnox.script(Fault.RESET_BEFORE_COMMIT)
    assert await fortnox.loses() == "ReadError"
    assert fortnox.numbers() == await fortnox.listed() == []


@pytest.mark.parametrize(
    ("fault", "status", "start", "booked"),
    [
        (Fault.COMMIT_THEN_500, 500, b"", [1]),
        (Fault.COMMIT_THEN_HTML, 502, b"<html>", [1]),
        (Fault.HTML_WITHOUT_COMMIT, 502, b"<html>", []),
        (Fault.FAIL_WITHOUT_COMMIT, 500, b"", []),
    ],
)
async def test_an_answer_that_is_no_json_tells_nothing(
    fortnox: Fortnox, fault: Fault, status: int, start: bytes, booked: list[int]
) -> None:
    """The same 500 and 502 come with and without a voucher."""
    fortnox.script(fault)
    answer = await fortnox.post()
    assert answer.status == status
    assert answer.body.startswith(start)
    assert b"ErrorInformation" not in answer.body
    assert fortnox.numbers() == booked


@pytest.mark.parametrize(("fault", "meanwhile"), [(Fault.SLOW, [1]), (Fault.SLOW_BEFORE_COMMIT, [])])
async def test_a_slow_answer_comes(fortnox: Fortnox, fault: Fault, meanwhile: list[int]) -> None:
    """The answer is late; the voucher is booked before the wait, or after it."""
    fortnox.script(fault)
    start = clock.monotonic()
    sending = asyncio.create_task(fortnox.post())
    await clock.sleep(0.15)
    assert fortnox.numbers() == meanwhile
    assert (await sending).status == 201
    assert clock.monotonic() - start >= 0.3
    assert fortnox.numbers() == [1]


@pytest.mark.parametrize(("fault", "meanwhile"), [(Fault.SLOW, [1]), (Fault.SLOW_BEFORE_COMMIT, [])])
async def test_a_client_that_does_not_wait_changes_nothing(
    fortnox: Fortnox, fault: Fault, meanwhile: list[int]
) -> None:
    """Who gives up on a slow answer has sent the voucher all the same, once, and no earlier."""
    fortnox.script(fault)
    fortnox.client._timeout = 0.1
    with pytest.raises(NoAnswer):
        await fortnox.post()
    fortnox.client._timeout = 5
    assert await fortnox.listed() == meanwhile
    assert fortnox.numbers() == meanwhile
    await clock.sleep(0.25)
    assert await fortnox.listed() == [1]


async def test_a_late_commit_shows_up_after_its_time(fortnox: Fortnox) -> None:
    """The classic double: no answer, no voucher, and then there is one."""
    fortnox.script(Fault.LATE_COMMIT)
    assert await fortnox.loses() == "RemoteProtocolError"
    assert await fortnox.listed() == []
    await fortnox.post()
    assert await fortnox.listed() == [1]
    await clock.sleep(0.32)
    assert await fortnox.listed() == [1, 2]


async def test_a_late_voucher_that_breaks_a_rule_never_comes(fortnox: Fortnox) -> None:
    """What would have been refused is not booked later either."""
    fortnox.script(Fault.LATE_COMMIT)
    with pytest.raises(NoAnswer):
        await fortnox.post({"Voucher": {"Description": "x"}})
    await clock.sleep(0.32)
    assert await fortnox.listed() == []


async def test_a_stale_list_hides_a_voucher_that_is_booked(fortnox: Fortnox) -> None:
    """Lists and sublists show it only after its time; it has its number, and can be had by it, at once."""
    fortnox.script(Fault.STALE_LIST)
    assert await fortnox.loses() == "RemoteProtocolError"
    await fortnox.post()
    assert await fortnox.listed() == [2]
    assert (await fortnox.get("vouchers/F/1", financialyear=4)).status == 200
    content = json.loads((await fortnox.get("vouchers/sublist/F", financialyear=4)).body)
    assert content["MetaInformation"]["@TotalResources"] == 1
    await clock.sleep(0.32)
    assert await fortnox.listed() == [1, 2]


async def test_a_token_can_die_in_mid_run(fortnox: Fortnox) -> None:
    """401 without a voucher; the token stays dead, and a new one is another one that works."""
    before = fortnox.headers
    fortnox.script(Fault.UNAUTHORIZED_MID_RUN)
    assert (await fortnox.post()).status == 401
    assert (await fortnox.get("companyinformation")).status == 401
    await fortnox.renew()
    assert fortnox.headers != before
    assert (await fortnox.post()).status == 201
    assert fortnox.numbers() == [1]


async def test_throttling_comes_as_a_burst(fortnox: Fortnox) -> None:
    """Every call is told 429 for a while; none of them was earned."""
    fortnox.script(Fault.THROTTLED)
    assert [(await fortnox.post()).status, (await fortnox.get("companyinformation")).status] == [429, 429]
    await clock.sleep(0.32)
    assert (await fortnox.post()).status == 201
    (calls,) = json.loads((await fortnox.control("calls")).body)["companies"]
    assert (calls["throttled"], calls["faults"]) == (0, {"throttled": 2})


async def test_a_server_that_is_down_resets_everything_for_a_while(fortnox: Fortnox) -> None:
    """Vouchers, look-ups and tokens alike; then it is back."""
    fortnox.script(Fault.SERVER_DOWN)
    assert await fortnox.loses() == "ReadError"
    for call in (fortnox.get("companyinformation"), fortnox.token()):
        with pytest.raises(NoAnswer):
            await call
    await clock.sleep(0.32)
    assert (await fortnox.post()).status == 201
    assert fortnox.numbers() == [1]


async def test_one_companys_faults_are_not_anothers(fortnox: Fortnox) -> None:
    """While one company's Fortnox is down another's answers."""
    await fortnox.control("companies", {"database_number": 1002})
    await fortnox.control("faults", {"company": 1001, "rates": {"server_down": 1}, "only": None})
    with pytest.raises(NoAnswer):
        await fortnox.get("companyinformation")
    token = json.loads((await fortnox.token(tenant="1002")).body)["access_token"]
    fortnox.headers = {"Authorization": f"Bearer {token}"}
    assert (await fortnox.get("companyinformation")).status == 200


async def test_look_ups_are_spared_unless_asked_for(fortnox: Fortnox) -> None:
    """Faults begin at vouchers; ``only`` names another route."""
    fortnox.script(Fault.COMMIT_THEN_500, only="GET /3/vouchers")
    assert (await fortnox.post()).status == 201
    assert (await fortnox.get("vouchers")).status == 500
    assert (await fortnox.get("vouchers")).status == 200


async def test_a_script_lets_requests_through_where_it_says_so(fortnox: Fortnox) -> None:
    """The third voucher and no other one gets lost."""
    fortnox.script(None, None, Fault.COMMIT_THEN_HTML)
    assert [(await fortnox.post()).status for _ in range(4)] == [201, 201, 502, 201]


async def test_the_books_stay_whole_under_all_faults(fortnox: Fortnox) -> None:
    """With half of the calls going wrong: each 201 is a voucher, numbers have no gap, and nothing is booked twice."""
    fortnox.books.limit = 10_000
    fortnox.company.faults = Faults(
        seed=7,
        rates={fault: 0.06 for fault in Fault if fault is not Fault.SERVER_DOWN},
        seconds=dict.fromkeys(Fault, 0.02),
    )
    answered = 0
    for _ in range(150):
        try:
            answer = await fortnox.post()
        except NoAnswer:
            continue
        answered += answer.status == 201
        if answer.status == 401:
            await fortnox.renew()
    await clock.sleep(0.03)
    (company,) = json.loads((await fortnox.control("books")).body)["companies"]
    numbers = [one["number"] for one in company["vouchers"]]
    faults = fortnox.company.calls.faults
    assert numbers == [*range(1, len(numbers) + 1)]
    doing = {*Fault} - {
        Fault.RESET_BEFORE_COMMIT,
        Fault.HTML_WITHOUT_COMMIT,
        Fault.FAIL_WITHOUT_COMMIT,
        Fault.UNAUTHORIZED_MID_RUN,
        Fault.THROTTLED,
        Fault.SERVER_DOWN,
    }
    lost = sum(faults[fault] for fault in doing - {Fault.SLOW, Fault.SLOW_BEFORE_COMMIT})
    assert len(numbers) == answered + lost
    assert faults.keys() == {*Fault} - {Fault.SERVER_DOWN}


async def test_nothing_is_logged_when_connections_are_lost(fortnox: Fortnox, caplog: pytest.LogCaptureFixture) -> None:
    """A fault on purpose is no error of the server's."""
    with caplog.at_level(logging.INFO):
        for fault in (Fault.COMMIT_THEN_LOSE_ANSWER, Fault.RESET_BEFORE_COMMIT, Fault.COMMIT_THEN_500):
            fortnox.script(fault)
            try:
                await fortnox.post()
            except NoAnswer:
                continue
    assert [record for record in caplog.records if not record.name.startswith("httpx")] == []


async def test_the_server_ends_at_once_while_an_answer_is_due() -> None:
    """Whoever stops the sandbox does not wait for its slow answers, and the books outlive it."""
    books = Books()
    company = books.add(Company(1, faults=Faults(only=None, rates={Fault.SLOW: 1.0}, seconds={Fault.SLOW: 60})))
    start = clock.monotonic()
    async with Client(timeout=50) as client:
        async with running(books) as url:
            sending = asyncio.create_task(
                client.send(
                    "POST",
                    f"{url}/oauth-v1/token",
                    headers={"Authorization": "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA==", "TenantId": "1"},
                    form={"grant_type": "client_credentials"},
                )
            )
            while not company.calls.faults:
                await clock.sleep(0.01)
        with pytest.raises(NoAnswer):
            await sending
    assert clock.monotonic() - start < 40
    assert len(books.tokens) == 1


# --- Choosing -------------------------------------------------------------------------------------------------------

RATES = st.dictionaries(st.sampled_from(Fault), st.floats(0, 1 / len(Fault)))


@given(st.integers(), RATES, st.lists(st.sampled_from(["POST /3/vouchers", "GET /3/vouchers"]), max_size=50))
def test_the_same_seed_gives_the_same_faults(seed: int, rates: dict[Fault, float], routes: list[str]) -> None:
    """A run can be repeated from its seed, in whatever order the rates were written, and other routes draw nothing."""
    one, two = Faults(seed, rates), Faults(seed, dict(reversed(rates.items())))
    posts = [route for route in routes if route.startswith("POST")]
    first = [fault for route in routes if route.startswith("POST") for fault in [one.choose(route, 0)]]
    assert [two.choose(route, 0) for route in posts] == first
    assert all(fault is None or rates.get(fault, 0) > 0 for fault in first)


def test_faults_come_as_often_as_asked_for() -> None:
    """Rates are chances."""
    faults = Faults(1, {Fault.COMMIT_THEN_500: 0.2, Fault.SLOW: 0.1})
    chosen = [faults.choose("POST /3/vouchers", 0) for _ in range(5000)]
    assert 0.18 < chosen.count(Fault.COMMIT_THEN_500) / 5000 < 0.22
    assert 0.08 < chosen.count(Fault.SLOW) / 5000 < 0.12


def test_a_lasting_fault_ends() -> None:
    """It holds for its seconds, from the request that it began with."""
    faults = Faults(script=[Fault.SERVER_DOWN], seconds={Fault.SERVER_DOWN: 2})
    assert faults.ongoing(10) is None
    assert faults.choose("POST /3/vouchers", 10) is Fault.SERVER_DOWN
    assert [faults.ongoing(tick) for tick in (10, 11.9, 12)] == [Fault.SERVER_DOWN, Fault.SERVER_DOWN, None]


@pytest.mark.parametrize(
    "wrong",
    [{"rates": {Fault.SLOW: -0.1}}, {"rates": {Fault.SLOW: 0.6, Fault.THROTTLED: 0.6}}, {"seconds": {Fault.SLOW: -1}}],
)
def test_impossible_faults_are_refused(wrong: dict[str, Any]) -> None:
    """Chances are not negative and add up to at most 1; no time is negative."""
    with pytest.raises(ValueError, match=r"rates|seconds"):
        Faults(**wrong)


@given(st.floats(0, 1), st.integers())
def test_faults_spread_evenly_befall_the_share_that_was_asked_for(share: float, seed: int) -> None:
    """Every kind that ends with its request, and none that lasts."""
    faults = Faults.evenly(share, seed)
    drawn = [faults.choose("GET /3/accounts", 0.0) for _ in range(1000)]
    befallen = [fault for fault in drawn if fault]
    assert abs(len(befallen) / 1000 - share) < 0.09
    assert not {Fault.SERVER_DOWN, Fault.THROTTLED} & {*befallen}


def test_faults_can_begin_at_several_routes() -> None:
    """A route is a whole one: a grant of tokens may be named or left out, a path may not."""
    faults = Faults(0, {Fault.SLOW: 1.0}, ["POST /3/vouchers", "POST /oauth-v1/token"])
    routes = ("POST /3/vouchers", "POST /oauth-v1/token refresh_token", "GET /3/vouchers", "POST /3/vouchers/x")
    assert [faults.choose(route, 0.0) for route in routes] == [Fault.SLOW, Fault.SLOW, None, None]


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_faults_is_between_none_and_all(share: float) -> None:
    """Anything else is a mistake."""
    with pytest.raises(ValueError, match="from 0 to 1"):
        Faults.evenly(share, 0)


async def test_a_company_that_is_added_has_the_luck_that_was_chosen_for_all() -> None:
    """As the command's ``--faults`` does: each company has its own, and the same each time."""
    drawn = []
    for _ in range(2):
        books = Books(luck=lambda number: Faults.evenly(0.5, f"7/{number}"))
        companies = [books.add(Company(number)) for number in (1, 2)]
        drawn.append([[company.faults.choose("GET /x", 0.0) for _ in range(50)] for company in companies])
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]
