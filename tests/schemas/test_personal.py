"""Personal data as it is read: in its normal form where it is valid, with its flaw where it is not, never shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticSerializationError

from schemas.personal import unsealed_account, unsealed_number

TODAY = date(2026, 5, 1)


@pytest.mark.parametrize("written", ["900101-2385", "9001012385", "19900101-2385", " 199001012385 "])
def test_a_number_written_in_two_ways_is_one_number(written: str) -> None:
    """Its normal form has twelve digits; two of them are shown."""
    number = unsealed_number(written, TODAY)
    assert (number.plain, number.flaw, number.kind) == ("199001012385", "", "personal_number")
    assert number.shown.endswith("85")
    assert "0101" not in number.shown


@pytest.mark.parametrize(
    ("clearing", "number"), [("6789", "123456789"), ("6789", "123 456 789"), (None, "6789-123456789")]
)
def test_an_account_written_in_two_ways_is_one_account(clearing: str | None, number: str) -> None:
    """With its clearing number or in one text; its normal form has a comma."""
    account = unsealed_account(clearing, number)
    assert (account.plain, account.flaw, account.kind) == ("6789,123456789", "", "bank_account")
    assert account.shown == "Handelsbanken •••89"


def test_an_account_without_its_clearing_number_is_not_split_where_the_two_stand_apart() -> None:
    """An empty field for the clearing number is a flaw; none at all means one text."""
    assert unsealed_account("", "6789123456789").flaw == "wrong_clearing_length"
    assert unsealed_account(None, "6789123456789").flaw == ""


@given(text=st.text(max_size=90), clearing=st.none() | st.text(max_size=6))
def test_any_text_is_kept_with_its_flaw_and_shows_nothing(text: str, clearing: str | None) -> None:
    """Nothing raises, a flawed text shows no character of itself, and neither is written before it is sealed."""
    for made in (unsealed_number(text, TODAY), unsealed_account(clearing, text)):
        assert "plain" not in repr(made)
        if made.flaw:
            assert (made.shown, len(made.plain) <= 64) == ("•••", True)
        with pytest.raises(PydanticSerializationError):
            made.model_dump_json()
