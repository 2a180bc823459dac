"""What was typed, and what it can mean."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.desk.resolving import Asked, readings, uuid_tail
from schemas import ids

ORDER = "608e257e-3970-52ef-9003-dbc28bf037e2"
Z57 = r"/57(/\d{4}-\d\d-\d\d[^/]*(/\d+)?)?$"


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("F 12", [Asked("voucher", "F", 12)]),
        ("F12", [Asked("voucher", "F", 12)]),
        ("A1 12", [Asked("voucher", "A1", 12)]),
        ("57", [Asked("z_number", Z57)]),
        ("Z57", [Asked("z_number", Z57), Asked("voucher", "Z", 57)]),
        ("openpos/K1/57", [Asked("key", "openpos/K1/57"), Asked("shortened", "(^|/)openpos/(.*/)?K1/(.*/)?57(/|$)")]),
        ("openpos/K1/57@ab12…", [Asked("fact", "openpos/K1/57@ab12")]),
        (ORDER, [Asked("id", ORDER), Asked("shortened", rf"(^|/){re.escape(ORDER)}[^/]*$")]),
        ("3e47E9fa", [Asked("hold", "3e47e9fa"), Asked("shortened", "(^|/)3e47E9fa[^/]*$")]),
        (
            "d9597096",
            [Asked("voucher", "d", 9597096), Asked("hold", "d9597096"), Asked("shortened", "(^|/)d9597096[^/]*$")],
        ),
        ("what is this?", []),
        ("", []),
    ],
)
def test_words_have_readings(what: str, meant: list[Asked]) -> None:
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
