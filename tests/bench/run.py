"""``make bench``: what bokbuss does per second, how long it pauses, and what it holds, side by side with bare programs.

python tests/bench/run.py [--only NAME[,NAME]] [--quick] [--json FILE]

A measurement that fails is said so, and the others go on; the exit status is 1 then.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rich.console import Console

from infra import clock, telemetry
from tests.bench import (
    connecting,
    deciding,
    examining,
    failing,
    faulting,
    growing,
    idling,
    ledgers,
    pages,
    proving,
    refreshing,
    scaling,
    sending,
    sie_files,
    simulating,
    staffing,
)
from tests.bench.report import Report

Measurement = Callable[..., Coroutine[Any, Any, Report]]

MEASUREMENTS: dict[str, Measurement] = {
    "facts": deciding.measure,
    "budget": sending.measure_budget,
    "calls": sending.measure_calls,
    "stall": failing.measure,
    "faults": faulting.measure,
    "latency": idling.measure,
    "memory": growing.measure,
    "consent": connecting.measure,
    "refresh": refreshing.measure,
    "employees": staffing.measure,
    "doctor": examining.measure,
    "ledger": ledgers.measure,
    "proof": proving.measure,
    "sie": sie_files.measure,
    "simulate": simulating.measure,
    "scale": scaling.measure,
    "pages": pages.measure,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure bokbuss with real processes on this machine.")
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="of: %(default)s")
    parser.add_argument("--quick", action="store_true", help="smaller counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for programs")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    if unknown := [name for name in arguments.only if name not in MEASUREMENTS]:
        parser.error(f"no measurement is called {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}")
    return arguments


def _measured(name: str, *, quick: bool) -> Report:
    """Measure; what fails is a report that says so, after its traceback."""
    try:
        return asyncio.run(MEASUREMENTS[name](quick=quick))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other measurements have nothing to do with it
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return Report(name, [{"what": f"it failed: {said}", "met": False}], failed=True)


def main() -> None:
    """Measure what is asked for, print tables, and write the figures; end with 1 when a measurement failed."""
    arguments = _arguments()
    telemetry.configure("ERROR")
    console = Console(width=None if sys.stdout.isatty() else 150)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.platform()}"
    console.print(f"{machine}\n", highlight=False)
    reports: dict[str, Report] = {}
    for name in arguments.only:
        begun = clock.monotonic()
        reports[name] = _measured(name, quick=arguments.quick)
        reports[name].show(console)
        console.print(f"  ({name}: {clock.monotonic() - begun:.0f} s)\n", style="dim", highlight=False)
    if arguments.json is not None:
        found = {
            name: {"title": r.title, "rows": r.rows, "notes": r.notes, "failed": r.failed}
            for name, r in reports.items()
        }
        arguments.json.write_text(json.dumps({"machine": machine, "measurements": found}, indent=2) + "\n")
    if failed := [name for name, report in reports.items() if report.failed]:
        console.print(f"failed: {', '.join(failed)}", style="bold red", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
