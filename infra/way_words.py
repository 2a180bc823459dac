"""What is said of a way in that cannot be used: what is wrong, and what to do; sv and en. Pure."""

from collections.abc import Mapping
from typing import Final

from infra.rows import WayFound
from schemas.base import Language
from schemas.words import Phrase, Said, Text, catalogue, read

NONE: Final = Said(
    "{tenant} har inga vägar in som det hämtas från: ways_in i inställningarna.",
    "{tenant} has no ways in that are fetched from: ways_in in its settings.",
)
WORKS: Final = Phrase("infra.way_works", "{name}: går att hämta från.", "{name}: can be fetched from.")

TROUBLES: Final[Mapping[str, Phrase]] = {
    "secret_missing": Phrase(
        "infra.way_secret_missing",
        "{name}: ingen har lämnat det som öppnar den. Kör: {detail}",
        "{name}: nobody has given what opens it. Run: {detail}",
    ),
    "secret_elsewhere": Phrase(
        "infra.way_secret_elsewhere",
        "{name}: det som öppnar den lämnades för {detail}, men inställningarna säger nu en annan server, port eller "
        "användare: det skickas inte dit. Den som har lösenordet eller nyckeln för den nya servern lämnar det: bokbuss "
        "ways secret. Är ändringen inte er, rätta inställningarna.",
        "{name}: what opens it was given for {detail}, and the settings now say another server, port or user: it is "
        "not sent there. Whoever has the password or key of the new server gives it: bokbuss ways secret. If the "
        "change is not yours, set the settings right.",
    ),
    "secret_wrong": Phrase(
        "infra.way_secret_wrong",
        "{name}: det som lämnats kan inte läsas; det ska se ut så här: {detail}. Lämna det igen: bokbuss ways secret.",
        "{name}: what was given cannot be read; it is to look like this: {detail}. Give it again: bokbuss ways secret.",
    ),
    "no_such_system": Phrase(
        "infra.way_no_such_system",
        "{name}: inget system heter så; rätta system i inställningarna: {detail}",
        "{name}: no system is called so; set system right in the settings: {detail}",
    ),
    "unreachable": Phrase(
        "infra.way_unreachable",
        "{name}: servern svarar inte. Kontrollera adress, port och brandvägg. ({detail})",
        "{name}: the server does not answer. Check its address, port and firewall. ({detail})",
    ),
    "address_inside": Phrase(
        "infra.way_address_inside",
        "{name}: {detail} har en adress som inte är på internet (den här datorns egen, ett privat eller reserverat "
        "nät): inget skickades. Rätta adressen. Står servern verkligen där, kan den som driver bokbuss tillåta dess "
        "nät: BOKBUSS_PRIVATE_NETWORKS.",
        "{name}: {detail} has an address that is not on the internet (this machine's own, a private or a reserved "
        "network): nothing was sent. Set the address right. If the server is there indeed, whoever runs bokbuss can "
        "allow its network: BOKBUSS_PRIVATE_NETWORKS.",
    ),
    "address_never": Phrase(
        "infra.way_address_never",
        "{name}: {detail} har en adress där ett moln lämnar ut sina nycklar (länklokal, eller dess metadata): inget "
        "skickades, och ingen inställning tillåter det. Rätta adressen.",
        "{name}: {detail} has an address at which a cloud hands out its keys (link-local, or its metadata): nothing "
        "was sent, and no setting allows it. Set the address right.",
    ),
    "login_refused": Phrase(
        "infra.way_login_refused",
        "{name}: servern släpper inte in oss. Kontrollera användare och lösenord eller nyckel hos den som driver "
        "servern, och lämna det igen: bokbuss ways secret.",
        "{name}: the server does not let us in. Check user and password or key with whoever runs the server, and give "
        "it again: bokbuss ways secret.",
    ),
    "host_key_differs": Phrase(
        "infra.way_host_key_differs",
        "{name}: servern visar en annan nyckel än den i inställningarna: inget skickades. Är den utbytt? Jämför med "
        "den som driver servern, och byt host_keys: bokbuss ways hostkey {detail}",
        "{name}: the server shows another key than the one in the settings: nothing was sent. Was it replaced? Compare "
        "with whoever runs the server, and change host_keys: bokbuss ways hostkey {detail}",
    ),
    "host_key_wrong": Phrase(
        "infra.way_host_key_wrong",
        "{name}: {detail} i inställningarna är ingen nyckel som kan läsas. Visa serverns: bokbuss ways hostkey",
        "{name}: {detail} in the settings is no key that can be read. To show the server's: bokbuss ways hostkey",
    ),
    "folder_missing": Phrase(
        "infra.way_folder_missing",
        "{name}: mappen {detail} finns inte på servern; rätta folder i inställningarna.",
        "{name}: there is no folder {detail} on the server; set folder right in the settings.",
    ),
    "folder_locked": Phrase(
        "infra.way_folder_locked",
        "{name}: vår användare får inte läsa, skapa eller flytta filer där ({detail}). Ge den rätt till det.",
        "{name}: our user may not read, make or move files there ({detail}). Give it that right.",
    ),
    "table_missing": Phrase(
        "infra.way_table_missing",
        "{name}: det finns ingen tabell {detail} där, eller så får vi inte se dess schema.",
        "{name}: there is no table {detail} there, or we may not see its schema.",
    ),
    "table_differs": Phrase(
        "infra.way_table_differs",
        "{name}: tabellens kolumner är andra än de ska vara; det som saknas eller har fel typ i {detail}",
        "{name}: the table's columns are not those that are needed; missing or of another type in {detail}",
    ),
    "no_right": Phrase(
        "infra.way_no_right",
        "{name}: vår användare får inte läsa tabellen. Ge den SELECT.",
        "{name}: our user may not read the table. Grant it SELECT.",
    ),
    "server_too_old": Phrase(
        "infra.way_server_too_old",
        "{name}: servern är för gammal; det behövs {detail} eller nyare.",
        "{name}: the server is too old; {detail} or newer is needed.",
    ),
    "failing": Phrase(
        "infra.way_failing",
        "{name}: servern svarar med ett fel ({detail}). Fråga den som driver servern.",
        "{name}: the server answers with an error ({detail}). Ask whoever runs the server.",
    ),
}


WORDS: Final[Mapping[str, Said]] = catalogue("infra", {**TROUBLES, "works": WORKS})


def said(found: WayFound) -> Text:
    """Return what to say of a way in that was found so."""
    return (TROUBLES[found.code] if found.code else WORKS)(name=found.name, detail=found.detail or "-")


def in_words(found: WayFound, language: Language) -> str:
    """Return the same in a language."""
    words = said(found)
    return read(words.wording, WORDS, language) or words.english
