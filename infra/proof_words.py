"""What a proof says of each difference, in both languages: what is wrong, and what to do. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.proofs import DifferenceKind
from schemas.words import Phrase, Said, catalogue

DIFFERENCE = Phrase("infra.difference", "{what}. {do}", "{what}. {do}")
OURS = Phrase("infra.ours", "{name} den {day} ({key})", "{name} of {day} ({key})")
DATED = Phrase("infra.dated", "den är daterad {is_day}, inte {day}", "it is dated {is_day}, not {day}")
ROW_DIFFERS = Phrase(
    "infra.row_differs", "{place}: {was:money}, nu {now:money}", "{place}: {was:money}, now {now:money}"
)
MORE_ROWS = Phrase("infra.more_rows", "och {number} rader till", "and {number} more rows")
MORE = Phrase("infra.more", "{number} till", "{number} more")
LISTED = Phrase("infra.listed", "{names:comma}", "{names:comma}")
LISTED_AND = Phrase("infra.listed_and", "{names:comma} och {last}", "{names:comma} and {last}")
CHANGED = Phrase("infra.changed", "{ours} har ändrats: {what}", "{ours} was changed: {what}")
RENUMBERED = Phrase("infra.renumbered", "{ours} står som {now}, inte som {was}", "{ours} stands as {now}, not as {was}")
DELETED = Phrase("infra.deleted", "{ours} finns inte i huvudboken", "{ours} is not in the ledger")
STRUCK = Phrase(
    "infra.struck", "{ours} har inga rader längre: de är strukna", "{ours} has no rows any more: they were struck"
)
NUMBER_IS_OURS = Phrase(
    "infra.number_is_ours",
    "{ours} är borta, och {key} har dess nummer",
    "{ours} is gone, and {key} has its number",
)
NUMBER_IS_ANOTHERS = Phrase(
    "infra.number_is_anothers",
    "{ours} är borta, och en annan verifikation den {day} har dess nummer",
    "{ours} is gone, and another voucher of {day} has its number",
)
MARK_WITHOUT_RECORD = Phrase(
    "infra.mark_without_record",
    "{name} den {day} bär vårt märke {mark}, och inget är antecknat om den",
    "{name} of {day} carries our mark {mark}, and nothing is on record of it",
)
MARK_OF_THE_REFUSED = Phrase(
    "infra.mark_of_the_refused",
    "{name} den {day} bär vårt märke {mark}, fastän den nekades",
    "{name} of {day} carries our mark {mark}, though it was refused",
)
MARK_OF_ANOTHER_YEAR = Phrase(
    "infra.mark_of_another_year",
    "{name} den {day} bär märket från {ours}, som hör till ett annat räkenskapsår",
    "{name} of {day} carries the mark of {ours}, which is of another financial year",
)
POSTED_TWICE = Phrase(
    "infra.posted_twice",
    "{ours} finns där en gång till, som {name}: återför {name}",
    "{ours} stands there once more, as {name}: reverse {name}",
)
TAKEN_BACK = Phrase(
    "infra.taken_back",
    "{ours} återförs av {name} den {day}",
    "{ours} is taken back by {name} of {day}",
)
FOREIGN = Phrase(
    "infra.foreign",
    "{name} den {day} är inte vår och står i en serie som vi bokför i",
    "{name} of {day} is not of us and stands in a series that we book in",
)
HOLDS_OURS = Phrase(
    "infra.holds_ours",
    "{theirs} innehåller det vi bokförde som {ours} för {days} ({likeness}): återför {theirs}",
    "{theirs} holds what we booked as {ours} of {days} ({likeness}): reverse {theirs}",
)
HOLD_OURS = Phrase(
    "infra.hold_ours",
    "{theirs} innehåller det vi bokförde som {ours} för {days} ({likeness}): återför {theirs}",
    "{theirs} hold what we booked as {ours} of {days} ({likeness}): reverse {theirs}",
)

SAME_ROWS = Phrase("infra.same_rows", "samma rader", "the same rows")
SAME_AMOUNTS = Phrase("infra.same_amounts", "samma belopp på andra konton", "the same amounts on other accounts")
SAME_SALES = Phrase("infra.same_sales", "samma försäljning och moms", "the same sales and VAT")
ROUNDED = Phrase("infra.rounded", "avrundat", "rounded")

BOOK_IT_AGAIN = Phrase(
    "infra.book_it_again",
    "Fråga vem som tog bort den; om händelsen ska gälla, bokför den igen.",
    "Ask who deleted it; if its event is to stand, book it again.",
)
SET_IT_RIGHT = Phrase(
    "infra.set_it_right",
    "Fråga vem som ändrade den; rätta den, eller godta den.",
    "Ask who changed it; set it right, or accept it.",
)
LOOK_FOR_MISSING = Phrase(
    "infra.look_for_missing",
    "Bokföringen har flyttats eller återställts: leta efter verifikationer som saknas.",
    "The books were moved or restored: look for vouchers that are missing.",
)
COPIED = Phrase(
    "infra.copied",
    "Någon har kopierat den, om inte vi bokförde den två gånger: säg det till oss då.",
    "Somebody copied it, unless we booked it twice: then tell us.",
)
COPIED_OR_OLDER = Phrase(
    "infra.copied_or_older",
    "Någon har kopierat den, eller så är våra uppgifter äldre än bokföringen: se efter innan något bokförs.",
    "Somebody copied it, or our records are older than the books: look before anything is booked.",
)
BOOK_OR_ACCEPT = Phrase(
    "infra.book_or_accept",
    "Om händelsen ska gälla, bokför den igen; annars godta skillnaden.",
    "If its event is to stand, book it again; if not, accept it.",
)
REVERSE_OURS = Phrase(
    "infra.reverse_ours",
    "Ska den gälla, återför vår i stället, och avsluta importen eller den här anslutningen.",
    "If that one is to stand, reverse ours instead, and end the import or this connection.",
)
ANOTHER_SERIES = Phrase(
    "infra.another_series",
    "Bokför i en annan serie, eller godta den (--series: alla i serien).",
    "Book in another series, or accept it (--series: all of them).",
)
WHAT_TO_DO: Final[Mapping[DifferenceKind, Phrase]] = {
    "deleted": BOOK_IT_AGAIN,
    "changed": SET_IT_RIGHT,
    "number_reused": BOOK_IT_AGAIN,
    "renumbered": LOOK_FOR_MISSING,
    "posted_twice": COPIED,
    "not_on_record": COPIED_OR_OLDER,
    "reversed_by_hand": BOOK_OR_ACCEPT,
    "booked_twice": REVERSE_OURS,
    "foreign": ANOTHER_SERIES,
}
"""By the kind of difference: whose move it is, and which."""

COMPARED = Phrase(
    "infra.compared",
    "{posted:count} verifikationer från oss bland {vouchers:count}; ingen skillnad",
    "{posted:count} vouchers of ours among {vouchers:count}; no difference",
)
COMPARED_AND_FOUND = Phrase(
    "infra.compared_and_found",
    "{posted:count} verifikationer från oss bland {vouchers:count}; {kinds:comma}",
    "{posted:count} vouchers of ours among {vouchers:count}; {kinds:comma}",
)
OF_A_KIND = Phrase("infra.of_a_kind", "{kind}: {number}", "{kind}: {number}")

WORDS: Final[Mapping[str, Said]] = catalogue("infra", vars())
