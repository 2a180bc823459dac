"""What is said about people, employees and leaves, in both languages; never a value of theirs. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from schemas.words import Phrase, Said, Text, catalogue, named

OF_A_KEY = Phrase("employees.of_a_key", "{key}: {said}", "{key}: {said}")

# --- A row of a plan that is not carried out ------------------------------------------------------------------------

UNDER_WAY = Phrase(
    "employees.under_way",
    "En order för personen var på väg: gör en ny plan.",
    "An order for this person was on its way: make a new plan.",
)
HAS_MOVED = Phrase(
    "employees.has_moved",
    "Inte genomfört: {names:comma} har ändrats sedan planen gjordes. Gör en ny plan.",
    "Not carried out: {names:comma} changed since the plan was made. Make a new plan.",
)
HR_FIELD = Phrase("employees.hr_field", "{field} i HR", "HR's {field}")
FORTNOX_FIELD = Phrase("employees.fortnox_field", "{field} i Fortnox", "Fortnox's {field}")
THE_LINK = Phrase("employees.the_link", "kopplingen", "the link")
CANNOT_BE_JOINED = Phrase(
    "employees.cannot_be_joined",
    "De två kan inte kopplas: en av dem är kopplad till en annan.",
    "The two cannot be joined: one of them is linked with another.",
)
PERSON_LINKED_ALREADY = Phrase(
    "employees.person_linked_already",
    "Inte kopplad till anställd {asked}: {person} är kopplad till anställd {other}. Ta isär dem först.",
    "Not linked with employee {asked}: {person} is linked with employee {other}. Unlink them first.",
)
EMPLOYEE_LINKED_ALREADY = Phrase(
    "employees.employee_linked_already",
    "Inte kopplad till anställd {asked}: den är kopplad till en annan person. Ta isär dem först.",
    "Not linked with employee {asked}: that one is linked with another person. Unlink them first.",
)

# --- Somebody for whom nothing travels ------------------------------------------------------------------------------

PAUSED = Phrase(
    "employees.paused",
    "Pausad ({reason}). När det går vidare, gör de nyaste värdena det.",
    "Paused ({reason}). When it goes on, the newest values do.",
)
UNLINKED = Phrase(
    "employees.unlinked",
    "Isärtagen från Fortnox ({reason}). Koppla igen, så går de nyaste värdena vidare.",
    "Taken apart from Fortnox ({reason}). Link it again, and the newest values go on.",
)
DELETED = Phrase(
    "employees.deleted",
    "Borttagen i HR; anställd {employee} finns kvar i Fortnox. Sätt den inaktiv där om anställningen är slut.",
    "Deleted in HR; employee {employee} stays in Fortnox. Set it inactive there if it is over.",
)
ERASED = Phrase(
    "employees.erased",
    "HR berättar om någon som raderades {day}; inget av det sparas. Ta bort {key} i HR, eller släpp in personen "
    "igen: bokbuss people release.",
    "HR tells of somebody who was erased {day}; none of it is kept. Delete {key} in HR, or let them in again: "
    "bokbuss people release.",
)
NOT_SEEN = Phrase(
    "employees.not_seen",
    "Kopplad till anställd {employee}, som Fortnox inte har visat. Läs om; finns den inte där, koppla en annan.",
    "Linked with employee {employee}, which Fortnox has not shown. Refresh; if it is not there, link another one.",
)
MAYBE_KNOWN = Phrase(
    "employees.maybe_known",
    "Ny i HR, och kanske {known:comma} i Fortnox.",
    "New in HR, and maybe {known:comma} in Fortnox.",
)
NEW_IN_HR = Phrase(
    "employees.new_in_hr",
    "Ny i HR: ska det bli en anställd i Fortnox?",
    "New in HR: is it to be an employee in Fortnox?",
)
FIELDS_DIFFER = Phrase(
    "employees.fields_differ",
    "HR och Fortnox skiljer sig, och en person måste avgöra: {fields:comma}.",
    "HR and Fortnox differ, and a person must decide: {fields:comma}.",
)
TOGETHER = Phrase("employees.together", "{problems:space}", "{problems:space}")

# --- Of plans -------------------------------------------------------------------------------------------------------

SHARED = Phrase(
    "employees.shared",
    "Fältet {field} finns också hos {others:comma}.",
    "The {field} is also that of {others:comma}.",
)
ONLY_THE_ID = Phrase(
    "employees.only_the_id",
    "Bara anställningsnumret är detsamma: e-postadressen och båda namnen skiljer sig. Välj att koppla om de är samma "
    "person.",
    "Only the employment id is the same: the e-mail address and both names differ. Choose match if they are one.",
)

# --- How somebody stands --------------------------------------------------------------------------------------------

THIS_IS = Phrase("employees.this_is", "Det här är {person}.", "This is {person}.")
LINKED_WITH = Phrase("employees.linked_with", "Länkad med {other}.", "Linked with {other}.")
LINKED_WITH_EMPLOYEE = Phrase(
    "employees.linked_with_employee",
    "Länkad med anställd {employee} ({origin}).",
    "Linked with employee {employee} ({origin}).",
)
NOBODY_IN_HR = Phrase("employees.nobody_in_hr", "Inte länkad med någon i HR.", "Linked with nobody in HR.")
NOBODY_IN_FORTNOX = Phrase(
    "employees.nobody_in_fortnox", "Inte länkad med någon i Fortnox.", "Linked with nobody in Fortnox."
)
INACTIVE = Phrase("employees.inactive", "Inaktiv i Fortnox.", "Inactive in Fortnox.")
ONE_UNDER_WAY = Phrase("employees.one_under_way", "1 order är på väg.", "1 order is under way.")
SEVERAL_UNDER_WAY = Phrase("employees.several_under_way", "{number} order är på väg.", "{number} orders are under way.")
WAS_ERASED = Phrase(
    "employees.was_erased",
    "Raderad {day}: inget värde om personen går att läsa.",
    "Erased on {day}: no value of theirs can be read.",
)
TAKEN_APART_FROM = Phrase(
    "employees.taken_apart_from",
    "Isärtagen från anställd {employee}: {reason}.",
    "Taken apart from employee {employee}: {reason}.",
)
WAS_TAKEN_APART = Phrase("employees.was_taken_apart", "Isärtagen: {reason}.", "Taken apart: {reason}.")
IS_PAUSED = Phrase("employees.is_paused", "Pausad: {reason}.", "Paused: {reason}.")
IS_DELETED = Phrase("employees.is_deleted", "Borttagen i HR.", "Deleted in HR.")
IS_IGNORED = Phrase(
    "employees.is_ignored",
    "En person har bestämt att inget görs, tills uppgifterna ändras.",
    "A person decided that nothing is done, until the record changes.",
)
OF_A_LEAVE = Phrase("employees.of_a_leave", "{key}: {said:space}", "{key}: {said:space}")
LEAVE_DAYS = Phrase(
    "employees.leave_days",
    "{first} till {last}; {days} dagar i Fortnox.",
    "{first} to {last}; {days} days in Fortnox.",
)
LEAVE_WITHDRAWN = Phrase(
    "employees.leave_withdrawn",
    "{first} till {last}, återtagen; {days} dagar i Fortnox.",
    "{first} to {last}, withdrawn; {days} days in Fortnox.",
)
DAYS_UNDER_WAY = Phrase("employees.days_under_way", "{days} dagar är på väg.", "{days} days are under way.")
WAITS_UNTIL_LINKED = Phrase(
    "employees.waits_until_linked",
    "Den väntar tills {person} är länkad med en anställd.",
    "It waits until {person} is linked with an employee.",
)
WAITS_WHILE_PAUSED = Phrase(
    "employees.waits_while_paused", "Den väntar medan {person} är pausad.", "It waits while {person} is paused."
)

# --- What is wrong with a field -------------------------------------------------------------------------------------

NO_EMAIL = Phrase(
    "employees.no_email", "E-postadressen saknas: ange den i HR.", "The e-mail address is missing: enter it in HR."
)
BAD_EMAIL = Phrase(
    "employees.bad_email",
    "E-postadressen kan inte vara rätt: rätta den i HR.",
    "The e-mail address cannot be right: correct it in HR.",
)
NO_GIVEN_NAME = Phrase(
    "employees.no_given_name", "Förnamnet saknas: ange det i HR.", "The given name is missing: enter it in HR."
)
NO_FAMILY_NAME = Phrase(
    "employees.no_family_name", "Efternamnet saknas: ange det i HR.", "The family name is missing: enter it in HR."
)
BAD_BANK_ACCOUNT = Phrase(
    "employees.bad_bank_account", "Bankkontot är inte giltigt: {flaw}.", "The bank account is not valid: {flaw}."
)
BAD_PERSONAL_NUMBER = Phrase(
    "employees.bad_personal_number",
    "Personnumret är inte giltigt: {flaw}.",
    "The personal number is not valid: {flaw}.",
)
DAYS_OUT_OF_ORDER = Phrase(
    "employees.days_out_of_order",
    "Sista arbetsdagen är före den första: rätta dagarna i HR.",
    "The last day of work is before the first: correct them in HR.",
)
BAD_TAX_COLUMN = Phrase(
    "employees.bad_tax_column",
    "Skattekolumnen finns inte: den är 1 till 6.",
    "There is no such tax column: it is 1 to 6.",
)
BAD_COUNTRY = Phrase(
    "employees.bad_country",
    "Landet är varken en kod eller ett namn på ett land: rätta det i HR.",
    "The country is neither a code nor a name of one: correct it in HR.",
)
BAD_EMPLOYMENT_ID = Phrase(
    "employees.bad_employment_id",
    "Anställningsnumret har tecken som ett nummer i Fortnox inte kan ha: rätta det i HR (bokstäver, siffror, - och _).",
    "The employment id has characters that an id in Fortnox cannot have: correct it in HR (letters, digits, - and _).",
)
TOO_LONG = Phrase(
    "employees.too_long",
    "Fältet {field} är längre än de {most} tecken som Fortnox tar.",
    "The {field} is longer than the {most} characters of Fortnox.",
)
NOT_UNIQUE = Phrase(
    "employees.not_unique",
    "Fältet {field} finns också hos {others:comma}: det får bara vara en persons.",
    "The {field} is also that of {others:comma}: it must be one person's only.",
)

# --- Leaves ---------------------------------------------------------------------------------------------------------

NO_CAUSE = Phrase(
    "employees.no_cause",
    "Frånvaro av slaget {kind} har ingen orsakskod: lägg till en i inställningarna (employees.causes).",
    "Leaves of kind {kind} have no cause code: add one to the settings (employees.causes).",
)
LEAVE_OUT_OF_ORDER = Phrase(
    "employees.leave_out_of_order",
    "Den slutar ({last}) innan den börjar ({first}): rätta den i HR.",
    "It ends ({last}) before it begins ({first}): correct it in HR.",
)
LEAVE_TOO_LONG = Phrase(
    "employees.leave_too_long",
    "Den är längre än {most} dagar ({first} till {last}): dela den i HR.",
    "It is longer than {most} days ({first} to {last}): split it in HR.",
)

NOT_CONFIGURED = Phrase(
    "employees.not_configured",
    "Företaget har inga inställningar för anställda längre. Det avgörs på nytt när de ställs in igen.",
    "The company has no settings for employees any more. It is decided anew once they are applied again.",
)

# --- What was refused -----------------------------------------------------------------------------------------------

REFUSED = Phrase("employees.refused", "{system} nekade: {why}", "{system} refused it: {why}")
REFUSED_DAY = Phrase("employees.refused_day", "{system} nekade {day}: {why}", "{system} refused {day}: {why}")
DISCARDED = Phrase(
    "employees.discarded",
    "Inget skickades till {system}: det kastades ({why})",
    "Nothing was sent to {system}: it was discarded ({why})",
)
DISCARDED_DAY = Phrase(
    "employees.discarded_day",
    "Inget skickades till {system}: {day} kastades ({why})",
    "Nothing was sent to {system}: {day} was discarded ({why})",
)

# --- Why it waits no longer -----------------------------------------------------------------------------------------

NEW_SETTINGS = Phrase(
    "employees.new_settings",
    "Avgjort på nytt med inställningar version {version}.",
    "Decided anew under settings version {version}.",
)
ANSWERED = Phrase("employees.answered", "En person svarade {answer}.", "A person answered {answer}.")
CHECK_IS_GREEN = Phrase(
    "employees.check_is_green",
    "Det som stod i vägen i Fortnox gör det inte längre.",
    "What stood in the way in Fortnox does so no longer.",
)
DECIDED = Phrase("employees.decided", "En person avgjorde det.", "A person decided.")
NEWER_VALUES = Phrase("employees.newer_values", "Nyare värden kom.", "Newer values came.")

# --- What can be answered, and what happens then --------------------------------------------------------------------

RETRY = Phrase("employees.retry", "Skicka det igen, sedan det rättats.", "Send it again, after it was set right.")
PREFER_HR = Phrase(
    "employees.prefer_hr",
    "Fortnox får HR:s värden i fälten som skiljer sig.",
    "Fortnox gets HR's values of the fields that differ.",
)
PREFER_FORTNOX = Phrase(
    "employees.prefer_fortnox",
    "HR får Fortnox värden i fälten som skiljer sig.",
    "HR gets Fortnox's values of the fields that differ.",
)
LEAVE_IT = Phrase(
    "employees.leave_it",
    "Båda behåller sina värden, tills någon av dem ändras.",
    "Both keep their values, until one of them changes.",
)
CREATE = Phrase(
    "employees.create", "Fortnox får en ny anställd för personen.", "Fortnox gets a new employee for this person."
)
RESUME = Phrase("employees.resume", "Det går vidare, med de nyaste värdena.", "It goes on, with the newest values.")
DO_NOTHING = Phrase(
    "employees.do_nothing", "Inget görs, tills uppgifterna ändras.", "Nothing is done, until the record changes."
)
GO_ON = Phrase(
    "employees.go_on",
    "Det som begärdes släpps; härifrån avgör reglerna.",
    "What was asked for is dropped; from here on the rules decide.",
)
MATCH = Phrase("employees.match", "Det är {employee}: koppla dem.", "It is {employee}: join them.")

# --- What names are called ------------------------------------------------------------------------------------------

_REASONS: Final[Mapping[str, str]] = {
    "moved_since_the_plan": "ändrad sedan planen",
    "already_linked": "redan kopplad",
    "paused": "pausad",
    "not_linked": "inte kopplad",
    "deleted_in_hr": "borttagen i HR",
    "new_in_hr": "ny i HR",
    "erased": "raderad",
    "conflict": "konflikt",
    "fortnox_changed": "ändrad i Fortnox",
    "missing": "saknas på en sida",
    "employee_not_seen": "anställd inte sedd",
    "email_missing": "e-post saknas",
    "email_invalid": "fel e-post",
    "name_missing": "namn saknas",
    "bank_account_invalid": "fel bankkonto",
    "personal_number_invalid": "fel personnummer",
    "days_out_of_order": "dagar i fel ordning",
    "tax_column_invalid": "fel skattekolumn",
    "country_unknown": "okänt land",
    "employment_id_invalid": "fel anställningsnummer",
    "value_too_long": "för långt värde",
    "email_not_unique": "e-post hos flera",
    "phone_not_unique": "telefon hos flera",
    "personal_number_not_unique": "personnummer hos flera",
    "employment_id_not_unique": "anställningsnummer hos flera",
    "bank_account_not_unique": "bankkonto hos flera",
    "unmapped_leave_kind": "frånvarotyp utan kod",
    "leave_too_long": "för lång frånvaro",
    "flow_not_configured": "inte inställt",
    "refused": "nekad",
    "discarded": "kastad",
}
_ANSWERS: Final[Mapping[str, str]] = {
    "retry": "försök igen",
    "prefer_hr": "HR gäller",
    "prefer_fortnox": "Fortnox gäller",
    "leave_it": "lämna det",
    "create": "skapa",
    "resume": "gå vidare",
    "do_nothing": "gör ingenting",
    "go_on": "fortsätt",
    "match": "koppla",
}
_FIELDS: Final[Mapping[str, str]] = {
    "email": "e-post",
    "employment_id": "anställningsnummer",
    "given_name": "förnamn",
    "family_name": "efternamn",
    "phone": "telefon",
    "street": "gatuadress",
    "postal_code": "postnummer",
    "city": "ort",
    "country": "land",
    "bank_account": "bankkonto",
    "first_day": "första dag",
    "last_day": "sista dag",
    "title": "titel",
    "personal_number": "personnummer",
    "tax_table": "skattetabell",
    "tax_column": "skattekolumn",
}
_FLAWS: Final[Mapping[str, str]] = {
    "wrong_characters": "andra tecken än siffror",
    "wrong_length": "fel antal siffror",
    "interim": "ett interimspersonnummer",
    "not_a_day": "inget födelsedatum",
    "in_the_future": "födelsedatum i framtiden",
    "wrong_serial": "löpnummer 000",
    "wrong_check_digit": "fel kontrollsiffra",
    "wrong_clearing_length": "clearingnumret har fel antal siffror",
    "wrong_clearing_check_digit": "clearingnumrets kontrollsiffra är fel",
    "unknown_clearing": "okänt clearingnummer",
    "cannot_split": "kan läsas som två olika konton",
}
_WHYS: Final[Mapping[str, str]] = {
    "long_leave": "längre frånvaro",
    "temporary_change": "tillfälligt ändrad anställning",
    "delete_and_export_again": "tas bort i Fortnox och exporteras på nytt",
    "wrong_match": "fel matchning",
    "other": "annat",
}
_ORIGINS: Final[Mapping[str, str]] = {
    "exported": "exporterad",
    "imported": "importerad",
    "matched": "matchad",
    "matched_by_hand": "matchad för hand",
}
_RULES: Final[Mapping[str, str]] = {
    "an_id_alone_joins_no_strangers": "ett nummer för sig förenar inte främlingar",
    "another_systems_people_are_left_alone": "ett annat systems personer lämnas",
    "an_erased_person_waits": "en raderad person väntar",
    "an_erased_person_is_forgotten": "en raderad person glöms",
    "a_released_person_is_let_in": "en person släpps in igen",
    "an_answer_is_awaited_first": "ett svar väntas in först",
    "a_row_that_has_moved_is_refused": "en rad som har ändrats nekas",
    "nothing_happens_before_the_first_plan": "inget händer före den första planen",
    "what_a_person_left_alone_stays_alone": "det en person lämnade förblir lämnat",
    "an_employee_that_hr_lacks_is_created_on_demand": "en anställd som HR saknar skapas på begäran",
    "a_person_that_hr_never_told_is_unknown": "en person som HR aldrig nämnt är okänd",
    "two_that_cannot_be_joined_stay_apart": "två som inte kan kopplas förblir isär",
    "a_person_who_is_paused_waits": "en person som är pausad väntar",
    "a_person_who_was_taken_apart_waits": "en person som tagits isär väntar",
    "a_person_deleted_in_hr_is_kept_in_fortnox": "en person borttagen i HR finns kvar i Fortnox",
    "a_new_person_is_created_or_waits": "en ny person skapas eller väntar",
    "differing_fields_are_settled_one_by_one": "fält som skiljer sig avgörs ett i taget",
    "what_was_refused_waits": "det som nekades väntar",
    "a_mentioned_person_is_read_again": "en person som nämnts läses igen",
    "a_leave_is_decided_again": "en frånvaro avgörs på nytt",
    "a_leave_that_cannot_be_recorded_waits": "en frånvaro som inte kan registreras väntar",
    "a_leave_becomes_days": "en frånvaro blir dagar",
    # of plans
    "what_is_paused_waits": "det som är pausat väntar",
    "an_inactive_employee_stays_where_they_are": "en inaktiv anställd förblir som den är",
    "what_a_person_took_apart_stays_apart": "det en person tog isär förblir isär",
    "fortnox_says_who_is_employed": "Fortnox avgör vem som är anställd",
    "hr_says_who_is_employed": "HR avgör vem som är anställd",
    "a_person_who_is_new_in_hr_is_created_in_fortnox": "en person som är ny i HR skapas i Fortnox",
    "an_employee_who_is_new_in_fortnox_is_created_in_hr": "en anställd som är ny i Fortnox skapas i HR",
    "a_conflict_waits_for_a_person": "en konflikt väntar på en person",
    "fields_that_all_go_to_fortnox_prefer_hr": "fält som alla går till Fortnox följer HR",
    "fields_that_all_go_to_hr_prefer_fortnox": "fält som alla går till HR följer Fortnox",
    "both_sides_agree": "båda sidor är lika",
    "what_differs_may_differ": "det som skiljer sig får skilja sig",
    "what_waits_without_settings_can_be_given_up": "det som väntar utan inställningar kan lämnas",
    "each_field_is_settled_by_its_rule": "varje fält avgörs av sin regel",
    "what_is_shared_waits": "det som delas väntar",
    "what_is_wrong_waits": "det som är fel väntar",
    # of fields
    "what_fortnox_made_of_it_stays": "det Fortnox gjorde av det står kvar",
    "what_hr_changed_goes_to_fortnox": "det HR ändrade går till Fortnox",
    "what_fortnox_changed_goes_to_hr": "det Fortnox ändrade går till HR",
    "what_hr_owns_is_written_back": "det HR äger skrivs tillbaka",
    "a_change_in_fortnox_waits_for_a_person": "en ändring i Fortnox väntar på en person",
    "a_change_in_fortnox_is_kept": "en ändring i Fortnox behålls",
    "a_person_left_it": "en person lämnade det",
    "a_person_preferred_hr": "en person valde HR",
    "a_person_preferred_fortnox": "en person valde Fortnox",
    "this_field_does_not_travel_there": "fältet förs inte över dit",
    "this_field_waits_for_a_sync": "fältet väntar på en synkronisering",
    "a_missing_value_stays_missing": "ett värde som saknas förblir borta",
    "a_missing_value_is_filled": "ett värde som saknas fylls i",
    "a_missing_value_waits_for_a_person": "ett värde som saknas väntar på en person",
    "what_is_missing_is_emptied": "det som saknas töms",
    "a_conflict_goes_to_hr": "en konflikt avgörs av HR",
    "a_conflict_goes_to_fortnox": "en konflikt avgörs av Fortnox",
    "a_conflict_goes_to_the_newest": "en konflikt avgörs av det nyaste",
}


def field(name: str) -> Text:
    """Return what a field is called, to be filled into a text."""
    return _named("field", name)


def flaw(code: str) -> Text:
    """Return what is wrong with a number, to be filled into a text."""
    return _named("flaw", code)


def why(reason: str) -> Text:
    """Return why somebody was paused or taken apart, to be filled into a text."""
    return _named("why", reason)


def origin(name: str) -> Text:
    """Return how two came to be linked, to be filled into a text."""
    return _named("origin", name.replace(" ", "_"))


def _named(kind: str, name: str) -> Text:
    return replace(named("employees", kind, name), english=name.replace("_", " "))


WORDS: Final[Mapping[str, Said]] = catalogue(
    "employees",
    vars(),
    reason=_REASONS,
    answer=_ANSWERS,
    field=_FIELDS,
    flaw=_FLAWS,
    why=_WHYS,
    origin=_ORIGINS,
    rule={**_RULES, **_REASONS},
)
