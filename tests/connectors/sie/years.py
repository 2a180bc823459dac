"""Made-up books for property tests: ledgers, balances and vouchers that a SIE file can hold."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

from hypothesis import strategies as st

from connectors.sie.model import (
    Account,
    Balance,
    BalanceKind,
    Company,
    Dimension,
    FinancialYear,
    Form,
    Ledger,
    Object,
    Objects,
    Row,
    RowKind,
    Voucher,
)
from connectors.sie.reading import Reading

_LETTERS = "".join(bytes((byte,)).decode("cp437") for byte in range(32, 0xB0) if byte != 127)
"""Not those that boxes are drawn with, or whose bytes could be Windows' letters or UTF-8: they alone tell no page."""
TEXTS = st.one_of(
    st.sampled_from(["", "Hyra", "Åkeri Öst", r"C:\SIE\Företag", 'Kalle "Prov" AB', "a{b}c", "#TRANS", " ", "é ü £"]),
    st.text(_LETTERS, max_size=12),
).filter(lambda text: not text.endswith("\\"))
CODES = st.one_of(st.sampled_from(["10", "P 7", "x}", '"', "0015", "{"]), TEXTS.filter(bool))
AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
QUANTITIES = st.none() | st.decimals(-(10**6), 10**6, places=3)
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
NUMBERS = st.one_of(st.sampled_from(["1910", "3041", "0351", "DIFF", "143010"]), st.integers(1000, 9999).map(str))
SERIES = st.sampled_from(["A", "B", "", "LEV1", "#", "1", "A B"])
OBJECTS: st.SearchStrategy[Objects] = st.lists(st.tuples(st.integers(1, 30), CODES), max_size=3).map(tuple)


@st.composite
def vouchers(draw: st.DrawFn) -> Voucher:
    """Draw a voucher that balances, now and then with a history or without rows."""
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 4))):
        row = Row(
            draw(st.sampled_from(RowKind)),
            draw(NUMBERS),
            draw(OBJECTS),
            draw(AMOUNTS),
            draw(st.none() | DAYS),
            draw(TEXTS),
            draw(QUANTITIES),
            draw(TEXTS),
        )
        rows += [row, row._replace(kind=RowKind.BOOKED)] if row.kind is RowKind.ADDED else [row]
    if total := sum((row.amount for row in rows if row.kind is RowKind.BOOKED), Decimal(0)):
        rows.append(Row(RowKind.BOOKED, "1930", (), -total))
    number = draw(st.sampled_from(["", "1", "0017", "X 1"]) | st.integers(1, 10**6).map(str))
    return Voucher(
        draw(SERIES), number, draw(DAYS), draw(TEXTS), draw(st.none() | DAYS), draw(TEXTS), tuple(rows)
    )  # fmt: skip


@st.composite
def balances(draw: st.DrawFn) -> Balance:
    """Draw a balance of any kind."""
    kind = draw(st.sampled_from(BalanceKind))
    period = draw(DAYS).strftime("%Y%m") if kind in {BalanceKind.PERIOD, BalanceKind.BUDGET} else ""
    objects = () if kind in {BalanceKind.OPENING, BalanceKind.CLOSING, BalanceKind.RESULT} else draw(OBJECTS)
    return Balance(
        kind, draw(st.integers(-3, 0)), draw(NUMBERS), draw(AMOUNTS), period, objects, draw(QUANTITIES)
    )  # fmt: skip


@st.composite
def ledgers(draw: st.DrawFn, form: Form, currencies: Sequence[str] = ("SEK", "NOK")) -> Ledger:
    """Draw what stands besides the entries."""
    years = [
        FinancialYear(-index, first, first + timedelta(days=draw(st.integers(0, 800))))
        for index, first in enumerate(draw(st.lists(DAYS, min_size=1, max_size=3)))
    ]
    numbers = draw(st.lists(NUMBERS, unique=True, max_size=4))
    dimensions = draw(st.lists(st.integers(1, 30), unique=True, max_size=3))
    return Ledger(
        form,
        Company(
            name=draw(TEXTS),
            organisation_number=draw(st.sampled_from(["", "559999-0016", "SE 1"])),
            code=draw(TEXTS),
            kind=draw(st.sampled_from(["", "AB", "E"])),
            industry=draw(st.sampled_from(["", "82300"])) if form is not Form.ENTRIES else "",
            contact=draw(TEXTS),
            city=draw(TEXTS),
            telephone=draw(TEXTS),
        ),
        years=tuple(years),
        accounts=tuple(
            Account(
                number,
                draw(TEXTS),
                draw(st.sampled_from(["", "T", "S", "K", "I"])),
                draw(st.sampled_from(["", "tim", "m 2"])),
                tuple(draw(st.lists(st.sampled_from(["7281", "7350"]), unique=True, max_size=2))),
            )
            for number in numbers
        ),
        dimensions=tuple(Dimension(number, draw(TEXTS), draw(st.none() | st.integers(1, 30))) for number in dimensions),
        objects=tuple(
            Object(dimension, code, draw(TEXTS))
            for dimension, code in draw(st.lists(st.tuples(st.integers(1, 30), CODES), unique=True, max_size=3))
        ),
        taken=draw(st.booleans()),
        program=draw(TEXTS.filter(bool)),
        version=draw(TEXTS),
        generated=draw(DAYS),
        generated_by=draw(TEXTS),
        comments=tuple(draw(st.lists(TEXTS, max_size=2))),
        tax_year=draw(st.sampled_from(["", "2025"])),
        until=None if form is Form.ENTRIES else draw(st.none() | DAYS),
        chart=draw(st.sampled_from(["", "EUBAS97"])),
        currency=draw(st.sampled_from(currencies)),
    )


def read(raw: bytes) -> tuple[Ledger, list[Balance | Voucher], Reading]:
    """Read a whole file."""
    reading = Reading(BytesIO(raw))
    entries = list(reading)
    return reading.ledger, entries, reading
