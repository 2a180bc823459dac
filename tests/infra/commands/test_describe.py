"""Before anything is connected: how a system is used, what is done with it, which fields travel."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from infra import registry
from infra.cli import app
from infra.commanding import WrongUsage
from infra.plugin import System


def described(*words: str) -> Any:
    """Return what the verb says to programs."""
    return json.loads(CliRunner().invoke(app, ["describe", *words, "--json"], catch_exceptions=False).stdout)


@pytest.mark.parametrize("system", [s.name for s in registry.systems().values() if s.source or s.sinks])
def test_every_system_is_described(system: str) -> None:
    """What it is, how it is set up, what it tells or carries out; the fields of people where it has people."""
    found = described(system)
    assert found["about"]
    assert "|" not in found["about"]
    assert found["sections"]["Set-up"]
    assert found["tells"] or found["carries_out"]
    assert all(said and "\n" not in said for said in (*found["tells"].values(), *found["carries_out"].values()))
    assert found["fields"] == dict(registry.systems()[system].names)
    assert system in described()


@pytest.mark.parametrize(
    "system", [s for s in registry.systems().values() if s.choices], ids=lambda system: system.name
)
def test_what_a_company_can_choose_is_described(system: System) -> None:
    """Of a field that one of ours can be, the first is the one that is shown without a choice."""
    said = described(system.name)["sections"]["What becomes what"]
    for ours, theirs in system.choices.items():
        assert theirs[0] == system.names[ours]
        assert any(f"`{ours}`" in row and all(f"`{one}`" in row for one in theirs) for row in said.splitlines())


def test_people_read_it_within_their_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """In headings, lists and tables; no line is longer than 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, ["describe", "huma"], catch_exceptions=False).stdout
    assert "What becomes what" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_an_unknown_system_is_told_by_the_nearest() -> None:
    """As everywhere."""
    with pytest.raises(WrongUsage, match="did you mean huma"):
        CliRunner().invoke(app, ["describe", "humma"], catch_exceptions=False)
