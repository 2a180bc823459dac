"""What a rule may say about a reading or a request, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.base import Who
from schemas.commands import Choice

NAME: Final = "ledger"
READ: Final = "ledger_read"
"""The reason under which it goes on record that a year is now what was read of it."""

OVERWRITE = Choice(answer="overwrite", means="The year becomes what Fortnox has. What was loaded from the file leaves.")
KEEP = Choice(answer="keep", means="The year stays as it was loaded. Fortnox's is not asked about again.")
USE = Choice(
    answer="use", means="The year becomes what this file has. Fortnox's is taken on request, or where chosen anew."
)
DISCARD = Choice(answer="discard", means="This reading is not used. The year stays as it is.")
RETRY = Choice(answer="retry", means="Look again, after the company's number was corrected.")


@dataclass(frozen=True, slots=True)
class Read:
    """Fortnox is to be read."""


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: why, and what can be answered."""

    reason: str
    message: str
    choices: tuple[Choice, ...]
    lines: tuple[str, ...] = ()
    who: Who = "accountant"


@dataclass(frozen=True, slots=True)
class Adopted:
    """The year is what was read; which goes on record with what is different."""

    message: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. ``because`` is told where an open hold is closed."""

    because: str


Verdict = Read | Held | Adopted | Settled
