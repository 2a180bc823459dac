"""Nothing of a made-up company reaches a real ledger, and nothing of a real one the sandbox."""

from typing import Any

import pytest

from connectors.fortnox.settings import FortnoxSettings, settings_of
from infra.environment import whole
from infra.plugin import Host
from infra.settings import CanarySettings

SANDBOX = "http://sandbox:8399"


def host(url: str | None) -> Host:
    """Return a host that is lent nothing but settings."""
    secret: Any = "our own"
    fortnox = FortnoxSettings(client_id="ours", client_secret=secret)
    nothing: Any = None
    made = whole()(fortnox=fortnox, canary=CanarySettings(url=url), _env_file=None)
    return Host(made, nothing, nothing, nothing, nothing)


@pytest.mark.parametrize(("tenant", "url"), [("krogen", SANDBOX), ("krogen", None), ("canaryshop", SANDBOX)])
def test_a_real_company_is_at_fortnox(tenant: str, url: str | None) -> None:
    """Whatever is set for the canary."""
    found = settings_of(host(url), tenant)
    assert (found.api_url, found.auth_url) == ("https://api.fortnox.se/3", "https://apps.fortnox.se/oauth-v1")
    assert found.client_id == "ours"


def test_the_canary_is_at_its_sandbox_with_no_secret_of_ours() -> None:
    """The sandbox's own credentials are sent there."""
    found = settings_of(host(SANDBOX), "canary")
    assert (found.api_url, found.auth_url) == (f"{SANDBOX}/3", f"{SANDBOX}/oauth-v1")
    assert (found.client_id, found.client_secret.get_secret_value()) == ("sandbox", "sandbox-secret")
