"""connection show, as it is typed: who granted what, how it stands, and what was written where."""

import json

from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.postgres import text
from infra.trail import Entry
from schemas.commands import VoucherRef
from tests.connectors.desk.conftest import Past, VerbDriver, sample

TENANT = "krogen-soder"


async def _moved(world: Past) -> None:
    """Book a voucher at one company of Fortnox's, and one at another that a person then consented to."""
    await world.add(TENANT)
    connections = Connections(world.place.engine, await open_vault(world.place.engine, world.place.settings))
    for number, name, order in ((1001, "Krogen", "post-voucher"), (1002, "Krogen (test)", "reverse-voucher")):
        await connections.consented(
            TENANT,
            "fortnox",
            grant_type="authorization_code",
            access="a",
            access_seconds=3600.0,
            refresh="hush-hush",
            refresh_seconds=45 * 86_400.0,
            scopes=("bookkeeping", "companyinformation"),
            company_name=name,
            database_number=number,
            consented_by="user 1 at Fortnox, asked by Karin",
            terms="2026-11-29",
        )
        booked = VoucherRef(series="F", number=number - 1000, year_id=4)
        message = sample("orders.fortnox.v1", order)
        await world.order(message, ("delivered", Entry(message, "delivered", booked), ()))


def test_a_connection_is_shown_with_who_granted_it_and_how_long_it_lasts(desk: VerbDriver) -> None:
    """A light and a reason, the person's days left, the last answer, each company's orders; within 80 columns."""
    desk.after(_moved)
    said = desk("connection", "show", TENANT).stdout
    for words in (
        "fortnox: green, connected",
        "Krogen (test) 1002",
        "a person's user",
        "user 1 at Fortnox, asked by Karin",
        "bookkeeping companyinformation",
        "45 days",
        "1 orders to 1001",
        f"bokbuss connection show {TENANT} --written 1001",
    ):
        assert words in said
    assert "hush" not in said
    assert max(map(len, said.splitlines())) <= 80
    [found] = desk.json("connection", "show", TENANT)["connections"]
    assert [(each["company"], each["orders"]) for each in found["written"]] == [("1001", 1), ("1002", 1)]
    record = map(json.loads, desk("audit", "--tenant", TENANT, "--json").stdout.splitlines())
    consents = [each for each in record if each["outcome"] == "connected"]
    assert [each["record"] for each in consents] == ["1001", "1002"]
    assert consents[0]["why"].endswith("asked by Karin, to bookkeeping companyinformation, terms of 2026-11-29")


def test_what_was_written_to_a_wrong_company_is_listed_one_by_one(desk: VerbDriver) -> None:
    """Each with its voucher and the order that explain tells the story of."""
    desk.after(_moved)
    order = sample("orders.fortnox.v1", "post-voucher")
    [wrong] = desk.json("connection", "show", TENANT, "--written", "1001")
    assert (wrong["order_id"], wrong["key"]) == (order.id, order.subject)
    assert f"bokbuss explain {order.id}" in desk("connection", "show", TENANT, "--written", "1001").stdout
    assert "Nothing was written there" in desk("connection", "show", TENANT, "--written", "7").stdout
    assert order.subject in desk("explain", order.id).stdout


def test_tokens_of_another_company_are_red_and_say_so(desk: VerbDriver) -> None:
    """The reason names both numbers."""

    async def past(world: Past) -> None:
        await _moved(world)
        vault = await open_vault(world.place.engine, world.place.settings)
        await Connections(world.place.engine, vault).opens(TENANT, "fortnox", "a", 1003, "Bageriet")
        async with world.place.engine.connect() as connection:
            assert await connection.scalar(text("select opened from connections")) == 1003

    desk.after(past)
    [found] = desk.json("connection", "show", TENANT)["connections"]
    assert (found["light"], found["health"], found["opened"]) == ("red", "needs consent", 1003)
    assert "company 1003 (Bageriet)" in found["reason"]
