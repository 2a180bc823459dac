"""What is said about days, in both languages: why one waits, what can be answered, what became of it. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

# --- Which report it is ---------------------------------------------------------------------------------------------

OF_A_REPORT = Phrase(
    "daysales.of_a_report",
    "Butik {store}, kassa {register}, Z {z} för {day}, försäljning {total:money}: {said}",
    "Store {store}, register {register}, Z {z} of {day}, total sales {total:money}: {said}",
)
SEEN = Phrase(
    "daysales.seen",
    "butik {store}, {day}, tagen {taken}, ändring {amendment}, {total:money}",
    "store {store}, {day}, taken {taken}, amendment {amendment}, {total:money}",
)
SEEN_BOOKED = Phrase("daysales.seen_booked", "{seen}, bokförd som {voucher}", "{seen}, booked as {voucher}")
NOT_SEEN = Phrase("daysales.not_seen", "inget är känt", "nothing is known")
KNOWN_AS = Phrase("daysales.known_as", "{key}: {seen}", "{key}: {seen}")
THIS = Phrase("daysales.this", "denna: {seen}", "this: {seen}")

# --- What Fortnox said ----------------------------------------------------------------------------------------------

MAY_BE_REVERSED = Phrase(
    "daysales.may_be_reversed",
    "Dagen återförs inte, för det kan redan vara gjort: {why:sentence} Svara ”Återförd” om den verifikationen "
    "återför dagen, eller ”Egen” om den är en annan händelse.",
    "The day is not reversed, since it may be already: {why:sentence} Answer reversed if that voucher reverses it, "
    "or own if it is another event.",
)
VOUCHER_IS_GONE = Phrase(
    "daysales.voucher_is_gone",
    "Dagen återförs inte: {why:sentence} Svara ”Återförd” för att bokföra dagen på nytt, ”Behåll” för att lämna "
    "bokföringen som den är, eller ”Försök igen” om verifikationen finns där igen.",
    "The day is not reversed: {why:sentence} Answer reversed to book the day anew, keep to leave the books as they "
    "are, or retry if the voucher is there again.",
)
ORDER_DISCARDED = Phrase(
    "daysales.order_discarded",
    "Ordern om {what} kastades innan den nådde Fortnox: {why:sentence} Svara ”Försök igen”, så skickas den som en ny "
    "order.",
    "The order of {what} was discarded before it reached Fortnox: {why:sentence} Answer retry and it is sent, as a "
    "new order.",
)
NOT_TAKEN = Phrase(
    "daysales.not_taken",
    "Fortnox tar inte emot {what}: {why:sentence} Rätta till det i Fortnox; det som bokbuss kan kontrollera där går "
    "sedan vidare av sig självt, för resten: svara ”Försök igen”. Eller ändra inställningarna.",
    "Fortnox does not take {what}: {why:sentence} Set it right in Fortnox; what bokbuss can check there then goes on "
    "by itself, for the rest answer retry. Or change the settings.",
)
NO_REASON = Phrase("daysales.no_reason", "inget skäl angavs", "no reason given")
THE_VOUCHER = Phrase("daysales.the_voucher", "verifikationen", "the voucher")
THE_REVERSAL = Phrase("daysales.the_reversal", "återföringen", "the reversal")
THE_CORRECTION = Phrase(
    "daysales.the_correction",
    "rättelsen (återföringen, eller det som bokförs efter den)",
    "the correction (its reversal, or what is booked after it)",
)
THE_CORRECTED = Phrase("daysales.the_corrected", "den rättade verifikationen", "the corrected voucher")
BOOKED_TWICE = Phrase(
    "daysales.booked_twice",
    "Det finns mer än en verifikation för rapporten: {voucher} och {surplus:and}. Återför {surplus:and} för hand i "
    "Fortnox och svara sedan ”Återförd”.",
    "More than one voucher stands for this report: {voucher} and {surplus:and}. Reverse {surplus:and} by hand in "
    "Fortnox, then answer reversed.",
)
BOOKED_AFTER_ALL = Phrase(
    "daysales.booked_after_all",
    "Verifikationen för rapporten är återförd för hand, och {surplus:and} har kommit till av samma order. Återför "
    "{surplus:and} för hand i Fortnox och svara sedan ”Återförd”.",
    "The voucher of this report was reversed by hand, and {surplus:and} came out of the same order. Reverse "
    "{surplus:and} by hand in Fortnox, then answer reversed.",
)
NOT_ATTACHED = Phrase(
    "daysales.not_attached",
    "Dagen är bokförd som {voucher}, och Fortnox tar inte emot rapporten bredvid den: {why:sentence} Svara ”Försök "
    "igen” när det är rättat, eller ”Utan”.",
    "The day is booked as {voucher}, and Fortnox does not take the report beside it: {why:sentence} Answer retry "
    "when that is set right, or without.",
)

# --- Is it ours, and a report of its own? ---------------------------------------------------------------------------

ANOTHER_COMPANY = Phrase(
    "daysales.another_company",
    "Rapporten gäller företaget {named}; det här är bokföringen för {own}. Om kassan är fel inställd: rätta numret "
    "där och skicka rapporten igen. Om vårt nummer är fel: rätta det med bokbuss tenant add --org --change och svara "
    "”Försök igen”.",
    "The report names the company {named}; these are the books of {own}. If the till is set up wrongly, correct its "
    "number and send the report again. If ours is wrong, correct it with bokbuss tenant add --org --change, and "
    "answer retry.",
)
PERHAPS_THE_SAME = Phrase(
    "daysales.perhaps_the_same",
    "Den här ({seen}) kan vara en rapport som redan är känd, eller en egen. En annan butiks kassa kan heta likadant, "
    "och en utbytt kassa räknar från 1 igen: svara ”Egen”, så bokförs den. En butik som bytt namn, eller en rättelse "
    "utan högre ändringsnummer: svara ”{same}”. Känd är {known}.",
    "This ({seen}) may be a report that is known, or one of its own. Another store's till can have the same name, and "
    "one that was replaced counts from 1 again: answer own, and it is booked. A store that was renamed, or a "
    "correction without a higher amendment: answer {same}. Known is {known}.",
)
NOT_CONFIGURED = Phrase(
    "daysales.not_configured",
    "Företaget har inga inställningar för dagsavslut än. Ställ in dem; dagen bokförs sedan av sig själv.",
    "The company has no settings for day sales yet. Apply settings; the day is then booked by itself.",
)
SYNC_IS_OFF = Phrase(
    "daysales.sync_is_off",
    "Dagsavslut är avstängda. Dagen går vidare av sig själv när sync_sales är på i inställningarna igen.",
    "Day sales are switched off. The day goes on by itself when sync_sales is on in the settings again.",
)
CLOCK_IS_FAST = Phrase(
    "daysales.clock_is_fast",
    "Rapporten är för {day}, tagen {taken}, och kom {came}: kassans klocka verkar gå före. Ställ den rätt i kassan "
    "och skicka rapporten igen med rätt datum och högre ändringsnummer; eller, om datumet är rätt, svara ”Datumet är "
    "rätt”. Hur långt ifrån sin dag en rapport får vara står i days_late och days_early i inställningarna.",
    "The report is of {day}, taken {taken}, and came on {came}: the register's clock seems to be fast. Set it right "
    "in the till and send the report again with its true date, with a higher amendment; or, if the date is right, "
    "answer date_is_right. How far a report may be from its day is days_late and days_early in the settings.",
)
CLOCK_IS_SLOW = Phrase(
    "daysales.clock_is_slow",
    "Rapporten är för {day}, tagen {taken}, och kom {came}: kassans klocka verkar gå efter. Ställ den rätt i kassan "
    "och skicka rapporten igen med rätt datum och högre ändringsnummer; eller, om datumet är rätt, svara ”Datumet är "
    "rätt”. Hur långt ifrån sin dag en rapport får vara står i days_late och days_early i inställningarna.",
    "The report is of {day}, taken {taken}, and came on {came}: the register's clock seems to be slow. Set it right "
    "in the till and send the report again with its true date, with a higher amendment; or, if the date is right, "
    "answer date_is_right. How far a report may be from its day is days_late and days_early in the settings.",
)
LOCKED = Phrase(
    "daysales.locked",
    "Bokföringen är låst till och med {until}, och företaget har valt att inget bokförs i en låst period "
    "(locked_period: reject): {kept}. Nyare innehåll i rapporten prövas igen.",
    "The books are locked up to {until}, and the company has chosen that nothing is booked into a locked period "
    "(locked_period: reject): {kept}. A newer content of the report is tried again.",
)
STANDS = Phrase("daysales.stands", "{voucher} står kvar som den är", "{voucher} stands as it is")
BY_HAND = Phrase("daysales.by_hand", "den bokförs för hand, eller inte alls", "it is booked by hand, or not at all")

# --- May it be booked? ----------------------------------------------------------------------------------------------

BEFORE_START = Phrase(
    "daysales.before_start",
    "Dagen är före {start}, då bokbuss börjar bokföra för företaget. Ska den bokföras här: sätt ett tidigare "
    "start_date; kasta den annars.",
    "The day is before {start}, when bokbuss starts to book for this company. If it is to be booked here, set an "
    "earlier start_date; else discard it.",
)
UNKNOWN_RATE = Phrase(
    "daysales.unknown_rate",
    "Inställningarna har inget momskonto för {rates} den {day}. Lägg till satsen i vat, med datum; eller låt kassan "
    "rätta rapporten.",
    "The settings have no VAT account for {rates} on {day}. Add the rate to vat, with its dates; or let the till "
    "correct its report.",
)
A_RATE = Phrase("daysales.a_rate", "{rate:rate} %", "{rate:rate} %")
WRONG_RATE = Phrase(
    "daysales.wrong_rate",
    "En varugrupp såldes med en annan momssats än inställningarna tillåter den {day}: {lines}. Rätta satsen i kassan "
    "och skicka rapporten igen, eller rätta group_rates i inställningarna.",
    "A group was sold at another VAT rate than the settings allow on {day}: {lines}. Correct the rate in the till and "
    "send the report again, or correct group_rates in the settings.",
)
SOLD_AT = Phrase(
    "daysales.sold_at",
    "{group}, {amount:money} med moms: {day} är det {rates:or}",
    "{group}, {amount:money} with VAT: {day} it is {rates:or}",
)
VAT_DIFFERS = Phrase(
    "daysales.vat_differs",
    "Momsen är inte vad satsen säger: {lines}. Kanske är netto och brutto förväxlade. Rätta det i kassan och skicka "
    "rapporten igen.",
    "The VAT is not what the rate says: {lines}. Perhaps net and gross were confused. Correct it in the till and send "
    "the report again.",
)
VAT_LINE = Phrase(
    "daysales.vat_line",
    "{group}: moms {vat:money} på netto {net:money}, väntat {expected:money}",
    "{group}: VAT {vat:money} on net {net:money}, expected {expected:money}",
)
AND_MORE = Phrase("daysales.and_more", "och {number:count} till", "and {number:count} more")
GROUPS_DIFFER = Phrase(
    "daysales.groups_differ",
    "Varugrupperna går inte ihop med summorna för sin momssats: {wrong}.",
    "The groups do not add up to the totals of their VAT rate: {wrong}.",
)
NET_DIFFERS = Phrase(
    "daysales.net_differs",
    "netto {rate:rate} %: grupper {found:money}, angivet {stated:money}",
    "net at {rate:rate} %: groups {found:money}, stated {stated:money}",
)
VAT_SUM_DIFFERS = Phrase(
    "daysales.vat_sum_differs",
    "moms {rate:rate} %: grupper {found:money}, angivet {stated:money}",
    "VAT at {rate:rate} %: groups {found:money}, stated {stated:money}",
)
SALES_MORE = Phrase(
    "daysales.sales_more",
    "Varugruppernas försäljning med moms är {found:money}; rapporten anger en försäljning på {stated:money}: "
    "{gap:money} mer.",
    "The groups' sales with VAT come to {found:money}; the report states total sales of {stated:money}: {gap:money} "
    "more.",
)
SALES_LESS = Phrase(
    "daysales.sales_less",
    "Varugruppernas försäljning med moms är {found:money}; rapporten anger en försäljning på {stated:money}: "
    "{gap:money} mindre.",
    "The groups' sales with VAT come to {found:money}; the report states total sales of {stated:money}: {gap:money} "
    "less.",
)
PAID_MORE = Phrase(
    "daysales.paid_more",
    "Betalningarna är {gap:money} högre än försäljningen: betalningar {paid:money}, försäljning med moms och övriga "
    "belopp {expected:money}.",
    "The payments are {gap:money} above the sales: payments {paid:money}, sales with VAT and other amounts "
    "{expected:money}.",
)
PAID_LESS = Phrase(
    "daysales.paid_less",
    "Betalningarna är {gap:money} lägre än försäljningen: betalningar {paid:money}, försäljning med moms och övriga "
    "belopp {expected:money}.",
    "The payments are {gap:money} below the sales: payments {paid:money}, sales with VAT and other amounts "
    "{expected:money}.",
)
EXPLAINED = Phrase(
    "daysales.explained",
    "{what} Exakt det är: {found:or_else}. Rätta rapporten i kassan och skicka den igen.",
    "{what} Exactly that is: {found:or_else}. Correct the report in the till and send it again.",
)
UNEXPLAINED = Phrase(
    "daysales.unexplained",
    "{what} Ingen rad i rapporten, och inga två eller tre tillsammans, är det beloppet. Rätta rapporten i kassan och "
    "skicka den igen.",
    "{what} No line of the report, and no two or three together, are that amount. Correct the report in the till and "
    "send it again.",
)
LINE = Phrase("daysales.line", "{name} {amount:money}", "{name} {amount:money}")
LINES_TOGETHER = Phrase("daysales.lines_together", "{lines:and}", "{lines:and}")
WRONG_SIGN = Phrase("daysales.wrong_sign", "{lines:and} med omvänt tecken", "{lines:and} with the opposite sign")
VAT_OF = Phrase("daysales.vat_of", "moms på {group}", "VAT of {group}")
CASH_DIFFERENCE = Phrase("daysales.cash_difference", "kassadifferens", "cash difference")
TOO_LARGE = Phrase(
    "daysales.too_large",
    "Beloppen är större än vad en verifikation tar. Rätta rapporten i kassan.",
    "The amounts are larger than a voucher takes. Correct the report in the till.",
)
NO_PAYMENT_ACCOUNT = Phrase(
    "daysales.no_payment_account",
    "Inget konto den {day} för betalsättet: {names}. Lägg till det i payments i inställningarna; dagen bokförs sedan "
    "av sig själv.",
    "No account on {day} for the means of payment: {names}. Add it to payments in the settings; the day is then "
    "booked by itself.",
)
NO_SALES_ACCOUNT = Phrase(
    "daysales.no_sales_account",
    "Inget konto den {day} för varugruppen: {names}. Lägg till det i sales i inställningarna; dagen bokförs sedan av "
    "sig själv.",
    "No account on {day} for the product group: {names}. Add it to sales in the settings; the day is then booked by "
    "itself.",
)
NO_CATEGORY_ACCOUNT = Phrase(
    "daysales.no_category_account",
    "Inget konto den {day} för kategorin: {names}. Lägg till det i others i inställningarna; dagen bokförs sedan av "
    "sig själv.",
    "No account on {day} for the category: {names}. Add it to others in the settings; the day is then booked by "
    "itself.",
)

# --- What stands in the books already? ------------------------------------------------------------------------------

FOUR_EYES = Phrase(
    "daysales.four_eyes",
    "{by} planerade rättelsen och godkände den, och företaget vill att två personer gör det. Någon annan låter den gå "
    "vidare: bokbuss correct, och bokbuss apply av en annan person; eller svara ”Behåll”.",
    "{by} planned this correction and approved it, and the company wants two people. Somebody else makes it go on: "
    "bokbuss correct, and bokbuss apply by another person; or answer keep.",
)
NOT_AS_PLANNED = Phrase(
    "daysales.not_as_planned",
    "En rättelse av {voucher} godkändes, och inställningarna bokför nu dagen på annat sätt. Gör en ny plan (bokbuss "
    "correct) och genomför den, eller svara ”Behåll” för att lämna bokföringen som den är.",
    "A correction of {voucher} was approved, and the settings book the day otherwise by now. Make a new plan (bokbuss "
    "correct) and apply it, or answer keep to leave the books as they are.",
)
VOUCHER_NOT_KNOWN = Phrase(
    "daysales.voucher_not_known",
    "Dagen är bokförd som {voucher}, med inställningar som inte längre är kända här, och kassan har skickat den igen "
    "med annat innehåll. Återför {voucher} för hand i Fortnox och svara ”Återförd”, så bokförs det nya innehållet; "
    "eller svara ”Behåll”.",
    "The day is booked as {voucher}, under settings that are no longer known here, and the till has sent it again "
    "with other content. Reverse {voucher} by hand in Fortnox and answer reversed, and the new content is booked; or "
    "answer keep.",
)
AMENDED = Phrase(
    "daysales.amended",
    "Dagen är bokförd som {voucher}, och kassan har skickat den igen med annat innehåll. Svara ”Bokför om” för att "
    "återföra verifikationen och bokföra dagen på nytt, eller ”Behåll” för att lämna bokföringen som den är.",
    "The day is booked as {voucher}, and the till has sent it again with other content. Answer rebook to reverse the "
    "voucher and book the day anew, or keep to leave the books as they are.",
)
ROW_CHANGED = Phrase("daysales.row_changed", "{place}: {was}, nu {now}", "{place}: {was}, now {now}")
DEBIT = Phrase("daysales.debit", "debet {amount:money}", "debit {amount:money}")
CREDIT = Phrase("daysales.credit", "kredit {amount:money}", "credit {amount:money}")
NO_ROW = Phrase("daysales.no_row", "inget", "nothing")

# --- On record, though nothing waits --------------------------------------------------------------------------------

ALL_ZERO = Phrase(
    "daysales.all_zero",
    "Det finns inget att bokföra: varje belopp i rapporten är noll.",
    "There is nothing to book: every amount of the report is zero.",
)
OLDER_CONTENT = Phrase(
    "daysales.older_content",
    "Det här är ändring {amendment}; ändring {newer} kom före den och gäller.",
    "This is amendment {amendment}; amendment {newer} came before it and counts.",
)
ACCEPTED_BEFORE = Phrase(
    "daysales.accepted_before",
    "Det här togs emot före det som gäller, och har väntat sedan dess.",
    "This was accepted before what counts, and has waited since then.",
)
MOVED_SINCE_THE_PLAN = Phrase(
    "daysales.moved_since_the_plan",
    "Den ser inte längre ut som planen visade, eller väntar: gör en ny plan (bokbuss correct).",
    "It stands otherwise than the plan showed, or waits: make a new plan (bokbuss correct).",
)

WAS_KEPT = Phrase(
    "daysales.was_kept",
    "Dagen står kvar som den är bokförd: när kassan skickade den med annat innehåll svarade en person ”Behåll”, och "
    "skillnaden hanteras för hand. Ska den rättas här: svara ”Ta upp igen” på det som väntade, och sedan det som ska "
    "gälla.",
    "The day stays as it is booked: when the till sent it with other content a person answered keep, and the "
    "difference is handled by hand. If it is to be corrected here, answer reopen to what was held, and then what is to "
    "count.",
)
WOULD_BE_HELD = Phrase(
    "daysales.would_be_held",
    "Dagen står kvar som den är bokförd, och inget väntar på svar. Kom den nu, skulle den vänta ({reason}): {why}",
    "The day stays as it is booked, and nothing waits for an answer. If it came now, it would be held as {reason}: "
    "{why}",
)

# --- Why it waits no longer -----------------------------------------------------------------------------------------

ENDED = Phrase("daysales.ended", "{why}; {then}.", "{why}; {then}.")
NEW_SETTINGS = Phrase(
    "daysales.new_settings",
    "Avgjort på nytt med inställningar version {version}",
    "Decided anew under settings version {version}",
)
CHECK_IS_GREEN = Phrase(
    "daysales.check_is_green",
    "Det som stod i vägen i Fortnox gör det inte längre",
    "What stood in the way in Fortnox does so no longer",
)
ANSWERED = Phrase("daysales.answered", "En person svarade {answer}", "A person answered {answer}")
GIVEN_UP = Phrase("daysales.given_up", "{by} svarade {answer} (”{why}”)", "{by} answered {answer} (“{why}”)")
APPROVED = Phrase("daysales.approved", "En person godkände en rättelse", "A person approved a correction")
NEWER_CONTENT = Phrase("daysales.newer_content", "Kassan skickade nyare innehåll", "The till sent newer content")
FORTNOX_ANSWERED = Phrase(
    "daysales.fortnox_answered",
    "Fortnox svarade på en order som inte var känd här",
    "Fortnox answered an order that this hold did not know of",
)
WAITS_AS = Phrase("daysales.waits_as", "dagen väntar nu som {reason}", "the day now waits as {reason}")
IS_REVERSED = Phrase(
    "daysales.is_reversed",
    "{voucher} återförs, och dagen bokförs på nytt därefter",
    "{voucher} is reversed, and the day is booked anew after that",
)
IS_BOOKED = Phrase("daysales.is_booked", "dagen bokförs", "the day is booked")
IS_ATTACHED = Phrase(
    "daysales.is_attached", "rapporten läggs bredvid sin verifikation", "the report is put beside its voucher"
)
NOTHING_MORE = Phrase("daysales.nothing_more", "inget mer ska bokföras", "nothing more is to be booked")
SAME_AS = Phrase(
    "daysales.same_as",
    "det är samma rapport som {report}, och avgörs där",
    "it is the same report as {report}, and decided there",
)
LOCKED_AND_REJECTED = Phrase(
    "daysales.locked_and_rejected",
    "perioden är låst, och företaget har valt att inget bokförs där",
    "the period is locked, and the company has chosen that nothing is booked there",
)

# --- What can be answered, and what happens then --------------------------------------------------------------------

DISCARD = Phrase(
    "daysales.discard",
    "Bokför aldrig den här rapporten; den hanteras för hand. En nyare öppnar den igen.",
    "Never book this report; it is handled by hand. A newer one opens it again.",
)
KEEP = Phrase(
    "daysales.keep",
    "Lämna bokföringen som den är; skillnaden hanteras för hand.",
    "Leave the books as they are; the difference is handled by hand.",
)
RETRY = Phrase(
    "daysales.retry",
    "Skicka den igen, sedan det rättats i Fortnox eller i inställningarna.",
    "Send it again, after it was set right in Fortnox or in the settings.",
)
LOOK_AGAIN = Phrase(
    "daysales.look_again",
    "Se efter igen, sedan numret rättats här.",
    "Look again, after the number here was corrected.",
)
REBOOK = Phrase(
    "daysales.rebook",
    "Återför verifikationen och bokför dagen på nytt; alla tre finns kvar i bokföringen.",
    "Reverse the voucher and book the day anew; all three stay in the books.",
)
IT_IS_GONE = Phrase(
    "daysales.it_is_gone",
    "Verifikationen finns inte längre i Fortnox; bokför dagen på nytt.",
    "The voucher is gone from Fortnox; book the day anew.",
)
REVERSED_BY_HAND = Phrase(
    "daysales.reversed_by_hand",
    "Verifikationen är återförd för hand i Fortnox; gå vidare.",
    "The voucher has been reversed by hand in Fortnox; go on.",
)
THAT_ONE_REVERSES = Phrase(
    "daysales.that_one_reverses",
    "Den verifikationen återför dagen; den bokförs på nytt därefter.",
    "That voucher reverses it; the day is booked anew after it.",
)
REVERSE_ALL_THE_SAME = Phrase(
    "daysales.reverse_all_the_same",
    "Den verifikationen är en annan händelse: återför dagen ändå.",
    "That voucher is another event: reverse the day all the same.",
)
STAYS_WITHOUT = Phrase(
    "daysales.stays_without",
    "Verifikationen får vara utan sin rapport; båda finns kvar här.",
    "The voucher stays without its report; both are kept here.",
)
BOOK_ON_FIRST_OPEN_DAY = Phrase(
    "daysales.book_on_first_open_day",
    "Bokför den {day}, den första öppna dagen; texten anger dess egen.",
    "Book it on {day}, the first open day; its text names its own.",
)
DATE_IS_RIGHT = Phrase(
    "daysales.date_is_right",
    "Datumet är rätt: rapporten bokförs på sin dag.",
    "The date is right: the report is booked on its day.",
)
IS_THE_SAME = Phrase(
    "daysales.is_the_same",
    "Det är rapporten {report}: den högre ändringen gäller, och av lika detta innehåll.",
    "It is the report {report}: the higher amendment counts, and of equal ones this content.",
)
IS_ITS_OWN = Phrase(
    "daysales.is_its_own",
    "Det är en egen rapport: den bokförs vid sidan av den andra.",
    "It is a report of its own: it is booked beside the other.",
)
ROUND_TO_STATED_VAT = Phrase(  # where more rates are wrong than an answer names, and in older messages
    "daysales.round_to_stated_vat",
    "Bokför dagen med momsen som rapporten anger.",
    "Book the day with the VAT that the report states.",
)
STATED_VAT_BOOKED = Phrase(
    "daysales.stated_vat_booked",
    "Bokför dagen med momsen som rapporten anger: {vat:and}.",
    "Book the day with the VAT that the report states: {vat:and}.",
)
AMOUNT_ON = Phrase(
    "daysales.amount_on", "{amount:money} kr på konto {account}", "{amount:money} kr on account {account}"
)
ROUND_GROUPS = Phrase(
    "daysales.round_groups",
    "Bokför gruppernas försäljning och satsernas moms, med skillnaden på öresavrundningskontot.",
    "Book the groups' sales and the rates' VAT, with the difference on the rounding account.",
)
GROUPS_ROUNDED_TO = Phrase(
    "daysales.groups_rounded_to",
    "Bokför gruppernas försäljning och satsernas moms, med {row} kr på öresavrundningskontot, {account}.",
    "Book the groups' sales and the rates' VAT, with {row} kr on the rounding account, {account}.",
)
ROUND_SALES = Phrase(  # of messages that named no amount
    "daysales.round_sales", "Bokför gruppernas försäljning.", "Book the sales of the groups."
)
SALES_BOOKED = Phrase(
    "daysales.sales_booked",
    "Bokför gruppernas försäljning, {found:money} kr, och inte {stated:money} kr.",
    "Book the sales of the groups, {found:money} kr, and not {stated:money} kr.",
)
GAP_ROUNDED_TO = Phrase(
    "daysales.gap_rounded_to",
    "Bokför dagen, med {row} kr på öresavrundningskontot, {account}.",
    "Book the day, with {row} kr on the rounding account, {account}.",
)
ROUND_GAP = Phrase(
    "daysales.round_gap",
    "Bokför dagen, med skillnaden på öresavrundningskontot.",
    "Book the day, with the difference on the rounding account.",
)

# --- Which settings would let a day pass ----------------------------------------------------------------------------

SETTINGS_TO_BEGIN = Phrase(
    "daysales.settings_to_begin",
    "daysales: inställningar som startuppsättningen",
    "daysales: settings such as the starting set",
)
TOGETHER = Phrase("daysales.together", "{settings:and_also}", "{settings:and_also}")
SETTING = Phrase("daysales.setting", "{name}: {value}", "{name}: {value}")
LIMIT = Phrase("daysales.limit", "difference_limit: minst {gap:money}", "difference_limit: {gap:money} or more")
FALLBACK = Phrase(
    "daysales.fallback", "unmapped: fallback, med ett fallback_account", "unmapped: fallback, with a fallback_account"
)
EARLIER_START = Phrase("daysales.earlier_start", "start_date: {day} eller tidigare", "start_date: {day} or earlier")
OR_MORE = Phrase("daysales.or_more", "{name}: minst {number}", "{name}: {number} or more")
VAT_ACCOUNTS = Phrase(
    "daysales.vat_accounts",
    "vat: {rates:comma}, var och en med sitt konto",
    "vat: {rates:comma}, each with its account",
)
OTHER_RATES = Phrase(
    "daysales.other_rates", "group_rates: andra satser för {names:comma}", "group_rates: other rates for {names:comma}"
)
AN_ACCOUNT = Phrase(
    "daysales.an_account", "{name}: ett konto för {names:comma}", "{name}: an account for {names:comma}"
)
THEN_REVERSED = Phrase(
    "daysales.then_reversed",
    "{voucher} återförs, och dagen bokförs på nytt",
    "{voucher} is reversed, and the day is booked anew",
)
THEN_BOOKED = Phrase("daysales.then_booked", "dagen bokförs den {day}", "the day is booked on {day}")
THEN_FREE = Phrase("daysales.then_free", "dagen väntar inte längre", "the day waits no longer")

# --- What names are called ------------------------------------------------------------------------------------------

_REASONS: Final[Mapping[str, str]] = {
    "another_company": "annat företag",
    "perhaps_the_same": "kanske samma rapport",
    "flow_not_configured": "inte inställt",
    "sync_is_off": "avstängt",
    "clock_is_wrong": "klockan går fel",
    "before_start": "före start",
    "amount_too_large": "för stora belopp",
    "unknown_vat_rate": "okänd momssats",
    "wrong_vat_rate": "fel momssats",
    "vat_differs": "momsen stämmer inte",
    "unbalanced": "går inte jämnt ut",
    "unmapped_payment_method": "betalsätt utan konto",
    "unmapped_group": "varugrupp utan konto",
    "unmapped_category": "kategori utan konto",
    "not_as_planned": "inte som planerat",
    "four_eyes": "kräver två personer",
    "voucher_not_known": "okänd verifikation",
    "voucher_gone": "verifikationen är borta",
    "amended_after_booking": "ändrad efter bokföring",
    "booked_twice": "bokförd två gånger",
    "report_not_attached": "rapporten saknas i Fortnox",
    "suspected_double": "kanske dubbelt",
    "discarded": "kastad",
    "nothing_to_book": "inget att bokföra",
    "not_booked": "bokförs inte",
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
    "without": "utan",
    "first_open_day": "första öppna dagen",
    "date_is_right": "datumet är rätt",
    "round": "avrunda",
}
_RULES: Final[Mapping[str, str]] = {
    "a_locked_day_is_not_booked": "en låst dag bokförs inte",
    "what_may_be_reversed_already_waits": "det som kanske redan är återfört väntar",
    "a_refused_voucher_waits": "en nekad verifikation väntar",
    "a_refused_voucher_goes_again_when_its_check_is_green": "en nekad verifikation går igen när kontrollen är grön",
    "a_day_booked_twice_waits_for_a_person": "en dag som bokförts två gånger väntar på en person",
    "a_report_that_is_not_taken_waits": "en rapport som inte tas emot väntar",
    "the_tills_own_report_is_put_beside_its_voucher": "kassans egen rapport läggs bredvid sin verifikation",
    "a_readable_report_stands_in_for_a_wrong_pdf": "en läsbar rapport läggs dit där kassans PDF är fel",
    "the_report_is_put_beside_its_voucher": "rapporten läggs bredvid sin verifikation",
    "a_report_that_is_part_of_another_is_settled_there": "en rapport som hör till en annan avgörs där",
    "a_booked_day_needs_nothing_more": "en bokförd dag behöver inget mer",
    "what_a_person_settled_stays_settled": "det en person har avgjort förblir avgjort",
    "a_report_of_another_company_waits": "ett annat företags rapport väntar",
    "what_may_be_another_report_waits": "det som kan vara en annan rapport väntar",
    "a_company_without_settings_waits": "ett företag utan inställningar väntar",
    "what_is_not_to_be_synced_waits": "det som inte ska föras över väntar",
    "a_register_whose_clock_is_wrong_waits": "en kassa vars klocka går fel väntar",
    "a_day_before_the_start_is_held": "en dag före starten hålls kvar",
    "the_amounts_fit_in_a_voucher": "beloppen ryms i en verifikation",
    "every_rate_is_known_on_the_day": "varje momssats är känd den dagen",
    "every_group_has_its_rate_of_the_day": "varje varugrupp har dagens momssats",
    "vat_is_what_the_rate_says": "momsen är vad satsen säger",
    "the_groups_add_up_to_their_rate": "varugrupperna går ihop med sin sats",
    "total_sales_is_what_the_groups_say": "försäljningen är vad varugrupperna säger",
    "payments_meet_sales": "betalningarna möter försäljningen",
    "every_payment_method_has_an_account": "varje betalsätt har ett konto",
    "every_group_has_an_account": "varje varugrupp har ett konto",
    "every_category_has_an_account": "varje kategori har ett konto",
    "what_no_longer_is_as_planned_waits": "det som inte längre är som planerat väntar",
    "four_eyes_have_seen_a_correction": "två personer har sett en rättelse",
    "an_amendment_that_changes_no_row_changes_nothing": "en ändring som inte ändrar någon rad ändrar inget",
    "a_voucher_that_is_not_known_here_is_reversed_by_hand": "en verifikation som inte är känd här återförs för hand",
    "a_booked_day_stays_booked": "en bokförd dag förblir bokförd",
    "a_booked_day_is_corrected_by_reversing": "en bokförd dag rättas genom återföring",
    "a_day_without_money_needs_no_voucher": "en dag utan pengar behöver ingen verifikation",
    "a_reversed_day_is_booked_anew": "en återförd dag bokförs på nytt",
    "a_day_that_adds_up_is_booked": "en dag som går ihop bokförs",
    "what_comes_late_undoes_nothing": "det som kommer sent gör inget ogjort",
    "what_moved_since_the_plan_is_not_approved": "det som ändrats sedan planen är inte godkänt",
}
_PLAN: Final[Mapping[str, str]] = {
    "what_is_under_way_is_waited_for": "det som är på väg väntas in",
    "what_a_person_decides_is_left_alone": "det en person ska avgöra lämnas",
    "what_a_person_kept_stays_booked": "det en person behållit står kvar bokfört",
    "what_is_not_known_here_is_corrected_by_hand": "det som inte är känt här rättas för hand",
    "what_the_settings_hold_stays_booked": "det inställningarna håller kvar står kvar bokfört",
    "what_is_booked_otherwise_is_corrected": "det som bokförs på annat sätt rättas",
}

WORDS: Final[Mapping[str, Said]] = catalogue(
    "daysales", vars(), reason=_REASONS, answer=_ANSWERS, rule={**_RULES, **_PLAN}
)
