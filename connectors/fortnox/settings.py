"""What is set for Fortnox, in the environment."""

from pydantic import AnyHttpUrl, Field, SecretStr

from infra.canary import CANARY
from infra.plugin import Host
from infra.settings import Guarded, SinkSettings


class FortnoxSettings(SinkSettings):
    """Fortnox: addresses and our integration's credentials."""

    api_url: Guarded = Field(default="https://api.fortnox.se/3", description="ends in /3")
    auth_url: Guarded = Field(default="https://apps.fortnox.se/oauth-v1", description="ends in /oauth-v1")
    budget: int = Field(default=24, ge=1, le=25, description="requests in any 5 seconds, per company")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    redirect_uri: AnyHttpUrl | None = Field(
        default=None, description="as registered at Fortnox; ends in /oauth/callback"
    )
    employees_seconds: float = Field(default=300.0, gt=0, description="between two readings of a company's employees")
    doctor_hour: int = Field(default=3, ge=0, le=23, description="of the night in Sweden: every company is examined")
    ledger_hour: int = Field(default=2, ge=0, le=23, description="of the night in Sweden: open years are read in full")
    ledger_bytes: int = Field(default=100_000_000, ge=1, description="of a year's SIE file; a larger one is refused")
    ledger_timeout: float = Field(default=300.0, gt=0, description="seconds for a year's SIE file, or for a document")
    events_url: Guarded | None = Field(
        default=None, description="wss://ws.fortnox.se/topics-v1: hints when a voucher was booked; unset: none"
    )
    events_pause: float = Field(default=20.0, gt=0, description="seconds without an event until the year is read")
    invoice_previews: bool = Field(
        default=False, description="customer invoices' pictures are documents too: one request for each"
    )
    recheck_seconds: float = Field(
        default=60.0, gt=0, description="between two looks whether what Fortnox refused an order for is set right"
    )


def settings_of(host: Host, tenant: str) -> FortnoxSettings:
    """Return how a company's Fortnox is reached: the canary's is a sandbox, which is known by these credentials."""
    settings, url = host.settings.of(FortnoxSettings), host.settings.canary.url
    if tenant != CANARY or url is None:
        return settings
    own = {"client_id": "sandbox", "client_secret": SecretStr("sandbox-secret")}
    return settings.model_copy(update={"api_url": f"{url}/3", "auth_url": f"{url}/oauth-v1", **own})
