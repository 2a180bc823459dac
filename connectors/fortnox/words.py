"""What is said to people about connecting, in Swedish and English side by side. Pure.

Fortnox's own interface is Swedish: its names stand in both languages.
"""
# ruff: noqa: RUF001 - an apostrophe is a curved one

from collections.abc import Mapping
from typing import Final

from schemas.words import Said

FLOWS: Final[Mapping[str, tuple[Said, Said]]] = {
    "daysales": (
        Said("Dagsavslut", "Day closes"),
        Said(
            "Varje dagsavslut från kassan bokförs som en verifikation.",
            "Each day close of the till is booked as one voucher.",
        ),
    ),
    "employees": (
        Said("Personal", "Staff"),
        Said(
            "Anställda och frånvaro i HR-systemet förs över till Fortnox Lön.",
            "Employees and absences of the HR system are carried over to Fortnox Lön (payroll).",
        ),
    ),
    "yearend": (
        Said("Bokslut", "Year-end"),
        Said(
            "Varje bokslutstransaktion som någon har godkänt bokförs som en verifikation.",
            "Each closing entry that somebody has approved is booked as one voucher.",
        ),
    ),
    "invoicing": (
        Said("Fakturering", "Invoicing"),
        Said(
            "Varje försäljning på faktura i kassan blir en faktura, eller en order att samlingsfakturera.",
            "Each sale on account of the till becomes an invoice, or an order to be invoiced with others.",
        ),
    ),
    "documents": (
        Said("Underlag", "Documents"),
        Said(
            "Verifikationernas underlag hämtas, så att ingen behöver be er om dem. Inget ändras.",
            "The vouchers’ documents are fetched, so that nobody has to ask you for them. Nothing is changed.",
        ),
    ),
    "supplier_documents": (
        Said("Leverantörsfakturornas underlag", "Documents of suppliers’ invoices"),
        Said(
            "Också de underlag som hör till en leverantörsfaktura hämtas.",
            "The documents that belong to a supplier’s invoice are fetched as well.",
        ),
    ),
    "invoice_documents": (
        Said("Kundfakturornas bilder", "Pictures of customers’ invoices"),
        Said(
            "Också kundfakturorna hämtas, som de ser ut. Ingen av dem markeras som utskriven.",
            "Customers’ invoices are fetched as well, as they look. None of them is marked as printed.",
        ),
    ),
    "open_customer_invoices": (
        Said("Öppna kundfakturor", "Open customers’ invoices"),
        Said(
            "Vilka kundfakturor som var obetalda på bokslutsdagen läses, och vad som har betalats sedan.",
            "Which customers’ invoices were unpaid on the balance date is read, and what has been paid since.",
        ),
    ),
    "open_supplier_invoices": (
        Said("Öppna leverantörsfakturor", "Open suppliers’ invoices"),
        Said(
            "Vilka leverantörsfakturor som var obetalda på bokslutsdagen läses, och vad som har betalats sedan.",
            "Which suppliers’ invoices were unpaid on the balance date is read, and what has been paid since.",
        ),
    ),
}
"""By flow: its name, and what it does."""
SCOPES: Final[Mapping[str, tuple[Said, Said]]] = {
    "bookkeeping": (
        Said("Bokföring", "Bokföring (bookkeeping)"),
        Said(
            "läsa räkenskapsår, konton och verifikationsserier, och bokföra verifikationer",
            "to read financial years, accounts and voucher series, and to book vouchers",
        ),
    ),
    "companyinformation": (
        Said("Företagsinformation", "Företagsinformation (company information)"),
        Said(
            "läsa företagets namn och organisationsnummer, så att inget hamnar hos fel företag",
            "to read the company’s name and organisation number, so that nothing ends up at the wrong company",
        ),
    ),
    "settings": (
        Said("Inställningar", "Inställningar (settings)"),
        Said(
            "läsa vilken period som är låst, så att inget bokförs i den",
            "to read which period is locked, so that nothing is booked in it",
        ),
    ),
    "costcenter": (
        Said("Kostnadsställe", "Kostnadsställe (cost centres)"),
        Said("läsa vilka kostnadsställen som finns", "to read which cost centres there are"),
    ),
    "project": (
        Said("Projekt", "Projekt (projects)"),
        Said("läsa vilka projekt som finns", "to read which projects there are"),
    ),
    "salary": (
        Said("Lön", "Lön (payroll)"),
        Said(
            "läsa, lägga upp och uppdatera anställda, och registrera frånvaro",
            "to read, add and update employees, and to register absences",
        ),
    ),
    "invoice": (
        Said("Faktura", "Faktura (invoices)"),
        Said("skapa kundfakturor, eller hämta deras bild", "to create customer invoices, or to get their pictures"),
    ),
    "order": (
        Said("Order", "Order (orders)"),
        Said("skapa ordrar för samlingsfakturering", "to create orders for collective invoicing"),
    ),
    "customer": (
        Said("Kund", "Kund (customers)"),
        Said(
            "hitta kunden som ska faktureras, eller lägga upp kunden",
            "to find the customer who is invoiced, or to add the customer",
        ),
    ),
    "connectfile": (
        Said("Koppla filer", "Koppla filer (connect files)"),
        Said(
            "koppla ett underlag till sin verifikation, eller se vilka som är kopplade",
            "to attach a document to its voucher, or to see which ones are attached",
        ),
    ),
    "archive": (
        Said("Arkivplats", "Arkivplats (archive)"),
        Said("spara underlag, eller läsa dem", "to store documents, or to read them"),
    ),
    "supplierinvoice": (
        Said("Leverantörsfaktura", "Leverantörsfaktura (suppliers’ invoices)"),
        Said(
            "se vilken verifikation en leverantörsfaktura är bokförd som",
            "to see which voucher a supplier’s invoice was booked as",
        ),
    ),
    "payment": (
        Said("Betalningar", "Betalningar (payments)"),
        Said("se när en faktura har betalats", "to see when an invoice was paid"),
    ),
    "inbox": (
        Said("Inkorg", "Inkorg (inbox)"),
        Said("lägga underlag i inkorgen", "to put documents into the inbox"),
    ),
}
"""By scope: its name at Fortnox, and what it is used for."""

LICENCES: Final[Mapping[str, Said]] = {
    "integration": Said(
        "Integration: en enda licens räcker för alla integrationer i företaget",
        "Integration: one licence covers all integrations of the company",
    ),
    "bookkeeping": Said("Bokföring", "Bokföring (bookkeeping)"),
    "salary": Said("Lön", "Lön (payroll)"),
    "invoicing": Said("Fakturering", "Fakturering (invoicing)"),
    "order": Said("Order & Offert", "Order & Offert (orders and quotes)"),
    "supplier-invoices": Said("Leverantörsfakturor", "Leverantörsfakturor (suppliers’ invoices)"),
}

ADD_LICENCE: Final = Said(
    "Logga in i Fortnox, klicka på företagsnamnet uppe till höger och välj ”Administrera användare”, sedan ”Lägg till "
    "licenser”. Bara en systemadministratör kan det; är du inte det, be någon som är.",
    "Log in to Fortnox, click the company’s name in the upper right corner and choose “Administrera användare”, then "
    "“Lägg till licenser”. Only a system administrator can; if you are not one, ask somebody who is.",
)

EXPLAIN: Final[Mapping[str, Said]] = {
    "title": Said("Anslut {company} till bokbuss", "Connect {company} to bokbuss"),
    "lead": Said(
        "Det är {by} som ber om tillgång till företagets Fortnox. Läs igenom, och godkänn sedan hos Fortnox.",
        "It is {by} who asks for access to the company’s Fortnox. Read this through, then approve it at Fortnox.",
    ),
    "company": Said("Företag", "Company"),
    "number": Said("Organisationsnummer", "Organisation number"),
    "asker": Said("Vem som frågar", "Who asks"),
    "asker_is": Said("{by}, med bokbuss på {place}", "{by}, with bokbuss at {place}"),
    "until": Said("Länken gäller", "The link works"),
    "until_is": Said("en gång, till {until}", "once, until {until}"),
    "add_licence": Said(f"Saknas en licens? {ADD_LICENCE.sv}", f"Is one missing? {ADD_LICENCE.en}"),
    "service": Said(
        "Bara en systemadministratör i Fortnox kan godkänna. Tillgången hör till företaget och inte till dig: den "
        "finns kvar om du slutar.",
        "Only a system administrator at Fortnox can approve. The access belongs to the company and not to you: it "
        "stays when you leave.",
    ),
    "person": Said(
        "Tillgången hör till dig: du behöver själv licens för allt ovan, och den upphör när din användare tas bort.",
        "The access belongs to you: you need a licence of your own for all of the above, and it ends with your user.",
    ),
    "agency": Said(
        "Har du flera företag i Fortnox, till exempel på en byrå: välj {company} där. Blir det ett annat avbryter vi "
        "och lämnar tillbaka tillgången.",
        "If you have several companies at Fortnox, as an agency has: choose {company} there. Should it be another "
        "one, we stop and give the access back.",
    ),
    "end": Said(
        "Tillgången gäller tills den tas tillbaka. Det kan du göra när du vill: i Fortnox, eller genom att be {by}.",
        "The access lasts until it is taken back. You can do that whenever you want: in Fortnox, or by asking {by}.",
    ),
}
"""Texts of the page that a link opens."""

LABELS: Final[Mapping[str, Said]] = {
    "why": Said("Vad tillgången används till", "What the access is for"),
    "scopes": Said("Behörigheterna som Fortnox visar", "The permissions that Fortnox will show"),
    "scopes_note": Said(
        "Hos Fortnox ger varje behörighet rätt att både läsa och skriva. Vi använder dem bara så här:",
        "At Fortnox each permission is one to read and to write. We use them for this only:",
    ),
    "scope": Said("Behörighet", "Permission"),
    "used": Said("För att", "Used"),
    "flow": Said("Behövs för", "Needed for"),
    "needed": Said("Vad som behövs i Fortnox", "What is needed at Fortnox"),
    "licences": Said("Licenser:", "Licences:"),
    "never": Said("Vad bokbuss aldrig gör", "What bokbuss never does"),
    "give": Said("Ge behörighet", "Give permission"),
    "next": Said(
        "Du kommer till Fortnox, loggar in där och godkänner. Sedan kommer du tillbaka hit.",
        "You go to Fortnox, log in and approve there. Then you come back here.",
    ),
    "again": Said("Försök igen", "Try again"),
    "steps": Said("Gör så här", "What to do"),
    "after": Said("Vad som händer nu", "What happens now"),
    "company": Said("Företag", "Company"),
    "database": Said("Databasnummer i Fortnox", "Database number at Fortnox"),
    "asked_for": Said("Vi frågade efter", "We asked for"),
    "came": Said("Du godkände för", "You approved for"),
    "no_number": Said("utan organisationsnummer", "without an organisation number"),
    "no_name": Said("utan namn", "without a name"),
    "other_language": Said("In English", "På svenska"),
    "language": Said("Språk", "Language"),
}
"""Headings, labels and buttons."""

NEVER: Final[tuple[Said, ...]] = (
    Said("ser ditt lösenord: du loggar in hos Fortnox", "sees your password: you log in at Fortnox"),
    Said(
        "ändrar eller tar bort en verifikation: ett fel rättas med en ny, som går att följa",
        "changes or deletes a voucher: a mistake is corrected by a new one, which can be followed",
    ),
    Said("betalar något", "pays anything"),
    Said("öppnar ett annat företag än det här", "opens another company than this one"),
)


NOBODY: Final[Mapping[str, Said]] = {
    "company": Said("företaget", "the company"),
    "by": Said("den som skickade länken", "the one who sent you the link"),
}
"""What stands for a link whose company is not known here any more."""

COMMANDS: Final[Mapping[str, Said]] = {
    "link": Said(
        "Skicka länken till en systemadministratör i Fortnox för {company}. Den fungerar en gång, till {until}.",
        "Send this link to a system administrator of Fortnox for {company}. It works once, until {until}.",
    ),
    "link_person": Said(
        "Skicka länken till den vars användare i Fortnox ska användas för {company}. Den fungerar en gång, till "
        "{until}.",
        "Send this link to the person whose Fortnox user shall be used for {company}. It works once, until {until}.",
    ),
    "first": Said(
        "Inget flöde är påslaget för {tenant} än, så länken frågar efter det som dagsavslut behöver.",
        "Nothing is switched on for {tenant} yet, so the link asks for what day closes need.",
    ),
    "staff": Said(
        "När det är anslutet visar bokbuss plan employees {tenant} vad som skulle göras med personalen. Inget skickas "
        "före det.",
        "Once it is connected, bokbuss plan employees {tenant} shows what would be done with the staff. Nothing is "
        "sent before that.",
    ),
    "none": Said("Alla företag är anslutna.", "Every company is connected."),
    "paste": Said(
        "Öppna adressen i en webbläsare, på vilken dator som helst, och godkänn hos Fortnox:",
        "Open this address in a browser, on any machine, and approve at Fortnox:",
    ),
    "paste_back": Said(
        "Webbläsaren hamnar på en adress som börjar med {redirect_uri}; sidan får gärna vara tom. Klistra in hela "
        "adressen här",
        "The browser ends up at an address that begins with {redirect_uri}; never mind if the page does not open. "
        "Paste the whole address here",
    ),
    "disconnected": Said(
        "{company} är frånkopplat. Det som ska skrivas till Fortnox väntar tills det ansluts igen: bokbuss connect "
        "{tenant}",
        "{company} is disconnected. What is to be written to Fortnox waits until it is connected again: bokbuss "
        "connect {tenant}",
    ),
    "not_revoked": Said(
        "Fortnox har inte bekräftat att tillgången är återkallad: ta bort integrationen i Fortnox också.",
        "Fortnox has not confirmed that the access is revoked: remove the integration at Fortnox as well.",
    ),
}
"""What the commands say."""
