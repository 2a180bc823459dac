"""Swedish personal, co-ordination and organisation numbers: what is valid, in one written form, and never shown whole.

Our own lines, not python-stdnum 2.2: its ``se.personnummer`` reads the clock to find the century (rules here get the
day as an argument), refuses every co-ordination number and takes serial number 000, so it fails the public vectors.
Sources: the vectors and rules of personnummer/meta and organisationsnummer/meta; Folkbokföringslagen (1991:481) § 18.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

WHY: Final = {
    "wrong_characters": "it holds other characters than digits and one - or +",
    "wrong_length": "it has neither 10 nor 12 digits, or its sign is not before the last four",
    "interim": "it is an interim number (a letter in it); wait for the personal or co-ordination number",
    "not_a_day": "its first digits are no day of birth",
    "in_the_future": "its day of birth is still to come",
    "wrong_serial": "its serial number is 000, which nobody has",
    "wrong_check_digit": "its last digit is not the check digit of the others: look for a mistyped or swapped digit",
    "not_an_organisation": "it begins like no organisation's number and is no sole trader's personal number",
}
"""Why a number is refused: every code that ``Invalid`` has here, with its sentence."""

_PERSON = re.compile(r"(?P<century>\d\d)?(?P<yymmdd>\d{6})(?P<sign>[-+]?)(?P<serial>\d{3})\d", re.ASCII)
_INTERIM = re.compile(r"(\d\d)?\d{6}[-+]?[EJKLMNRSTUWX]\d{3}", re.ASCII | re.IGNORECASE)
_ORGANISATION = re.compile(r"(16)?(?P<ten>[1-9]\d[2-9]\d{3}-?\d{4})", re.ASCII)
_TEN_OF = re.compile(
    r"(?:SE)?(?P<century>16|18|19|20)?(?P<ten>\d{6}[-+]?\d{4})|SE(?P<vat>\d{6}-?\d{4})-?01", re.ASCII | re.IGNORECASE
)
_BLANK = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
"""Between digits, as somebody typed or pasted them: also what nobody sees."""
_DASH = re.compile(r"[\u2010-\u2015\u2212]")
_SHAPE = re.compile(r"\d+[-+]?\d*", re.ASCII)
_CENTURIES = ("18", "19", "20")
_CO_ORDINATION = 60
"""What is added to the day of birth in a co-ordination number (samordningsnummer)."""


class Invalid(ValueError):
    """A number that cannot be right. ``code`` is one of a closed set; the text never holds a digit of the number."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code: Final = code


@dataclass(frozen=True)
class PersonalNumber:
    """A valid personal or co-ordination number. One that was written in two ways is equal."""

    digits12: str = field(repr=False)
    """With the century: ``YYYYMMDDNNNC``; the day is 61 to 91 in a co-ordination number."""
    is_coordination: bool

    @property
    def short(self) -> str:
        """Ten digits, without the century: ``YYMMDDNNNC``. Someone born 100 years later can have the same."""
        return self.digits12[2:]

    @property
    def masked(self) -> str:
        """What may be shown: ``••••••-••34``."""
        return f"••••••-••{self.digits12[-2:]}"


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (modulus 10, weights 1 and 2 from the right)."""
    sums = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return sum(sums) % 10 == 0


def personal_number(text: str, today: date) -> PersonalNumber:
    """Read a personal or co-ordination number of 10 or 12 digits, with -, + or neither between day and serial number.

    Ten digits mean who was born last, on ``today`` at the latest; with + (from the year in which one turns 100) in the
    year 100 years ago at the latest. Blanks, and dashes of any kind, are as people paste them.

    Raises ``Invalid`` (``WHY``).
    """
    text = _typed(text)
    if _INTERIM.fullmatch(text):
        raise _invalid("interim")
    if not _SHAPE.fullmatch(text):
        raise _invalid("wrong_characters")
    if not (found := _PERSON.fullmatch(text)):
        raise _invalid("wrong_length")
    century, yymmdd, sign, serial = found.group("century", "yymmdd", "sign", "serial")
    if century:
        born = _day(century, yymmdd)
    else:
        latest = today.year - 100 if sign == "+" else today.year
        year = latest - (latest - int(yymmdd[:2])) % 100
        born = _day(f"{year // 100}", yymmdd)
        if born and born > today:
            born = _day(f"{year // 100 - 1}", yymmdd)
    if not born:
        raise _invalid("not_a_day")
    if born > today:
        raise _invalid("in_the_future")
    if serial == "000":
        raise _invalid("wrong_serial")
    ten = yymmdd + text[-4:]
    if not luhn(ten):
        raise _invalid("wrong_check_digit")
    return PersonalNumber(f"{born.year // 100}{ten}", is_coordination=int(yymmdd[4:]) > _CO_ORDINATION)


def organisation_number(text: str) -> str:
    """Return an organisation's number as ten digits, from 10 or 12 (which begin with 16), with or without -.

    A sole trader's is the personal or co-ordination number (ten digits, or twelve with the century).
    Raises ``Invalid`` (``WHY``).
    """
    text = _typed(text)
    if found := _ORGANISATION.fullmatch(text):
        ten = found["ten"].replace("-", "")
    elif not _SHAPE.fullmatch(text):
        raise _invalid("wrong_characters")
    elif not (found := _PERSON.fullmatch(text)):
        raise _invalid("wrong_length")
    elif not _day(found["century"] or "20", found["yymmdd"]) or found["serial"] == "000":
        raise _invalid("not_an_organisation")  # every leap day of ten digits is one in the years 2000 to 2099
    else:
        ten = found["yymmdd"] + text[-4:]
    if not luhn(ten):
        raise _invalid("wrong_check_digit")
    return ten


def is_sole_trader(ten: str) -> bool:
    """Tell whether an organisation's number (ten digits) is a person's: it is shown to nobody then."""
    return not _ORGANISATION.fullmatch(ten)


def shown_organisation(ten: str) -> str:
    """Return an organisation's number as it may be shown: ``556016-0680``, or ``••••••-••34`` of a sole trader."""
    return f"••••••-••{ten[-2:]}" if is_sole_trader(ten) else f"{ten[:6]}-{ten[6:]}"


def ten_of(number: str) -> str | None:
    """Return the ten digits of an organisation's number, however it is written; None: it is written as none is.

    With or without a century, a hyphen of any kind and blanks, or as the number for VAT: ``SE556016068001``.
    """
    return _century_and_ten(number)[1] or None


def ten_digits(number: str) -> str:
    """Return the ten digits of an organisation's number, as ``ten_of`` does; anything else as it is."""
    return ten_of(number) or number


def is_persons(number: str, digits12: str) -> bool:
    """Tell whether a number is a person's, however it is written: of their century, if it says one."""
    century, ten = _century_and_ten(number)
    return bool(ten) and ten == digits12[2:] and century in {"", digits12[:2]}


def _century_and_ten(number: str) -> tuple[str, str]:
    """Return the century and the ten digits of an organisation's or a person's number; "" for what it does not say."""
    if not (found := _TEN_OF.fullmatch(_typed(number))):
        return "", ""
    return found["century"] or "", "".join(filter(str.isdecimal, found["ten"] or found["vat"]))


def _typed(number: str) -> str:
    """Return a number without blanks, and with the hyphen that is meant by any dash."""
    return _DASH.sub("-", _BLANK.sub("", number))


def _day(century: str, yymmdd: str) -> date | None:
    """Return the day of birth, None where there is no such day."""
    day = int(yymmdd[4:])
    if century not in _CENTURIES:
        return None
    try:
        return date(int(century + yymmdd[:2]), int(yymmdd[2:4]), day - _CO_ORDINATION * (day > _CO_ORDINATION))
    except ValueError:
        return None


def _invalid(code: str) -> Invalid:
    return Invalid(code, WHY[code])
