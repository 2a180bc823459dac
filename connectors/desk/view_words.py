"""What commands say around what waits, the trail and stories, in both languages. Pure."""

from typing import Final

from schemas.words import Said

NOTHING_WAITS: Final = Said("Ingenting väntar på någon.", "Nothing waits for a person.")
HOLD_HEADS: Final = (
    Said("ID", "ID"),
    Said("SEDAN", "SINCE"),
    Said("FÖRETAG", "COMPANY"),
    Said("VAD", "WHAT"),
    Said("SKÄL", "REASON"),
    Said("BELOPP", "AMOUNT"),
    Said("", ""),
)
CLOSED: Final = Said("avslutad: {how}", "closed: {how}")
WAITS_SINCE: Final = Said("{key} hos {tenant} väntar sedan {at}", "{key} of {tenant} waits since {at}")
WAITED_SINCE: Final = Said("{key} hos {tenant} väntade sedan {at}", "{key} of {tenant} waited since {at}")
REASON: Final = Said(
    "Skäl: {reason} ({rule}); inställningar version {version}", "Reason: {reason} ({rule}); settings version {version}"
)
DAY_AND_AMOUNT: Final = Said("Dag {day}, belopp {amount}", "Day {day}, amount {amount}")
WAITS_NO_LONGER: Final = Said(
    "Det väntar inte längre sedan {at} ({how}): {why}", "It waits no longer since {at} ({how}): {why}"
)
TAKE_UP_AGAIN: Final = Said(
    "Ta upp det igen, om ingen har bokfört det för hand. Det avgörs på nytt, och kan bokföras genast.",
    "Take it up again, if nobody has booked it by hand. It is decided anew, and may be booked at once.",
)
JOIN_AGAIN: Final = Said("Koppla de två igen.", "Join the two again.")
WHOLE_STORY: Final = Said(
    "Väntan {id}; hela historien: bokbuss explain {key} --tenant {tenant}",
    "Hold {id}; the whole story: bokbuss explain {key} --tenant {tenant}",
)
DAYS_BEFORE: Final = Said("Samma veckodag före:", "{day}s before:")
ONE_REMEDY: Final = Said("Den skulle gå igenom med den här inställningen:", "It would pass with this setting:")
REMEDIES: Final = Said(
    "Den skulle gå igenom med en av de här inställningarna:", "It would pass with one of these settings:"
)
ANSWERED: Final = Said("{key} hos {tenant}: besvarat {answer}", "{key} of {tenant}: answered {answer}")
TO_ALL: Final = Said("{answer} till {number}, i allt {total} kr", "{answer} to {number}, {total} kr in all")
TAKES_EFFECT: Final = Said("{said}. Det får verkan när flödena går.", "{said}. It takes effect when flows run.")
WAITS_AGAIN: Final = Said("{said}; det väntar igen ({reason}): {why}", "{said}; it waits again ({reason}): {why}")
UNDER_WAY: Final = Said(
    "{said}; ordern som det ledde till är på väg.", "{said}; the order that came of it is under way."
)
BOOKED_AS: Final = Said("{said}; bokfört som {vouchers}.", "{said}; booked as {vouchers}.")
AND: Final = Said(" och ", " and ")
NOT_BY_THIS: Final = Said(
    "{key} hos {tenant} väntar inte längre, men inte genom svaret {answer}: {why}",
    "{key} of {tenant} waits no longer, and not by the answer {answer}: {why}",
)
NO_LONGER: Final = Said("{said}; det väntar inte längre.", "{said}; it waits no longer.")
STORY_OF: Final = Said("{key} hos {tenant}", "{key} of {tenant}")
NOW: Final = Said("Nu: {now}", "Now: {now}")
VOUCHER_HEADS: Final = (
    Said("KONTO", "ACCOUNT"),
    Said("KST", "CENTRE"),
    Said("TEXT", "TEXT"),
    Said("DEBET", "DEBIT"),
    Said("KREDIT", "CREDIT"),
)
