"""What is said about batches of closing entries and about each entry, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Which batch or entry it is -------------------------------------------------------------------------------------

OF_AN_ENTRY = Phrase(
    "yearend.of_an_entry",
    "Bokslutspost {number} den {day}, {text}, {amount:money}: {said}",
    "Closing entry {number} of {day}, {text}, {amount:money}: {said}",
)
OF_A_BATCH = Phrase(
    "yearend.of_a_batch",
    "Bunt {batch} från {system}, {number} bokslutsposter: {said}",
    "Batch {batch} of {system}, {number} closing entries: {said}",
)
OF_A_KEY = Phrase("yearend.of_a_key", "{key}: {said}", "{key}: {said}")

# --- Is the batch ours, and can its entries be told apart? ----------------------------------------------------------

ANOTHER_COMPANY = Phrase(
    "yearend.another_company",
    "Bunten gäller företaget {named}; det här är bokföringen för {own}. Skicka den till rätt företag. Är numret fel "
    "här: rätta det med bokbuss tenant add --org --change och svara ”Försök igen”.",
    "The batch is of the company {named}; these are the books of {own}. Send it to the right company. If the number "
    "here is wrong, correct it with bokbuss tenant add --org --change, and answer retry.",
)
NOT_CONFIGURED = Phrase(
    "yearend.not_configured",
    "Företaget har inga inställningar för bokslutsposter än. Ställ in avsnittet yearend; posterna kan sedan planeras.",
    "The company has no settings for closing entries yet. Apply settings with a section yearend; the entries can be "
    "planned then.",
)
WRONG_YEAR = Phrase(
    "yearend.wrong_year",
    "Bokslutsåret slutar den {last} och börjar efter det. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "Its year ends on {last} and begins after that. Correct it in the year-end program and send the batch again.",
)
ANOTHER_YEAR = Phrase(
    "yearend.another_year",
    "Bunten är av året till den {last}, och en bunt med samma namn har kommit av året till den {before}. Ge den ett "
    "eget namn i bokslutsprogrammet och skicka den igen; svara sedan ”Kasta”. Ingenting av den förra ändras.",
    "The batch is of the year to {last}, and a batch of this name came of the year to {before}. Give it a name of its "
    "own in the year-end program and send it again; then answer discard. Nothing of the earlier one is changed.",
)
SAME_VERSION = Phrase(
    "yearend.same_version",
    "Bunten har kommit med annat innehåll och samma version, {version}: den kan vara en annan. Är den en rättelse: "
    "skicka den igen med en högre version. Är den en annan: ge den ett eget namn, skicka den igen och svara ”Kasta”. "
    "Ingenting av den förra ändras.",
    "The batch has come with other content and the same version, {version}: it may be another one. If it is a "
    "correction, send it again with a higher version. If it is another, give it a name of its own, send it again and "
    "answer discard. Nothing of the earlier one is changed.",
)
NUMBER_TWICE = Phrase(
    "yearend.number_twice",
    "Två poster har samma nummer: {numbers:comma}. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "Two entries have one number: {numbers:comma}. Correct it in the year-end program and send the batch again.",
)

# --- May the entry be booked? ---------------------------------------------------------------------------------------

NO_TEXT = Phrase(
    "yearend.no_text",
    "Posten har ingen text. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "The entry has no text. Correct it in the year-end program and send the batch again.",
)
ROW_UNCLEAR = Phrase(
    "yearend.row_unclear",
    "En rad har exakt en sida, över noll: {rows}. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "A row has exactly one side, above zero: {rows}. Correct it in the year-end program and send the batch again.",
)
ROW = Phrase(
    "yearend.row",
    "rad {number}, konto {account}: debet {debit:money}, kredit {credit:money}",
    "row {number}, account {account}: debit {debit:money}, credit {credit:money}",
)
MORE_DEBIT = Phrase(
    "yearend.more_debit",
    "Debet är {debit:money} och kredit {credit:money}: {gap:money} mer i debet. Rätta det i bokslutsprogrammet och "
    "skicka bunten igen.",
    "Debit is {debit:money} and credit {credit:money}: {gap:money} more in debit. Correct it in the year-end program "
    "and send the batch again.",
)
MORE_CREDIT = Phrase(
    "yearend.more_credit",
    "Debet är {debit:money} och kredit {credit:money}: {gap:money} mer i kredit. Rätta det i bokslutsprogrammet och "
    "skicka bunten igen.",
    "Debit is {debit:money} and credit {credit:money}: {gap:money} more in credit. Correct it in the year-end program "
    "and send the batch again.",
)
TOO_LARGE = Phrase(
    "yearend.too_large",
    "Beloppen är större än vad en verifikation tar. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "The amounts are larger than a voucher takes. Correct it in the year-end program and send the batch again.",
)
OUTSIDE_THE_YEAR = Phrase(
    "yearend.outside_the_year",
    "Dagen {day} ligger inte i året {first} till {last}. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "Its day {day} is not in the year {first} to {last}. Correct it in the year-end program and send the batch again.",
)
REVERSED_TOO_EARLY = Phrase(
    "yearend.reversed_too_early",
    "Den är daterad {day} och ska återföras den {back}. Rätta det i bokslutsprogrammet och skicka bunten igen.",
    "It is of {day} and to be taken back on {back}. Correct it in the year-end program and send the batch again.",
)

# --- What Fortnox said ----------------------------------------------------------------------------------------------

MAY_BE_BOOKED = Phrase(
    "yearend.may_be_booked",
    "Den skickades inte, för den kan redan vara bokförd: {why:sentence} Svara ”Samma” om den verifikationen är "
    "posten, ”Egen” för att bokföra den vid sidan av, eller ”Kasta”.",
    "It was not sent, since it may be booked already: {why:sentence} Answer same if that voucher is this entry, own "
    "to book it beside that one, or discard.",
)
VOUCHER_IS_GONE = Phrase(
    "yearend.voucher_is_gone",
    "Inget återförs: {why:sentence} Svara ”Återförd” för att gå vidare utan den verifikationen, ”Behåll” för att lämna "
    "bokföringen som den är, eller ”Försök igen” om verifikationen finns där igen.",
    "Nothing is reversed: {why:sentence} Answer reversed to go on without that voucher, keep to leave the books as "
    "they are, or retry if the voucher is there again.",
)
ORDER_DISCARDED = Phrase(
    "yearend.order_discarded",
    "Ordern om {what} kastades innan den nådde Fortnox: {why:sentence} Svara ”Försök igen”, så skickas den som en ny "
    "order.",
    "The order of {what} was discarded before it reached Fortnox: {why:sentence} Answer retry and it is sent, as a "
    "new order.",
)
NOT_TAKEN = Phrase(
    "yearend.not_taken",
    "Fortnox tar inte emot {what}: {why:sentence} Rätta till det i Fortnox; det som bokbuss kan kontrollera där går "
    "sedan vidare av sig självt, för resten: svara ”Försök igen”. En annan serie väljs i nästa plan.",
    "Fortnox does not take {what}: {why:sentence} Set it right in Fortnox; what bokbuss can check there then goes on "
    "by itself, for the rest answer retry. Another series is chosen in the next plan.",
)
NO_REASON = Phrase("yearend.no_reason", "inget skäl angavs", "no reason given")
THE_VOUCHER = Phrase("yearend.the_voucher", "verifikationen", "the voucher")
THE_REVERSAL = Phrase("yearend.the_reversal", "återföringen", "the reversal")
THE_UNTURN = Phrase(
    "yearend.the_unturn",
    "återföringen av periodiseringens andra verifikation",
    "the reversal of the accrual's second voucher",
)
THE_TURN = Phrase(
    "yearend.the_turn", "verifikationen som återför periodiseringen", "the voucher that takes the accrual back"
)
THE_CORRECTED = Phrase("yearend.the_corrected", "den rättade verifikationen", "the corrected voucher")
BOOKED_TWICE = Phrase(
    "yearend.booked_twice",
    "Det finns mer än en verifikation för posten: {surplus:and}, utöver {standing:and}. Återför {surplus:and} för "
    "hand i Fortnox och svara sedan ”Återförd”.",
    "More than one voucher stands for this entry: {surplus:and}, besides {standing:and}. Reverse {surplus:and} by "
    "hand in Fortnox, then answer reversed.",
)
NONE_KNOWN = Phrase("yearend.none_known", "ingen som är känd", "none that is known")

# --- What stands in the books already, and who has approved it ------------------------------------------------------

PERHAPS_EXPORTED = Phrase(
    "yearend.perhaps_exported",
    "En annan bunt har en post samma dag med samma konton och belopp: {known}. Om programmet skickade sina poster på "
    "nytt under ett annat namn: svara ”Kasta”; om det är två händelser: svara ”Båda”.",
    "Another batch has an entry of that day with the same accounts and amounts: {known}. If the program sent its "
    "entries anew under another name, answer discard; if they are two events, answer both.",
)
KNOWN_AS = Phrase("yearend.known_as", "{key}: {stands}", "{key}: {stands}")
EXPORTED_AS = Phrase("yearend.exported_as", "exporterad som {voucher}", "exported as {voucher}")
ON_ITS_WAY = Phrase("yearend.on_its_way", "på väg", "on its way")
NOT_KNOWN_GONE = Phrase(
    "yearend.not_known_gone",
    "{voucher} gäller för posten, men bokbuss har inte bokfört den eller känner den inte längre, och bunten har den "
    "inte längre. Återför {voucher} för hand i Fortnox och svara ”Återförd”; eller svara ”Behåll”.",
    "{voucher} stands for this entry, which bokbuss did not book or knows no more, and its batch has it no more. "
    "Reverse {voucher} by hand in Fortnox and answer reversed; or answer keep.",
)
NOT_KNOWN_CHANGED = Phrase(
    "yearend.not_known_changed",
    "{voucher} gäller för posten, men bokbuss har inte bokfört den eller känner den inte längre, och den har kommit "
    "med annat innehåll. Återför {voucher} för hand i Fortnox och svara ”Återförd”; eller svara ”Behåll”.",
    "{voucher} stands for this entry, which bokbuss did not book or knows no more, and it has come with other "
    "content. Reverse {voucher} by hand in Fortnox and answer reversed; or answer keep.",
)
EXPORTED_GONE = Phrase(
    "yearend.exported_gone",
    "Den är exporterad som {voucher}, och bunten har den inte längre. Svara ”Bokför om”, så återför nästa plan den; "
    "eller ”Behåll” för att lämna bokföringen som den är.",
    "It is exported as {voucher}, and its batch has it no more. Answer rebook, and the next plan reverses it; or keep "
    "to leave the books as they are.",
)
EXPORTED_CHANGED = Phrase(
    "yearend.exported_changed",
    "Den är exporterad som {voucher}, och den har kommit med annat innehåll. Svara ”Bokför om”, så återför nästa plan "
    "den och bokför det som kom i stället; eller ”Behåll” för att lämna bokföringen som den är.",
    "It is exported as {voucher}, and it has come with other content. Answer rebook, and the next plan reverses it "
    "and books what came instead; or keep to leave the books as they are.",
)
FOUR_EYES = Phrase(
    "yearend.four_eyes",
    "{by} gjorde eller skickade det här och godkände det, och företaget vill att två personer gör det. Någon annan "
    "låter det gå vidare: bokbuss plan closing, och bokbuss apply av en annan person än den som gjorde planen.",
    "{by} made or sent this and approved it, and the company wants two people. Somebody else makes it go on: bokbuss "
    "plan closing, and bokbuss apply by another person than made it.",
)

# --- On record, though nothing waits --------------------------------------------------------------------------------

OLDER_CONTENT = Phrase(
    "yearend.older_content",
    "Det här är version {version}; version {newer} kom före den och gäller.",
    "This is version {version}; version {newer} came before it and counts.",
)
MOVED_SINCE_THE_PLAN = Phrase(
    "yearend.moved_since_the_plan",
    "Den är en annan nu än planen visade, eller är på väg: gör en ny plan (bokbuss plan closing).",
    "It is another one now than the plan showed, or is being sent: make a new plan (bokbuss plan closing).",
)

# --- Why it waits no longer -----------------------------------------------------------------------------------------

ENDED = Phrase("yearend.ended", "{why}; {then}.", "{why}; {then}.")
NEW_SETTINGS = Phrase(
    "yearend.new_settings",
    "Avgjort på nytt med inställningar version {version}",
    "Decided anew under settings version {version}",
)
CHECK_IS_GREEN = Phrase(
    "yearend.check_is_green",
    "Det som stod i vägen i Fortnox gör det inte längre",
    "What stood in the way in Fortnox does so no longer",
)
ANSWERED = Phrase("yearend.answered", "En person svarade {answer}", "A person answered {answer}")
GIVEN_UP = Phrase("yearend.given_up", "{by} svarade {answer} (”{why}”)", "{by} answered {answer} (“{why}”)")
APPROVED = Phrase("yearend.approved", "En person godkände den i en plan", "A person approved it in a plan")
NEWER_CONTENT = Phrase("yearend.newer_content", "Bunten kom med nyare innehåll", "The batch came with newer content")
FORTNOX_ANSWERED = Phrase(
    "yearend.fortnox_answered",
    "Fortnox svarade på en order som inte var känd här",
    "Fortnox answered an order that this hold did not know of",
)
WAITS_AS = Phrase("yearend.waits_as", "den väntar nu som {reason}", "it now waits as {reason}")
IS_REVERSED = Phrase("yearend.is_reversed", "{voucher} återförs", "{voucher} is reversed")
IS_BOOKED = Phrase("yearend.is_booked", "den bokförs", "it is booked")
CAN_BE_PLANNED = Phrase("yearend.can_be_planned", "dess poster kan planeras", "its entries can be planned")
NOTHING_MORE = Phrase("yearend.nothing_more", "inget mer ska bokföras", "nothing more is to be booked")
WAITS_FOR_A_PLAN = Phrase("yearend.waits_for_a_plan", "den väntar på en plan", "it waits for a plan")

# --- What can be answered, and what happens then --------------------------------------------------------------------

DISCARD = Phrase(
    "yearend.discard",
    "Bokför den aldrig; den hanteras för hand. Nyare innehåll öppnar den igen.",
    "Never book this; it is handled by hand. Newer content opens it again.",
)
KEEP = Phrase(
    "yearend.keep",
    "Lämna bokföringen som den är; skillnaden hanteras för hand.",
    "Leave the books as they are; the difference is handled by hand.",
)
RETRY = Phrase(
    "yearend.retry",
    "Skicka den igen, sedan det rättats i Fortnox eller i inställningarna.",
    "Send it again, after it was set right in Fortnox or in the settings.",
)
REBOOK = Phrase(
    "yearend.rebook",
    "Nästa plan återför verifikationen; det som kom i stället bokförs med den.",
    "The next plan reverses the voucher; what came instead is booked with it.",
)
LOOK_AGAIN = Phrase(
    "yearend.look_again", "Se efter igen, sedan numret rättats här.", "Look again, after the number here was corrected."
)
IT_IS_GONE = Phrase(
    "yearend.it_is_gone",
    "Verifikationen finns inte längre i Fortnox; gå vidare utan den.",
    "The voucher is gone from Fortnox; go on without it.",
)
REVERSED_BY_HAND = Phrase(
    "yearend.reversed_by_hand",
    "Verifikationen är återförd för hand i Fortnox; gå vidare.",
    "The voucher has been reversed by hand in Fortnox; go on.",
)
BOOK_ALL_THE_SAME = Phrase(
    "yearend.book_all_the_same",
    "Det är en annan händelse med samma belopp: bokför den ändå.",
    "It is another event with the same amounts: book it all the same.",
)
IT_IS_THAT_ONE = Phrase(
    "yearend.it_is_that_one",
    "Den verifikationen är posten: den räknas som exporterad, och inget skickas.",
    "That voucher is this entry: it counts as exported, and nothing is sent.",
)
BOOK_BOTH = Phrase(
    "yearend.book_both",
    "Det är två händelser med samma belopp: även den här bokförs.",
    "They are two events with the same amounts: this one is booked, too.",
)

# --- What names are called ------------------------------------------------------------------------------------------

_REASONS: Final[Mapping[str, str]] = {
    "another_company": "annat företag",
    "flow_not_configured": "inte inställt",
    "wrong_year": "fel år",
    "another_year": "annat år",
    "perhaps_another_batch": "kanske en annan bunt",
    "number_used_twice": "nummer använt två gånger",
    "text_missing": "text saknas",
    "row_unclear": "oklar rad",
    "unbalanced": "går inte jämnt ut",
    "amount_too_large": "för stora belopp",
    "outside_the_year": "utanför året",
    "reversed_too_early": "återförs för tidigt",
    "suspected_double": "kanske dubbelt",
    "voucher_gone": "verifikationen är borta",
    "finding": "att veta om filen",
    "discarded": "kastad",
    "booked_twice": "bokförd två gånger",
    "perhaps_exported_already": "kanske redan exporterad",
    "voucher_not_known": "okänd verifikation",
    "gone_after_export": "borta efter export",
    "amended_after_export": "ändrad efter export",
    "four_eyes": "kräver två personer",
    "older_content": "äldre innehåll",
    "moved_since_the_plan": "ändrad sedan planen",
    "refused": "nekad",
}
_ANSWERS: Final[Mapping[str, str]] = {
    "discard": "kasta",
    "reopen": "ta upp igen",
    "keep": "behåll",
    "retry": "försök igen",
    "rebook": "bokför om",
    "reversed": "återförd",
    "own": "egen",
    "same": "samma",
    "both": "båda",
}
_RULES: Final[Mapping[str, str]] = {
    "what_may_be_booked_already_waits": "det som kanske redan är bokfört väntar",
    "a_refused_voucher_waits": "en nekad verifikation väntar",
    "a_refused_voucher_goes_again_when_its_check_is_green": "en nekad verifikation går igen när kontrollen är grön",
    "an_entry_booked_twice_waits_for_a_person": "en post som bokförts två gånger väntar på en person",
    "an_exported_entry_needs_nothing_more": "en exporterad post behöver inget mer",
    "what_a_person_settled_stays_settled": "det en person har avgjort förblir avgjort",
    "a_batch_of_another_company_waits": "ett annat företags bunt väntar",
    "a_company_without_settings_waits": "ett företag utan inställningar väntar",
    "a_year_ends_after_its_beginning": "ett år slutar efter sin början",
    "a_batch_name_is_of_one_batch": "ett buntnamn är en bunt",
    "a_number_names_one_entry": "ett nummer är en post",
    "a_batch_in_order_is_taken_in": "en bunt i ordning tas in",
    "an_entry_has_a_text": "en post har en text",
    "every_row_has_one_side": "varje rad har en sida",
    "an_entry_balances": "en post går jämnt ut",
    "the_amounts_fit_in_a_voucher": "beloppen ryms i en verifikation",
    "an_entry_is_in_its_year": "en post ligger i sitt år",
    "an_accrual_is_taken_back_later": "en periodisering återförs senare",
    "what_another_batch_has_exported_waits": "det en annan bunt har exporterat väntar",
    "a_voucher_that_is_not_known_here_is_reversed_by_hand": "en verifikation som inte är känd här återförs för hand",
    "an_exported_entry_stays_as_it_is": "en exporterad post förblir som den är",
    "what_is_not_approved_waits_for_a_plan": "det som inte är godkänt väntar på en plan",
    "four_eyes_have_seen_it": "två personer har sett den",
    "what_no_longer_holds_is_reversed": "det som inte längre gäller återförs",
    "an_accrual_is_taken_back_on_its_day": "en periodisering återförs på sin dag",
    "an_approved_entry_is_booked": "en godkänd post bokförs",
    "what_comes_late_undoes_nothing": "det som kommer sent gör inget ogjort",
    "what_moved_since_the_plan_is_not_approved": "det som ändrats sedan planen är inte godkänt",
    # of plans
    "what_is_under_way_is_waited_for": "det som är på väg väntas in",
    "what_a_person_decides_is_left_alone": "det en person ska avgöra lämnas",
    "what_was_given_up_is_left_alone": "det som gavs upp lämnas",
    "what_is_exported_stays": "det som är exporterat står kvar",
    "what_left_the_batch_is_reversed": "det som lämnat bunten återförs",
    "what_came_otherwise_is_rebooked": "det som kom på annat sätt bokförs om",
    "what_is_new_is_exported": "det som är nytt exporteras",
}

WORDS: Final[Mapping[str, Said]] = catalogue("yearend", vars(), reason=_REASONS, answer=_ANSWERS, rule=_RULES)
