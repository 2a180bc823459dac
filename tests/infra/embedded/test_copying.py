"""A backup of the embedded installation, and back: by commands as people type them."""

import asyncio
import errno
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from typer.testing import CliRunner

from infra import cli, clock, store
from infra.access import people
from infra.access.vault import open_vault
from infra.commanding import Failed
from infra.embedded import copying
from infra.embedded.database import EmbeddedPostgres
from infra.settings import Settings
from schemas.events import EmployeeFields

BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))


class Machine:
    """A data folder, and commands on it."""

    def __init__(self, data: Path, kafka: str = "127.0.0.1:9") -> None:
        self.data = data
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "BOKBUSS_CACHE") if name in os.environ}
        self.environment = kept | {"BOKBUSS_DATA": str(data), "BOKBUSS_KAFKA__BOOTSTRAP": kafka}

    def says(self, *words: str, code: int = 0, **environment: str) -> str:
        """Run a command that ends with an exit code; return what it says."""
        done = subprocess.run(
            [BOKBUSS, *words],
            env=self.environment | environment,
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        """Run a command with --json; return what it says."""
        return json.loads(self.says(*words, "--json"))

    def companies(self) -> set[str]:
        """Return the companies that there are."""
        return {each["tenant"] for each in self.json("tenant", "list")}

    def sql(self, statements: str) -> list[Any]:
        """Say something to the database; return the first column of what it answers."""
        with EmbeddedPostgres(self.data) as server, psycopg.connect(server.url) as connection:
            answer = connection.execute(statements.encode())
            return [row[0] for row in answer.fetchall()] if answer.description else []

    def lock_for(self, *records: str) -> None:
        """Let some people have keys."""

        async def work(url: str) -> None:
            engine = store.engine(url, 1)
            await open_vault(engine, Settings(data=self.data, _env_file=None))
            async with engine.begin() as connection:
                fields = EmployeeFields(city="Umeå")
                await people.seal(connection, [(("acme", record), fields) for record in records])
            await engine.dispose()

        with EmbeddedPostgres(self.data) as server:
            asyncio.run(work(server.url))


@pytest.fixture
def machine(tmp_path: Path, kafka: str) -> Machine:
    """Return one with a company and a document."""
    made = Machine(tmp_path / "data", kafka)
    made.says("tenant", "add", "acme")
    document = made.data / "documents" / "acme" / "ab" / ("ab" * 32)
    document.parent.mkdir(parents=True)
    document.write_bytes(b"a receipt")
    return made


def test_what_was_backed_up_is_there_again_and_what_came_later_is_kept_beside(machine: Machine, tmp_path: Path) -> None:
    """Database and documents; the key stays apart, and nobody else may read the file."""
    file = tmp_path / "night.tar"
    assert machine.json("backup", str(file))["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert names[:2] == ["bokbuss.json", "database.dump"]
    assert not [name for name in names if "key" in name]
    machine.says("backup", str(file), code=2)  # it is there already
    machine.says("tenant", "add", "later")
    document = next(p for p in (machine.data / "documents").rglob("*") if p.is_file())
    document.unlink()
    said = machine.json("restore", str(file), "--yes")
    assert (said["documents"], said["kept"][:7]) == (1, "before_")
    assert document.read_bytes() == b"a receipt"
    assert machine.companies() == {"acme"}


def test_a_backup_goes_to_an_empty_machine_with_its_key_and_to_no_other(
    machine: Machine, tmp_path: Path, kafka: str
) -> None:
    """What would not open what is stored is told before anything is changed."""
    file = tmp_path / "night.tar"
    machine.says("backup", str(file))
    new = Machine(tmp_path / "new", kafka)
    assert "does not open this database's secrets" in new.says(
        "restore", str(file), "--yes", code=2, BOKBUSS_SECRET_KEY="wrong"
    )
    assert new.companies() == set()
    key = (machine.data / "secret-key").read_text()
    new.environment["BOKBUSS_SECRET_KEY"] = key
    new.says("restore", str(file), "--yes")
    assert new.companies() == {"acme"}


def test_a_backup_does_not_bring_back_who_was_erased_since(machine: Machine, tmp_path: Path, kafka: str) -> None:
    """The keys of people are in a file of their own; whoever was erased stays so, and without one nothing is put."""
    file = tmp_path / "night.tar"
    machine.sql(
        """insert into flow_state (flow, tenant, key, state) values ('f', 'acme', 'hr/1', '{"a": "p1:erased:"}');
           insert into erasures values ('acme', 'hr/0', now(), 'anna')"""
    )
    machine.lock_for("hr/1", "hr/2")
    keys = Path(machine.json("backup", str(file))["keys"])
    assert keys.stat().st_mode & 0o077 == 0
    machine.sql(
        "delete from person_keys where record = 'hr/1'; insert into erasures values ('acme', 'hr/1', now(), 'bo')"
    )
    machine.lock_for("hr/3")
    machine.says("restore", str(file), "--yes")
    assert machine.sql("select record from person_keys order by 1") == ["hr/2", "hr/3"]
    assert machine.sql("select record from erasures order by 1") == ["hr/0", "hr/1"]
    new = Machine(tmp_path / "new", kafka)
    new.environment["BOKBUSS_SECRET_KEY"] = (machine.data / "secret-key").read_text()
    elsewhere = keys.rename(tmp_path / "keys")
    assert "--keys" in new.says("restore", str(file), "--yes", code=1)
    new.says("restore", str(file), "--yes", "--keys", str(elsewhere))
    assert new.sql("select record from person_keys order by 1") == ["hr/1", "hr/2"]


def test_a_newer_backup_in_the_place_of_an_older_one_brings_nobody_back(
    machine: Machine, tmp_path: Path, kafka: str
) -> None:
    """The wrong one was restored first: it knows a key that was dropped, and nothing of who was erased or released."""
    old, new = tmp_path / "old.tar", tmp_path / "new.tar"
    machine.lock_for("hr/1", "hr/2", "hr/3")
    machine.sql("insert into erasures values ('acme', 'hr/4', now(), 'bo')")
    machine.says("backup", str(old))
    machine.sql(
        """delete from person_keys where record in ('hr/1', 'hr/2');
           insert into erasures values
             ('acme', 'hr/1', now(), 'bo', null, ''), ('acme', 'hr/2', now(), 'bo', now(), 'bo');
           update erasures set released_at = now(), released_by = 'bo' where record = 'hr/4'"""
    )
    machine.lock_for("hr/2", "hr/4")
    keys = "select key_id from person_keys order by record"
    erasures = "select record || coalesce(' released by ' || nullif(released_by, ''), '') from erasures order by 1"
    known = machine.sql(keys), machine.sql(erasures)
    machine.says("backup", str(new))
    other = Machine(tmp_path / "other", kafka)
    other.environment["BOKBUSS_SECRET_KEY"] = (machine.data / "secret-key").read_text()
    other.says("restore", str(old), "--yes")
    other.says("restore", str(new), "--yes")
    assert (other.sql(keys), other.sql(erasures)) == known


def test_a_backup_of_before_the_data_key_was_replaced_can_be_put_back(
    machine: Machine, tmp_path: Path, kafka: str
) -> None:
    """The keys of people are locked with the new one by then: it comes with them, in place and to an empty machine."""
    night, later = tmp_path / "night.tar", tmp_path / "later.tar"
    machine.lock_for("hr/1")
    machine.says("backup", str(night))
    machine.says("keys", "rotate")
    newest = machine.json("backup", str(later))["keys"]
    new = Machine(tmp_path / "new", kafka)
    new.environment["BOKBUSS_SECRET_KEY"] = (machine.data / "secret-key").read_text()
    machine.says("restore", str(night), "--yes")
    new.says("restore", str(night), "--yes", "--keys", newest)
    for each in (machine, new):
        assert each.sql("select record from person_keys") == ["hr/1"]
        shown = each.json("keys", "show")
        assert [key["number"] for key in shown["data_keys"]] == [1, 2]
        assert (shown["unopened"], shown["old_secret_key_may_go"]) == ({}, False)  # what it held is to be locked anew
        each.says("keys", "rotate")
        assert each.json("keys", "show")["old_secret_key_may_go"]


def test_documents_that_lie_elsewhere_are_said_not_to_be_in_it(machine: Machine, tmp_path: Path) -> None:
    """Whoever keeps the file alone would find out when they are needed."""
    said = machine.says("backup", str(tmp_path / "a.tar"), BOKBUSS_DOCUMENTS__URL="file:///srv/papers")
    assert "nor are the documents: keep file:///srv/papers, too" in said
    assert "nor are the documents" not in machine.says("backup", str(tmp_path / "b.tar"))


def test_what_goes_while_a_backup_is_made_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are read and companies removed meanwhile; what is being written has a name of its own until it is."""
    file, folder, add = tmp_path / "night.tar", tmp_path / "documents" / "acme", tarfile.TarFile.add
    folder.mkdir(parents=True)
    for name in ("goes", "stays", "stays#1"):
        (folder / name).write_bytes(b"a receipt")

    def removed(tar: tarfile.TarFile, name: Path, kept_as: str) -> None:
        if name.name == "goes":
            name.unlink()
        add(tar, name, kept_as)

    monkeypatch.setattr(tarfile.TarFile, "add", removed)
    with EmbeddedPostgres(tmp_path / "data") as server:
        copying.make(file, server.url, folder.parent, {}, keys=False)
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["bokbuss.json", "database.dump", "documents/acme/stays"]


def test_there_is_no_backup_before_its_keys_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full, or a kill, in between: it would be taken for one, and could be put back nowhere else."""

    def full(into: Path, _url: str) -> None:
        into.write_bytes(b"hr/1")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(copying, "make_keys", full)
    kept = tmp_path / "kept"
    kept.mkdir()
    with EmbeddedPostgres(tmp_path / "data") as server, pytest.raises(OSError, match="no space"):
        copying.make(kept / "night.tar", server.url, tmp_path / "none", {}, keys=True)
    assert list(kept.iterdir()) == []


def test_a_document_is_put_back_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that was full leaves no half of one, which would be taken for it the next time."""
    file, documents = tmp_path / "night.tar", tmp_path / "documents"
    (tmp_path / "receipt").write_bytes(b"a receipt")
    with tarfile.open(file, "w") as tar:
        tar.add(tmp_path / "receipt", "documents/acme/ab/abab")

    def full(_content: object, into: IO[bytes]) -> None:
        into.write(b"a re")
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(shutil, "copyfileobj", full)
        with pytest.raises(OSError, match="no space"):
            copying.load_documents(file, documents)
    assert copying.load_documents(file, documents) == 1
    assert (documents / "acme" / "ab" / "abab").read_bytes() == b"a receipt"


def test_a_disk_that_is_full_is_no_fault_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in a sentence, and what was there is as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKBUSS_DATA", str(tmp_path / "data"))
    for words in (("migrate",), ("backup", "night.tar")):
        CliRunner().invoke(cli.app, words, catch_exceptions=False)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for step, verb in (("make", "backup other.tar"), ("load_documents", "restore night.tar --yes")):
        monkeypatch.setattr(copying, step, full)
        ended = CliRunner().invoke(cli.app, verb.split())
        assert isinstance(ended.exception, Failed)
        assert "No space left on device" in str(ended.exception)


def test_a_restore_whose_documents_cannot_be_written_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    """The database goes into place last: who is told that it failed finds everything as it was."""
    file, documents = tmp_path / "night.tar", machine.data / "documents"
    machine.says("backup", str(file))
    machine.says("tenant", "add", "later")
    shutil.rmtree(documents)
    documents.write_bytes(b"in the way")
    assert str(documents) in machine.says("restore", str(file), "--yes", code=2)
    assert machine.companies() == {"acme", "later"}


def test_half_a_backup_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    """A file that was cut off, or is something else, is refused, and the database is as it was."""
    file = tmp_path / "night.tar"
    machine.says("backup", str(file))
    machine.says("tenant", "add", "later")
    whole = file.read_bytes()
    for share in (0.0, 0.5):
        file.write_bytes(whole[: int(len(whole) * share)])
        assert str(file) in machine.says("restore", str(file), "--yes", code=1 if share else 2)
    assert machine.companies() == {"acme", "later"}


def test_a_restore_that_is_cut_off_leaves_a_database_to_work_with(tmp_path: Path) -> None:
    """The one in use moves away only together with the one that takes its place; the one kept before stays, too."""
    with EmbeddedPostgres(tmp_path) as server:
        url = server.url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create database before_20260101_000000")
        with pytest.raises(psycopg.errors.InvalidCatalogName):  # nothing is loaded: the second step fails
            copying.put_in_place(url, clock.now())
        with psycopg.connect(url) as connection:
            names = {name for (name,) in connection.execute("select datname from pg_database")}
    assert {name for name in names if not name.startswith("template")} == {"postgres", "before_20260101_000000"}


@pytest.mark.parametrize("in_place", [True, False])
def test_a_restore_that_is_cut_off_leaves_no_keys_of_people_beside(
    machine: Machine, tmp_path: Path, *, in_place: bool
) -> None:
    """Whoever is erased later could be read there: what starts next does what was left to do."""
    file = tmp_path / "night.tar"
    machine.lock_for("hr/1")
    machine.says("backup", str(file))
    with EmbeddedPostgres(machine.data) as server:  # as restore does, until it is killed
        url = server.url
        loaded = copying.load(file, url)
        copying.bring_keys(loaded, url, None)
        if in_place:
            copying.put_in_place(url, clock.now())
    assert machine.companies() == {"acme"}
    keys = 0
    with EmbeddedPostgres(machine.data), psycopg.connect(url) as connection:
        for (name,) in connection.execute("select datname from pg_database where datname !~ 'template|postgres'"):
            with psycopg.connect(url.replace("/postgres?", f"/{name}?")) as beside:
                keys += len(beside.execute("select from person_keys").fetchall())
    assert keys == 0


def test_a_database_of_ones_own_is_backed_up_by_its_own_tools(tmp_path: Path) -> None:
    """The command says where that is written."""
    named = Machine(tmp_path / "data")
    said = named.says("backup", "x.tar", code=2, BOKBUSS_DATABASE__URL="postgresql://user@host/name")
    assert "docs/backup.md" in said
