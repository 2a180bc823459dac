"""What the host says of systems that do not answer and of connections, in both languages. Pure.

A connection's texts are shown as they are, and filled into why an order waits.
"""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Why something is tried again, or not known ---------------------------------------------------------------------

SILENT = Phrase("infra.silent", "{party} svarade inte: {how}", "{party} did not answer: {how}")
UNREACHABLE = Phrase("infra.unreachable", "{party} går inte att nå: {how}", "{party} cannot be reached: {how}")
THROTTLED = Phrase("infra.throttled", "{party} säger: för många anrop (429)", "{party} says: too many requests (429)")
LIST_MOVED = Phrase(
    "infra.list_moved",
    "listan hos {party} ändrades varje gång medan den lästes",
    "{party}'s list changed each time while it was read",
)
UNHEARD = Phrase("infra.unheard", "det skickades och inget svar kom: {how}", "it was sent and no answer came: {how}")
NO_RECORD = Phrase("infra.no_record", "svaret nämner ingen post: {form}", "the answer names no record: {form}")
NOT_CLEAR = Phrase(
    "infra.not_clear",
    "svaret säger inte om det skrevs: {form}",
    "the answer does not say whether it was written: {form}",
)
OUR_FAILURE = Phrase("infra.our_failure", "ett fel hos oss: {error}", "our own failure: {error}")
DATABASE_AWAY = Phrase(
    "infra.database_away",
    "databasen svarade inte, eller tog inte emot: {error}",
    "the database did not answer, or did not take it: {error}",
)
UNAVAILABLE = Phrase("infra.unavailable", "bokbuss kan inte ta emot just nu: {how}", "bokbuss cannot accept now: {how}")
EMPTY = Phrase("infra.empty", "tomt", "empty")
PLAIN_TEXT = Phrase("infra.plain_text", "text", "text")
FORM = Phrase("infra.form", "status {status}, {kind}, {size:count} byte", "status {status}, {kind}, {size:count} bytes")

NOTES = Phrase("infra.notes", "{notes}", "{notes}")
SAME_MARK = Phrase("infra.same_mark", "bär samma märke som den första", "carries the same mark as the first one")

# --- What came of a call --------------------------------------------------------------------------------------------

DELIVERED = Phrase("infra.call_delivered", "utfört {what}", "delivered {what}")
DELIVERED_NOTING = Phrase("infra.call_delivered_noting", "utfört {what} {note}", "delivered {what} {note}")
ALREADY_THERE = Phrase("infra.call_already_there", "finns redan: {note}", "already there: {note}")
REJECTED = Phrase("infra.call_rejected", "nekat: {reason}", "rejected: {reason}")
RETRY_LATER = Phrase("infra.call_retry_later", "senare igen: {reason}", "retry later: {reason}")
UNKNOWN = Phrase("infra.call_unknown", "okänt: {why}", "unknown: {why}")
UNAUTHORISED = Phrase("infra.call_unauthorised", "åtkomsttoken nekades", "the access token was refused")
MISSING = Phrase("infra.call_missing", "finns inte där", "not there")
READ = Phrase("infra.call_read", "läst", "read")
WRITTEN = Phrase("infra.call_written", "skrivet", "written")
LISTED = Phrase("infra.call_listed", "{number:count} i listan", "{number:count} listed")
LISTED_OF = Phrase("infra.call_listed_of", "{number:count} av {all:count}", "{number:count} of {all:count}")

# --- What cannot be done just now -----------------------------------------------------------------------------------

NOT_READ = Phrase("infra.not_read", "{party} kunde inte läsas: {why}", "{party} was not read: {why}")
NO_SETTINGS = Phrase(
    "infra.no_settings",
    "{tenant} har inga inställningar för {flow}: bokbuss settings apply {tenant} FIL",
    "{tenant} has no settings for {flow}: bokbuss settings apply {tenant} FILE",
)
IS_PARKED = Phrase(
    "infra.is_parked",
    "ett meddelande för {tenant} kan inte avgöras, och det som kommer senare väntar bakom det: bokbuss parked list "
    "--tenant {tenant}",
    "a message of {tenant} cannot be decided, and what comes later waits behind it: bokbuss parked list --tenant "
    "{tenant}",
)
NOT_DECIDED_YET = Phrase(
    "infra.not_decided_yet",
    "det som berättats för {tenant} är inte avgjort efter {seconds} s, och inget planeras av hälften: går flödena "
    "(bokbuss up, bokbuss run flows)?",
    "what was told of {tenant} is not decided after {seconds} s, and nothing is planned from half of it: do flows run "
    "(bokbuss up, bokbuss run flows)?",
)

OPEN_NOT_CONSENTED = Phrase(
    "infra.open_not_consented",
    "inget samtycke till det: bokbuss connect FÖRETAG --open-invoices eller --open-supplier-invoices",
    "not consented to: bokbuss connect TENANT --open-invoices or --open-supplier-invoices",
)
OPEN_NOT_PERMITTED = Phrase(
    "infra.open_not_permitted",
    "systemet låter oss inte läsa det: ett scope, en licens eller en behörighet saknas",
    "the system does not let us read it: a scope, a licence or a right is missing",
)
DOCUMENTS_NOT_CONSENTED = Phrase(
    "infra.documents_not_consented",
    "företaget har inte samtyckt till dokument: bokbuss connect FÖRETAG --documents",
    "the company has not consented to documents: bokbuss connect TENANT --documents",
)
DOCUMENTS_NOT_ASKED = Phrase(
    "infra.documents_not_asked",
    "det är inte känt om företaget har samtyckt till dokument; utan det är varje lista tom, som den här: bokbuss "
    "connect FÖRETAG --documents",
    "it is not known whether the company has consented to documents, without which every list is empty, as this one "
    "is: bokbuss connect TENANT --documents",
)
DOCUMENTS_NOT_PERMITTED = Phrase(
    "infra.documents_not_permitted",
    "systemet låter oss inte läsa det: ett scope, en licens eller en behörighet saknas",
    "the system does not let us read it: a scope, a licence or a right is missing",
)
DOCUMENT_NOT_THERE = Phrase(
    "infra.document_not_there",
    "systemet räknar upp det, och säger att det inte finns någon sådan fil",
    "the system lists it, and says that there is no such file",
)
DOCUMENT_TOO_LARGE = Phrase(
    "infra.document_too_large",
    "det är större än BOKBUSS_DOCUMENTS__LARGEST",
    "it is larger than BOKBUSS_DOCUMENTS__LARGEST",
)
DOCUMENTS_LEFT_OUT = Phrase(
    "infra.documents_left_out",
    "de läses bara där systemets inställningar säger det",
    "they are read only where the settings of the system say so",
)
DOCUMENTS_OF_NO_YEAR = Phrase(
    "infra.documents_of_no_year",
    "systemet säger inte vilket års verifikation någon av dem hör till: den finns där, och inte här",
    "the system does not say of which year one of them or more have their vouchers: they are there, and not here",
)
NOT_MAILED = Phrase(
    "infra.not_mailed",
    "{server} tog inte emot rapporten ({how}): kontrollera BOKBUSS_MAIL__HOST, __PORT, __ENCRYPTION, __USER och "
    "__PASSWORD",
    "{server} did not take the report ({how}): check BOKBUSS_MAIL__HOST, __PORT, __ENCRYPTION, __USER and __PASSWORD",
)
NOT_DELIVERABLE = Phrase(
    "infra.not_deliverable",
    "{server} tar inte emot brev till en av adresserna ({how}): kontrollera hur den är skriven och om den finns",
    "{server} takes no letter for one of the addresses ({how}): check how it is written, and that it is there",
)

# --- What of a payload cannot be taken ------------------------------------------------------------------------------

BODY_TOO_LARGE = Phrase(
    "infra.body_too_large",
    "det som skickas är större än {most:count} byte ({setting})",
    "the body is larger than {most:count} bytes ({setting})",
)
PAYLOAD_TOO_LARGE = Phrase(
    "infra.payload_too_large",
    "payload: det är större än {most:count} byte ({setting})",
    "payload: it is larger than {most:count} bytes ({setting})",
)
MESSAGE_TOO_LARGE = Phrase(
    "infra.message_too_large",
    "payload: det den berättar är större än ett meddelande på Kafka kan vara",
    "payload: what it tells is larger than a message on Kafka can be",
)
MESSAGE_UNREADABLE = Phrase(
    "infra.message_unreadable",
    "payload: det den berättar kan inte läsas som ett meddelande ({why})",
    "payload: what it tells cannot be read as one message ({why})",
)
BALANCES_TOO_MANY = Phrase(
    "infra.balances_too_many",
    "balances: det finns fler än {most:count}",
    "balances: there are more than {most:count}",
)
BALANCES_TOO_LARGE = Phrase(
    "infra.balances_too_large",
    "balances: de för konto {account} blir mer än tolv siffror",
    "balances: those of account {account} sum to more than twelve digits",
)
VOUCHERS_ALIKE = Phrase(
    "infra.vouchers_alike",
    "vouchers: fler än {most:count} har samma hundratal nummer, eller inget",
    "vouchers: more than {most:count} have the same hundred of numbers, or none",
)
PARTS_TOO_MANY = Phrase(
    "infra.parts_too_many",
    "vouchers: de behöver fler än {most:count} delar, av en serie och ett hundratal nummer",
    "vouchers: they need more than {most:count} parts, of a series and a hundred of numbers",
)
PART_TOO_LARGE = Phrase(
    "infra.part_too_large",
    "{part}: en sak i delen är större än ett meddelande på Kafka kan hålla",
    "{part}: one thing in this part is more than a message on Kafka can hold",
)

# --- How a connection stands ----------------------------------------------------------------------------------------

NOT_CONNECTED = Phrase(
    "infra.not_connected",
    "företaget {tenant} är inte anslutet till {system}; kör: {verb}",
    "company {tenant} is not connected to {system}; run: {verb}",
)
ANOTHER_COMPANY = Phrase(
    "infra.another_company",
    "anslutningen öppnar företag {number} ({name}) hos {system}, och vårt är {own}",
    "its tokens open company {number} ({name}) at {system}, and its own is {own}",
)
NUMBER_NOT_KNOWN = Phrase("infra.number_not_known", "inte känt", "not known")
LET_THE_RIGHT_ONE_CONSENT = Phrase(
    "infra.let_the_right_one_consent",
    "{why}; se bokbuss connection show {tenant} och låt sedan rätt företag samtycka: bokbuss connect {tenant}",
    "{why}; see bokbuss connection show {tenant}, then let the right one consent: bokbuss connect {tenant}",
)
PAUSED_BY = Phrase("infra.paused_by", "pausad av {by}", "paused by {by}")
RESUMED_BY = Phrase("infra.resumed_by", "återupptagen av {by}", "resumed by {by}")
DISCONNECTED_BY = Phrase("infra.disconnected_by", "frånkopplad av {by}", "disconnected by {by}")
NEW_TOKENS = Phrase("infra.new_tokens", "nya token har kommit", "new tokens came")
EXCHANGED = Phrase(
    "infra.exchanged",
    "svaret på en förnyelse kom aldrig, och då hade förnyelsetoken redan bytts",
    "the answer to a renewal never arrived, and the refresh token had been exchanged by then",
)
NO_TOKEN_NOW = Phrase("infra.no_token_now", "ingen åtkomsttoken just nu", "no access token for now")
RENEWAL_TAKES_LONG = Phrase(
    "infra.renewal_takes_long",
    "förnyelsen av åtkomsttoken tar för lång tid",
    "a renewal of the access token takes too long",
)
TOO_SLOW = Phrase(
    "infra.too_slow", "vägen till tokenservern är för långsam", "the way to the token endpoint is too slow"
)
NEEDS_CONSENT = Phrase("infra.needs_consent", "behöver samtycke", "needs consent")
LICENCE_MISSING = Phrase("infra.licence_missing", "licens saknas", "licence missing")
PAUSED = Phrase("infra.paused", "pausad", "paused")
DISCONNECTED = Phrase("infra.disconnected", "frånkopplad", "disconnected")
CONNECT_AGAIN = Phrase(
    "infra.connect_again",
    "{why}; låt företaget ansluta igen: {verb}",
    "{why}; let the company connect again: {verb}",
)
LICENCE_GOES_ON = Phrase(
    "infra.licence_goes_on",
    "{why}; det går vidare av sig självt några minuter efter att licensen finns",
    "{why}; it goes on by itself within minutes once the licence is there",
)
RESUME = Phrase(
    "infra.resume",
    "{why}; gå vidare med: bokbuss tenant resume {tenant}",
    "{why}; go on with: bokbuss tenant resume {tenant}",
)
CONNECT_WITH = Phrase("infra.connect_with", "{why}; anslut igen med: {verb}", "{why}; connect it again with: {verb}")

WORDS: Final[Mapping[str, Said]] = catalogue("infra", vars())
