"""What is said of a SIE file: damage, deviations and findings, by line and column, in both languages. Pure.

Nothing here holds a text of the file, which can name people.
"""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Where ----------------------------------------------------------------------------------------------------------

AT_LINE = Phrase("sie.at_line", "rad {line}: {said}", "line {line}: {said}")
AT_COLUMN = Phrase("sie.at_column", "rad {line}, kolumn {column}: {said}", "line {line}, column {column}: {said}")
AT = Phrase("sie.at", "{where}: {said}", "{where}: {said}")
AND_MORE = Phrase("sie.and_more", "och {number:count} till", "and {number:count} more")
VOUCHER = Phrase("sie.voucher", "verifikation {name} den {day}", "voucher {name} of {day}")
A_VOUCHER = Phrase("sie.a_voucher", "verifikationen den {day}", "the voucher of {day}")
ENTRY = Phrase("sie.entry", "verifikationen den {day} ({name})", "the voucher of {day} ({name})")
ROW_OF_ENTRY = Phrase("sie.row_of_entry", "{entry}, rad {row}", "{entry}, row {row}")
BALANCE = Phrase("sie.balance", "ett saldo", "a balance")
CHART = Phrase("sie.chart", "kontoplanen", "the chart")

# --- Records, taken apart -------------------------------------------------------------------------------------------

BLANK = Phrase(
    "sie.blank",
    'här ska ett mellanslag skilja två fält; ett citattecken inne i ett fält skrivs \\"',
    'expected a blank between two fields; a quotation mark within a field is written \\"',
)
NO_LIST = Phrase(
    "sie.no_list",
    "här ska en objektlista stå, {{}} där det inte finns någon; den lästes som tom",
    "expected an object list, {{}} where there is none; it was taken as empty",
)
LIST_ENDS = Phrase("sie.list_ends", "objektlistan ska sluta med }}", "expected }} at the end of the object list")
LIST_IN_LIST = Phrase("sie.list_in_list", "här ska }} stå före nästa {{", "expected }} before another {{")
FIELD = Phrase(
    "sie.field",
    "här ska ett fält stå; klammern hör inte hit, för här finns ingen objektlista",
    "expected a field; this brace stands where there is no object list",
)
BACKSLASH = Phrase(
    "sie.backslash",
    'fältet slutar med \\", som lästes som \\ och fältets slut',
    'this field ends in \\", which was read as a \\ and the end of the field',
)
UNQUOTED = Phrase(
    "sie.unquoted",
    "fältet ska sluta med ett citattecken; det lästes till radens slut",
    "expected a quotation mark at the end of this field; it was read to the row's end",
)
TAB = Phrase(
    "sie.tab",
    "det finns en tabb inne i fältet; den lästes som ett mellanslag",
    "there is a tab within this field; it was read as a blank",
)
TEXT = Phrase(
    "sie.text",
    'här ska en text stå inom ", med \\" för varje " i den; den lästes till radens slut',
    'expected a text within " with \\" for each " in it; it was read to the end of the row',
)
NO_RECORD = Phrase(
    "sie.no_record",
    "här ska en etikett som #TRANS stå, eller {{ eller }} ensamt",
    "expected a label such as #TRANS, or {{ or }} alone",
)
NO_FLAG = Phrase("sie.no_flag", "den första posten ska vara #FLAGGA", "expected #FLAGGA as the first record")
NO_SIE_FILE = Phrase(
    "sie.no_sie_file",
    "det här är ingen SIE-fil: den första posten vore #FLAGGA",
    "this is no SIE file: its first record would be #FLAGGA",
)

# --- Vouchers -------------------------------------------------------------------------------------------------------

NO_OPENING = Phrase(
    "sie.no_opening",
    "här ska inget {{ stå; det inleder raderna i en #VER",
    "expected no {{ here; it begins the rows of a #VER",
)
NO_CLOSING = Phrase("sie.no_closing", "här ska inget }} stå; inget {{ är öppet", "expected no }} here; no {{ is open")
UNCLOSED = Phrase(
    "sie.unclosed",
    "verifikationen ska sluta med }}; filen tar slut före det",
    "expected }} at the end of this voucher; the file ends before",
)
STILL_OPEN = Phrase(
    "sie.still_open",
    "här ska }} stå först: verifikationen på rad {line} är öppen",
    "expected }} first: the voucher of line {line} is open",
)
NO_BRACES = Phrase(
    "sie.no_braces",
    "{{ och }} ska stå efter #VER; verifikationen lästes som tom",
    "expected {{ and }} after #VER; the voucher was taken as empty",
)
VOUCHER_DAY = Phrase(
    "sie.voucher_day",
    "här ska verifikationens dag stå som ÅÅÅÅMMDD",
    "expected the voucher's day as YYYYMMDD",
)
NO_VOUCHER = Phrase("sie.no_voucher", "före raden ska #VER och {{ stå", "expected a #VER and {{ before this row")
NOT_OPENED = Phrase("sie.not_opened", "mellan #VER och dess rader ska {{ stå", "expected {{ between #VER and its rows")
NO_TWIN = Phrase(
    "sie.no_twin",
    "efter varje #RTRANS ska en #TRANS med samma konto, objekt och belopp stå",
    "expected after each #RTRANS a #TRANS of the same account, objects and amount",
)

# --- Fields ---------------------------------------------------------------------------------------------------------

DAY = Phrase(
    "sie.day",
    "här ska en dag stå som ÅÅÅÅMMDD, från åren 1900 till 2199",
    "expected a day as YYYYMMDD, of the years 1900 to 2199",
)
NO_SUCH_DAY = Phrase("sie.no_such_day", "dagen finns inte i kalendern", "there is no such day in the calendar")
NO_DAY = Phrase(
    "sie.no_day", "nollor står för en dag; de lästes som ingen", "zeros stand for a day; they were read as none"
)
ACCOUNT = Phrase("sie.account", "här ska ett konto stå", "expected an account")
PAIRS = Phrase(
    "sie.pairs",
    "här ska par av dimensionens nummer och ett objekt stå",
    "expected pairs of a dimension's number and an object",
)
NUMBER_FIRST = Phrase(
    "sie.number_first",
    "före varje objekt ska dimensionens nummer stå",
    "expected a dimension's number before each object",
)
DIMENSION = Phrase("sie.dimension", "här ska en dimensions nummer stå", "expected a dimension's number")
DIMENSION_ABOVE = Phrase(
    "sie.dimension_above",
    "här ska numret på dimensionen ovanför stå",
    "expected the number of the dimension above",
)
AMOUNT = Phrase(
    "sie.amount",
    "här ska ett belopp stå, som -1234.50: punkt, två decimaler och högst 15 siffror",
    "expected an amount such as -1234.50: a point, two decimals and 15 digits at most",
)
AMOUNT_OTHERWISE = Phrase(
    "sie.amount_otherwise",
    "ett belopp är inte skrivet som standarden säger; värdet är tydligt",
    "an amount is not written as the standard has it; its value is clear",
)
QUANTITY = Phrase(
    "sie.quantity",
    "här ska en kvantitet stå, som -2.5; inget tal har mellanslag eller komman i sig",
    "expected a quantity such as -2.5; no number has blanks or commas in it",
)
QUANTITY_LEFT_OUT = Phrase(
    "sie.quantity_left_out",
    "här ska en kvantitet stå, som -2.5; det som står där utelämnades",
    "expected a quantity such as -2.5; what stands there was left out",
)
MONTH = Phrase("sie.month", "här ska en månad stå som ÅÅÅÅMM", "expected a month as YYYYMM")
YEAR_INDEX = Phrase(
    "sie.year_index",
    "här ska 0 stå för det här året, -1 för året före, och så vidare",
    "expected 0 for this year, -1 for the one before, and so on",
)
TYPE = Phrase("sie.type", "här ska en typ från 1 till 4 stå", "expected a type of 1 to 4")
LAST_BEFORE_FIRST = Phrase(
    "sie.last_before_first",
    "årets sista dag ska inte vara före den första",
    "expected a last day that is not before the first",
)

# --- Identification and chart ---------------------------------------------------------------------------------------

TWICE = Phrase("sie.twice", "{label} står två gånger; den första gäller", "{label} stands twice; the first one counts")
ACCOUNT_TWICE = Phrase(
    "sie.account_twice",
    "kontot står två gånger med olika namn; det första gäller",
    "this account stands twice with different names; the first one counts",
)
DIMENSION_TWICE = Phrase(
    "sie.dimension_twice",
    "dimension {dimension} står två gånger; den första gäller",
    "dimension {dimension} stands twice; the first one counts",
)
OBJECT_TWICE = Phrase(
    "sie.object_twice",
    "ett objekt i dimension {dimension} står två gånger; det första gäller",
    "an object of dimension {dimension} stands twice; the first one counts",
)
FORMAT = Phrase(
    "sie.format",
    "här ska #FORMAT PC8 stå, det enda format som standarden har",
    "expected #FORMAT PC8, the only format that the standard knows",
)
YEAR_DAYS = Phrase(
    "sie.year_days",
    "här ska årets första och sista dag stå",
    "expected the first and the last day of the year",
)
VOUCHERS_OUTSIDE_4 = Phrase(
    "sie.vouchers_outside_4",
    "det finns verifikationer, som bara typ 4 har; filen lästes som typ 4",
    "there are vouchers, which only type 4 has; the file was read as type 4",
)
MISSING = Phrase("sie.missing", "{label} saknas", "expected a {label}")
NO_YEAR = Phrase(
    "sie.no_year",
    "#RAR {year} saknas: det finns saldon för det året",
    "expected a #RAR {year}: there are balances of that year",
)
NO_DIMENSION = Phrase(
    "sie.no_dimension",
    "#DIM {dimension} saknas: det finns objekt i den",
    "expected a #DIM {dimension}: there are objects of it",
)
NO_ACCOUNT = Phrase(
    "sie.no_account",
    "#KONTO{account} saknas: det finns saldon eller rader på det",
    "expected a #KONTO{account}: there are balances or rows of it",
)

# --- The file as a whole --------------------------------------------------------------------------------------------

CHECKSUM = Phrase(
    "sie.checksum",
    "kontrollsumman är en annan: filen har ändrats på vägen, eller kapats",
    "the checksum differs: the file was changed on its way, or cut",
)
CHECKSUM_SKIPPED = Phrase(
    "sie.checksum_skipped",
    "kontrollsumman gäller teckentabell 437, som filen inte är skriven i",
    "the checksum is of code page 437, the file is not",
)
TRUNCATED = Phrase(
    "sie.truncated",
    "en sista #KSUMMA ska stå sist; slutet av filen saknas",
    "expected a last #KSUMMA; the end of the file is missing",
)
QUESTION_MARKS = Phrase(
    "sie.question_marks",
    "bokstäver i kontonamn har ersatts med ?; exportera filen på nytt",
    "letters of account names were replaced by ?; export the file anew",
)
LETTERS_LOST = Phrase(
    "sie.letters_lost",
    "{number:count} bokstäver gick förlorade innan filen skrevs; exportera den på nytt",
    "{number:count} letters were lost before the file was written; export it anew",
)
UTF_16 = Phrase(
    "sie.utf_16",
    "filen är skriven i UTF-16; en SIE-fil har en byte per tecken: spara den i teckentabell 437",
    "the file is in UTF-16; a SIE file has one byte a character: save it in code page 437",
)
LONG_ROW = Phrase(
    "sie.long_row",
    "det finns en rad med mer än en miljon tecken; det här är ingen SIE-fil",
    "there is a row of more than a million characters; this is no SIE file",
)
TWO_PAGES = Phrase(
    "sie.two_pages",
    "raden är skriven i {line}, filen i {file}; var och en lästes som den är",
    "this line is in {line}, the file in {file}; each was read as what it is",
)
REPAIRED = Phrase(
    "sie.repaired",
    "bokstäver som lästs i en annan teckentabell rättades; se efter att de stämmer",
    "letters that were read in another code page were put right; look at them",
)
LOST_LETTER = Phrase(
    "sie.lost_letter",
    "en bokstav gick förlorad innan filen skrevs",
    "a letter was lost before the file was written",
)
CONTROL = Phrase(
    "sie.control",
    "här står ett styrtecken; det lästes som ett mellanslag",
    "a control character stands here; it was read as a blank",
)
FILE_TOO_LARGE = Phrase(
    "sie.file_too_large",
    "filen har {size:count} byte, fler än de {most:count} som tas emot",
    "the file has {size:count} bytes, more than the {most:count} that are taken",
)
TOO_MANY_OBJECTS = Phrase(
    "sie.too_many_objects",
    "filen har fler än {most:count} konton, dimensioner och objekt",
    "the file has more than {most:count} accounts, dimensions and objects",
)
TOO_MANY_ACCOUNTS = Phrase(
    "sie.too_many_accounts",
    "verifikationerna är på fler än {most:count} konton",
    "the vouchers are on more than {most:count} accounts",
)
TOO_MANY_ROWS = Phrase(
    "sie.too_many_rows",
    "verifikationen på rad {line} har fler än {most:count} rader",
    "the voucher of line {line} has more than {most:count} rows",
)
LIMITS = Phrase(
    "sie.limits",
    "gränserna ställs in: BOKBUSS_SIE__SIZE, BOKBUSS_SIE__OBJECTS och BOKBUSS_SIE__ROWS",
    "limits: BOKBUSS_SIE__SIZE, BOKBUSS_SIE__OBJECTS and BOKBUSS_SIE__ROWS are settings",
)

# --- Findings in the books ------------------------------------------------------------------------------------------

BALANCE_TWICE = Phrase(
    "sie.balance_twice",
    "{label} för konto {account} står två gånger; de lades ihop",
    "{label} of account {account} stands twice; both were added up",
)
UNBALANCED = Phrase(
    "sie.unbalanced",
    "{voucher} går inte jämnt ut: det skiljer {gap:money}",
    "{voucher} is {gap:money} out of balance",
)
NOT_ASCENDING = Phrase(
    "sie.not_ascending",
    "{voucher} kommer efter nummer {number} i sin serie",
    "{voucher} comes after number {number} of its series",
)
TAKEN_BEFORE = Phrase(
    "sie.taken_before",
    "flaggan säger att ett program redan har läst in filen",
    "the flag says that a program has taken this file before",
)
OUTSIDE_YEAR = Phrase(
    "sie.outside_year",
    "det finns verifikationer från {first} till {last}, och året är {begins} till {ends}",
    "there are vouchers of {first} to {last}, the year is {begins} to {ends}",
)
PART_OF_YEAR = Phrase(
    "sie.part_of_year",
    "filen säger själv (#OMFATTN) att den är av en del av året, till och med {until}; året slutar {ends}",
    "the file itself says (#OMFATTN) that it is of a part of the year, up to {until}; the year ends on {ends}",
)
OPENING_NOT_ZERO = Phrase(
    "sie.opening_not_zero",
    "de ingående balanserna blir {total:money}, inte noll; är förra årets resultat omfört?",
    "the opening balances sum to {total:money}, not to zero; was last year's result carried forward?",
)
OPENING_DIFFERS = Phrase(
    "sie.opening_differs",
    "konto {account} börjar med {opened:money} och slutade förra året med {closed:money}",
    "account {account} opens with {opened:money} and closed last year with {closed:money}",
)
CLOSING_DIFFERS = Phrase(
    "sie.closing_differs",
    "konto {account}: ingående balans och verifikationer blir {summed:money}, {label} säger {said:money}",
    "account {account}: opening balance and vouchers sum to {summed:money}, {label} says {said:money}",
)

# --- SIE 5 entry files ----------------------------------------------------------------------------------------------

NO_XML = Phrase("sie.no_xml", "det här är ingen XML: {how}", "this is no XML: {how}")
UNKNOWN_ENCODING = Phrase(
    "sie.unknown_encoding",
    "det här är ingen XML i en teckenkodning som är känd",
    "this is no XML in an encoding that is known",
)
DOCUMENT_TYPE = Phrase(
    "sie.document_type",
    "här ska ingen dokumenttyp stå, som ingen fil med poster har; är det här en webbsida?",
    "expected no document type, which no entry file has; is this a web page?",
)
NO_ENTRY_FILE = Phrase(
    "sie.no_entry_file",
    "det här är ingen SIE 5-fil med poster: dess rot vore SieEntry; av hela filer (Sie) exportera typ 4 i stället",
    "this is no SIE 5 entry file: its root would be SieEntry; of full files (Sie) export type 4 instead",
)
TOO_DEEP = Phrase("sie.too_deep", "element står för djupt i varandra", "elements stand too deep within each other")
TOO_MANY_ENTRIES = Phrase(
    "sie.too_many_entries",
    "journalposten på rad {line} har fler än {most:count} poster",
    "the journal entry of line {line} has more than {most:count} ledger entries",
)
NEEDED = Phrase("sie.needed", "{name} saknas", "expected a {name}")
ISO_DAY = Phrase(
    "sie.iso_day",
    "{name} ska vara en dag som ÅÅÅÅ-MM-DD, från åren 1900 till 2199",
    "expected {name} to be a day as YYYY-MM-DD, of the years 1900 to 2199",
)
DIMENSION_OF = Phrase(
    "sie.dimension_of",
    "{name} ska vara en dimensions nummer",
    "expected {name} to be the number of a dimension",
)
A_QUANTITY = Phrase("sie.a_quantity", "här ska en kvantitet stå, som -2.5", "expected a quantity such as -2.5")

# --- What a file is to be used for ----------------------------------------------------------------------------------

ONLY_BALANCES = Phrase(
    "sie.only_balances",
    "type: filen är av typ {form}: den har saldon men inga verifikationer: inget års huvudbok; exportera typ 4",
    "type: the file is of type {form}: it has balances and no vouchers, so that it is no year's ledger; export type 4",
)
ONLY_ENTRIES = Phrase(
    "sie.only_entries",
    "type: filen har poster att bokföra (4I) och inga saldon: den är inget års huvudbok",
    "type: the file holds entries to be booked (4I), no balances: it is no year's ledger",
)
YEAR_NOT_NAMED = Phrase(
    "sie.year_not_named",
    "#RAR 0: här ska första och sista dagen i filens år stå",
    "#RAR 0: expected the first and the last day of the year that the file is of",
)
TOO_MANY_TO_BOOK = Phrase(
    "sie.too_many_to_book",
    "#TRANS: {rows:count} rader ska bokföras, fler än {most:count}; dela filen",
    "#TRANS: {rows:count} rows are to be booked, more than {most:count}; split the file",
)
OTHER_CURRENCY = Phrase(
    "sie.other_currency",
    "#VALUTA: här ska SEK stå: belopp i en annan valuta läses inte som kronor",
    "#VALUTA: expected SEK: amounts in another currency are not read as kronor",
)
WHOSE = Phrase(
    "sie.whose",
    "#ORGNR: här ska företagets organisationsnummer stå: vems posterna är gissas inte",
    "#ORGNR: expected the company's organisation number: whose entries these are is not guessed",
)
NO_ENTRIES = Phrase(
    "sie.no_entries",
    "#VER: här ska poster att bokföra stå; det finns inga i filen",
    "#VER: expected entries to be booked; there are none in this file",
)
TWO_ROWS = Phrase("sie.two_rows", "här ska minst två rader med belopp stå", "expected two rows at least with an amount")
FOUR_DIGITS = Phrase(
    "sie.four_digits",
    "här ska ett konto med fyra siffror stå: ingen verifikation i Fortnox har något annat",
    "expected an account of four digits: no voucher in Fortnox has another one",
)
ONE_OBJECT = Phrase(
    "sie.one_object",
    "här ska högst ett objekt i dimension {centre} och i {project} stå",
    "expected one object of dimension {centre} and of {project} at most",
)

LEFT_OUT = Phrase(
    "sie.left_out",
    "dimension {dimension} följer inte med (rader som har den: {rows:count}): verifikationer i Fortnox har bara "
    "kostnadsställe och projekt",
    "dimension {dimension} does not come along (rows that have it: {rows:count}): vouchers in Fortnox have a cost "
    "centre and a project only",
)

WORDS: Final[Mapping[str, Said]] = catalogue("sie", vars())
BY_KEY: Final[Mapping[str, Phrase]] = {one.key: one for one in vars().values() if isinstance(one, Phrase)}
"""What takes records apart names by its key what it expected."""
