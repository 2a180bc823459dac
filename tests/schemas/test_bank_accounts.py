"""Swedish bank accounts: the public vectors, Bankgirot's examples, every kind of account, one string in two parts."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.bank_accounts import (
    SERIES,
    SWEDBANK,
    TYPE_1_COMMENT_1,
    TYPE_1_COMMENT_2,
    TYPE_2_COMMENT_1,
    TYPE_2_COMMENT_2,
    TYPE_2_COMMENT_3,
    UNPUBLISHED,
    WARNINGS,
    WHY,
    BankAccount,
    bank_account,
    split,
)
from schemas.identities import Invalid, luhn

VECTORS = Path(__file__).parents[3] / "shared" / "samples" / "bank-accounts.json"
beside_the_vectors = pytest.mark.skipif(
    not VECTORS.exists(), reason="the public vectors lie beside the project, and here they do not"
)
WEIGHTS_11 = (1, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
"""As Bankgirot prints them for the eleven digits of type 1."""


class Written(NamedTuple):
    """A valid account as its bank writes it: four digits and the number."""

    clearing: str
    number: str


def by_11(digits: str) -> bool:
    """Work out modulus 11 as Bankgirot prints it, apart from the rule that is tested."""
    return sum(w * int(d) for w, d in zip(WEIGHTS_11[-len(digits) :], digits, strict=True)) % 11 == 0


def by_10(digits: str) -> bool:
    """Work out modulus 10 as Bankgirot prints it: products above nine less nine."""
    products = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(digits[::-1])]
    return sum(p - 9 if p > 9 else p for p in products) % 10 == 0


# Type and comment of some series, from Bankgirot's tables; the digits that are weighed; how many digits there are.
SCHEMES = {
    "type 1, comment 1": ((1100, 1999, 3410, 3781, 5000, 5999, 7000, 9060, 9270), 7, lambda c, n: by_11(c[1:] + n)),
    "type 1, comment 2": ((2300, 4000, 4999, 9020, 9150, 9550, 9569, 9660, 9710, 9780), 7, lambda c, n: by_11(c + n)),
    "type 2, comment 1": ((3300, 3782, 9180, 9300, 9349, 9570, 9890), 10, lambda _, n: by_10(n)),
    "type 2, comment 2": ((6000, 6130, 6999), 9, lambda _, n: by_11(n)),
    "type 2, comment 3": ((9500, 9549, 9960, 9969, 8000, 8327, 8999), 10, lambda _, n: by_10(n)),
}


@st.composite
def accounts(draw: st.DrawFn) -> Written:
    """Draw a valid account of any scheme."""
    numbers, length, holds = SCHEMES[draw(st.sampled_from(sorted(SCHEMES)))]
    four = str(draw(st.sampled_from(numbers)))
    digits = draw(st.text("0123456789", min_size=length - 1, max_size=length - 1))
    found = [digits + check for check in "0123456789" if holds(four, digits + check)]
    assume(found and int(found[0]))  # by modulus 11 every eleventh number has no check digit
    return Written(four, found[0])


@st.composite
def swedbank_accounts(draw: st.DrawFn) -> Written:
    """Draw a valid account of Swedbank's 8000 to 8999 with seven to ten digits."""
    digits = draw(st.from_regex(r"[1-9][0-9]{5,8}", fullmatch=True))
    number = next(digits + check for check in "0123456789" if by_10(digits + check))
    return Written(str(draw(st.integers(8000, 8999))), number)


def refused(clearing: str, number: str) -> str:
    """Return the code with which an account is refused."""
    with pytest.raises(Invalid) as caught:
        bank_account(clearing, number)
    return caught.value.code


def change(digits: str, place: int, add: int) -> str:
    """Return the digits with another one at a place."""
    place %= len(digits)
    return f"{digits[:place]}{(int(digits[place]) + add) % 10}{digits[place + 1 :]}"


# --- Vectors ----------------------------------------------------------------------------------------------------------


@beside_the_vectors
def test_every_public_vector_is_judged_by_the_official_rule() -> None:
    """Other libraries' test data: valid, refused for the same reason, or a warning where Swedbank's rule says so."""
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        rule = vector["official_rule"]
        if rule["valid"]:
            account = bank_account(vector["clearing"], vector["account"])
            assert (account.bank, account.warning) == (rule["bank"], "")
            if "raw" in vector:
                assert bank_account(*split(vector["raw"])) == account
        elif "warn only" in rule["reason"]:
            assert bank_account(vector["clearing"], vector["account"]).warning == "check_digit_differs"
        else:
            code = {
                "checksum": "wrong_check_digit",
                "account_length": "wrong_length",
                "invalid_characters": "wrong_characters",
                "unknown_clearing": "unknown_clearing",
                "5_digit_clearing_only_for_8xxx": "wrong_clearing_length",
            }[rule["reason"]]
            assert refused(vector["clearing"], vector["account"]) == code


@beside_the_vectors
def test_the_series_are_those_of_the_official_list() -> None:
    """Each range of the facts stands in the table as it is there: first, last, bank, type and comment, lengths."""
    kinds = {
        (1, 1): {TYPE_1_COMMENT_1},
        (1, 2): {TYPE_1_COMMENT_2},
        (2, 1): {TYPE_2_COMMENT_1},
        (2, 2): {TYPE_2_COMMENT_2},
        (2, 3): {TYPE_2_COMMENT_3, SWEDBANK},
    }
    ours = {(s.first, s.last, s.bank): s.kind for s in SERIES if s.kind is not UNPUBLISHED}
    for fact in json.loads(VECTORS.read_text())["ranges"]:
        kind = ours.pop((fact["lo"], fact["hi"], fact["bank"]))
        assert kind in kinds[fact["type"], fact["comment"]]
        assert (kind.shortest, kind.longest) == (fact["account_min"], fact["account_max"])
        assert (kind is SWEDBANK) == (fact["lo"] == 8000)
    assert not ours


def test_no_two_series_claim_a_clearing_number() -> None:
    """One bank for one number; only Avanza has two kinds of account behind the same numbers."""
    claimed = sorted((s.first, s.last, s.bank) for s in SERIES if (s.first, s.bank) != (9565, "Avanza Bank"))
    assert all(a[1] < b[0] for a, b in pairwise(claimed))
    assert all(1000 <= s.first <= s.last <= 9999 for s in SERIES)


def test_the_methods_are_bankgirots() -> None:
    """The two worked examples of its paper, by the oracle of these tests too."""
    assert luhn("3316812057492")
    assert by_10("3316812057492")
    assert sum(w * int(d) for w, d in zip((3, 2, *WEIGHTS_11), "1912763608957", strict=True)) == 286


@pytest.mark.parametrize(
    ("clearing", "number", "bank"),
    [
        ("9071", "417 23 83", "Multitude Bank"),
        ("9789", "1111113", "Klarna Bank"),
        ("9420", "0002388", "Forex Bank (historical)"),
        ("9661", "1231236", "Svea Bank"),
        ("6875", "123123127", "Handelsbanken"),
        ("3300", "801201-6286", "Nordea personkonto"),
        ("3782", "800928-6249", "Nordea personkonto"),
        ("9570", "2600000000", "Sparbanken Syd"),
        ("9598", "2400000", "Erik Penser"),
        ("8424-4", "983 189 224-6", "Swedbank"),
    ],
)
def test_accounts_of_other_libraries_are_valid(clearing: str, number: str, bank: str) -> None:
    """A selection of the public vectors, so that they hold wherever the project is."""
    account = bank_account(clearing, number)
    assert (account.bank, account.warning) == (bank, "")


@pytest.mark.parametrize(
    ("clearing", "number", "code"),
    [
        ("1100", "0000007", "wrong_check_digit"),
        ("6789", "123456788", "wrong_check_digit"),
        ("3300", "8012346589", "wrong_check_digit"),
        ("9960", "12345678", "wrong_check_digit"),  # the exception in comment 3 is Swedbank's alone
        *[(c, n, "wrong_length") for c, n in (("1234", "123456"), ("1100", "7"), ("5000", "12345678"), ("5000", ""))],
        *[(c, n, "wrong_length") for c, n in (("6875", "2015555"), ("6875", "1234567890"), ("9180", "123456789"))],
        ("8327-9", "12345678901", "wrong_length"),
        *[(c, "1234567", "unknown_clearing") for c in ("9999", "1000", "2200", "9125", "9900", "0000")],
        *[(c, "8456424", "wrong_clearing_length") for c in ("19022", "123", "", "84244-4")],
        ("8424-1", "983 189 224-6", "wrong_clearing_check_digit"),
        *[("5000", n, "wrong_characters") for n in ("FABCDGH", "123456\u0667", "SE4550000000058398257466")],
    ],
)
def test_what_cannot_be_an_account_is_refused_with_its_reason(clearing: str, number: str, code: str) -> None:
    """Each reason is a code of a closed set, so that what is held says why."""
    assert refused(clearing, number) == code


@pytest.mark.parametrize(
    ("clearing", "number", "bank", "warning"),
    [
        ("8001", "123", "Swedbank", "check_digit_differs"),
        ("8001", "8012306581", "Swedbank", "check_digit_differs"),
        ("2150", "1234567890", "Revolut", "check_digit_not_known"),
        ("9600", "1234567", "Banking Circle", "check_digit_not_known"),
        ("9565", "1234567890", "Avanza Bank", "check_digit_not_known"),
        ("6000", "000000000", "Handelsbanken", "only_zeros"),
    ],
)
def test_what_may_be_right_all_the_same_is_a_warning(clearing: str, number: str, bank: str, warning: str) -> None:
    """Where the rules say that a valid account may fail, or none is published, a person judges, not a rule."""
    account = bank_account(clearing, number)
    assert (account.bank, account.warning) == (bank, warning)
    assert warning in WARNINGS


def test_an_account_written_in_two_ways_is_one() -> None:
    """Zeros in front, separators and Swedbank's fifth digit make no difference, so nothing seems changed."""
    swedbank = BankAccount("81299", "0433867116", "Swedbank")
    for clearing, number in (("8129-9", "043 386 711-6"), ("8129", "433867116"), ("81299", "433 867 116")):
        assert bank_account(clearing, number) == swedbank
    assert bank_account("6000", "00000019") == bank_account("6000", "000 000 019")


# --- One string -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("8424-4,983 189 224-6", "8424-4, 983 189 224-6", "84244,9831892246", "84244 9831892246", "8424-4 9831892246"),
        *(
            "8424 4 983 189 224 6",
            "8424-4/983.189.224-6",
            "842449831892246",
            " 8424-4;9831892246\n",
            "8424-49831892246",
        ),
        *("8424\u20114\u2013983\u00a0189\u00a0224\u22126", "8424 \u2013 4, 983 189 224 6", "84 24 49 83 18 92 24 6"),
    ],
)
def test_a_string_with_a_fifth_digit_is_split_in_any_spelling(text: str) -> None:
    """However the groups are written, and with none."""
    assert split(text) == ("84244", "9831892246")


@pytest.mark.parametrize("text", ["8424,983 189 224-6", "8424 9831892246", "8424-9831892246", "84249831892246"])
def test_a_string_without_the_fifth_digit_is_split_after_four(text: str) -> None:
    """The fifth digit is often left out; what comes next is not taken for it."""
    assert split(text) == ("8424", "9831892246")
    assert bank_account(*split(text)) == bank_account("8424-4", "983 189 224-6")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("9071, 417 23 83", ("9071", "4172383")),
        ("97891111113", ("9789", "1111113")),
        ("6789-123 456 789", ("6789", "123456789")),
        ("3300 000620-5124", ("3300", "0006205124")),
        ("33000006205124", ("3300", "0006205124")),
        ("5 0 0 0 1234567", ("5000", "1234567")),
        ("8327, 12 345 678", ("8327", "12345678")),  # the check digits are wrong; the separators speak
        ("8327-9, 12 345 678", ("83279", "12345678")),
        ("8001, 123", ("8001", "123")),
        ("83279100008", ("8327", "9100008")),  # six digits would be too few for an account
        ("8424-1,983 189 224-6", ("84241", "9831892246")),  # the mistake is found when the account is checked
        ("8424-1,983 189 2", ("84241", "9831892")),
    ],
)
def test_other_strings_are_split_where_their_bank_says(text: str, parts: tuple[str, str]) -> None:
    """Four digits everywhere but at Swedbank, where separators and lengths decide."""
    assert split(text) == parts


def test_check_digits_decide_where_nothing_else_does() -> None:
    """Thirteen digits in one: five and eight, or four and nine; what fits neither goes to a person."""
    assert split("8327912345674") == ("83279", "12345674")
    assert split("8327912345675") == ("8327", "912345675")
    assert (by_10("12345674"), by_10("912345675")) == (True, True)
    assert split("8327112345670") == ("8327", "112345670")  # 83271 is no clearing number of Swedbank's
    for text in ("8327912345670", "8327, 912345674"):  # nothing speaks; separator and check digit contradict each other
        with pytest.raises(Invalid, match="cannot_split"):
            split(text)
    assert split("8327, 912345670") == ("8327", "912345670")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[(text, "wrong_length") for text in ("", "-", "8424", "8424-4", "8009286249", "5000", "5000-")],
        *[
            (text, "wrong_characters")
            for text in ("8424-4,98318922x6", "Clearing 8424-4", "SE45 5000 0000 0583 9825 7466")
        ],
    ],
)
def test_a_string_that_is_no_account_is_not_split(text: str, code: str) -> None:
    """Among them ten digits alone: a Nordea account without its clearing number, not a short one of Swedbank's."""
    with pytest.raises(Invalid) as caught:
        split(text)
    assert caught.value.code == code


@given(account=accounts(), spelling=st.sampled_from(["{}{}", "{}-{}", "{}, {}", " {} {} "]))
def test_every_account_is_found_again_in_one_string(account: Written, spelling: str) -> None:
    """What is written as one string is the account that it was as two."""
    assert bank_account(*split(spelling.format(*account))) == bank_account(*account)


@given(account=swedbank_accounts(), spelling=st.sampled_from(["{}{}{}", "{}{} {}", "{}-{},{}", "{} {} {}"]))
def test_every_swedbank_account_is_found_again_in_one_string(account: Written, spelling: str) -> None:
    """With its fifth digit or without, with separators or without: never another account."""
    expected = bank_account(*account)
    assert bank_account(*split(f"{account.clearing}{account.number}")) == expected
    fifth = expected.clearing[4]
    assert bank_account(*split(spelling.format(account.clearing, fifth, account.number))) == expected
    try:
        assert bank_account(*split(f"{account.clearing}-{fifth}{account.number}")) == expected
    except Invalid as error:
        assert error.code == "cannot_split"  # noqa: PT017 - both ends are right: found, or left to a person


# --- Properties -------------------------------------------------------------------------------------------------------


@given(account=accounts())
def test_every_account_that_a_bank_can_give_is_valid_and_stays_as_it_is(account: Written) -> None:
    """Made by the printed rule of its type, it is taken without a warning; its normal form is its own normal form."""
    read = bank_account(*account)
    assert (read.clearing[:4], read.number, read.warning) == (*account, "")
    assert bank_account(read.clearing, read.number) == read
    assert len(read.clearing) == (5 if read.clearing[0] == "8" else 4)


@given(account=accounts(), place=st.integers(0, 99), add=st.integers(1, 9))
def test_one_changed_digit_of_the_number_is_found(account: Written, place: int, add: int) -> None:
    """Both methods find every single changed digit; at Swedbank it is a warning."""
    changed = change(account.number, place, add)
    if account.clearing[0] == "8":
        assert bank_account(account.clearing, changed).warning in {"check_digit_differs", "only_zeros"}
    else:
        assert refused(account.clearing, changed) == "wrong_check_digit"


@given(four=st.integers(8000, 8999), place=st.integers(1, 4), add=st.integers(1, 9))
def test_one_changed_digit_of_a_five_digit_clearing_number_is_found(four: int, place: int, add: int) -> None:
    """Its fifth digit is there for this; the first one says that it is Swedbank's at all."""
    five = bank_account(str(four), "18").clearing
    assert refused(change(five, place, add), "18") == "wrong_clearing_check_digit"


@given(account=accounts())
def test_an_account_is_never_shown(account: Written) -> None:
    """What may be shown is the bank and the last two digits, short enough to travel; what Python prints has none."""
    read = bank_account(*account)
    assert re.sub(r"\D", "", read.masked) == account.number[-2:]
    assert len(read.masked) <= 40
    assert not re.search(r"\d", repr(read))


def test_every_bank_fits_where_it_is_shown() -> None:
    """Sealed data shows forty characters at most, of any bank."""
    assert max(len(BankAccount("1", "0000000", s.bank).masked) for s in SERIES) <= 40


strings = st.text(max_size=20) | st.from_regex(r"[0-9 ,.\-]{1,24}", fullmatch=True)


@given(clearing=strings, number=strings)
def test_any_text_is_an_account_or_refused_without_being_told(clearing: str, number: str) -> None:
    """An error has a code that is known and its sentence; nothing of the text is in it."""
    for read in (lambda: bank_account(clearing, number), lambda: bank_account(*split(clearing + number))):
        error = None
        try:
            read()
        except Invalid as caught:
            error = caught
        assert error is None or str(error) == f"{error.code}: {WHY[error.code]}"
        assert error is None or error.__context__ is None
