"""What is wrong with a value, in both languages: by pydantic's type of error, and by our own. Pure.

A validator raises ``Unfit`` with words of its own; ``of`` finds the words of every other error by its type.
"""

from collections.abc import Mapping
from typing import Final

from pydantic_core import ErrorDetails

from schemas.words import Phrase, Said, Spoken, Text, catalogue


class Unfit(Spoken, ValueError):
    """A value cannot be used; ``said`` is why, for readers of each language."""


MISSING = Phrase("schemas.missing", "saknas", "is missing")
UNKNOWN = Phrase("schemas.unknown", "det finns inget sådant fält", "there is no such field")
WHOLE_NUMBER = Phrase("schemas.whole_number", "här ska ett heltal stå", "a whole number is wanted")
TRUE_OR_FALSE = Phrase("schemas.true_or_false", "här ska true eller false stå", "true or false is wanted")
TEXT = Phrase("schemas.text", "här ska en text stå", "a text is wanted")
LIST = Phrase(
    "schemas.list",
    "här ska en lista stå: varje post på en egen rad, efter ett bindestreck",
    "a list is wanted: each entry on a line of its own, after a hyphen",
)
NAMES = Phrase(
    "schemas.names", "här ska inställningar med egna namn stå", "settings with names of their own are wanted"
)
DAY = Phrase("schemas.day", "här ska en dag stå, som 2026-04-10", "a day is wanted, such as 2026-04-10")
NO_SUCH_DAY = Phrase("schemas.no_such_day", "dagen finns inte i kalendern", "there is no such day in the calendar")
AMOUNT = Phrase(
    "schemas.amount",
    "här ska ett belopp med två decimaler stå, som 1234.50",
    "an amount with two decimals is wanted, such as 1234.50",
)
AMOUNT_SIZE = Phrase(
    "schemas.amount_size",
    "ett belopp har högst två decimaler, och tolv siffror före dem",
    "an amount has at most two decimals and twelve digits before them",
)
RATE = Phrase(
    "schemas.rate",
    "här ska en momssats i procent stå, som 25 eller 8.25",
    "a VAT rate in percent is wanted, such as 25 or 8.25",
)
TOO_SHORT = Phrase("schemas.too_short", "den är kortare än {min_length}", "it is shorter than {min_length}")
TOO_LONG = Phrase("schemas.too_long", "den är längre än {max_length}", "it is longer than {max_length}")
PATTERN = Phrase(
    "schemas.pattern",
    "den är för lång eller tom, eller har ett tecken som inte kan stå här",
    "it is too long or empty, or holds a character that cannot stand here",
)
LESS_THAN = Phrase("schemas.less_than", "det är mindre än {ge}", "it is less than {ge}")
MORE_THAN = Phrase("schemas.more_than", "det är mer än {le}", "it is more than {le}")
NOT_A_CHOICE = Phrase("schemas.not_a_choice", "det kan vara: {expected}", "it can be: {expected}")
TWICE = Phrase("schemas.twice", "står två gånger på samma ställe", "stands twice in the same place")

BY_TYPE: Final[Mapping[str, Phrase]] = {
    "missing": MISSING,
    "extra_forbidden": UNKNOWN,
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "bool_type": TRUE_OR_FALSE,
    "string_type": TEXT,
    "tuple_type": LIST,
    "model_type": NAMES,
    "model_attributes_type": NAMES,
    "date_type": DAY,
    "no_day": DAY,
    "no_such_day": NO_SUCH_DAY,
    "no_amount": AMOUNT,
    "amount_size": AMOUNT_SIZE,
    "no_rate": RATE,
    "string_too_short": TOO_SHORT,
    "string_too_long": TOO_LONG,
    "too_short": TOO_SHORT,
    "too_long": TOO_LONG,
    "string_pattern_mismatch": PATTERN,
    "greater_than_equal": LESS_THAN,
    "less_than_equal": MORE_THAN,
    "literal_error": NOT_A_CHOICE,
}
"""Our own types are those that ``schemas.base`` and ``schemas.money`` raise."""

WORDS: Final[Mapping[str, Said]] = catalogue("schemas", vars())


def of(error: ErrorDetails) -> Text | str:
    """Return what is wrong; in English where neither the error nor its type has words."""
    context = error.get("ctx", {})
    match context.get("error"):
        case Unfit(said=said):
            return said
    if (phrase := BY_TYPE.get(error["type"])) is not None:
        return phrase(**{name: str(value) for name, value in context.items()})
    return error["msg"].removeprefix("Value error, ")
