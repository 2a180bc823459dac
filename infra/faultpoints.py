"""Named steps at which the chaos tests end, stop or mislead a process. Nothing happens unless the environment says so.

``BOKBUSS_FAULTPOINT=lane.sending:3:kill,decide.skip:5:skip``: the third time that a step is reached, the process kills
itself or stops itself (until SIGCONT); a step that is skipped is left out once. It is not a setting: no file sets it.
"""

import os
import signal
from collections import Counter
from collections.abc import Mapping

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def parse(text: str) -> Mapping[str, tuple[int, str]]:
    """Return which time, and what then, by step. Raises ValueError for anything else than ``step:nth:action,...``."""
    armed = {}
    for point in filter(None, text.split(",")):
        step, nth, action = point.split(":")
        if action not in (*_SIGNALS, "skip"):
            raise ValueError(f"BOKBUSS_FAULTPOINT: {action!r} is not one of kill, stop, skip")
        armed[step] = (int(nth), action)
    return armed


_ARMED = parse(os.environ.get("BOKBUSS_FAULTPOINT", ""))
_reached: Counter[str] = Counter()


def reach(step: str) -> bool:
    """Say that a step is reached; tell whether it is to be left out. Without the environment variable: never."""
    if step not in _ARMED:
        return False
    _reached[step] += 1
    nth, action = _ARMED[step]
    if _reached[step] != nth:
        return False
    os.write(2, f"faultpoint {step}:{action}\n".encode())  # whoever armed it reads this
    if action in _SIGNALS:
        os.kill(os.getpid(), _SIGNALS[action])
    return action == "skip"
