"""The dashboards: generated, of declared metrics, and every expression can be run."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "infra" / "deploy"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """Return the builder, which is a script and no part of a package."""
    spec = importlib.util.spec_from_file_location("grafana_build", DEPLOY / "grafana" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCREENS = [json.loads(file.read_text("utf-8")) for file in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))]


def panels() -> list[dict[str, Any]]:
    """Return the panels of all committed dashboards."""
    return [panel for screen in SCREENS for panel in screen["panels"]]


def test_the_committed_dashboards_are_what_the_builder_builds(build: ModuleType) -> None:
    """Nobody edits the JSON: run infra/deploy/grafana/build.py after a change."""
    folder = DEPLOY / "grafana" / "dashboards"
    assert {file.name: file.read_text("utf-8") for file in folder.iterdir()} == build.files()


def test_each_screen_is_a_question_of_its_own() -> None:
    """Six of them, which lead to each other."""
    assert len({screen["title"] for screen in SCREENS}) == len({screen["uid"] for screen in SCREENS}) == 6
    assert all(screen["title"].endswith("?") and screen["tags"] == ["bokbuss"] for screen in SCREENS)
    assert all(screen["links"][0]["tags"] == ["bokbuss"] for screen in SCREENS)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_answers_a_question_in_a_unit(panel: dict[str, Any]) -> None:
    """A title is a question, and numbers have a unit."""
    assert panel["title"].endswith("?")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen["uid"])
def test_panels_fill_the_screen_without_overlap(screen: dict[str, Any]) -> None:
    """Each of the 24 columns of each line of the grid belongs to exactly one panel."""
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in screen["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)) == 24 * (max(y for _, y in cells) + 1)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
def test_every_expression_can_be_run(tmp_path: Path) -> None:
    """Prometheus understands each panel's query, once Grafana has filled in its variables."""
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
    filled = [re.sub(r"\$(tenant|sink)\b", ".*", e).replace("$__rate_interval", "1m") for e in expressions]
    rules = [{"record": f"panel:{number}", "expr": e} for number, e in enumerate(filled)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    command = ["promtool", "check", "rules", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(expressions)} rules found" in run.stdout


def test_a_runbook_names_only_panels_that_exist() -> None:
    """What a runbook sends people to is on the screen under that title."""
    titles = {panel["title"] for panel in panels()}
    for file in sorted((DEPLOY / "runbooks").glob("*.md")):
        named = re.findall(r"\*([^*]+\?)\*", " ".join(file.read_text("utf-8").split()))
        assert set(named) <= titles, file.name


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)")
def test_a_source_that_is_silent_is_seen_also_after_a_new_start(tmp_path: Path) -> None:
    """A process that was started anew knows of none that told it nothing, and who fell silent before is asked for."""
    asked = {target["expr"] for panel in panels() for target in panel["targets"] if "source_last" in target["expr"]}
    assert len(asked) == 1, "both screens that tell it tell the same"
    told = 'bokbuss_source_last_accepted_timestamp_seconds{{tenant="fika", system="{system}", instance="{instance}"}}'
    case = {
        "interval": "10m",
        "input_series": [
            {"series": told.format(system="openpos", instance="old"), "values": "0x11 stale"},
            {"series": told.format(system="huma", instance="old"), "values": "0+600x11 stale"},
            {"series": told.format(system="huma", instance="new"), "values": "_x13 7800+600x400"},
        ],
        "promql_expr_test": [
            {
                "expr": expr.replace("$tenant", ".*"),
                "eval_time": "48h",
                "exp_samples": [
                    {"labels": '{tenant="fika", system="openpos"}', "value": 48 * 3600},
                    {"labels": '{tenant="fika", system="huma"}', "value": 0},
                ],
            }
            for expr in asked
        ],
    }
    file = tmp_path / "silent_test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "10m", "tests": [case]}))
    command = ["promtool", "test", "rules", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
