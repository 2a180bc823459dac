"""What is said about books that hold something else than was posted, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

BOOKS_DIFFER = Phrase(
    "books.books_differ",
    "Bokföringen {first} till {last} och det som skickades skiljer sig: {counted:comma}. Rätta det som raderna "
    "nämner, eller godta det: bokbuss ledger accept {company} ID. Nästa avstämning avslutar det här: bokbuss ledger "
    "prove {company} --year {year}.",
    "The books of {first} to {last} and what was posted differ: {counted:comma}. Set right what the lines name, or "
    "accept it: bokbuss ledger accept {company} ID. The next proof ends this: bokbuss ledger prove {company} --year "
    "{year}.",
)
FILE_DIFFERS = Phrase(
    "books.file_differs",
    "En fil med huvudboken {first} till {last} och det som skickades skiljer sig: {counted:comma}. Rätta det som "
    "raderna nämner och läs in filen på nytt, eller godta det: bokbuss ledger accept {company} ID. Det här är över när "
    "allt är godtaget, eller när en nyare fil inte har det.",
    "A file with the ledger of {first} to {last} and what was posted differ: {counted:comma}. Set right what the "
    "lines name and load the file again, or accept it: bokbuss ledger accept {company} ID. This is over when all is "
    "accepted, or when a newer file has it no more.",
)
SOME_OF = Phrase("books.some_of", "{number} {kind}", "{number} {kind}")
LINE = Phrase("books.line", "{id} {said}", "{id} {said}")
AND_MORE = Phrase("books.and_more", "och {number} till", "and {number} more")
AGREE = Phrase(
    "books.agree",
    "Avstämningen hittar ingen skillnad längre, utom det som personer har godtagit.",
    "The proof finds no difference any more, but for what people have accepted.",
)
SOMETHING_ELSE = Phrase(
    "books.something_else", "En nyare avstämning hittade något annat.", "A newer proof found something else."
)

WORDS: Final[Mapping[str, Said]] = catalogue(
    "books",
    vars(),
    reason={
        "posted_twice": "skickad två gånger",
        "not_on_record": "inte antecknad här",
        "booked_twice": "bokförd två gånger",
        "deleted": "borttagen",
        "number_reused": "nummer använt igen",
        "changed": "ändrad",
        "renumbered": "omnumrerad",
        "reversed_by_hand": "återförd för hand",
        "foreign": "främmande",
    },
    rule={
        "books_that_differ_wait": "bokföring som skiljer sig väntar",
        "books_that_agree_wait_no_more": "bokföring som stämmer väntar inte längre",
    },
)
