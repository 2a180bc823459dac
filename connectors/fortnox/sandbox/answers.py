"""Answers as Fortnox sends them: JSON in the way of PHP, two casings of errors, refusals with their codes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any, Final, TypeVar

JSON: Final = "application/json"  # without a charset, as recorded
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A status, a body and the headers that are not the same for all."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way to say no. ``missing`` ones come with 404 and in Pascal case, the others with 400 in lower case."""

    name: str
    code: int
    text: str
    missing: bool = False


class RequestRefused(Exception):
    """A request is refused; ``details`` fill the refusal's text."""

    def __init__(self, refusal: Refusal, *details: object) -> None:
        self.refusal = refusal
        self.details = details
        super().__init__(refusal.name)


def found(kept: _Kept | None, refusal: Refusal, *details: object) -> _Kept:
    """Return what was looked up. Raises RequestRefused when there is none."""
    if kept is None:
        raise RequestRefused(refusal, *details)
    return kept


# Codes and texts of facts §2.5. Fortnox's codes for what stands from 9900001 on are not public: these are the sandbox's
# own, and Books.codes changes them. Texts are Fortnox's where one is known; "text unknown" where it is ours.
BAD_JSON: Final = Refusal("bad_json", 2002115, "Error deserializing JSON: JSON_ERROR_SYNTAX")
NO_DATA: Final = Refusal("no_data", 2001392, "Ingen eller felaktig typ av data.")
UNKNOWN_FIELD: Final = Refusal("unknown_field", 2001399, "Felaktigt fältnamn ({})")
MISSING_FIELD: Final = Refusal("missing_field", 2001795, "Obligatoriskt fält saknas ({})")  # text unknown
TOO_LONG: Final = Refusal("too_long", 2000107, "Värdet är för långt ({})")  # text unknown
NOT_TEXT: Final = Refusal("not_text", 2000106, "Värdet måste vara alfanumeriskt ({})")
NOT_NUMBER: Final = Refusal("not_number", 2000108, "Värdet måste vara numeriskt ({})")
NOT_BOOLEAN: Final = Refusal("not_boolean", 2000134, "Värdet måste vara en boolean ({})")
BAD_STRUCTURE: Final = Refusal("bad_structure", 2002649, "Felaktig datastruktur.")
TOO_SMALL: Final = Refusal("too_small", 2001145, "Värdet får inte vara mindre än {} ({})")
TOO_LARGE: Final = Refusal("too_large", 9900035, "Värdet får inte vara större än {} ({})")  # text unknown
OTHER_COSTS_AS_WORK: Final = Refusal(
    "other_costs_as_work", 2002980, "Kan inte sätta typen övrig kostnad på en rad markerad som husarbete."
)
ENDED_HOUSE_WORK: Final = Refusal(
    "ended_house_work", 2003157, "Skattereduktion för den valda typen av husarbete har upphört."
)
NO_TAX_REDUCTION: Final = Refusal(
    "no_tax_reduction",
    2004019,
    "Dokument utan angiven skattereduktionstyp får inte innehålla artikelrader med husarbetestyp.",
)
OTHER_TAX_REDUCTION: Final = Refusal(
    "other_tax_reduction",
    2004021,
    "Dokument med skattereduktionstypen '{}' får inte innehålla rader med husarbetestypen '{}'.",
)
BAD_CHARACTERS: Final = Refusal("bad_characters", 2000359, "Värdet innehåller ej tillåtna tecken. ({})")
BAD_ACCOUNT: Final = Refusal("bad_account", 2002462, "Ogiltigt konto ({})")
BAD_FILTER: Final = Refusal("bad_filter", 2000587, "Ett ogiltigt filter har använts.")
BAD_PARAMETER: Final = Refusal("bad_parameter", 2000588, "Ogiltig parameter i anropet.")
NO_SCOPE: Final = Refusal("no_scope", 2000663, "Har inte behörighet för scope")
UNKNOWN_ACCOUNT: Final = Refusal("unknown_account", 2001304, "Kunde inte hitta konto {}")
INACTIVE_ACCOUNT: Final = Refusal("inactive_account", 2000550, "Konto {} är inte aktivt")  # code and text seen apart
UNKNOWN_PROJECT: Final = Refusal("unknown_project", 2001161, "Kan inte hitta projektet.")
LOCKED: Final = Refusal(
    "locked", 2000401, "Administratören har låst perioden t.o.m. {}. Lås upp perioden för att fortsätta."
)
BAD_DATE: Final = Refusal("bad_date", 9900001, "Ogiltigt datum ({})")  # text unknown
NULL: Final = Refusal("null", 9900002, "Värdet tolkas som null ({})")
NO_AGREEMENT: Final = Refusal("no_agreement", 2000699, "Värdet kan inte vara null. (ftgavtalid)")
NO_YEAR: Final = Refusal("no_year", 9900003, "Räkenskapsår saknas ({})")  # text unknown
UNKNOWN_SERIES: Final = Refusal("unknown_series", 9900004, "Ogiltig verifikationsserie angiven ({})")
SERIES_NOT_MANUAL: Final = Refusal("series_not_manual", 9900005, "Verifikationsserien är inte manuell ({})")
COST_CENTRE_NEEDED: Final = Refusal(
    "cost_centre_needed", 2000946, "Kostnadsställe måste anges för konto {}"
)  # FEATURES P18; text unknown
NO_COST_CENTRES: Final = Refusal("no_cost_centres", 2000947, "Kostnadsställen är inte aktiverade.")  # the same
CUSTOMER_NUMBER_USED: Final = Refusal("customer_number_used", 2000637, "Kundnummer {} används redan.")
CUSTOMER_NUMBER_RESERVED: Final = Refusal(
    "customer_number_reserved",
    2000637,
    "Kundnummer {} används redan. Kundnumret har redan använts men blivit raderat.",
)
UNKNOWN_CUSTOMER: Final = Refusal("unknown_customer", 2000433, "Kunde inte hämta/hitta kund ({})")
BAD_CUSTOMER_TYPE: Final = Refusal("bad_customer_type", 2001200, "Ogiltig kundtyp")
UNKNOWN_ARTICLE: Final = Refusal("unknown_article", 2001302, "Kunde inte hitta artikel {}")
ARTICLE_NUMBER_USED: Final = Refusal("article_number_used", 2000013, 'Artikelnumret "{}" är redan taget.')
INVOICE_LOCKED: Final = Refusal(
    "invoice_locked", 2002141, "Fakturan kan inte bokföras: perioden är låst t.o.m. {}"
)  # text unknown
BAD_PREDEFINED: Final = Refusal("bad_predefined", 2001265, "Ogiltigt förvalt konto ({})")  # text unknown
UNKNOWN_COST_CENTRE: Final = Refusal("unknown_cost_centre", 9900006, "Kan inte hitta kostnadsställe {}")  # text unknown
INACTIVE_COST_CENTRE: Final = Refusal(
    "inactive_cost_centre", 9900007, "Kostnadsställe {} är inte aktivt"
)  # text unknown
COST_CENTRE_FORBIDDEN: Final = Refusal(
    "cost_centre_forbidden", 9900009, "Kostnadsställe får inte anges för konto {}"
)  # text unknown
UNBALANCED: Final = Refusal(
    "unbalanced", 9900010, "Verifikationen balanserar inte (debet {}, kredit {})"
)  # text unknown
BAD_CHOICE: Final = Refusal("bad_choice", 9900015, "Ogiltigt värde ({})")  # text unknown
PROJECT_NEEDED: Final = Refusal("project_needed", 9900016, "Projekt måste anges för konto {}")  # text unknown
PROJECT_FORBIDDEN: Final = Refusal("project_forbidden", 9900017, "Projekt får inte anges för konto {}")  # text unknown
TEXT_NEEDED: Final = Refusal("text_needed", 9900018, "Transaktionsinformation måste anges för konto {}")  # text unknown
TEXT_FORBIDDEN: Final = Refusal(
    "text_forbidden", 9900019, "Transaktionsinformation får inte anges för konto {}"
)  # text unknown
TAKEN: Final = Refusal("taken", 9900020, "{} används redan")  # text unknown; of an employee, account, series, project
FIXED: Final = Refusal("fixed", 9900021, "{} kan inte ändras")  # text unknown
UNKNOWN_EMPLOYEE: Final = Refusal("unknown_employee", 9900022, "Kan inte hitta anställd {}")  # text unknown
BAD_CAUSE: Final = Refusal("bad_cause", 9900023, "Ogiltig orsakskod ({})")  # text unknown
BAD_DATED_LIST: Final = Refusal(
    "bad_dated_list", 9900024, "{}: exakt en post ska ha FirstDay 1970-01-01, och varje FirstDay vara unik"
)  # text unknown
ONE_OF_TWO: Final = Refusal("one_of_two", 9900025, "Ange antingen {} eller {}")  # text unknown
IN_USE: Final = Refusal("in_use", 9900026, "{} används och kan inte tas bort")  # text unknown
YEARS_OVERLAP: Final = Refusal("years_overlap", 9900027, "Räkenskapsåret överlappar ett annat")  # text unknown
DOCUMENT_CLOSED: Final = Refusal("document_closed", 9900028, "Dokument {} är bokfört, fakturerat eller makulerat")
# text unknown
UNKNOWN_FILE: Final = Refusal("unknown_file", 9900029, "Kan inte hitta filen {}")  # text unknown
UNKNOWN_VOUCHER: Final = Refusal("unknown_voucher", 9900030, "Kan inte hitta verifikationen {}")  # text unknown
YEAR_IN_BODY: Final = Refusal("year_in_body", 2000321, "VoucherYear kan inte anges")  # text unknown
NO_UPLOAD: Final = Refusal("no_upload", 9900031, "Ingen fil har skickats med (fältet file)")  # text unknown
NO_ACCOUNT: Final = Refusal("no_account", 2000423, "Kan inte hitta kontot.", missing=True)
NO_CUSTOMER: Final = Refusal("no_customer", 2000433, "Kan inte hitta kunden.", missing=True)
NO_ARTICLE: Final = Refusal("no_article", 2000428, "Kan inte hitta artikeln.", missing=True)
NO_INVOICE: Final = Refusal("no_invoice", 2000434, "Kan inte hitta fakturan.", missing=True)
NO_SUPPLIER_INVOICE: Final = Refusal(
    "no_supplier_invoice", 9900038, "Kan inte hitta leverantörsfakturan.", missing=True
)  # text unknown
NO_ORDER: Final = Refusal("no_order", 2000439, "Kan inte hitta ordern.", missing=True)
NO_PROJECT: Final = Refusal("no_project", 2001161, "Kan inte hitta projektet.", missing=True)
NO_PREDEFINED: Final = Refusal("no_predefined", 2001403, "Kan inte hitta det förvalda kontot.", missing=True)
NO_UNIT: Final = Refusal("no_unit", 2000432, "Kan inte hitta enheten.", missing=True)  # of salary transactions, too
NO_TERMS_OF_PAYMENT: Final = Refusal(
    "no_terms_of_payment", 2000429, "Kan inte hitta betalningsvillkoret.", missing=True
)
NO_LABEL: Final = Refusal("no_label", 9900036, "Kan inte hitta etiketten.", missing=True)  # text unknown
NO_SUCH_YEAR: Final = Refusal("no_such_year", 9900011, "Kan inte hitta räkenskapsåret.", missing=True)  # text unknown
NO_VOUCHER: Final = Refusal("no_voucher", 9900012, "Kan inte hitta verifikationen.", missing=True)  # text unknown
NO_SERIES: Final = Refusal("no_series", 9900013, "Kan inte hitta verifikationsserien.", missing=True)  # text unknown
NO_COST_CENTRE: Final = Refusal(
    "no_cost_centre", 9900014, "Kan inte hitta kostnadsstället.", missing=True
)  # text unknown
NO_EMPLOYEE: Final = Refusal("no_employee", 9900032, "Kan inte hitta den anställda.", missing=True)  # text unknown
NO_FILE: Final = Refusal("no_file", 9900033, "Kan inte hitta filen eller mappen.", missing=True)  # text unknown
NO_PAYMENT: Final = Refusal("no_payment", 9900037, "Kan inte hitta betalningen.", missing=True)  # text unknown
NO_FILE_CONNECTION: Final = Refusal("no_file_connection", 9900034, "Kan inte hitta filkopplingen.", missing=True)
# text unknown

# Recorded: the gateway's 401. Not recorded: what a 429, a 500 and a 502 carry (facts §2.1, §2.4).
UNAUTHORIZED: Final = ApiAnswer(401, b'{"message":"unauthorized"}')
THROTTLED: Final = ApiAnswer(429, b"Too Many Requests", "text/plain")
FAILED: Final = ApiAnswer(500, b"", "text/html; charset=UTF-8")
BAD_GATEWAY: Final = ApiAnswer(
    502,
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>",
    "text/html",
)


_CONSTANTS: Final = {None: "null", True: "true", False: "false"}


def refused(
    refusal: Refusal, details: tuple[object, ...], codes: Mapping[str, int], status: int | None = None
) -> ApiAnswer:
    """Return a refusal as Fortnox says it."""
    text, code = refusal.text.format(*details), codes.get(refusal.name, refusal.code)
    if refusal.missing:
        return ApiAnswer(404, to_json({"ErrorInformation": {"Error": 1, "Message": text, "Code": code}}))
    return ApiAnswer(status or 400, to_json({"ErrorInformation": {"error": 1, "message": text, "code": code}}))


def to_json(value: Any) -> bytes:
    r"""Return JSON as PHP writes it: ``\/``, ``\uXXXX``, 1500 for 1500.00. Amounts stay decimal all the way."""
    return _text(value).encode("ascii")


def plain(answer: ApiAnswer) -> ApiAnswer:
    """Return an answer with its JSON written as others than PHP write it: no escapes but those that JSON demands."""
    if answer.content_type != JSON or not answer.body:
        return answer
    content = json.loads(answer.body, parse_float=Decimal)
    return replace(answer, body=_text(content, lambda text: json.dumps(text, ensure_ascii=False)).encode())


def _php(text: str) -> str:
    return encode_basestring_ascii(text).replace("/", "\\/")


def _text(value: Any, spell: Callable[[str], str] = _php) -> str:
    match value:
        case str():
            return spell(value)
        case None | bool():
            return _CONSTANTS[value]
        case int() | Decimal():
            return f"{value:f}".rstrip("0") if value % 1 else str(int(value))
        case dict():
            return "{" + ",".join(f"{_text(key, spell)}:{_text(item, spell)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(_text(item, spell) for item in value) + "]"
        case date():
            return f'"{value.isoformat()}"'
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that Fortnox sends")
