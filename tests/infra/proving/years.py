"""Made-up years: tills whose days we booked, and all else that stands in a company's books."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from infra.proving.books import Entry, Posted, content
from schemas import ids
from schemas.commands import VoucherRef

FIRST = date(2026, 1, 1)
YEAR_ID = 7
_MONTHS = 12


@dataclass(frozen=True)
class Books:
    """What we posted, and the year's ledger."""

    posted: list[Posted]
    ledger: list[Entry]


def posted(key: str, number: int, day: date, rows: dict[str, int], *, series: str = "F", nth: int = 1) -> Posted:
    """Return a voucher that we posted."""
    return Posted(
        order_id=ids.order_id(tenant="fika", flow="daysales", key=key, revision=str(nth), step="book"),
        key=key,
        series=series,
        voucher=VoucherRef(series=series, number=number, year_id=YEAR_ID),
        day=day,
        text=f"Dagsavslut {key.replace('/', ' ')} {day}",
        content=content((account, (), amount) for account, amount in rows.items()),
    )


def entry(one: Posted, *, cut: int = 0, **changes: object) -> Entry:
    """Return one as it stands in the ledger; ``cut``: a program has cut its text after so many letters."""
    text = f"{one.text} {one.mark}"
    kept = Entry(one.series, one.number, one.day, text, one.content, one.mark)
    if cut:
        text = text[:cut]
        kept = kept._replace(text=text, mark=one.mark if text.endswith(one.mark) else "")
    return kept._replace(**changes)


def voucher(series: str, number: int, day: date, text: str, **amounts: int) -> Entry:
    """Return a voucher of somebody else; ``a1930=-100``."""
    rows = content((account.removeprefix("a"), (), amount) for account, amount in amounts.items())
    return Entry(series, str(number), day, text, rows)


def takings(chance: random.Random, *, small: bool = False) -> dict[str, int]:
    """Return a day's takings by account, in öre."""
    gross_25 = chance.randrange(500, 4000) if small else chance.randrange(20_000, 3_000_000)
    gross_12 = 0 if small else chance.randrange(0, 900_000)
    vat_25, vat_12 = gross_25 // 5, gross_12 * 12 // 112
    total = gross_25 + gross_12
    cash = chance.randrange(0, total // 3 + 1)
    swish = 0 if small else chance.randrange(0, total // 4 + 1)
    rows = {"1910": cash, "1580": total - cash - swish, "1930": swish, "3001": vat_25 - gross_25}
    return {k: v for k, v in (rows | {"2611": -vat_25, "3002": vat_12 - gross_12, "2621": -vat_12}).items() if v}


def year(seed: int, *, days: int = 365, tills: int = 2, others: int = 600, small: bool = False, cut: int = 0) -> Books:
    """Return a year of so many tills in one or two stores, and so many vouchers of other kinds."""
    chance = random.Random(seed)
    ours: list[Posted] = []
    for n in range(days):
        for till in range(tills):
            if chance.random() < 0.05:
                continue  # closed
            key = f"openpos/store {till % 2 + 1}/K{till + 1}/{n + 1}"
            rows = takings(chance, small=small)
            ours.append(posted(key, len(ours) + 1, FIRST + timedelta(n), rows))
    ledger = [entry(one, cut=cut) for one in ours]
    ledger += _others(chance, others, days)
    chance.shuffle(ledger)
    return Books(ours, ledger)


def _others(chance: random.Random, count: int, days: int) -> Iterator[Entry]:
    """Yield rents, wages, invoices and payments: what recurs in equal amounts, and what does not."""
    numbers = dict.fromkeys("ABCDEK", 0)

    def one(series: str, day: date, text: str, **amounts: int) -> Entry:
        numbers[series] += 1
        return voucher(series, numbers[series], day, text, **amounts)

    months = [FIRST + timedelta(n) for n in range(days) if (FIRST + timedelta(n)).day == 1]
    for first in months[:_MONTHS]:
        yield one("A", first, "Hyra", a5010=1_200_000, a2641=300_000, a1930=-1_500_000)
        yield one("A", first + timedelta(2), "Hyra ut", a1930=500_000, a3911=-400_000, a2611=-100_000)
        yield one("K", first + timedelta(24), "Lön", a7010=3_000_000, a2710=-900_000, a1930=-2_100_000)
        yield one("A", first + timedelta(5), "Avskrivning", a7832=50_000, a1229=-50_000)
        yield one("A", first + timedelta(27), "Bankavgift", a6570=15_000, a1930=-15_000)
    for _ in range(count):
        day = FIRST + timedelta(chance.randrange(days))
        amount = chance.choice([10_000, 50_000, 100_000, chance.randrange(5_000, 2_000_000)])
        vat = amount // 5
        match chance.randrange(4):
            case 0:
                yield one("B", day, "Kundfaktura", a1510=amount, a3001=vat - amount, a2611=-vat)
            case 1:
                yield one("C", day, "Inbetalning", a1930=amount, a1510=-amount)
            case 2:
                yield one("D", day, "Leverantörsfaktura", a4010=amount - vat, a2641=vat, a2440=-amount)
            case _:
                yield one("E", day, "Utbetalning", a2440=amount, a1930=-amount)


def on_its_way(one: Posted) -> Posted:
    """Return one whose end is not known."""
    return replace(one, voucher=None, state="on_its_way")


def unknown_mark(chance: random.Random) -> str:
    """Return a mark that no order of ours has."""
    return ids.mark(UUID(int=chance.getrandbits(128)))


def refused(one: Posted) -> Posted:
    """Return one that was refused, as far as we know."""
    return replace(one, voucher=None, state="refused")
