"""What is said about receipts, in both languages: why one waits, what can be answered. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

REFUSED = Phrase("toyflow.refused", "Fortnox tar inte emot fakturan: {why}", "Fortnox does not take the invoice: {why}")
CHANGED_SINCE = Phrase(
    "toyflow.changed_since",
    "Kvittot kom igen med annat innehåll och är redan fakturerat. Rätta fakturan i Fortnox.",
    "The receipt came again with other content, and is invoiced already. Correct the invoice in Fortnox.",
)
NOTHING = Phrase(
    "toyflow.nothing",
    "Inget på kvittot kostar något. Fråga den som sålde det.",
    "Nothing on the receipt costs anything. Ask whoever sold it.",
)
NO_CUSTOMER = Phrase(
    "toyflow.no_customer",
    "Kvittot anger ingen kund. Skicka det igen med kundens nummer.",
    "The receipt names no customer. Send it again with the customer's number.",
)
DECIDED_ANEW = Phrase("toyflow.decided_anew", "Det avgjordes på nytt.", "It was decided anew.")
RETRY = Phrase(
    "toyflow.retry",
    "Skicka den igen, sedan det rättats i Fortnox.",
    "Send it again, after it was set right in Fortnox.",
)
DISCARD = Phrase(
    "toyflow.discard",
    "Fakturera aldrig det här; det hanteras för hand. Nyare innehåll öppnar det igen.",
    "Never invoice this; it is handled by hand. Newer content opens it again.",
)

WORDS: Final[Mapping[str, Said]] = catalogue(
    "toyflow",
    vars(),
    reason={
        "refused": "nekad",
        "changed_since": "ändrat sedan dess",
        "nothing_to_invoice": "inget att fakturera",
        "no_customer": "ingen kund",
    },
    answer={"retry": "försök igen", "discard": "kasta"},
    rule={
        "what_a_person_gave_up_stays_given_up": "det en person gav upp förblir uppgivet",
        "what_was_refused_waits_for_a_person": "det som nekades väntar på en person",
        "what_was_ordered_is_not_ordered_again": "det som beställts beställs inte igen",
        "an_invoice_of_nothing_waits": "en faktura på inget väntar",
        "a_sale_to_nobody_waits": "en försäljning till ingen väntar",
        "what_was_sold_is_invoiced": "det som såldes faktureras",
    },
)
