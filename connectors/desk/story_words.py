"""What a story says, in both languages: what came, what was decided and done, where it stands. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Said

DOES: Final[Mapping[str, Said]] = {
    "book": Said("bokföra dagen", "book the day"),
    "reverse": Said("återföra en verifikation", "reverse a voucher"),
    "rebook": Said("bokföra på nytt", "book it anew"),
}
MUST_ACT: Final[Mapping[str, Said]] = {
    "accountant": Said("Den som sköter bokföringen måste agera", "The accountant has to act"),
    "operator": Said("Den som driver bokbuss måste agera", "The operator has to act"),
    "developer": Said("En utvecklare måste agera", "A developer has to act"),
}
WAITS_FOR: Final[Mapping[str, Said]] = {
    "accountant": Said("Det väntar på den som sköter bokföringen: {why}", "It waits for the accountant: {why}"),
    "operator": Said("Det väntar på den som driver bokbuss: {why}", "It waits for operator: {why}"),
    "developer": Said("Det väntar på en utvecklare: {why}", "It waits for developer: {why}"),
}
RELEASED: Final[Mapping[str, Said]] = {
    "booked": Said("det bokfördes", "it was booked"),
    "settings_changed": Said("inställningarna ändrades", "the settings changed"),
    "checks_passed": Said(
        "det som stod i vägen i Fortnox gör det inte längre", "what stood in the way in Fortnox does so no longer"
    ),
    "answered": Said("någon svarade", "somebody answered"),
    "superseded": Said("något nyare kom", "something newer came"),
    "arrived": Said("det som saknades har kommit", "what was missing has come"),
    "not_booked": Said(
        "företaget har valt att en sådan dag inte bokförs", "the company has chosen that such a day is not booked"
    ),
}
OUTCOMES: Final[Mapping[str, Said]] = {
    "held": Said("Väntar: {why}", "Held: {why}"),
    "released": Said("Väntar inte längre: {why}", "Released: {why}"),
    "dead_lettered": Said("Gick inte att läsa: {why}", "Dead lettered: {why}"),
    "discarded": Said("Kastat: {why}", "Discarded: {why}"),
    "replayed": Said("Skickat igen: {why}", "Replayed: {why}"),
    "withdrawn": Said("Återkallat: {why}", "Withdrawn: {why}"),
    "connected": Said("Ansluten: {why}", "Connected: {why}"),
    "disconnected": Said("Frånkopplad: {why}", "Disconnected: {why}"),
    "proved": Said("Avstämt: {why}", "Proved: {why}"),
    "differs": Said("Skiljer sig: {why}", "Differs: {why}"),
    "erased": Said("Raderat: {why}", "Erased: {why}"),
    "removed": Said("Borttaget: {why}", "Removed: {why}"),
}
CONNECTION: Final[Mapping[str, Said]] = {
    "needs_consent": Said("behöver samtycke", "needs consent"),
    "licence_missing": Said("licens saknas", "licence missing"),
    "paused": Said("pausad", "paused"),
    "disconnected": Said("frånkopplad", "disconnected"),
}
OVER_HTTP: Final = Said("Mottaget över HTTP", "Accepted over HTTP")
ANSWERED_AS: Final = Said("Besvarat som {id}", "Answered as {id}")
ACCEPTED_AS: Final = Said("Mottaget som {id}", "Accepted as {id}")
IN_KAFKA: Final = Said(
    "Det står i Kafka i {topic}, partition {partition}, offset {offset}",
    "It stands in Kafka at {topic}, partition {partition}, offset {offset}",
)
TRACE: Final = Said("{where}; spår {trace}", "{where}; trace {trace}")
NOT_READ_BACK: Final = Said(
    "Det gick inte att läsa tillbaka från Kafka just nu", "It could not be read back from Kafka just now"
)
NOTHING_TO_DO: Final = Said("inget att göra", "nothing to do")
DECIDED: Final = Said("Avgjort {at}: {rules}", "Decided {at}: {rules}")
NOT_SENT: Final = Said("Inte skickat: {request}", "Not sent: {request}")
NO_ANSWER: Final = Said("inget svar", "no answer")
ASKED: Final = Said("{where} tillfrågat: {request}", "Asked {where}: {request}")
AFTER: Final = Said("{answer} efter {ms} ms: {verdict}", "{answer} after {ms} ms: {verdict}")
RULE: Final = Said("Regel: {rule}; inställningar version {version}", "Rule: {rule}; settings version {version}")
PLAN_RULE: Final = Said("Regel: {rule}", "Rule: {rule}")
ORDER: Final = Said("Order {id}, av {cause}", "Order {id}, caused by {cause}")
INSTEAD: Final = Said("Den ges i stället för den nekade ordern {id}", "It is given instead of the refused order {id}")
ORDERED_TO: Final = Said(
    "Order att {does}: serie {series}, {day}, {amount}", "Ordered to {does}: series {series}, {day}, {amount}"
)
MARKED: Final = Said('"{text}"; dess märke är {mark}', '"{text}"; its mark is {mark}')
RELATES: Final = Said("Den hör till {vouchers}", "It relates to {vouchers}")
ORDERED: Final = Said("Order: {type}", "Ordered: {type}")
BOOKED_AS: Final = Said("{where} bokförde det som {voucher}", "{where} booked it as {voucher}")
DONE: Final = Said("Utfört", "Done")
FOUND_AS: Final = Said("Hittat i {where} som {voucher}", "Found in {where} as {voucher}")
FOUND: Final = Said("Hittat: det var utfört", "Found: it was done")
REFUSED: Final = Said("Nekat ({code}): {why}", "Refused ({code}): {why}")
LOST: Final = Said(
    "Svaret kom bort: {why}. {where} tillfrågas innan något skickas igen",
    "The answer was lost: {why}. {where} is asked before anything is sent again",
)
ABSENT: Final = Said(
    "{where} tillfrågades, två gånger, och har det inte: det skickas igen",
    "{where} was asked, twice, and does not have it: it is sent again",
)
IN_YEAR: Final = Said(
    "Verifikation {voucher} i Fortnox räkenskapsår {year}", "Voucher {voucher} in Fortnox's financial year {year}"
)
IN_THE_WAY: Final = Said("{what} står i vägen", "{what} stands in the way")
REVERSED_BY: Final = Said("Återförd av {voucher}", "Reversed by {voucher}")
FOLLOWED_BY: Final = Said("Följd av {voucher}", "Followed by {voucher}")
HOLD: Final = Said("Väntan {id}, av {cause}", "Hold {id}, caused by {cause}")
CAN_BE_ANSWERED: Final = Said("Kan besvaras ”{answer}”: {means}", "Can be answered {answer}: {means}")
HELD: Final = Said("Väntar ({reason}): {why}", "Held ({reason}): {why}")
WAITS_NO_LONGER: Final = Said("Det väntar inte längre: {why}", "It waits no longer: {why}")
ROW_OF_PLAN: Final = Said("Rad {row} i plan {plan}: {action}", "Row {row} of plan {plan}: {action}")
FIELDS: Final = Said("Fält: {fields}", "Fields: {fields}")
NOT_APPLIED: Final = Said("{what}; inte genomförd", "{what}; not applied")
APPLIED_BY: Final = Said("{what}; genomförd av {by}", "{what}; applied by {by}")
SET_ASIDE: Final = Said("Lagt åt sidan av en person", "Set aside by a person")
PARKED: Final = Said("Parkerat: det väntar i företagets ordning", "Parked: it waits in its company's order")
BEHIND: Final = Said("Det väntar bakom ett annat.", "It waits behind another.")
IS_PARKED: Final = Said(
    "Något av det kan inte hanteras: bokbuss parked show {place}.",
    "Something of it cannot be handled: bokbuss parked show {place}.",
)
IS_BEHIND: Final = Said(
    "Något av det väntar bakom ett meddelande som inte kan hanteras: bokbuss parked show {place}.",
    "Something of it waits behind a message that cannot be handled: bokbuss parked show {place}.",
)
UNKNOWN: Final = Said(
    "Det skickades och svaret kom bort; {where} tillfrågas tills det är känt om det finns där.",
    "It was sent and the answer was lost; {where} is asked until it is known whether it is there.",
)
WAS_REFUSED: Final = Said("{where} nekade det: {why}.", "{where} refused it: {why}.")
WAITS_FOR_CONNECTION: Final = Said(
    "Det väntar på anslutningen till {where} ({how}): bokbuss connection show {tenant}.",
    "It waits for the connection to {where} ({how}): bokbuss connection show {tenant}.",
)
ON_ITS_WAY: Final = Said("Det är på väg till {where}{put_off}.", "It is on its way to {where}{put_off}.")
PUT_OFF: Final = Said("; uppskjutet: {verdict}", "; put off: {verdict}")
IS_REVERSED: Final = Said(
    "Verifikationen återfördes av {voucher}; inget står kvar i bokföringen.",
    "The voucher was reversed by {voucher}; nothing stands in the books.",
)
IS_BOOKED: Final = Said("Bokfört som {voucher} den {day}: {amount}.", "Booked as {voucher} on {day}: {amount}.")
NOTHING_BOOKED: Final = Said("Inget bokförs: {why}", "Nothing is booked: {why}")
NOTHING_DONE: Final = Said("Inget ska göras: {why}", "Nothing is to be done: {why}")
NO_LONGER: Final = Said("det väntar inte längre", "it waits no longer")
IS_DONE: Final = Said("Utfört.", "Done.")
DECIDED_NOTHING: Final = Said(
    "Avgjort: det fanns inget att göra, eller det som beställdes har inte kommit fram än.",
    "Decided: there was nothing to do, or what was ordered has not reached its place yet.",
)
NOT_DECIDED: Final = Said(
    "Mottaget och inte avgjort än: går flödena (bokbuss up, bokbuss run flows)?",
    "Accepted and not decided yet: do flows run (bokbuss up, bokbuss run flows)?",
)

# --- What a fact tells ----------------------------------------------------------------------------------------------

REPORT: Final = Said(
    "Butik {store}, kassa {register}, Z {z}, {day}", "Store {store}, register {register}, Z {z}, {day}"
)
AMENDED: Final = Said("{report}, ändring {amendment}", "{report}, amendment {amendment}")
SALES: Final = Said("Försäljning med moms {amount}", "Sales with VAT {amount}")
PAID: Final = Said("Betalat med {payments}", "Paid by {payments}")
BESIDES: Final = Said("Dessutom: {amounts}", "Besides: {amounts}")
CASH_DIFFERENCE: Final = Said("kassadifferens {amount}", "cash difference {amount}")
ANSWERED: Final = Said("{by} svarade {answer}{comment}", "{by} answered {answer}{comment}")
DAY_MISSED: Final = Said(
    "Butik {store} hade inte stängt {day} klockan {due}", "Store {store} had not closed {day} by {due}"
)
COMMENT: Final = Said(": ”{comment}”", ': "{comment}"')
JOINED: Final = Said(
    "{by} länkade personen med anställd {employee}{comment}", "{by} joined it with employee {employee}{comment}"
)
PARTED: Final = Said(
    "{by} tog isär personen från Fortnox: {reason}{comment}", "{by} took it apart from Fortnox, {reason}{comment}"
)
LET_GO_ON: Final = Said("{by} lät det gå vidare{comment}", "{by} let it go on{comment}")
PAUSED: Final = Said("{by} pausade: {reason}{comment}", "{by} paused it, {reason}{comment}")
ERASED: Final = Said("{by} raderade personen", "{by} erased them")
LET_IN: Final = Said("{by} släppte in personen igen", "{by} let them in again")
BATCH: Final = Said(
    "{number} bokslutsposter för {first} till {last}, version {version}{sent}",
    "{number} closing entries of {first} to {last}, version {version}{sent}",
)
SENT_BY: Final = Said(", skickade av {by}", ", sent by {by}")
APPROVED: Final = Said(
    "{by} godkände rad {row} i plan {plan}, som {planned_by} gjorde: {action}",
    "{by} approved row {row} of plan {plan}, which {planned_by} made: {action}",
)
CORRECT: Final = Said("rätta {voucher}", "correct {voucher}")
APPLIED: Final = Said(
    "{by} genomförde rad {row} i plan {plan}: {action}", "{by} applied row {row} of plan {plan}: {action}"
)
FACT: Final = Said("{type} om {about}", "{type} about {about}")
NUMBERS_MISSED: Final = Said(
    "Inte alla nummer mellan Z {after} och Z {before} hade kommit: butik {store}, kassa {register}",
    "Not all numbers between Z {after} and Z {before} had come: store {store}, register {register}",
)
