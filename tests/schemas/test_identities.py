"""Personal, co-ordination and organisation numbers: the public vectors, the century, and what is never shown."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identities import (
    WHY,
    Invalid,
    PersonalNumber,
    is_persons,
    luhn,
    organisation_number,
    personal_number,
    ten_digits,
)

TODAY = date(2026, 4, 10)
VECTORS = Path(__file__).parents[3] / "shared" / "samples" / "swedish-ids.json"
HIDDEN = "•"

days = st.dates(date(1850, 1, 1), TODAY)


def refused(text: str, today: date = TODAY) -> str:
    """Return the code with which a personal number is refused."""
    with pytest.raises(Invalid) as caught:
        personal_number(text, today)
    return caught.value.code


def refusal(read: Callable[..., object], *values: object) -> Invalid | None:
    """Return the error with which a value is refused, None where it is taken."""
    try:
        read(*values)
    except Invalid as error:
        return error
    return None


def with_check_digit(nine: str) -> str:
    """Return ten digits, worked out apart from the rule: as it is taught, by doubling every second from the left."""
    doubled = "".join(str(int(digit) * (2 - place % 2)) for place, digit in enumerate(nine))
    return f"{nine}{-sum(map(int, doubled)) % 10}"


@st.composite
def people(draw: st.DrawFn) -> str:
    """Draw a valid personal or co-ordination number of twelve digits, of someone born by today."""
    born, added = draw(days), draw(st.sampled_from([0, 60]))
    nine = f"{born:%y%m}{born.day + added:02}{draw(st.integers(1, 999)):03}"
    return f"{born.year // 100}{with_check_digit(nine)}"


def spellings(digits12: str) -> list[str]:
    """Return the ways to write a number whose century is known."""
    ten = digits12[2:]
    sign = "+" if int(digits12[:4]) <= TODAY.year - 100 else "-"
    return [
        *(digits12, f"{digits12[:8]}-{digits12[8:]}", f"{digits12[:8]}+{digits12[8:]}", f" {digits12}\n"),
        *([f"{ten[:6]}{sign}{ten[6:]}"] if int(digits12[:4]) > TODAY.year - 200 else []),
    ]


PASTED = ("\u2013", "\u2212", "\u2011", " ", "\u00a0", " - ", "\u202f\u2013\u202f", "\u00ad", "\u200e-", "\ufeff")
"""What stands between the digits of a number that was copied: dashes, blanks, and what nobody sees."""


# --- People -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not VECTORS.exists(), reason="the public vectors lie beside the project, and here they do not")
def test_the_public_vectors_of_personal_numbers_hold() -> None:
    """Every spelling of every vector of personnummer/meta is judged as it says; interim numbers are not taken."""
    vectors = json.loads(VECTORS.read_text())
    for vector in vectors["personnummer"]:
        for text in (vector[k] for k in ("long_format", "short_format", "separated_format", "separated_long")):
            if vector["valid"]:
                number = personal_number(text, TODAY)
                assert number == PersonalNumber(vector["long_format"], is_coordination=vector["type"] == "con")
            else:
                refused(text)
    for vector in vectors["interim"]:
        for key in ("long_format", "short_format", "separated_format", "separated_long"):
            assert refused(vector[key]) == "interim"
    for vector in vectors["orgnumbers_that_are_not_personnummer"]:
        assert refused(vector["short_format"]) == refused(vector["separated_format"]) == "not_a_day"


@pytest.mark.parametrize(
    ("text", "digits12", "is_coordination"),
    [
        ("570428-9999", "195704289999", False),
        ("19570428-9999", "195704289999", False),
        ("0002292399", "200002292399", False),  # a leap day
        ("000405-9937", "200004059937", False),
        ("730288-9931", "197302889931", True),
        ("202107919967", "202107919967", True),  # the 31st
        ("121212-1212", "201212121212", False),
        ("121212+1212", "191212121212", False),
        ("191212121212", "191212121212", False),
        ("19121212-1212", "191212121212", False),
        *[(f"570428{sign}9999", "195704289999", False) for sign in PASTED],
        ("121212\u00a0+\u00a01212", "191212121212", False),
        ("19 57 04 28 99 99", "195704289999", False),
    ],
)
def test_valid_numbers_get_one_form(text: str, digits12: str, *, is_coordination: bool) -> None:
    """Ten or twelve digits, with or without a sign, mean one number of twelve digits."""
    number = personal_number(text, TODAY)
    assert number == PersonalNumber(digits12, is_coordination=is_coordination)
    assert number.short == digits12[2:]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[
            (text, "wrong_length")
            for text in ("5704289", "570428-999", "570428-99999", "9570428-9999", "1957-04289999")
        ],
        *[
            (text, "wrong_characters")
            for text in ("", "-", "570428--9999", "570428\u2013-9999", "SE5704289999", "570428-999\u0669")
        ],
        *[(text, "interim") for text in ("000101-T220", "20000101S220", "000101X220", "000101-t220")],
        ("000101-Q220", "wrong_characters"),
        *[(text, "not_a_day") for text in ("571328-9999", "570431-9999", "570260-9999", "570292-9999", "010229-0005")],
        *[(text, "not_a_day") for text in ("857209-0606", "802005-7538", "8551040721", "570093-9999", "165704289999")],
        *[(text, "wrong_serial") for text in ("150916-0006", "201509160006")],
        *[(text, "wrong_check_digit") for text in ("570428-9998", "110203-4455", "19110203-4455", "197302889932")],
        ("20260411-0009", "in_the_future"),
    ],
)
def test_what_is_no_personal_number_is_refused_with_its_reason(text: str, code: str) -> None:
    """Each reason is a code of a closed set, so that what is held says why."""
    assert refused(text) == code


@pytest.mark.parametrize(
    ("text", "today", "year"),
    [
        ("260410-", date(2026, 4, 10), 2026),
        ("260411-", date(2026, 4, 10), 1926),  # nobody is born tomorrow
        ("260411", date(2026, 4, 10), 1926),
        ("260410+", date(2026, 4, 10), 1926),
        ("261231+", date(2026, 1, 1), 1926),  # the sign changes with the year, not on the birthday
        ("270101+", date(2026, 12, 31), 1827),
        ("270101-", date(2026, 12, 31), 1927),
        ("991231-", date(2000, 1, 1), 1999),
    ],
)
def test_the_century_follows_from_the_day_and_the_sign(text: str, today: date, year: int) -> None:
    """With - the latest birth by today; with + the latest in a year at least a hundred years ago."""
    six, sign = text[:6], text[6:]
    number = personal_number(f"{six}{sign}{with_check_digit(six + '123')[6:]}", today)
    assert number.digits12[:4] == str(year)


@given(digits12=people())
def test_every_spelling_of_a_person_is_one_number(digits12: str) -> None:
    """What is valid is taken in all its spellings, and its own form is taken again and stays."""
    numbers = {personal_number(text, TODAY) for text in spellings(digits12)}
    assert [number.digits12 for number in numbers] == [digits12]
    (number,) = numbers
    assert number.is_coordination == (int(digits12[6:8]) > 60)
    assert personal_number(number.short, TODAY).short == number.short


@given(digits12=people(), place=st.integers(0, 9), add=st.integers(1, 9))
def test_one_changed_digit_is_found(digits12: str, place: int, add: int) -> None:
    """Luhn finds every single changed digit of the ten."""
    ten = digits12[2:]
    assert luhn(ten)
    changed = f"{ten[:place]}{(int(ten[place]) + add) % 10}{ten[place + 1 :]}"
    assert not luhn(changed)
    assert refused(changed) in WHY
    assert refused(digits12[:2] + changed) in WHY


@given(digits12=people())
def test_a_number_is_never_shown(digits12: str) -> None:
    """What may be shown has the last two digits only; what Python prints of it has none."""
    number = personal_number(digits12, TODAY)
    assert number.masked == f"{HIDDEN * 6}-{HIDDEN * 2}{digits12[-2:]}"
    assert not re.search(r"\d", repr(number))


@given(text=st.text(max_size=14) | st.from_regex(r"[0-9]{8,13}[-+]?[0-9]{0,5}", fullmatch=True), day=days)
def test_any_text_is_a_number_or_refused_without_being_told(text: str, day: date) -> None:
    """An error has a code that is known and its sentence; nothing of the text is in it."""
    for error in (refusal(personal_number, text, day + timedelta(1)), refusal(organisation_number, text)):
        assert error is None or str(error) == f"{error.code}: {WHY[error.code]}"
        assert error is None or error.__context__ is None


# --- Organisations ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not VECTORS.exists(), reason="the public vectors lie beside the project, and here they do not")
def test_the_public_vectors_of_organisation_numbers_hold() -> None:
    """Every vector of organisationsnummer/meta is judged as it says."""
    vectors = json.loads(VECTORS.read_text())
    for vector in vectors["organisationsnummer"]:
        for key in ("input", "long_format", "short_format"):
            if vector["valid"]:
                assert organisation_number(vector[key]) == vector["short_format"]
            else:
                with pytest.raises(Invalid, match="wrong_check_digit"):
                    organisation_number(vector[key])
    for vector in vectors["orgnumbers_that_are_not_personnummer"]:
        assert organisation_number(vector["separated_format"]) == vector["short_format"]


@pytest.mark.parametrize(
    ("text", "ten"),
    [
        *[
            (text, "5560160680")
            for text in ("556016-0680", "5560160680", "165560160680", "16556016-0680", " 556016-0680 ")
        ],
        ("857209-0606", "8572090606"),
        *[(f"556016{sign}0680", "5560160680") for sign in PASTED],
        *[(text, "1212121212") for text in ("121212-1212", "121212+1212", "191212121212")],  # a sole trader
        ("000229-2399", "0002292399"),  # one born on a leap day
        ("199502809990", "9502809990"),  # a sole trader with a co-ordination number
    ],
)
def test_organisation_numbers_get_ten_digits(text: str, ten: str) -> None:
    """Companies with or without 16 in front; sole traders by their personal number."""
    assert organisation_number(text) == ten


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[(text, "wrong_check_digit") for text in ("556016-0681", "5561034250", "165560160681", "121212-1213")],
        *[(text, "wrong_length") for text in ("556016-068", "556016-06801", "55-60160680", "5560160680-")],
        *[(text, "wrong_characters") for text in ("", "556016/0680", "SE556016068001", "556016-068o")],
        *[(text, "not_an_organisation") for text in ("195560160680", "551316-0680", "052016-0680", "121212-0004")],
    ],
)
def test_what_is_no_organisation_number_is_refused_with_its_reason(text: str, code: str) -> None:
    """Each reason is a code of a closed set."""
    with pytest.raises(Invalid) as caught:
        organisation_number(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        *(
            "556016-0680",
            "5560160680",
            "16556016-0680",
            "165560160680",
            " 556016-0680\n",
            "556016 0680",
            "556016 - 0680",
        ),
        *("556016\u20130680", "556016\u20110680", "556016\u00a00680", "\ufeff556016-0680"),
        *("SE556016068001", "se 556016-0680 01", "SE5560160680", "SE556016-0680-01"),
    ],
)
def test_a_number_that_others_wrote_is_compared_by_its_ten_digits(text: str) -> None:
    """In registers it stands as it was entered, copied, or as the number for VAT."""
    assert ten_digits(text) == "5560160680"


@pytest.mark.parametrize(
    ("text", "is_theirs"),
    [
        *[(text, True) for text in ("570428-9999", "19570428-9999", "570428\u20139999", "SE570428999901")],
        *[(text, False) for text in ("20570428-9999", "16570428-9999", "570428-9998", "", "not said")],
    ],
)
def test_a_persons_number_that_others_wrote_is_theirs_by_its_century_where_it_says_one(
    text: str, *, is_theirs: bool
) -> None:
    """Who was born a hundred years later has the same ten digits."""
    assert is_persons(text, "195704289999") is is_theirs
    assert not is_persons(text, "")


@pytest.mark.parametrize(
    "text", ["", "556016068", "556016-06801", "556016068001", "FI55601606801", "556016-068o", "17556016-0680"]
)
def test_what_is_no_organisations_number_stays_as_it_is(text: str) -> None:
    """It is somebody else's, or a mistake."""
    assert ten_digits(text) == text


@given(ten=st.from_regex(r"[1-9][0-9][2-9][0-9]{6}", fullmatch=True).map(with_check_digit))
def test_the_form_of_an_organisation_number_is_taken_again(ten: str) -> None:
    """Ten digits stay ten digits, however often they are read."""
    for text in (ten, f"{ten[:6]}-{ten[6:]}", f"16{ten}"):
        assert organisation_number(text) == ten
