"""The doctor's price: calls at Fortnox and seconds, by the size of the chart of accounts."""

import tempfile
from pathlib import Path

from connectors.fortnox.doctor import examining
from connectors.fortnox.sandbox import Account
from infra import clock, store
from infra.embedded.database import EmbeddedPostgres
from tests.bench.report import Report, Row
from tests.connectors.fortnox.doctor_driver import company, doctor_driver, voucher

_AIM = 12
_CHARTS = (500, 1000, 2000)
_LOOKS = 5


async def measure(*, quick: bool) -> Report:
    """Examine companies with charts of different sizes, and look again at one whose locked period is waited for."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        engine = store.engine(postgres.url, 4)
        await store.prepare(engine)
        for accounts in _CHARTS[-1:] if quick else _CHARTS:
            fortnox = company(1000 + accounts)
            for year in fortnox.years.values():
                numbers = (number for number in range(1000, 10_000) if number not in year.accounts)
                missing = accounts - len(year.accounts)
                year.accounts |= {n: Account(n, "Konto") for n, _ in zip(numbers, range(missing), strict=False)}
            async with doctor_driver(engine, Path(folder), fortnox) as visit:
                await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 1, "year_id": 4}})
                begun = clock.monotonic()
                report = await examining.examine(visit.host, visit.tenant)
                rows.append(
                    {
                        "what": f"calls for a chart of {accounts}",
                        "value": report.calls,
                        "seconds": clock.monotonic() - begun,
                        "aim": f"{_AIM} or fewer",
                        "met": report.calls <= _AIM,
                    }
                )
                visit.fortnox.locked_until = voucher().voucher_date
                await visit.refused(voucher(key=2), "period_locked")
                before, begun = sum(visit.calls.values()), clock.monotonic()
                for _ in range(_LOOKS):
                    await examining.recheck(visit.host, visit.tenant, ["period_locked"])
                looked = (sum(visit.calls.values()) - before) / _LOOKS
                seconds = (clock.monotonic() - begun) / _LOOKS
        rows.append({"what": "calls to look whether a period is open again", "value": looked, "seconds": seconds})
        await engine.dispose()
    return Report("The doctor", rows, ["One financial year; in December the coming one adds its series and accounts."])
