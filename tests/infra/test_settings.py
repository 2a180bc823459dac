"""The host's settings: what of an environment is taken, and what is refused with a reason."""

import pytest
from pydantic import ValidationError

from infra.settings import AlexisHRSettings, FortnoxSettings, HumaSettings


@pytest.mark.parametrize(
    "url",
    [
        "https://api.fortnox.se/3",
        "http://127.0.0.1:8400/3",
        "http://127.1.2.3/3",
        "http://localhost:8400/3",
        "http://[::1]:8400/3",
    ],
)
def test_an_address_is_encrypted_or_this_machines_own(url: str) -> None:
    """A sandbox on this machine needs no certificate."""
    assert FortnoxSettings(api_url=url, auth_url=url).api_url == url
    assert (AlexisHRSettings(api_url=url).api_url, HumaSettings(api_url=url).api_url) == (url, url)


@pytest.mark.parametrize(
    "url", ["http://api.fortnox.se/3", "http://localhost.evil.se/3", "http://10.0.0.7/3", "ftp://127.0.0.1/3", "", "x"]
)
@pytest.mark.parametrize("field", ["api_url", "auth_url"])
def test_tokens_never_travel_in_the_clear(url: str, field: str) -> None:
    """Whoever listens on the way would have the company's books."""
    with pytest.raises(ValidationError, match="begins with https://"):
        FortnoxSettings.model_validate({field: url})
