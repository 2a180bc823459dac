"""What a target made of values that were written to it: its own doing, and nobody's change. Pure.

What its answer shows is certainly that. Where no answer showed it, the first reading after it does: of fields that were
written and not read since, the same words in other letters, or fewer, are the target's; anything else a person's.
"""

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any, Final

from schemas.audit import Shown
from schemas.events import EmployeeField, EmployeeFields
from streams.employees.fields import FIELDS, Value, get, same
from streams.employees.state import Person

FILLED: Final[frozenset[EmployeeField]] = frozenset({"tax_table", "tax_column"})
"""What Fortnox enters of a new employee by itself."""


def adapts(written: Value, read: Value) -> bool:
    """Tell whether a target can have made one value of another by itself: other letters of the same words, or fewer."""
    if not isinstance(written, str) or not isinstance(read, str):
        return False
    letters = _letters(read)
    return bool(letters) and _letters(written).startswith(letters)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def adapted(person: Person, shown: EmployeeFields, fields: Collection[EmployeeField]) -> dict[str, Any]:
    """Return what is agreed on, when Fortnox holds these fields as is shown and that is what it made of them."""
    return {
        "kept": person.kept.model_copy(update={f: get(shown, f) for f in fields}),
        "adapted": tuple(f for f in FIELDS if f in fields or f in person.adapted),
        "agreed": tuple(f for f in FIELDS if f in fields or f in person.agreed),
        "chosen": tuple(c for c in person.chosen if c.field not in fields),
    }


def made_by_fortnox(person: Person, read: EmployeeFields, fields: Iterable[EmployeeField]) -> dict[str, Any]:
    """Return what is agreed on after a reading, ``fields`` being those that were written and not read since."""
    made = [
        f
        for f in fields
        if not same(f, value := get(read, f), wrote := person.base_in_fortnox(f))
        and (adapts(wrote, value) or (f in FILLED and not wrote))
    ]
    return adapted(person, read, made)


def made_by_hr(person: Person, read: EmployeeFields, shown: Shown | None = None) -> dict[str, Any]:
    """Return what is agreed on after the HR system told what it holds; ``shown``: what its answer to a write showed."""
    its_own = [f for f in shown.names if same(f, get(read, f), get(shown.fields, f))] if shown else []
    made = [f for f in person.unread_in_hr if f in its_own or adapts(get(person.base, f), get(read, f))]
    return {
        "base": person.base.model_copy(update={f: get(read, f) for f in made}),
        "kept": person.kept.model_copy(update={f: person.base_in_fortnox(f) for f in made}),
        "adapted": tuple(f for f in FIELDS if f in made or f in person.adapted),
        "unread_in_hr": (),
    }
