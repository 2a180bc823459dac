"""How payloads of a company's systems are fetched, where the systems cannot send them. Secrets stand nowhere here."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas import settings_words as say
from schemas.base import Code, Message
from schemas.problem_words import Unfit

WayName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9\-]{0,30}$")]
"""What a company calls a way in: lower-case letters, digits and hyphens."""

HostKey = Annotated[
    str, StringConstraints(pattern=r"^(ssh|ecdsa|sk)-[A-Za-z0-9@.\-]{1,60} [A-Za-z0-9+/]{1,1500}={0,2}$")
]
"""A server's public key, as ``bokbuss ways hostkey`` shows it."""


class WayIn(Message):
    """A place outside that payloads are fetched from."""

    name: WayName = Field(description=say.WAY_NAME.en)
    system: Code = Field(description=say.WAY_SYSTEM.en)
    every: int = Field(default=10, ge=1, le=86_400, description="seconds between two looks")


class OutboxTable(WayIn):
    """A table ``outbox(id, created_at, payload)`` in a till's PostgreSQL; the database's URL is its secret."""

    table: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$")
    ] = Field(default="outbox", description="the table, with its schema where it needs one; as it is written there")
    patience: int = Field(
        default=5,
        ge=0,
        le=3600,
        description="seconds that a missing id is waited for, while a transaction runs that may still bring it; it is "
        "looked for afterwards, too",
    )


class SftpFolder(WayIn):
    """A folder on an SFTP server; the password or the private key is its secret."""

    every: int = Field(default=60, ge=1, le=86_400, description="seconds between two looks; each is a login")
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:\-]{1,253}$")] = Field(description=say.SERVER_HOST.en)
    port: int = Field(default=22, ge=1, le=65_535, description="of the server")
    user: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")] = Field(description=say.SERVER_USER.en)
    host_keys: tuple[HostKey, ...] = Field(description=say.SERVER_KEYS.en)
    folder: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=500)] = Field(
        default=".", description="where the files appear; those read are moved to done or refused in it"
    )
    settled: int = Field(
        default=10, ge=1, le=3600, description="seconds without a change after which a file is taken to be whole"
    )

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if not self.host_keys:
            raise Unfit(say.NO_HOST_KEY())
        return self


class WaysIn(Message):
    """Ways in by which payloads are fetched, besides what is delivered over HTTP or put into the watched folder."""

    outboxes: tuple[OutboxTable, ...] = Field(default=(), description="tables in tills' databases")
    sftp: tuple[SftpFolder, ...] = Field(default=(), description="folders on SFTP servers")

    @property
    def all(self) -> tuple[OutboxTable | SftpFolder, ...]:
        """Every one of them."""
        return (*self.outboxes, *self.sftp)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [way.name for way in self.all]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Unfit(say.NAME_TWICE(names=twice))
        return self
