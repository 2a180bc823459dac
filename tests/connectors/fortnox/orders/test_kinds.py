"""Every kind of order but vouchers, against a bare socket server that answers as badly as the world does."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from infra.plugin import Attempt
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import ids
from schemas.audit import Shown
from schemas.events import EmployeeFields
from tests.connectors.fortnox import test_client
from tests.connectors.fortnox.lane_driver import absence, attachment, customer, employee, invoice
from tests.connectors.fortnox.test_client import HTML, Lane, Wire, connected, drip, half, reset, says, silence

pytestmark = pytest.mark.usefixtures("hurried")


wire = test_client.wire
ID = "497f6eca-6276-4993-bfeb-53cbbbba6f08"
PERSON = {"EmployeeId": "7", "Email": "anna@exempel.se", "FirstName": "Anna", "LastName": "Andersson"}
AWAY = {"id": ID, "EmployeeId": "1", "CauseCode": "SEM", "Date": "2026-03-31", "Extent": "100", "Hours": "0"}
ORDERS = {
    "new employee": employee(),
    "employee with an id": employee(employee_id="7"),
    "changed employee": employee(create=False, employee_id="7", fields=EmployeeFields(city="Umeå")),
    "absence": absence(),
    "changed absence": absence(action="update", absence_id=ID),
    "removed absence": absence(action="delete", absence_id=ID),
    "customer": customer(),
    "invoice": invoice(),
    "order": invoice(document="order"),
    "file": attachment(),
}


def listed(key: str, *items: Any, total: int | None = None) -> bytes:
    """Return a page of a list."""
    return says(200, {"MetaInformation": {"@TotalResources": len(items) if total is None else total}, key: items})


@dataclass(frozen=True)
class Exchange:
    """What an order's write and its probe ask, and the answer that says yes to the write."""

    write: str
    probe: str
    key: str
    yes: Any


ASKED = {
    "new employee": Exchange("POST /3/employees", "GET /3/employees", "Employees", {"Employee": PERSON}),
    "employee with an id": Exchange("POST /3/employees", "GET /3/employees/7", "Employee", {"Employee": PERSON}),
    "changed employee": Exchange("PUT /3/employees/7", "GET /3/employees/7", "Employee", {"Employee": PERSON}),
    "absence": Exchange(
        "POST /3/absencetransactions",
        "GET /3/absencetransactions",
        "AbsenceTransactions",
        {"AbsenceTransaction": AWAY},
    ),
    "changed absence": Exchange(
        f"PUT /3/absencetransactions/{ID}",
        f"GET /3/absencetransactions/{ID}",
        "AbsenceTransaction",
        {"AbsenceTransaction": AWAY},
    ),
    "removed absence": Exchange(
        f"DELETE /3/absencetransactions/{ID}", f"GET /3/absencetransactions/{ID}", "AbsenceTransaction", None
    ),
    "customer": Exchange("POST /3/customers", "GET /3/customers", "Customers", {"Customer": {"CustomerNumber": "7"}}),
    "invoice": Exchange("POST /3/invoices", "GET /3/invoices", "Invoices", {"Invoice": {"DocumentNumber": "7"}}),
    "order": Exchange("POST /3/orders", "GET /3/orders", "Orders", {"Order": {"DocumentNumber": "7"}}),
    "file": Exchange("POST /3/inbox", "GET /3/voucherfileconnections", "VoucherFileConnections", {"File": {"Id": "7"}}),
}


def prepared(wire: Wire, name: str) -> Exchange:
    """Let the server find nothing of an order, and take it."""
    asked = ASKED[name]
    single = asked.key in {"Employee", "AbsenceTransaction"}
    missing = says(404, {"ErrorInformation": {"Error": 1, "Message": "Kan inte hitta enheten.", "Code": 2000432}})
    wire.replies |= {
        asked.probe: [missing if single else listed(asked.key)],
        "GET /3/inbox/inbox_v": [says(200, {"Folder": {"Id": "inbox_v", "Files": []}})],
        "POST /3/voucherfileconnections": [says(201, {"VoucherFileConnection": {"FileId": "7"}})],
        asked.write: [says(200, asked.yes)],
    }
    return asked


BAD = {
    "reset": reset,
    "half": half,
    "silence": silence,
    "drip": drip,
    "closed": b"",
    "garbage": b"\x16\x03\x01 what is this\r\n\r\n",
    "500": says(500, {"message": "Internal Server Error"}),
    "302": says(302, None, Location="/3/elsewhere"),
    "empty 400": says(400),
    "html 502": HTML % 502,
}


@pytest.mark.parametrize("name", ORDERS)
async def test_a_write_ends_with_its_record(wire: Wire, name: str) -> None:
    """Any 2xx that names it; the trail tells it, and the metric's operation has no id in it."""
    prepared(wire, name)
    attempt = Lane().attempt()
    async with connected(wire) as connection:
        verdict = await connection.write(ORDERS[name], attempt)
    assert isinstance(verdict, Delivered)
    assert verdict.record in {"7", ID}
    assert attempt.calls[-1].verdict.startswith(f"delivered {verdict.record}")


@pytest.mark.parametrize("name", ORDERS)
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(wire: Wire, name: str) -> None:
    """After the bytes left, only a clear answer ends it."""
    asked = prepared(wire, name)
    async with connected(wire, request_timeout=0.5) as connection:
        for problem, reply in (BAD | {"html 200": HTML % 200}).items():
            wire.replies[asked.write] = [reply]
            before = len(wire.of(asked.write))
            assert isinstance(await connection.write(ORDERS[name], Lane().attempt()), Unknown), problem
            assert len(wire.of(asked.write)) == before + 1, problem


@pytest.mark.parametrize("name", ORDERS)
async def test_a_look_that_cannot_be_trusted_says_nothing(wire: Wire, name: str) -> None:
    """Absent would send it again: whatever is in doubt is another look; nothing is written by looking."""
    asked = prepared(wire, name)
    others = {
        "html 200": HTML % 200,
        "no list": says(200, {}),
        "429": says(429),
        "403": says(403),
        "401": says(401),
        "html 404": HTML % 404,
        "gateway": says(404, {"message": "no Route matched with those values"}),
    }
    if asked.key[-1] == "s":
        others["too few"] = listed(asked.key, total=2)
    async with connected(wire, request_timeout=0.5) as connection:
        for problem, reply in (BAD | others).items():
            wire.replies[asked.probe] = [reply]
            assert isinstance(await connection.probe(ORDERS[name], Lane().attempt()), RetryLater), problem
    assert not wire.of(asked.write)


@pytest.mark.parametrize("name", ORDERS)
async def test_what_was_never_carried_out_is_absent(wire: Wire, name: str) -> None:
    """A list that was read to its end, or Fortnox's own word; a removed absence that is not there has been removed."""
    prepared(wire, name)
    async with connected(wire) as connection:
        look = await connection.probe(ORDERS[name], Lane().attempt())
    assert isinstance(look, AlreadyThere if name == "removed absence" else Absent)


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("name", ORDERS)
async def test_a_licence_that_a_kind_lacks_rejects_no_order(wire: Wire, name: str, status: int) -> None:
    """It waits for the operator, and only what is of its kind; a refusal nobody knows is the order's own."""
    asked = prepared(wire, name)
    async with connected(wire) as connection:
        wire.replies[asked.write] = [says(status, {"ErrorInformation": {"code": 2001101, "message": "Licens saknas."}})]
        verdict = await connection.write(ORDERS[name], Lane().attempt())
        assert isinstance(verdict, RetryLater)
        assert (verdict.code, verdict.who, verdict.of_kind) == ("licence_missing", "operator", True)
        wire.replies[asked.write] = [says(400, {"ErrorInformation": {"code": 2009999, "message": "Något nytt."}})]
        verdict = await connection.write(ORDERS[name], Lane().attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("fortnox_2009999", "operator")
    assert "2009999" in verdict.why


async def test_an_employee_is_found_on_any_page(wire: Wire) -> None:
    """All pages are read; the e-mail counts in any case, then the personal number in any form."""
    others = [{"EmployeeId": f"x{n}", "Email": f"b{n}@exempel.se"} for n in range(500)]
    by_number = {"EmployeeId": "8", "Email": "", "PersonalIdentityNumber": "19800101-1231"}
    async with connected(wire) as connection:
        for person, record in ((PERSON | {"Email": "ANNA@exempel.se"}, "7"), (by_number, "8")):
            wire.replies["GET /3/employees"] = [
                listed("Employees", *others, total=501),
                listed("Employees", person, total=501),
            ]
            look = await connection.probe(ORDERS["new employee"], Lane().attempt())
            assert (type(look), look.record) == (AlreadyThere, record)
    assert [asked.params["page"] for asked in wire.of("GET /3/employees")] == ["1", "2"] * 2


async def test_what_fortnox_made_of_it_is_on_record(wire: Wire) -> None:
    """Amounts with both values, a person's fields by their names."""
    rows = [
        {"Description": "Böcker", "DeliveredQuantity": "2", "Price": 99.5, "VAT": 6},
        {"Description": "Frakt", "DeliveredQuantity": "1", "Price": 40.01, "VAT": 25},
    ]
    prepared(wire, "invoice")
    prepared(wire, "new employee")
    prepared(wire, "absence")
    wire.replies["POST /3/invoices"] = [says(201, {"Invoice": {"DocumentNumber": "7", "InvoiceRows": rows}})]
    wire.replies["POST /3/absencetransactions"] = [says(200, {"AbsenceTransaction": AWAY | {"Hours": 5.52}})]
    async with connected(wire) as connection:
        made = await connection.write(ORDERS["invoice"], Lane().attempt())
        person = await connection.write(
            employee(fields=EmployeeFields(email="anna@exempel.se", given_name="Ann", family_name="Andersson")),
            Lane().attempt(),
        )
        away = await connection.write(absence(hours=Decimal("5.50")), Lane().attempt())
    assert made == Delivered(
        record="7", code="other_amounts", note="held otherwise by Fortnox: Price of row 2 40.01 for 40.00"
    )
    shown = Shown(names=("given_name",), fields=EmployeeFields(given_name="Anna"))
    assert person == Delivered(record="7", note="held otherwise by Fortnox than it was sent: given_name", shown=shown)
    assert away == Delivered(record=ID, note="held otherwise by Fortnox: Hours 5.52 for 5.50")


async def test_a_list_that_hides_the_mark_is_read_one_by_one(wire: Wire) -> None:
    """Lists show fewer fields than records; only exactly our mark counts."""
    mark = ids.mark(UUID(ORDERS["order"].id))
    wire.replies |= {
        "GET /3/orders": [listed("Orders", {"DocumentNumber": "5"}, {"DocumentNumber": "7"})],
        "GET /3/orders/5": [says(200, {"Order": {"DocumentNumber": "5", "ExternalInvoiceReference1": f"{mark}x"}})],
        "GET /3/orders/7": [says(200, {"Order": {"DocumentNumber": "7", "ExternalInvoiceReference1": mark}})],
    }
    async with connected(wire) as connection:
        look = await connection.probe(ORDERS["order"], Lane().attempt())
    assert (type(look), look.record) == (AlreadyThere, "7")
    assert wire.of("GET /3/orders")[0].params["externalinvoicereference1"] == mark


async def test_files_without_names_are_compared_by_content(wire: Wire) -> None:
    """Fortnox's old example shows connections without names, and a file that is joined may leave the inbox."""
    joined = [{"FileId": each, "VoucherSeries": "F", "VoucherNumber": "1", "VoucherYear": 4} for each in ("5", "7")]
    elsewhere = {"FileId": "6", "VoucherSeries": "F", "VoucherNumber": "1", "VoucherYear": 3}
    prepared(wire, "file")
    missing = says(404, {"ErrorInformation": {"Error": 1, "Message": "Kan inte hitta filen.", "Code": 1}})
    content = ORDERS["file"].data.content
    raw = f"HTTP/1.1 200 X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content
    wire.replies |= {
        "GET /3/voucherfileconnections": [listed("VoucherFileConnections", *joined, elsewhere)],
        "GET /3/inbox/5": [says(200, {"another": "file"})],
        "GET /3/inbox/7": [missing],
        "GET /3/archive/7": [raw],
    }
    async with connected(wire) as connection:
        look = await connection.probe(ORDERS["file"], Lane().attempt())
    assert (type(look), look.record) == (AlreadyThere, "7")


async def test_a_second_step_that_cannot_be_taken_yet_is_in_doubt(wire: Wire) -> None:
    """The file is uploaded: if the order simply waited, a folder that shows it late would get it twice."""
    prepared(wire, "file")
    wire.replies["POST /3/voucherfileconnections"] = [says(429)]
    attempt: Attempt = Lane().attempt()
    async with connected(wire) as connection:
        assert isinstance(await connection.write(ORDERS["file"], attempt), Unknown)
