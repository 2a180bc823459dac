"""A payload's JSON: whatever is wrong is named, as a whole or by its place, and no value is shown."""

import pytest
from pydantic import BaseModel, ConfigDict

from infra.intake import payloads
from infra.plugin import Malformed


class Slip(BaseModel):
    """A payload with one field."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: str


def test_a_payload_in_order_is_read_with_a_mark_of_byte_order_or_without() -> None:
    """Some programs write one."""
    for mark in (b"", b"\xef\xbb\xbf"):
        assert payloads.read(mark + b'{"amount": "1.00"}', Slip, called="slip", most_commas=1).amount == "1.00"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff", "slip: not UTF-8, from byte 0; send the JSON as UTF-8"),
        (b"{", "slip: not JSON, at line 1 column 2: "),
        (b"[" * 100_000, "slip: nested too deeply"),
        (b"[1,2,3]", "slip: it holds more than 1 values"),
        (b"7", "slip: "),
        (b'{"amount": 7}', "amount: "),
        (b'{"amount": "1.00", "amount": "2.00"}', "amount: stands more than once in the same object"),
        (b'{"Anna Ek 19121212": "1.00"}', "amount: Field required"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, said: str) -> None:
    """A name that no field can have may be a value, and is not repeated."""
    with pytest.raises(Malformed) as caught:
        payloads.read(raw, Slip, called="slip", most_commas=1)
    assert any(problem.startswith(said) for problem in caught.value.problems)
    assert "Anna" not in str(caught.value)
