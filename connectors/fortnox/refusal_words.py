"""Why something is refused at Fortnox, in both languages; what each code means stands in ``errors``. Pure."""

from collections.abc import Mapping
from typing import Final

from connectors.fortnox import errors
from schemas.words import Phrase, Said, catalogue

OTHER_ORGANISATION = Phrase(
    "fortnox.other_organisation",
    "den är för {wanted}, och det här är bokföringen för {opened}",
    "it is for {wanted}, and these are the books of {opened}",
)
OTHER_DATABASE = Phrase(
    "fortnox.other_database",
    "den är för bokföringen med DatabaseNumber {wanted}, och den här har {opened}",
    "it is for the books with DatabaseNumber {wanted}, and these have {opened}",
)
BOOKS_THE_SAME = Phrase(
    "fortnox.books_the_same",
    "{voucher} bokför samma konton och belopp den {day}, och är inte vår",
    "{voucher} books the same accounts and amounts on {day}, and is not ours",
)
GONE = Phrase(
    "fortnox.gone",
    "{voucher}, som den här återför, finns inte längre i Fortnox",
    "{voucher}, which this one reverses, is not in Fortnox any more",
)
NOT_OURS = Phrase(
    "fortnox.not_ours",
    "{voucher} i Fortnox är inte verifikationen som den här återför: den bär inte vårt märke",
    "{voucher} in Fortnox is not the voucher that this one reverses: it does not carry our mark",
)
NO_YEAR = Phrase(
    "fortnox.no_year",
    "företaget har inget räkenskapsår i Fortnox som innehåller {day}; lägg upp det där",
    "the company has no financial year in Fortnox that holds {day}; create it there",
)
NO_YEAR_ENDING = Phrase(
    "fortnox.no_year_ending",
    "företaget har inget räkenskapsår i Fortnox som slutar {year}; det finns: {known:comma}",
    "the company has no financial year in Fortnox that ends in {year}; there is: {known:comma}",
)
YEARS_ENDING = Phrase(
    "fortnox.years_ending",
    "företaget har flera räkenskapsår i Fortnox som slutar {year}: {known:comma}; ange sista dagen på det som menas",
    "the company has several years in Fortnox that end in {year}: {known:comma}; name the one meant by its last day",
)
NO_YEAR_HOLDING = Phrase(
    "fortnox.no_year_holding",
    "företaget har inget räkenskapsår i Fortnox som innehåller {day}; det finns: {known:comma}",
    "the company has no financial year in Fortnox that holds {day}; there is: {known:comma}",
)
NO_YEAR_BEGUN = Phrase(
    "fortnox.no_year_begun",
    "företaget har inget räkenskapsår i Fortnox som har börjat; det finns: {known:comma}",
    "the company has no financial year in Fortnox that has begun; there is: {known:comma}",
)
NONE = Phrase("fortnox.none", "inget", "none")
SPAN = Phrase("fortnox.span", "{first} till {last}", "{first} to {last}")
NO_LEDGER = Phrase(
    "fortnox.no_ledger",
    "Fortnox säger att det inte finns någon huvudbok för året som slutar {last}",
    "Fortnox says that there is no ledger of the year that ends on {last}",
)
LEDGER_BROKEN = Phrase(
    "fortnox.ledger_broken",
    "Fortnox SIE-fil för {last} går inte att läsa: {problems}",
    "Fortnox's SIE file of {last} cannot be read: {problems}",
)
LEDGER_TOO_LARGE = Phrase(
    "fortnox.ledger_too_large",
    "huvudboken för {last} är större än {most:count} byte; tillåt mer: BOKBUSS_FORTNOX__LEDGER_BYTES",
    "the ledger of {last} is larger than {most:count} bytes; allow more: BOKBUSS_FORTNOX__LEDGER_BYTES",
)
LEDGER_OF_ANOTHER = Phrase(
    "fortnox.ledger_of_another",
    "huvudboken som Fortnox lämnade har ett annat organisationsnummer än företaget har här: bokbuss tenant add",
    "the ledger that Fortnox gave has another organisation number than the company has here: bokbuss tenant add",
)
LEDGER_OF_ANOTHER_YEAR = Phrase(
    "fortnox.ledger_of_another_year",
    "Fortnox fick frågan om {asked}, och lämnade {given}",
    "Fortnox was asked for {asked}, and gave {given}",
)
FILE_WAITS = Phrase(
    "fortnox.file_waits",
    "{why}; filen väntar i Fortnox inkorg för verifikationer, som {name}",
    "{why}; the file waits in Fortnox's inbox for vouchers, as {name}",
)
FILE_NOT_STORED = Phrase(
    "fortnox.file_not_stored",
    "dokumentlagret har inte {name} ({hash}): har alla processer samma lager (BOKBUSS_DOCUMENTS__URL)?",
    "the document store does not have {name} ({hash}): have all processes the same one (BOKBUSS_DOCUMENTS__URL)?",
)
CUSTOMERS_FIT = Phrase(
    "fortnox.customers_fit", "{number} kunder passar: {customers:comma}", "{number} customers fit: {customers:comma}"
)
NO_CUSTOMER_FITS = Phrase(
    "fortnox.no_customer_fits", "ingen av {number} kunder passar", "none of {number} customers fits"
)
EMPLOYEE_NOT_NAMED = Phrase(
    "fortnox.employee_not_named", "en ändring måste ange den anställdas id", "a change must name the employee's id"
)
EMPLOYEE_GONE = Phrase(
    "fortnox.employee_gone", "den anställda finns inte i Fortnox (längre)", "the employee is not in Fortnox (any more)"
)
HIDDEN = Phrase("fortnox.hidden", "Fortnox visar inte {fields:comma}", "Fortnox does not show {fields:comma}")
MOVED = Phrase(
    "fortnox.moved",
    "ändrat i Fortnox sedan det avgjordes: {fields:comma}",
    "changed in Fortnox since it was decided: {fields:comma}",
)
EMPLOYEE_NEEDS = Phrase(
    "fortnox.employee_needs", "en ny anställd måste ha {fields:comma}", "a new employee must have {fields:comma}"
)
BAD_BANK_ACCOUNT = Phrase(
    "fortnox.bad_bank_account",
    "bankkontot är inte clearingnummer, komma och kontonummer",
    "bank_account: it is not clearing number, comma and account number",
)
ABSENCE_GONE = Phrase(
    "fortnox.absence_gone", "frånvaron finns inte i Fortnox (längre)", "the absence is not in Fortnox (any more)"
)

_REASONS: Final[Mapping[str, str]] = {
    "period_locked": "låst period",
    "account_missing": "konto saknas",
    "account_inactive": "inaktivt konto",
    "account_invalid": "ogiltigt konto",
    "predefined_account_missing": "förvalt konto saknas",
    "series_not_manual": "serien är inte manuell",
    "series_missing": "serien saknas",
    "financial_year_missing": "räkenskapsår saknas",
    "cost_centre_refused": "kostnadsstället nekas",
    "project_refused": "projektet nekas",
    "transaction_information_refused": "transaktionsinformation nekas",
    "vat_code_refused": "momskoden nekas",
    "unbalanced": "går inte jämnt ut",
    "voucher_missing": "verifikationen saknas",
    "voucher_gone": "verifikationen är borta",
    "another_organisation": "annat organisationsnummer",
    "another_database": "annan Fortnoxdatabas",
    "suspected_double": "kanske dubbelt",
    "ledger_unreadable": "oläslig huvudbok",
    "ledger_too_large": "för stor huvudbok",
    "other_company": "annat företag",
    "other_year": "annat år",
    "not_accepted": "inte mottaget",
    "customer_missing": "kunden saknas",
    "customer_ambiguous": "flera kunder passar",
    "number_reserved": "numret är taget",
    "article_missing": "artikeln saknas",
    "terms_missing": "villkor saknas",
    "invoice_missing": "fakturan saknas",
    "order_missing": "ordern saknas",
    "document_state_refused": "dokumentets läge nekas",
    "tax_reduction_refused": "skattereduktionen nekas",
    "stock_refused": "lagret nekar",
    "employee_missing": "den anställda saknas",
    "employee_fields_missing": "uppgifter saknas",
    "bank_account_invalid": "fel bankkonto",
    "record_moved": "ändrad under tiden",
    "field_unreadable": "fält visas inte",
    "user_not_linked": "ingen användare kopplad",
    "absence_missing": "frånvaron saknas",
    "cause_refused": "orsakskoden nekas",
    "bad_characters": "otillåtna tecken",
    "bad_value": "fel värde",
    "value_too_long": "för långt värde",
    "bad_parameter": "fel i frågan",
    "bad_body": "gick inte att läsa",
    "unknown_field": "okänt fält",
    "missing_field": "fält saknas",
    "bad_identifier": "fel identitet",
    "migration_under_way": "migrering pågår",
    "unexplained": "oförklarad",
    "scope_missing": "behörighet saknas",
    "licence_missing": "licens saknas",
    "permission_missing": "rättighet saknas",
    "forbidden": "förbjudet",
    "consent_missing": "godkännande saknas",
    "unauthorised": "åtkomst nekad",
    "client_refused": "bokbuss nekas",
    "auth_refused": "ingen åtkomst",
    "system_exception": "fel hos Fortnox",
    "throttled": "för många anrop",
    "document_missing": "dokumentet saknas",
    "documents_away": "dokumentlagret borta",
    "auth_throttled": "för många frågor om åtkomst",
    "unreachable": "går inte att nå",
    "auth_unreachable": "åtkomst går inte att få",
    "fortnox_failing": "Fortnox svarar inte",
    "lookup_refused": "frågan nekas",
    "list_unreadable": "listan går inte att läsa",
    "list_moved": "listan ändrades",
}
_MEANINGS: Final = {errors.meaning_key(code): Said(one.sv, one.en) for code, one in errors.MEANINGS.items()}

WORDS: Final[Mapping[str, Said]] = {
    **catalogue("fortnox", vars(), reason=_REASONS),
    **catalogue("fortnox", vars(errors)),
    **_MEANINGS,
}
