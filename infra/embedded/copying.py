"""A backup of the embedded installation in one file, and back: the database, and the documents beside it.

The key is not in it: who has both can read the secrets. Nor are the keys of people, which lie in a file of their own:
the newest alone is kept, and whoever was erased is in it no more, so that no older backup brings their values back.
Nor is Kafka, whose topics are read on from where the database stands, or missed: PostgreSQL is the authority.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

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
_KEPT: Final = "select datname from pg_database where datname ~ '^before_[0-9]'"
_KEYS_OUT: Final = "copy person_keys (tenant, record, key_id, locked, made_at) to stdout"
_KEYS_IN: Final = "copy person_keys (tenant, record, key_id, locked, made_at) from stdin"
_CAME_IN: Final = "copy came (tenant, record, key_id, locked, made_at) from stdin"
_DATA_KEYS_OUT: Final = "copy secrets_key (id, wrapped, wrapped_before, locks, made_by, made_at) to stdout"
_DATA_KEYS_IN: Final = "copy brought (id, wrapped, wrapped_before, locks, made_by, made_at) from stdin"
_END_OF_ROWS: Final = b"\\.\n"
"""Between the keys of people and the data keys that lock them; no row looks so."""
_ERASED_OUT: Final = "copy erasures (tenant, record, erased_at, erased_by, released_at, released_by) to stdout"
_ERASED_IN: Final = "copy gone (tenant, record, erased_at, erased_by, released_at, released_by) from stdin"
_BRING: Final = """insert into person_keys (tenant, record, key_id, locked, made_at)
    select tenant, record, key_id, locked, made_at from came
    where not exists (select from erasures e where e.tenant = came.tenant and e.record = came.record
                        and (e.released_at is null or came.made_at < e.erased_at))
    on conflict do nothing"""
_LEARN: Final = "insert into secrets_key select * from brought on conflict do nothing"
"""Not yet done: what the loaded database holds is locked with the ones before."""
_ERASE: Final = """insert into erasures select * from gone on conflict (tenant, record) do update set
    erased_at = excluded.erased_at, erased_by = excluded.erased_by, released_at = excluded.released_at,
    released_by = excluded.released_by
    where greatest(excluded.erased_at, excluded.released_at) > greatest(erasures.erased_at, erasures.released_at)"""
_DROP: Final = """delete from person_keys k using erasures e where e.tenant = k.tenant and e.record = k.record
    and (e.released_at is null or k.made_at < e.erased_at)"""
"""The database in whose place it is put may be the older one, restored by mistake: it knows less of erasures."""
_LACKS_KEYS: Final = """select exists (select from flow_state where state::text like '%"p1:%')
    and not exists (select from person_keys)"""
_LARGEST_HEAD: Final = 100_000


class NotRestored(RuntimeError):
    """A backup cannot be made or read; the message says why. What was there is as it was."""


def make(file: Path, url: str, documents: Path, head: Mapping[str, Any], *, keys: bool) -> int:
    """Write a backup of a running database, and the keys of people beside it; return its bytes.

    Only its owner may read it. It is there when it is whole and its keys are there; whoever is cut off does it again.

    Args:
        url: of the database, for psycopg.
        documents: a folder; one that is not there holds nothing.
        head: what is to be known of it before it is read.
        keys: the database has keys of people.

    Raises:
        NotRestored: PostgreSQL could not be copied.
        OSError: the file cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=f"{file.name}.") as folder:
        scratch = Path(folder)  # of this process alone: another one may write to the same file
        fresh, dump = scratch / "whole", scratch / _DUMP
        without = "--exclude-table-data=person_keys"
        _said([programs() / "pg_dump", "--format=custom", without, f"--file={dump}", "--dbname", url], "copied")
        (scratch / _HEAD).write_text(json.dumps({"format": FORMAT, **head}))
        with _private(fresh) as opened, tarfile.open(fileobj=opened, mode="w") as tar:
            tar.add(scratch / _HEAD, _HEAD)
            tar.add(dump, _DUMP)
            for content in _contents(documents):
                with suppress(FileNotFoundError):  # its company is being removed
                    tar.add(content, f"{_DOCUMENTS}/{content.relative_to(documents).as_posix()}")
        if keys:  # after: whoever got a key meanwhile has it in this file
            make_keys(scratch / "keys", url)
            (scratch / "keys").replace(keys_beside(file))
        fresh.replace(file)
    return file.stat().st_size


def _contents(documents: Path) -> list[Path]:
    # One that is just being written has another name, with a number behind "#", and will be gone.
    return sorted(p for p in documents.rglob("*") if "#" not in p.name and p.is_file() and not p.is_symlink())


@contextmanager
def _private(file: Path) -> Iterator[IO[bytes]]:
    """Make a file that only its owner may read; it is on the disk afterwards."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        yield opened
        opened.flush()
        os.fsync(opened.fileno())


def keys_beside(file: Path) -> Path:
    """Return where the keys of people are written beside a backup."""
    return file.with_name(f"{file.name}.keys")


def make_keys(file: Path, url: str) -> None:
    """Write the keys of people. Only its owner may read the file.

    They are locked: who has this file needs the installation's key as well. The data keys that lock them are in it: a
    backup of before a rotation has not got the one of today.
    """
    with psycopg.connect(url) as server, server.cursor() as cursor, _private(file) as into:
        for rows, end in ((_KEYS_OUT, _END_OF_ROWS), (_DATA_KEYS_OUT, b"")):
            with cursor.copy(rows) as copied:
                for row in copied:
                    into.write(row)
            into.write(end)


def bring_keys(loaded: str, url: str, keys: Path | None) -> None:
    """Give a database that was loaded the keys of people.

    They are those of the database in whose place it is put, and of a file for whom that one does not know at all; with
    them come the data keys that lock them. Whom either database has erased stays erased.

    Args:
        loaded: the database that was loaded, for psycopg.
        url: the one that is worked with so far.
        keys: what ``make_keys`` wrote; None: there is none.

    Raises:
        NotRestored: it holds values of people, and none of their keys is there.
    """
    with psycopg.connect(url) as before, psycopg.connect(loaded) as after:
        after.execute("create temp table brought (like secrets_key)")
        if before.execute("select to_regclass('erasures') is not null").fetchone() == (True,):
            after.execute("create temp table gone (like erasures)")
            for out, into in ((_KEYS_OUT, _KEYS_IN), (_DATA_KEYS_OUT, _DATA_KEYS_IN), (_ERASED_OUT, _ERASED_IN)):
                with before.cursor().copy(out) as rows, after.cursor().copy(into) as taken:
                    for row in rows:
                        taken.write(row)
            after.execute(_LEARN)
            after.execute(_ERASE)
            after.execute(_DROP)
        if keys is not None:
            after.execute("create temp table came (like person_keys)")
            with keys.open("rb") as file:
                for into in (_CAME_IN, _DATA_KEYS_IN):  # a version of before wrote the first of them alone
                    with after.cursor().copy(into) as taken:
                        for row in iter(file.readline, b""):
                            if row == _END_OF_ROWS:
                                break
                            taken.write(row)
            after.execute(_LEARN)
            after.execute(_BRING)
        if after.execute(_LACKS_KEYS).fetchone() == (True,):
            raise NotRestored("it holds values of people, and their keys are in another file: name the newest (--keys)")


def forget_keys(url: str) -> None:
    """Drop the keys of people in the database that is kept beside: those that are in use stand in the other alone.

    A database that was loaded and not put in place goes altogether: its restore was cut off.
    """
    _in_server(url, f"drop database if exists {_NEW} with (force)")
    with psycopg.connect(_beside(url), autocommit=True) as server:
        kept = server.execute(_KEPT).fetchall()
    for (name,) in kept:
        with psycopg.connect(url.replace(f"/{_OWN}?", f"/{name}?"), autocommit=True) as before:
            if before.execute("select to_regclass('person_keys') is not null").fetchone() == (True,):
                before.execute("truncate person_keys")


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
    """Let the database that was loaded be worked with; return the name under which the one before is kept.

    Both are renamed, or neither is: cut off in between, the server would have none that it is asked for.
    """
    kept = f"before_{made_at:%Y%m%d_%H%M%S}"
    with psycopg.connect(_beside(url), autocommit=True) as server:
        before = server.execute(_KEPT).fetchall()
        server.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = any(%s)", ([_OWN, _NEW],)
        )
        with server.transaction():
            for old, new in ((_OWN, kept), (_NEW, _OWN)):
                rename = sql.SQL("alter database {} rename to {}")
                server.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
        for (name,) in before:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    return kept


def load_documents(file: Path, documents: Path) -> int:
    """Write the documents of a backup where they are stored; return how many. A content has the same name for ever.

    So each is there whole or not at all: half of one would be taken for it whenever it is restored again.
    """
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
            fresh = target.with_name(f"{target.name}.part")
            with fresh.open("wb") as into:
                shutil.copyfileobj(content, into)
            fresh.replace(target)
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
