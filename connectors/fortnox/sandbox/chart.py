"""What a new company starts with: a short BAS chart, Fortnox's voucher series, three financial years, and codes."""

from datetime import date

SERIES: tuple[tuple[str, str], ...] = (
    ("A", "Redovisning"),
    ("B", "Kundfakturor"),
    ("C", "Inbetalningar"),
    ("D", "Leverantörsfakturor"),
    ("E", "Utbetalningar"),
    ("F", "Kassa"),
    ("G", "Avskrivning"),
    ("H", "Periodisering"),
    ("I", "Bokslut"),
    ("J", "Revisor"),
    ("K", "Lön"),
    ("L", "Kontantfaktura"),
    ("M", "Momsrapport"),
)
"""Fortnox's own series (facts §3.5)."""

YEARS: tuple[tuple[int, date, date], ...] = (
    (3, date(2025, 1, 1), date(2025, 12, 31)),
    (4, date(2026, 1, 1), date(2026, 12, 31)),
    (5, date(2027, 1, 1), date(2027, 12, 31)),
)
"""Id, first and last day: an id is never the calendar year (facts §3.8)."""

PRESELECTED_YEAR = 4

_VAT_CODES = {2611: "U1", 2621: "U2", 2631: "U3", 2641: "I", 3001: "MP1", 3002: "MP2", 3003: "MP3", 3004: "MF"}

_BAS = """
1010 Utvecklingsutgifter
1110 Byggnader
1220 Inventarier och verktyg
1229 Ackumulerade avskrivningar på inventarier
1250 Datorer
1259 Ackumulerade avskrivningar på datorer
1380 Andra långfristiga fordringar
1460 Lager av handelsvaror
1510 Kundfordringar
1515 Osäkra kundfordringar
1518 Ej reskontraförda kundfordringar
1580 Fordringar för kontokort och kuponger
1610 Kortfristiga fordringar hos anställda
1630 Skattekonto
1650 Momsfordran
1680 Andra kortfristiga fordringar
1684 Fordringar hos leverantörer
1686 Fordringar för kontokort och kuponger
1710 Förutbetalda hyreskostnader
1790 Övriga förutbetalda kostnader
1910 Kassa
1911 Huvudkassa
1912 Kassa 2
1919 Kassadifferenser
1920 PlusGiro
1930 Företagskonto
1940 Övriga bankkonton
2010 Eget kapital
2081 Aktiekapital
2091 Balanserad vinst eller förlust
2098 Vinst eller förlust från föregående år
2099 Årets resultat
2350 Andra långfristiga skulder till kreditinstitut
2420 Förskott från kunder
2421 Ej inlösta presentkort
2440 Leverantörsskulder
2510 Skatteskulder
2611 Utgående moms på försäljning inom Sverige, 25 %
2614 Utgående moms omvänd skattskyldighet, 25 %
2621 Utgående moms på försäljning inom Sverige, 12 %
2631 Utgående moms på försäljning inom Sverige, 6 %
2641 Debiterad ingående moms
2650 Redovisningskonto för moms
2710 Personalskatt
2731 Avräkning lagstadgade sociala avgifter
2820 Kortfristiga skulder till anställda
2890 Övriga kortfristiga skulder
2910 Upplupna löner
2920 Upplupna semesterlöner
2941 Beräknade upplupna lagstadgade sociala avgifter
2990 Övriga upplupna kostnader och förutbetalda intäkter
3001 Försäljning inom Sverige, 25 % moms
3002 Försäljning inom Sverige, 12 % moms
3003 Försäljning inom Sverige, 6 % moms
3004 Försäljning inom Sverige, momsfri
3540 Faktureringsavgifter
3590 Övriga fakturerade kostnader
3730 Lämnade rabatter
3740 Öres- och kronutjämning
3990 Övriga ersättningar och intäkter
4010 Inköp av varor och material
4990 Lagerförändring
5010 Lokalhyra
5410 Förbrukningsinventarier
5460 Förbrukningsmaterial
5910 Annonsering
6110 Kontorsmateriel
6211 Telefoni
6310 Företagsförsäkringar
6530 Redovisningstjänster
6570 Bankkostnader
6991 Övriga externa kostnader, avdragsgilla
7010 Löner till kollektivanställda
7210 Löner till tjänstemän
7290 Förändring av semesterlöneskuld
7510 Lagstadgade sociala avgifter
7519 Sociala avgifter för semesterlöneskuld
7832 Avskrivningar på inventarier
8310 Ränteintäkter
8410 Räntekostnader
8910 Skatt på årets resultat
8999 Årets resultat
"""

ACCOUNTS: tuple[tuple[int, str, str | None], ...] = tuple(
    (int(line[:4]), line[5:], _VAT_CODES.get(int(line[:4]))) for line in _BAS.strip().splitlines()
)
"""Number, name and VAT code."""

PREDEFINED: dict[str, int] = {
    "SALES_25_SE": 3001,
    "SALES_12_SE": 3002,
    "SALES_6_SE": 3003,
    "SALES_0_SE": 3004,
}
"""The four predefined accounts whose names Fortnox's document tells (EasyVat)."""

REGISTERS: dict[str, tuple[dict[str, str], ...]] = {
    "units": (
        {"Code": "förp", "CodeEnglish": "pack", "Description": "förpackning"},
        {"Code": "h", "CodeEnglish": "h", "Description": "timmar"},
        {"Code": "km", "CodeEnglish": "km", "Description": "Kilometer"},
        {"Code": "st", "CodeEnglish": "pcs", "Description": "styck"},
        {"Code": "utl", "CodeEnglish": "exp", "Description": "Utlägg"},
    ),
    "termsofpayments": (
        *({"Code": days, "Description": f"{days} dagar"} for days in ("0", "10", "15", "20", "30")),
        {"Code": "K", "Description": "Kontant"},
        {"Code": "PF", "Description": "Postförskott"},
        {"Code": "AG", "Description": "Autogiro"},
    ),
}
"""Fortnox's own units and terms of payment (recorded)."""
