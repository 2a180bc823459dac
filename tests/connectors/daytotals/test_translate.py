"""Day totals as tills write them: amounts, days and letters; what is not written so is refused by line and column."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.daytotals.translate import reader, translate
from infra.plugin import Malformed
from schemas.daytotals import DayTotalsSettings, meaning
from schemas.events import DayClosed
from schemas.money import ZERO
from schemas.settings import TenantSettings

HEADINGS = "business_date;store;register_id;z_number;sales Mat 12 gross;payment card"
DAY = "2026-04-10;CITY;K1;7;112,00;112,00"


def file(*lines: str, encoding: str = "utf-8") -> bytes:
    """Return a file of these lines."""
    return "\r\n".join(lines).encode(encoding)


def read(raw: bytes, **changes: object) -> Sequence[DayClosed]:
    """Read a file under settings."""
    settings = TenantSettings(daytotals=DayTotalsSettings.model_validate(changes, strict=False))
    found = reader(settings)(raw)
    assert all(isinstance(one, DayClosed) for one in found)
    return found  # type: ignore[return-value] # as asserted


def refused(raw: bytes, **changes: object) -> list[str]:
    """Return what is wrong with a file."""
    with pytest.raises(Malformed) as caught:
        read(raw, **changes)
    return list(caught.value.problems)


def columns(**names: str) -> list[dict[str, str]]:
    """Return a mapping."""
    return [{"column": column.replace("_", " "), "holds": holds} for column, holds in names.items()]


MAPPING = columns(
    Datum="business_date",
    Mat_inkl="sales Mat 12 gross",
    Öl_inkl="sales Öl och vin 25 gross",
    Öl_moms="sales Öl och vin 25 vat",
    Kort="payment card",
    Kontant="payment cash",
    Utbetalt="-other refunds",
    Kassör="ignored",
)


def test_a_file_of_a_tills_own_is_read_by_its_mapping() -> None:
    """Windows letters, a heading further down, dots in dates, spaces in thousands, quotation marks."""
    raw = file(
        "Krogen Söder AB;;;;;;;",
        "",
        "Datum;Mat inkl;Kassör;Öl inkl;Öl moms;Kort;Kontant;Utbetalt",
        '10.04.2026;"1\u00a0120,00";Åsa;1 250,00;250,00;2 270,00;0;"-100,00"',
        ";;;;;;;",
        "11.04.2026;112;Åsa;;;112;;",
        encoding="windows-1252",
    )
    first, second = read(
        raw,
        encoding="windows-1252",
        date="DD.MM.YYYY",
        thousands=" ",
        headings=3,
        store="CITY",
        register_id="K1",
        z_number="date",
        columns=MAPPING,
    )
    assert (first.key, first.unnumbered) == ("daytotals/CITY/K1/20260410/2026-04-10", True)
    assert [(s.group, s.net, s.vat) for s in first.sales] == [
        ("Mat", Decimal("1000.00"), Decimal("120.00")),
        ("Öl och vin", Decimal("1000.00"), Decimal("250.00")),
    ]
    assert [(v.vat_rate, v.net) for v in first.vat] == [(25, Decimal("1000.00")), (12, Decimal("1000.00"))]
    assert [(o.category, o.amount) for o in first.others] == [("refunds", Decimal("100.00"))]
    assert first.total_sales == Decimal("2370.00")
    assert [(p.method, p.amount) for p in first.payments] == [("card", Decimal("2270.00"))]
    assert (second.total_sales, second.business_date) == (Decimal("112.00"), date(2026, 4, 11))
    assert second.taken_at.isoformat() == "2026-04-10T22:00:00+00:00"


@pytest.mark.parametrize(
    ("cell", "thousands", "decimal", "amount"),
    [
        ("1234,5", "", ",", "1234.50"),
        ("1.234,50", ".", ",", "1234.50"),
        ("1,234.50", ",", ".", "1234.50"),
        ("1'234'567.05", "'", ".", "1234567.05"),
        ("1234.50", ",", ".", "1234.50"),
        ("\u22121\u202f234,50", " ", ",", "-1234.50"),
        ("-0,00", "", ",", "0.00"),
        ("999999999999,99", "", ",", "999999999999.99"),
    ],
)
def test_an_amount_is_read_as_it_is_written(cell: str, thousands: str, decimal: str, amount: str) -> None:
    """Whatever stands between thousands and before the öre."""
    raw = file(HEADINGS.replace(";", "|"), f"2026-04-10|CITY|K1|7|112|{cell}")
    [day] = read(raw, separator="|", thousands=thousands, decimal=decimal)
    assert sum((p.amount for p in day.payments), ZERO) == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    ["1.234,50", "12,345", "1 234", "1e3", "0x1", "kr 12", "12,", ",50", "--1", "\u0661", "nan", "1234567890123"],
)
def test_an_amount_that_is_written_otherwise_is_refused(cell: str) -> None:
    """A dot is no comma: a thousandth of the day's takings would be booked."""
    [problem] = refused(file(HEADINGS, f"2026-04-10;CITY;K1;7;112,00;{cell}"))
    assert problem == "line 2, payment card: an amount is written like 1234,50"


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("YYYY-MM-DD", "2026-04-10"), ("YYYYMMDD", "20260410"), ("YYMMDD", "260410"), ("DD.MM.YYYY", "10.04.2026"),
        ("DD/MM/YYYY", "10/04/2026"), ("DD-MM-YYYY", "10-04-2026"), ("MM/DD/YYYY", "04/10/2026"),
    ],
)  # fmt: skip
def test_a_day_is_read_as_it_is_written_and_in_no_other_way(written: str, cell: str) -> None:
    """Day and month are never taken for each other."""
    raw = file(HEADINGS, f"{cell};CITY;K1;7;112,00;112,00")
    [day] = read(raw, date=written)
    assert day.business_date == date(2026, 4, 10)
    others = {"YYYY-MM-DD", "YYYYMMDD", "YYMMDD", "DD.MM.YYYY", "DD-MM-YYYY"} - {written}
    for other in others:
        assert refused(raw, date=other) == [f"line 2, business_date: it is written like {other}"]
    assert refused(raw.replace(cell.encode(), cell.replace("10", "31").encode()), date=written) == [
        "line 2, business_date: there is no such day or time"
    ]


@pytest.mark.parametrize("cell", ["2206-04-10", "1826-04-10"])
def test_a_day_that_no_message_can_carry_is_refused(cell: str) -> None:
    """A slip of the pen in a year: the day would be taken in, and nobody could read it."""
    raw = file(f"{HEADINGS};taken_at", f"{cell};CITY;K1;7;112,00;112,00;2026-04-10 22:00")
    assert refused(raw) == ["line 2, business_date: a day is in the years 1900 to 2199"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "iso-8859-1", "cp850", "utf-16"])
def test_letters_are_read_by_their_encoding(encoding: str) -> None:
    """A byte order mark is no letter."""
    raw = file(HEADINGS.replace("Mat", "Öl"), DAY, encoding=encoding)
    [day] = read(raw, encoding=encoding.removesuffix("-sig"))
    assert day.sales[0].group == "Öl"


def test_what_names_a_report_must_stand_somewhere() -> None:
    """In a column, or in the settings."""
    assert refused(file("total_sales", "1,00")) == [
        "columns: none is business_date",
        "columns: none is store",
        "columns: none is register_id",
        "columns: none is z_number",
        "columns: none is of sales or vat",
    ]


def test_a_heading_that_is_not_known_is_refused_and_not_shown() -> None:
    """A new means of payment is loud; what stands there may be a value, in a file without headings."""
    raw = file(f"{HEADINGS};Klarna 4711", f"{DAY};5,00")
    assert refused(raw) == ["headings: that of column 7 is not known; say in columns what it holds, or ignored"]
    assert refused(file(DAY, DAY))[0].startswith("headings: that of column 1 is not known")
    found = refused(file("Datum;Kort", "2026-04-10;1"), columns=MAPPING, store="A", register_id="B", z_number="date")
    assert found[0] == "headings: there is no Mat inkl"


@pytest.mark.parametrize("ends", [(";", ";"), (";", ""), ("", ";"), (";;;", "; ;"), (" ; ", ";;;;")])
@pytest.mark.parametrize("is_mapped", [False, True])
def test_a_separator_at_a_lines_end_is_no_column(ends: tuple[str, str], *, is_mapped: bool) -> None:
    """Many programs write one after the last cell: of all lines, of the heading only, or of some."""
    holds = {"columns": [{"column": name, "holds": name} for name in HEADINGS.split(";")]} if is_mapped else {}
    raw = file(HEADINGS + ends[0], DAY + ends[1], DAY.replace("10;", "11;"))
    assert [day.total_sales for day in read(raw, **holds)] == [Decimal("112.00")] * 2


def test_what_stands_under_no_heading_is_not_left_out() -> None:
    """It may be money."""
    raw = file(HEADINGS.replace(";payment", ";;payment"), DAY.replace("112,00;", "112,00;;", 1))
    assert [day.total_sales for day in read(raw)] == [Decimal("112.00")]
    raw = file(HEADINGS.replace(";payment", ";;payment"), DAY.replace("112,00;", "112,00;5,00;", 1))
    assert refused(raw) == ["line 2: something stands in a column that has no heading"]
    assert refused(file(f"{HEADINGS};", f"{DAY};5,00")) == ["line 2: it has 7 cells, and there are 6 headings"]


def test_a_file_is_taken_as_a_whole() -> None:
    """One wrong line refuses it, and each is named."""
    raw = file(HEADINGS, DAY, "2026-04-11;CITY;K1;x;112,00;112,00", "2026-04-12;CITY;K1;9;112,00", DAY)
    assert refused(raw) == [
        "line 3, z_number: a whole number is wanted",
        "line 4: it has 5 cells, and there are 6 headings",
        "line 5: it is of the same day close as line 2",
    ]
    assert refused(file(HEADINGS, DAY, "2026-04-11;CITY;K1;x;112,00;112,00", DAY)) == [
        "line 3, z_number: a whole number is wanted",
        "line 4: it is of the same day close as line 2",
    ]
    assert refused(file(HEADINGS)) == ["file: it has no line with a day close"]
    assert refused(file(HEADINGS, DAY.replace("K1", "KASSA NUMMER ETT!"))) == [
        "line 2, register_id: String should match pattern '^[0-9A-Za-zÅÄÖåäö\\-_]{1,16}$'"
    ]
    assert refused(file(HEADINGS, '"2026-04-10;CITY')) == [
        "line 2: its quotation marks do not end, or a cell is too long"
    ]


def test_a_mapping_that_cannot_be_right_is_refused_with_the_settings() -> None:
    """Before any file comes."""
    for wrong, said in (
        ([*MAPPING, {"column": "Kort 2", "holds": "payment card"}], "payment card stands there more than once"),
        ([*MAPPING, {"column": "Kort", "holds": "payment swish"}], "the heading Kort stands there more than once"),
        ([*MAPPING, {"column": "Öl netto", "holds": "sales Öl och vin 25 net"}], "two of net, vat and gross"),
        ([*MAPPING, {"column": "X", "holds": "vat 6 vat"}], "of vat 6 there is vat"),
    ):
        with pytest.raises(ValidationError, match=said):
            read(b"", columns=wrong, store="A", register_id="B", z_number="date")
    with pytest.raises(ValidationError, match="the same character"):
        DayTotalsSettings(thousands=",")
    with pytest.raises(ValueError, match="a column holds business_date"):
        meaning("payments card")


amounts = st.decimals(-(10**6), 10**6, places=2)


@given(amounts, st.sampled_from(["25", "12", "6", "0"]))
def test_gross_is_split_to_the_ore(gross: Decimal, rate: str) -> None:
    """Net and VAT are the gross again, and VAT is what the rate makes, half an öre up."""
    raw = file(HEADINGS.replace("12", rate), f"2026-04-10;CITY;K1;7;{str(gross).replace('.', ',')};0")
    [day] = read(raw)
    if gross:
        [sold] = day.sales
        assert sold.net + sold.vat == gross
        assert abs(sold.vat * (100 + Decimal(rate)) / 100 - gross * Decimal(rate) / 100) <= Decimal("0.01")
    assert day.total_sales == gross


def test_the_same_day_in_another_file_is_the_same_fact() -> None:
    """Columns in another sequence, one more day, and another way of writing change nothing."""
    [first] = translate(file(HEADINGS, DAY))
    turned = ";".join(reversed(HEADINGS.split(";")))
    _, again = translate(
        file(turned, "5,00;5,0;6;K1;CITY;2026-04-09", ";".join(reversed(DAY.split(";"))).replace(",00", ""))
    )
    assert again == first
