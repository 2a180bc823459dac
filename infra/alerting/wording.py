"""What a mail says of what waits: each condition in a few words, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Said

KINDS: Final[Mapping[str, Said]] = {
    "held": Said("Väntar på svar", "Waits for an answer"),
    "check_failed": Said("Fel i uppsättningen hos {system}", "A fault in the set-up at {system}"),
    "needs_consent": Said("{system} behöver ett nytt godkännande", "{system} needs a new consent"),
    "licence_missing": Said("En licens saknas hos {system}", "A licence is missing at {system}"),
    "consent_expiring": Said("Godkännandet hos {system} går snart ut", "The consent at {system} ends soon"),
    "outcome_unknown": Said("Svar saknas från {sink} sedan en halvtimme", "No answer from {sink} for half an hour"),
    "parked": Said("Meddelanden kan inte avgöras", "Messages cannot be decided"),
    "unreadable": Said("Meddelanden gick inte att läsa", "Messages could not be read"),
    "books_differ": Said("Bokföringen skiljer sig från det skickade", "The books differ from what was posted"),
}
"""By the kind of an alert; what is in braces is what it is about."""
PLACES: Final[Mapping[str, str]] = {
    "held": "held",
    "parked": "parked",
    "unreadable": "dead",
    "books_differ": "ledger",
    "outcome_unknown": "",
}
"""Where it is seen, below the company's page; all else at its connections."""
URGENT: Final = frozenset({"needs_consent", "licence_missing", "parked", "outcome_unknown"})
"""Kinds for which nobody waits for the next digest: nothing goes on until somebody acts."""

DAYS: Final = Said("dag {days}", "day {days}")
UNTIL: Final = Said("till och med {until}", "until {until}")
NEW: Final = Said("nya: {new}", "new: {new}")
TITLE: Final = Said("Det här väntar på någon", "This waits for somebody")
URGENT_TITLE: Final = Said("Något har stannat", "Something has stopped")
LEAD: Final = Said(
    "Väntar i allt: {all}. Nya sedan förra mejlet: {new}.", "Waiting in all: {all}. New since the last mail: {new}."
)
SUBJECT: Final = Said("bokbuss: {all} väntar på någon ({where})", "bokbuss: {all} waiting for somebody ({where})")
URGENT_SUBJECT: Final = Said(
    "bokbuss: något har stannat, {all} väntar ({where})", "bokbuss: something has stopped, {all} waiting ({where})"
)
COMPANIES: Final = Said("{number} företag", "{number} companies")
BUTTON: Final = Said("Öppna", "Open")
FOOT: Final = Said(
    "Du får det här för att någon har angett din adress för det som väntar. Det kommer högst ett mejl var {hours}:e "
    "timme; bara det som har stannat kommer genast. Mejlet innehåller inga uppgifter om personer.",
    "You get this because somebody gave your address for what waits. There is one mail in {hours} hours at most; only "
    "what has stopped comes at once. The mail holds nothing of anybody.",
)
