"""What is said about sales on account, in both languages: why one waits, what can be answered. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Which receipt it is --------------------------------------------------------------------------------------------

OF_A_RECEIPT = Phrase(
    "invoicing.of_a_receipt",
    "Butik {store}, kassa {register}, kvitto {receipt} den {day}, {amount:money}: {said}",
    "Store {store}, register {register}, receipt {receipt} of {day}, {amount:money}: {said}",
)
OF_A_RECEIPT_NOWHERE = Phrase(
    "invoicing.of_a_receipt_nowhere",
    "Kassa {register}, kvitto {receipt} den {day}, {amount:money}: {said}",
    "Register {register}, receipt {receipt} of {day}, {amount:money}: {said}",
)
INVOICE = Phrase("invoicing.invoice", "faktura {number}", "invoice {number}")
ORDER = Phrase("invoicing.order", "order {number}", "order {number}")

# --- What Fortnox said ----------------------------------------------------------------------------------------------

ORDER_DISCARDED = Phrase(
    "invoicing.order_discarded",
    "Ordern om {what} kastades innan den nådde Fortnox: {why:sentence} Svara ”Försök igen”, så skickas den som en ny "
    "order.",
    "The order of {what} was discarded before it reached Fortnox: {why:sentence} Answer retry and it is sent, as a "
    "new order.",
)
NOT_TAKEN = Phrase(
    "invoicing.not_taken",
    "Fortnox tar inte emot {what}: {why:sentence} Rätta till det i Fortnox eller i inställningarna, och svara "
    "”Försök igen”.",
    "Fortnox does not take {what}: {why:sentence} Set it right in Fortnox or in the settings, and answer retry.",
)
NO_REASON = Phrase("invoicing.no_reason", "inget skäl angavs", "no reason given")
THE_CUSTOMER = Phrase("invoicing.the_customer", "kunden", "the customer")
THE_CREDIT_NOTE = Phrase("invoicing.the_credit_note", "kreditfakturan", "the credit note")
THE_MOVE = Phrase("invoicing.the_move", "verifikationen vid sidan av fakturan", "the voucher beside the invoice")
THE_MOVE_BACK = Phrase(
    "invoicing.the_move_back",
    "återföringen av verifikationen vid sidan av fakturan",
    "the reversal of the voucher beside the invoice",
)
THE_INVOICE = Phrase("invoicing.the_invoice", "fakturan", "the invoice")
THE_ORDER = Phrase("invoicing.the_order", "ordern", "the order")
INVOICED_TWICE = Phrase(
    "invoicing.invoiced_twice",
    "Det finns mer än ett dokument för kvittot: {document} och {surplus:and}. Kreditera eller makulera {surplus:and} "
    "för hand i Fortnox och svara sedan ”Krediterad”.",
    "More than one document stands for this receipt: {document} and {surplus:and}. Credit or cancel {surplus:and} by "
    "hand in Fortnox, then answer credited.",
)

INVOICED_AFTER_ALL = Phrase(
    "invoicing.invoiced_after_all",
    "Dokumentet för kvittot är krediterat för hand, och {surplus:and} har kommit till av samma order. Kreditera eller "
    "makulera {surplus:and} för hand i Fortnox och svara sedan ”Krediterad”.",
    "The document of this receipt was credited by hand, and {surplus:and} came out of the same order. Credit or cancel "
    "{surplus:and} by hand in Fortnox, then answer credited.",
)
BOOKED_TWICE = Phrase(
    "invoicing.booked_twice",
    "En verifikation vid sidan av kvittots dokument är bokförd mer än en gång. Återför {surplus:and} för hand i "
    "Fortnox och svara sedan ”Återförd”.",
    "A voucher beside this receipt's document is booked more than once. Reverse {surplus:and} by hand in Fortnox, then "
    "answer reversed.",
)
CREDIT_NOTE = Phrase("invoicing.credit_note", "kreditfaktura {number}", "credit note {number}")
OTHER_AMOUNTS = Phrase(
    "invoicing.other_amounts",
    "Kvittot är {document} i Fortnox, men med andra belopp än det har: {why}. Det kan bero på lagret, eller på kundens "
    "rabatt eller momstyp. Rätta den där, eller låt den vara om beloppen ska vara så, och svara ”Rätt”.",
    "The receipt is {document} in Fortnox, and to other amounts than it has: {why}. That may be for the stock's sake, "
    "or the customer's discount or kind of VAT. Set it right there, or let it be where the amounts are to be so, and "
    "answer right.",
)

# --- Is it ours, and a receipt of its own? --------------------------------------------------------------------------

ANOTHER_COMPANY = Phrase(
    "invoicing.another_company",
    "Kvittot gäller företaget {named}; det här är bokföringen för {own}. Om kassan är fel inställd: rätta numret där "
    "och skicka kvittot igen. Om vårt nummer är fel: rätta det med bokbuss tenant add --org --change och svara "
    "”Försök igen”.",
    "The receipt names the company {named}; these are the books of {own}. If the till is set up wrongly, correct its "
    "number and send the receipt again. If ours is wrong, correct it with bokbuss tenant add --org --change, and "
    "answer retry.",
)
PERHAPS_THE_SAME = Phrase(
    "invoicing.perhaps_the_same",
    "Ett kvitto med det här numret har kommit förut, med annat datum eller innehåll: {known}. Är det här en annan "
    "försäljning (en utbytt kassa räknar från 1 igen): svara ”Eget”, så faktureras det; är det samma: svara ”Kasta”. "
    "Ett rättat kvitto skickar kassan igen med ett högre ändringsnummer.",
    "A receipt of this number came before, dated otherwise or with other content: {known}. If this is another sale (a "
    "till that was replaced counts from 1 again), answer own, and it is invoiced; if it is the same, answer discard. A "
    "till sends a corrected receipt again with a higher amendment.",
)
KNOWN_AS = Phrase("invoicing.known_as", "{key}: {seen}", "{key}: {seen}")
SEEN = Phrase("invoicing.seen", "{day}, {amount:money}", "{day}, {amount:money}")
SEEN_INVOICED = Phrase(
    "invoicing.seen_invoiced", "{day}, {amount:money}, {document}", "{day}, {amount:money}, {document}"
)
NOT_SEEN = Phrase("invoicing.not_seen", "inget är känt", "nothing is known")
NOT_CONFIGURED = Phrase(
    "invoicing.not_configured",
    "Företaget har inga inställningar för fakturering än. Ställ in den; kvittot går sedan vidare av sig självt.",
    "The company has no settings for invoicing yet. Apply settings; the receipt then goes on by itself.",
)

# --- May it be invoiced? --------------------------------------------------------------------------------------------

TOO_LARGE = Phrase(
    "invoicing.too_large",
    "Beloppen är större än vad en faktura tar. Rätta kvittot i kassan.",
    "The amounts are larger than an invoice takes. Correct the receipt in the till.",
)
UNKNOWN_RATE = Phrase(
    "invoicing.unknown_rate",
    "Inställningarna har inget momskonto för {rates} den {day}. Lägg till satsen i daysales.vat, med datum; eller låt "
    "kassan rätta kvittot.",
    "The settings have no VAT account for {rates} on {day}. Add the rate to daysales.vat, with its dates; or let the "
    "till correct its receipt.",
)
A_RATE = Phrase("invoicing.a_rate", "{rate:rate} %", "{rate:rate} %")
NO_SALES_ACCOUNT = Phrase(
    "invoicing.no_sales_account",
    "Inget konto den {day} för det som såldes: {names}. Lägg till det i daysales.sales i inställningarna; kvittot går "
    "sedan vidare av sig självt.",
    "No account on {day} for what was sold: {names}. Add it to daysales.sales in the settings; the receipt then goes "
    "on by itself.",
)
NO_CATEGORY_ACCOUNT = Phrase(
    "invoicing.no_category_account",
    "Inget konto den {day} för kategorin: {names}. Lägg till det i daysales.others i inställningarna; kvittot går "
    "sedan vidare av sig självt.",
    "No account on {day} for category: {names}. Add it to daysales.others in the settings; the receipt then goes on "
    "by itself.",
)
NO_PAYMENT_ACCOUNT = Phrase(
    "invoicing.no_payment_account",
    "Inget konto den {day} för betalsättet: {names}. Lägg till det i daysales.payments i inställningarna; kvittot går "
    "sedan vidare av sig självt.",
    "No account on {day} for means of payment: {names}. Add it to daysales.payments in the settings; the receipt then "
    "goes on by itself.",
)
SYNC_IS_OFF = Phrase(
    "invoicing.sync_is_off",
    "Fakturor är avstängda. Kvittot går vidare av sig självt när sync_invoices är på i inställningarna igen.",
    "Invoices are switched off. The receipt goes on by itself when sync_invoices is on in the settings again.",
)
BEFORE_START = Phrase(
    "invoicing.before_start",
    "Kvittot är från före {start}, då bokbuss börjar för företaget. Ska det faktureras här: sätt ett tidigare "
    "start_date; kasta det annars.",
    "The receipt is from before {start}, when bokbuss starts for this company. If it is to be invoiced here, set an "
    "earlier start_date; else discard it.",
)
WRONG_RATE = Phrase(
    "invoicing.wrong_rate",
    "En varugrupp såldes med en annan momssats än inställningarna tillåter den {day}: {lines}. Rätta satsen i kassan "
    "och skicka kvittot igen med ett högre ändringsnummer, eller rätta daysales.group_rates i inställningarna.",
    "A group was sold at another VAT rate than the settings allow on {day}: {lines}. Correct the rate in the till and "
    "send the receipt again with a higher amendment, or correct daysales.group_rates in the settings.",
)
SOLD_AT = Phrase(
    "invoicing.sold_at",
    "{group}, {amount:money} med moms: {day} är det {rates:or}",
    "{group}, {amount:money} with VAT: {day} it is {rates:or}",
)
UNBALANCED = Phrase(
    "invoicing.unbalanced",
    "Raderna med moms och dricks blir {found:money}; kvittot anger {stated:money}. Rätta det i kassan och skicka det "
    "igen med ett högre ändringsnummer.",
    "The rows with VAT and the tip come to {found:money}; the receipt states {stated:money}. Correct it in the till "
    "and send it again with a higher amendment.",
)
TIP_NOT_ALLOWED = Phrase(
    "invoicing.tip_not_allowed",
    "Kvittot har dricks, {tip:money}, och dricks är inte tillåten på fakturor. Svara ”Tillåt dricks” för att släppa "
    "igenom det här, eller sätt på allow_tip_on_invoice.",
    "The receipt has a tip of {tip:money}, and tips are not allowed on invoices. Answer allow_tip to let this one "
    "pass, or set allow_tip_on_invoice.",
)

# --- What stands in Fortnox already? --------------------------------------------------------------------------------

DOCUMENT_NOT_KNOWN = Phrase(
    "invoicing.document_not_known",
    "Kvittot är {document} i Fortnox, gjord med inställningar som inte längre är kända här, och kassan har skickat "
    "det igen med annat innehåll. Kreditera den för hand, återför verifikationen vid sidan av, och svara "
    "”Krediterad”; eller svara ”Behåll”.",
    "The receipt is {document} in Fortnox, made under settings that are no longer known here, and the till has sent "
    "it again with other content. Credit it by hand, reverse the voucher beside it, and answer credited; or answer "
    "keep.",
)
AMENDED = Phrase(
    "invoicing.amended",
    "Kvittot är {document} i Fortnox, och kassan har skickat det igen med annat innehåll. Svara ”Kreditera” för att "
    "kreditera och göra den på nytt, eller ”Behåll” för att lämna den som den är.",
    "The receipt is {document} in Fortnox, and the till has sent it again with other content. Answer credit to credit "
    "it and make it anew, or keep to leave it as it is.",
)

# --- For whom? ------------------------------------------------------------------------------------------------------

RETURN_OF = Phrase(
    "invoicing.return_of",
    "Kvittot är en retur av kvitto {receipt}, som inte är fakturerat (än). Returen går vidare av sig själv när det "
    "är fakturerat.",
    "The receipt is a return of receipt {receipt}, which is not invoiced (yet). It goes on by itself when that is.",
)
RETURN_OF_NOTHING = Phrase(
    "invoicing.return_of_nothing",
    "Kvittot är en retur och anger inte av vilket kvitto.",
    "The receipt is a return, and does not say of which receipt.",
)
TOO_MUCH_BACK = Phrase(
    "invoicing.too_much_back",
    "Kvittot är en retur av kvitto {receipt}, och mer kommer tillbaka än vad som såldes ({lines}). Tillbaka sedan "
    "tidigare: {before}. Är det samma retur en gång till: svara ”Kasta”; ska den krediteras ändå: svara ”Ändå”. Rättas "
    "eller kastas någon av dem i kassan eller här, går det vidare av sig självt.",
    "The receipt is a return of receipt {receipt}, and more comes back than was sold ({lines}). Came back before: "
    "{before}. If it is the same return once more, answer discard; if it is to be credited all the same, answer "
    "anyway. Where one of them is corrected in the till, or discarded here, it goes on by itself.",
)
SOLD_TOO_LITTLE = Phrase(
    "invoicing.sold_too_little",
    "Kassan har rättat kvittot, och mer av det har redan kommit tillbaka än vad det nu säljer ({lines}). Tillbaka: "
    "{before}. Är rättelsen just den returen: svara ”Behåll”, annars krediteras den två gånger; ska båda gälla: svara "
    "”Ändå”.",
    "The till has corrected the receipt, and more of it came back already than it sells now ({lines}). Came back: "
    "{before}. If the correction is that very return, answer keep, or it is credited twice; if both are to count, "
    "answer anyway.",
)
TOO_MANY_RETURNS = Phrase(
    "invoicing.too_many_returns",
    "Mer än {known} returer anger kvitto {receipt}, och bokbuss minns inte alla: om mer kommer tillbaka än vad som "
    "såldes vet bara kassan. Räkna efter där. Ska kvittot gälla: svara ”Ändå”, annars ”Kasta”.",
    "More than {known} returns name receipt {receipt}, and bokbuss does not remember all of them: whether more comes "
    "back than was sold is known to the till only. Add it up there. If the receipt is to count, answer anyway; else "
    "discard.",
)
NOTHING_BEFORE = Phrase("invoicing.nothing_before", "inget", "nothing")
BACK_IN_ALL = Phrase(
    "invoicing.back_in_all",
    "sammanlagt {sold:money} sålt och {back:money} tillbaka",
    "in all {sold:money} sold and {back:money} back",
)
BACK_AT_A_RATE = Phrase(
    "invoicing.back_at_a_rate",
    "med {rate:rate} % moms {sold:money} sålt och {back:money} tillbaka",
    "at {rate:rate} % VAT {sold:money} sold and {back:money} back",
)
BACK_OF_A_ROW = Phrase(
    "invoicing.back_of_a_row",
    "av rad {row} {sold:money} sålt och {back:money} tillbaka",
    "of row {row} {sold:money} sold and {back:money} back",
)
CAME_BACK_BY = Phrase("invoicing.came_back_by", "kvitto {receipt} ({document})", "receipt {receipt} ({document})")
COMES_BACK_BY = Phrase("invoicing.comes_back_by", "kvitto {receipt}", "receipt {receipt}")
SOLD_TO_ANOTHER = Phrase(
    "invoicing.sold_to_another",
    "Kvittot är en retur av kvitto {receipt}, som är {document} till kund {sold}; returen är till kund {back}. Är "
    "kunden fel: rätta den i kassan och skicka kvittot igen med ett högre ändringsnummer. Ska kund {back} krediteras "
    "ändå: svara ”Annan kund”.",
    "The receipt is a return of receipt {receipt}, which is {document} to customer {sold}; the return is to customer "
    "{back}. If the customer is wrong, correct it in the till and send the receipt again with a higher amendment. If "
    "customer {back} is to be credited all the same, answer another.",
)
NOT_NAMED = Phrase(
    "invoicing.not_named",
    "Kvittot anger varken kundnummer, organisationsnummer, personnummer eller e-postadress. Lägg till något av dem i "
    "kassan och skicka kvittot igen med ett högre ändringsnummer.",
    "The receipt names no customer's number, organisation number, personal number or e-mail address. Add it in the "
    "till and send the receipt again with a higher amendment.",
)
WRONG_NUMBER = Phrase(
    "invoicing.wrong_number",
    "Kvittot anger ett organisationsnummer eller personnummer som inte kan stämma, och inget annat som kunden kan "
    "hittas med. Rätta det i kassan och skicka kvittot igen med ett högre ändringsnummer.",
    "The receipt names an organisation number or personal number that cannot be right, and nothing else to find the "
    "customer by. Correct it in the till and send the receipt again with a higher amendment.",
)
NO_SUCH_NUMBER = Phrase(
    "invoicing.no_such_number",
    "Fortnox har ingen kund med nummer {number}. Lägg upp kunden där och svara ”Försök igen”.",
    "Fortnox has no customer of number {number}. Make the customer there, and answer retry.",
)
NO_SUCH_NUMBER_OR_CREATE = Phrase(
    "invoicing.no_such_number_or_create",
    "Fortnox har ingen kund med nummer {number}. Lägg upp kunden där och svara ”Försök igen”; eller svara ”Skapa”.",
    "Fortnox has no customer of number {number}. Make the customer there, and answer retry; or answer create.",
)
NONE_FITS = Phrase(
    "invoicing.none_fits",
    "Fortnox har ingen kund som passar. Lägg upp kunden där och svara ”Försök igen”.",
    "Fortnox has no customer that fits. Make the customer there, and answer retry.",
)
NONE_FITS_OR_CREATE = Phrase(
    "invoicing.none_fits_or_create",
    "Fortnox har ingen kund som passar. Lägg upp kunden där och svara ”Försök igen”; eller svara ”Skapa”.",
    "Fortnox has no customer that fits. Make the customer there, and answer retry; or answer create.",
)

EXCHANGE_NOT_BOOKED = Phrase(
    "invoicing.exchange_not_booked",
    "Kvittot är ett byte som blir noll, så det finns inget att fakturera; och dagsavsluten har inte försäljningen på "
    "kredit (in_day_close). Försäljning och moms står därför ingenstans: {lines}. Bokför dem för hand och svara "
    "”Kasta”.",
    "The receipt is an exchange that comes to zero, so that there is nothing to invoice; and day closes do not have "
    "sales on account (in_day_close). So its sales and VAT stand nowhere: {lines}. Book them by hand, then answer "
    "discard.",
)
SOLD_OF = Phrase(
    "invoicing.sold_of",
    "{group}: netto {net:money}, moms {vat:money}",
    "{group}: net {net:money}, VAT {vat:money}",
)

# --- On record, though nothing waits --------------------------------------------------------------------------------

NOTHING_TO_INVOICE = Phrase(
    "invoicing.nothing_to_invoice",
    "Det finns inget att fakturera: kvittot blir noll.",
    "There is nothing to invoice: the receipt comes to zero.",
)
OLDER_CONTENT = Phrase(
    "invoicing.older_content",
    "Det här är ändring {amendment}; ändring {newer} kom före den och gäller.",
    "This is amendment {amendment}; amendment {newer} came before it and counts.",
)

# --- Why it waits no longer -----------------------------------------------------------------------------------------

ENDED = Phrase("invoicing.ended", "{why}; {then}.", "{why}; {then}.")
NEW_SETTINGS = Phrase(
    "invoicing.new_settings",
    "Avgjort på nytt med inställningar version {version}",
    "Decided anew under settings version {version}",
)
CHECK_IS_GREEN = Phrase(
    "invoicing.check_is_green",
    "Det som stod i vägen i Fortnox gör det inte längre",
    "What stood in the way in Fortnox does so no longer",
)
ANSWERED = Phrase("invoicing.answered", "En person svarade {answer}", "A person answered {answer}")
GIVEN_UP = Phrase("invoicing.given_up", "{by} svarade {answer} (”{why}”)", "{by} answered {answer} (“{why}”)")
NEWER_CONTENT = Phrase("invoicing.newer_content", "Kassan skickade nyare innehåll", "The till sent newer content")
FORTNOX_ANSWERED = Phrase(
    "invoicing.fortnox_answered",
    "Fortnox svarade på en order som inte var känd här",
    "Fortnox answered an order that this hold did not know of",
)
SALE_IS_OTHERWISE = Phrase(
    "invoicing.sale_is_otherwise",
    "Det som det är en retur av, eller en annan retur av det, är inte som förut",
    "What it is a return of, or another return of that, is not as it was",
)
WAITS_AS = Phrase("invoicing.waits_as", "kvittot väntar nu som {reason}", "the receipt now waits as {reason}")
IS_LOOKED_FOR = Phrase("invoicing.is_looked_for", "kunden söks", "the customer is looked for")
IS_INVOICED = Phrase("invoicing.is_invoiced", "kvittot faktureras", "the receipt is invoiced")
IS_CREDITED = Phrase(
    "invoicing.is_credited",
    "det som gjordes av det äldre innehållet krediteras, och görs på nytt därefter",
    "what was made of the older content is credited, and made anew after that",
)
IS_TAKEN_BACK = Phrase(
    "invoicing.is_taken_back",
    "det som gjordes av det äldre innehållet tas tillbaka, och görs på nytt därefter",
    "what was made of the older content is taken back, and made anew after that",
)
LEAVES_THE_DAY = Phrase(
    "invoicing.leaves_the_day",
    "försäljningen lämnar dagsavslutet för sin faktura",
    "the sale leaves the day close for its invoice",
)
NOTHING_MORE = Phrase("invoicing.nothing_more", "inget mer ska faktureras", "nothing more is to be invoiced")

# --- What can be answered, and what happens then --------------------------------------------------------------------

DISCARD = Phrase(
    "invoicing.discard",
    "Fakturera aldrig kvittot här; det faktureras för hand, och så hanteras det som avräkningskontot har av det. Ett "
    "nyare öppnar det igen.",
    "Never invoice this receipt here; it is invoiced by hand, and so is what the clearing account holds of it. A "
    "newer one opens it again.",
)
KEEP = Phrase(
    "invoicing.keep",
    "Lämna faktura och bokföring som de är; skillnaden hanteras för hand.",
    "Leave invoice and books as they are; the difference is handled by hand.",
)
RETRY = Phrase(
    "invoicing.retry",
    "Försök igen, sedan det rättats i Fortnox eller i inställningarna.",
    "Try again, after it was set right in Fortnox or in the settings.",
)
CREATE = Phrase(
    "invoicing.create",
    "Lägg upp kunden i Fortnox, med det som kassan anger.",
    "Make the customer in Fortnox, of what the till says.",
)
ALLOW_TIP = Phrase(
    "invoicing.allow_tip",
    "Ta med dricksen på fakturan, som en egen rad utan moms.",
    "Put this tip on the invoice, as a row of its own without VAT.",
)
ROUNDED_TO = Phrase(
    "invoicing.rounded_to",
    "Fakturera raderna, {found:money} kr; resten av kvittots {stated:money} kr, {amount:money} kr, går till "
    "öresavrundningskontot, {account}.",
    "Invoice the rows, {found:money} kr; the rest of the receipt's {stated:money} kr, {amount:money} kr, goes to the "
    "rounding account, {account}.",
)
ROWS_INVOICED = Phrase(
    "invoicing.rows_invoiced",
    "Fakturera raderna, {found:money} kr, och inte {stated:money} kr.",
    "Invoice the rows, {found:money} kr, and not {stated:money} kr.",
)
ROUND = Phrase(
    "invoicing.round",
    "Fakturera raderna; skillnaden går till öresavrundningskontot.",
    "Invoice the rows; the difference goes to the rounding account.",
)
OWN = Phrase(
    "invoicing.own",
    "Det är ett eget kvitto: det faktureras vid sidan av det andra.",
    "It is a receipt of its own: it is invoiced beside the other.",
)
CREDIT = Phrase(
    "invoicing.credit",
    "Kreditera fakturan och gör den på nytt; alla finns kvar i Fortnox.",
    "Credit the invoice and make it anew; all of them stay in Fortnox.",
)
WITHOUT = Phrase(
    "invoicing.without",
    "Gör kreditfakturan ändå; den anger bara kassans kvitto.",
    "Make the credit note all the same; it names the till's receipt only.",
)
ANYWAY = Phrase(
    "invoicing.anyway",
    "Låt det gälla ändå, fast mer kommer tillbaka än vad som såldes.",
    "Let it count all the same, though more comes back than was sold.",
)
ANOTHER = Phrase(
    "invoicing.another",
    "Kreditera den andra kunden ändå, fast försäljningen var till en annan.",
    "Credit the other customer all the same, though the sale was to another one.",
)
RIGHT = Phrase(
    "invoicing.right",
    "Den är rätt i Fortnox nu, eller ska vara som den är; gå vidare.",
    "It is right in Fortnox by now, or is to be as it is; go on.",
)
CREDITED = Phrase(
    "invoicing.credited",
    "Den är krediterad eller makulerad för hand i Fortnox, verifikationen också; gå vidare.",
    "It is credited or cancelled by hand in Fortnox, its voucher too; go on.",
)

REVERSED_BY_HAND = Phrase(
    "invoicing.reversed_by_hand",
    "Den är återförd för hand i Fortnox; gå vidare.",
    "It is reversed by hand in Fortnox; go on.",
)

# --- What names are called ------------------------------------------------------------------------------------------

_REASONS: Final[Mapping[str, str]] = {
    "another_company": "annat företag",
    "perhaps_the_same": "kanske samma kvitto",
    "flow_not_configured": "inte inställt",
    "sync_is_off": "avstängt",
    "before_start": "före start",
    "amount_too_large": "för stora belopp",
    "unknown_vat_rate": "okänd momssats",
    "wrong_vat_rate": "fel momssats",
    "unbalanced": "går inte jämnt ut",
    "unmapped_payment_method": "betalsätt utan konto",
    "unmapped_group": "varugrupp utan konto",
    "unmapped_category": "kategori utan konto",
    "tip_not_allowed": "dricks inte tillåten",
    "document_not_known": "okänt dokument",
    "amended_after_invoicing": "ändrat efter fakturering",
    "sale_not_found": "försäljningen finns inte",
    "returned_too_much": "mer tillbaka än sålt",
    "returned_by_another": "retur av en annan kund",
    "exchange_not_booked": "byte som ingen bokför",
    "customer_not_named": "kunden är inte angiven",
    "customer_missing": "kunden saknas",
    "invoiced_twice": "fakturerat två gånger",
    "other_amounts": "andra belopp",
    "booked_twice": "bokfört två gånger",
    "discarded": "kastat",
    "nothing_to_invoice": "inget att fakturera",
    "older_content": "äldre innehåll",
    "refused": "nekat",
}
_ANSWERS: Final[Mapping[str, str]] = {
    "discard": "kasta",
    "reopen": "ta upp igen",
    "keep": "behåll",
    "retry": "försök igen",
    "create": "skapa",
    "allow_tip": "tillåt dricks",
    "round": "avrunda",
    "own": "eget",
    "credit": "kreditera",
    "without": "utan",
    "anyway": "ändå",
    "another": "annan kund",
    "right": "rätt",
    "credited": "krediterad",
    "reversed": "återförd",
}
_RULES: Final[Mapping[str, str]] = {
    "a_refused_order_waits": "en nekad order väntar",
    "a_receipt_invoiced_twice_waits": "ett kvitto som fakturerats två gånger väntar",
    "a_sale_moved_twice_waits": "en försäljning som tagits ur dagen två gånger väntar",
    "a_document_of_other_amounts_waits": "ett dokument med andra belopp väntar",
    "an_invoiced_receipt_needs_nothing_more": "ett fakturerat kvitto behöver inget mer",
    "what_is_kept_leaves_the_day": "det som behålls lämnar dagsavslutet",
    "what_a_person_settled_stays_settled": "det en person har avgjort förblir avgjort",
    "a_receipt_of_another_company_waits": "ett annat företags kvitto väntar",
    "what_may_be_another_receipt_waits": "det som kan vara ett annat kvitto väntar",
    "a_company_without_settings_waits": "ett företag utan inställningar väntar",
    "the_amounts_fit_in_a_voucher": "beloppen ryms i en verifikation",
    "every_rate_is_known_on_the_day": "varje momssats är känd den dagen",
    "every_row_has_a_sales_account": "varje rad har ett försäljningskonto",
    "tip_and_rounding_have_accounts": "dricks och avrundning har konton",
    "the_clearing_account_is_chosen": "avräkningskontot är valt",
    "an_invoiced_sale_leaves_the_day": "en fakturerad försäljning lämnar dagen",
    "what_is_not_to_be_synced_waits": "det som inte ska föras över väntar",
    "a_receipt_before_the_start_is_held": "ett kvitto före starten hålls kvar",
    "every_group_has_its_rate_of_the_day": "varje varugrupp har dagens momssats",
    "the_rows_come_to_the_total": "raderna går ihop med summan",
    "a_tip_is_invoiced_where_allowed": "dricks faktureras där den är tillåten",
    "a_document_that_is_not_known_is_credited_by_hand": "ett dokument som inte är känt krediteras för hand",
    "an_invoiced_receipt_stays_invoiced": "ett fakturerat kvitto förblir fakturerat",
    "a_return_names_its_sale": "en retur anger sin försäljning",
    "a_return_is_within_its_sale": "en retur ryms i sin försäljning",
    "an_amended_sale_covers_its_returns": "en ändrad försäljning täcker sina returer",
    "a_return_is_by_the_customer_of_its_sale": "en retur är av försäljningens kund",
    "a_buyer_who_is_not_named_waits": "en köpare som inte är angiven väntar",
    "a_missing_customer_waits": "en kund som saknas väntar",
    "the_customer_is_found_first": "kunden hittas först",
    "an_amended_invoice_is_credited_in_full": "en ändrad faktura krediteras helt",
    "a_credited_sale_goes_back_into_the_day": "en krediterad försäljning går tillbaka till dagen",
    "an_exchange_that_no_day_close_has_waits": "ett byte som inget dagsavslut har väntar",
    "a_receipt_of_nothing_needs_no_invoice": "ett kvitto på noll behöver ingen faktura",
    "a_sale_on_account_is_invoiced": "en försäljning på faktura faktureras",
    "what_comes_late_undoes_nothing": "det som kommer sent gör inget ogjort",
}

WORDS: Final[Mapping[str, Said]] = catalogue("invoicing", vars(), reason=_REASONS, answer=_ANSWERS, rule=_RULES)
