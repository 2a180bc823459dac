"""The host's settings by name; ``infra.environment`` reads them, with a section for each system that brings one."""

import os
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from schemas.base import Language

Role = Literal["sources", "flows", "sinks", "desk"]
"""What a process does; one process can have several roles."""
ROLES: tuple[Role, ...] = get_args(Role)

MAX_BODY = 1_000_000

_Section = TypeVar("_Section", bound=BaseModel)


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in a URL: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_SSL_FILES: Final = ("ssl_ca", "ssl_certificate", "ssl_key", "ssl_key_password")
_SASL: Final = ("sasl_mechanism", "sasl_username", "sasl_password")


class KafkaSettings(BaseModel):
    """Where the broker is, and what it asks of its clients. Without ``bootstrap`` a real one is started here.

    How one proves to be who one is has the names that Kafka's own clients use.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    bootstrap: str | None = Field(default=None, description="host:port[,host:port]; unset: the embedded broker")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="what the broker's listener speaks: SSL is TLS, SASL asks for a user"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="how the user's password is proved"
    )
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")
    ssl_ca: Path | None = Field(
        default=None,
        description="file (PEM) of who signs the brokers' certificates; unset: whoever signs the internet's",
    )
    ssl_certificate: Path | None = Field(
        default=None, description="file (PEM) of our own certificate, where the broker asks for one"
    )
    ssl_key: Path | None = Field(default=None, description="file (PEM) of its key; unset: in the same file")
    ssl_key_password: SecretStr | None = Field(default=None, description="where that key is encrypted")
    replication: int = Field(default=1, ge=1, description="copies of each topic; 3 on a cluster")
    session_timeout: float = Field(default=10.0, ge=1, description="seconds until a silent worker is taken for dead")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        """Refuse what would be left unused: who names a user wants it to be asked for."""
        protocol = self.security_protocol
        uses = {**dict.fromkeys(_SSL_FILES, "SSL"), **dict.fromkeys(_SASL, "SASL")}
        fields = type(self).model_fields
        unused = [n for n, by in uses.items() if by not in protocol and getattr(self, n) != fields[n].default]
        if unused:
            raise ValueError(f"security_protocol says {protocol}, which uses no {unused[0]}: it may have to be another")
        if protocol != "PLAINTEXT" and not self.bootstrap:
            raise ValueError(f"security_protocol says {protocol}, and bootstrap names no broker that asks for it")
        if "SASL" in protocol and not (self.sasl_username and self.sasl_password.get_secret_value()):
            raise ValueError(f"security_protocol says {protocol}, which needs sasl_username and sasl_password")
        if (self.ssl_key or self.ssl_key_password) and not self.ssl_certificate:
            raise ValueError("ssl_key belongs to an ssl_certificate, and none is named")
        return self


class DatabaseSettings(BaseModel):
    """Where PostgreSQL is. Without ``url`` a real one is started here."""

    url: str | None = Field(default=None, description="postgresql://user:password@host/name; unset: the embedded one")
    migrate: bool = Field(
        default=True, description="bring the tables up to date at each start; off: bokbuss migrate does"
    )
    pool: int = Field(default=8, ge=2, description="connections of one process")


class SinkSettings(BaseModel):
    """How patient we are with a system that orders are carried out in."""

    request_timeout: float = Field(default=30.0, gt=0, description="seconds for one request")
    settle_seconds: float = Field(
        default=60.0, ge=0, description="after the last byte: how long a write without answer may still appear"
    )
    look_seconds: float = Field(default=5.0, gt=0, description="between two looks for a write without answer")
    budget: int = Field(ge=1, description="requests in any 5 seconds, per company: each system says its own")


def _guarded(url: str) -> str:
    """Refuse an address that secrets would travel to in the clear; this machine's own are for trying things."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    if parts.scheme not in {"https", "wss"} and not (parts.scheme in {"http", "ws"} and here):
        raise ValueError("it begins with https://, or is on this machine (http://localhost, http://127.0.0.1)")
    return url


def _networks(written: object) -> object:
    """Read networks that stand in one text, with commas between them."""
    if not isinstance(written, str):
        return written
    try:
        return tuple(ip_network(each.strip()) for each in written.split(",") if each.strip())
    except ValueError:
        raise ValueError(
            "it lists networks, with commas between them: 10.20.0.0/16,192.168.1.7,fd12:3456::/32"
        ) from None


def _is_a_proxy(url: SecretStr) -> SecretStr:
    """Refuse what is no proxy's address; what it says may hold a password, and is not repeated."""
    parts = urlsplit(url.get_secret_value())
    try:
        whole = parts.scheme == "http" and parts.hostname and parts.port and not parts.path.strip("/") + parts.query
    except ValueError:  # the port is none
        whole = False
    if not whole:
        raise ValueError("it is http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT")
    return url


Networks = tuple[IPv4Network | IPv6Network, ...]
Guarded = Annotated[str, AfterValidator(_guarded)]
"""An address that tokens and books are sent to."""


class DocumentsSettings(BaseModel):
    """Where documents are stored. Without ``url`` it is a folder in BOKBUSS_DATA."""

    url: str | None = Field(default=None, description="s3://bucket/folder, file:///folder, memory:///")
    endpoint: Guarded | None = Field(default=None, description="of an S3-compatible store that is not Amazon's")
    region: str = ""
    access_key: str = Field(default="", description="unset: as AWS_ACCESS_KEY_ID, or the machine's own role")
    secret_key: SecretStr = SecretStr("")
    largest: int = Field(default=50_000_000, ge=1, description="bytes of one document; a larger one is noted as that")


class ProxySettings(BaseModel):
    """The proxy by which calls leave to the internet. None named: directly, whatever HTTPS_PROXY says."""

    url: Annotated[SecretStr, AfterValidator(_is_a_proxy)] | None = Field(
        default=None, description="http://proxy.example.se:3128, or with USER:PASSWORD@ before the host; unset: none"
    )
    direct: str = Field(
        default="", description="what is reached without it: login.example.se,.intern.example.se,203.0.113.0/24"
    )

    def by(self, url: str) -> str | None:
        """Return the proxy, with its credentials, by which a call to an address leaves; None: it leaves directly.

        So does everything to this machine, to a private address, and by http: a proxy's answer would pass for theirs.
        """
        to = urlsplit(url)
        host = (to.hostname or "").rstrip(".")
        if self.url is None or to.scheme not in {"https", "wss"} or host == "localhost" or self._is_direct(host):
            return None
        return self.url.get_secret_value()

    def _is_direct(self, host: str) -> bool:
        listed = [each.strip().lower() for each in self.direct.split(",") if each.strip()]
        try:
            address = ip_address(host)
        except ValueError:
            return any(f".{host}".endswith("." + each.removeprefix(".")) for each in listed)
        return not address.is_global or any(_contains(each, address) for each in listed)


def _contains(network: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ip_network(network)
    except ValueError:  # it is a name
        return False


class KeepSettings(BaseModel):
    """How long what is needed no more is kept. Facts, orders, the trail and what flows remember are kept for ever."""

    answers_days: int = Field(default=30, ge=1, description="lines that say that an answer or settings were taken in")
    deliveries_days: int = Field(default=400, ge=30, description="what came in over HTTP, to know it when it is resent")
    sessions_days: int = Field(default=90, ge=1, description="of the desk, once they have ended")
    plans_days: int = Field(
        default=90, ge=1, description="plans of which nothing was applied, once there is a newer one"
    )
    every_seconds: float = Field(default=3600.0, gt=0, description="between two looks")


class MailSettings(BaseModel):
    """Where reports are mailed from. Without ``host`` none are."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "bokbuss@localhost"
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    digest_hours: float = Field(default=24.0, gt=0, description="between two mails of what waits, to one address")


class OpenIdSettings(BaseModel):
    """The OpenID provider that people sign in at; who has no account here is not let in by it."""

    issuer: Guarded = Field(description="https://login.example.se, as the provider calls itself")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(default=SecretStr(""), description="unset: a public client, by PKCE alone")
    name: str = Field(default="OpenID", description="what the button calls it")
    only: bool = Field(default=False, description="nobody signs in by a password")


class DeskSettings(BaseModel):
    """How people reach the desk."""

    url: Guarded | None = Field(
        default=None, description="where people reach it, https://desk.example.se; unset: on this machine only"
    )
    open: bool = Field(
        default=False, description="for demonstrations: whoever opens it on this machine itself is its admin"
    )
    oidc: OpenIdSettings | None = None


class CanarySettings(BaseModel):
    """Whether a made-up company's day is booked every few minutes (``infra.canary``)."""

    url: str | None = Field(
        default=None,
        pattern="^https?://",
        description="of a `bokbuss sandbox`: the books of the company `canary`, and of no other; unset: no canary",
    )
    seconds: float = Field(default=300.0, ge=1, description="between two of its days")


SECRETS_FOLDER: Final = "BOKBUSS_SECRETS_DIR"
"""Names a folder in which each file is a setting, called as its variable is: as Docker, Kubernetes and systemd give
secrets to a process, so that they stand in no environment."""


class Settings(BaseSettings):
    """Every setting of the host: ``BOKBUSS_`` and nested names joined by ``__``, as variables or as files."""

    model_config = SettingsConfigDict(env_prefix="BOKBUSS_", env_nested_delimiter="__", env_file=".env", extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings are looked for: the environment first, then ``.env``, then the folder of secrets."""
        sources = (init_settings, env_settings, dotenv_settings)
        folder = os.environ.get(SECRETS_FOLDER)
        if not folder or not isinstance(file_secret_settings, SecretsSettingsSource):
            return sources
        files = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_dir_missing="error", secrets_nested_delimiter="__"
        )
        return (*sources, files)

    data: Path = Field(default=Path(".bokbuss"), description="broker, database, watched folders, keys")
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535, description="0 takes a free one")
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    documents: DocumentsSettings = DocumentsSettings()
    proxy: ProxySettings = ProxySettings()
    keep: KeepSettings = KeepSettings()
    mail: MailSettings = MailSettings()
    desk: DeskSettings = DeskSettings()
    canary: CanarySettings = CanarySettings()
    secret_key: SecretStr | None = Field(default=None, description="unset: made once and kept in BOKBUSS_DATA")
    old_secret_key: SecretStr | None = Field(default=None, description="the one before, while it is being replaced")
    private_networks: Annotated[Networks, NoDecode, BeforeValidator(_networks)] = Field(
        default=(),
        description="where companies' servers may be besides on the internet: 10.20.0.0/16,192.168.1.7; unset: nowhere",
    )
    max_body: int = Field(default=MAX_BODY, ge=1, description="bytes of one delivery, over HTTP or as a file")
    lease_seconds: float = Field(default=10.0, gt=0, le=300, description="how long a lane is owned without renewal")
    hole_seconds: float = Field(default=60.0, gt=0, description="after which an undecided offset is mended")
    overdue_seconds: float = Field(default=60.0, gt=0, description="between two looks at what should have come by now")
    proof_hour: int = Field(
        default=4, ge=0, le=23, description="of the night in Sweden: every company's books are proved"
    )
    language: Language = Field(default="en", description="of commands; a page also follows the browser")
    log_level: str = "INFO"

    @property
    def desk_url(self) -> str:
        """Where people reach the desk, without a slash at its end."""
        return (self.desk.url or f"http://{self.host}:{self.port}").rstrip("/")

    def of(self, section: type[_Section]) -> _Section:
        """Return what is set for a system, by the class that it brings. Raises LookupError: no system brings it."""
        for _, value in self:
            if isinstance(value, section):
                return value
        raise LookupError(f"no system brings {section.__name__}: it is the settings of a SYSTEM in connectors")

    def sink(self, system: str) -> SinkSettings:
        """Return how patient we are with a system. Raises TypeError: it brings no SinkSettings."""
        found = getattr(self, system, None)
        if not isinstance(found, SinkSettings):
            raise TypeError(f"{system} takes orders, and brings no SinkSettings as the settings of its SYSTEM")
        return found
