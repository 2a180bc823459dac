"""Builds the dashboards: a screen for each question, of panels that are the questions below it. Run it after a change.

What can be nothing for good reasons is 0 (``total``), not empty: an empty panel is a broken one.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).with_name("dashboards")
_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_T = '{tenant=~"$tenant"}'

# Pauses that end when the target is well again, and those that end when the company opens its year. The rest is ours.
_TARGET = ".*unreachable|.*throttled|.*_failing|list_.*|answer_.*"
_ACCOUNTANT = "financial_year_.*"
_WIDTH = 24

Query = tuple[str, str]
"""A legend and an expression."""
Panel = dict[str, Any]


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
    """Return thresholds: green, then yellow from the first of two limits on, and red from the last one on.

    Two limits that fall mean the contrary: green above the first one, red below the last.
    """
    if list(limits) != sorted(limits):
        good, poor = limits
        steps = [{"color": "yellow", "value": poor}, {"color": "green", "value": good}]
        return {"mode": "absolute", "steps": [{"color": "red", "value": None}, *steps]}
    colours = ["yellow", "red"][-len(limits) :] if limits else []
    steps = [{"color": colour, "value": limit} for colour, limit in zip(colours, limits, strict=True)]
    return {"mode": "absolute", "steps": [{"color": "green", "value": None}, *steps]}


def graph(title: str, unit: str, *queries: Query, limits: tuple[float, ...] = ()) -> Panel:
    """Return a graph, with lines at its limits."""
    made = _panel("timeseries", title, unit, *queries, limits=limits)
    style = {"fillOpacity": 10, "thresholdsStyle": {"mode": "line" if limits else "off"}}
    made["fieldConfig"]["defaults"]["custom"] = style
    made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    for target in made["targets"]:
        target |= {"instant": False, "range": True}
    return made


def stat(title: str, unit: str, *queries: Query, limits: tuple[float, ...] = (), share: int = 1) -> Panel:
    """Return a number, whose colour says what is beyond its limits; it takes so many shares of its row."""
    return _panel("stat", title, unit, *queries, limits=limits) | {"share": share}


def _panel(kind: str, title: str, unit: str, *queries: Query, limits: tuple[float, ...] = ()) -> Panel:
    """Return a panel of numbers as they are now, without its place."""
    defaults: dict[str, Any] = {"unit": unit, "thresholds": _steps(*limits), "min": 0}
    options = {"colorMode": "background", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"]}}
    targets = [
        {"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "instant": True, "range": False}
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


def table(title: str, labels: dict[str, str], *columns: tuple[str, str, str, tuple[float, ...]]) -> Panel:
    """Return a table: one column for each (name, unit, expression, limits), the worst first.

    Args:
        labels: what the expressions are by, and how each of these columns is called.
    """
    made = _panel("table", title, "short", *((name, expression) for name, _, expression, _ in columns))
    for target in made["targets"]:
        target["format"] = "table"
    names = {f"Value #{chr(ord('A') + i)}": name for i, (name, _, _, _) in enumerate(columns)}
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {"excludeByName": {"Time": True}, "renameByName": labels | names},
        },
    ]
    made["options"] = {"sortBy": [{"displayName": columns[0][0], "desc": True}]}
    made["fieldConfig"]["overrides"] = [
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
    return made


def quantile(q: float, histogram: str, *by: str, where: str = "") -> str:
    """Return a quantile of a histogram of seconds."""
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket{where}[$__rate_interval])))"


def usual_and_slow(histogram: str, *by: str, where: str = "") -> tuple[Query, Query]:
    """Return what half of all stays within, and 99 of 100."""
    names = _legend(by)
    return (
        (f"{names} half within".strip(), quantile(0.5, histogram, *by, where=where)),
        (f"{names} 99 of 100 within".strip(), quantile(0.99, histogram, *by, where=where)),
    )


def _legend(labels: Iterable[str]) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in labels)


def each(by: str, expression: str, how: str = "max") -> Query:
    """Return a query that has a line for each of some labels, and calls it by them."""
    return _legend(by.split(", ")), f"{how} by ({by}) ({expression})"


def rate(by: str, counter: str) -> Query:
    """Return a rate per second, by labels."""
    return each(by, f"rate({counter}[$__rate_interval])", "sum")


_WHERE_SINK = '{sink=~"$sink"}'
_HELD = f"sum by (tenant) ({gauge('bokbuss_held_reviews', 'tenant, reason')})"
_LOST = gauge("bokbuss_unknown_outcomes", "tenant, sink")
_OLDEST = gauge("bokbuss_oldest_unfinished_fact_seconds", "tenant, sink")
_DEAD = f"sum by (topic) ({gauge('bokbuss_dead_letters', 'tenant, topic')})"
_PARKED = f"sum by (tenant) ({gauge('bokbuss_parked_messages', 'tenant, reader, state')})"
_OURS = f"{total(_DEAD)} + {total(_PARKED)} + {total(gauge('bokbuss_alerts_given_up'))}"
_FAILING = gauge("bokbuss_turns_failing", "work, tenant")
_RED = f"sum by (tenant) ({gauge('bokbuss_check_failed', 'tenant, system, check')})"
_STATES = 'bokbuss_connection_state{tenant=~"$tenant", state!~"connected|disconnected"}'
_NEEDED = f"sum by (tenant) (max by (tenant, system) ({_STATES}))"
_PROOF = gauge("bokbuss_proof_differences", "tenant, year")
_BOOKED_1H = 'sum(increase(bokbuss_facts_finished_total{outcome="booked"}[1h]))'
_CALLS_1H = f"sum by (sink) (increase(bokbuss_target_calls_total{_WHERE_SINK}[1h]))"
_UP = "time() - process_start_time_seconds * on (instance, job) group_left (version, roles) bokbuss_build_info"
_MISSING = 'max by (tenant, reason) (bokbuss_held_reviews{tenant=~"$tenant", reason=~"day_missing|numbers_missing"})'
_BOOKED = 'bokbuss_fact_age_seconds_bucket{stage="booked", le="600.0"}'
_ALL_BOOKED = 'bokbuss_fact_age_seconds_count{stage="booked"}'
_KEPT = f"((sum(increase({_BOOKED}[30d])) or vector(1)) / ((sum(increase({_ALL_BOOKED}[30d])) > 0) or vector(1)))"
_ANSWERED = (
    '1 - (sum(increase(bokbuss_deliveries_total{status=~"5.."}[30d])) or vector(0))'
    " / ((sum(increase(bokbuss_deliveries_total[30d])) > 0) or vector(1))"
)
_TOLD = f"bokbuss_source_last_accepted_timestamp_seconds{_T}"
SILENT_FOR = f"time() - max by (tenant, system) (max_over_time({_TOLD}[30d:10m]) or {_TOLD})"
"""A process that was started anew knows of no source that has told it nothing: what it knew before counts."""
_COMPANY = {"tenant": "company"}
_LANE = {"tenant": "company", "sink": "system"}
_CONNECTION = {"tenant": "company", "system": "system"}

Rows = list[tuple[int, tuple[Panel, ...]]]
"""Height, and the panels that share the width."""


def row(height: int, *panels: Panel) -> tuple[int, tuple[Panel, ...]]:
    """Return a row."""
    return height, panels


MONEY: Rows = [
    row(
        5,
        stat(
            "Is money reaching the books?",
            "short",
            ("booked in 24 h", total('increase(bokbuss_facts_finished_total{outcome="booked"}[24h])')),
            ("unfinished", total("max by (sink, state) (bokbuss_orders_waiting)")),
            ("held", total(_HELD)),
            share=2,
        ),
        stat("How old is the oldest unfinished fact?", "s", ("", f"max({_OLDEST}) or vector(0)"), limits=(300, 600)),
        stat("How many writes have an unknown outcome?", "short", ("", total(_LOST)), limits=(1, 5)),
        stat(
            "When was the canary's last voucher booked?",
            "s",
            ("", "max(bokbuss_canary_age_seconds)"),
            limits=(600, 900),
        ),
        stat(
            "Are the promises kept, over 30 days?",
            "percentunit",
            ("booked within 10 minutes", _KEPT),
            ("deliveries not answered 5xx", _ANSWERED),
            limits=(0.999, 0.99),
        ),
    ),
    row(
        8,
        table(
            "Which company needs someone?",
            _COMPANY,
            ("oldest unfinished", "s", f"max by (tenant) ({_OLDEST})", (300, 600)),
            ("unknown outcomes", "short", f"sum by (tenant) ({_LOST})", (1,)),
            ("lane paused", "bool_yes_no", gauge("bokbuss_lane_paused"), (1,)),
            ("held", "short", _HELD, (1,)),
            ("held for", "s", gauge("bokbuss_held_review_age_seconds"), (86400, 172800)),
            ("budget used", "percentunit", gauge("bokbuss_target_budget_used_ratio"), ()),
        ),
    ),
    row(
        7,
        graph(
            "Does as much come out as comes in?",
            "cps",
            ("accepted from {{system}}", "sum by (system) (rate(bokbuss_facts_accepted_total[$__rate_interval]))"),
            rate("outcome", "bokbuss_facts_finished_total"),
        ),
        graph(
            "How long from accepted to booked?",
            "s",
            *usual_and_slow("bokbuss_fact_age_seconds", where='{stage="booked"}'),
            limits=(600,),
        ),
        graph(
            "How fast are the allowances used up?",
            "short",
            ("deliveries, 1 h", "bokbuss:delivery_errors:ratio_rate1h / 0.001"),
            ("deliveries, 6 h", "bokbuss:delivery_errors:ratio_rate6h / 0.001"),
            ("bookings, 1 h", "bokbuss:booked_late:ratio_rate1h / 0.01"),
            ("bookings, 6 h", "bokbuss:booked_late:ratio_rate6h / 0.01"),
            limits=(6, 14.4),
        ),
    ),
]

MOVES: Rows = [
    row(
        5,
        stat(
            "Whose move is it?",
            "short",
            ("accountant", f"{total(_HELD)} + {paused('=~', _ACCOUNTANT)}"),
            ("whoever administers Fortnox", f"{total(_RED)} + {total(_NEEDED)}"),
            ("operator", f"{_OURS} + {paused('!~', f'{_TARGET}|{_ACCOUNTANT}')}"),
            ("the target", f"{total(_LOST)} + {paused('=~', _TARGET)}"),
            limits=(1,),
        ),
    ),
    row(
        8,
        table(
            "What does each company wait for?",
            _COMPANY,
            ("held", "short", _HELD, (1,)),
            ("held for", "s", gauge("bokbuss_held_review_age_seconds"), (86400, 172800)),
            ("checks red", "short", _RED, (1,)),
            ("to be connected", "short", _NEEDED, (1,)),
            ("unknown for", "s", gauge("bokbuss_unknown_outcome_age_seconds"), (300, 1800)),
            ("parked", "short", _PARKED, (1,)),
        ),
    ),
    row(
        7,
        graph(
            "What are people asked?",
            "short",
            each("reason", gauge("bokbuss_held_reviews", "tenant, reason"), "sum"),
        ),
        graph(
            "Why does a target get nothing?",
            "short",
            ("{{sink}}: {{code}}", f"sum by (sink, code) ({gauge('bokbuss_lane_paused', 'tenant, sink, code')})"),
        ),
        graph(
            "What can nobody read, or handle?",
            "short",
            ("dead letters of {{topic}}", _DEAD),
            ("parked", total(_PARKED)),
            ("companies behind the fence of a restore", total("max by (state) (bokbuss_fenced_companies)")),
        ),
    ),
]

COMPANY: Rows = [
    row(
        7,
        table(
            "How are its lanes?",
            _LANE,
            ("oldest unfinished", "s", _OLDEST, (300, 600)),
            ("unknown outcomes", "short", _LOST, (1,)),
            ("paused", "bool_yes_no", gauge("bokbuss_lane_paused", "tenant, sink"), (1,)),
            ("budget used", "percentunit", gauge("bokbuss_target_budget_used_ratio", "tenant, sink"), ()),
        ),
        table(
            "Is it connected?",
            _CONNECTION | {"state": "state"},
            ("so", "bool_yes_no", gauge("bokbuss_connection_state", "tenant, system, state"), ()),
            ("token ends in", "s", gauge("bokbuss_token_left_seconds", "tenant, system"), ()),
        ),
    ),
    row(
        7,
        table(
            "What is it asked?",
            {"tenant": "company", "reason": "question"},
            ("open", "short", gauge("bokbuss_held_reviews", "tenant, reason"), (1,)),
        ),
        table(
            "What stands in its way?",
            _CONNECTION | {"check": "check"},
            ("red", "bool_yes_no", gauge("bokbuss_check_failed", "tenant, system, check"), (1,)),
        ),
        table(
            "When did its systems last tell something?",
            _CONNECTION,
            ("ago", "s", SILENT_FOR, ()),
        ),
    ),
    row(
        7,
        graph("Does its oldest fact get older?", "s", ("{{tenant}} at {{sink}}", _OLDEST), limits=(300, 600)),
        table(
            "Do its books agree with what we posted?",
            _COMPANY | {"year": "year"},
            ("differences", "short", _PROOF, (1,)),
            (
                "proved",
                "s",
                f"0 * {_PROOF} + on (tenant) group_left () {gauge('bokbuss_proof_age_seconds')}",
                (90000, 180000),
            ),
        ),
    ),
]

BUDGET: Rows = [
    row(
        7,
        graph(
            "How much of a target's budget is in use?",
            "percentunit",
            ("{{tenant}} at {{sink}}", f"max by (tenant, sink) (bokbuss_target_budget_used_ratio{_WHERE_SINK})"),
        ),
        graph(
            "How long do calls wait for their turn?",
            "s",
            *usual_and_slow("bokbuss_target_budget_wait_seconds", "sink", where=_WHERE_SINK),
        ),
    ),
    row(
        7,
        graph(
            "What is the budget spent on?", "reqps", rate("sink, priority", f"bokbuss_target_calls_total{_WHERE_SINK}")
        ),
        graph(
            "How do the targets answer?",
            "reqps",
            rate("sink, operation, outcome", f"bokbuss_target_requests_total{_WHERE_SINK}"),
            ("429", total(f"rate(bokbuss_target_throttled_total{_WHERE_SINK}[$__rate_interval])")),
        ),
        graph(
            "How fast do they answer?",
            "s",
            *usual_and_slow("bokbuss_target_request_seconds", "sink", where=_WHERE_SINK),
        ),
    ),
    row(
        7,
        graph(
            "How many calls does a booked fact cost?",
            "short",
            ("{{sink}}", f"{_CALLS_1H} / scalar({_BOOKED_1H} > 0 or vector(1))"),
        ),
        graph(
            "What became of lost answers?", "cps", rate("sink, result", f"bokbuss_unknown_resolved_total{_WHERE_SINK}")
        ),
    ),
]

SOURCES: Rows = [
    row(
        8,
        table(
            "Which source is silent?",
            _CONNECTION,
            ("last told something", "s", SILENT_FOR, (86400, 172800)),
        ),
        table(
            "Which reports are missing?", {"tenant": "company", "reason": "what"}, ("missing", "short", _MISSING, (1,))
        ),
    ),
    row(
        7,
        graph("What do we answer to deliveries?", "reqps", rate("system, status", "bokbuss_deliveries_total")),
        graph("How fast do we answer?", "s", *usual_and_slow("bokbuss_delivery_seconds", "system")),
        graph(
            "How late do we see what we must ask for?", "s", *usual_and_slow("bokbuss_source_seen_seconds", "system")
        ),
    ),
    row(
        7,
        graph("What comes in?", "cps", rate("system, kind", "bokbuss_facts_accepted_total")),
        graph("What goes on beside, and fails?", "short", ("works of companies", total(_FAILING)), limits=(1,)),
    ),
]

MACHINE: Rows = [
    row(
        6,
        table(
            "Which processes run?",
            {"role": "role", "instance": "process", "version": "version", "roles": "does"},
            ("up since", "s", _UP, ()),
        ),
        graph("Does the work keep up?", "s", each("group, topic", "bokbuss_consumer_lag_seconds"), limits=(60, 300)),
    ),
    row(
        7,
        graph("Is any process late?", "s", each("role, instance", "bokbuss_event_loop_lag_seconds"), limits=(0.5, 1)),
        graph("How much memory does a process take?", "bytes", each("role, instance", "process_resident_memory_bytes")),
        graph(
            "How busy is a process?",
            "percentunit",
            each("role, instance", "rate(process_cpu_seconds_total[$__rate_interval])"),
            limits=(0.7, 0.9),
        ),
    ),
    row(
        7,
        graph("How many files has a process open?", "short", each("role, instance", "process_open_fds")),
        graph("How long does deciding take?", "s", *usual_and_slow("bokbuss_decide_batch_seconds")),
        graph(
            "How long since a reader made progress?",
            "s",
            ("{{group}}", "time() - max by (group) (bokbuss_consumer_last_commit_timestamp_seconds)"),
            ("what waits is counted", "time() - max(bokbuss_waiting_counted_timestamp_seconds)"),
        ),
    ),
    row(
        7,
        graph(
            "Did Faust skip anything?",
            "short",
            ("records mended", total("increase(bokbuss_offset_holes_total[$__rate_interval])")),
            limits=(1,),
        ),
        graph(
            "Did anything break off?",
            "short",
            ("workers that ended", total("increase(bokbuss_flow_workers_ended_total[$__rate_interval])")),
            ("topics made anew", total("increase(bokbuss_topics_made_anew_total[$__rate_interval])")),
            ("starts", total("changes(process_start_time_seconds[$__rate_interval])")),
        ),
        graph("What waits for the audit trail?", "short", ("records", "max(bokbuss_audit_unpublished_records)")),
    ),
]

SCREENS: dict[str, tuple[str, Rows, str]] = {
    "money": ("Is money reaching the books?", MONEY, "tenant"),
    "moves": ("Whose move is it?", MOVES, "tenant"),
    "company": ("How is a company?", COMPANY, "tenant"),
    "budget": ("Where does a sink's budget go?", BUDGET, "sink"),
    "sources": ("Are the sources fresh?", SOURCES, "tenant"),
    "machine": ("What does the machine room do?", MACHINE, ""),
}
"""By the name of its file: the question, the panels, and what can be chosen."""
_LABELS = {"tenant": "Company", "sink": "Target"}


def _variable(label: str) -> dict[str, Any]:
    return {
        "name": label,
        "label": _LABELS[label],
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": f"label_values(bokbuss_target_budget_used_ratio, {label})", "refId": label},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    title, rows, variable = SCREENS[name]
    panels: list[Panel] = []
    y = 0
    for height, row in rows:
        x, shares = 0, [one.get("share", 1) for one in row]
        for share, one in zip(shares, row, strict=True):
            width = _WIDTH * share // sum(shares)
            place = {"x": x, "y": y, "w": width, "h": height}
            content = {name: value for name, value in one.items() if name != "share"}
            panels.append({"id": len(panels) + 1, "gridPos": place, **content})
            x += width
        y += height
    others = {"type": "dashboards", "title": "bokbuss", "tags": ["bokbuss"], "asDropdown": True, "keepTime": True}
    return {
        "uid": f"bokbuss-{name}",
        "title": title,
        "tags": ["bokbuss"],
        "links": [others],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_variable(variable)] if variable else []},
        "panels": panels,
    }


def files() -> dict[str, str]:
    """Return every dashboard's file by its name."""
    return {f"{name}.json": json.dumps(dashboard(name), indent=2, ensure_ascii=False) + "\n" for name in SCREENS}


if __name__ == "__main__":
    OUTPUT.mkdir(exist_ok=True)
    for old in OUTPUT.glob("*.json"):
        old.unlink()
    for name, text in files().items():
        (OUTPUT / name).write_text(text, "utf-8")
