"""What the desk calls what stands in lists by a name: how a wait ended, what was done, how it went. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Said, catalogue

_HOW: Final[Mapping[str, str]] = {
    "booked": "bokfört",
    "settings_changed": "inställningar ändrade",
    "checks_passed": "kontroller gröna",
    "answered": "besvarat",
    "superseded": "ersatt av nyare",
    "nothing_to_book": "inget att bokföra",
    "not_booked": "bokförs inte",
    "arrived": "har kommit",
}
_ACTIVITY: Final[Mapping[str, str]] = {
    "delivery": "leverans",
    "day_closed": "dagsavslut",
    "employee_changed": "anställd ändrad",
    "leave_changed": "frånvaro ändrad",
    "invoice_requested": "försäljning på faktura",
    "closing_entries_ready": "bokslutsposter",
    "ledger_requested": "huvudbok begärd",
    "fortnox_seen": "läst i Fortnox",
    "unreadable": "oläsligt",
    "reading_of_people": "läsning av personer",
    "reading_of_employees": "läsning av anställda",
    "documents": "dokument",
    "settings": "inställningar",
    "post_voucher": "verifikation",
    "attach_file": "bifogad fil",
    "create_invoice": "faktura",
    "find_customer": "kund sökt",
    "upsert_employee": "anställd skriven",
    "upsert_person": "person skriven",
    "write_absence": "frånvaro skriven",
    "read_person": "person läst",
    "read_ledger": "huvudbok läst",
    "hold": "väntan",
    "proof": "avstämning",
    "package": "revisorspaket",
}
_STATUS: Final[Mapping[str, str]] = {
    "accepted": "mottaget",
    "read": "läst",
    "applied": "tillämpat",
    "waiting": "väntar",
    "delivered": "utfört",
    "rejected": "nekat",
    "withdrawn": "återkallat",
    "answered": "besvarat",
    "proved": "stämmer",
    "differs": "skiljer sig",
    "open": "öppet",
    "replayed": "skickat igen",
    "discarded": "kastat",
    "whole": "hel",
    "refused": "nekat",
}

_RULES: Final[Mapping[str, str]] = {
    "what_fortnox_would_refuse_is_not_sent": "det Fortnox skulle neka skickas inte",
    "a_person_chose_it": "en person valde",
}

WORDS: Final[Mapping[str, Said]] = catalogue("desk", {}, how=_HOW, activity=_ACTIVITY, status=_STATUS, rule=_RULES)
