"""What complains again and again gets one line a minute, with how often it came; and it is said when it is over.

While a broker or a database is away everything that needs it complains many times a second, and a library's lines most
of all. Only complaints that name an error and nothing single (no order, no file, no record: those texts differ each
time) are counted like this; every other line is written.
"""

import logging
import re
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from infra import clock

EVERY = 60.0
"""Seconds between two lines of one kind, and of silence after which it is over."""
_MOST = 1000
"""Kinds that are remembered; what comes beyond them is written each time."""
_SHOWN = 200
_VARIES = re.compile(r"0x[0-9a-fA-F]+|\d+")
_TOLD_APART_BY_NOTHING = frozenset({"timestamp", "level", "exception"})


@dataclass(slots=True)
class Complaint:
    """One kind of complaint, and how often it came.

    Attributes:
        of: who complains: the logger.
        what: its words, without what varies.
        error: the error that it names, as far as it names one.
        times: how often it came, all in all.
        seconds: from the first time to the last.
    """

    of: str
    what: str
    error: str
    began: float
    said: float
    last: float
    times: int = 1
    unsaid: int = 0

    @property
    def seconds(self) -> float:
        """How long it was complained."""
        return self.last - self.began


class Complaints(logging.Filter):
    """Lets the first complaint of a kind pass, and then one a minute, with ``times``: how many it stands for."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        super().__init__()
        self._now = now
        self._known: dict[Hashable, Complaint] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        if record.levelno < logging.WARNING:
            return True
        kind, what, error = _ours(record) if isinstance(record.msg, dict) else _a_library_s(record)
        if kind is None:
            return True
        now = self._now()
        with self._lock:
            if (known := self._known.get(kind)) is None:
                if len(self._known) < _MOST:
                    self._known[kind] = Complaint(record.name, what, error, began=now, said=now, last=now)
                return True
            known.last, known.times, known.unsaid = now, known.times + 1, known.unsaid + 1
            if now - known.said < EVERY:
                return False
            known.said, times, known.unsaid = now, known.unsaid, 0
        if isinstance(record.msg, dict):
            record.msg = {**record.msg, "times": times}
        else:
            record.times = times
        return True

    def over(self) -> list[Complaint]:
        """Forget the kinds that have been silent for a minute; return those of which not every line was written."""
        now = self._now()
        with self._lock:
            silent = {kind: each for kind, each in self._known.items() if now - each.last >= EVERY}
            for kind in silent:
                del self._known[kind]
        return [each for each in silent.values() if each.times > 1]


ComplaintKind = tuple[Hashable | None, str, str]


def _ours(record: logging.LogRecord) -> ComplaintKind:
    """Return the kind of a line of ours; None when it is no complaint about something that is away."""
    event: dict[str, Any] = record.msg  # type: ignore[assignment] # structlog's
    if not isinstance(error := event.get("error"), str):
        return None, "", ""
    texts = frozenset((k, v) for k, v in event.items() if isinstance(v, str) and k not in _TOLD_APART_BY_NOTHING)
    return (record.name, texts), str(event.get("event", "")), error


def _a_library_s(record: logging.LogRecord) -> ComplaintKind:
    words = _VARIES.sub("0", str(record.msg))[:_SHOWN]
    given = record.args.values() if isinstance(record.args, dict) else record.args or ()
    errors = [each for each in given if isinstance(each, BaseException)]
    if record.exc_info and record.exc_info[1] is not None:
        errors.append(record.exc_info[1])
    error = type(errors[0]).__name__ if errors else ""
    return (record.name, words, error), words, error
