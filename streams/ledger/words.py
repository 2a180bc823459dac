"""What is said about readings of a year's ledger, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

SPAN = Phrase("ledger.span", "{first} till {last}", "{first} to {last}")
ANOTHER_COMPANY = Phrase(
    "ledger.another_company",
    "Huvudboken för {year} gäller företaget {named}; det här är bokföringen för {own}. Läs in den i rätt företag. Är "
    "numret fel här: rätta det med bokbuss tenant add --org --change och svara ”Försök igen”.",
    "The ledger of {year} is of the company {named}; these are the books of {own}. Load it into the right company. If "
    "the number here is wrong, correct it with bokbuss tenant add --org --change, and answer retry.",
)
OTHER_SOURCE = Phrase(
    "ledger.other_source",
    "Huvudboken för {year} kom som en fil, och {by} har valt Fortnox för det året. Se hur de skiljer sig, och avgör "
    "om filen gäller.",
    "The ledger of {year} came in as a file, and {by} has chosen Fortnox for this year. See how the two differ, and "
    "decide whether the file counts.",
)
FROM_FILE = Phrase(
    "ledger.from_file",
    "Huvudboken för {year} lästes in från en fil, och Fortnox har en annan. Se hur de skiljer sig, och avgör vilken "
    "som gäller.",
    "The ledger of {year} was loaded from a file, and Fortnox has another one. See how they differ, and decide which "
    "one counts.",
)
READ_FROM_FILE = Phrase(
    "ledger.read_from_file",
    "Huvudboken för {year} lästes från en fil: {vouchers:count} verifikationer med {rows:count} rader.",
    "The ledger of {year} was read from a file: {vouchers:count} vouchers with {rows:count} rows.",
)
READ_FROM_FORTNOX = Phrase(
    "ledger.read_from_fortnox",
    "Huvudboken för {year} lästes från Fortnox: {vouchers:count} verifikationer med {rows:count} rader.",
    "The ledger of {year} was read from Fortnox: {vouchers:count} vouchers with {rows:count} rows.",
)
ODD = Phrase(
    "ledger.odd",
    "{said} Något är borta eller annorlunda än det var: se raderna.",
    "{said} Something is gone or other than it was: see the lines.",
)
ACCOUNTS_ADDED = Phrase(
    "ledger.accounts_added",
    "nya konton ({number:count}): {names:comma}",
    "accounts added ({number:count}): {names:comma}",
)
ACCOUNTS_REMOVED = Phrase(
    "ledger.accounts_removed",
    "borttagna konton ({number:count}): {names:comma}",
    "accounts removed ({number:count}): {names:comma}",
)
ACCOUNTS_CHANGED = Phrase(
    "ledger.accounts_changed",
    "ändrade konton ({number:count}): {names:comma}",
    "accounts changed ({number:count}): {names:comma}",
)
ACCOUNTS_USED_AGAIN = Phrase(
    "ledger.accounts_used_again",
    "konton använda på nytt ({number:count}): {names:comma}",
    "accounts used again for another voucher ({number:count}): {names:comma}",
)
VOUCHERS_ADDED = Phrase(
    "ledger.vouchers_added",
    "nya verifikationer ({number:count}): {names:comma}",
    "vouchers added ({number:count}): {names:comma}",
)
VOUCHERS_REMOVED = Phrase(
    "ledger.vouchers_removed",
    "borttagna verifikationer ({number:count}): {names:comma}",
    "vouchers removed ({number:count}): {names:comma}",
)
VOUCHERS_CHANGED = Phrase(
    "ledger.vouchers_changed",
    "ändrade verifikationer ({number:count}): {names:comma}",
    "vouchers changed ({number:count}): {names:comma}",
)
VOUCHERS_USED_AGAIN = Phrase(
    "ledger.vouchers_used_again",
    "nummer använda för en annan verifikation ({number:count}): {names:comma}",
    "vouchers used again for another voucher ({number:count}): {names:comma}",
)
AND_MORE = Phrase("ledger.and_more", "och {number:count} till", "and {number:count} more")
ENDED = Phrase("ledger.ended", "Det väntar inte längre: {why}.", "It waits no longer: {why}.")
LATER_READING = Phrase("ledger.later_reading", "det finns en senare läsning", "there is a later reading")
IS_WHAT_WAS_READ = Phrase("ledger.is_what_was_read", "året är vad som lästes", "the year is what was read")
ON_RECORD = Phrase("ledger.on_record", "det är antecknat", "it goes on record")
AS_READ_LAST = Phrase("ledger.as_read_last", "året är som det lästes senast", "the year is as it was read last")
NOT_USED = Phrase("ledger.not_used", "läsningen används inte", "the reading is not used")
NO_PARTS = Phrase("ledger.no_parts", "läsningen anger inga delar", "the reading names no parts")
ON_THEIR_WAY = Phrase(
    "ledger.on_their_way", "delar av en senare läsning är på väg", "parts of a later reading are on their way"
)
KEPT_FROM_FILE = Phrase(
    "ledger.kept_from_file",
    "en person behåller det som lästes in från en fil",
    "a person keeps what was loaded from a file",
)
OVERWRITE = Phrase(
    "ledger.overwrite",
    "Året blir vad Fortnox har. Det som lästes in från filen försvinner.",
    "The year becomes what Fortnox has. What was loaded from the file leaves.",
)
KEEP = Phrase(
    "ledger.keep",
    "Året förblir som det lästes in. Fortnox version frågas det inte om igen.",
    "The year stays as it was loaded. Fortnox's is not asked about again.",
)
USE = Phrase(
    "ledger.use",
    "Året blir vad filen har. Fortnox version tas på begäran, eller där den väljs på nytt.",
    "The year becomes what this file has. Fortnox's is taken on request, or where chosen anew.",
)
DISCARD = Phrase(
    "ledger.discard",
    "Läsningen används inte. Året förblir som det är.",
    "This reading is not used. The year stays as it is.",
)
RETRY = Phrase(
    "ledger.retry",
    "Se efter igen, sedan företagets nummer rättats.",
    "Look again, after the company's number was corrected.",
)

WORDS: Final[Mapping[str, Said]] = catalogue(
    "ledger",
    vars(),
    reason={
        "another_company": "annat företag",
        "other_source_chosen": "annan källa vald",
        "loaded_from_file": "inläst från fil",
        "ledger_read": "huvudboken läst",
    },
    answer={
        "overwrite": "skriv över",
        "keep": "behåll",
        "use": "använd filen",
        "discard": "kasta",
        "retry": "försök igen",
    },
    rule={
        "what_is_asked_for_is_read": "det som efterfrågas läses",
        "what_was_read_again_is_known": "det som lästes igen är känt",
        "what_a_person_gave_up_stays_given_up": "det en person gav upp förblir uppgivet",
        "a_year_of_another_company_waits": "ett annat företags år väntar",
        "a_reading_that_names_no_parts_says_nothing": "en läsning utan delar säger inget",
        "a_year_is_seen_when_all_its_parts_are_there": "ett år syns när alla delar finns",
        "what_a_person_keeps_is_overwritten_only_on_request": "det en person behåller skrivs bara över på begäran",
        "a_file_waits_where_fortnox_was_chosen": "en fil väntar där Fortnox valdes",
        "a_year_from_a_file_waits_before_it_is_overwritten": "ett år från en fil väntar innan det skrivs över",
        "the_last_reading_is_the_year": "den senaste läsningen är året",
    },
)
