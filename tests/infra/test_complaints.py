"""While something is away the log stays readable: one line a minute of each kind of complaint, and no other is lost."""

import io
import json
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from infra import complaints, telemetry
from infra.complaints import Complaints


class Time:
    """A clock that stands until somebody moves it."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    """Return the time of a test."""
    return Time()


@pytest.fixture
def written(time: Time, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Yield what is written by loggers that are configured as in every process."""
    monkeypatch.setattr(telemetry, "COMPLAINTS", Complaints(time))
    root = logging.getLogger()
    before, level, configuration = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    telemetry.configure("INFO", stream)
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**configuration)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def a_second_without_a_broker(second: int) -> None:
    """Complain as this process does in a second in which nobody listens at the broker's address."""
    client, group = logging.getLogger("aiokafka"), logging.getLogger("aiokafka.consumer.group_coordinator")
    for moment in range(20):
        client.error("Unable connect to node with id %s: %s", 1, ConnectionRefusedError(111, f"refused {moment}"))
        client.error("Unable to update metadata from %s", [1, moment])
        group.error("Group Coordinator Request failed: %s", NodeNotReadyError(f"node {second}"))
    logging.getLogger("faust").warning(f"[^--Consumer]: has not committed at all since 0x{second:x} ({second} s ago)")  # noqa: G004 - as libraries do
    telemetry.log("infra.delivery.relay").warning("relay waits", error="KafkaConnectionError")
    telemetry.log("infra.deciding.flows").warning("batch is tried again", error="KafkaConnectionError", records=second)


def test_a_minute_without_a_broker_is_a_line_of_each_kind(written: io.StringIO, time: Time) -> None:
    """62 complaints a second in six kinds: six lines at once, and six in each further minute, which say how many."""
    for second in range(121):
        time.seconds = float(second)
        a_second_without_a_broker(second)
    said = lines(written)
    kinds = ("Unable con", "Unable to ", "Group Coor", "[^--Consum", "relay wait", "batch is t")
    assert Counter(line["event"][:10] for line in said) == dict.fromkeys(kinds, 3)
    assert ["times" in line for line in said] == [False] * 6 + [True] * 12
    assert [line["times"] for line in said[6:] if line["logger"] == "infra.delivery.relay"] == [60, 60]
    assert sum(line["times"] for line in said[6:] if line["event"].startswith("Unable con")) > 2_000


def test_another_error_or_another_company_is_another_complaint(written: io.StringIO) -> None:
    """What is told by its words is not taken for the same."""
    log = telemetry.log("infra.deciding.flows")
    for error in ("KafkaConnectionError", "OperationalError"):
        for tenant in ("acme", "beta"):
            log.warning("lane ended", error=error, tenant=tenant)
    logging.getLogger("aiokafka").error("Failed: %s", KafkaConnectionError())
    logging.getLogger("aiokafka").error("Failed: %s", NodeNotReadyError())
    logging.getLogger("aiokafka.other").error("Failed: %s", NodeNotReadyError())
    assert len(lines(written)) == 7


def test_what_is_about_one_thing_is_always_written(written: io.StringIO) -> None:
    """Facts, files, dead letters: each has a line, however many there are, and whatever level it has."""
    log = telemetry.log("infra.intake.accepting")
    for number in range(100):
        log.info("accepted", fact_id=f"f{number}", tenant="acme")
        log.warning("file refused", path=f"inbox/{number}.json", problems=3)
        log.warning("dead letter", place="t/0/1", reason="the same")
        log.warning("not read", error="Malformed", order_id=f"o{number}")
    assert len(lines(written)) == 400


def test_it_is_said_when_it_is_over(written: io.StringIO, time: Time) -> None:
    """After a minute of silence, with how often it came and for how long; what came once needs no such line."""
    log = telemetry.log("infra.delivery.relay")
    for second in range(90):
        time.seconds = float(second)
        log.warning("relay waits", error="KafkaConnectionError")
    log.warning("once", error="OSError")
    time.seconds = 148.0
    assert telemetry.COMPLAINTS.over() == []
    time.seconds = 149.0
    [over] = telemetry.COMPLAINTS.over()
    assert (over.of, over.what, over.error, over.times, over.seconds) == (
        *("infra.delivery.relay", "relay waits", "KafkaConnectionError"),
        90,
        89.0,
    )
    assert telemetry.COMPLAINTS.over() == []
    log.warning("relay waits", error="KafkaConnectionError")
    assert lines(written)[-1]["event"] == "relay waits"


def test_kinds_without_end_are_not_kept_and_not_swallowed(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that puts what varies into its words fills no memory."""
    monkeypatch.setattr(complaints, "_MOST", 10)
    for number in range(100):
        telemetry.log("x").warning("odd", error=f"Error{number}")
        telemetry.log("x").warning("odd", error=f"Error{number}")
    assert len(lines(written)) == 10 + 2 * 90
