"""Swedish bank accounts by the banks' own rules: whose it is, whether it can be right, and one string in two parts.

Source of the rules: Bankgirot, "Bankernas kontonummer", 2019-08-21 and later editions (types, comments: its words).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from schemas.identities import Invalid, luhn

WHY: Final = {
    "wrong_characters": "it holds other characters than digits and what separates them; an IBAN is not taken",
    "wrong_clearing_length": "a clearing number has four digits; only Swedbank's that begin with 8 may have a fifth",
    "wrong_clearing_check_digit": "the fifth digit of the clearing number is not the check digit of the first four",
    "unknown_clearing": "no bank that we know of has the clearing number",
    "wrong_length": "the bank's account numbers have another number of digits",
    "wrong_check_digit": "the check digit is wrong by the bank's own rule: look for a mistyped or swapped digit",
    "cannot_split": "it can be read as two different accounts; put a comma after the clearing number",
}
"""Why an account is refused: every code that ``Invalid`` has here, with its sentence."""

WARNINGS: Final = {
    "check_digit_differs": "the check digit is wrong, but a few of Swedbank's accounts have none: ask the person",
    "check_digit_not_known": "the bank's rule for check digits is not published: only the length was checked",
    "only_zeros": "the account number is nothing but zeros",
}
"""Why a valid account may be wrong all the same: every code that ``BankAccount.warning`` has, with its sentence."""


class AccountFormat(NamedTuple):
    """How a bank builds its account numbers (without the clearing number)."""

    shortest: int
    longest: int
    written: int
    """Digits of the normal form: shorter numbers get zeros in front."""
    holds: Callable[[str, str], bool]
    """Whether the check digit is right, from the four digits of the clearing number and the normal form."""
    warning: str = ""
    """What a wrong check digit means when it is no reason to refuse."""


def _mod11(digits: str) -> bool:
    """Tell whether the number is right by modulus 11: weights 1 to 10 from the right, then 1 again."""
    return sum(int(digit) * (1 + place % 10) for place, digit in enumerate(reversed(digits))) % 11 == 0


TYPE_1_COMMENT_1: Final = AccountFormat(7, 7, 7, lambda clearing, number: _mod11(clearing[1:] + number))
TYPE_1_COMMENT_2: Final = AccountFormat(7, 7, 7, lambda clearing, number: _mod11(clearing + number))
TYPE_2_COMMENT_1: Final = AccountFormat(10, 10, 10, lambda _, number: luhn(number))
TYPE_2_COMMENT_2: Final = AccountFormat(
    8, 9, 9, lambda _, number: _mod11(number)
)  # the first of nine may be a zero left out
TYPE_2_COMMENT_3: Final = AccountFormat(1, 10, 10, lambda _, number: luhn(number))
# "On rare occasions some of Swedbank's accounts cannot be validated" (2019). The edition of 2023-11-07 leaves the
# sentence out, but accounts that were opened before do not change.
SWEDBANK: Final = TYPE_2_COMMENT_3._replace(warning="check_digit_differs")
# Has a series of clearing numbers, but is not in Bankgirot's list, so nobody may refuse its accounts.
UNPUBLISHED: Final = AccountFormat(7, 10, 0, lambda *_: False, warning="check_digit_not_known")


class ClearingSeries(NamedTuple):
    """A series of clearing numbers that one bank has, and how its accounts are built."""

    first: int
    last: int
    bank: str
    kind: AccountFormat


SERIES: Final = (
    # Bankgirot, 2019-08-21. What has ended since (Forex, MedMera, Riksgälden, Öresund) still stands in registers.
    ClearingSeries(1100, 1199, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(1200, 1399, "Danske Bank", TYPE_1_COMMENT_1),
    ClearingSeries(1400, 2099, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(2300, 2399, "Ålandsbanken", TYPE_1_COMMENT_2),
    ClearingSeries(2400, 2499, "Danske Bank", TYPE_1_COMMENT_1),
    ClearingSeries(3000, 3299, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(3300, 3300, "Nordea personkonto", TYPE_2_COMMENT_1),  # the number is the holder's personal number
    ClearingSeries(3301, 3399, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(3400, 3409, "Länsförsäkringar Bank", TYPE_1_COMMENT_1),
    ClearingSeries(3410, 3781, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(3782, 3782, "Nordea personkonto", TYPE_2_COMMENT_1),
    ClearingSeries(3783, 3999, "Nordea", TYPE_1_COMMENT_1),
    ClearingSeries(4000, 4999, "Nordea", TYPE_1_COMMENT_2),
    ClearingSeries(5000, 5999, "SEB", TYPE_1_COMMENT_1),
    ClearingSeries(6000, 6999, "Handelsbanken", TYPE_2_COMMENT_2),
    ClearingSeries(7000, 7999, "Swedbank", TYPE_1_COMMENT_1),
    ClearingSeries(8000, 8999, "Swedbank", SWEDBANK),
    ClearingSeries(9020, 9029, "Länsförsäkringar Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9040, 9049, "Citibank", TYPE_1_COMMENT_2),
    ClearingSeries(9060, 9069, "Länsförsäkringar Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9100, 9109, "Nordnet Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9120, 9124, "SEB", TYPE_1_COMMENT_1),
    ClearingSeries(9130, 9149, "SEB", TYPE_1_COMMENT_1),
    ClearingSeries(9150, 9169, "Skandiabanken", TYPE_1_COMMENT_2),
    ClearingSeries(9170, 9179, "IKANO Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9180, 9189, "Danske Bank", TYPE_2_COMMENT_1),
    ClearingSeries(9190, 9199, "DNB Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9230, 9239, "Marginalen Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9250, 9259, "SBAB", TYPE_1_COMMENT_1),
    ClearingSeries(9260, 9269, "DNB Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9270, 9279, "ICA Banken", TYPE_1_COMMENT_1),
    ClearingSeries(9280, 9289, "Resurs Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9300, 9349, "Swedbank (f.d. Sparbanken Öresund)", TYPE_2_COMMENT_1),
    ClearingSeries(9390, 9399, "Landshypotek", TYPE_1_COMMENT_2),
    ClearingSeries(9400, 9449, "Forex Bank (historical)", TYPE_1_COMMENT_1),
    ClearingSeries(9460, 9469, "Santander Consumer Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9470, 9479, "BNP Paribas", TYPE_1_COMMENT_2),
    ClearingSeries(9500, 9549, "Nordea/Plusgirot", TYPE_2_COMMENT_3),
    ClearingSeries(9550, 9569, "Avanza Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9570, 9579, "Sparbanken Syd", TYPE_2_COMMENT_1),
    ClearingSeries(9590, 9599, "Erik Penser", TYPE_1_COMMENT_2),
    ClearingSeries(9630, 9639, "Lån & Spar Bank Sverige", TYPE_1_COMMENT_1),
    ClearingSeries(9640, 9649, "NOBA (Nordax) Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9650, 9659, "MedMera Bank (historical)", TYPE_1_COMMENT_2),
    ClearingSeries(9660, 9669, "Svea Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9670, 9679, "JAK Medlemsbank", TYPE_1_COMMENT_2),
    ClearingSeries(9680, 9689, "BlueStep Finans", TYPE_1_COMMENT_1),
    ClearingSeries(9700, 9709, "Ekobanken", TYPE_1_COMMENT_2),
    ClearingSeries(9780, 9789, "Klarna Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9880, 9889, "Riksgälden", TYPE_1_COMMENT_2),
    ClearingSeries(9890, 9899, "Riksgälden", TYPE_2_COMMENT_1),
    ClearingSeries(9960, 9969, "Nordea/Plusgirot", TYPE_2_COMMENT_3),
    # Bankgirot's editions of 2023 and 2024, as Bankinfrastruktur/BankData on GitHub keeps them.
    ClearingSeries(9070, 9079, "Multitude Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9580, 9589, "Aion Bank", TYPE_1_COMMENT_1),
    ClearingSeries(9710, 9719, "Lunar Bank", TYPE_1_COMMENT_2),
    ClearingSeries(9750, 9759, "Northmill Bank", TYPE_1_COMMENT_2),
    # Bankinfrastruktur i Sverige (BSAB), list of clearing numbers of 2023-08-08 by the same; those who keep accounts.
    ClearingSeries(9490, 9499, "Brite", UNPUBLISHED),
    ClearingSeries(9600, 9609, "Banking Circle", UNPUBLISHED),
    ClearingSeries(9610, 9619, "Volvofinans Bank", UNPUBLISHED),
    ClearingSeries(9620, 9629, "Bank of China", UNPUBLISHED),
    ClearingSeries(9770, 9779, "Intergiro", UNPUBLISHED),
    # BSAB's table of 2026-08-06, known only from two public copies that differ on the rules.
    ClearingSeries(2110, 2119, "Juni Technology", UNPUBLISHED),
    ClearingSeries(2120, 2129, "Steven", UNPUBLISHED),
    ClearingSeries(2130, 2139, "Zimpler", UNPUBLISHED),
    ClearingSeries(2140, 2149, "Trustly", UNPUBLISHED),
    ClearingSeries(2150, 2159, "Revolut", UNPUBLISHED),
    ClearingSeries(2160, 2169, "Trade Republic", UNPUBLISHED),
    ClearingSeries(2170, 2179, "PPRO", UNPUBLISHED),
    ClearingSeries(2180, 2189, "Stripe", UNPUBLISHED),
    ClearingSeries(9565, 9569, "Avanza Bank", UNPUBLISHED),  # beside its older accounts of seven digits
)
"""Whose a clearing number is. Where two series hold one, the first that fits the account number's length counts."""

_SEPARATORS: Final = re.compile(r"[\s.,;:/\-\u2010-\u2015\u2212]+")
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_CLEARING: Final = 4
_SWEDBANK_CLEARING: Final = 5
_SHORTEST_OF_SWEDBANK: Final = 7
"""Shorter accounts are not in use; a string of fewer digits is rather an account without its clearing number."""


@dataclass(frozen=True)
class BankAccount:
    """A Swedish account that can be right. One that was written in two ways is equal."""

    clearing: str = field(repr=False)
    """Four digits; five at Swedbank's 8000 to 8999, whose fifth is their check digit (computed when left out)."""
    number: str = field(repr=False)
    """Digits only, with the zeros in front that the bank's rule asks for."""
    bank: str
    warning: str = ""
    """A code of ``WARNINGS`` when the account may be wrong all the same, otherwise empty."""

    @property
    def masked(self) -> str:
        """What may be shown, 40 characters at most: ``Swedbank •••90``."""
        return f"{self.bank} •••{self.number[-2:]}"


def bank_account(clearing: str, number: str) -> BankAccount:
    """Check an account by its bank's own rules and return it in its normal form. Raises ``Invalid`` (``WHY``)."""
    clearing, number = _digits(clearing), _digits(number)
    four = _four(clearing)
    series = [row for row in SERIES if row.first <= int(four) <= row.last]
    if not series:
        raise _invalid("unknown_clearing")
    for row in series:
        if row.kind.shortest <= len(number) <= row.kind.longest:
            bank, kind = row.bank, row.kind
            break
    else:
        raise _invalid("wrong_length")
    number = number.zfill(kind.written)
    warning = "only_zeros" if not int(number) else ""
    if not kind.holds(four, number):
        if not kind.warning:
            raise _invalid("wrong_check_digit")
        warning = kind.warning
    return BankAccount(_with_check_digit(four) if four[0] == "8" else four, number, bank, warning)


def split(text: str) -> tuple[str, str]:
    """Return clearing number and account number, digits only, of one string in any usual spelling.

    Separators, lengths and, where both are silent, check digits tell where the one ends; whether the account is right,
    ``bank_account`` tells. Raises ``Invalid`` (``WHY``).
    """
    groups = [_digits(group) for group in _SEPARATORS.split(text) if group]
    digits = "".join(groups)
    place = _place_in_swedbank(digits, set(accumulate(map(len, groups)))) if digits[:1] == "8" else _CLEARING
    if len(digits) <= place:
        raise _invalid("wrong_length")
    return digits[:place], digits[place:]


def _place_in_swedbank(digits: str, ends: set[int]) -> int:
    """Return how many digits of a Swedbank account (8...) are its clearing number; ``ends`` is where groups end."""
    if _SWEDBANK_CLEARING in ends or len(digits) > _CLEARING + SWEDBANK.longest:
        return _SWEDBANK_CLEARING
    separated = _CLEARING in ends
    if len(digits) < _CLEARING + _SHORTEST_OF_SWEDBANK and not separated:
        raise _invalid("wrong_length")
    fits = len(digits) >= _SWEDBANK_CLEARING + _SHORTEST_OF_SWEDBANK and luhn(digits[:_SWEDBANK_CLEARING])
    if luhn(digits[_CLEARING:]) or not fits:  # both ways hold only when the digit between is 0: the same account
        return _CLEARING
    holds = luhn(digits[_SWEDBANK_CLEARING:])
    if holds == separated:  # separator and check digit contradict each other, or neither says anything
        raise _invalid("cannot_split")
    return _SWEDBANK_CLEARING if holds else _CLEARING


def _four(clearing: str) -> str:
    """Return the four digits by which banks clear, from a clearing number of four or five."""
    if len(clearing) == _SWEDBANK_CLEARING and clearing[0] == "8":
        if not luhn(clearing):
            raise _invalid("wrong_clearing_check_digit")
    elif len(clearing) != _CLEARING:
        raise _invalid("wrong_clearing_length")
    return clearing[:_CLEARING]


def _with_check_digit(four: str) -> str:
    return next(five for digit in "0123456789" if luhn(five := four + digit))


def _digits(text: str) -> str:
    """Return the text without what separates digits."""
    digits = _SEPARATORS.sub("", text)
    if digits and not _DIGITS.fullmatch(digits):
        raise _invalid("wrong_characters")
    return digits


def _invalid(code: str) -> Invalid:
    return Invalid(code, WHY[code])
