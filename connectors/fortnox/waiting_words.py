"""Why Fortnox is asked again later, and what came of a call, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Tokens ---------------------------------------------------------------------------------------------------------

CONSENT_REFUSED = Phrase(
    "fortnox.consent_refused",
    "Fortnox nekar samtycket: använt, utgånget eller återkallat",
    "Fortnox refuses the consent: used up, expired or taken back",
)
SCOPE_LACKING = Phrase(
    "fortnox.scope_lacking",
    "Fortnox säger att samtycket saknar en behörighet",
    "Fortnox says that the consent lacks a scope",
)
NO_LICENCE = Phrase("fortnox.no_licence", "företaget saknar en Fortnox-licens", "the company lacks a Fortnox licence")
NO_APP_LICENCE = Phrase(
    "fortnox.no_app_licence",
    "företaget saknar Fortnox licens för integrationer",
    "the company lacks Fortnox's licence for integrations",
)
OUR_CLIENT = Phrase(
    "fortnox.our_client",
    "Fortnox känner inte vårt klient-id eller vår hemlighet; kontrollera BOKBUSS_FORTNOX__CLIENT_ID och "
    "__CLIENT_SECRET",
    "Fortnox does not know our client id or secret; check BOKBUSS_FORTNOX__CLIENT_ID and __CLIENT_SECRET",
)
NO_TOKEN = Phrase(
    "fortnox.no_token",
    "Fortnox ger ingen token: {error}; kontrollera vår integration i Fortnox utvecklarportal",
    "Fortnox gives no token: {error}; check our integration in Fortnox's developer portal",
)
NO_TOKEN_IN_IT = Phrase(
    "fortnox.no_token_in_it",
    "tokenservern lämnar ingen token: {form}",
    "the token endpoint gives no token: {form}",
)
TOKENS_THROTTLED = Phrase(
    "fortnox.tokens_throttled",
    "Fortnox tokenserver ber oss vänta (429)",
    "Fortnox's token endpoint asks us to wait (429)",
)
TOKENS_UNREACHABLE = Phrase(
    "fortnox.tokens_unreachable",
    "Fortnox tokenserver går inte att nå: {how}",
    "Fortnox's token endpoint cannot be reached: {how}",
)
TOKENS_SILENT = Phrase(
    "fortnox.tokens_silent",
    "Fortnox tokenserver svarar inte: {how}",
    "Fortnox's token endpoint does not answer: {how}",
)
NO_REFRESH_TOKEN = Phrase("fortnox.no_refresh_token", "ingen förnyelsetoken finns sparad", "no refresh token is kept")
NUMBER_NOT_KNOWN = Phrase(
    "fortnox.number_not_known",
    "företagets DatabaseNumber är inte känt",
    "the company's DatabaseNumber is not known",
)
NEW_TOKEN_REFUSED = Phrase(
    "fortnox.new_token_refused",
    "Fortnox nekar också en ny åtkomsttoken (401); låt företaget ansluta igen",
    "Fortnox refuses a new access token as well (401); let the company connect again",
)

# --- Answers --------------------------------------------------------------------------------------------------------

NO_REASON = Phrase("fortnox.no_reason", "inget skäl angavs", "no reason given")
FORBIDDEN = Phrase(
    "fortnox.forbidden",
    "Fortnox tillåter det inte (403): {said}; kontrollera integrationens rättigheter i företaget",
    "Fortnox forbids it (403): {said}; check the integration's rights in the company",
)
NAMES_NONE = Phrase(
    "fortnox.names_none", "svaret nämner ingen {record}: {form}", "the answer names no {record}: {form}"
)
NOT_CLEAR = Phrase(
    "fortnox.not_clear",
    "svaret säger inte om det bokfördes: {form}",
    "the answer does not say whether it was booked: {form}",
)
FAILED_WITHIN = Phrase("fortnox.failed_within", "fel hos Fortnox: {said}", "Fortnox failed within: {said}")
LIST_UNREADABLE = Phrase(
    "fortnox.list_unreadable",
    "Fortnox lista {list} har inte den form som vi känner",
    "Fortnox's list of {list} has not the form that we know",
)
NOT_LISTED = Phrase(
    "fortnox.not_listed",
    "Fortnox lämnade inte ut {list} ({status}); kontrollera adressen och våra rättigheter",
    "Fortnox did not list {list} ({status}); check its address and our rights",
)
NOT_LISTED_SAYS = Phrase(
    "fortnox.not_listed_says",
    "Fortnox lämnade inte ut {list} ({status}): {said}; kontrollera adressen och våra rättigheter",
    "Fortnox did not list {list} ({status}): {said}; check its address and our rights",
)
LISTS_NOTHING = Phrase(
    "fortnox.lists_nothing", "Fortnox lämnade inte ut {list}: {form}", "Fortnox did not list {list}: {form}"
)
WAITS_SAYING = Phrase("fortnox.waits_saying", "{said}: {meaning}", "{said}: {meaning}")
LIST_MOVED = Phrase(
    "fortnox.list_of_moved",
    "Fortnox lista {list} ändrades medan den lästes",
    "Fortnox's list of {list} changed while it was read",
)
SIE_UNREADABLE = Phrase(
    "fortnox.sie_unreadable",
    "Fortnox SIE-fil för {day} går inte att läsa: {problem}",
    "Fortnox's SIE file of {day} cannot be read: {problem}",
)
DOCUMENTS_AWAY = Phrase(
    "fortnox.documents_away",
    "lagret för dokument går inte att läsa: {how}",
    "the store of documents cannot be read: {how}",
)
CUSTOMER_IN_DOUBT = Phrase(
    "fortnox.customer_in_doubt",
    "det är inte känt än om kunden skapades för ett annat kvitto",
    "whether this customer was made for another receipt is not known yet",
)
NOT_JOINED_YET = Phrase(
    "fortnox.not_joined_yet",
    "filen är uppladdad men inte kopplad till verifikationen än: {why}",
    "the file is uploaded and not joined yet: {why}",
)

# --- What came of a call --------------------------------------------------------------------------------------------

IT_IS = Phrase("fortnox.call_it_is", "det är {what}", "it is {what}")
BYTES = Phrase("fortnox.call_bytes", "{number:count} byte", "{number:count} bytes")
TOO_LARGE = Phrase("fortnox.call_too_large", "större än tillåtet", "larger than is allowed")
NOT_SENT = Phrase("fortnox.call_not_sent", "{reason}: {why}", "{reason}: {why}")
NOT_SENT_NAMING = Phrase("fortnox.call_not_sent_naming", "{reason}: {names:comma}", "{reason}: {names:comma}")
NOT_REVERSED = Phrase("fortnox.call_not_reversed", "inte återfört: {why}", "not reversed: {why}")
FOUND = Phrase("fortnox.call_found", "hittade {names:comma}", "found {names:comma}")
SEVERAL = Phrase(
    "fortnox.call_several",
    "{number:count} verifikationer bär märket: {names:comma}",
    "{number:count} vouchers carry this mark: {names:comma}",
)
NOT_AMONG = Phrase("fortnox.call_not_among", "finns inte bland {number:count}", "it is not among {number:count}")
NOT_ALL = Phrase(
    "fortnox.call_not_all",
    "{number:count} lästa, inte alla som Fortnox räknar",
    "{number:count} read, not all that Fortnox counts",
)
NONE_THE_SAME = Phrase(
    "fortnox.call_none_the_same", "ingen av {number:count} bokför samma", "none of {number:count} books the same"
)
EMPLOYEE_THERE = Phrase("fortnox.call_employee_there", "den anställda finns där", "the employee is there")
ID_TAKEN = Phrase("fortnox.call_id_taken", "numret är någon annans", "the id is somebody else's")
HELD_OTHERWISE = Phrase(
    "fortnox.call_held_otherwise", "står på annat sätt där: {fields:comma}", "held otherwise: {fields:comma}"
)
EMPLOYEE_HOLDS = Phrase("fortnox.call_employee_holds", "den anställda har det", "the employee holds it")
FOUND_EMPLOYEE = Phrase("fortnox.call_found_employee", "hittade anställd {id}", "found employee {id}")
HAS_THE_FILE = Phrase("fortnox.call_has_the_file", "verifikationen har filen", "the voucher has the file")

# --- What is to be known of what was written ------------------------------------------------------------------------

WAS_NOT_THERE = Phrase("fortnox.was_not_there", "den fanns inte längre där", "it was not there any more")
BOOKED_ELSEWHERE = Phrase(
    "fortnox.booked_elsewhere",
    "bokförd som {voucher} i räkenskapsår {in_year}, fast serie {series} och år {year} begärdes; den som sköter "
    "bokföringen bör titta på den",
    "booked as {voucher} in financial year id {in_year}, but series {series} and year id {year} were asked for; the "
    "accountant should look at it",
)
DESCRIPTION = Phrase("fortnox.description", "beskrivningen", "description")
ROW_TEXT = Phrase("fortnox.row_text", "texten på rad {row}", "text of row {row}")
ADAPTED_TEXT = Phrase("fortnox.adapted_text", "{name}: {was} -> {sent}", "{name}: {was} -> {sent}")
ADAPTED = Phrase(
    "fortnox.adapted", "anpassat till vad Fortnox tar: {changes}", "adapted to what Fortnox takes: {changes}"
)
ADAPTED_FIELDS = Phrase(
    "fortnox.adapted_fields",
    "anpassat till vad Fortnox tar: {fields:comma}",
    "adapted to what Fortnox takes: {fields:comma}",
)
LEFT_OUT = Phrase(
    "fortnox.left_out",
    "utelämnat, eftersom Fortnox inte har ord för det: {fields:comma}",
    "left out, since Fortnox has no words for it: {fields:comma}",
)
HELD_OTHERWISE_THAN_SENT = Phrase(
    "fortnox.held_otherwise_than_sent",
    "står på annat sätt i Fortnox än det skickades: {fields:comma}",
    "held otherwise by Fortnox than it was sent: {fields:comma}",
)
HELD_OTHERWISE_BY_FORTNOX = Phrase(
    "fortnox.held_otherwise_by_fortnox",
    "står på annat sätt i Fortnox: {fields:comma}",
    "held otherwise by Fortnox: {fields:comma}",
)
HAS_THIS_FILE = Phrase("fortnox.has_this_file", "verifikationen har redan filen", "the voucher has this file already")
NAMED_AS = Phrase("fortnox.named_as", "som {name}", "as {name}")
JOINED_ELSEWHERE = Phrase(
    "fortnox.joined_elsewhere",
    "filen sitter på {voucher} i räkenskapsår {in_year}, fast år {year} begärdes; den som sköter bokföringen bör flytta"
    " den",
    "the file is joined to {voucher} in financial year id {in_year}, but year id {year} was asked for; the accountant"
    " should move it",
)
YEAR_TOLD = Phrase(
    "fortnox.year_told",
    "{year}: {vouchers:count} verifikationer, {new} av {parts} delar nya",
    "{year}: {vouchers:count} vouchers, {new} of {parts} parts new",
)
DOCUMENTS_TOLD = Phrase(
    "fortnox.documents_told",
    "{year}: {stored:count} av {documents:count} dokument sparade, {missing:count} saknas",
    "{year}: {stored:count} of {documents:count} documents stored, {missing:count} missing",
)
MADE_FOR_ANOTHER = Phrase(
    "fortnox.made_for_another",
    "den skapades för ett annat kvitto av samma köpare",
    "it was made for another receipt of the same buyer",
)
BY_HAND = Phrase(
    "fortnox.by_hand",
    "den väntar som order: fakturera den för hand i Fortnox, tillsammans med kundens andra",
    "it waits as an order: invoice it in Fortnox by hand, together with the customer's others",
)

WORDS: Final[Mapping[str, Said]] = catalogue("fortnox", vars())
