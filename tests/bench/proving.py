"""The price of a proof: a year of 20,000 vouchers, read in one SIE call and compared with what was posted."""

import tempfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.fortnox.sandbox.books import Company, Draft, Row
from infra import clock, store
from infra.embedded.database import EmbeddedPostgres
from infra.proving.comparing import compare
from schemas import ids
from schemas.commands import PostVoucher
from tests.bench.report import Report
from tests.connectors.fortnox.doctor_driver import company, doctor_driver, voucher

_VOUCHERS = 20_000
_OURS = 2_000
_YEAR = 2026
_YEAR_ID = 4
_AIM = 2
"""Calls."""


async def measure(*, quick: bool) -> Report:
    """Prove a year of which a tenth of the vouchers are ours; two are deleted."""
    vouchers, ours = (_VOUCHERS // 10, _OURS // 10) if quick else (_VOUCHERS, _OURS)
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        engine = store.engine(postgres.url, 4)
        await store.prepare(engine)
        fortnox = company()
        now = clock.now()
        for n in range(vouchers - ours):
            amount = Decimal(n % 997 + 1)
            rows = (Row(6570, amount, Decimal(0)), Row(1930, Decimal(0), amount))
            fortnox.book(Draft(_YEAR_ID, "A", date(_YEAR, 1, 1) + timedelta(n % 365), "Avgift", rows), now, now)
        async with doctor_driver(engine, Path(folder), fortnox) as visit:
            for n in range(ours):
                day = date(_YEAR, 1, 1) + timedelta(n % 365)
                order = voucher(day, n)
                number = _book(fortnox, order, ids.mark(order.id_in(visit.tenant)), now)
                outcome = {"voucher": {"series": "F", "number": number, "year_id": _YEAR_ID}}
                await visit.journal(order, "delivered", outcome, 3600.0)
            for number in (1, 2):
                del fortnox.years[_YEAR_ID].series["F"].vouchers[number]
            before, begun = sum(visit.calls.values()), clock.monotonic()
            proved = await compare(visit.host, visit.tenant, _YEAR, asked_by="a benchmark")
            seconds = clock.monotonic() - begun
            calls = sum(visit.calls.values()) - before
        await engine.dispose()
    rows_ = [
        {
            "what": f"a year of {vouchers:,} vouchers, {ours:,} of them ours",
            "value": calls,
            "seconds": seconds,
            "aim": f"{_AIM} calls",
            "met": calls <= _AIM,
        },
        {"what": "differences found (2 were made)", "value": proved.count, "met": proved.count == len((1, 2))},
    ]
    return Report("The proof of the books", rows_, ["Value: calls at Fortnox, the list of years and one SIE file."])


def _book(fortnox: Company, order: PostVoucher, mark: str, now: datetime) -> int:
    rows = tuple(Row(row.account, row.debit, row.credit, row.cost_centre, row.text) for row in order.rows)
    booked = fortnox.book(Draft(_YEAR_ID, "F", order.voucher_date, f"{order.description} {mark}", rows), now, now)
    return int(booked.number)
