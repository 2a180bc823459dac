"""The host's settings, from the environment: ``BOKBUSS_`` and nested names joined by ``__``."""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

Role = Literal["sources", "flows", "sinks", "desk"]
"""What a process does; one process can have several roles."""
ROLES: tuple[Role, ...] = get_args(Role)

MAX_BODY = 1_000_000


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in a URL: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class KafkaSettings(BaseModel):
    """Where the broker is. Without ``bootstrap`` a real one is started here."""

    bootstrap: str | None = Field(default=None, description="host:port[,host:port]; unset: the embedded broker")
    replication: int = Field(default=1, ge=1, description="copies of each topic; 3 on a cluster")
    session_timeout: float = Field(default=10.0, ge=1, description="seconds until a silent worker is taken for dead")


class DatabaseSettings(BaseModel):
    """Where PostgreSQL is. Without ``url`` a real one is started here."""

    url: str | None = Field(default=None, description="postgresql://user:password@host/name; unset: the embedded one")
    pool: int = Field(default=8, ge=2, description="connections of one process")


class SinkSettings(BaseModel):
    """How patient we are with a system that orders are carried out in."""

    request_timeout: float = Field(default=30.0, gt=0, description="seconds for one request")
    settle_seconds: float = Field(
        default=60.0, ge=0, description="after the last byte: how long a write without answer may still appear"
    )
    look_seconds: float = Field(default=5.0, gt=0, description="between two looks for a write without answer")
    budget: int = Field(default=24, ge=1, le=25, description="requests in any 5 seconds, per company")


def _guarded(url: str) -> str:
    """Refuse an address that secrets would travel to in the clear; this machine's own are for trying things."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    here = host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ValueError("it begins with https://, or is on this machine (http://localhost, http://127.0.0.1)")
    return url


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


Guarded = Annotated[str, AfterValidator(_guarded)]
"""An address that tokens and books are sent to."""


class FortnoxSettings(SinkSettings):
    """Fortnox: addresses and our integration's credentials."""

    api_url: Guarded = Field(default="https://api.fortnox.se/3", description="ends in /3")
    auth_url: Guarded = Field(default="https://apps.fortnox.se/oauth-v1", description="ends in /oauth-v1")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    redirect_uri: AnyHttpUrl | None = Field(
        default=None, description="as registered at Fortnox; ends in /oauth/callback"
    )
    employees_seconds: float = Field(default=300.0, gt=0, description="between two readings of a company's employees")
    doctor_hour: int = Field(default=3, ge=0, le=23, description="of the night in Sweden: every company is examined")
    recheck_seconds: float = Field(
        default=60.0, gt=0, description="between two looks whether what Fortnox refused an order for is set right"
    )


class AlexisHRSettings(SinkSettings):
    """Alexis HR. Each company's access token is kept with its connection."""

    api_url: Guarded = "https://api.alexishr.com/v1"
    budget: int = Field(default=20, ge=1, le=25, description="requests in any 5 seconds, per company: our politeness")
    poll_seconds: float = Field(default=20.0, gt=0, description="between two questions for what changed")
    overlap_seconds: float = Field(default=120.0, ge=0, description="each question reaches back behind the last one")
    leave_seconds: float = Field(default=60.0, gt=0, description="between two readings of the leaves")
    leave_days: int = Field(default=60, ge=1, description="leaves that ended longer ago are not looked at any more")
    page_size: int = Field(default=500, ge=2, description="records asked for at once; no limit of theirs is published")


class HumaSettings(SinkSettings):
    """Huma. Each company's client id and secret are kept with its connection."""

    api_url: Guarded = "https://openapi.humahr.com"
    due_seconds: float = Field(default=30.0, gt=0, description="between two looks whether people are due to be read")


class MailSettings(BaseModel):
    """Where reports are mailed from. Without ``host`` none are."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "bokbuss@localhost"
    encryption: Literal["starttls", "tls", "none"] = "starttls"


class Settings(BaseSettings):
    """Every setting of the host."""

    model_config = SettingsConfigDict(env_prefix="BOKBUSS_", env_nested_delimiter="__", env_file=".env", extra="ignore")

    data: Path = Field(default=Path(".bokbuss"), description="broker, database, watched folders, keys")
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535, description="0 takes a free one")
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    fortnox: FortnoxSettings = FortnoxSettings()
    alexishr: AlexisHRSettings = AlexisHRSettings()
    huma: HumaSettings = HumaSettings()
    mail: MailSettings = MailSettings()
    secret_key: SecretStr | None = Field(default=None, description="unset: made once and kept in BOKBUSS_DATA")
    old_secret_key: SecretStr | None = Field(default=None, description="the one before, while it is being replaced")
    max_body: int = Field(default=MAX_BODY, ge=1, description="bytes of one delivery, over HTTP or as a file")
    lease_seconds: float = Field(default=10.0, gt=0, description="how long a lane is owned without renewal")
    hole_seconds: float = Field(default=60.0, gt=0, description="after which an undecided offset is mended")
    language: Literal["sv", "en"] = Field(default="en", description="of commands; a page also follows the browser")
    log_level: str = "INFO"


PINNED: Final = "pinned.json"
"""In a data folder: settings that hold for whoever uses it, whatever the environment says. The demo's companies are
made up, and must not reach a real Fortnox from another terminal, or after the demo has ended."""


class WrongEnvironment(ValueError):
    """The environment holds what cannot be; the message names each variable, and never says a secret."""


def load() -> Settings:
    """Return the settings of this process's environment. Raises WrongEnvironment."""
    try:
        settings = Settings()
        return Settings(**pinned) if (pinned := _pinned(settings)) else settings
    except (ValidationError, SettingsError) as error:
        if isinstance(error, SettingsError):
            raise WrongEnvironment(f"the environment is not right: {error}") from None
        problems = "".join(f"\n  {_problem(each)}" for each in error.errors(include_url=False))
        raise WrongEnvironment(f"the environment is not right:{problems}") from None


def _pinned(settings: Settings) -> dict[str, Any]:
    try:
        pinned: dict[str, Any] = json.loads((settings.data / PINNED).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return pinned


def _problem(error: ErrorDetails) -> str:
    name = f"BOKBUSS_{'__'.join(map(str, error['loc'])).upper()}"
    if error["type"] == "literal_error":
        choices = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "")
        return f"{name}: it says {error['input']!r}; it can be: {choices}"
    return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"
