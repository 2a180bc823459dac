"""What is sent of employees, absences, invoices and files: documented, writable fields in Fortnox's characters."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.fortnox import encode
from connectors.fortnox.forms import absence, customer, employee, file, invoice, open_items
from infra.delivery.requests import Request
from infra.verdicts import Rejected, RetryLater
from schemas import ids
from schemas.commands import UpsertEmployee, VoucherRef
from schemas.countries import country_name
from schemas.events import EmployeeFields
from schemas.invoices import OTHER_AMOUNTS, Buyer, DocumentRow
from tests.connectors.fortnox import lane_driver
from tests.connectors.fortnox.lane_driver import WHENCE

# ruff: noqa: RUF001 - characters that look alike are what Fortnox's class is about

SPEC = Path(__file__).parents[4] / "shared" / "specs" / "fortnox-openapi.json"
TODAY = date(2026, 5, 4)
WITH_SPEC = pytest.mark.skipif(not SPEC.exists(), reason="Fortnox's document of its interface is not here")
ALLOWED = frozenset("\\0123456789 –:.`´,;^¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@\u0308\u030a")
TEXTS = st.text(max_size=60)
DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))
MONEY = st.decimals(Decimal("-99999.99"), Decimal("99999.99"), places=2)
COST_CENTRES = st.none() | st.from_regex(r"[A-Z0-9_\-]{1,6}", fullmatch=True)
FIELDS: Mapping[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(("email", "given_name", "family_name", "street", "postal_code", "city", "title"), TEXTS),
    "phone": st.from_regex(r"(\+46|0|00|\+)[1-9][0-9 \-]{5,12}", fullmatch=True) | TEXTS,
    "country": st.sampled_from(["SE", "no", "XX", "Sverige", ""]),
    "bank_account": st.from_regex(r"[0-9]{4,5},[0-9]{1,10}", fullmatch=True) | TEXTS,
    "personal_number": st.from_regex(r"(19|20)[0-9]{10}", fullmatch=True) | TEXTS,
    "first_day": DAYS.map(str),
    "last_day": DAYS.map(str),
    "tax_table": st.integers(29, 42).map(str),
    "tax_column": st.integers(1, 6).map(str),
}
VALUES = st.fixed_dictionaries({}, optional=FIELDS).map(lambda all_: {k: v for k, v in all_.items() if v})


def upsert(**fields: Any) -> UpsertEmployee:
    """Return an order; what it writes is told beside it."""
    return UpsertEmployee(**(WHENCE | {"key": "huma/1", "fields": EmployeeFields(), "create": True} | fields))


def sent(request: Request, key: str) -> dict[str, Any]:
    """Return the fields of a request; none is empty, and texts are in Fortnox's class."""
    fields: dict[str, Any] = json.loads(request.body or b"", parse_float=Decimal)[key]

    def check(value: Any) -> None:
        match value:
            case dict():
                for name, item in value.items():
                    if name != "Email":  # never adapted: Fortnox refuses a wrong one
                        check(item)
            case list():
                for item in value:
                    check(item)
            case str():
                assert value
                assert "://" not in value
                assert all(c in ALLOWED or unicodedata.category(c).startswith("L") for c in value)
            case _:
                assert isinstance(value, int | Decimal)

    check(fields | {"InvoiceRows": [], "OrderRows": []})
    for row in fields.get("InvoiceRows", fields.get("OrderRows", [])):
        check({name: value for name, value in row.items() if value != ""})
    return fields


def test_an_id_is_one_part_of_a_path() -> None:
    """Whatever characters an id has: another record is never meant."""
    changed = employee.change(upsert(create=False, employee_id="12/3"), {"city": "Lund"}, ["city"], TODAY)
    assert isinstance(changed, Request)
    assert (changed.resource, employee.read("12/3").resource) == ("employees/12%2F3",) * 2


@given(VALUES, st.sampled_from([1, 2]), st.sampled_from([None, "A17"]))
def test_a_new_employee_is_sent_in_documented_fields(
    values: dict[str, str], street_line: int, employee_id: str | None
) -> None:
    """Only fields that hold something; texts in Fortnox's characters; what it demands is there, or it is refused."""
    request = employee.create(upsert(street_line=street_line, employee_id=employee_id), values, TODAY)
    if isinstance(request, Rejected):
        assert request.code in {"employee_fields_missing", "bank_account_invalid"}
        assert not any(value in request.why for value in values.values() if len(value) > 15)
        return
    fields = sent(request, "Employee")
    assert {"Email", "FirstName", "LastName"} <= fields.keys()
    assert fields.get("EmployeeId") == employee_id
    assert f"Address{3 - street_line}" not in fields
    assert "Inactive" not in fields
    assert len(fields.get("JobTitle", "")) <= 30
    assert isinstance(fields.get("TaxColumn", 1), int)


@given(VALUES, st.lists(st.sampled_from([*FIELDS]), max_size=4, unique=True), st.randoms())
def test_a_change_writes_the_fields_that_differ_and_no_others(
    values: dict[str, str], clear: list[str], chosen: Any
) -> None:
    """A field to be emptied is API_BLANK; a record that took everything differs in nothing."""
    order = upsert(create=False, employee_id="1", clear=tuple(clear))
    names = employee.differing(order, values, {})
    assert not set(clear) - set(values) & set(names)  # what is empty already is not emptied
    request = employee.change(order, values, (*values, *clear), TODAY)
    if isinstance(request, Rejected):
        return
    fields = sent(request, "Employee")
    blank = {name for name, value in fields.items() if value == employee.BLANK}
    assert blank == {
        theirs for name in clear if name not in values for theirs in employee.NAMES.get(name, ("Address1",))
    }
    record = {name: "" if value == employee.BLANK else value for name, value in fields.items()}
    now = employee.held(record, TODAY)
    assert employee.differing(order, values, now) == ()
    assert employee.moved(order, values, {}, now) == ()
    assert not any("held otherwise" in str(each) for each in employee.note(order, values))
    some = [name for name in names if chosen.random() < 0.5]
    if some:
        fewer = employee.change(order, values, some, TODAY)
        assert not isinstance(fewer, Rejected)
        allowed = {each for name in some for each in employee.NAMES.get(name, ("Address1",))}
        assert json.loads(fewer.body or b"")["Employee"].keys() <= allowed


@given(VALUES)
def test_a_note_names_fields_and_no_values(values: dict[str, str]) -> None:
    """What was adapted or left out is on record by name."""
    words = set(
        " ".join(map(str, employee.note(upsert(), values))).replace(";", "").replace(",", "").replace(":", "").split()
    )
    spoken = {"adapted", "to", "what", "Fortnox", "takes", "left", "out", "since", "has", "no", "words", "for", "it"}
    assert words <= {*FIELDS} | spoken


@pytest.mark.parametrize(
    ("name", "value", "theirs"),
    [
        ("phone", "+46701234567", "070-123 45 67"),
        ("phone", "+4681234567", "081234567"),
        ("phone", "+4712345678", "+4712345678"),
        ("personal_number", "194504032972", "4504032972"),
        ("personal_number", "191212121212", "121212+1212"),
        ("country", "SE", "Sweden"),
        ("title", "Å" * 40, "Å" * 30),
        ("tax_column", "3", 3),
        ("tax_table", "33", "33"),
    ],
)
def test_a_value_is_written_as_fortnox_has_it(name: str, value: str, theirs: Any) -> None:
    """By example."""
    request = employee.change(upsert(create=False, employee_id="1"), {name: value}, [name], TODAY)
    assert not isinstance(request, Rejected)
    assert json.loads(request.body or b"")["Employee"] == {employee.NAMES[name][0]: theirs}


@pytest.mark.parametrize(
    ("name", "value", "record"),
    [
        ("phone", "+46701234567", {"Phone1": "0046 70 123 45 67"}),
        ("personal_number", "194504032972", {"PersonalIdentityNumber": "19450403-2972"}),
        ("personal_number", "194504032972", {"PersonalIdentityNumber": "450403-2972"}),
        ("country", "SE", {"Country": "Sverige"}),
        ("country", "SE", {"Country": "se"}),
        ("email", "Anna@Exempel.se", {"Email": "anna@exempel.se "}),
        ("bank_account", "6000,000000019", {"ClearingNo": "6000", "BankAccountNo": "00 000 019"}),
        ("postal_code", "11122", {"PostCode": "111 22"}),
        ("tax_column", "3", {"TaxColumn": 3}),
        ("tax_column", "3", {"TaxColumn": "3"}),
        ("first_day", "2026-01-01", {"EmploymentDate": "2026-01-01 00:00:00"}),
        ("last_day", "2026-12-31", {"EmployedTo": "2026-12-31T00:00:00"}),
    ],
)
def test_one_value_in_two_writings_is_one(name: str, value: str, record: dict[str, Any]) -> None:
    """Writing it anew would tell of a change that nobody made."""
    assert employee.differing(upsert(), {name: value}, employee.held(record, TODAY)) == ()
    assert employee.differing(upsert(), {name: value}, {}) == (name,)


ABSENCES = st.builds(
    lane_driver.absence,
    cause=st.sampled_from(["ASK", "FPE", "FRA", "SEM", "SJK", "TJL", "VAB", "OS1"]),
    day=DAYS,
    extent=st.integers(0, 100),
    hours=st.none() | st.decimals(0, 24, places=2),
    cost_centre=COST_CENTRES,
)


@given(ABSENCES, st.sampled_from([None, "0", "0.00"]))
def test_an_absence_is_found_as_it_was_sent(order: Any, unused: Any) -> None:
    """A POST sends no id; what comes back as numbers or texts is the same absence."""
    fields = sent(absence.create(order.data), absence.KEY)
    assert "id" not in fields
    wanted = (0, order.data.hours) if order.data.hours is not None else (order.data.extent, 0)
    assert (fields["Extent"], fields["Hours"]) == wanted
    other = "Extent" if order.data.hours is not None else "Hours"
    held = {name: str(value) for name, value in fields.items()} | {"id": "7", other: unused}
    assert absence.found(order.data, [held | {"CauseCode": "XXX"}, held]) == ("7",)
    assert absence.written(order.data, held) is not None


@pytest.mark.parametrize("name", ["EmployeeId", "CauseCode", "Date", "Hours", "CostCenter"])
def test_an_absence_that_hides_what_it_is_known_by_is_not_absent(name: str) -> None:
    """Unless what it shows says that it is another: it would be registered twice."""
    order = lane_driver.absence(hours=Decimal(4), cost_centre="10").data
    held = sent(absence.create(order), absence.KEY) | {"id": "7", name: "API_NORIGHT"}
    other = {"CauseCode": "XXX"} if name != "CauseCode" else {"EmployeeId": "0"}
    assert absence.found(order, [held]) == ()
    assert [absence.hides(order, [item]) for item in (held, held | other, {})] == [True, False, False]


def test_an_absence_that_says_the_same_without_an_id_is_not_absent() -> None:
    """Fortnox's document does not promise the id: it would be registered twice."""
    order = lane_driver.absence().data
    held = sent(absence.create(order), absence.KEY)
    assert absence.found(order, [held]) == ()
    assert [absence.hides(order, [item]) for item in (held, held | {"id": "7"}, held | {"CauseCode": "XXX"})] == [
        True,
        False,
        False,
    ]


def test_a_code_that_fortnox_writes_in_other_letters_is_the_same() -> None:
    """An absence whose answer was lost would be registered again for a cost centre that Fortnox writes S1."""
    order = lane_driver.absence(cost_centre="s1").data
    held = sent(absence.create(order), absence.KEY) | {"id": "7", "CostCenter": "S1", "CauseCode": "sem"}
    assert absence.found(order, [held]) == ("7",)


@pytest.mark.parametrize(
    ("number", "is_open"), [("API_NORIGHT", True), ("", True), ("4504032972", False), ("8001011231", False)]
)
def test_an_employee_who_hides_the_e_mail_address_is_not_absent(number: str, *, is_open: bool) -> None:
    """Unless the personal number tells that it is somebody else: a new employee would be added twice."""
    items = [{"EmployeeId": "1", "Email": "API_NORIGHT", "PersonalIdentityNumber": number}]
    values = {"email": "anna@exempel.se", "personal_number": "194504032972"}
    found = employee.found(items, values, TODAY)
    assert isinstance(found, RetryLater) == is_open
    assert found == "1" if number == "4504032972" else found is None or is_open
    assert isinstance(employee.found(items, {"email": "anna@exempel.se"}, TODAY), RetryLater)


def test_an_employee_who_is_listed_without_an_id_is_not_absent() -> None:
    """Fortnox's document does not promise it in lists: the person would be added a second time."""
    values = {"email": "anna@exempel.se"}
    assert isinstance(employee.found([{"Email": "anna@exempel.se"}], values, TODAY), RetryLater)
    assert employee.found([{"Email": "bo@exempel.se"}], values, TODAY) is None


def test_an_absence_of_somebody_whose_id_begins_alike_is_another() -> None:
    """Fortnox searches by parts of a text; a day may come with its time."""
    order = lane_driver.absence(employee_id="1980010112").data
    held = sent(absence.create(order), absence.KEY) | {"id": "7", "Date": f"{order.day} 00:00:00"}
    assert absence.found(order, [held]) == ("7",)
    assert absence.found(order, [held | {"EmployeeId": "198001011231"}]) == ()


ROWS = st.builds(
    DocumentRow,
    text=st.text(min_size=1, max_size=255),
    quantity=MONEY,
    price=MONEY,
    vat_rate=st.sampled_from([Decimal(rate) for rate in (0, 6, 12, 25)]),
)
INVOICES = st.builds(
    lane_driver.invoice,
    document=st.sampled_from(["invoice", "order"]),
    rows=st.lists(ROWS, min_size=1, max_size=4).map(tuple),
    invoice_date=DAYS,
    cost_centre=COST_CENTRES,
)


@given(INVOICES)
def test_a_document_carries_its_mark_and_its_amounts_to_the_ore(order: Any) -> None:
    """What was sent and comes back unchanged has nothing noted; the mark is matched whole."""
    form = invoice.DOCUMENTS[order.data.document]
    fields = sent(invoice.create(order), form.one)
    assert fields["ExternalInvoiceReference1"] == ids.mark(UUID(order.id))
    assert [(row["Price"], Decimal(row["DeliveredQuantity"])) for row in fields[form.rows]] == [
        (row.price, row.quantity) for row in order.data.rows
    ]
    assert all(0 < len(row["Description"]) <= 255 for row in fields[form.rows])
    assert invoice.marked(order, [fields | {"DocumentNumber": 7}]) == ("7",)
    assert invoice.unsure([fields | {"DocumentNumber": 7}]) == ()
    for shown in ({}, {"ExternalInvoiceReference1": "API_NORIGHT"}):  # hidden is not absent
        assert invoice.unsure([{"DocumentNumber": 8, **shown}]) == ("8",)
    longer = fields["ExternalInvoiceReference1"] + "x"
    assert invoice.marked(order, [fields | {"DocumentNumber": 7, "ExternalInvoiceReference1": longer}]) == ()
    verdict = invoice.written(order, fields | {"DocumentNumber": 7})
    assert verdict is not None
    assert "held otherwise" not in verdict.note


def test_of_several_documents_with_our_mark_the_eldest_is_ours() -> None:
    """Copies carry it too, and lists may show the newest first: theirs would be taken for ours."""
    assert invoice.eldest_first(["101", "100", "99", "100"]) == ["99", "100", "101"]


@pytest.mark.parametrize("text", ["\U0001f355", "   ", "\u2192"])
def test_a_row_whose_text_has_nothing_that_fortnox_takes_has_another(text: str) -> None:
    """A row of neither text nor article is refused, and the whole sale with it; an article gives its own text."""
    row = DocumentRow(text=text, quantity=Decimal(1), price=Decimal("59.00"), vat_rate=Decimal(12))
    order = lane_driver.invoice(rows=(row, row.model_copy(update={"article": "P1"})))
    plain, named = sent(invoice.create(order), "Invoice")["InvoiceRows"]
    assert plain["Description"] == "Artikel"
    assert "Description" not in named
    assert "text of row 1" in str(invoice.note(order.data)[0])


def test_what_a_document_has_more_than_it_was_sent_is_told() -> None:
    """A fee, freight, or a discount of the customer's: the customer owes something else than the till took."""
    order = lane_driver.invoice()
    fields = sent(invoice.create(order), "Invoice")
    rows = [row | {"Discount": Decimal(10)} for row in fields["InvoiceRows"][:1]] + fields["InvoiceRows"][1:]
    verdict = invoice.written(order, fields | {"DocumentNumber": 7, "Freight": Decimal(49), "InvoiceRows": rows})
    assert verdict is not None
    assert verdict.note == "held otherwise by Fortnox: Freight 49 for 0, Discount of row 1 10 for 0"
    assert verdict.code == OTHER_AMOUNTS


@pytest.mark.parametrize(
    ("held", "note"),
    [
        ({"row": {"DeliveredQuantity": "0"}}, "DeliveredQuantity of row 1 0 for 2.00"),  # the stock is empty
        ({"row": {"VAT": 0}}, "VAT of row 1 0 for 6"),
        ({"Total": 0}, "Total 0 for 260.94"),
        ({"Total": Decimal(239)}, "Total 239 for 260.94"),  # a customer who owes no VAT
        ({"Currency": "EUR"}, "Currency"),
        ({"InvoiceRows": []}, "0 rows for 2"),
    ],
)
def test_a_document_of_other_amounts_is_named_as_one(held: dict[str, Any], note: str) -> None:
    """Whatever made them: the customer owes something else than was sold."""
    order = lane_driver.invoice()
    fields = sent(invoice.create(order), "Invoice")
    first, *others = fields["InvoiceRows"]
    rows = {"InvoiceRows": [first | held.pop("row", {}), *others]}
    verdict = invoice.written(order, fields | {"DocumentNumber": 7} | rows | held)
    assert verdict is not None
    assert (verdict.note, verdict.code) == (f"held otherwise by Fortnox: {note}", OTHER_AMOUNTS)


@pytest.mark.parametrize("held", [{"Total": 261}, {"Total": Decimal("260.94")}, {"CostCenter": "S2"}, {}])
def test_a_document_that_is_rounded_or_placed_otherwise_owes_the_same(held: dict[str, Any]) -> None:
    """Fortnox rounds a sum to kronor where the company wants it; and an order may be delivered later."""
    for document, later in (("invoice", {}), ("order", {"DeliveredQuantity": "0"})):
        order = lane_driver.invoice(document=document, cost_centre="S1")
        form = invoice.DOCUMENTS[document]
        fields = sent(invoice.create(order), form.one)
        rows = {form.rows: [row | later for row in fields[form.rows]]}
        verdict = invoice.written(order, fields | {"DocumentNumber": 7} | rows | held)
        assert verdict is not None
        assert verdict.code == ""


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+30", "", "två", True, [], {}])
def test_what_is_no_number_breaks_nothing(number: object) -> None:
    """An absence says something else then, of a document it is not told, and no amount is guessed."""
    away, order = lane_driver.absence(hours=Decimal(4)).data, lane_driver.invoice()
    assert absence.found(away, [sent(absence.create(away), absence.KEY) | {"id": "7", "Hours": number}]) == ()
    fields = sent(invoice.create(order), "Invoice")
    rows = [row | {"Price": number} for row in fields["InvoiceRows"]]
    assert invoice.written(order, fields | {"DocumentNumber": 7, "InvoiceRows": rows}) is not None
    if number:
        with pytest.raises(open_items.Unreadable):
            open_items.found(open_items.CUSTOMERS, date(2025, 12, 31), [INVOICE | {"Balance": number}], [])


def test_what_floats_leave_over_and_a_midnight_are_no_change() -> None:
    """Nobody is told that Fortnox holds 99.50000000000001 for 99.50."""
    order, rest = lane_driver.invoice(), Decimal("1.4e-14")
    fields = sent(invoice.create(order), "Invoice")
    rows = [row | {"Price": row["Price"] + rest, "Discount": rest} for row in fields["InvoiceRows"]]
    held = fields | {"DocumentNumber": 7, "Freight": rest, "InvoiceRows": rows}
    verdict = invoice.written(order, held | {"InvoiceDate": f"{fields['InvoiceDate']} 00:00:00"})
    away = lane_driver.absence(hours=Decimal("7.50")).data
    hours = absence.written(away, sent(absence.create(away), absence.KEY) | {"id": "7", "Hours": Decimal("7.5") + rest})
    assert (verdict and verdict.note, hours and hours.note) == ("", "")


@pytest.mark.parametrize(
    "number", ["559999-0016", "559999 0016", "559999\u20130016", "SE559999001601", "16559999-0016", "5599990016"]
)
def test_a_customer_is_found_however_fortnox_holds_the_number(number: str) -> None:
    """Else a new one would be made beside it, and be sent the invoices."""
    order = lane_driver.customer(buyer=Buyer(organisation_number="5599990016", name="Skolan"))
    assert customer.kept(order.data, "", {"CustomerNumber": "1", "OrganisationNumber": number})["fits"] == 1


@pytest.mark.parametrize(
    ("code", "city", "sent_as"),
    [
        ("79192 Falun", None, ("79192", "Falun")),
        ("791 92  Åsele kyrkby", None, ("791 92", "Åsele kyrkby")),
        ("79192 FALUN", "Falun", ("79192", "Falun")),
        ("791 92", "Falun", ("791 92", "Falun")),
        ("SW1A 1AA", "London", ("SW1A 1AA", "London")),
        ("1017 AB", "Amsterdam", ("1017 AB", "Amsterdam")),
    ],
)
def test_a_city_behind_a_postal_code_goes_where_cities_are(
    code: str, city: str | None, sent_as: tuple[str, str]
) -> None:
    """Fortnox refuses the customer for it, and the sale could not be invoiced; another country's code stays."""
    order = lane_driver.customer(buyer=Buyer(email="a@exempel.se", name="Anna", postal_code=code, city=city))
    fields = sent(customer.create(order.data, ""), "Customer")
    assert (fields["ZipCode"], fields["City"]) == sent_as


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        *((number, 1) for number in ("800101-1231", "800101 1231", "19800101-1231", "SE800101123101")),
        *((number, None) for number in ("18800101-1231", "20800101 1231", "800101-1249", "SE800101124901")),
    ],
)
def test_a_person_is_found_however_fortnox_holds_the_number(number: str, fits: int | None) -> None:
    """A century counts where it is said; a sole trader's number for VAT says none."""
    order = lane_driver.customer(buyer=Buyer(email="nobody@exempel.se", name="Ada"))
    found = customer.kept(order.data, lane_driver.NUMBER, {"CustomerNumber": "1", "OrganisationNumber": number})
    assert found["fits"] == fits


def test_every_country_that_is_sent_is_read_back_as_the_same() -> None:
    """By the name that Fortnox's list has where that is known, and never with a sign for *and*."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    order = upsert(create=False, employee_id="1")
    for code in (code for a in letters for b in letters if country_name(code := a + b)):
        fields = sent(employee.change(order, {"country": code}, ["country"], TODAY), "Employee")
        assert "&" not in fields["Country"]
        assert employee.held({"Country": fields["Country"]}, TODAY) == {"country": code}


FILES = st.builds(
    lane_driver.attachment,
    name=st.from_regex(r"[^/\\\x00-\x1f]{1,100}", fullmatch=True),
    content=st.binary(min_size=1, max_size=300),
    voucher=st.builds(
        VoucherRef, series=st.sampled_from(["A", "F", "ÅR"]), number=st.integers(1, 99999), year_id=st.integers(1, 20)
    ),
)


@given(FILES)
def test_a_file_has_a_name_of_its_voucher_and_its_content(order: Any) -> None:
    """In Fortnox's characters, without what would end the header; the form holds the content untouched."""
    name = file.name(order.data)
    assert all(c in ALLOWED or unicodedata.category(c).startswith("L") or c.isalnum() for c in name)
    assert not set(name) & set('/\\"\r\n')
    assert len(name) <= 120
    assert order.data.sha256[:12] in name
    request = file.upload(order.data, order.data.content)
    boundary = request.content_type.partition("boundary=")[2]
    head, _, rest = (request.body or b"").partition(b"\r\n\r\n")
    assert head.startswith(f"--{boundary}\r\n".encode())
    assert rest == order.data.content + f"\r\n--{boundary}--\r\n".encode()
    assert boundary.encode() not in order.data.content
    files = {"Files": [{"Name": name, "Id": "7"}, {"Name": "x", "Id": "8"}]}
    assert file.waiting(order.data, files) == ("7",)
    voucher = {"VoucherSeries": order.data.voucher.series, "VoucherNumber": str(order.data.voucher.number)}
    joined = [{"FileId": shown, **voucher, **({"Name": shown} if shown else {})} for shown in ("API_NORIGHT", "x")]
    assert file.nameless(order.data, [*joined, {"FileId": "9", **voucher}]) == ("API_NORIGHT", "9")


@pytest.mark.parametrize("year", [{}, {"VoucherYear": None}, {"VoucherYear": "4"}, {"VoucherYear": 4}])
def test_a_joined_file_is_found_though_its_year_is_not_said(year: dict[str, Any]) -> None:
    """It would be uploaded and joined a second time."""
    order = lane_driver.attachment().data
    item = {"FileId": "7", "VoucherSeries": "F", "VoucherNumber": "1", "Name": file.name(order), **year}
    assert file.joined(order, [item], ()) == "7"
    assert file.joined(order, [item | {"VoucherYear": 3}], ()) == ""


@pytest.mark.parametrize("rewritten", [str.upper, lambda name: name.replace(" ", "_"), lambda name: name + " (1).pdf"])
def test_a_file_is_found_by_its_name_as_fortnox_may_write_it(rewritten: Any) -> None:
    """It would be uploaded again; one of another voucher, or of other content, is another."""
    order, other = lane_driver.attachment().data, lane_driver.attachment(content=b"%PDF another").data
    shown, folder = rewritten(file.name(order)), {"Name": "Inbox_v"}
    assert file.waiting(order, folder | {"Files": [{"Name": shown, "Id": "7"}]}) == ("7",)
    assert file.waiting(other, folder | {"Files": [{"Name": shown, "Id": "7"}]}) == ()
    eleventh = lane_driver.attachment(voucher=VoucherRef(series="F", number=11, year_id=4)).data
    assert file.waiting(eleventh, folder | {"Files": [{"Name": shown, "Id": "7"}]}) == ()
    item = {"FileId": "7", "VoucherSeries": "F", "VoucherNumber": "1", "VoucherYear": 4, "Name": shown}
    assert file.joined(order, [item], ()) == "7"


@pytest.mark.parametrize(("year", "is_told"), [({}, False), ({"VoucherYear": "4"}, False), ({"VoucherYear": 3}, True)])
def test_a_file_that_sits_at_another_years_voucher_is_told(year: dict[str, Any], *, is_told: bool) -> None:
    """Fortnox's document has no year for what joins a file: where it is not heeded it is the current one's voucher."""
    told = [str(text) for text in file.note(lane_driver.attachment().data, {"FileId": "7", **year})]
    assert ["joined to F 1 in financial year id 3" in text for text in told] == [False, True][: len(told)]
    assert len(told) == 1 + is_told


def test_a_folder_that_names_no_files_is_empty() -> None:
    """Its document does not promise the list: nothing would ever be attached. What names nothing is no folder."""
    order = lane_driver.attachment().data
    folders: list[dict[str, Any]] = [{"Name": "Inbox_v"}, {"Name": "Inbox_v", "Files": None}, {"Files": []}]
    assert [file.waiting(order, each) for each in folders] == [()] * 3
    unreadable: list[dict[str, Any]] = [{}, {"Files": None}, {"Name": "Inbox_v", "Files": "API_NORIGHT"}]
    assert [file.waiting(order, each) for each in unreadable] == [None] * 3


INVOICE = {"DocumentNumber": "7", "InvoiceDate": "2025-12-01", "Booked": "true", "Total": 100, "Balance": 40}
PAID = {"Number": "1", "InvoiceNumber": 7, "Amount": 60, "PaymentDate": "2026-01-05"}


def test_what_floats_leave_over_is_not_open() -> None:
    """An invoice of 0.00 would be listed as open, of the end of the year or of now."""
    day, rest = date(2025, 12, 31), Decimal("7.105427357601002e-15")
    paid = INVOICE | {"Balance": rest}
    assert open_items.found(open_items.CUSTOMERS, day, [paid], []).open == ()
    before = PAID | {"Booked": True, "Amount": 100 - rest, "PaymentDate": "2025-12-30"}
    assert open_items.by_its_payments(open_items.CUSTOMERS, day, paid, [before]) is None


@pytest.mark.parametrize(("said", "opened"), [(True, 100), ("true", 100), (False, 40), ("false", 40)])
def test_a_payment_counts_once_it_is_booked_as_fortnox_says_it(said: object, opened: int) -> None:
    """Its booleans come as texts too: one that is not booked would raise what was open at the balance date."""
    day = date(2025, 12, 31)
    found = open_items.found(open_items.CUSTOMERS, day, [INVOICE], [PAID | {"Booked": said}])
    assert [one.open for one in found.open] == [opened]
    before = PAID | {"Booked": said, "PaymentDate": "2025-12-30"}
    assert open_items.found(open_items.CUSTOMERS, day, [INVOICE], [before]).payments_not_booked == (opened == 40)
    left = open_items.by_its_payments(open_items.CUSTOMERS, day, INVOICE, [before])
    assert left is not None
    assert left.open == 140 - opened


@cache
def documented(name: str) -> jsonschema.Draft4Validator:
    """Return what Fortnox documents of a body; a field that it does not name is an error."""
    schemas, needed = json.loads(SPEC.read_text())["components"]["schemas"], [name]
    for each in needed:  # grows: what a schema refers to is needed as well
        schemas[each]["additionalProperties"] = False
        needed += [ref for ref in re.findall(r"/schemas/([\w\-]+)", json.dumps(schemas[each])) if ref not in needed]
    known = {"schemas": {each: schemas[each] for each in needed}}
    return jsonschema.Draft4Validator({"$ref": f"#/components/schemas/{name}", "components": known})


@WITH_SPEC
@settings(max_examples=50)
@given(data=st.data())
def test_bodies_are_what_fortnox_documents(data: st.DataObject) -> None:
    """Each body against Fortnox's own document of its interface: names, types, lengths, enumerations."""
    demanded = {"email": "a@exempel.se", "given_name": "Å", "family_name": "Ö", "bank_account": "6000,123456789"}
    made = employee.create(upsert(), data.draw(VALUES) | demanded, TODAY)
    assert isinstance(made, Request)
    away, sold, kept = data.draw(ABSENCES), data.draw(INVOICES), data.draw(FILES)
    bodies = {
        "Lon_Employee": made,
        "Lon_AbsenceTransactions": absence.create(away.data),
        "Da_VoucherFileConnection": file.connect(kept.data, "951209e2"),
        "Kf_Invoice" if sold.data.document == "invoice" else "Order_Order": invoice.create(sold),
    }
    for name, request in bodies.items():
        documented(f"fortnox_{name}SinglePayloadItem_Wrap").validate(json.loads(request.body or b""))


def test_what_a_voucher_says_otherwise_is_told_old_and_new() -> None:
    """Short, printable, and nothing where nothing changed."""
    order = lane_driver.voucher(description="Kassa [7]\x00…")
    [told] = encode.adapted(order.data)
    assert str(told) == "adapted to what Fortnox takes: description: Kassa [7]… -> Kassa (7)..."
    assert encode.adapted(lane_driver.voucher(description="Dagskassa – 50 %").data) == ()
    [told] = encode.adapted(lane_driver.voucher(description="[" * 180).data)
    assert len(str(told)) <= 400
