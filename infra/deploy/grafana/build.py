"""Builds the dashboard: is money reaching the books, and if not, whose move is it? Run it after a change.

A panel's title is the question that it answers.
"""

import json
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).with_name("bokbuss.json")
_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_T = '{tenant=~"$tenant"}'

# Pauses that end when the target is well again, and those that end when the company opens its year. The rest is ours.
_TARGET = ".*unreachable|.*throttled|.*_failing|list_.*|answer_.*"
_ACCOUNTANT = "financial_year_.*"

Query = tuple[str, str]
"""A legend and an expression."""


def gauge(metric: str, by: str = "tenant") -> str:
    """Return a gauge about all of bokbuss, which several processes may tell: one of them, for each label."""
    return f"max by ({by}) ({metric}{_T})"


def total(expression: str) -> str:
    """Return a sum that is 0, not empty, when there is nothing."""
    return f"(sum({expression}) or vector(0))"


def paused(comparison: str, codes: str) -> str:
    """Return how many lanes are paused with a code like (``=~``) or unlike (``!~``) a pattern."""
    return total(f'max by (tenant, sink) (bokbuss_lane_paused{{tenant=~"$tenant", code{comparison}"{codes}"}})')


def _steps(*limits: float) -> dict[str, Any]:
    """Return thresholds: green, then yellow from the first of two limits on, and red from the last one on."""
    colours = ["yellow", "red"][-len(limits) :] if limits else []
    steps = [{"color": colour, "value": limit} for colour, limit in zip(colours, limits, strict=True)]
    return {"mode": "absolute", "steps": [{"color": "green", "value": None}, *steps]}


def panel(kind: str, title: str, unit: str, *queries: Query, limits: tuple[float, ...] = ()) -> dict[str, Any]:
    """Return a panel without its place."""
    graph = kind == "timeseries"
    defaults: dict[str, Any] = {"unit": unit, "thresholds": _steps(*limits), "min": 0}
    if graph:
        defaults["custom"] = {"fillOpacity": 10, "thresholdsStyle": {"mode": "line" if limits else "off"}}
        options: dict[str, Any] = {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        }
    else:
        options = {"colorMode": "background", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"]}}
    targets = [
        {"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "instant": not graph, "range": graph}
        for i, (legend, expression) in enumerate(queries)
    ]
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": targets,
    }


def companies(title: str, *columns: tuple[str, str, str, tuple[float, ...]]) -> dict[str, Any]:
    """Return a table of companies, one column for each (name, unit, expression by tenant, limits), the worst first."""
    table = panel("table", title, "short", *((name, expression) for name, _, expression, _ in columns))
    for target in table["targets"]:
        target["format"] = "table"
    names = {f"Value #{chr(ord('A') + i)}": name for i, (name, _, _, _) in enumerate(columns)}
    table["transformations"] = [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {"excludeByName": {"Time": True}, "renameByName": {"tenant": "company", **names}},
        },
    ]
    table["options"] = {"sortBy": [{"displayName": columns[0][0], "desc": True}]}
    table["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [
                {"id": "unit", "value": unit},
                {"id": "thresholds", "value": _steps(*limits)},
                {"id": "custom.cellOptions", "value": {"type": "color-background"}},
            ],
        }
        for name, unit, _, limits in columns
    ]
    return table


def quantile(q: float) -> str:
    """Return a quantile of the seconds from accepted to booked."""
    buckets = 'sum by (le) (rate(bokbuss_fact_age_seconds_bucket{stage="booked"}[$__rate_interval]))'
    return f"histogram_quantile({q}, {buckets})"


def rate(by: str, counter: str) -> str:
    """Return a rate per second, by labels."""
    return f"sum by ({by}) (rate({counter}[$__rate_interval]))"


_LOST = f"sum by (tenant) ({gauge('bokbuss_unknown_outcomes', 'tenant, sink')})"
_HELD = f"sum by (tenant) ({gauge('bokbuss_held_reviews', 'tenant, reason')})"
_OLDEST = gauge("bokbuss_oldest_unfinished_fact_seconds")
_DEAD = "max by (topic) (bokbuss_dead_letters)"

ROWS: list[tuple[int, list[tuple[int, dict[str, Any]]]]] = [
    # Height, then width (of 24) and panel.
    (5, [
        (8, panel(
            "stat", "Is money reaching the books?", "short",
            ("booked in 24 h", total('increase(bokbuss_facts_finished_total{outcome="booked"}[24h])')),
            ("unfinished", total("max by (sink, state) (bokbuss_orders_waiting)")),
            ("held", total(_HELD)),
        )),
        (4, panel(
            "stat", "How old is the oldest unfinished fact?", "s",
            ("", f"max({_OLDEST}) or vector(0)"), limits=(300, 600),
        )),
        (4, panel("stat", "How many writes have an unknown outcome?", "short", ("", total(_LOST)), limits=(1, 5))),
        (8, panel(
            "stat", "Whose move is it?", "short",
            ("accountant", f"{total(_HELD)} + {paused('=~', _ACCOUNTANT)}"),
            ("operator", f"{total(_DEAD)} + {paused('!~', f'{_TARGET}|{_ACCOUNTANT}')}"),
            ("the target", f"{total(_LOST)} + {paused('=~', _TARGET)}"),
            limits=(1,),
        )),
    ]),
    (8, [
        (24, companies(
            "Which company needs someone?",
            ("oldest unfinished", "s", _OLDEST, (300, 600)),
            ("unknown outcomes", "short", _LOST, (1,)),
            ("unknown for", "s", gauge("bokbuss_unknown_outcome_age_seconds"), (300, 1800)),
            ("lane paused", "bool_yes_no", gauge("bokbuss_lane_paused"), (1,)),
            ("held", "short", _HELD, (1,)),
            ("held for", "s", gauge("bokbuss_held_review_age_seconds"), (86400, 172800)),
            ("token ends in", "s", gauge("bokbuss_token_left_seconds"), ()),
            ("budget used", "percentunit", gauge("bokbuss_target_budget_used_ratio"), ()),
        )),
    ]),
    (7, [
        (8, panel(
            "timeseries", "Does as much come out as comes in?", "cps",
            ("accepted from {{system}}", rate("system", "bokbuss_facts_accepted_total")),
            ("{{outcome}}", rate("outcome", "bokbuss_facts_finished_total")),
        )),
        (8, panel(
            "timeseries", "How long from accepted to booked?", "s",
            ("half within", quantile(0.5)), ("99 of 100 within", quantile(0.99)), limits=(600,),
        )),
        (8, panel(
            "timeseries", "How much of a target's budget is in use?", "percentunit",
            ("{{tenant}} at {{sink}}", gauge("bokbuss_target_budget_used_ratio", "tenant, sink")),
        )),
    ]),
    (7, [
        (8, panel(
            "timeseries", "Does the work keep up?", "s",
            ("{{group}} {{topic}}", "max by (group, topic) (bokbuss_consumer_lag_seconds)"), limits=(60, 300),
        )),
        (8, panel(
            "timeseries", "How do the targets answer?", "reqps",
            ("{{sink}} {{operation}} {{outcome}}", rate("sink, operation, outcome", "bokbuss_target_requests_total")),
            ("429 {{sink}} {{tenant}}", rate("sink, tenant", f"bokbuss_target_throttled_total{_T}")),
        )),
        (8, panel(
            "timeseries", "What do we answer to deliveries?", "reqps",
            ("{{system}} {{status}}", rate("system, status", "bokbuss_deliveries_total")),
        )),
    ]),
    (7, [
        (8, panel(
            "timeseries", "Is any process late?", "s",
            ("{{role}} {{instance}}", "max by (role, instance) (bokbuss_event_loop_lag_seconds)"), limits=(0.5, 1),
        )),
        (8, panel(
            "timeseries", "Did Faust skip anything?", "short",
            ("{{topic}}", "sum by (topic) (increase(bokbuss_offset_holes_total[$__rate_interval]))"), limits=(1,),
        )),
        (8, panel(
            "timeseries", "What can nobody read, and what waits for the audit trail?", "short",
            ("dead letters of {{topic}}", _DEAD), ("audit records", "max(bokbuss_audit_unpublished_records)"),
        )),
    ]),
]  # fmt: skip


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for height, row in ROWS:
        x = 0
        for width, one in row:
            place = {"x": x, "y": y, "w": width, "h": height}
            panels.append({"id": len(panels) + 1, "gridPos": place, **one})
            x += width
        y += height
    tenants = "label_values(bokbuss_target_budget_used_ratio, tenant)"
    variable = {
        "name": "tenant",
        "label": "Company",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": tenants, "refId": "tenants"},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
    return {
        "uid": "bokbuss",
        "title": "bokbuss: is money reaching the books, and if not, whose move is it?",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [variable]},
        "panels": panels,
    }


def text() -> str:
    """Return the dashboard as the bytes of its file."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(text(), "utf-8")
