"""What every verb keeps: an unknown company is an error that names the nearest, and who decides need not be said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra import cli
from infra.commanding import WrongUsage
from infra.verbs import verbs

NEEDED = {
    "file": "z.json",
    "system": "openpos",
    "email": "anna@example.se",
    "hold": "openpos/K1/1",
    "holds": "openpos/K1/1",
    "answer": "keep",
    "what": "F",
    "person": "huma/1",
    "way": "kassa",
    "employee_id": "1",
    "reason": "other",
    "flow": "employees",
    "field": "city",
    "year": "2026",
    "since": "2026-04-01",
    "first": "2026-04-01",
    "difference": "3f9c01aa27de",
    "holder": "Revision AB",
    "key_id": "1f0c9a7be2d4",
    "out": "year.zip",
    "chosen": "sie",
    "paths": ".",
    "last": "2026-04-30",
}
"""Something for each argument that a verb cannot do without."""


def members(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every verb by its words."""
    for member, inner in getattr(command, "commands", {}).items():
        yield from members(inner, (*name, member))
    if not getattr(command, "commands", {}) or command.invoke_without_command:
        yield name, command


EVERY = {name: verb for each in verbs().values() for name, verb in members(each.load(), (each.name,))}
OF_A_COMPANY = [name for name, verb in EVERY.items() if any(p.name == "tenant" for p in verb.params)]


def typed(name: tuple[str, ...], tenant: str) -> list[str]:
    """Return a verb with a company, and with as little as it can do with besides."""
    words: list[str] = []
    for parameter in EVERY[name].params:
        value = tenant if parameter.name == "tenant" else NEEDED.get(parameter.name or "")
        if parameter.param_type_name == "argument":
            if parameter.required or parameter.name == "tenant":
                assert value is not None, f"{' '.join(name)} {parameter.name}: add a value to NEEDED"
                words.append(value)
        elif parameter.required or parameter.name == "tenant":
            assert value is not None, f"{' '.join(name)} {parameter.name}: add a value to NEEDED"
            words += [parameter.opts[0], value]
    return [*name, *words]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a file that can be named."""
    made = tmp_path_factory.mktemp("verbs")
    (made / "z.json").write_text("{}")
    return made


@pytest.mark.parametrize("name", [n for n in OF_A_COMPANY if n != ("tenant", "add")], ids=" ".join)
def test_an_unknown_company_is_told_by_the_nearest(
    name: tuple[str, ...], prepared_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never an empty list: that nothing waits, or was wrong, would be believed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BOKBUSS_DATA", str(folder))
    monkeypatch.setenv("BOKBUSS_DATABASE__URL", prepared_url)
    monkeypatch.setenv("BOKBUSS_KAFKA__BOOTSTRAP", "127.0.0.1:9")  # nobody is there: it is not asked
    added = CliRunner().invoke(cli.app, ["tenant", "add", "krogen-soder"])
    assert added.exit_code == 0, added.output
    result = CliRunner().invoke(cli.app, typed(name, "krogen-sodar"))
    assert isinstance(result.exception, WrongUsage), (result.output, result.exception)
    assert "did you mean krogen-soder?" in str(result.exception)


@pytest.mark.parametrize("name", list(EVERY), ids=" ".join)
def test_who_decides_need_not_be_said(name: tuple[str, ...]) -> None:
    """It is whoever runs the command."""
    assert not any(parameter.required for parameter in EVERY[name].params if parameter.name == "by")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ways", "secret", "krogen", "kassa", "--file", "key.der"), "is no text"),
        (("backfill", "openpos", ".", "--tenant", "krogen", "--from", "2026-05-01", "--to", "2026-04-01"), "is before"),
        (("settings", "simulate", "krogen", "z.json", "--since", "2026-05-01", "--until", "2026-04-01"), "is before"),
        (("tenant", "add", "krogen", "--database-number", "9" * 20), "database-number"),
        (("audit", "--limit", "9" * 20), "limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_nobody_can_mean_is_wrong_usage(
    words: tuple[str, ...], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said before anything is asked: neither a fault of ours, nor that nothing was found."""
    monkeypatch.chdir(folder)
    (folder / "key.der").write_bytes(b"\x30\x82\xff\xfe")
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 2 or isinstance(result.exception, WrongUsage), result.output
    assert said in f"{result.output}{result.exception}"
