"""A large SIE file beside a bare split of its lines and PyPI's reader; and 20,000 vouchers from a file to the year."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from connectors.desk import running
from infra import clock, ledgers, registry, store
from infra.access.vault import Vault
from infra.environment import whole
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.settings import KafkaSettings
from tests.bench import loads
from tests.bench.house import House
from tests.bench.report import Report, Row

_PROGRAMS = Path(__file__).parent / "sie_programs.py"
_PYSIE = "pysie-accounting==0.0.2"
_MOST_MEMORY = 100
_YEAR = 365
_HEAD = (
    '#FLAGGA 0\n#PROGRAM "Prov" 1.0\n#FORMAT PC8\n#GEN 20260101\n#SIETYP 4\n#ORGNR 556016-0680\n'
    '#FNAMN "Åkeri Öst AB"\n#RAR 0 20250101 20251231\n'
    '#KONTO 1510 "Kundfordringar"\n#KONTO 2610 "Utgående moms"\n#KONTO 3000 "Försäljning"\n'
    "#SRU 1510 7251\n#UB 0 1510 0.00\n"
)
_NAMES = {
    "split": "a bare split of every line",
    "read": "our reader",
    "parts": "our reader, into the parts of a ledger",
    "pysie": _PYSIE,
}


def _vouchers() -> Iterator[str]:
    """Yield vouchers without end, such as PyPI's reader takes: quoted series and numbers, every field there."""
    number = 0
    while True:
        number += 1
        day = f"{date(2025, 1, 1) + timedelta(number // 5 % _YEAR):%Y%m%d}"
        amount = f"{number % 9973}.{number % 100:02}"
        yield (
            f'#VER "{"ABCDE"[number % 5]}" "{number // 5 + 1}" {day} "Kundfaktura {number}, Köp & Sön AB" {day}\n{{\n'
            f'#TRANS 1510 {{}} {amount} {day} "Kundfaktura {number}"\n'
            f'#TRANS 3000 {{1 "{number % 20}" 6 "P{number % 7}"}} -{amount} {day} "Försäljning varor"\n'
            f'#TRANS 2610 {{}} 0.00 {day} ""\n}}\n'
        )


def write(path: Path, *, size: int = 1 << 40, vouchers: int = 1 << 40) -> None:
    """Write a file of type 4 of about so many bytes, or with so many vouchers."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        written = file.write(_HEAD)
        for number, one in enumerate(_vouchers()):
            if written >= size or number == vouchers:
                return
            written += file.write(one)


async def measure(*, quick: bool) -> Report:
    """Let each read the same file, one after the other; then load a year."""
    megabytes, vouchers = (10, 2_000) if quick else (100, 20_000)
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as name:
        folder = Path(name)
        file = folder / "year.se"
        write(file, size=megabytes * 1_000_000)
        write(file.with_suffix(".small"), vouchers=10)
        rows = [row for name in _NAMES if (row := await asyncio.to_thread(_read, name, file, folder)) is not None]
        bare, pysie = (
            next((r["MB/s"] for r in rows if r["what"] == _NAMES[name]), None) for name in ("split", "pysie")
        )
        for row in rows:
            row["of the split"] = row["MB/s"] / bare if bare else None
            row["of PyPI's"] = row["MB/s"] / pysie if pysie else None
        ours = next(row for row in rows if row["what"] == _NAMES["read"])
        fast, small = ours["MB/s"] >= bare / 2, ours["peak, MB"] < _MOST_MEMORY
        ours |= {"aim": f"half of the split, below {_MOST_MEMORY} MB", "met": fast and small}
        write(folder / "load.se", vouchers=vouchers)
        loaded = await _load(folder / "load.se")
    rows.append({"what": f"{vouchers:,} vouchers from a file to the year, broker and database", "seconds": loaded})
    notes = [
        "MB/s and seconds of processor, of processes that had loaded what they need; of the last row by the clock."
    ]
    if pysie is None:
        notes.append(f"{_PYSIE} could not be installed, so that it is not compared.")
    return Report(f"A SIE file of {megabytes} MB", rows, notes)


def _read(name: str, file: Path, folder: Path) -> Row | None:
    """Let one reader read; None: it cannot be installed."""
    place = folder / "pysie"
    if name == "pysie":
        uv = Path(sys.executable).with_name("uv")
        command = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            sys.executable,
            "--target",
            place,
            _PYSIE,
            "pandas",
        ]  # which it does not say that it needs
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
    run = subprocess.run(
        [sys.executable, _PROGRAMS, name, file],
        env={**os.environ, "PYTHONPATH": str(place)},
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(run.stdout)
    size = file.stat().st_size / 1_000_000
    rate = size / found["seconds"]
    return {"what": _NAMES[name], "MB/s": rate, "seconds": found["seconds"], "peak, MB": found["peak"]}


async def _load(file: Path) -> float:
    """Return the seconds from a file to a year that everybody sees."""
    async with House(companies=1) as house:
        house.role("flows")
        engine = store.engine(house.postgres.url, 4)
        producer = await cluster.producer(KafkaSettings(bootstrap=house.bootstrap))
        acceptor = Acceptor(engine=engine, producer=producer, vault=Vault(b"bench"), settings=whole()(_env_file=None))
        tenant, begun = loads.tenant(0), clock.monotonic()
        with file.open("rb") as opened:
            await acceptor.accept_file(tenant=tenant, source=registry.sources()["sie"], file=opened)

        async def loaded() -> bool:
            return any(year.retrieved for year in await ledgers.years(engine, tenant))

        await running.until(loaded, 600.0)
        seconds = clock.monotonic() - begun
        await producer.stop()
        await engine.dispose()
        return seconds
