"""A backup of the embedded installation in one file, and back: the database, and the documents beside it.

The key is not in it: who has both can read the secrets. Nor is Kafka, whose topics are read on from where the database
stands, or missed: PostgreSQL is the authority.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

import psycopg
from psycopg import sql

from infra.embedded.database import programs

FORMAT: Final = "bokbuss.backup/1"
_HEAD: Final = "bokbuss.json"
_DUMP: Final = "database.dump"
_DOCUMENTS: Final = "documents"
_OWN: Final = "postgres"
"""The embedded server's database that is worked with."""
_NEW: Final = "restoring"
_LARGEST_HEAD: Final = 100_000


class NotRestored(RuntimeError):
    """A backup cannot be made or read; the message says why. What was there is as it was."""


def make(file: Path, url: str, documents: Path, head: Mapping[str, Any]) -> int:
    """Write a backup of a running database; return its bytes. Only its owner may read it.

    Args:
        url: of the database, for psycopg.
        documents: a folder; one that is not there holds nothing.
        head: what is to be known of it before it is read.

    Raises:
        NotRestored: PostgreSQL could not be copied.
        OSError: the file cannot be written.
    """
    fresh = file.with_name(f"{file.name}.part")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as opened,
            tempfile.TemporaryDirectory(dir=file.absolute().parent) as scratch,
            tarfile.open(fileobj=opened, mode="w") as tar,
        ):
            dump = Path(scratch) / _DUMP
            _said([programs() / "pg_dump", "--format=custom", f"--file={dump}", "--dbname", url], "copied")
            (Path(scratch) / _HEAD).write_text(json.dumps({"format": FORMAT, **head}))
            tar.add(Path(scratch) / _HEAD, _HEAD)
            tar.add(dump, _DUMP)
            if documents.is_dir():
                for content in sorted(p for p in documents.rglob("*") if p.is_file() and not p.is_symlink()):
                    tar.add(content, f"{_DOCUMENTS}/{content.relative_to(documents).as_posix()}")
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return file.stat().st_size


def head_of(file: Path) -> dict[str, Any]:
    """Return what a backup says of itself. Raises NotRestored."""
    try:
        with tarfile.open(file, "r:") as tar:
            first = tar.next()
            content = tar.extractfile(first) if first is not None and first.name == _HEAD else None
            head = json.loads(content.read(_LARGEST_HEAD)) if content is not None else None
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise NotRestored(f"{file} is no backup of bokbuss, or not all of it ({type(error).__name__})") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise NotRestored(f"{file} is no backup of bokbuss that this version reads")
    return head


def load(file: Path, url: str) -> str:
    """Load a backup's database beside the one that is worked with; return the URL of it, for psycopg.

    Args:
        url: of the embedded server, for psycopg.

    Raises:
        NotRestored: it cannot be read to its end.
    """
    with tempfile.TemporaryDirectory() as scratch:
        dump = Path(scratch) / _DUMP
        try:
            with tarfile.open(file, "r:") as tar, dump.open("wb") as into:
                if (member := tar.extractfile(_DUMP)) is not None:
                    shutil.copyfileobj(member, into)
                tar.getmembers()  # to its end: a file that was cut off is told before anything is changed
        except (tarfile.TarError, KeyError, EOFError) as error:
            raise NotRestored(f"{file} is not all of a backup ({type(error).__name__})") from error
        _in_server(url, f"drop database if exists {_NEW} with (force)", f"create database {_NEW} template template0")
        loaded = url.replace(f"/{_OWN}?", f"/{_NEW}?")
        _said([programs() / "pg_restore", "--exit-on-error", "--dbname", loaded, dump], "loaded")
        return loaded


def put_in_place(url: str, made_at: datetime) -> str:
    """Let the database that was loaded be worked with; return the name under which the one before is kept."""
    kept = f"before_{made_at:%Y%m%d_%H%M%S}"
    with psycopg.connect(_beside(url), autocommit=True) as server:
        before = server.execute("select datname from pg_database where datname ~ '^before_[0-9]'").fetchall()
        for (name,) in before:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        server.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = any(%s)", ([_OWN, _NEW],)
        )
        for old, new in ((_OWN, kept), (_NEW, _OWN)):
            server.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
    return kept


def load_documents(file: Path, documents: Path) -> int:
    """Write the documents of a backup where they are stored; return how many. A content has the same name for ever."""
    count = 0
    with tarfile.open(file, "r:") as tar:
        for member in tar:
            parts = PurePosixPath(member.name).parts
            if not member.isfile() or parts[0] != _DOCUMENTS or ".." in parts or len(parts) == 1:
                continue
            target = documents.joinpath(*parts[1:])
            if target.exists() or (content := tar.extractfile(member)) is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as into:
                shutil.copyfileobj(content, into)
            count += 1
    return count


def _beside(url: str) -> str:
    return url.replace(f"/{_OWN}?", "/template1?")


def _in_server(url: str, *statements: str) -> None:
    with psycopg.connect(_beside(url), autocommit=True) as server:
        for statement in statements:
            server.execute(statement.encode())


def _said(command: Iterable[object], what: str) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)  # noqa: S603 - PostgreSQL's own
    if done.returncode != 0:
        raise NotRestored(f"the database could not be {what}: {done.stderr.strip()[-500:]}")
