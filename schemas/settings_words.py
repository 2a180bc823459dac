"""What the rules of a company's settings say, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

IN_ORDER = Phrase("schemas.in_order", "valid_from är efter valid_to", "valid_from is after valid_to")
SALES_OF_WHAT = Phrase(
    "schemas.sales_of_what",
    "ett försäljningskonto behöver group, vat_rate eller båda",
    "a sales account needs a group, a vat_rate, or both",
)
RATE_WITHOUT_ACCOUNT = Phrase(
    "schemas.rate_without_account",
    "en momssats över 0 behöver ett konto",
    "a VAT rate above 0 needs an account",
)
NO_FALLBACK = Phrase(
    "schemas.no_fallback",
    'unmapped: "fallback" behöver fallback_account',
    'unmapped: "fallback" needs a fallback_account',
)
DESCRIPTION = Phrase(
    "schemas.description",
    "description: orden som kan stå där är {{store}} {{register}} {{z_number}} {{date}}",
    "description: the known words are {{store}} {{register}} {{z_number}} {{date}}",
)
FIELDS_TWICE = Phrase(
    "schemas.fields_twice",
    "fields: {names:comma} står där mer än en gång",
    "fields: {names:comma} stands there more than once",
)
NO_ZONE = Phrase(
    "schemas.no_zone",
    "zone: det är ingen tidszon, som Europe/Stockholm",
    "zone: this is no time zone, such as Europe/Stockholm",
)
INVOICES_WITHOUT_SALES = Phrase(
    "schemas.invoices_without_sales",
    "invoicing: det behöver daysales, vars konton och momssatser det använder",
    "invoicing: it needs daysales, whose accounts and VAT rates it uses",
)
NO_HOST_KEY = Phrase(
    "schemas.no_host_key",
    "host_keys: ange minst en: bokbuss ways hostkey SERVER visar den, att jämföra",
    "host_keys: name one at least: bokbuss ways hostkey HOST shows it, to be compared",
)
NAME_TWICE = Phrase(
    "schemas.name_twice",
    "namnet {names:comma} står där mer än en gång",
    "the name {names:comma} stands there more than once",
)
SAME_CHARACTER = Phrase(
    "schemas.same_character",
    "thousands och decimal är samma tecken",
    "thousands and decimal are the same character",
)
HEADING_TWICE = Phrase(
    "schemas.heading_twice",
    "columns: rubriken {names:comma} står där mer än en gång",
    "columns: the heading {names:comma} stands there more than once",
)
COLUMNS = Phrase("schemas.columns", "{lacking}", "{lacking}")
COLUMN_TWICE = Phrase(
    "schemas.column_twice",
    "columns: {name} står där mer än en gång",
    "columns: {name} stands there more than once",
)
NO_COLUMN = Phrase("schemas.no_column", "columns: ingen är {name}", "columns: none is {name}")
NO_SALES = Phrase("schemas.no_sales", "columns: ingen är sales eller vat", "columns: none is of sales or vat")
NOT_TOLD = Phrase(
    "schemas.not_told",
    "columns: av {name} finns {found:and}: två av net, vat och gross, eller net eller gross ensam",
    "columns: of {name} there is {found:and}: two of net, vat and gross, or net or gross alone",
)

# --- What a setting that must be chosen means: its model says it in English ------------------------------------------

SERIES = Phrase(
    "schemas.means_series",
    "verifikationsserien; den måste vara öppen för manuell bokföring i Fortnox",
    "the voucher series; it must be open for manual entry in Fortnox",
)
METHOD = Phrase(
    "schemas.means_method",
    "ett betalningsmedel, som kassan kallar det; cash är det som räknas",
    "a means of payment, as the till names it; cash is the one that is counted",
)
DEBITED = Phrase("schemas.means_debited", "kontot som debiteras", "the account that is debited")
CREDITED = Phrase("schemas.means_credited", "kontot som krediteras", "the account that is credited")
VAT_RATE = Phrase(
    "schemas.means_vat_rate",
    "i procent; en sats som inte står här håller dagen",
    "in percent; a rate that does not stand here holds the day",
)
GROUP = Phrase("schemas.means_group", "en varugrupp, som kassan kallar den", "a product group, as the till names it")
ONLY_RATE = Phrase(
    "schemas.means_only_rate",
    "den enda sats som den får säljas till de dagarna",
    "the only rate that it may be sold at on those days",
)
CATEGORY = Phrase(
    "schemas.means_category",
    "tips, rounding, gift_cards_sold, cash_difference, eller ett av kassans egna namn",
    "tips, rounding, gift_cards_sold, cash_difference, or a name of the till's",
)
CREDITED_OR_DEBITED = Phrase(
    "schemas.means_credited_or_debited",
    "kontot som krediteras; ett belopp under noll debiterar det",
    "the account that is credited; an amount below zero debits it",
)
STORE = Phrase("schemas.means_store", "en butik, som dess kassor kallar den", "a store, as its tills name it")
COST_CENTRE = Phrase("schemas.means_cost_centre", "dess kod i Fortnox", "its code in Fortnox")
HR_SYSTEM = Phrase(
    "schemas.means_hr_system",
    "HR-systemet: alexishr, huma, eller namnet som kanoniska händelser har",
    "the HR system: alexishr, huma, or the name that canonical events carry",
)
SOURCE_OF_TRUTH = Phrase(
    "schemas.means_source_of_truth",
    "vems värde som gäller där ingen regel säger något annat",
    "whose value counts where no rule says otherwise",
)
WHICH_FIELD = Phrase("schemas.means_which_field", "vilket fält", "which field")
LEAVE_KIND = Phrase(
    "schemas.means_leave_kind", "som HR-systemet kallar det: VACATION", "as the HR system names it: VACATION"
)
CAUSE = Phrase("schemas.means_cause", "dess kod i Fortnox: SEM", "its code in Fortnox: SEM")
PERSONNEL_TYPE = Phrase(
    "schemas.means_personnel_type",
    "personaltyp i Fortnox: TJM tjänstemän, ARB arbetare",
    "Fortnox's PersonelType: TJM salaried staff, ARB workers",
)
CLOSING_SERIES = Phrase(
    "schemas.means_closing_series",
    "verifikationsserien; en egen, öppen för manuell bokföring i Fortnox; en plan kan ange en annan",
    "the voucher series; one of its own, open for manual entry in Fortnox; a plan can name another",
)
HEADING = Phrase("schemas.means_heading", "dess rubrik, som filen har den", "its heading, as the file has it")
WAY_NAME = Phrase(
    "schemas.means_way_name",
    "vad den kallas här; dess hemlighet lämnas under det namnet",
    "what it is called here; its secret is given under this name",
)
WAY_SYSTEM = Phrase(
    "schemas.means_way_system",
    "vems data som kommer där: openpos, daytotals, eller en annan källa",
    "whose payloads come there: openpos, daytotals, or another source",
)
SERVER_HOST = Phrase("schemas.means_server_host", "serverns adress", "of the server")
SERVER_USER = Phrase("schemas.means_server_user", "vem som loggar in där", "who logs in there")
SERVER_KEYS = Phrase(
    "schemas.means_server_keys",
    "serverns publika nycklar, som i known_hosts utan namnet; en annan tros aldrig",
    "the server's public keys, as in known_hosts without the name; another one is never believed",
)
_COLUMNS: Final = (
    "business_date, taken_at, store, register_id, z_number, amendment, organisation_number, receipts, total_sales, "
    "cash_difference, discounts, returns, payment NAME, other NAME, sales GROUP RATE net|vat|gross, "
    "vat RATE net|vat|gross"
)
NOTATION = Phrase(
    "schemas.notation",
    f"{_COLUMNS}, eller ignored; ett minus före ett belopp vänder dess tecken: -other refunds",
    f"{_COLUMNS}, or ignored; a minus before an amount turns its sign: -other refunds",
)
A_COLUMN = Phrase("schemas.a_column", f"en kolumn har {NOTATION.sv}", f"a column holds {NOTATION.en}")
HOLDS = Phrase("schemas.means_holds", f"vad som står i den: {NOTATION.sv}", f"what stands in it: {NOTATION.en}")

WORDS: Final[Mapping[str, Said]] = catalogue("schemas", vars())
MEANINGS: Final[Mapping[str, Phrase]] = {one.en: one for one in vars().values() if isinstance(one, Phrase)}
"""By their English: what a model's description is called in Swedish."""
