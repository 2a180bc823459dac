"""What pages of staff call things, in both languages: actions, states, fields, reasons, what became of a row. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Said

ACTIONS: Final[Mapping[str, Said]] = {
    "create_in_fortnox": Said("Skapa i Fortnox", "Create in Fortnox"),
    "create_in_hr": Said("Skapa i HR", "Create new user in HR"),
    "prefer_hr": Said("HR gäller", "Prefer HR"),
    "prefer_fortnox": Said("Fortnox gäller", "Prefer Fortnox"),
    "match": Said("Koppla, fält för fält", "Match, field by field"),
    "do_nothing": Said("Gör ingenting", "Do nothing"),
}
DOES: Final[Mapping[str, Said]] = {
    "create_in_fortnox": Said("skapas i Fortnox", "created in Fortnox"),
    "create_in_hr": Said("skapas i HR", "created in HR"),
    "prefer_hr": Said("får värden från HR", "get HR's values"),
    "prefer_fortnox": Said("får värden från Fortnox", "get Fortnox's values"),
    "match": Said("kopplas och uppdateras fält för fält", "matched and updated field by field"),
    "do_nothing": Said("lämnas som de är", "left alone"),
}
STATES: Final[Mapping[str, Said]] = {
    "conflict": Said("Konflikt", "Conflict"),
    "duplicate": Said("Dubblett", "Duplicate"),
    "invalid": Said("Fel i uppgifterna", "Invalid data"),
    "hr_only": Said("Bara i HR", "HR only"),
    "fortnox_only": Said("Bara i Fortnox", "Fortnox only"),
    "linked": Said("I båda", "In both"),
}
LOUD: Final[Mapping[str, str]] = {"conflict": "wait", "duplicate": "stop", "invalid": "stop"}
"""States that somebody must do something about, and how loud they are."""
LEFT: Final = (*LOUD, "hr_only")
"""States of people of whom something is still to be done where a plan has left them alone."""
FIELDS: Final[Mapping[str, Said]] = {
    "email": Said("E-post", "E-mail"),
    "employment_id": Said("Anställningsnummer", "Employment ID"),
    "given_name": Said("Förnamn", "Given name"),
    "family_name": Said("Efternamn", "Family name"),
    "phone": Said("Telefon", "Phone"),
    "street": Said("Gatuadress", "Street"),
    "postal_code": Said("Postnummer", "Postal code"),
    "city": Said("Ort", "City"),
    "country": Said("Land", "Country"),
    "bank_account": Said("Bankkonto", "Bank account"),
    "first_day": Said("Första dag", "First day of work"),
    "last_day": Said("Sista dag", "Last day of work"),
    "title": Said("Titel", "Title"),
    "personal_number": Said("Personnummer", "Personal number"),
    "tax_table": Said("Skattetabell", "Tax table"),
    "tax_column": Said("Skattekolumn", "Tax column"),
}
SIDES: Final[Mapping[str, Said]] = {
    "hr": Said("HR:s värde till Fortnox", "HR's value to Fortnox"),
    "fortnox": Said("Fortnox värde till HR", "Fortnox's value to HR"),
    "neither": Said("båda behåller sitt", "both keep theirs"),
}
MATCHED: Final[Mapping[str, Said]] = {
    "link": Said("länkad", "linked"),
    "email": Said("samma e-post", "same e-mail"),
    "personal_number": Said("samma personnummer", "same personal number"),
    "employment_id": Said("samma anställningsnummer", "same employment ID"),
    "hand": Said("matchad för hand", "matched by hand"),
}
BECAME: Final[Mapping[str, Said]] = {
    "created": Said("skapade", "created"),
    "updated": Said("uppdaterade", "updated"),
    "linked": Said("kopplade, inget behövde skrivas", "joined, nothing had to be written"),
    "agreed": Said("redan lika", "alike already"),
    "left alone": Said("lämnade", "left alone"),
    "waiting": Said("på väg", "on their way"),
    "held": Said("väntar på någon", "wait for somebody"),
    "refused": Said("inte utförda", "not carried out"),
}
BECAME_LOUD: Final[Mapping[str, str]] = {"held": "wait", "refused": "stop", "created": "good", "updated": "good"}
REASONS: Final[Mapping[str, Said]] = {
    "long_leave": Said("Längre frånvaro", "Long leave"),
    "temporary_change": Said("Tillfälligt ändrad anställning", "Temporary change of employment"),
    "delete_and_export_again": Said("Tas bort i Fortnox och exporteras på nytt", "Deleted in Fortnox, exported anew"),
    "wrong_match": Said("Fel matchning", "Wrong match"),
    "other": Said("Annat", "Other"),
}
PAUSES: Final[Mapping[str, str]] = {"long_leave": "long_leave", "temporary_change": "temporary_change"}
"""Reasons for which a pause, which keeps the link, is the better choice; and what a pause calls them."""
NOT_POSSIBLE: Final[Mapping[str, Said]] = {
    "over": Said(
        "Planen är redan utförd eller kastad. Jämför på nytt för att fortsätta.",
        "The plan is applied or thrown away already. Compare anew to go on.",
    ),
    "settings": Said(
        "Företagets inställningar har ändrats sedan jämförelsen gjordes. Jämför på nytt.",
        "The company's settings have changed since the comparison was made. Compare anew.",
    ),
    "moved": Said(
        "Någon annan hann skicka eller koppla en av raderna. Inget ändrades: titta på raderna igen.",
        "Somebody else has sent or joined one of the rows meanwhile. Nothing was changed: look at the rows again.",
    ),
    "shown": Said(
        "Någon har ändrat raderna sedan du såg dem. Inget skickades: det här är vad som gäller nu.",
        "Somebody has changed these rows since you saw them. Nothing was sent: this is how they stand now.",
    ),
    "may_not": Said(
        "Du får inte skicka den här planen: någon annan måste göra det.",
        "You may not send this plan: somebody else has to.",
    ),
}
