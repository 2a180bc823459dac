"""The whole story, from anything that a person has in hand."""

from typing import Any

import pytest

from infra.postgres import text

KEY = "openpos/KASSA1/412"


@pytest.fixture
def story(desk: Any) -> Any:
    """Return the desk after a day was booked, came again with other content, was held, answered and reversed."""

    async def past(world: Any) -> None:
        await world.add("krogen-soder")
        await world.tell_the_sample_story()

    desk.after(past)
    return desk


def test_a_story_is_found_by_anything_in_hand(story: Any) -> None:
    """Voucher, event (or its beginning), key, Z number, order, hold and mark lead to the same story."""
    in_hand = (
        "F 12",
        "F13",
        KEY,
        f"{KEY}@413b4bab65403965",
        f"{KEY}@413b…",
        "Z412",
        "412",
        "2afbd4e2-836f-53db-9ddd-469e15db3560",
        "727173a9-0e3e-58f2-a254-1688e296e014",
        "bb-txounhqv3m2w",
    )
    assert {what: story.json("explain", what)["key"] for what in in_hand} == dict.fromkeys(in_hand, KEY)


def test_an_invoice_and_a_customer_are_found_by_their_numbers_in_the_books(story: Any) -> None:
    """Whoever looks at Fortnox has nothing else in hand; a number of the other kind is none of this one."""

    async def numbered(world: Any) -> None:
        async with world.place.engine.begin() as connection:
            made = """update audit set body = body || '{"record": "41", "message_type": "bokbuss.create-invoice.v1"}'
                      where body -> 'voucher' ->> 'number' = '12' and body ->> 'outcome' = 'already_there'"""
            assert (await connection.execute(text(made))).rowcount == 1

    story.after(numbered)
    for asked in (["invoice", "41"], ["faktura 41"], ["Faktura", "#41"]):
        assert story.json("explain", *asked)["key"] == KEY
    for what in ("customer 41", "invoice 4"):
        assert "nothing is known" in story.refused(1, "explain", what)


def test_a_story_tells_everything_in_order_of_time(story: Any) -> None:
    """From Kafka's own copy of the fact to the reversal, each step stands once and in its place."""
    told = story("explain", "F", "12").stdout
    expected = [
        f"Accepted as {KEY}@413b4bab65403965",
        "facts.day-closed.v1, partition",
        "Store SODER, register KASSA1, Z 412, 2026-04-10",
        "Paid by card 28 971.50, cash 2 143.00, gift_card 1 500.00, swish 1 850.00",
        "Ordered to book the day: series F, 2026-04-10, 34 464.50",
        "Rule: a balanced day is booked; settings version 3",
        "3001     SODER   Försäljning 25 %",
        "Asked Fortnox: POST /3/vouchers",
        "no answer after 42 ms",
        "The answer was lost",
        "Asked Fortnox: GET /3/vouchers",
        "Found in Fortnox as F 12",
        "Reversed by F 13",
        f"Accepted as {KEY}@9d8d1501b8cd5a34",
        "Held (amended_after_booking)",
        "anna@example.com answered reverse",
        "Ordered to reverse a voucher",
        "It relates to F 12",
        "Fortnox booked it as F 13",
        "Now: It waits for the accountant",
    ]
    places = [told.index(words) for words in expected]
    assert places == sorted(places)
    assert [told.count(words) for words in expected[:1] + expected[7:10]] == [1, 2, 1, 1]


def test_the_financial_year_tells_vouchers_apart(story: Any) -> None:
    """A voucher's number begins anew each year; --year-id says which is meant."""
    assert story.json("explain", "F", "12", "--year-id", "4")["key"] == KEY
    assert "nothing is known" in story.refused(1, "explain", "F", "12", "--year-id", "5")


def test_nothing_found_says_what_can_be_asked(story: Any) -> None:
    """A person who asks for what is not there learns how to ask."""
    assert "Ask for a voucher (F 12)" in story.refused(1, "explain", "F", "99")
    assert "Ask for a voucher (F 12)" in story.refused(1, "explain", "what", "is", "this?")


def test_a_z_number_of_two_companies_is_asked_back(story: Any) -> None:
    """Where several are meant, all are listed and none is guessed."""

    async def another(world: Any) -> None:
        await world.reviews(world.held(tenant="other-company", hold_id="00000000-0000-5000-8000-000000000001"))

    story.after(another)
    said = story.refused(2, "explain", "Z412")
    assert f"{KEY} --tenant krogen-soder" in said
    assert f"{KEY} --tenant other-company" in said
    assert story.json("explain", "Z412", "--tenant", "other-company")["state"] == "held"
