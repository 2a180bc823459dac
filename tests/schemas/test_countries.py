"""Countries are told by their code, or by what English and Swedish call them."""

import pytest

from schemas.countries import country_code, country_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("se", "SE"),
        (" Sverige ", "SE"),
        ("SWEDEN", "SE"),
        ("Österrike", "AT"),
        ("Osterrike", "Osterrike"),
        ("thailand", "TH"),
        ("Tjeckien", "CZ"),
        ("Czech Republic", "CZ"),
        ("Turkey", "TR"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("Bosnia and Herzegovina", "BA"),
        ("Bosnien & Hercegovina", "BA"),
        ("Trinidad och Tobago", "TT"),
        ("Saint Lucia", "LC"),
        ("The Netherlands", "NL"),
        ("Cote d'Ivoire", "Cote d'Ivoire"),
        ("Côte d'Ivoire", "CI"),
        ("Hong Kong", "HK"),
        ("Viet Nam", "VN"),
        ("Vitryssland", "BY"),
        ("Russian Federation", "RU"),
        ("Korea, Republic of", "KR"),
        ("Korea, Democratic People's Republic of", "KP"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Bolivia, Plurinational State of", "BO"),
        ("Taiwan, Province of China", "TW"),
        ("Virgin Islands U.S.", "VI"),
        ("Turkiye", "TR"),
        ("Guinea", "GN"),
        ("Guinea-Bissau", "GW"),
        ("Wakanda", "Wakanda"),
    ],
)
def test_a_country_is_its_code(text: str, code: str) -> None:
    """Letter case, white space and decomposed letters make no other country; what is none stays as it was written."""
    assert country_code(text) == code


def test_what_is_no_country_has_no_name() -> None:
    """Neither unions nor codes that nobody has, nor a name instead of a code."""
    assert country_name("th") == "Thailand"
    assert [country_name(text) for text in ("EU", "ZZ", "XX", "Sweden", "")] == [None] * 5


def test_every_country_is_known_by_its_name() -> None:
    """What is written to Fortnox is read back as the same country."""
    codes = [a + b for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if country_name(a + b)]
    assert len(codes) > 240
    assert [country_code(country_name(code) or "") for code in codes] == codes
