"""Archive, inbox and file connections (facts §3.11)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.licences import SCOPES
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.sandbox.resources.files import uploaded
from infra.http import NoAnswer, Response

Fortnox = Any  # of conftest.py, which a test cannot import


def form(content: bytes, name: str = "z.pdf", field: str = "file", boundary: str = "b0undary") -> bytes:
    """Return a multipart body as clients send it."""
    head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: application/pdf'
    return f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()


async def ask(fortnox: Fortnox, method: str, path: str, content: Any = None, /, **params: str | int) -> Response:
    """Call a resource; what is no bytes is sent as JSON."""
    body = content if isinstance(content, bytes) or content is None else json.dumps(content).encode()
    url = f"{fortnox.url}/3/{path}"
    found = await fortnox.client.send(method, url, headers=fortnox.headers, params=params, content=body)
    assert isinstance(found, Response)
    return found


@pytest.fixture
async def files(fortnox: Fortnox) -> Fortnox:
    """Return a company that has consented to everything, with one voucher, F 1 of year 4."""
    fortnox.company.scopes = " ".join(SCOPES)
    await fortnox.renew()
    await fortnox.post()
    return fortnox


async def upload(files: Fortnox, **params: str) -> dict[str, Any]:
    """Upload a file and return what Fortnox says of it."""
    answer = await ask(files, "POST", "inbox", form(b"%PDF \x00\xff\r\n"), **params)
    assert answer.status == 201, answer.text
    return dict(json.loads(answer.body)["File"])


async def connect(files: Fortnox, file: str, number: str = "1", **params: int) -> Response:
    """Connect a file to a voucher of series F."""
    body = {"VoucherFileConnection": {"FileId": file, "VoucherNumber": number, "VoucherSeries": "F"}}
    return await ask(files, "POST", "voucherfileconnections", body, **params)


async def test_a_file_comes_back_as_it_was_uploaded(files: Fortnox) -> None:
    """Its id finds it in its place, its other id only with ``fileid``: the two are not interchangeable."""
    file = await upload(files, folderId="inbox_v")
    assert (file["Name"], file["Size"], file["Path"]) == ("z.pdf", 9, "inbox_v")
    assert (await ask(files, "GET", f"inbox/{file['Id']}")).body == b"%PDF \x00\xff\r\n"
    assert (await ask(files, "GET", "archive", fileid=file["ArchiveFileId"])).body == b"%PDF \x00\xff\r\n"
    assert (await ask(files, "GET", f"archive/{file['ArchiveFileId']}")).status == 404
    assert (await ask(files, "GET", "archive", fileid=file["Id"])).status == 404


async def test_the_inbox_has_its_nine_static_folders(files: Fortnox) -> None:
    """They are found by id, from the archive as well; a file is listed in its folder alone."""
    file = await upload(files, folderId="inbox_d")
    root = json.loads((await ask(files, "GET", "inbox")).body)["Folder"]
    assert [one["Id"] for one in root["Folders"]] == (
        ["inbox_a", "inbox_d", "inbox_s", "inbox_v", "inbox_b", "inbox_l", "inbox_kf", "inbox_o", "inbox_of"]
    )
    assert root["Files"] == []
    for place in ("inbox", "archive"):
        folder = json.loads((await ask(files, "GET", f"{place}/inbox_d")).body)["Folder"]
        assert [one["Id"] for one in folder["Files"]] == [file["Id"]]


async def test_a_folder_of_the_archive_is_made_found_by_its_path_and_deleted_with_its_files(files: Fortnox) -> None:
    """Names in a path have a slash or a backslash between them."""
    for name, parent in (("2026", ""), ("mars", "2026")):
        assert (await ask(files, "POST", "archive", {"Folder": {"Name": name}}, path=parent)).status == 201
    answer = await ask(files, "POST", "archive", form(b"x"), path="2026\\mars")
    file = json.loads(answer.body)["File"]
    folder = json.loads((await ask(files, "GET", "archive", path="2026/mars")).body)["Folder"]
    assert [one["Id"] for one in folder["Files"]] == [file["Id"]]
    assert (await ask(files, "DELETE", f"archive/{folder['Id']}")).status == 204
    assert (await ask(files, "GET", f"archive/{file['Id']}")).status == 404
    assert (await ask(files, "GET", "archive", path="2026/mars")).status == 404


async def test_a_file_is_connected_to_a_voucher_with_its_number_as_text(files: Fortnox) -> None:
    """201, the voucher's text and year; it is found by every search parameter; a second time is refused."""
    file = await upload(files)
    answer = await connect(files, file["Id"], financialyear=4)
    connection = json.loads(answer.body)["VoucherFileConnection"]
    assert answer.status == 201
    assert connection == {
        "@url": f"https://api.fortnox.se/3/voucherfileconnections/{file['Id']}",
        "FileId": file["Id"],
        "Name": "z.pdf",
        "VoucherDescription": "Dagsavslut",
        "VoucherNumber": "1",
        "VoucherSeries": "F",
        "VoucherYear": 4,
    }
    for right, wrong in (
        ({"vouchernumber": 1}, {"vouchernumber": 2}),
        ({"voucheryear": 4}, {"voucheryear": 5}),
        ({"voucherseries": "F"}, {"voucherseries": "A"}),
        ({"voucherdescription": "DAGS"}, {"voucherdescription": "lön"}),
    ):
        for params, expected in ((right, [connection]), (wrong, [])):
            found = await ask(files, "GET", "voucherfileconnections", **params)
            assert json.loads(found.body)["VoucherFileConnections"] == expected
    assert (await connect(files, file["Id"])).status == 400


async def test_the_year_of_a_voucher_is_no_field_of_its_connection(files: Fortnox) -> None:
    """2000321 (facts §8): the year is a parameter."""
    connection = {"FileId": (await upload(files))["Id"], "VoucherNumber": "1", "VoucherSeries": "F", "VoucherYear": 4}
    answer = await ask(files, "POST", "voucherfileconnections", {"VoucherFileConnection": connection})
    assert (answer.status, json.loads(answer.body)["ErrorInformation"]["code"]) == (400, 2000321)
    assert files.company.attached == {}


async def test_without_a_year_the_voucher_of_the_preselected_one_gets_the_file(files: Fortnox) -> None:
    """The trap of [cs] #175: the same number of another year."""
    files.company.preselected_year = 3
    file = await upload(files)
    assert (await connect(files, file["Id"])).status == 400
    files.company.preselected_year = 4
    assert json.loads((await connect(files, file["Id"])).body)["VoucherFileConnection"]["VoucherYear"] == 4


@pytest.mark.parametrize(("file", "number"), [("nosuch", "1"), (None, "2"), (None, "x")])
async def test_a_file_or_a_voucher_that_is_not_there_is_refused(files: Fortnox, file: str | None, number: str) -> None:
    """Nothing is connected then."""
    key = file or (await upload(files))["Id"]
    assert (await connect(files, key, number)).status == 400
    assert files.company.attached == {}


async def test_a_connected_file_stays_until_it_is_taken_off(files: Fortnox) -> None:
    """DELETE of the connection is 204, and then the file can go."""
    file = await upload(files)
    await connect(files, file["Id"])
    assert (await ask(files, "DELETE", f"inbox/{file['Id']}")).status == 400
    assert (await ask(files, "DELETE", f"voucherfileconnections/{file['Id']}")).status == 204
    assert (await ask(files, "GET", f"voucherfileconnections/{file['Id']}")).status == 404
    assert (await ask(files, "DELETE", f"inbox/{file['Id']}")).status == 204


@pytest.mark.parametrize("body", [b"", b"x", form(b"x", field="other")])
async def test_an_upload_without_the_field_file_is_refused(files: Fortnox, body: bytes) -> None:
    """The field is called ``file``."""
    assert (await ask(files, "POST", "inbox", body)).status == 400
    assert files.company.files == {}


@given(st.binary(), st.text(st.characters(codec="utf-8", exclude_characters='"\r\n'), max_size=20))
def test_any_content_and_name_survives_the_form(content: bytes, name: str) -> None:
    """What stands between the boundaries is the file, whatever bytes it has."""
    boundary = "0f9e2c4b7a"
    if boundary.encode() not in content:
        assert uploaded(form(content, name, boundary=boundary)) == (name, content)


# --- Suppliers' invoices, and what is not consented to ---------------------------------------------------------------


async def test_a_file_is_joined_to_a_suppliers_invoice(files: Fortnox) -> None:
    """Once, and to one that there is; lists say neither the file's size nor its type (facts §8)."""
    file = await upload(files)
    files.company.register("supplierinvoices")["7"] = Record({"GivenNumber": "7", "SupplierName": "Grossisten"})
    body = {"SupplierInvoiceFileConnection": {"FileId": file["Id"], "SupplierInvoiceNumber": "7"}}
    wrong = {"SupplierInvoiceFileConnection": {"FileId": file["Id"], "SupplierInvoiceNumber": "8"}}
    missing = await ask(files, "POST", "supplierinvoicefileconnections", wrong)
    assert (missing.status, json.loads(missing.body)["ErrorInformation"]["Code"]) == (404, 9900038)
    assert (await ask(files, "POST", "supplierinvoicefileconnections", body)).status == 201
    assert (await ask(files, "POST", "supplierinvoicefileconnections", body)).status == 400
    listed = json.loads((await ask(files, "GET", "supplierinvoicefileconnections", limit=500)).body)
    [one] = listed["SupplierInvoiceFileConnections"]
    assert (one["FileId"], one["SupplierInvoiceNumber"], one["SupplierName"]) == (file["Id"], "7", "Grossisten")
    assert {"Size", "Type"}.isdisjoint(one)
    other = await ask(files, "GET", "supplierinvoicefileconnections", supplierinvoicenumber=8)
    assert json.loads(other.body)["SupplierInvoiceFileConnections"] == []


async def test_without_the_scope_connections_are_an_empty_list(files: Fortnox) -> None:
    """And not refused (facts §8); the files themselves are."""
    file = await upload(files)
    await connect(files, file["Id"])
    files.company.scopes = "bookkeeping"
    await files.renew()
    for path, key in (
        ("voucherfileconnections", "VoucherFileConnections"),
        ("supplierinvoicefileconnections", "SupplierInvoiceFileConnections"),
    ):
        answer = await ask(files, "GET", path)
        assert (answer.status, json.loads(answer.body)[key]) == (200, [])
    assert (await ask(files, "GET", f"archive/{file['Id']}")).status == 403


async def test_an_invoices_picture_does_not_mark_it(files: Fortnox) -> None:
    """``preview`` is not ``print``."""
    files.company.register("invoices")["1"] = Record({"DocumentNumber": "1", "CustomerNumber": "1", "InvoiceRows": []})
    answer = await ask(files, "GET", "invoices/1/preview")
    assert (answer.headers["content-type"], answer.body[:5]) == ("application/pdf", b"%PDF-")
    assert "Sent" not in files.company.register("invoices")["1"].values
    assert (await ask(files, "GET", "invoices/2/preview")).status == 404


async def test_half_an_answer_is_none(files: Fortnox) -> None:
    """Its head says how long it is: a client can tell."""
    file = await upload(files)
    files.company.faults = Faults(only=["GET /3/archive/{id}"], script=[Fault.CUT_ANSWER])
    with pytest.raises(NoAnswer):
        await ask(files, "GET", f"archive/{file['Id']}")
    assert (await ask(files, "GET", f"archive/{file['Id']}")).status == 200
