"""A sale on account becomes one InvoiceRequested, or Malformed names every wrong field and never a value."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.openpos import SYSTEM
from connectors.openpos.translate import translate
from connectors.openpos.wire import SaleOnAccount
from infra.plugin import Malformed
from schemas.invoices import InvoiceRequested
from schemas.personal import Unsealed
from tests.connectors.openpos.test_readme import README, fields_of
from tests.connectors.openpos.test_translate import SAMPLES, outcome

SALES = sorted(p for p in SAMPLES.glob("sale-on-account*.json") if not p.name.endswith(".facts.json"))
SALE = json.loads((SAMPLES / "sale-on-account.json").read_bytes())
FIELDS = dict(fields_of(SaleOnAccount))


def asked(**changes: Any) -> InvoiceRequested:
    """Return the fact of the sample with changes."""
    (fact,) = translate(json.dumps(SALE | changes).encode())
    assert isinstance(fact, InvoiceRequested)
    return fact


def test_the_table_has_every_field_and_no_other() -> None:
    """A till developer finds each field of the format, and whether it must be there."""
    table = README[README.index("## Sales on account") : README.index("## By HTTP")]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    assert {name.strip("` "): needed.strip().startswith("yes") for name, needed, *_ in rows} == FIELDS


@pytest.mark.parametrize("path", SALES, ids=lambda p: p.stem)
def test_a_sample_adds_up(path: Path) -> None:
    """Rows with VAT, and the tip, are the total to the öre."""
    (fact,) = translate(path.read_bytes())
    assert isinstance(fact, InvoiceRequested)
    assert fact.vat_included
    assert sum((row.amount for row in fact.rows), fact.tip) == fact.total


NUL = "with\0nul"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rows": [{**SALE["rows"][0], "text": NUL}]}, "rows[0].text"),
        *(({"customer": {name: f"{NUL}@exempel.se"}}, f"customer.{name}") for name in ("name", "street", "email")),
    ],
)
def test_what_no_reader_could_keep_is_refused_at_the_door(changes: dict[str, Any], field: str) -> None:
    """A message with NUL in a text is one that nobody reads: accepted, the sale would lie among the dead letters."""
    with pytest.raises(Malformed) as caught:
        asked(**changes)
    assert caught.value.problems[0].partition(": ")[0] == field


def test_a_companys_number_is_plain_and_a_persons_is_sealed() -> None:
    """A sole trader's number is a personal number; a wrong one is kept with its flaw, and none is nobody's."""
    buyer = asked(customer={"organisationNumber": "16559999-0032"}).buyer
    assert buyer is not None
    assert (buyer.organisation_number, buyer.personal_number) == ("5599990032", None)
    buyer = asked(customer={"organisationNumber": "559999\u20130032"}).buyer  # as it was pasted
    assert buyer is not None
    assert buyer.organisation_number == "5599990032"
    buyer = asked(customer={"organisationNumber": "19 800101\u00a0\u22121231"}).buyer
    assert buyer is not None
    assert isinstance(buyer.personal_number, Unsealed)
    assert buyer.personal_number.plain == "198001011231"
    buyer = asked(customer={"organisationNumber": "800101-1231"}).buyer
    assert buyer is not None
    assert isinstance(buyer.personal_number, Unsealed)
    assert buyer.personal_number.plain == "198001011231"
    buyer = asked(customer={"organisationNumber": "800101-1230"}).buyer
    assert buyer is not None
    assert buyer.personal_number is not None
    assert buyer.personal_number.flaw == "wrong_check_digit"
    assert asked(customer={}).buyer is None
    assert asked(customer={"number": "7"}).buyer is None


@pytest.mark.parametrize("unit", ["st", "m²", "st/förp", "%", "100 g", "l (liter)"])
def test_a_unit_is_a_text(unit: str) -> None:
    """Tills have what people call it: a whole sale was refused for its square metres."""
    assert asked(rows=[{**SALE["rows"][0], "unit": unit}, *SALE["rows"][1:]]).rows[0].unit == unit


def test_the_same_sale_is_the_same_fact() -> None:
    """Whatever the order of its fields."""
    assert asked() == asked(**dict(reversed(SALE.items())))
    assert asked().key == "openpos/MATSAL/KASSA1/receipt-88213/2026-04-10"
    assert asked().rows[1].amount == Decimal("99.71")


def test_letters_that_json_writes_otherwise_are_the_same_sale() -> None:
    """PHP writes each slash with a backslash before it."""
    slashes = json.dumps(SALE).replace("/", "\\/").encode()
    assert translate(slashes) == translate(json.dumps(SALE).replace("sale-on", "sal\\u0065-on").encode()) == (asked(),)


def test_a_sale_has_no_report_of_its_own_to_be_kept() -> None:
    """Whatever is sold, and however it is written."""
    sold = {"rows": [SALE["rows"][0] | {"text": "pdf"}, *SALE["rows"][1:]]}
    assert SYSTEM.source
    for raw in (json.dumps(SALE | sold), json.dumps(SALE | sold).replace("/", "\\/")):
        assert len(translate(raw.encode())) == 1
        assert SYSTEM.source.documents(raw.encode()) == ()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rows": []}, "rows: "),
        ({"total": 1649.71}, "total: an amount is a string"),
        ({"customer": {"epost": "x"}}, "customer.epost: Extra inputs"),
        ({"customer": {"organisationNumber": "not a number"}}, "customer.organisationNumber: "),
        ({"rows": [SALE["rows"][0] | {"quantity": "1"}]}, "rows[0].quantity: a quantity is a string"),
        ({"format": "bokbuss.openpos.sale-on-account/2"}, "format: "),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], problem: str) -> None:
    """And its value is not."""
    with pytest.raises(Malformed) as caught:
        asked(**changes)
    assert any(said.startswith(problem) for said in caught.value.problems), caught.value.problems
    assert "not a number" not in str(caught.value)


@given(
    path=st.sampled_from(SALES),
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
