"""What the page about each outcome of connecting says: what happened, what to do, and whose move it is. Pure."""
# ruff: noqa: RUF001 - an apostrophe is a curved one

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.fortnox.connect.consent import ConsentOutcome
from connectors.fortnox.words import ADD_LICENCE
from schemas.words import Said


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """A page about an outcome: its title, what happened, what to do, and whose move it is.

    Attributes:
        again: whether it can be tried again with the same link.
    """

    title: Said
    happened: Said
    steps: tuple[Said, ...] = ()
    who: Said | None = None
    again: bool = False


_ADMINISTRATOR: Final = Said(
    "en systemadministratör i företagets Fortnox", "a system administrator of the company’s Fortnox"
)
_ASKER: Final = Said("den som skickade länken", "the one who sent you the link")
_OPERATOR: Final = Said("den som sköter bokbuss", "whoever runs bokbuss")
_NEW_LINK: Final = Said(
    "Be den som skickade länken om en ny: bokbuss connect {tenant}",
    "Ask whoever sent you the link for a new one: bokbuss connect {tenant}",
)
_ANY_NEW_LINK: Final = Said("Be den som skickade länken om en ny.", "Ask whoever sent you the link for a new one.")
_NOTHING_CHANGED: Final = Said(
    "Inget är ändrat, och länken gäller fortfarande.", "Nothing has changed, and the link still works."
)
_THEN_AGAIN: Final = Said("Försök sedan igen här.", "Then try again here.")

WHO: Final = Said("Vem som kan göra det: {who}.", "Who can do that: {who}.")

FIRST_PLAN: Final = Said(
    "För personalen är nästa steg en plan: bokbuss plan employees {tenant} visar vad som skulle göras. Inget skickas "
    "före den.",
    "For staff the next step is a plan: bokbuss plan employees {tenant} shows what would be done. Nothing is sent "
    "before it.",
)

OUTCOMES: Final[Mapping[ConsentOutcome, OutcomeText]] = {
    "connected": OutcomeText(
        Said("{found} är anslutet", "{found} is connected"),
        Said(
            "Tack! bokbuss har nu tillgång till företagets Fortnox. Du kan stänga sidan.",
            "Thank you! bokbuss now has access to the company’s Fortnox. You can close this page.",
        ),
        (
            Said(
                "Nästa steg är en kontroll av räkenskapsår, konton och verifikationsserier. Vad som saknas, och var i "
                "Fortnox det ändras, ser {by}.",
                "The next step is a check of financial years, accounts and voucher series. What is missing, and where "
                "in Fortnox to change it, is seen by {by}.",
            ),
            Said(
                "Det som har väntat bokförs av sig självt, om {by} inte har pausat det.",
                "What has been waiting is booked by itself, unless {by} has paused it.",
            ),
        ),
    ),
    "link_unknown": OutcomeText(
        Said("Länken stämmer inte", "This link is not right"),
        Said(
            "Vi känner inte igen länken. Kanske kom inte hela adressen med, eller så har företaget tagits bort här.",
            "We do not know this link. Perhaps part of the address was lost, or the company was removed here.",
        ),
        (
            Said(
                "Öppna länken direkt från meddelandet, eller kopiera hela adressen.",
                "Open the link from the message itself, or copy the whole address.",
            ),
            _ANY_NEW_LINK,
        ),
        _ASKER,
    ),
    "link_used": OutcomeText(
        Said("Länken är redan använd", "This link has been used"),
        Said(
            "{company} anslöts med den. En länk fungerar bara en gång.",
            "{company} was connected with it. A link works only once.",
        ),
        (
            Said(
                "Är företaget anslutet behöver du inte göra något.",
                "If the company is connected, there is nothing to do.",
            ),
            Said("Ska det anslutas på nytt: be om en ny länk.", "If it is to be connected anew: ask for a new link."),
        ),
    ),
    "link_expired": OutcomeText(
        Said("Länken har gått ut", "This link has expired"),
        Said("Den gällde till {until}.", "It worked until {until}."),
        (_NEW_LINK,),
        _ASKER,
    ),
    "not_registered": OutcomeText(
        Said("bokbuss är inte färdiginstallerat", "bokbuss is not set up yet"),
        Said(
            "Den här installationen är inte registrerad hos Fortnox, eller så stämmer inte uppgifterna.",
            "This installation is not registered with Fortnox, or its credentials are not right.",
        ),
        (
            Said(
                "Skapa en integration i Fortnox utvecklarportal, och ange BOKBUSS_FORTNOX__CLIENT_ID och "
                "BOKBUSS_FORTNOX__CLIENT_SECRET.",
                "Make an integration in Fortnox’s developer portal, and set BOKBUSS_FORTNOX__CLIENT_ID and "
                "BOKBUSS_FORTNOX__CLIENT_SECRET.",
            ),
        ),
        _OPERATOR,
        again=True,
    ),
    "no_result": OutcomeText(
        Said("Här finns inget att visa", "There is nothing to show here"),
        Said(
            "Sidan visar bara hur det nyss gick, i den webbläsare där det hände.",
            "This page only shows how it just went, in the browser where it happened.",
        ),
        (
            Said(
                "Öppna länken du fick igen: den säger om företaget är anslutet.",
                "Open the link that you were sent again: it says whether the company is connected.",
            ),
            Said(
                "Kommer du tillbaka hit? Tillåt kakor för den här adressen.",
                "Do you end up here again? Allow cookies for this address.",
            ),
        ),
    ),
    "other_browser": OutcomeText(
        Said("Svaret kom till fel webbläsare", "The answer came to another browser"),
        Said(
            "Du måste komma tillbaka från Fortnox i samma webbläsare som du gick dit från. Därför har vi inte tagit "
            "emot någon tillgång.",
            "You have to come back from Fortnox in the browser that you left from. So we have taken no access.",
        ),
        (
            Said(
                "Öppna länken du fick igen, och gör allt i en och samma webbläsare, med kakor tillåtna.",
                "Open the link that you were sent again, and do everything in one browser, with cookies allowed.",
            ),
        ),
    ),
    "state_old": OutcomeText(
        Said("Det tog för lång tid", "That took too long"),
        Said(
            "Det gick mer än en timme innan svaret kom från Fortnox. Därför har vi inte tagit emot någon tillgång.",
            "More than an hour passed before the answer came from Fortnox. So we have taken no access.",
        ),
        (_NOTHING_CHANGED,),
        again=True,
    ),
    "denied": OutcomeText(
        Said("Du godkände inte", "You did not approve"),
        Said(
            "Fortnox säger att tillgången inte godkändes. bokbuss har alltså ingen tillgång till {company}.",
            "Fortnox says that the access was not approved. So bokbuss has no access to {company}.",
        ),
        (
            Said("Ångrar du dig kan du försöka igen.", "If you change your mind, you can try again."),
            Said(
                "Vill du inte att företaget ansluts: säg till {by}.",
                "If you do not want the company to be connected: tell {by}.",
            ),
        ),
        again=True,
    ),
    "scope_not_registered": OutcomeText(
        Said("Fortnox godtar inte behörigheterna", "Fortnox does not accept the permissions"),
        Said(
            "Integrationen är inte registrerad för någon av behörigheterna: {scopes}.",
            "The integration is not registered for one of the permissions: {scopes}.",
        ),
        (
            Said(
                "Kryssa för behörigheterna på integrationen i Fortnox utvecklarportal.",
                "Tick the permissions of the integration in Fortnox’s developer portal.",
            ),
            _THEN_AGAIN,
        ),
        _OPERATOR,
        again=True,
    ),
    "licence_missing": OutcomeText(
        Said("En licens saknas i Fortnox", "A licence is missing at Fortnox"),
        Said(
            "{company} saknar en licens som behövs. Det som behövs är: {licences}.",
            "{company} lacks a licence that is needed. What is needed is: {licences}.",
        ),
        (ADD_LICENCE, _THEN_AGAIN),
        _ADMINISTRATOR,
        again=True,
    ),
    "app_licence_missing": OutcomeText(
        Said("Licensen Integration saknas", "The licence Integration is missing"),
        Said(
            "{company} har ingen licens för integrationer i Fortnox. En enda räcker för alla integrationer.",
            "{company} has no licence for integrations at Fortnox. One is enough for all integrations.",
        ),
        (ADD_LICENCE, _THEN_AGAIN),
        _ADMINISTRATOR,
        again=True,
    ),
    "right_missing": OutcomeText(
        Said("Du behöver vara systemadministratör", "You need to be a system administrator"),
        Said(
            "Tillgången hör till företaget och inte till dig, och en sådan får bara en systemadministratör godkänna.",
            "The access belongs to the company and not to you, and such a one only a system administrator may approve "
            "at Fortnox.",
        ),
        (
            Said(
                "Skicka länken vidare till en systemadministratör i företagets Fortnox: den fungerar fortfarande.",
                "Pass the link on to a system administrator of the company’s Fortnox: it still works.",
            ),
            Said(
                "Sköter en byrå företagets Fortnox är det byrån som har rätten, eller kan ge dig den.",
                "If an agency runs the company’s Fortnox, it has the right, or can give it to you.",
            ),
        ),
        _ADMINISTRATOR,
        again=True,
    ),
    "service_not_allowed": OutcomeText(
        Said("Integrationen får inte begära tjänstekonton", "The integration may not ask for service accounts"),
        Said(
            "Tillgången ska höra till företaget, och det är inte påslaget för integrationen hos Fortnox.",
            "The access is to belong to the company, and that is not switched on for the integration at Fortnox.",
        ),
        (
            Said(
                "Välj ”Endast administratör” under tjänstekonto på integrationen i Fortnox utvecklarportal.",
                "Choose “Only administrator” under service account of the integration in Fortnox’s developer portal.",
            ),
            _THEN_AGAIN,
        ),
        _OPERATOR,
        again=True,
    ),
    "locked_company": OutcomeText(
        Said("Fortnox svarade varken ja eller nej", "Fortnox said neither yes nor no"),
        Said(
            "Så blir det när företagets Fortnox är spärrat, oftast för en obetald faktura från Fortnox.",
            "That is what happens when the company’s Fortnox is locked, mostly for an unpaid invoice of Fortnox’s.",
        ),
        (
            Said(
                "Logga in i Fortnox: står det där att företaget är spärrat, betala fakturan eller ring Fortnox.",
                "Log in to Fortnox: if it says that the company is locked, pay the invoice or call Fortnox.",
            ),
            _THEN_AGAIN,
        ),
        _ADMINISTRATOR,
        again=True,
    ),
    "refused": OutcomeText(
        Said("Fortnox sade nej", "Fortnox said no"),
        Said(
            "Fortnox gav ett skäl som vi inte känner till: {said}.",
            "Fortnox gave a reason that we do not know: {said}.",
        ),
        (
            _NOTHING_CHANGED,
            Said(
                "Händer det igen: skicka skälet ovan till den som sköter bokbuss. Kontrollera integrationen och dess "
                "redirect URI i Fortnox utvecklarportal.",
                "If it happens again: send the reason above to whoever runs bokbuss. Check the integration and its "
                "redirect URI in Fortnox’s developer portal.",
            ),
        ),
        _OPERATOR,
        again=True,
    ),
    "exchange_lost": OutcomeText(
        Said("Godkännandet kom inte fram", "The approval did not arrive"),
        Said(
            "Du godkände, men kontakten med Fortnox bröts innan vi fick tillgången. Ett godkännande kan bara hämtas "
            "en gång.",
            "You approved, but the connection to Fortnox broke before we had the access. An approval can be fetched "
            "only once.",
        ),
        (_NOTHING_CHANGED,),
        again=True,
    ),
    "company_unreadable": OutcomeText(
        Said("Vi kunde inte se vilket företag det är", "We could not see which company it is"),
        Said(
            "Du godkände, men Fortnox svarade inte på vilket företag det gäller. Utan det ansluter vi ingenting, och "
            "tillgången är bortkastad.",
            "You approved, but Fortnox did not tell which company it is. Without that we connect nothing, and the "
            "access was thrown away.",
        ),
        (Said("Vänta en stund.", "Wait a moment."), _THEN_AGAIN),
        again=True,
    ),
    "other_company": OutcomeText(
        Said("Det var ett annat företag", "That was another company"),
        Said(
            "Organisationsnumret i Fortnox hör inte till {company}. Därför är ingenting anslutet.",
            "The organisation number at Fortnox is not that of {company}. So nothing is connected.",
        ),
        (
            Said(
                "Försök igen, och välj rätt företag hos Fortnox. Är du redan inloggad där i fel företag, logga ut "
                "först.",
                "Try again, and choose the right company at Fortnox. If you are logged in to the wrong company there, "
                "log out first.",
            ),
            Said(
                "Är det rätt företag, så är organisationsnumret fel: i Fortnox under ”Inställningar”, "
                "”Företagsuppgifter”, eller här hos den som sköter bokbuss.",
                "If it is the right company, the organisation number is wrong: in Fortnox under ”Inställningar”, "
                "”Företagsuppgifter”, or here with whoever runs bokbuss.",
            ),
        ),
        again=True,
    ),
    "other_tenant": OutcomeText(
        Said("Det företaget är redan anslutet, som {holder}", "That company is connected already, as {holder}"),
        Said(
            "Du godkände för {found}, databas {came} i Fortnox. Det företaget är anslutet här som {holder}, och bara "
            "ett av våra företag kan bokföra i det. Därför är ingenting ändrat, varken för {tenant} eller {holder}.",
            "You approved for {found}, Fortnox’s database {came}. That company is connected here as {holder}, and only "
            "one of our companies can book in it. So nothing has changed, neither for {tenant} nor for {holder}.",
        ),
        (
            Said(
                "Försök igen, och välj det företag i Fortnox som är {tenant}. En testkopia kan ha samma namn och "
                "organisationsnummer: titta på databasnumret.",
                "Try again, and choose the company at Fortnox that is {tenant}. A test copy can have the same name and "
                "organisation number: look at the database number.",
            ),
            Said(
                "Är det {holder} som är fel ansluten: den som sköter bokbuss släpper det med bokbuss connect {holder} "
                "--another-company, och ser med bokbuss connection show {holder} vad som har bokförts.",
                "If it is {holder} that is connected wrongly: whoever runs bokbuss moves it with bokbuss connect "
                "{holder} --another-company, and sees with bokbuss connection show {holder} what was booked.",
            ),
        ),
        again=True,
    ),
    "other_database": OutcomeText(
        Said("Det är ett annat företag i Fortnox än förut", "That is another company at Fortnox than before"),
        Said(
            "{company} har varit anslutet till databas {pinned} i Fortnox. Du godkände för databas {came}, även om "
            "organisationsnumret är detsamma. Därför är ingenting ändrat.",
            "{company} has been connected to Fortnox’s database {pinned}. You approved for database {came}, though "
            "its organisation number is the same. So nothing has changed.",
        ),
        (
            Said(
                "Är det en testkopia eller ett gammalt företag? Försök igen, och välj rätt.",
                "Is it a test copy, or an old company? Try again, and choose the right one.",
            ),
            Said(
                "Har företaget flyttat till en ny databas: den som sköter bokbuss gör en länk som tillåter det, med "
                "bokbuss connect {tenant} --another-company",
                "If the company has moved to a new database: whoever runs bokbuss makes a link that allows it, with "
                "bokbuss connect {tenant} --another-company",
            ),
        ),
        again=True,
    ),
}
"""By outcome, what its page says."""


NOTES: Final[Mapping[str, Said]] = {
    "revoked": Said("Tillgången är återlämnad till Fortnox.", "The access was given back to Fortnox."),
    "not_revoked": Said(
        "Tillgången är bortkastad här. Ta också bort integrationen i det andra företagets Fortnox.",
        "The access was thrown away here. Remove the integration in the other company’s Fortnox as well.",
    ),
    "kept": Said(
        "Tillgången är bortkastad här. Den är inte återkallad hos Fortnox: då kunde {holder} mista sin anslutning.",
        "The access was thrown away here. It was not revoked at Fortnox: {holder} could lose its connection by that.",
    ),
    "adopted": Said(
        "Vi hade inget organisationsnummer för {tenant}. Nu gäller {number}: bara det företaget kan anslutas framöver. "
        "Är det fel, säg till {by} genast.",
        "We had no organisation number for {tenant}. From now on it is {number}: only that company can be connected. "
        "If that is wrong, tell {by} at once.",
    ),
    "missing": Said(
        "Fortnox gav inte allt: {missing} saknas. Det som behöver det väntar på en ny anslutning.",
        "Fortnox did not give everything: {missing} is missing. What needs it waits for a new connection.",
    ),
}
