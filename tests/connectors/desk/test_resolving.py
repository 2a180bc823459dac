"""What was typed, and what it can mean."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.desk.resolving import readings, uuid_tail
from infra.rows import Query
from schemas import ids

ORDER = "608e257e-3970-52ef-9003-dbc28bf037e2"
Z57 = r"/57(/\d{4}-\d\d-\d\d[^/]*(/\d+)?)?$"


def receipt(number: str) -> Query:
    """Return what asks for a sale on account by its receipt."""
    return Query("shortened", f"(?i)/receipt-{number}(/|$)", like="%/receipt-%")


RECEIPT_57 = receipt("57")


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("F 12", [Query("voucher", "F", 12)]),
        ("F12", [Query("voucher", "F", 12), receipt("F12")]),
        ("A1 12", [Query("voucher", "A1", 12)]),
        ("57", [Query("z_number", Z57, like="%/57%"), RECEIPT_57]),
        ("kvitto 57", [Query("voucher", "kvitto", 57), RECEIPT_57]),
        ("receipt-57", [Query("voucher", "receipt", 57), RECEIPT_57]),
        ("R-1001", [Query("voucher", "R", 1001), receipt(r"R\-1001")]),
        ("receipt-R-1001", [receipt(r"R\-1001")]),
        (
            "Z57",
            [
                Query("z_number", rf"^(?!fortnox/).*{Z57}", like="%/57%"),
                Query("voucher", "Z", 57),
                receipt("Z57"),
            ],
        ),
        (
            "openpos/K1/57",
            [
                Query("key", "openpos/K1/57"),
                Query("shortened", "(^|/)openpos/(.*/)?K1/(.*/)?57(/|$)", like="%openpos%K1%57%"),
            ],
        ),
        ("a%/b_", [Query("key", "a%/b_"), Query("shortened", r"(^|/)a%/(.*/)?b_(/|$)", like=r"%a\%%b\_%")]),
        ("openpos/K1/57@ab12…", [Query("fact", "openpos/K1/57@ab12")]),
        (ORDER, [Query("id", ORDER), Query("shortened", rf"(^|/){re.escape(ORDER)}[^/]*$", like=f"%{ORDER}%")]),
        ("3e47E9fa", [Query("hold", "3e47e9fa"), Query("shortened", "(^|/)3e47E9fa[^/]*$", like="%3e47E9fa%")]),
        (
            "d9597096",
            [
                Query("voucher", "d", 9597096),
                Query("hold", "d9597096"),
                Query("shortened", "(^|/)d9597096[^/]*$", like="%d9597096%"),
            ],
        ),
        ("invoice 41", [Query("record", "41", like="%invoice%"), Query("voucher", "invoice", 41)]),
        ("Kund K-7", [Query("record", "K-7", like="%customer%")]),
        ("what is this?", []),
        ("", []),
    ],
)
def test_words_have_readings(what: str, meant: list[Query]) -> None:
    """Each form is recognised; where two are possible both are looked for."""
    assert list(readings(what)) == meant


@given(st.uuids())
def test_a_mark_leads_to_the_end_of_its_order(order_id: UUID) -> None:
    """A mark holds the last digits of the order's id, but for one."""
    [asked] = readings(f"Dagsavslut K1 Z57 {ids.mark(order_id)}")
    assert asked.kind == "mark"
    assert str(order_id)[-17:].startswith(asked.text)
    assert len(asked.text) == 16


def test_the_tail_is_written_as_in_an_id() -> None:
    """The hyphen stands where an id has it."""
    assert uuid_tail("sab5xqul6a36") == "9003-dbc28bf037e"
