"""What each check says to people: what is wrong, what it stops, who must act and where to click; sv and en. Pure.

Fortnox's own interface is Swedish: its menus keep their names in both languages. They are taken from Fortnox's help
pages (support.fortnox.se) and from FEATURES H4, P18 and P20.
"""

# ruff: noqa: RUF001 - the angle quotation mark is how click paths are written
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.commands import AttachFile, PostVoucher, UpsertEmployee, WriteAbsence
from schemas.envelope import type_of
from schemas.invoices import CreateInvoice, FindCustomer
from schemas.ledger import ReadLedger
from schemas.words import Said

BOOKKEEPING: Final = "https://support.fortnox.se/produkthjalp/bokforing"
"""Fortnox's help about bookkeeping."""


@dataclass(frozen=True, slots=True)
class CheckText:
    """A check in words. In ``wrong``, ``{names}`` is what was found.

    Attributes:
        title: what the check is about.
        stops: what does not work until it is set right.
        where: the click path.
        guide: a page of Fortnox's help, in Swedish; "" where Fortnox has no part in it.
    """

    title: Said
    wrong: Said
    stops: Said
    who: Said
    where: Said
    guide: str = BOOKKEEPING


_LICENCES: Final = "https://support.fortnox.se/hantera-fortnox/administrera-anvandare/tillaggsbestallning"
_BEGINNING: Final = (
    "https://support.fortnox.se/byt-till-fortnox/ovrig-information/kom-igang-med-fortnox-efter-konvertering"
)
"""Users and rights, financial years, VAT codes of accounts."""
_LOCKING: Final = "https://support.fortnox.se/produkthjalp/bokforing/automatlasning-av-period"

_ADMINISTRATOR: Final = Said("en systemadministratör i företagets Fortnox", "a system administrator in Fortnox")
_ACCOUNTANT: Final = Said("den som sköter bokföringen i Fortnox", "whoever keeps the books in Fortnox")
_OPERATOR: Final = Said("den som driver bokbuss", "whoever runs bokbuss")

_EVERYTHING: Final = Said(
    "Inget läses från eller skrivs till Fortnox.", "Nothing is read from Fortnox or written there."
)
_VOUCHERS: Final = Said(
    "Verifikationer som behöver det väntar, och går vidare av sig själva när det är rättat.",
    "Vouchers that need it wait, and go on by themselves once it is set right.",
)
_NOTHING: Final = Said("Inget stoppas.", "Nothing is stopped.")

_USERS: Final = "Företagsnamnet uppe till höger › Administrera användare"
_GEAR: Final = "Kugghjulet uppe till höger › Bokföring"
_CONNECT: Final = Said(
    "Kör bokbuss connect FÖRETAG och skicka länken till en systemadministratör i Fortnox, som godkänner.",
    "Run bokbuss connect COMPANY and send the link to a system administrator in Fortnox, who approves.",
)
_CONNECT_OR_RESUME: Final = Said(
    f"{_CONNECT.sv} Om den är pausad: bokbuss tenant resume FÖRETAG.",
    f"{_CONNECT.en} Where it is paused: bokbuss tenant resume COMPANY.",
)
_CHART: Final = Said(
    "Register › Kontoplan, för rätt räkenskapsår: öppna kontot, ändra och spara. Eller välj ett annat konto: "
    "bokbuss settings apply.",
    "Register › Kontoplan, in the right financial year: open the account, change it and save. Or choose another "
    "account: bokbuss settings apply.",
)
_YEARS: Final = Said(
    f"{_GEAR} › Räkenskapsår › Skapa nytt. Serier och kontoplan följer med från året före; kontrollera dem.",
    f"{_GEAR} › Räkenskapsår › Skapa nytt. Series and chart of accounts come along from the year before; check them.",
)

TEXTS: Final[Mapping[str, CheckText]] = {
    "the_company_has_consented": CheckText(
        Said("Godkännande", "Consent"),
        Said("Anslutningen till Fortnox gäller inte: {names}.", "The connection to Fortnox does not stand: {names}."),
        _EVERYTHING,
        _OPERATOR,
        _CONNECT_OR_RESUME,
        guide="",
    ),
    "the_integration_licence_is_there": CheckText(
        Said("Licens för integration", "Integration licence"),
        Said(
            "Företaget saknar licensen Integration. En enda räcker för alla integrationer.",
            "The company lacks the licence Integration. One covers all integrations.",
        ),
        _EVERYTHING,
        _ADMINISTRATOR,
        Said(f"{_USERS} › Lägg till licenser › Integration", f"{_USERS} › Lägg till licenser › Integration"),
        guide=_LICENCES,
    ),
    "every_module_is_there": CheckText(
        Said("Program för det som är påslaget", "Modules for what is switched on"),
        Said(
            "Fortnox nekar läsning för att en licens saknas. Det som är påslaget behöver: {names}.",
            "Fortnox refuses to be read for want of a licence. What is switched on needs: {names}.",
        ),
        _EVERYTHING,
        _ADMINISTRATOR,
        Said(
            f"{_USERS} › Lägg till licenser: beställ programmet, och ge den som godkände anslutningen en licens.",
            f"{_USERS} › Lägg till licenser: order the module, and give a licence to whoever consented.",
        ),
        guide=_LICENCES,
    ),
    "every_scope_is_granted": CheckText(
        Said("Behörigheter som godkänts (scopes)", "Scopes that were granted"),
        Said("Godkännandet omfattar inte: {names}.", "The consent does not cover: {names}."),
        Said(
            "Det som behöver behörigheten stannar; resten fungerar.",
            "What needs the scope stands still; the rest works.",
        ),
        _OPERATOR,
        _CONNECT,
        guide="",
    ),
    "files_are_consented_to": CheckText(
        Said("Godkännande av dokument", "Consent to documents"),
        Said(
            "Dokument önskas, men godkännandet omfattar inte: {names}.",
            "Documents are wanted, and the consent does not cover: {names}.",
        ),
        Said(
            "Fortnox listor över filer är tomma, och inga rapporter läggs vid verifikationerna; resten fungerar.",
            "Fortnox's lists of files are empty, and no reports are put beside vouchers; the rest works.",
        ),
        _OPERATOR,
        Said(
            "Kör bokbuss connect FÖRETAG --documents och skicka länken till en systemadministratör i Fortnox. Önskas "
            "inga dokument: bokbuss ledger sync FÖRETAG --no-documents, och attach_report: false.",
            "Run bokbuss connect COMPANY --documents and send the link to a system administrator in Fortnox. If no "
            "documents are wanted: bokbuss ledger sync COMPANY --no-documents, and attach_report: false.",
        ),
        guide="",
    ),
    "the_person_who_consented_may_do_this": CheckText(
        Said("Rättigheter för den som godkände", "Rights of the person who consented"),
        Said("Fortnox säger att rätten saknas: {names}.", "Fortnox says that a right is missing: {names}."),
        _EVERYTHING,
        Said(
            "en systemadministratör i företagets Fortnox; hos en byrå den som styr byråns behörigheter",
            "a system administrator in Fortnox; at an agency whoever gives the agency's rights",
        ),
        Said(
            f"{_USERS}: ge användaren behörighet till Bokföring och Inställningar. Eller låt en systemadministratör "
            "godkänna på nytt: bokbuss connect.",
            f"{_USERS}: give the user rights to Bokföring and Inställningar. Or let a system administrator consent "
            "anew: bokbuss connect.",
        ),
        guide=_BEGINNING,
    ),
    "the_organisation_number_matches": CheckText(
        Said("Rätt företag", "The right company"),
        Said("Anslutningen öppnar ett annat företag: {names}.", "The connection opens another company: {names}."),
        Said("Inget ska bokföras förrän det är utrett.", "Nothing should be booked until this is cleared up."),
        _OPERATOR,
        Said(
            "Stämmer numret här? bokbuss tenant list. Annars: bokbuss disconnect FÖRETAG, och anslut rätt företag med "
            "bokbuss connect FÖRETAG.",
            "Is the number right here? bokbuss tenant list. Else: bokbuss disconnect COMPANY, connect the right one "
            "with bokbuss connect COMPANY.",
        ),
        guide="",
    ),
    "what_invoices_need_has_an_account": CheckText(
        Said("Konton som fakturor behöver", "Accounts that invoices need"),
        Said("Inställningarna har inget konto för {names}.", "The settings have no account for {names}."),
        Said("Försäljning på faktura väntar.", "Sales on account wait."),
        _ACCOUNTANT,
        Said(
            "Välj konto för betalsättet i daysales.payments, och för dricks (tips) i daysales.others.",
            "Choose an account for the means of payment in daysales.payments, and for tips in daysales.others.",
        ),
        guide="",
    ),
    "the_clearing_account_is_its_own": CheckText(
        Said("Konto för försäljning på faktura", "Account of sales on account"),
        Said(
            "Konto {names} används också till annat, så att ingen kan se om det går jämnt ut.",
            "Account {names} is used for other things as well, so that nobody can tell whether it nets to zero.",
        ),
        _NOTHING,
        _ACCOUNTANT,
        Said(
            "Välj ett eget konto, som 1518 Ej reskontraförda kundfordringar, för betalsättet i daysales.payments.",
            "Choose an account of its own, such as 1518 Ej reskontraförda kundfordringar, in daysales.payments.",
        ),
        guide="",
    ),
    "the_clearing_account_nets_to_zero": CheckText(
        Said("Försäljning på faktura går jämnt ut", "Sales on account net to zero"),
        Said(
            "Kontot mellan dagsavslut och fakturor går inte jämnt ut: {names}.",
            "The account between day closes and invoices does not net to zero: {names}.",
        ),
        Said(
            "Inget stoppas. Något är sålt på faktura men inte fakturerat, eller fakturerat men i inget dagsavslut.",
            "Nothing is stopped. Something was sold on account and not invoiced, or invoiced and is in no day close.",
        ),
        _ACCOUNTANT,
        Said(
            "Se vad som väntar: bokbuss held list. Jämför kontots transaktioner i Fortnox: Bokföring › Rapporter.",
            "See what waits: bokbuss held list. Compare the account's transactions in Fortnox: Bokföring › Rapporter.",
        ),
        guide="",
    ),
    "our_last_voucher_is_found": CheckText(
        Said("Vår senaste verifikation finns kvar", "Our last voucher is there"),
        Said(
            "Fortnox har inte verifikationen som bokbuss skrev senast: {names}.",
            "Fortnox does not have the voucher that bokbuss wrote last: {names}.",
        ),
        Said(
            "Böckerna kan vara andra än de som bokbuss skrev i: återlästa, bytta eller rättade.",
            "The books may be others than those that bokbuss wrote in: restored, exchanged or edited.",
        ),
        _ACCOUNTANT,
        Said(
            "Sök verifikationen i Fortnox: Bokföring › Verifikationer. Vad bokbuss gjorde: bokbuss explain.",
            "Look for the voucher in Fortnox: Bokföring › Verifikationer. What bokbuss did: bokbuss explain.",
        ),
        guide="",
    ),
    "today_has_a_financial_year": CheckText(
        Said("Räkenskapsår i dag", "Financial year today"),
        Said("Det finns inget räkenskapsår för {names}.", "There is no financial year for {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        _YEARS,
        guide=_BEGINNING,
    ),
    "the_coming_financial_year_is_there": CheckText(
        Said("Nästa räkenskapsår", "The coming financial year"),
        Said("Räkenskapsåret som börjar {names} är inte upplagt.", "The year that begins {names} is not set up."),
        Said(
            "Från den dagen väntar alla verifikationer, tills året finns.",
            "From that day on all vouchers wait until the year is there.",
        ),
        _ACCOUNTANT,
        _YEARS,
        guide=_BEGINNING,
    ),
    "a_financial_year_holds_the_day": CheckText(
        Said("Räkenskapsår för det som väntar", "Financial year of what waits"),
        Said("Inget räkenskapsår innehåller {names}.", "No financial year holds {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        _YEARS,
        guide=_BEGINNING,
    ),
    "the_series_exists": CheckText(
        Said("Verifikationsserien finns", "The voucher series is there"),
        Said("Verifikationsserien finns inte: {names}.", "The voucher series is not there: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            f"{_GEAR} › Verifikationsserier › Skapa ny, för rätt räkenskapsår. Eller välj en annan serie: bokbuss "
            "settings apply.",
            f"{_GEAR} › Verifikationsserier › Skapa ny, in the right financial year. Or choose another series: bokbuss "
            "settings apply.",
        ),
    ),
    "the_series_is_manual": CheckText(
        Said("Verifikationsserien är manuell", "The voucher series is manual"),
        Said(
            "Serien är inte öppen för manuell kontering: {names}.",
            "The series is not open for manual entry: {names}.",
        ),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            f"{_GEAR} › Verifikationsserier: kryssa i Manuell kontering vid serien. Det gäller ett år i taget.",
            f"{_GEAR} › Verifikationsserier: tick Manuell kontering beside the series. It holds for one year.",
        ),
    ),
    "every_account_exists": CheckText(
        Said("Kontona finns", "The accounts are there"),
        Said("Konton som saknas i kontoplanen: {names}.", "Accounts that the chart lacks: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            "Register › Kontoplan › Skapa ny, för rätt år. Eller välj ett annat konto: bokbuss settings apply.",
            "Register › Kontoplan › Skapa ny, in the right financial year. Or choose another account: bokbuss settings "
            "apply.",
        ),
    ),
    "every_account_is_active": CheckText(
        Said("Kontona är aktiva", "The accounts are active"),
        Said("Konton som inte är aktiva: {names}.", "Accounts that are not active: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        _CHART,
    ),
    "cost_centres_are_in_use": CheckText(
        Said("Stöd för kostnadsställen", "Cost centre support"),
        Said(
            "Kostnadsställen används inte i Fortnox, men inställningarna vill ange {names}.",
            "Cost centres are not in use in Fortnox, but the settings want {names}.",
        ),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            f"{_GEAR} › Kostnadsställen: aktivera stöd för kostnadsställen (Ja), och lägg upp dem i Register › "
            "Kostnadsställen.",
            f"{_GEAR} › Kostnadsställen: activate the support (Ja), and add them in Register › Kostnadsställen.",
        ),
    ),
    "every_cost_centre_exists": CheckText(
        Said("Kostnadsställena finns", "The cost centres are there"),
        Said("Kostnadsställen som saknas: {names}.", "Cost centres that are missing: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        Said("Register › Kostnadsställen › Skapa ny", "Register › Kostnadsställen › Skapa ny"),
    ),
    "every_cost_centre_is_active": CheckText(
        Said("Kostnadsställena är aktiva", "The cost centres are active"),
        Said("Kostnadsställen som inte är aktiva: {names}.", "Cost centres that are not active: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            "Register › Kostnadsställen: öppna kostnadsstället och gör det aktivt.",
            "Register › Kostnadsställen: open the cost centre and make it active.",
        ),
    ),
    "cost_centre_rules_are_met": CheckText(
        Said("Kontonas regler för kostnadsställe", "The accounts' rules for cost centres"),
        Said(
            "Konton som kräver ett kostnadsställe som inte anges, eller inte tillåter det som anges: {names}.",
            "Accounts that demand a cost centre and get none, or take none and get one: {names}.",
        ),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            "Register › Kontoplan › kontot › Kostnadsställe: ändra regeln. Eller ge butiken ett kostnadsställe "
            "(cost_centres i inställningarna); bara resultatkonton får det.",
            "Register › Kontoplan › the account › Kostnadsställe: change the rule. Or give the store a cost centre "
            "(cost_centres in the settings); only accounts of the result carry it.",
        ),
    ),
    "project_rules_are_met": CheckText(
        Said("Kontonas regler för projekt", "The accounts' rules for projects"),
        Said(
            "Konton som kräver ett projekt som saknas, eller inte tillåter något: {names}.",
            "Accounts that demand a project that is missing, or take none: {names}.",
        ),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            "Register › Kontoplan › kontot › Projekt: ändra regeln. Bara bokslutstransaktioner anger projekt. Eller "
            "välj ett annat konto.",
            "Register › Kontoplan › the account › Projekt: change the rule. Only closing entries name projects. Or "
            "choose another account.",
        ),
    ),
    "transaction_information_rules_are_met": CheckText(
        Said("Kontonas regler för transaktionsinformation", "The accounts' rules for transaction information"),
        Said(
            "Konton som inte tillåter transaktionsinformation, eller kräver en som saknas: {names}.",
            "Accounts that take no transaction information, or demand one that is missing: {names}.",
        ),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            "Register › Kontoplan › kontot › Transaktionsinfo: tillåt. bokbuss skriver vad raden är, som cash.",
            "Register › Kontoplan › the account › Transaktionsinfo: allow it. bokbuss writes what a row is: cash.",
        ),
    ),
    "no_day_is_locked": CheckText(
        Said("Låst period", "Locked period"),
        Said("Datum i en låst period: {names}.", "Dates in a locked period: {names}."),
        _VOUCHERS,
        _ACCOUNTANT,
        Said(
            f"{_GEAR} › Låsning av period: flytta datumet bakåt, och lås igen efteråt. Är perioden redan deklarerad: "
            "låt den vara låst, och bokför för hand i en öppen.",
            f"{_GEAR} › Låsning av period: move the date back, and lock again afterwards. Has VAT been declared for it "
            "already: leave it locked, and book by hand in an open one.",
        ),
        guide=_LOCKING,
    ),
    "vat_codes_match_the_rates": CheckText(
        Said("Momskoder", "VAT codes"),
        Said(
            "Konton vars momskod är en annan än satsen i inställningarna: {names}.",
            "Accounts whose VAT code is not that of the rate in the settings: {names}.",
        ),
        Said(
            "Inget stoppas, men momsrapporten i Fortnox blir fel.",
            "Nothing is stopped, but the VAT return in Fortnox comes out wrong.",
        ),
        _ACCOUNTANT,
        _CHART,
        guide=_BEGINNING,
    ),
    "our_clock_is_right": CheckText(
        Said("Klockan", "The clock"),
        Said(
            "Vår klocka går fel mot Fortnox: {names}.",
            "Our clock differs from Fortnox's: {names}.",
        ),
        Said(
            f"{_NOTHING.sv} Men tidsstämplar och åtkomstens livslängd blir fel.",
            f"{_NOTHING.en} But times on record are wrong, and so is how long a token lasts.",
        ),
        _OPERATOR,
        Said("Slå på tidssynkronisering (NTP) på servern.", "Switch on time synchronisation (NTP) on the server."),
        guide="",
    ),
    "no_kind_of_order_waits": CheckText(
        Said("Slag av order som väntar", "Kinds of orders that wait"),
        Said(
            "De här väntar på en licens eller en behörighet som de själva behöver: {names}.",
            "These wait for a licence or a right that they need themselves: {names}.",
        ),
        Said(
            "De väntar, i ordning; allt annat går vidare. När de får det de behöver går de vidare av sig själva.",
            "They wait, in order; everything else goes on. They go on by themselves once they have what they need.",
        ),
        _ADMINISTRATOR,
        Said(
            f"Licens: {_USERS} › Lägg till licenser. Behörighet: {_CONNECT.sv}",
            f"Licence: {_USERS} › Lägg till licenser. Right: {_CONNECT.en}",
        ),
        guide=_LICENCES,
    ),
    "every_way_in_can_be_used": CheckText(
        Said("Vägar in", "Ways in"),
        Said("Härifrån går det inte att hämta. {names}", "Nothing can be fetched from here. {names}"),
        Said("Det som ska hämtas där väntar hos kassan.", "What is to be fetched there waits at the till's side."),
        _OPERATOR,
        Said(
            "Rätta det, och pröva igen: bokbuss ways check FÖRETAG.",
            "Set it right, and try again: bokbuss ways check COMPANY.",
        ),
        guide="",
    ),
}
"""By check."""

KINDS: Final[Mapping[str, Said]] = {
    type_of(PostVoucher): Said("verifikationer", "vouchers"),
    type_of(UpsertEmployee): Said("anställda", "employees"),
    type_of(WriteAbsence): Said("frånvaro", "absences"),
    type_of(FindCustomer): Said("kunder", "customers"),
    type_of(CreateInvoice): Said("fakturor och ordrar", "invoices and orders"),
    type_of(AttachFile): Said("filer till verifikationer", "files beside vouchers"),
    type_of(ReadLedger): Said("läsning av räkenskapsår", "reading of financial years"),
}
"""Kinds of orders, by the type of their messages."""

CONNECTIONS: Final[Mapping[str, Said]] = {
    "not connected": Said("inte ansluten", "not connected"),
    "needs consent": Said("behöver samtycke", "needs consent"),
    "paused": Said("pausad", "paused"),
    "disconnected": Said("frånkopplad", "disconnected"),
}
"""How a connection is that does not stand."""

STATES: Final[Mapping[str, Said]] = {
    "ok": Said("grön", "green"),
    "failed": Said("RÖD", "RED"),
    "not applicable": Said("behövs ej", "not needed"),
    "not checked": Said("ej kontrollerad", "not checked"),
}

LABELS: Final[Mapping[str, Said]] = {
    "stops": Said("Stoppar", "Stops"),
    "waiting": Said("{waiting} väntar", "{waiting} waiting"),
    "who": Said("Vem", "Who"),
    "where": Said("Var", "Where"),
    "guide": Said("Fortnox guide", "Fortnox's guide"),
    "passed": Said("Går vidare av sig själva: {codes}.", "These go on by themselves: {codes}."),
    "why_not_read": Said("det gick inte att läsa", "it could not be read"),
    "why_not_connected": Said("ingen har godkänt anslutningen", "nobody has consented to the connection"),
    "why_connection_paused": Said("anslutningen är pausad", "the connection is paused"),
    "why_disconnected": Said("anslutningen är avslutad", "the connection was ended"),
    "why_scopes_unknown": Said(
        "det är inte känt vad som har godkänts: bokbuss connect FÖRETAG --documents",
        "it is not known what was consented to: bokbuss connect COMPANY --documents",
    ),
    "why_no_date": Said("Fortnox svar säger inte vad klockan är", "Fortnox's answers do not say what time it is"),
    "not_checked": Said("Kunde inte kontrolleras: {why}", "It could not be checked: {why}"),
    "green": Said(
        "{tenant}: inget står i vägen ({calls} anrop).", "{tenant}: nothing stands in the way ({calls} calls)."
    ),
    "red": Said("{tenant}: {red} att åtgärda ({calls} anrop).", "{tenant}: {red} to be set right ({calls} calls)."),
    "unchecked": Said(
        "{tenant}: inget fel hittat, men {unchecked} kunde inte kontrolleras ({calls} anrop).",
        "{tenant}: nothing wrong was found, but {unchecked} could not be checked ({calls} calls).",
    ),
}
