"""Every metric and the form of every log line. A metric that is not declared here does not exist."""

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from functools import cached_property
from typing import Any, TextIO

from prometheus_client import Counter, Gauge, Histogram, Info

from infra.complaints import Complaints

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 900, 3600, 14400, 86400)

# What comes in.
FACTS_ACCEPTED = Counter("bokbuss_facts_accepted_total", "Facts accepted, acknowledged by Kafka.", ["system", "kind"])
SOURCE_LAST_ACCEPTED = Gauge(
    "bokbuss_source_last_accepted_timestamp_seconds",
    "When a company's system last told something that was accepted by this process.",
    ["tenant", "system"],
)
SOURCE_SEEN_SECONDS = Histogram(
    "bokbuss_source_seen_seconds",
    "From a change at a polled system until we had seen it.",
    ["system"],
    buckets=_SECONDS,
)
DELIVERIES = Counter("bokbuss_deliveries_total", "Deliveries over HTTP by what we answered.", ["system", "status"])
DELIVERY_SECONDS = Histogram("bokbuss_delivery_seconds", "Time to answer a delivery.", ["system"], buckets=_SECONDS)
# What is decided.
DECISIONS = Counter("bokbuss_decisions_total", "Messages decided, by the rule that decided.", ["flow", "rule"])
DECIDE_BATCH_SECONDS = Histogram("bokbuss_decide_batch_seconds", "Time to decide a batch.", ["flow"], buckets=_SECONDS)
TOPICS_ANEW = Counter("bokbuss_topics_made_anew_total", "Topics met that have another id than the one before.")
WORKERS_ENDED = Counter("bokbuss_flow_workers_ended_total", "Faust workers that ended by themselves.")
HOLES_MENDED = Counter("bokbuss_offset_holes_total", "Records that Faust skipped and the auditor decided.", ["topic"])
RECORDS_GONE = Counter("bokbuss_records_gone_total", "Records that Kafka deleted before they were read.", ["topic"])
CONSUMER_LAG_RECORDS = Gauge(
    "bokbuss_consumer_lag_records", "Records not yet dealt with.", ["group", "topic", "partition"]
)
CONSUMER_LAG_SECONDS = Gauge(
    "bokbuss_consumer_lag_seconds", "Age of the first record not yet dealt with.", ["group", "topic", "partition"]
)
CONSUMER_LAST_COMMIT = Gauge("bokbuss_consumer_last_commit_timestamp_seconds", "Last progress of a role.", ["group"])
# What goes out.
FACTS_FINISHED = Counter(
    "bokbuss_facts_finished_total", "Facts finished: booked, held, rejected, dead_letter.", ["kind", "outcome"]
)
FACT_AGE_SECONDS = Histogram(
    "bokbuss_fact_age_seconds", "From accepted to a stage: sent, booked.", ["kind", "stage"], buckets=_SECONDS
)
OLDEST_UNFINISHED = Gauge(
    "bokbuss_oldest_unfinished_fact_seconds",
    "Age of the oldest fact whose order is neither carried out nor held.",
    ["tenant", "sink"],
)
ORDERS_WAITING = Gauge("bokbuss_orders_waiting", "Orders in the journal by state.", ["sink", "state"])
REQUESTS = Counter(
    "bokbuss_target_requests_total", "Requests to a target by outcome.", ["sink", "operation", "outcome"]
)
REQUEST_SECONDS = Histogram("bokbuss_target_request_seconds", "Time of a request.", ["sink"], buckets=_SECONDS)
CALLS = Counter(
    "bokbuss_target_calls_total", "Calls taken from budgets: live, look_up, backfill.", ["sink", "priority"]
)
BUDGET_USED = Gauge(
    "bokbuss_target_budget_used_ratio", "Share of the company's request budget in use.", ["tenant", "sink"]
)
BUDGET_WAIT_SECONDS = Histogram(
    "bokbuss_target_budget_wait_seconds", "Time waited for the budget.", ["sink"], buckets=_SECONDS
)
THROTTLED = Counter("bokbuss_target_throttled_total", "Answers 429: a fault of ours.", ["tenant", "sink"])
UNKNOWN = Gauge(
    "bokbuss_unknown_outcomes", "Writes whose answer was lost and that are not found yet.", ["tenant", "sink"]
)
UNKNOWN_AGE = Gauge("bokbuss_unknown_outcome_age_seconds", "Age of the oldest such write.", ["tenant", "sink"])
UNKNOWN_RESOLVED = Counter(
    "bokbuss_unknown_resolved_total", "Such writes resolved: found or absent.", ["sink", "result"]
)
LANES_PAUSED = Gauge(
    "bokbuss_lane_paused",
    "1 while a company's lane waits for its target, or only orders of the kind that is named.",
    ["tenant", "sink", "code", "kind"],
)
TOKEN_RENEWALS = Counter("bokbuss_token_renewals_total", "Access tokens asked for.", ["system", "result"])
CONNECTION_STATE = Gauge(
    "bokbuss_connection_state", "1 for the state of a company's connection.", ["tenant", "system", "state"]
)
TOKEN_LEFT = Gauge("bokbuss_token_left_seconds", "Time until an unused refresh token ends.", ["tenant", "system"])
TURNS_FAILING = Gauge(
    "bokbuss_turns_failing",
    "What goes on beside for a company (a system is read, a way in looked at) and fails each time, by its name.",
    ["work", "tenant"],
)
WAITING_COUNTED = Gauge(
    "bokbuss_waiting_counted_timestamp_seconds",
    "When this process last asked the database what waits: until then every gauge of it stands as it stood.",
)
# What waits for people.
HELD = Gauge("bokbuss_held_reviews", "Things that wait for a person.", ["tenant", "reason"])
HELD_AGE = Gauge("bokbuss_held_review_age_seconds", "Age of the oldest of them.", ["tenant"])
CHECKS_FAILED = Gauge("bokbuss_check_failed", "1: bokbuss doctor finds this check red.", ["tenant", "system", "check"])
PROOF_DIFFERENCES = Gauge(
    "bokbuss_proof_differences",
    "Differences between a year's books and what we posted, as last proved.",
    ["tenant", "year"],
)
PROOF_AGE = Gauge("bokbuss_proof_age_seconds", "Time since a company's books were last proved.", ["tenant"])
ALERTS_GIVEN_UP = Gauge(
    "bokbuss_alerts_given_up", "Alerts that a company's own address did not take in three days.", ["tenant"]
)
DEAD_LETTERS = Gauge("bokbuss_dead_letters", "Open dead letters.", ["tenant", "topic"])
PARKED = Gauge(
    "bokbuss_parked_messages", "What a reader cannot handle, and what waits behind it.", ["tenant", "reader", "state"]
)
FENCED = Gauge(
    "bokbuss_fenced_companies",
    "Companies of a restored database that nothing is written for: closed (looked at), held (a person is asked).",
    ["state"],
)
CANARY_RUNS = Counter(
    "bokbuss_canary_runs_total",
    "Days of the canary by what became of them: booked, held, rejected, late, stopped, unknown_company.",
    ["result"],
)
CANARY_AGE = Gauge("bokbuss_canary_age_seconds", "Time since the canary's last voucher was booked.")
CANARY_SECONDS = Gauge("bokbuss_canary_seconds", "From accepted to booked, of that voucher.")
AUDIT_UNPUBLISHED = Gauge("bokbuss_audit_unpublished_records", "Audit records not yet on audit.v1.")
ROWS_FORGOTTEN = Counter("bokbuss_rows_forgotten_total", "Rows that were kept long enough and went.", ["table"])
TABLE_BYTES = Gauge("bokbuss_table_bytes", "Size of a table with its indexes; told by one process.", ["table"])
# The process.
EVENT_LOOP_LAG = Gauge("bokbuss_event_loop_lag_seconds", "How late the event loop ran at its worst just now.")
BUILD = Info("bokbuss_build", "Version and role of this process.")

COMPLAINTS = Complaints()
"""Of this process."""

Event = MutableMapping[str, Any]
_PERSONAL = re.compile(r"\b(?:\d{2})?\d{6}[-+]?\d{4}\b|\bBearer\s+\S+", re.ASCII)

_IDENTIFIERS = frozenset({"timestamp", "logger", "trace_id", "order_id", "fact_id", "tenant", "lease", "place", "url"})


def _redact(_logger: Any, _name: str, event: Event) -> Event:
    """Blank what looks like a personal number or a token. A net below care, not instead of it."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _IDENTIFIERS:
            event[key] = _PERSONAL.sub("[removed]", value)
    return event


def _times(_logger: Any, _name: str, event: Event) -> Event:
    """Say of a library's line how many it stands for."""
    times = getattr(event["_record"], "times", None)
    return event if times is None else {**event, "times": times}


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line, our own and the libraries', as one JSON object to a stream: by default standard error."""
    import structlog

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),  # a line below the level costs next to nothing
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(COMPLAINTS)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _times],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("aiokafka", "faust", "mode", "httpx", "httpcore", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel("WARNING")
    # It warns in the server's words, which can hold values; what it warns of is raised, too.
    logging.getLogger("psycopg").setLevel("CRITICAL")


def configure_for_a_command() -> None:
    """Send warnings to standard error, as ``configure`` has them; nothing is loaded for it until there is one."""
    if "structlog" in sys.modules:
        configure("WARNING")
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_AtFirstLine())
    logging.basicConfig(handlers=[handler], level="WARNING", force=True)


class _AtFirstLine(logging.Formatter):
    """Configures what writes lines when there is one to write."""

    def format(self, record: logging.LogRecord) -> str:
        configure("WARNING")
        (handler,) = logging.getLogger().handlers
        return handler.format(record)


class _Log:
    """A logger of structlog, which is loaded when something is said."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        return getattr(self._made, method)

    @cached_property
    def _made(self) -> Any:
        import structlog

        if any(isinstance(handler.formatter, _AtFirstLine) for handler in logging.getLogger().handlers):
            configure("WARNING")
        return structlog.stdlib.get_logger(self._name)


def log(name: str) -> Any:
    """Return a logger."""
    return _Log(name)


def new_trace() -> str:
    """Return a new W3C traceparent, for a delivery that brings none."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
