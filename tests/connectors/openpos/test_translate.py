"""A till's Z report becomes one DayClosed, or Malformed names every wrong field and never a value."""

import base64
import copy
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.openpos import SYSTEM
from connectors.openpos.translate import translate
from infra.plugin import Malformed
from schemas import ids
from schemas.base import seen
from schemas.documents import LARGEST, Document
from schemas.events import DayClosed, Fact
from schemas.invoices import InvoiceRequested
from schemas.money import ZERO
from tests.schemas.test_values import UNSEEN

SAMPLES = Path(__file__).parents[3] / "connectors" / "openpos" / "samples"
PAYLOADS = sorted(p for p in SAMPLES.glob("*.json") if not p.name.endswith(".facts.json"))
REPORTS = [p for p in PAYLOADS if b"z-report" in p.read_bytes()]
NORMAL = json.loads((SAMPLES / "restaurant-day.json").read_bytes())


def as_bytes(report: object) -> bytes:
    """Write a report as a till would."""
    return json.dumps(report, ensure_ascii=False).encode()


def closed(report: object) -> DayClosed:
    """Return the one fact of a report."""
    (fact,) = translate(as_bytes(report))
    assert isinstance(fact, DayClosed)
    return fact


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the normal report with another value at a path such as ``payments.1.amount``."""
    report = copy.deepcopy(NORMAL)
    *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    target = report
    for parent in parents:
        target = target[parent]
    target[last] = value
    return report


def outcome(raw: bytes) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """Return the facts of bytes, or else what is wrong with them."""
    try:
        return translate(raw), ()
    except Malformed as malformed:
        return (), malformed.problems


def problems(raw: bytes) -> tuple[str, ...]:
    """Return what is wrong with bytes."""
    with pytest.raises(Malformed) as caught:
        translate(raw)
    return caught.value.problems


# --- Samples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", REPORTS, ids=lambda p: p.stem)
def test_a_sample_adds_up(path: Path) -> None:
    """The samples show what a right report looks like, to the öre."""
    (fact,) = translate(path.read_bytes())
    assert isinstance(fact, DayClosed)
    assert sum(p.amount for p in fact.payments) == fact.total_sales + sum(o.amount for o in fact.others)
    assert sum(v.net + v.vat for v in fact.vat) == fact.total_sales
    for total in fact.vat:
        assert sum(g.net for g in fact.sales if g.vat_rate == total.vat_rate) == total.net
        assert sum(g.vat for g in fact.sales if g.vat_rate == total.vat_rate) == total.vat


def test_the_system_tells_day_closes_and_sales_from_json_files() -> None:
    """The host finds the source under its name."""
    assert (SYSTEM.name, SYSTEM.sinks) == ("openpos", ())
    assert SYSTEM.source is not None
    assert (SYSTEM.source.system, SYSTEM.source.suffixes) == ("openpos", (".json",))
    assert SYSTEM.source.facts == (DayClosed, InvoiceRequested)


# --- Meaning ----------------------------------------------------------------------------------------------------


def test_a_correction_is_the_same_day_with_another_revision() -> None:
    """The amended sample has the key of the first one, a higher amendment, and another revision."""
    first, amended = (
        closed(json.loads((SAMPLES / f"{name}.json").read_bytes()))
        for name in ("restaurant-day", "restaurant-day-amended")
    )
    assert first.key == amended.key == "openpos/SODER/KASSA1/412/2026-04-10"
    assert (first.amendment, amended.amendment) == (0, 1)
    assert ids.revision(first) != ids.revision(amended)


def test_a_report_taken_after_midnight_keeps_its_business_date() -> None:
    """The voucher's date is the day of the sales, not the day of the report."""
    fact = closed(json.loads((SAMPLES / "past-midnight.json").read_bytes()))
    assert fact.business_date.isoformat() == "2026-04-11"
    assert fact.taken_at.isoformat() == "2026-04-12T01:12:40+00:00"


def test_two_reports_of_one_day_are_two_facts() -> None:
    """The Z number tells them apart, not the date."""
    lunch, evening = (
        closed(json.loads((SAMPLES / f"two-on-one-day-{part}.json").read_bytes())) for part in ("lunch", "evening")
    )
    assert lunch.business_date == evening.business_date
    assert lunch.key != evening.key


def test_gift_cards_sold_are_no_sales_and_those_redeemed_are_a_payment() -> None:
    """A gift card is debt when it is sold and money when it is used."""
    fact = closed(json.loads((SAMPLES / "shop-day-gift-cards.json").read_bytes()))
    assert {o.category: o.amount for o in fact.others} == {
        "gift_cards_sold": Decimal("1500.00"),
        "rounding": Decimal("0.50"),
    }
    assert {p.method: p.amount for p in fact.payments}["gift_card"] == Decimal("2000.00")


def test_the_cash_difference_is_counted_less_registered() -> None:
    """Money that is missing is negative; without a count there is no difference."""
    assert closed(changed("cash", {"counted": "950.00", "registered": "1000.00"})).cash_difference == Decimal("-50.00")
    assert closed(changed("cash", None)).cash_difference == ZERO


def test_an_amount_of_zero_is_as_if_it_were_not_there() -> None:
    """Saying that there were no tips is no other content than not mentioning them."""
    quiet = {name: value for name, value in NORMAL.items() if name != "tips"}
    assert closed(changed("tips", "0.00")) == closed(quiet)


def test_the_unbalanced_is_translated_and_judged_later() -> None:
    """A report that does not add up is well formed; the flow holds it with its reason."""
    assert closed(changed("totalSales", "1.00")).total_sales == Decimal("1.00")


# --- One content, one revision ------------------------------------------------------------------------------------


def shuffled(value: Any, data: st.DataObject) -> Any:
    """Return the same content with fields and lines in another order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name], data) for name in data.draw(st.permutations(list(value)))}
    if isinstance(value, list):
        return [shuffled(line, data) for line in data.draw(st.permutations(value))]
    return value


@given(data=st.data(), path=st.sampled_from(REPORTS))
def test_another_order_of_fields_and_lines_is_the_same_fact(data: st.DataObject, path: Path) -> None:
    """What says nothing changes nothing."""
    report = json.loads(path.read_bytes())
    assert closed(shuffled(report, data)) == closed(report)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("takenAt", "2026-04-10T21:41:07Z"),
        ("takenAt", "2026-04-10T21:41:07.000+00:00"),
        ("productGroups.0.vatRate", "12.00"),
        ("company.organisationNumber", "5599990016"),
    ],
)
def test_another_way_to_write_the_same_value_is_the_same_fact(path: str, value: str) -> None:
    """A moment, a rate and an organisation number have one form in the fact."""
    report = changed(path, value)
    assert report != NORMAL
    assert ids.revision(closed(report)) == ids.revision(closed(NORMAL))


def test_a_byte_order_mark_says_nothing() -> None:
    """Files from Windows may begin with one."""
    assert translate(b"\xef\xbb\xbf" + as_bytes(NORMAL)) == translate(as_bytes(NORMAL))


# --- Malformed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "bokbuss.openpos.z-report/2"),
        ("reportType", "X"),
        ("currency", "EUR"),
        ("zNumber", 0),
        ("zNumber", "412"),
        ("zNumber", True),
        ("zNumber", 412.0),
        ("businessDate", "20260410"),
        ("businessDate", "2026-02-30"),
        ("businessDate", "1775779200"),
        ("businessDate", "2226-04-10"),
        ("takenAt", "2026-04-10T23:41:07"),
        ("takenAt", "1775857267"),
        ("takenAt", "2026-04-10T25:41:07+02:00"),
        ("takenAt", "0001-01-01T00:00:00+14:00"),
        ("takenAt", "9999-12-31T23:59:59-14:00"),
        ("registerId", "KASSA 1"),
        ("registerId", "K" * 17),
        ("company.organisationNumber", "559999-001"),
        ("totalSales", 33614.5),
        ("totalSales", 33614),
        ("totalSales", "33614.5"),
        ("totalSales", "33 614.50"),
        ("totalSales", "33614,50"),
        ("totalSales", "+33614.50"),
        ("totalSales", "1234567890123.00"),
        ("totalSales", "NaN"),
        ("totalSales", None),
        ("tips", None),
        ("productGroups", None),
        ("productGroups.0.vatRate", 12),
        ("productGroups.0.vatRate", "-12"),
        ("payments.1.amount", 28971.5),
        ("payments.1.count", -1),
        ("returns.amount", "-145.00"),
        ("otherReductions", [{"kind": "x", "amount": "-1.00"}]),
        ("cash.counted", "100000000000.00"),
        ("cash.registered", "-100000000000.00"),
        ("otherAmounts", [{"category": "tips", "amount": "1.00"}]),
        ("unknown", "1.00"),
        ("payments.0.tips", "1.00"),
    ],
)
def test_a_wrong_field_is_named(path: str, value: object) -> None:
    """The path of the field comes first, then why; there is one problem, because one field is wrong."""
    (problem,) = problems(as_bytes(changed(path, value)))
    where, _, why = problem.partition(": ")
    wanted = "".join(f"[{p}]" if p.isdigit() else f".{p}" for p in path.split(".")).removeprefix(".")
    assert where.startswith(wanted)
    assert why


@pytest.mark.parametrize("path", ["store", "productGroups.0.group", "payments.0.method"])
@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_that_nobody_sees_is_refused(path: str, name: str) -> None:
    """A store or a group without a name on any page: an account could not be chosen for it."""
    _, (problem,) = outcome(as_bytes(changed(path, name)))
    assert problem.endswith("there is nothing in it that can be seen")


def test_every_wrong_field_is_named_at_once() -> None:
    """One delivery is enough to learn everything that is wrong."""
    report = changed("payments.1.amount", 5.5) | {"zNumber": 0, "tip": "1.00"}
    del report["store"]
    assert {p.partition(": ")[0] for p in problems(as_bytes(report))} == {
        "payments[1].amount",
        "zNumber",
        "tip",
        "store",
    }


@pytest.mark.parametrize("name", ["tips", "amount"])
def test_a_field_that_stands_twice_is_named(name: str) -> None:
    """Readers differ on which of two amounts counts, so neither does."""
    raw = as_bytes(NORMAL).replace(f'"{name}": '.encode(), f'"{name}": "1.00", "{name}": '.encode(), 1)
    assert problems(raw) == (f"{name}: stands more than once in the same object",)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"Z"',
        as_bytes(NORMAL)[:-1],
        as_bytes(NORMAL) + b"}",
        json.dumps(NORMAL, ensure_ascii=False).encode("utf-16"),
        json.dumps(NORMAL, ensure_ascii=False).encode("cp1252"),
        json.dumps(NORMAL | {"store": "\ud800"}).encode(),
        b"[" * 200_000,
        b'{"zNumber": ' + b"9" * 10_000 + b"}",
        b'{"totalSales": NaN}',
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_what_is_no_report_is_malformed(raw: bytes) -> None:
    """Broken JSON, another encoding and other JSON are refused with a reason."""
    assert all(p.partition(": ")[2] for p in problems(raw))


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Return the path of every leaf of a JSON value."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, f"{path}.{name}".removeprefix("."))
    else:
        yield path


LEAVES = list(leaves(NORMAL))


@given(
    path=st.sampled_from(LEAVES),
    value=st.sampled_from(
        ["secret-7302", "19800101-7302", 7302.7302, -7302, {"a7302": 7302}, ["7302"], {"19800101-7302": 1}]
    ),
)
def test_a_problem_never_shows_a_value(path: str, value: object) -> None:
    """What is wrong may be somebody's personal number: fields are named, values never."""
    _, wrong = outcome(as_bytes(changed(path, value)))
    assert "7302" not in " ".join(wrong).replace("a7302", "")


def test_a_name_that_is_no_name_is_not_shown() -> None:
    """A value that slipped into the place of a name stays unsaid."""
    assert problems(as_bytes(NORMAL | {"19800101-7302": "1.00"})) == (
        "(a name that is no field's): Extra inputs are not permitted",
    )


# --- Any report, any bytes ------------------------------------------------------------------------------------------

ore = st.integers(-(10**9), 10**9)
counts = st.integers(0, 10**6)
codes = st.text("abcåäöXYZ019 _.+&()/-", min_size=1, max_size=20).filter(seen)
rates = st.sampled_from(["25", "12", "6", "0", "8.25"])


def written(amount: int) -> str:
    """Return öre as the wire writes them."""
    return f"{Decimal(amount) / 100:.2f}"


amounts = ore.map(written)
unsigned = st.integers(0, 10**9).map(written)
tallies = st.fixed_dictionaries({"count": counts, "amount": unsigned})
rated = {"vatRate": rates, "net": amounts, "vat": amounts}
reports = st.fixed_dictionaries(
    {
        "format": st.just("bokbuss.openpos.z-report/1"),
        "reportType": st.just("Z"),
        "company": st.fixed_dictionaries(
            {"name": st.text("abcåäö &", min_size=1, max_size=20)},
            optional={"organisationNumber": st.from_regex(r"[0-9]{6}-?[0-9]{4}", fullmatch=True)},
        ),
        "store": codes,
        "registerId": st.from_regex(r"[0-9A-Za-zÅÄÖåäö_-]{1,16}", fullmatch=True),
        "zNumber": st.integers(1, 999_999_999),
        "businessDate": st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)).map(str),
        "takenAt": st.sampled_from(["2026-04-10T23:41:07+02:00", "2099-12-31T23:59:59-14:00", "2000-01-01T00:00:00Z"]),
        "currency": st.just("SEK"),
        "totalSales": amounts,
        "productGroups": st.lists(st.fixed_dictionaries({"group": codes, **rated}), max_size=5),
        "vatTotals": st.lists(st.fixed_dictionaries(rated), max_size=4),
        "payments": st.lists(
            st.fixed_dictionaries({"method": codes, "amount": amounts}, optional={"count": counts | st.none()}),
            max_size=5,
        ),
    },
    optional={
        "amendment": st.integers(0, 9999),
        "tips": amounts,
        "rounding": amounts,
        "giftCardsSold": amounts,
        "otherAmounts": st.lists(
            st.fixed_dictionaries({"category": codes.map("x".__add__), "amount": amounts}), max_size=3
        ),
        "cash": st.fixed_dictionaries({"counted": amounts, "registered": amounts}),
        "returns": tallies,
        "discounts": tallies | st.none(),
        "receipts": counts,
        "changeFloat": amounts,
        "goodsSold": counts,
        "servicesSold": counts,
        "drawerOpenings": counts,
        "receiptCopies": tallies,
        "training": tallies,
        "otherReductions": st.lists(st.fixed_dictionaries({"kind": codes, "amount": unsigned}), max_size=2),
        "unfinishedSales": tallies,
        "grandTotalSales": amounts,
        "grandTotalReturns": amounts,
        "grandTotalNet": amounts,
    },
)


def in_ore(amount: str | Decimal) -> int:
    """Return an amount in öre."""
    return int(Decimal(amount) * 100)


def numbers_in(value: Any) -> Iterator[object]:
    """Return every leaf of a JSON value."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(part)
    else:
        yield value


@given(report=reports)
def test_any_valid_report_keeps_its_sums(report: dict[str, Any]) -> None:
    """Not one öre is lost or made, and no amount becomes a float."""
    fact = closed(report)
    assert sum(in_ore(p.amount) for p in fact.payments) == sum(in_ore(p["amount"]) for p in report["payments"])
    for ours, theirs in ((fact.sales, report["productGroups"]), (fact.vat, report["vatTotals"])):
        assert sum(in_ore(line.net) for line in ours) == sum(in_ore(line["net"]) for line in theirs)
        assert sum(in_ore(line.vat) for line in ours) == sum(in_ore(line["vat"]) for line in theirs)
    others = [report.get(name, "0.00") for name in ("tips", "rounding", "giftCardsSold")]
    others += [other["amount"] for other in report.get("otherAmounts", [])]
    assert sum(in_ore(o.amount) for o in fact.others) == sum(map(in_ore, others))
    assert in_ore(fact.total_sales) == in_ore(report["totalSales"])
    cash = report.get("cash", {"counted": "0.00", "registered": "0.00"})
    assert in_ore(fact.cash_difference) == in_ore(cash["counted"]) - in_ore(cash["registered"])
    assert not any(isinstance(leaf, float) for leaf in numbers_in(fact.to_json()))
    assert DayClosed.model_validate_json(fact.model_dump_json()) == fact
    assert translate(as_bytes(report)) == (fact,)


@given(
    path=st.sampled_from(REPORTS),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6),
)
def test_any_damaged_bytes_are_facts_or_malformed(path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    """No bytes whatsoever make another exception."""
    raw = path.read_bytes()
    for place, length, put in edits:
        at = place % (len(raw) + 1)
        raw = raw[:at] + put + raw[at + length :]
    facts, wrong = outcome(raw)
    assert (len(facts) == 1) is not bool(wrong)
    assert all(": " in problem for problem in wrong)
    assert all(not isinstance(leaf, float) for f in facts for leaf in numbers_in(f.to_json()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(path=st.sampled_from(LEAVES), value=json_values)
def test_any_value_in_any_field_is_a_fact_or_malformed(path: str, value: object) -> None:
    """A wrong value in a right place is as harmless as damaged bytes."""
    facts, wrong = outcome(json.dumps(changed(path, value)).encode())
    assert (len(facts) == 1) is not bool(wrong)


@pytest.mark.parametrize(
    ("told", "flaw"),
    [
        (None, None),
        (7, "not_base64"),
        ({"name": "Z.pdf"}, "not_base64"),
        ("data:application/pdf;base64,JVBERi0=", "not_base64"),
        ("", "not_a_pdf"),
        (base64.b64encode(b"%PDF-1.7 cut").decode(), "not_a_pdf"),
        (base64.b64encode(b"%PDF-1.7 " + bytes(LARGEST) + b"%%EOF").decode(), "too_large"),
    ],
)
def test_what_is_no_pdf_loses_no_day(told: object, flaw: str | None) -> None:
    """The report is the same but for what is wrong with its PDF; nothing is to be kept."""
    report = as_bytes(NORMAL | {"pdf": told})
    fact = closed(NORMAL | {"pdf": told})
    assert (fact.pdf, fact.pdf_flaw) == (None, flaw)
    assert fact.model_copy(update={"pdf_flaw": None}) == closed(NORMAL)
    assert SYSTEM.source
    assert SYSTEM.source.documents(report) == ()


def test_a_report_s_pdf_is_kept_by_its_hash() -> None:
    """Written in lines, as some programs write base64, it is the same PDF."""
    pdf = b"%PDF-1.7 " + bytes(range(256)) + b" %%EOF"
    for told in (base64.b64encode(pdf), base64.encodebytes(pdf)):
        report = NORMAL | {"pdf": told.decode()}
        found = closed(report).pdf
        assert found == Document(sha256=hashlib.sha256(pdf).hexdigest(), size=len(pdf))
        assert SYSTEM.source
        assert SYSTEM.source.documents(as_bytes(report)) == (pdf,)
        assert SYSTEM.source.documents(as_bytes(report).replace(b'"pdf"', b'"\\u0070df"')) == (pdf,)
