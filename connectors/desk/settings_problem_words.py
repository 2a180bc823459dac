"""What is said of a file of settings: what is wrong with it, and what it would change, in both languages. Pure.

Names of settings and their values stand as the file has them.
"""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- What is wrong --------------------------------------------------------------------------------------------------

AT = Phrase("desk.setting_at", "{where}: {what}", "{where}: {what}")
WHOLE = Phrase("desk.settings_whole", "inställningarna", "settings")
GIVEN = Phrase("desk.setting_given", "{what} (det står {given})", "{what} (it says {given})")
MISSING = Phrase("desk.setting_missing", "saknas: {meaning}", "is missing: {meaning}")
UNKNOWN = Phrase("desk.setting_unknown", "det finns ingen sådan inställning{which}", "there is no such setting{which}")
WRONG_CHOICE = Phrase("desk.setting_wrong_choice", "det står {given}{which}", "it says {given}{which}")
MEANT = Phrase(
    "desk.setting_meant",
    "; menades {near}? det kan vara: {choices:comma}",
    "; did you mean {near}? it can be: {choices:comma}",
)
CAN_BE = Phrase("desk.setting_can_be", "; det kan vara: {choices:comma}", "; it can be: {choices:comma}")
NO_OTHER_FIELD = Phrase(
    "desk.setting_no_other_field",
    "; {system} har inget annat fält för {field}: utelämna det",
    "; {system} has no other field for {field}: leave it out",
)
NOT_UTF_8 = Phrase("desk.settings_not_utf_8", "filen är inte UTF-8", "the file is not UTF-8")
HOLDS_NUL = Phrase("desk.settings_hold_nul", "filen har tecknet NUL", "the file holds the character NUL")
NOT_READABLE = Phrase("desk.settings_not_readable", "filen är inte {form}: {how}", "the file is not {form}: {how}")
NOT_READABLE_AT = Phrase(
    "desk.settings_not_readable_at",
    "filen är inte {form}: rad {line}, kolumn {column}",
    "the file is not {form}: line {line}, column {column}",
)
TOO_MUCH = Phrase(
    "desk.settings_too_much",
    "filen hänvisar till sig själv, är för djupt nästlad eller har mer än {most:count} värden",
    "the file refers to itself, is nested too deeply, or has more than {most:count} values",
)
TOO_LARGE = Phrase(
    "desk.settings_too_large",
    "inställningarna är {size:count} byte, fler än de {most:count} som ett företags får vara: ta bort rader som "
    "inte behövs mer; en rad för en momssats gäller varje grupp utan egen rad",
    "the settings are {size:count} bytes, more than the {most:count} that a company's may be: leave out rows that are "
    "not needed any more; a row of a VAT rate is for each group without one of its own",
)
EMPTY = Phrase(
    "desk.settings_empty",
    "filen är tom; att börja med ett kontoförslag: bokbuss settings show --starting-set",
    "the file is empty; to begin with a set of accounts: bokbuss settings show --starting-set",
)

# --- What changes ---------------------------------------------------------------------------------------------------

ADDED = Phrase("desk.setting_added", "{where}: tillkommer", "{where}: added")
REMOVED = Phrase("desk.setting_removed", "{where}: utgår", "{where}: removed")
CHANGED = Phrase("desk.setting_changed", "{where}: {old} -> {new}", "{where}: {old} -> {new}")
GONE = Phrase("desk.setting_gone", "{where}: - {entry}", "{where}: - {entry}")
COME = Phrase("desk.setting_come", "{where}: + {entry}", "{where}: + {entry}")
ANOTHER_ORDER = Phrase(
    "desk.setting_another_order",
    "{where}: samma poster i annan ordning",
    "{where}: the same entries in another order",
)
NOTHING = Phrase("desk.setting_nothing", "(inget)", "(none)")

WORDS: Final[Mapping[str, Said]] = catalogue("desk", vars())
