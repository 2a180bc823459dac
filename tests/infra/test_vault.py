"""Secrets at rest: readable with the installation's key and for their own purpose only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from infra.settings import Settings
from infra.vault import Vault, open_vault, signing_secret

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(key=TEXTS, secret=TEXTS, context=TEXTS)
def test_a_secret_comes_back(key: str, secret: str, context: str) -> None:
    """And stands nowhere in what is stored; the same secret is never stored twice in the same way."""
    vault = Vault(SecretStr(key))
    locked = vault.lock(secret, context=context)
    assert vault.unlock(locked, context=context) == secret
    assert locked != vault.lock(secret, context=context)
    assert len(secret) < 4 or secret.encode() not in locked


@given(secret=TEXTS, other=TEXTS.filter(lambda text: text != "a/openpos"))
def test_a_row_that_was_moved_or_changed_opens_nothing(secret: str, other: str) -> None:
    """Another company's row, another key, another byte."""
    vault = Vault(SecretStr("key"))
    locked = vault.lock(secret, context="a/openpos")
    for box, stored, context in (
        (vault, locked, other),
        (Vault(SecretStr("another key")), locked, "a/openpos"),
        (vault, locked[:-1] + bytes([locked[-1] ^ 1]), "a/openpos"),
    ):
        with pytest.raises(InvalidTag):
            box.unlock(stored, context=context)


def test_a_key_is_made_once_for_processes_that_start_together(tmp_path: Path) -> None:
    """Two keys would make half of the secrets unreadable. Only the owner may read it, and nothing else is left."""
    settings = Settings(data=tmp_path / "data", _env_file=None)
    with ThreadPoolExecutor(16) as threads:
        vaults = list(threads.map(lambda _: open_vault(settings), range(64)))
    locked = vaults[0].lock("secret", context="")
    assert {vault.unlock(locked, context="") for vault in vaults} == {"secret"}
    [path] = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_named_key_is_used_and_written_nowhere(tmp_path: Path) -> None:
    """BOKBUSS_SECRET_KEY wins."""
    settings = Settings(data=tmp_path, secret_key=SecretStr("named"), _env_file=None)
    assert Vault(SecretStr("named")).unlock(open_vault(settings).lock("x", context="c"), context="c") == "x"
    assert list(tmp_path.iterdir()) == []


def test_a_signing_secret_signs() -> None:
    """It has the form of Standard Webhooks, and no two are alike."""
    first, second = signing_secret(), signing_secret()
    assert first != second
    now = datetime.now(UTC)  # noqa: TID251 - the sender's clock
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(first).sign("1", now, "body")
    assert Webhook(first).verify("body", headers, json_parse=False) is None
