"""Secrets at rest: readable with the installation's key and for their own purpose only."""

import asyncio
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from infra.access.vault import Vault, WrongKey, made_key, open_vault, signing_secret
from infra.settings import Settings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.binary(min_size=32, max_size=32)
KEY = bytes(range(32))
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


async def test_processes_that_start_together_share_one_data_key(engine: AsyncEngine, tmp_path: Path) -> None:
    """The first one writes it down, and the others read it."""
    vaults = await asyncio.gather(*(open_vault(engine, environment(tmp_path, "key")) for _ in range(20)))
    assert {vault.seal(*SOMEBODY) for vault in vaults} == {vaults[0].seal(*SOMEBODY)}


async def test_a_named_key_is_used_and_written_nowhere(engine: AsyncEngine, tmp_path: Path) -> None:
    """BOKBUSS_SECRET_KEY wins over a key that was made."""
    await open_vault(engine, environment(tmp_path, "named"))
    assert not (tmp_path / "data").exists()
    made_key(tmp_path / "data")
    await open_vault(engine, environment(tmp_path, "named"))


async def test_a_key_is_replaced_and_everything_still_opens(engine: AsyncEngine, tmp_path: Path) -> None:
    """With the one before named beside it; from then on the new one is enough, and the old one opens nothing."""
    locked = (await open_vault(engine, environment(tmp_path, "one"))).lock("secret", context="c")
    both = environment(tmp_path, "two", before="one")
    vaults = await asyncio.gather(*(open_vault(engine, both) for _ in range(5)))
    vaults += [await open_vault(engine, both), await open_vault(engine, environment(tmp_path, "two"))]
    assert {vault.unlock(locked, context="c") for vault in vaults} == {"secret"}
    with pytest.raises(WrongKey):
        await open_vault(engine, environment(tmp_path, "one"))


async def test_a_made_key_can_be_replaced_by_a_named_one(engine: AsyncEngine, tmp_path: Path) -> None:
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
    engine: AsyncEngine, tmp_path: Path, key: str | None, before: str | None, names: list[str]
) -> None:
    """The variable is named, the key is not."""
    await open_vault(engine, environment(tmp_path, "one-that-is-right"))
    with pytest.raises(WrongKey) as raised:
        await open_vault(engine, environment(tmp_path, key, before))
    assert all(name in str(raised.value) for name in names), str(raised.value)
    assert not any(word in str(raised.value) for word in ("one-that-is-right", "three"))


def test_a_signing_secret_signs() -> None:
    """It has the form of Standard Webhooks, and no two are alike."""
    first, second = signing_secret(), signing_secret()
    assert first != second
    now = datetime.now(UTC)  # noqa: TID251 - the sender's clock
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(first).sign("1", now, "body")
    assert Webhook(first).verify("body", headers, json_parse=False) is None
