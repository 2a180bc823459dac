"""The host's settings: what of an environment is taken, and what is refused with a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.alexishr.settings import AlexisHRSettings
from connectors.fortnox.settings import FortnoxSettings
from connectors.huma.settings import HumaSettings
from infra import registry
from infra.environment import PINNED, WrongEnvironment, load, whole
from infra.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "https://api.fortnox.se/3",
        "http://127.0.0.1:8400/3",
        "http://127.1.2.3/3",
        "http://localhost:8400/3",
        "http://[::1]:8400/3",
    ],
)
def test_an_address_is_encrypted_or_this_machines_own(url: str) -> None:
    """A sandbox on this machine needs no certificate."""
    assert FortnoxSettings(api_url=url, auth_url=url).api_url == url
    assert (AlexisHRSettings(api_url=url).api_url, HumaSettings(api_url=url).api_url) == (url, url)


@pytest.mark.parametrize(
    "url", ["http://api.fortnox.se/3", "http://localhost.evil.se/3", "http://10.0.0.7/3", "ftp://127.0.0.1/3", "", "x"]
)
@pytest.mark.parametrize("field", ["api_url", "auth_url"])
def test_tokens_never_travel_in_the_clear(url: str, field: str) -> None:
    """Whoever listens on the way would have the company's books."""
    with pytest.raises(ValidationError, match="begins with https://"):
        FortnoxSettings.model_validate({field: url})


def test_what_a_folder_pins_holds_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its companies reach the systems that are named there, and what is not named is the environment's."""
    (tmp_path / PINNED).write_text(json.dumps({"fortnox": {"api_url": "http://127.0.0.1:1/3"}, "port": 4711}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKBUSS_DATA", str(tmp_path))
    monkeypatch.setenv("BOKBUSS_FORTNOX__API_URL", "https://api.fortnox.se/3")
    monkeypatch.setenv("BOKBUSS_FORTNOX__SETTLE_SECONDS", "7")
    settings = load()
    assert (settings.of(FortnoxSettings).api_url, settings.port) == ("http://127.0.0.1:1/3", 4711)
    assert settings.of(FortnoxSettings).settle_seconds == 7


def test_what_a_folder_pins_and_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Half of it is not nothing: commands would go past it. A folder that is somebody else's is told as such."""

    def said() -> str:
        program = [sys.executable, "-c", "from infra.cli import main; main()", "tenant", "list"]
        environment = {**os.environ, "BOKBUSS_DATA": str(tmp_path)}
        ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False), ended.stderr
        return " ".join(ended.stderr.split())

    (tmp_path / PINNED).write_text('{"fortnox": {"ap')
    assert "pinned.json is not whole: start its demo again" in said()
    (tmp_path / PINNED).unlink()
    (tmp_path / PINNED).mkdir()
    assert "cannot be used: Is a directory" in said()


def test_each_system_has_a_section_of_its_own() -> None:
    """Read by its class; who takes orders says how patient we are; no section hides a setting of the host."""
    settings = whole()(_env_file=None)
    brought = {name: system.settings for name, system in registry.systems().items() if system.settings is not None}
    assert {name: type(getattr(settings, name)) for name in brought} == brought
    assert all(settings.of(section) is getattr(settings, name) for name, section in brought.items())
    assert all(settings.sink(sink.system).budget for sink in registry.sinks())
    assert brought.keys().isdisjoint(Settings.model_fields)


def test_settings_that_nobody_brings_are_named() -> None:
    """Whoever writes a connector learns where they are to be said."""
    with pytest.raises(LookupError, match=r"no system brings HumaSettings: it is the settings of a SYSTEM"):
        Settings(_env_file=None).of(HumaSettings)
    with pytest.raises(TypeError, match="openpos takes orders, and brings no SinkSettings"):
        whole()(_env_file=None).sink("openpos")


def test_a_wrong_environment_lists_the_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable by its name, in words, and never a secret."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKBUSS_LANGUAGE", "no")
    monkeypatch.setenv("BOKBUSS_PORT", "many")
    with pytest.raises(WrongEnvironment) as told:
        load()
    assert "BOKBUSS_LANGUAGE: it says 'no'; it can be: sv, en" in str(told.value)
    assert "BOKBUSS_PORT: input should be a valid integer" in str(told.value)


def test_a_secret_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Docker, Kubernetes and systemd give it: called as its variable; the variable itself counts before it."""
    monkeypatch.setenv("BOKBUSS_SECRETS_DIR", str(tmp_path))
    (tmp_path / "bokbuss_secret_key").write_text("of a file\n")
    (tmp_path / "BOKBUSS_FORTNOX__CLIENT_SECRET").write_text("nested")
    (tmp_path / "bokbuss_mail__password").write_text("in a file")
    (tmp_path / "somebody_elses").write_text("not ours")
    settings = load()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "of a file"
    assert settings.of(FortnoxSettings).client_secret.get_secret_value() == "nested"
    monkeypatch.setenv("BOKBUSS_MAIL__PASSWORD", "of the environment")
    assert load().mail.password.get_secret_value() == "of the environment"


def test_a_folder_of_secrets_that_is_not_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names one means it: without its secrets nothing starts."""
    monkeypatch.setenv("BOKBUSS_SECRETS_DIR", str(tmp_path / "away"))
    with pytest.raises(WrongEnvironment, match="away"):
        load()
