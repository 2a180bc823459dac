"""Every way in which Fortnox says no: our bounded code, what follows, who must act, and what to do, sv and en. Pure.

Sources of Fortnox's numbers: ``facts/fortnox.md`` §2.5 (its page "errors", recordings, SDKs) and FEATURES P18. Other
codes are our own, for what we find out ourselves or what comes without a number.
"""

# ruff: noqa: RUF001 - the angle quotation mark is how click paths are written, and a dash parts two sentences
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from infra.verdicts import Rejected
from schemas.base import Who
from schemas.words import Phrase, Text, Wording

AnswerKind = Literal["rejected", "retry_later", "unauthorised", "unknown"]
"""What follows: this order is refused; the whole company waits; another token is tried; Fortnox is asked later."""
_T = TypeVar("_T")
SAYS: Final = Phrase("fortnox.says", "{said}", "{said}")
SAYS_IN_ALL: Final = Phrase(
    "fortnox.says_in_all",
    "{said}; hela svaret ({status}): {answer}",
    "{said}; its whole answer ({status}): {answer}",
)
EXPLAINED: Final = Phrase("fortnox.explained", "{why} – {meaning}", "{why} – {meaning}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. ``sv`` and ``en`` say what is wrong and what to do."""

    kind: AnswerKind
    who: Who | None
    sv: str
    en: str


def _accountant(sv: str, en: str) -> Meaning:
    return Meaning("rejected", "accountant", sv, en)


def _developer(sv: str, en: str) -> Meaning:
    return Meaning(
        "rejected", "developer", f"{sv} Det är ett fel i bokbuss: anmäl det.", f"{en} It is a fault of ours: report it."
    )


def _operator(sv: str, en: str) -> Meaning:
    return Meaning("rejected", "operator", sv, en)


def _waits(sv: str, en: str, who: Who | None = "operator") -> Meaning:
    return Meaning("retry_later", who, sv, en)


_LOOK_AGAIN_SV: Final = "Bokbuss försöker igen av sig själv; inget behöver göras om det inte varar."
_LOOK_AGAIN: Final = "It is tried again by itself; nothing needs to be done unless it lasts."

MEANINGS: Final[Mapping[str, Meaning]] = {
    # --- bookkeeping
    "period_locked": _accountant(
        "Perioden är låst. Lås upp den i Fortnox och svara 'försök igen', eller boka dagen för hand.",
        "The period is locked. Unlock it in Fortnox and answer 'try again', or book it by hand.",
    ),
    "account_missing": _accountant(
        "Ett konto saknas i räkenskapsårets kontoplan. Lägg upp det i Fortnox, eller ändra kontot i inställningarna."
        " För en artikel på en faktura kan det vara ett av Fortnox förvalda konton.",
        "An account is not in the financial year's chart. Add it in Fortnox, or change the account in the settings."
        " For an article on an invoice it may be one of Fortnox's preferred accounts.",
    ),
    "account_inactive": _accountant(
        "Ett konto är inte aktivt. Aktivera det i Fortnox kontoplan, eller ändra kontot i inställningarna.",
        "An account is not active. Activate it in Fortnox's chart of accounts, or change the account in the settings.",
    ),
    "account_invalid": _accountant(
        "Ett kontonummer är ogiltigt: det ska ha fyra siffror. Rätta det i inställningarna.",
        "An account number is invalid: it has four digits. Correct it in the settings.",
    ),
    "predefined_account_missing": _accountant(
        "Ett förvalt konto saknas eller är inaktivt. Välj det bland Fortnox förvalda konton.",
        "A predefined account is missing or inactive. Choose it among Fortnox's predefined accounts.",
    ),
    "series_not_manual": _accountant(
        "Verifikationsserien är inte manuell. Öppna serien för manuell bokföring i Fortnox, för rätt räkenskapsår.",
        "The voucher series is not manual. Open it for manual entry in Fortnox, for the right financial year.",
    ),
    "series_missing": _accountant(
        "Verifikationsserien finns inte i räkenskapsåret. Lägg upp den i Fortnox, eller välj en annan.",
        "The voucher series is not in the financial year. Add it in Fortnox, or choose another in the settings.",
    ),
    "financial_year_missing": _accountant(
        "Räkenskapsåret för datumet saknas. Lägg upp det i Fortnox.",
        "There is no financial year for the date. Create it in Fortnox.",
    ),
    "cost_centre_refused": _accountant(
        "Kostnadsstället saknas, är inaktivt, måste anges eller får inte anges för kontot; eller stödet för"
        " kostnadsställen är avstängt. Rätta kostnadsstället eller kontots regel i Fortnox.",
        "The cost centre is missing, inactive, demanded or forbidden by the account; or cost centre support is off."
        " Correct the cost centre or the account's rule in Fortnox.",
    ),
    "project_refused": _accountant(
        "Projektet saknas, måste anges eller får inte anges för kontot. Rätta projektet eller kontots regel i Fortnox.",
        "The project is missing, demanded or forbidden by the account. Correct it or the account's rule in Fortnox.",
    ),
    "transaction_information_refused": _accountant(
        "Kontot kräver transaktionsinformation eller tillåter ingen. Rätta kontots regel i Fortnox kontoplan.",
        "The account demands transaction information or takes none. Correct the account's rule in Fortnox.",
    ),
    "vat_code_refused": _accountant(
        "Momskoden passar inte kontot eller raden. Rätta kontots momskod i Fortnox eller momssatsen i inställningarna.",
        "The VAT code does not fit the account or row. Correct the account's VAT code or the rate in the settings.",
    ),
    "unbalanced": _developer(
        "Debet och kredit går inte jämnt ut enligt Fortnox.", "Debit and credit differ, says Fortnox."
    ),
    "voucher_missing": _accountant(
        "Verifikationen som filen hör till finns inte i Fortnox. Kontrollera serie, nummer och räkenskapsår.",
        "The voucher that the file belongs to is not in Fortnox. Check its series, number and financial year.",
    ),
    "voucher_gone": _accountant(
        "Verifikationen som ska återföras finns inte kvar i Fortnox, eller är en annan än vår. Se efter vem som tog"
        " bort den, och svara om dagen ska bokföras på nytt.",
        "The voucher that is to be reversed is not in Fortnox any more, or is not ours. Find out who removed it, and"
        " answer whether the day is to be booked anew.",
    ),
    "another_organisation": _operator(
        "Verifikationen är för ett annat organisationsnummer än det vars bokföring anslutningen öppnar. Skicka den till"
        " rätt företag, eller anslut rätt bokföring.",
        "The voucher is for another organisation number than that of the books which the connection opens. Send it to"
        " the right company, or connect the right books.",
    ),
    "another_database": _operator(
        "Verifikationen är för en annan Fortnoxdatabas (DatabaseNumber) än den som anslutningen öppnar: ett testföretag"
        " eller en kopia kan ha samma organisationsnummer. Anslut rätt bokföring.",
        "The voucher is for another Fortnox database (DatabaseNumber) than the one that the connection opens: a test"
        " company or a copy can have the same organisation number. Connect the right books.",
    ),
    "suspected_double": _accountant(
        "En annan verifikation samma dag har samma konton och belopp: den kan vara bokförd för hand eller inläst från"
        " en fil. Se efter, och svara om det är samma händelse.",
        "Another voucher of that day has the same accounts and amounts: it may have been booked by hand or imported"
        " from a file. Look, and answer whether it is the same event.",
    ),
    # --- ledgers
    "ledger_unreadable": _developer(
        "Fortnox SIE-fil för räkenskapsåret går inte att läsa. Hämta den i Fortnox och granska den.",
        "Fortnox's SIE file of the financial year cannot be read. Fetch it in Fortnox and look it over.",
    ),
    "ledger_too_large": _operator(
        "Räkenskapsåret är större än vad som tas emot. Höj gränsen (BOKBUSS_FORTNOX__LEDGER_BYTES).",
        "The financial year is larger than what is taken. Raise the limit (BOKBUSS_FORTNOX__LEDGER_BYTES).",
    ),
    "other_company": _operator(
        "Fortnox lämnade bokföringen för ett annat organisationsnummer. Rätta numret här, eller anslut rätt bokföring.",
        "Fortnox gave the books of another organisation number. Correct the number here, or connect the right books.",
    ),
    "other_year": _developer(
        "Fortnox lämnade ett annat räkenskapsår än det som efterfrågades.",
        "Fortnox gave another financial year than the one that was asked for.",
    ),
    "not_accepted": _waits(
        f"Det som lästes kunde inte tas emot: Kafka eller databasen svarar inte. {_LOOK_AGAIN_SV}",
        f"What was read could not be taken in: Kafka or the database does not answer. {_LOOK_AGAIN}",
        None,
    ),
    # --- customers, invoices, orders
    "customer_missing": _accountant(
        "Kunden finns inte i Fortnox. Lägg upp kunden, eller rätta kundnumret i kassan.",
        "The customer is not in Fortnox. Add the customer, or correct the customer number in the till.",
    ),
    "customer_ambiguous": _accountant(
        "Flera kunder i Fortnox passar. Låt en av dem vara aktiv, eller ange kundnumret i kassan, och svara 'försök"
        " igen'.",
        "Several customers in Fortnox fit. Leave one of them active, or give the customer number in the till, and try"
        " again.",
    ),
    "customer_in_doubt": _waits(
        f"Om kunden lades upp för ett annat kvitto vet ingen än. {_LOOK_AGAIN_SV}",
        f"Whether the customer was made for another receipt is not known yet. {_LOOK_AGAIN}",
        None,
    ),
    "number_reserved": _accountant(
        "Numret är redan använt; Fortnox spärrar även borttagna nummer. Välj ett annat.",
        "The number is taken; Fortnox reserves deleted ones as well. Choose another.",
    ),
    "number_series_behind": _accountant(
        "Nästa nummer i Fortnox nummerserie är redan använt. Sätt det till det senast använda plus ett (Inställningar ›"
        " Fakturering › Nummerserier och OCR) och svara 'försök igen'.",
        "The next number of Fortnox's number series is taken. Set it to the last one used plus one (Settings ›"
        " Invoicing › Number series and OCR) and answer 'try again'.",
    ),
    "vat_rate_missing": _accountant(
        "Momssatsen finns inte i Fortnox. Lägg upp den (Inställningar › Bokföring › Moms) och svara 'försök igen'.",
        "The VAT rate is not in Fortnox. Add it (Settings › Bookkeeping › VAT) and answer 'try again'.",
    ),
    "article_missing": _accountant(
        "Artikeln finns inte i Fortnox. Lägg upp den, eller rätta artikelnumret.",
        "The article is not in Fortnox. Add it, or correct the article number.",
    ),
    "terms_missing": _accountant(
        "Ett betalnings- eller leveransvillkor, en prislista, valuta eller enhet finns inte i Fortnox. Lägg upp den.",
        "Terms of payment or delivery, a price list, currency or unit are not in Fortnox. Add what is missing.",
    ),
    "invoice_missing": _accountant(
        "Fakturan finns inte i Fortnox. Kontrollera fakturanumret där.",
        "The invoice is not in Fortnox. Check its number there.",
    ),
    "order_missing": _accountant(
        "Ordern finns inte i Fortnox. Kontrollera ordernumret där.",
        "The order is not in Fortnox. Check its number there.",
    ),
    "document_state_refused": _accountant(
        "Dokumentet är klarmarkerat, makulerat, bokfört eller inte levererat ännu. Hantera det i Fortnox.",
        "The document is finished, cancelled, booked or not delivered yet. Handle it in Fortnox.",
    ),
    "tax_reduction_refused": _accountant(
        "Uppgifterna om skattereduktion (rot, rut, grön teknik) går inte ihop. Rätta dem i Fortnox.",
        "What is said about tax reduction (rot, rut, green) does not fit. Correct it in Fortnox.",
    ),
    "stock_refused": _operator(
        "Fortnox lagermodul tar inte emot dokumentet. Kontrollera det i lagermodulen och svara 'försök igen'.",
        "Fortnox's stock module does not take the document. Check it there and answer 'try again'.",
    ),
    # --- employees, absence
    "employee_missing": _accountant(
        "Den anställda finns inte i Fortnox. Matcha personen på nytt, eller lägg upp den anställda.",
        "The employee is not in Fortnox. Match the person again, or add the employee.",
    ),
    "employee_fields_missing": _accountant(
        "Fortnox kräver e-post, förnamn och efternamn. Fyll i det som saknas i HR-systemet.",
        "Fortnox demands e-mail, first name and last name. Fill in what is missing in the HR system.",
    ),
    "employee_agreement_missing": _accountant(
        "Fortnox hittar inget avtal för en ny anställd. Välj ett avtal för nyanställda i Fortnox Lön, eller ange"
        " personaltypen i inställningarna (employees.new_employee), och svara 'försök igen'.",
        "Fortnox finds no agreement for a new employee. Choose one for new employees in Fortnox Lön, or say the"
        " personnel type in the settings (employees.new_employee), and answer 'try again'.",
    ),
    "bank_account_invalid": _accountant(
        "Bankkontot går inte att dela i clearing- och kontonummer. Rätta det i HR-systemet.",
        "The bank account cannot be split into clearing and account number. Correct it in the HR system.",
    ),
    "record_moved": _accountant(
        "Någon har ändrat posten i Fortnox sedan ändringen beslutades. Läs om och avgör vilken sida som gäller.",
        "Somebody has changed the record in Fortnox since this was decided. Read again and say which side holds.",
    ),
    "field_unreadable": _operator(
        "Fortnox visar inte ett fält (API_NORIGHT): licens eller behörighet saknas. Ge integrationen rätten.",
        "Fortnox does not show a field (API_NORIGHT): a licence or right is missing. Give the integration that right.",
    ),
    "user_not_linked": _operator(
        "Ingen användare är kopplad till den anställda. Koppla en användare i Fortnox, eller be dess support.",
        "No user is linked to the employee. Link a user in Fortnox, or ask its support.",
    ),
    "absence_missing": _accountant(
        "Frånvaron finns inte kvar i Fortnox. Kontrollera den anställdas kalender där.",
        "The absence is not in Fortnox any more. Check the employee's calendar there.",
    ),
    "cause_refused": _accountant(
        "Fortnox känner inte orsakskoden. Välj en annan för frånvarotypen i inställningarna.",
        "Fortnox does not know the cause code. Choose another for this kind of leave in the settings.",
    ),
    # --- what we sent
    "bad_characters": _developer(
        "En text innehåller tecken som Fortnox inte tar emot.", "A text holds characters that Fortnox does not take."
    ),
    "bad_value": _developer("Ett värde har fel form.", "A value has the wrong form."),
    "value_too_long": _developer("Ett värde är för långt.", "A value is too long."),
    "bad_parameter": _developer("Frågan har en ogiltig parameter.", "The request has an invalid parameter."),
    "bad_body": _developer("Fortnox kan inte läsa det som skickades.", "Fortnox cannot read what was sent."),
    "unknown_field": _developer("Ett fältnamn är fel eller inte skrivbart.", "A field's name is wrong, or read-only."),
    "missing_field": _developer("Ett obligatoriskt fält saknas.", "A field that Fortnox demands is missing."),
    "bad_identifier": _developer("Identiteten i anropet är ogiltig.", "The identifier in the request is invalid."),
    "migration_under_way": _operator(
        "En migrering pågår eller är avslutad i Fortnox. Vänta tills den är klar och svara 'försök igen'.",
        "A migration is under way or ended in Fortnox. Wait until it is over and answer 'try again'.",
    ),
    "unexplained": _operator(
        "Fortnox svarar med en kod som inte är förklarad någonstans. Läs svaret, eller fråga Fortnox support.",
        "Fortnox answers with a code that is explained nowhere. Read its answer, or ask Fortnox's support.",
    ),
    # --- the company's connection
    "scope_missing": _waits(
        "Anslutningen saknar en behörighet (scope). Låt företaget ansluta igen: bokbuss connect.",
        "The connection lacks a scope. Let the company connect again: bokbuss connect.",
    ),
    "licence_missing": _waits(
        "Licens saknas i Fortnox. Fortnox-administratören lägger till den: Administrera användare › Lägg till"
        " licenser › Integration (och modulen som används).",
        "A licence is missing in Fortnox. The Fortnox administrator adds it: Administrate Users › Add Licenses ›"
        " Integration (and the module that is used).",
    ),
    "permission_missing": _waits(
        "Den som godkände anslutningen saknar behörighet. Ge användaren behörigheten i Fortnox (byrån kan behöva göra"
        " det), eller låt en administratör ansluta igen.",
        "The person who consented lacks a permission. Give it in Fortnox (an agency may have to), or let an"
        " administrator connect again.",
    ),
    "forbidden": _waits(
        "Fortnox förbjuder anropet (403) utan känd orsak. Kontrollera integrationens rättigheter i företaget.",
        "Fortnox forbids the request (403) for no known reason. Check the integration's rights in the company.",
    ),
    "consent_missing": _waits(
        "Företagets godkännande saknas eller har gått ut. Låt företaget ansluta igen: bokbuss connect.",
        "The company's consent is missing or has run out. Let the company connect again: bokbuss connect.",
    ),
    "unauthorised": Meaning(
        "unauthorised",
        "operator",
        "Fortnox tar inte emot åtkomsten. Låt företaget ansluta igen: bokbuss connect.",
        "Fortnox refuses the access token. Let the company connect again: bokbuss connect.",
    ),
    "client_refused": _waits(
        "Fortnox känner inte bokbuss. Kontrollera BOKBUSS_FORTNOX__CLIENT_ID och __CLIENT_SECRET.",
        "Fortnox does not know our client. Check BOKBUSS_FORTNOX__CLIENT_ID and __CLIENT_SECRET.",
    ),
    "auth_refused": _waits(
        "Fortnox ger ingen åtkomst. Kontrollera integrationen i Fortnox utvecklarportal.",
        "Fortnox gives no token. Check the integration in Fortnox's developer portal.",
    ),
    # --- passing
    "system_exception": Meaning(
        "unknown",
        "operator",
        f"Fortnox fick ett internt fel. {_LOOK_AGAIN_SV}",
        f"Fortnox failed within. {_LOOK_AGAIN}",
    ),
    "document_missing": _operator(
        "Filen som ska bifogas finns inte i lagret för dokument. Lägg tillbaka den där och svara 'försök igen'.",
        "The file that is to be attached is not in the store of documents. Put it back there and answer 'try again'.",
    ),
    "documents_away": _waits(
        "Lagret för dokument går inte att läsa. Kontrollera det, och BOKBUSS_DOCUMENTS__URL.",
        "The store of documents cannot be read. Check it, and BOKBUSS_DOCUMENTS__URL.",
    ),
    "throttled": _waits(
        f"För många anrop (429). {_LOOK_AGAIN_SV}", f"Too many requests (429). {_LOOK_AGAIN}", who=None
    ),
    "auth_throttled": _waits(
        f"För många frågor om åtkomst (429). {_LOOK_AGAIN_SV}", f"Too many token requests. {_LOOK_AGAIN}", who=None
    ),
    "unreachable": _waits(f"Fortnox går inte att nå. {_LOOK_AGAIN_SV}", f"No answer from Fortnox. {_LOOK_AGAIN}", None),
    "auth_unreachable": _waits(
        f"Fortnox inloggning svarar inte. {_LOOK_AGAIN_SV}", f"Fortnox's token endpoint is silent. {_LOOK_AGAIN}", None
    ),
    "fortnox_failing": _waits(f"Fortnox svarar med fel. {_LOOK_AGAIN_SV}", f"Fortnox is failing. {_LOOK_AGAIN}", None),
    "lookup_refused": _waits(
        "Fortnox vägrar en läsning. Kontrollera adressen (BOKBUSS_FORTNOX__API_URL) och integrationens rättigheter.",
        "Fortnox refuses a reading. Check the address (BOKBUSS_FORTNOX__API_URL) and the integration's rights.",
    ),
    "list_unreadable": _waits(
        f"Fortnox lista har en okänd form. {_LOOK_AGAIN_SV}", f"A list has an unknown form. {_LOOK_AGAIN}", None
    ),
    "list_moved": _waits(
        f"En lista ändrades medan den lästes. {_LOOK_AGAIN_SV}",
        f"A list changed while it was read. {_LOOK_AGAIN}",
        None,
    ),
}
"""By our code."""

OF_A_KIND: Final = frozenset({"scope_missing", "licence_missing", "permission_missing", "forbidden"})
"""What one kind of order lacks and another may not need: a company without the module for invoices keeps its books."""

NUMBERS: Final[Mapping[int, str]] = {
    number: code
    for code, numbers in {
        "system_exception": (1000003,),
        "bad_body": (1000030, 1000031, 2001392, 2001740, 2002115, 2002649),
        "number_reserved": (2000013, 2000637),
        "bad_value": (2000106, 2000108, 2000134, 2001145, 2001200),
        "value_too_long": (2000107,),
        "customer_missing": (2000204, 2000433),
        "unauthorised": (2000310, 2000311, 2004054),
        "bad_characters": (2000359,),
        "period_locked": (2000401, 2002141),
        "account_missing": (2000423, 2001304),
        "account_inactive": (2000550,),
        "account_invalid": (2002462,),
        "terms_missing": (2000427, 2000429, 2000430, 2000431, 2000432, 2000435),
        "article_missing": (2000428, 2001302),
        "invoice_missing": (2000434,),
        "order_missing": (2000439,),
        "bad_parameter": (2000587, 2000588),
        "scope_missing": (2000663, 2002455),
        "unexplained": (2000719,),
        "consent_missing": (2000721,),
        "bad_identifier": (2000729,),
        "unbalanced": (2000755,),
        "cost_centre_refused": (2000946, 2000947),
        "licence_missing": (2001101, 2001103),
        "project_refused": (2001161,),
        "predefined_account_missing": (2001265, 2001403, 2003095),
        "permission_missing": (2001339, 2001393, 2001427, 2003275, 2003330),  # 2003275 with 401 is the token's
        "unknown_field": (2000321, 2001399),
        "missing_field": (2000699, 2001795, 2003977),
        "vat_code_refused": (2003115, 2004052, 2004167),
        "document_state_refused": (2003124, 2003125, 2003126),
        "stock_refused": (2003127, 2003277, 2003399),
        "migration_under_way": (2003241,),
        "tax_reduction_refused": (
            *(2000600, 2002980, 2003157, 2004019, 2004021, 2004209),
            *(2004217, 2004218, 2004262, 2004263),
        ),
    }.items()
    for number in numbers
}
"""Fortnox's numbers -> our code."""

# Texts whose number is not published; the first that fits counts. What is not allowed names what it is about.
TEXTS: Final[tuple[tuple[str, str], ...]] = (
    (r"behörighet\w* för scope", "scope_missing"),
    (r"(saknar|inte) behörighet|behörighet saknas", "permission_missing"),
    (r"(saknar|ingen|inte)( \w+)? licens|licens saknas", "licence_missing"),
    (r"serie\w* är inte manuell", "series_not_manual"),
    (r"ogiltig verifikationsserie|hitta\w* (inte )?verifikationsserie", "series_missing"),
    (r"hitta\w* (inte )?verifikation", "voucher_missing"),
    (r"kontot? .*är inte aktivt", "account_inactive"),
    (r"ogiltigt konto|hitta\w* (inte )?konto", "account_missing"),
    (r"låst perioden|(perioden|räkenskapsåret) är (låst|stängt?)", "period_locked"),
    (r"räkenskapsår", "financial_year_missing"),
    (r"kostnadsställe", "cost_centre_refused"),
    (r"projekt\w* (måste|får|kan|saknas|finns|är)|hitta\w* (inte )?projekt", "project_refused"),
    (r"transaktionsinfo", "transaction_information_refused"),
    (r"balanserar (inte|ej)|obalans", "unbalanced"),
    (r"ingen användare kopplad", "user_not_linked"),
    (r"hitta\w* (inte )?(den )?anställd", "employee_missing"),
    (r"orsakskod", "cause_refused"),
    (r"hitta\w* (inte )?(den )?frånvaro", "absence_missing"),
    (r"(ocr|faktura|order|dokument)-?num\w* .*(används|finns) redan", "number_series_behind"),
    (r"hitta\w* (inte )?moms", "vat_rate_missing"),
    (r"hitta\w* (inte )?(leverans|betalning|valuta|enhet|prislista)", "terms_missing"),
    (r"tolkas som null", "bad_value"),
    (r"kan inte vara null", "missing_field"),
)

_OURS: Final = re.compile(r"fortnox_\d+")
_NO_AGREEMENT: Final = re.compile(r"\(ftgavtal\w*\)", re.IGNORECASE)


def code_of(number: int, message: str) -> str:
    """Return our code for a refusal; one that nobody knows keeps Fortnox's number: ``fortnox_2009999``."""
    if _NO_AGREEMENT.search(message):  # its number says only that something is missing
        return "employee_agreement_missing"
    if known := NUMBERS.get(number):
        return known
    for pattern, code in TEXTS:
        if re.search(pattern, message, re.IGNORECASE):
            return code
    return f"fortnox_{number}"


def meaning(code: str) -> Meaning:
    """Return what a code of ours means. Raises KeyError for one that is none."""
    return MEANINGS["unexplained" if _OURS.fullmatch(code) else code]


def is_known(code: str) -> bool:
    """Tell whether a code of ours has a meaning of its own."""
    return code in MEANINGS


def text(code: str, language: str) -> str:
    """Return what is wrong and what to do, in ``sv`` or ``en``. Raises KeyError for a code that is none of ours."""
    said = meaning(code)
    return said.sv if language == "sv" else said.en


def explained(verdict: _T, language: str) -> _T:
    """Return a refusal with what to do about it, in the installation's language; other answers as they are."""
    if not isinstance(verdict, Rejected) or not (is_known(verdict.code) or _OURS.fullmatch(verdict.code)):
        return verdict
    wording = EXPLAINED(why=verdict.said, meaning=meant(verdict.code)).wording
    return replace(verdict, why=f"{verdict.why} – {text(verdict.code, language)}", wording=wording)


def meant(code: str) -> Text:
    """Return what a code of ours means, to be filled into a text."""
    return Text(Wording(key=meaning_key(code)), text(code, "en"))


def meaning_key(code: str) -> str:
    """Return the key of what a code of ours means."""
    return f"fortnox.meaning_{'unexplained' if _OURS.fullmatch(code) else code}"
