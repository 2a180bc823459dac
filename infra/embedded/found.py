"""Where this installation's broker and database are, when they are named or somebody runs them already."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from infra.folders import alive, unwritable
from infra.settings import Settings

KNOWN: Final = "runtime.json"
"""In a data folder: where its owner's servers are."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a role needs to connect.

    Attributes:
        bootstrap: the broker, host:port[,host:port].
        database_url: a URL of PostgreSQL.
    """

    bootstrap: str
    database_url: str

    def apply(self, settings: Settings) -> Settings:
        """Return the settings with this broker and this database named."""
        return settings.model_copy(
            update={
                "kafka": settings.kafka.model_copy(update={"bootstrap": self.bootstrap}),
                "database": settings.database.model_copy(update={"url": self.database_url}),
            }
        )


def running(settings: Settings) -> Runtime | None:
    """Return the named broker and database, and for what is not named the embedded ones of a living owner.

    None when there is no such owner, or its servers do not answer.
    """
    bootstrap, url = settings.kafka.bootstrap, settings.database.url
    if bootstrap and url:
        return Runtime(bootstrap, url)
    embedded = _embedded(settings.data)
    bootstrap, url = bootstrap or embedded.get("bootstrap"), url or embedded.get("database_url")
    return Runtime(bootstrap, url) if bootstrap and url else None


def is_used(data: Path) -> bool:
    """Tell whether a living owner's servers are in a data folder."""
    return bool(_embedded(data))


def identity(data: Path) -> list[int]:
    """Return what tells a folder from all others of this machine: what a path leads to may be another one tomorrow."""
    known = data.stat()
    return [known.st_dev, known.st_ino]


def _embedded(data: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((data / KNOWN).read_text())
    except (FileNotFoundError, ValueError):  # it is empty where a machine lost its power just after it was written
        return {}
    except OSError as error:
        raise unwritable(data, error) from error
    # A copy of the folder holds this file as well, and its owner's servers are those of the first.
    if not alive(known["owner"]) or known.get("folder", identity(data)) != identity(data):
        return {}
    return known if _kafka_answers(known["bootstrap"]) and _postgres_answers(known["database_url"]) else {}


def _kafka_answers(bootstrap: str | None) -> bool:
    if bootstrap is None:  # a named one: its client will tell
        return True
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _postgres_answers(url: str | None) -> bool:
    if url is None:
        return True
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
