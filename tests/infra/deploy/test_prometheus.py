"""The alert rules: sound, tested, of declared metrics, each with a runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from infra import telemetry

DEPLOY = Path(__file__).parents[3] / "infra" / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
CASES = ("alerts_test.yml", "alerts_over_hours_test.yml")
TESTS = [test for file in CASES for test in yaml.safe_load((PROMETHEUS / file).read_text("utf-8"))["tests"]]
NOT_OURS = {
    *("process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds"),
    "up",
}
ALWAYS = "Watchdog"
"""Fires whatever happens, and is the one that never stays silent."""

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not installed (Debian: prometheus)"
)


def promtool(*arguments: str) -> None:
    """Run promtool beside the rules, and fail with what it says."""
    command = ["promtool", *arguments]
    run = subprocess.run(command, cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def series() -> dict[str, set[str]]:
    """Return the labels of every series that the declared metrics make, by its name as Prometheus shows it."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}
    metrics = [metric for metric in vars(telemetry).values() if isinstance(metric, MetricWrapperBase)]
    return {
        f"{family.name}{suffix}": {*metric._labelnames, *(["le"] if suffix == "_bucket" else [])}
        for metric in metrics
        for family in metric.describe()
        for suffix in suffixes[family.type]
    }


def expressions() -> list[tuple[str, str]]:
    """Return every expression that people look at or are called by, with the place where it stands."""
    screens = [json.loads(file.read_text("utf-8")) for file in (DEPLOY / "grafana" / "dashboards").glob("*.json")]
    panels = [(p["title"], target["expr"]) for screen in screens for p in screen["panels"] for target in p["targets"]]
    return [(rule.get("alert", rule.get("record")), rule["expr"]) for rule in RULES] + panels


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics in an expression: ours, those of every process, and up."""
    return set(re.findall(r"\b(?:bokbuss|process|python)_\w+|\bup\b", expression))


def selections_in(expression: str) -> set[tuple[str, str]]:
    """Return each of our metrics that is selected by a label, with the label."""
    return {
        (name, label)
        for name, selector in re.findall(r"(bokbuss_\w+)\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*[=!]", re.sub(r'"[^"]*"', "", selector))
    }


def test_expressions_use_only_declared_metrics() -> None:
    """A metric that infra/telemetry.py does not declare does not exist; nobody waits for it."""
    known = {*series(), *NOT_OURS}
    assert [(place, used - known) for place, e in expressions() if not (used := metrics_in(e)) <= known] == []
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    for place, e in expressions():
        used = set(re.findall(r"\bbokbuss:[\w:]+", e))
        assert used <= recorded, place
        assert place == ALWAYS or used or metrics_in(e), place


def test_expressions_select_by_labels_that_the_metric_has() -> None:
    """A selector on a label that a metric has not got selects nothing, silently."""
    known = series()
    wrong = [
        (place, name, label)
        for place, e in expressions()
        for name, label in selections_in(e)
        if label not in known[name]
    ]
    assert wrong == []


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_about_a_company_at_a_system_names_both(alert: dict[str, Any]) -> None:
    """A company's HR system being away must not pass for its ledger."""
    known = series()
    grouped = re.findall(r"by \(([^)]*)\) \(\w*\(?(bokbuss_\w+)", alert["expr"])
    for by, name in grouped:
        for both in ({"tenant", "sink"}, {"tenant", "system"}):
            assert not both <= known[name] or both <= set(re.split(r",\s*", by)), (by, name)


def test_a_made_up_metric_or_label_would_be_found() -> None:
    """The checks above can fail: they see the names in an expression."""
    expression = 'sum(rate(bokbuss_nothing_total{employee="x", kind=~".*"}[5m])) > up'
    assert metrics_in(expression) == {"bokbuss_nothing_total", "up"}
    assert "bokbuss_nothing_total" not in series()
    assert selections_in(expression) == {("bokbuss_nothing_total", "employee"), ("bokbuss_nothing_total", "kind")}
    assert series()["bokbuss_fact_age_seconds_bucket"] == {"kind", "stage", "le"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_it_means_and_what_to_do(alert: dict[str, Any]) -> None:
    """Severity, a summary, a description with the number, and the runbook of its own name."""
    assert alert["labels"]["severity"] in ({"none"} if alert["alert"] == ALWAYS else {"page", "ticket"})
    notes = alert["annotations"]
    assert notes["summary"]
    assert "$value" in notes["description"]
    assert notes["runbook_url"] == f"infra/deploy/runbooks/{alert['alert']}.md"


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    """Nobody is called without being told what to do, and no page is left over."""
    assert {file.stem for file in (DEPLOY / "runbooks").glob("*.md")} == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_a_runbook_has_its_five_parts(alert: dict[str, Any]) -> None:
    """Meaning, impact, how to check, mitigation, follow-up: in this order."""
    text = (DEPLOY / "runbooks" / f"{alert['alert']}.md").read_text("utf-8")
    assert text.startswith(f"# {alert['alert']}\n")
    parts = ["Meaning", "Impact", "How to check", "Mitigation", "Follow-up"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == parts
    check = text.partition("## How to check")[2].partition("## Mitigation")[0]
    assert re.search(r"`(bokbuss|curl|kubectl|docker compose) ", check), "a command to type"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_case_that_fires_and_one_that_does_not(alert: dict[str, Any]) -> None:
    """An alert that was never seen to fire, or never to stay silent, is a guess."""
    names = [case["name"] for case in TESTS]
    assert any(name.startswith(f"{alert['alert']} fires ") for name in names)
    assert alert["alert"] == ALWAYS or any(name.startswith(f"{alert['alert']} stays silent ") for name in names)


def expected(case: dict[str, Any]) -> str:
    """Return all that a case expects, as text."""
    return json.dumps([t.get("exp_samples", t.get("exp_alerts")) for t in case.get("promql_expr_test", [])]) + "".join(
        test["alertname"] for test in case.get("alert_rule_test", []) if test["exp_alerts"]
    )


@pytest.mark.parametrize("case", TESTS, ids=lambda case: case["name"])
def test_a_case_expects_what_its_name_says(case: dict[str, Any]) -> None:
    """A case that is called "fires" expects that alert, and one called "stays silent" does not."""
    name, verb = case["name"].split()[:2]
    assert (name in expected(case)) == (verb == "fires")


def test_a_process_is_of_the_role_that_its_name_begins_with() -> None:
    """Also where Prometheus runs in another namespace, as docs/operations.md says: NoMetrics asks for these roles."""
    [job] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    [relabel] = job["relabel_configs"]
    whole = re.compile(relabel.get("regex", "(.*)"))
    [found] = job["dns_sd_configs"]
    names = [f"{name}{elsewhere}" for name in found["names"] for elsewhere in ("", "-metrics", "-metrics.bokbuss.svc")]
    roles = {match[1] for name in names if (match := whole.fullmatch(name))}
    [silent] = [alert["expr"] for alert in ALERTS if alert["alert"] == "NoMetrics"]
    assert roles == set(re.findall(r'role="(\w+)"', silent))


@needs_promtool
def test_the_rules_are_sound() -> None:
    """Prometheus reads its configuration and all rules in it."""
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "--lint-fatal", "alerts.yml")


@needs_promtool
def test_each_alert_fires_when_it_should_and_only_then() -> None:
    """Both files of cases hold."""
    promtool("test", "rules", *CASES)
