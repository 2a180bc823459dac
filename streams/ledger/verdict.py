"""What a rule may say about a reading or a request, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.commands import Choice
from schemas.flows import Held
from schemas.words import Text
from streams.ledger import words

NAME: Final = "ledger"
READ: Final = "ledger_read"
"""The reason under which it goes on record that a year is now what was read of it."""

OVERWRITE = Choice.saying("overwrite", words.OVERWRITE())
KEEP = Choice.saying("keep", words.KEEP())
USE = Choice.saying("use", words.USE())
DISCARD = Choice.saying("discard", words.DISCARD())
RETRY = Choice.saying("retry", words.RETRY())


@dataclass(frozen=True, slots=True)
class Read:
    """Fortnox is to be read."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The year is what was read; which goes on record with what is different."""

    message: Text
    lines: tuple[Text | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. ``because`` is told where an open hold is closed."""

    because: Text


Verdict = Read | Held | Adopted | Settled
