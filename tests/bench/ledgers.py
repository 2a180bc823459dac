"""A year of 20,000 vouchers out of Fortnox: calls, seconds until all of it is in Kafka, and memory."""

import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from connectors.fortnox.sandbox import Company
from infra import clock, store
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.database import EmbeddedPostgres
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.settings import KafkaSettings
from schemas.events import Fact
from schemas.ledger import LedgerRetrieved
from tests.bench.report import Report, Row
from tests.connectors.fortnox.ledger_driver import DOCUMENTS, NUMBER, VAULT, attach, book, ledger_driver, order

_AIM = 5
_VOUCHERS = 20_000
_DOCUMENTS = 50


async def measure(*, quick: bool) -> Report:
    """Read a year, read it again after one more voucher, and read the documents of some vouchers."""
    vouchers, documents = (2_000, 20) if quick else (_VOUCHERS, _DOCUMENTS)
    company = Company(NUMBER, scopes=DOCUMENTS)
    book(company, vouchers)
    for number in range(documents):
        attach(company, number + 1, f"%PDF {number}".encode() * 5_000)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "database") as postgres, EmbeddedKafka(folder / "broker") as kafka:
            engine = store.engine(postgres.url, 4)
            await store.prepare(engine)
            await cluster.ensure_topics(KafkaSettings(bootstrap=kafka.bootstrap))
            producer = await cluster.producer(KafkaSettings(bootstrap=kafka.bootstrap))
            acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT)
            async with ledger_driver(engine, folder, company, ledger_timeout=120.0) as books:
                closed: list[LedgerRetrieved] = []

                async def accept(tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
                    closed.extend(fact for fact in facts if isinstance(fact, LedgerRetrieved))
                    return await acceptor.accept_facts(tenant, system, facts)

                books.host = replace(books.host, accept=accept)

                async def timed(what: str, **asked: object) -> Row:
                    before, begun = sum(books.calls.values()), clock.monotonic()
                    await books.read(order(key=what, year=2026, **asked))
                    calls = sum(books.calls.values()) - before
                    return {"what": what, "value": calls, "seconds": clock.monotonic() - begun}

                first = await timed(f"calls for a year of {vouchers:,} vouchers")
                rows.append({**first, "aim": f"{_AIM} or fewer", "met": first["value"] <= _AIM})
                book(company, 1, date(2026, 12, 31))
                rows.append(await timed("calls for the same year, one voucher more"))
                rows.append(await timed(f"calls for {documents} documents", ledger=False, documents=True))
            await producer.stop()
            await engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    notes = [
        f"Until every part is in Kafka; {closed[0].rows:,} rows. The sandbox writes its SIE file in the same process.",
        f"The process, with the sandbox's own books, held {peak:,.0f} MB at most.",
    ]
    return Report("A year's ledger out of Fortnox", rows, notes)
