"""Fortnox requests: exact amounts, the whole mark, and only characters that Fortnox takes."""

import json
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox import encode
from schemas import envelope, ids
from schemas.characters import sanitise
from schemas.commands import PostVoucher, VoucherRow

AMOUNTS = st.decimals(min_value="0.01", max_value="999999999999.99", places=2)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=180)
CENTRES = st.none() | st.from_regex(r"[A-Z0-9_\-]{1,6}", fullmatch=True)


@st.composite
def vouchers(draw: st.DrawFn) -> Any:
    """Draw the order for a balanced voucher with any texts."""
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=5))
    texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=100)
    rows = [
        VoucherRow(account=draw(st.integers(1000, 9999)), cost_centre=draw(CENTRES), text=draw(texts), **{side: amount})
        for amount in amounts
        for side in ("debit", "credit")
    ]
    return order_for(
        description=draw(TEXTS), rows=tuple(rows), day=draw(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
    )


def order_for(*, description: str, rows: tuple[VoucherRow, ...], day: date = date(2026, 3, 31)) -> Any:
    """Return an order in its envelope."""
    data = PostVoucher(
        flow="daysales",
        key="openpos/3/17",
        revision="0123456789abcdef",
        step="book",
        rule="a_new_day_is_booked",
        purpose="book",
        series="F",
        voucher_date=day,
        description=description,
        rows=rows,
    )
    return envelope.wrap(
        data,
        message_id=str(data.id_in("acme")),
        source="/streams/daysales",
        time=datetime(2026, 3, 31, 21, tzinfo=UTC),
        tenant="acme",
    )


def two_rows(**extra: Any) -> tuple[VoucherRow, ...]:
    """Return rows that balance."""
    amount = Decimal("1234.50")
    return VoucherRow(account=1930, debit=amount, **extra), VoucherRow(account=3001, credit=amount)


def allowed(character: str) -> bool:
    """Tell whether a character is in the class that Fortnox documents, its doubtful quotes left out."""
    marks = "\u0308\u030a–:.`´,;^¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@ \\0123456789"  # noqa: RUF001 - the class as documented
    return character in marks or unicodedata.category(character).startswith("L")


@given(vouchers(), st.integers(1, 99))
def test_every_amount_arrives_to_the_ore(order: Any, year_id: int) -> None:
    """The bytes hold the order's amounts as numbers, exactly, each row with both sides."""
    request = encode.voucher(order, year_id)
    sent = json.loads(request.body or b"", parse_float=Decimal, parse_int=Decimal)["Voucher"]
    wanted = [(row.account, row.debit, row.credit) for row in order.data.rows]
    assert [(row["Account"], row["Debit"], row["Credit"]) for row in sent["VoucherRows"]] == wanted
    assert request.params == {"financialyear": year_id}


@given(vouchers())
def test_a_body_holds_documented_fields_in_allowed_characters(order: Any) -> None:
    """No other field is sent, none empty, and no text has a character that Fortnox refuses or too many of them."""
    sent = json.loads(encode.voucher(order, 4).body or b"")["Voucher"]
    assert set(sent) == {"Description", "VoucherSeries", "TransactionDate", "VoucherRows"}
    assert (sent["VoucherSeries"], sent["TransactionDate"]) == ("F", order.data.voucher_date.isoformat())
    texts = [sent["Description"]]
    for row, wanted in zip(sent["VoucherRows"], order.data.rows, strict=True):
        assert set(row) <= {"Account", "Debit", "Credit", "CostCenter", "Project", "TransactionInformation"}
        assert row.get("CostCenter") == wanted.cost_centre
        assert row.get("Project") == wanted.project
        texts.append(row.get("TransactionInformation", "nothing"))
    assert all(texts)
    assert all(allowed(character) for text in texts for character in text)
    assert not any("://" in text for text in texts)
    assert len(texts[0]) <= 200
    assert max(map(len, texts[1:])) <= 100


@given(vouchers())
def test_the_whole_mark_ends_the_description(order: Any) -> None:
    """The mark is the description's last word, however long the text is."""
    sent = json.loads(encode.voucher(order, 4).body or b"")["Voucher"]
    assert sent["Description"].split(" ")[-1] == ids.mark(order.data.id_in("acme"))


def test_a_text_that_grows_is_cut_before_the_mark() -> None:
    """180 characters that become 540 leave room for the mark."""
    order = order_for(description="…" * 180, rows=two_rows())
    text = json.loads(encode.voucher(order, 4).body or b"")["Voucher"]["Description"]
    assert text == "." * 184 + " " + ids.mark(order.data.id_in("acme"))


def test_the_body_is_what_fortnox_documents() -> None:
    """An example, to the byte; the side that is not used is 0."""
    order = order_for(description="Dagskassa 2026-03-31", rows=two_rows(cost_centre="S1", project="P 1", text="Kort"))
    mark = ids.mark(order.data.id_in("acme"))
    assert (
        encode.voucher(order, 4).body
        == (
            '{"Voucher":{"Description":"Dagskassa 2026-03-31 ' + mark + '","VoucherSeries":"F",'
            '"TransactionDate":"2026-03-31","VoucherRows":['
            '{"Account":1930,"Debit":1234.50,"Credit":0,"CostCenter":"S1","Project":"P 1",'
            '"TransactionInformation":"Kort"},'
            '{"Account":3001,"Debit":0,"Credit":1234.50}]}}'
        ).encode()
    )


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Åhléns & Co, 50% – kl 21:00", "Åhléns & Co, 50% – kl 21:00"),  # noqa: RUF001 - an en dash is allowed
        ("«Kalle's» “Kök”", "´Kalle´s´ ´Kök´"),  # noqa: RUF001 - quotes of all kinds
        ("[A] {B} <C>", "(A) (B) (C)"),
        ("A—B|C", "A–B/C"),  # noqa: RUF001 - dashes of two kinds
        ("vänta…", "vänta..."),
        ("kasse 🛍 nr\t7\n", "kasse nr 7"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("①ﬁ\u200b\x00x", "1ﬁx"),
        ("https://exempel.se/:///", "https:/exempel.se/:/"),
        ("", ""),
    ],
)
def test_a_text_is_sent_in_the_nearest_characters(text: str, sent: str) -> None:
    """What Fortnox would refuse is replaced by its nearest equivalent, or dropped."""
    assert sanitise(text) == sent


@given(st.text())
def test_a_sanitised_text_stays_as_it_is(text: str) -> None:
    """What came out clean once is clean: nothing is replaced twice."""
    clean = unicodedata.normalize("NFC", sanitise(text))
    assert sanitise(clean) == clean


def test_a_search_names_series_year_and_date() -> None:
    """The list that is searched is as short as Fortnox's filters make it, in pages of 500."""
    request = encode.voucher_list(order_for(description="x", rows=two_rows()), 4, 2)
    assert (request.method, request.resource, request.body) == ("GET", "vouchers", None)
    assert request.params == {
        "voucherseries": "F",
        "financialyear": 4,
        "fromdate": "2026-03-31",
        "todate": "2026-03-31",
        "limit": 500,
        "page": 2,
    }
