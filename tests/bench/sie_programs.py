"""Readers of a SIE file, each in a process of its own. Prints seconds of processor, megabytes and what was counted.

python sie_programs.py split|read|parts|pysie FILE
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def split(path: Path) -> int:
    """Split every line at its blanks: less than any reader can do."""
    with path.open(encoding="utf-8") as file:
        return sum(line.split()[:1] == ["#TRANS"] for line in file)


def read(path: Path) -> int:
    """Read it as we do: code page, grammar, sums, findings."""
    from connectors.sie.model import Voucher  # noqa: PLC0415 - each contender loads its own
    from connectors.sie.reading import Limits, Reading  # noqa: PLC0415 - the same

    with path.open("rb") as file:
        reading = Reading(file, Limits(size=1 << 40))
        return sum(len(entry.rows) for entry in reading if isinstance(entry, Voucher))


def parts(path: Path) -> int:
    """Read it and cut it into the parts of a year's ledger, on disk."""
    from connectors.sie.ledger import read_year  # noqa: PLC0415 - each contender loads its own
    from connectors.sie.reading import Limits  # noqa: PLC0415 - the same

    with path.open("rb") as file, read_year(file, Limits(size=1 << 40)) as year:
        return year.rows


def pysie(path: Path) -> int:
    """Read it with the reader that PyPI has; it must be installed, and wants a table of the tax return."""
    reader = importlib.import_module("pysie_accounting.pysie").PySIE()
    reader.dftrans = importlib.import_module("pandas").DataFrame({"SRU": [7251], "Ink2": ["2.19"]})
    reader.open(str(path))
    return sum(len(voucher[3]) for voucher in reader.verifikat.values())


CONTENDERS: dict[str, Callable[[Path], int]] = {one.__name__: one for one in (split, read, parts, pysie)}


def main(name: str, path: str) -> None:
    """Let one read, and print what it took."""
    CONTENDERS[name](Path(path).with_suffix(".small"))  # what is loaded is loaded
    before, begun = time.process_time(), time.perf_counter()
    rows = CONTENDERS[name](Path(path))
    status = Path("/proc/self/status").read_text().splitlines()  # resource's figure includes who started us
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    spent = {"seconds": time.process_time() - before, "wall": time.perf_counter() - begun}
    print(json.dumps({**spent, "peak": peak, "rows": rows}))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main(*sys.argv[1:])
