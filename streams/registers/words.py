"""What is said about days and numbers that have not come, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

NOT_CLOSED = Phrase(
    "registers.not_closed",
    "Butik {store} har inte stängt {day}: klockan {by} hade ingen Z-rapport för dagen kommit. Gör dagsavslutet i "
    "kassan, eller se efter om rapporterna når oss; det här upphör av sig självt när rapporten kommer. Var butiken "
    "stängd: svara ”Var stängd”, eller lägg till dagen i closed_on i butikens kalender i inställningarna.",
    "Store {store} has not closed {day}: by {by} no Z report of that day had come. Close the day in the till, or see "
    "whether its reports reach us; this ends by itself when the report comes. If the store was closed, answer "
    "was_closed, or add the day to closed_on of its calendar in the settings.",
)
GAP = Phrase(
    "registers.gap",
    "Kassa {register} i butik {store}: mellan Z {after} den {after_day} och Z {before} den {before_day} har dessa "
    "inte kommit: {runs:comma}. Skicka dem från kassan; det här upphör av sig självt när de kommer. Kommer de aldrig "
    "(kassan är nollställd eller utbytt): svara ”Kommer inte”.",
    "Register {register} of store {store}: between Z {after} of {after_day} and Z {before} of {before_day} these have "
    "not come: {runs:comma}. Send them from the till; this ends by itself when they come. If they never will (the "
    "register was reset or replaced), answer will_not_come.",
)
LARGE_GAP = Phrase(
    "registers.large_gap",
    "Kassa {register} i butik {store}: mellan Z {after} den {after_day} och Z {before} den {before_day} har dessa "
    "inte kommit: {runs:comma} och fler. Skicka dem från kassan; det här upphör av sig självt när de kommer. Kommer "
    "de aldrig (kassan är nollställd eller utbytt): svara ”Kommer inte”.",
    "Register {register} of store {store}: between Z {after} of {after_day} and Z {before} of {before_day} these have "
    "not come: {runs:comma} and more. Send them from the till; this ends by itself when they come. If they never will "
    "(the register was reset or replaced), answer will_not_come.",
)
ENDED = Phrase("registers.ended", "{key}: {why}.", "{key}: {why}.")
ANSWERED = Phrase("registers.answered", "en person svarade {answer}", "a person answered {answer}")
DAY_HAS_COME = Phrase("registers.day_has_come", "en rapport för dagen har kommit", "a report of the day has come")
NOT_EXPECTED = Phrase(
    "registers.not_expected",
    "butikens kalender väntar ingen rapport för dagen",
    "the store's calendar expects no report of the day",
)
NUMBERS_HAVE_COME = Phrase("registers.numbers_have_come", "alla nummer har kommit", "every number has come")
SOME_HAVE_COME = Phrase("registers.some_have_come", "några av numren har kommit", "some of the numbers have come")
WAS_CLOSED = Phrase(
    "registers.was_closed",
    "Butiken var stängd den dagen: det finns ingen rapport.",
    "The store was closed that day: there is no report.",
)
WILL_NOT_COME = Phrase(
    "registers.will_not_come",
    "De här numren kommer inte: kassan är nollställd eller utbytt, eller har tappat dem.",
    "These numbers will not come: the register was reset or replaced, or lost them.",
)

WORDS: Final[Mapping[str, Said]] = catalogue(
    "registers",
    vars(),
    reason={"day_missing": "dag saknas", "numbers_missing": "nummer saknas"},
    answer={"was_closed": "var stängd", "will_not_come": "kommer inte"},
    rule={
        "what_a_person_answered_stands": "det en person har svarat står fast",
        "a_day_that_has_come_is_missed_no_more": "en dag som har kommit saknas inte längre",
        "a_day_on_which_the_store_is_closed_is_not_missed": "en dag då butiken är stängd saknas inte",
        "a_store_that_has_not_closed_is_said_so": "att en butik inte har stängt sägs",
        "numbers_that_have_come_are_missed_no_more": "nummer som har kommit saknas inte längre",
        "a_gap_in_a_registers_series_is_named": "en lucka i en kassas serie nämns",
    },
)
