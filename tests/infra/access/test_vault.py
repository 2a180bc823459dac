"""Secrets at rest: readable with the installation's key and for their own purpose only."""

import asyncio
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from infra import clock, store
from infra.access import rotation
from infra.access.vault import Vault, WrongKey, made_key, open_vault, prove, refresh, signing_secret
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.settings import Settings
from infra.tables import metadata

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.binary(min_size=32, max_size=32)
KEY = bytes(range(32))
_SECRET = text("insert into signing_secrets (tenant, system, secret) values (:tenant, 'openpos', :locked)")
SOMEBODY = ("19800101-1234", "personal_number", "acme")


def environment(tmp_path: Path, key: str | None = None, before: str | None = None) -> Settings:
    """Return the settings of a process with these keys."""
    return Settings(
        data=tmp_path / "data",
        secret_key=key and SecretStr(key),
        old_secret_key=before and SecretStr(before),
        _env_file=None,
    )


@given(key=KEYS, secret=TEXTS, context=TEXTS)
def test_a_secret_comes_back(key: bytes, secret: str, context: str) -> None:
    """And stands nowhere in what is stored; the same secret is never stored twice in the same way."""
    vault = Vault(key)
    locked = vault.lock(secret, context=context)
    assert vault.unlock(locked, context=context) == secret
    assert locked != vault.lock(secret, context=context)
    assert len(secret) < 4 or secret.encode() not in locked


@given(secret=TEXTS, other=TEXTS.filter(lambda text: text != "a/openpos"))
def test_a_row_that_was_moved_or_changed_opens_nothing(secret: str, other: str) -> None:
    """Another company's row, another key, another byte."""
    vault = Vault(KEY)
    locked = vault.lock(secret, context="a/openpos")
    for box, stored, context in (
        (vault, locked, other),
        (Vault(b"another key"), locked, "a/openpos"),
        (vault, locked[:-1] + bytes([locked[-1] ^ 1]), "a/openpos"),
    ):
        with pytest.raises(InvalidTag):
            box.unlock(stored, context=context)


@given(key=KEYS, plain=TEXTS.filter(bool), kind=TEXTS, tenant=TEXTS)
def test_a_seal_is_always_the_same_and_opens(key: bytes, plain: str, kind: str, tenant: str) -> None:
    """So that rules can compare what they may not read; the text stands nowhere in it."""
    sealed = Vault(key).seal(plain, kind, tenant)
    assert sealed == Vault(key).seal(plain, kind, tenant)
    assert Vault(key).open(sealed, kind, tenant) == plain
    assert re.fullmatch(r"v1:[A-Za-z0-9_\-=]{8,}", sealed)
    assert len(plain) < 4 or plain not in sealed


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_seals_of_others_differ_and_open_nothing_here(changed: int) -> None:
    """Another text, another kind or another company: nobody can tell that two companies know the same person."""
    vault = Vault(KEY)
    other = tuple("x" if place == changed else value for place, value in enumerate(SOMEBODY))
    assert vault.seal(*SOMEBODY) != vault.seal(*other)
    if changed:
        with pytest.raises(InvalidTag):
            vault.open(vault.seal(*SOMEBODY), *other[1:])


@pytest.mark.parametrize("sealed", ["", "v1:", "v1:abc", "v1:!!!!", "v1:" + "A" * 40])
def test_what_is_no_seal_opens_nothing(sealed: str) -> None:
    """It is told like any other wrong key."""
    with pytest.raises(InvalidTag):
        Vault(KEY).open(sealed, "personal_number", "acme")


def test_a_key_is_made_once_for_processes_that_start_together(tmp_path: Path) -> None:
    """Two keys would make half of the secrets unreadable. Only the owner may read it, and nothing else is left."""
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: made_key(tmp_path / "data").get_secret_value(), range(64)))
    assert len(keys) == 1
    [path] = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_processes_that_start_together_share_one_data_key(engine: Engine, tmp_path: Path) -> None:
    """The first one writes it down, and the others read it."""
    vaults = await asyncio.gather(*(open_vault(engine, environment(tmp_path, "key")) for _ in range(20)))
    assert {vault.seal(*SOMEBODY) for vault in vaults} == {vaults[0].seal(*SOMEBODY)}


async def test_a_named_key_is_used_and_written_nowhere(engine: Engine, tmp_path: Path) -> None:
    """BOKBUSS_SECRET_KEY wins over a key that was made."""
    await open_vault(engine, environment(tmp_path, "named"))
    assert not (tmp_path / "data").exists()
    made_key(tmp_path / "data")
    await open_vault(engine, environment(tmp_path, "named"))


async def test_a_key_is_replaced_and_everything_still_opens(engine: Engine, tmp_path: Path) -> None:
    """With the one before named beside it; from then on either is enough, until a rotation ends."""
    locked = (await open_vault(engine, environment(tmp_path, "one"))).lock("secret", context="c")
    both = environment(tmp_path, "two", before="one")
    vaults = await asyncio.gather(*(open_vault(engine, both) for _ in range(5)))
    vaults += [await open_vault(engine, environment(tmp_path, key)) for key in ("two", "one")]
    assert {vault.unlock(locked, context="c") for vault in vaults} == {"secret"}
    await rotation.rotate(engine, vaults[0], both, by="anna")
    assert (await open_vault(engine, environment(tmp_path, "two"))).unlock(locked, context="c") == "secret"
    with pytest.raises(WrongKey):
        await open_vault(engine, environment(tmp_path, "one"))


@pytest.mark.parametrize("ours", ["one", None], ids=["named", "made"])
async def test_nothing_is_rotated_with_the_key_that_is_being_replaced(
    ours: str | None, engine: Engine, tmp_path: Path
) -> None:
    """Of a shell that has not got the new one: the new data key would be lost with the old key that "may go"."""
    before = environment(tmp_path, ours)
    vault = await open_vault(engine, before)
    locked = vault.lock("secret", context="c")
    old = ours or made_key(tmp_path / "data").get_secret_value()
    await open_vault(engine, environment(tmp_path, "two", before=old))  # as the roles run by now
    with pytest.raises(WrongKey, match="being replaced"):
        await rotation.rotate(engine, await open_vault(engine, before), before, by="anna")
    assert [key.number for key in await rotation.data_keys(engine)] == [1]
    assert (await open_vault(engine, environment(tmp_path, "two"))).unlock(locked, context="c") == "secret"


async def test_a_made_key_can_be_replaced_by_a_named_one(engine: Engine, tmp_path: Path) -> None:
    """It stands in the folder, and is named as the one before."""
    sealed = (await open_vault(engine, environment(tmp_path))).seal(*SOMEBODY)
    before = made_key(tmp_path / "data").get_secret_value()
    assert (await open_vault(engine, environment(tmp_path, "named", before=before))).seal(*SOMEBODY) == sealed


@pytest.mark.parametrize(
    ("key", "before", "names"),
    [
        ("two", None, ["BOKBUSS_SECRET_KEY does not open", "set BOKBUSS_OLD_SECRET_KEY to it", "data/secret-key"]),
        ("two", "three", ["neither BOKBUSS_SECRET_KEY nor BOKBUSS_OLD_SECRET_KEY"]),
        (None, None, ["data/secret-key", "BOKBUSS_DATA"]),
    ],
)
async def test_a_key_that_opens_nothing_says_which_one(
    engine: Engine, tmp_path: Path, key: str | None, before: str | None, names: list[str]
) -> None:
    """The variable is named, the key is not."""
    await open_vault(engine, environment(tmp_path, "one-that-is-right"))
    with pytest.raises(WrongKey) as raised:
        await open_vault(engine, environment(tmp_path, key, before))
    assert all(name in str(raised.value) for name in names), str(raised.value)
    assert not any(word in str(raised.value) for word in ("one-that-is-right", "three"))


async def test_every_secret_is_locked_anew_while_others_go_on(engine: Engine, tmp_path: Path) -> None:
    """A process that runs learns of the new key before it locks; what is written meanwhile stays as it was written."""
    settings = environment(tmp_path, "two", before="one")
    vault, running = await open_vault(engine, environment(tmp_path, "one")), await open_vault(engine, settings)
    seal = vault.seal(*SOMEBODY)
    async with engine.begin() as connection:
        for number in range(450):
            row = {"tenant": f"t{number}", "locked": vault.lock(f"s{number}", context=f"t{number}/openpos")}
            await connection.execute(_SECRET, row)
    assert (await rotation.counted(engine, running))["signing_secrets.secret"] == {1: 450}
    assert await rotation.rotate(engine, running, settings, by="anna") == (2, 450)
    assert (await rotation.counted(engine, running))["signing_secrets.secret"] == {2: 450}
    later = vault.lock("written late", context="t0/openpos")
    assert running.unlock(later, context="t0/openpos") == "written late"
    await refresh(vault, engine, environment(tmp_path, "two"))
    assert vault.newest == 2
    assert vault.seal(*SOMEBODY) == seal
    async with engine.connect() as connection:
        locked = await connection.scalar(text("select secret from signing_secrets where tenant = 't7'"))
    assert vault.unlock(locked, context="t7/openpos") == "s7"


async def test_a_process_goes_on_looking_for_new_keys_however_busy_the_database_is(
    engine: Engine, prepared_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that ends ends its process, and with it every role in it."""
    settings, stop = environment(tmp_path, "one"), asyncio.Event()
    vault = await open_vault(engine, settings)
    monkeypatch.setattr(rotation, "FOLLOW_SECONDS", 0.01)
    busy = replace(store.engine(prepared_url, 1), wait=0.05)
    async with busy.connect(), busy.connect():
        following = asyncio.create_task(rotation.follow(vault, busy, settings, stop))
        assert not (await asyncio.wait({following}, timeout=0.5))[0]
    await rotation.rotate(engine, await open_vault(engine, settings), settings, by="anna")
    for _ in range(3_000):
        if vault.newest == 2:
            break
        await asyncio.sleep(0.01)
    assert vault.newest == 2
    stop.set()
    await following
    await busy.dispose()


async def test_processes_learn_of_a_new_key_also_while_kafka_is_away(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no pulse then, and a process that has a lease runs; of one that was killed its lease is long over."""
    settings, pauses = environment(tmp_path, "one"), list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(clock, "sleep", pause)
    vault, leases = await open_vault(engine, settings), Leases(engine, 10.0)
    assert await leases.acquire("fortnox/acme")
    await rotation.rotate(engine, vault, settings, by="anna")
    async with engine.begin() as connection:
        await connection.execute(text("update leases set deadline = deadline - interval '1 hour'"))
    await rotation.rotate(engine, vault, settings, by="anna")
    assert pauses == [rotation.SETTLE_SECONDS] * 2 + [0.0] * 2


async def test_a_rotation_stops_at_what_no_key_opens(engine: Engine, tmp_path: Path) -> None:
    """The keys stay, so that nothing is lost by it; the column is named."""
    settings = environment(tmp_path, "one")
    vault = await open_vault(engine, settings)
    async with engine.begin() as connection:
        await connection.execute(_SECRET, {"tenant": "t", "locked": vault.lock("s", context="another/openpos")})
    with pytest.raises(WrongKey, match=r"signing_secrets\.secret"):
        await rotation.rotate(engine, vault, settings, by="anna")
    assert [(key.number, key.done_at is None) for key in await rotation.data_keys(engine)] == [(1, True), (2, True)]


async def test_a_wrong_key_touches_nothing(database_url: str, tmp_path: Path) -> None:
    """It is refused before the tables are brought up to date, and before a new data key could hide what is locked."""
    engine = store.engine(database_url, 2)
    try:
        with psycopg.connect(database_url, autocommit=True) as server:
            server.execute("create table secrets_key (id integer primary key, wrapped bytea not null)")
            server.execute("insert into secrets_key values (1, 'of another key')")
        for wrong in (environment(tmp_path, "two"), environment(tmp_path)):
            with pytest.raises(WrongKey):
                await store.prepare(engine, proof=partial(prove, wrong))
        with psycopg.connect(database_url) as server:
            assert server.execute("select to_regclass('tenants')").fetchone() == (None,)
        assert not (tmp_path / "data").exists()
    finally:
        await engine.dispose()


async def test_secrets_without_their_data_key_are_not_hidden_by_a_new_one(engine: Engine, tmp_path: Path) -> None:
    """Somebody restored some tables and not the others."""
    async with engine.begin() as connection:
        await connection.execute(_SECRET, {"tenant": "t", "locked": b"somebody's"})
    with pytest.raises(WrongKey, match="signing_secrets"):
        await open_vault(engine, environment(tmp_path, "one"))


def test_every_column_that_is_encrypted_says_so_to_a_rotation() -> None:
    """By its comment people know that it is; by its context a rotation does."""
    said = {f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns if "encrypted" in (c.comment or "")}
    found = {f"{column.table}.{column.name}" for column in rotation.locked_columns()}
    assert said - found == {"secrets_key.wrapped"}
    assert found <= said


def test_a_signing_secret_signs() -> None:
    """It has the form of Standard Webhooks, and no two are alike."""
    first, second = signing_secret(), signing_secret()
    assert first != second
    now = datetime.now(UTC)  # noqa: TID251 - the sender's clock
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(first).sign("1", now, "body")
    assert Webhook(first).verify("body", headers, json_parse=False) is None
