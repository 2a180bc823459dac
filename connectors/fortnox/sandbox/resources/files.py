"""Archive, inbox, and files that are connected to vouchers."""

import re
import uuid
from functools import partial
from typing import Any, Final

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.forms import Form, Text
from connectors.fortnox.sandbox.records import Attached, File, Folder
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, number, ok

_INBOX: Final = {
    "inbox_a": "Anläggningsregister",
    "inbox_d": "Dagskassor",
    "inbox_s": "Leverantörsfakturor",
    "inbox_v": "Verifikationer",
    "inbox_b": "Bankfiler",
    "inbox_l": "Lön",
    "inbox_kf": "Kundfakturor",
    "inbox_o": "Order",
    "inbox_of": "Offerter",
}
"""The inbox's folders (facts §3.11); the names are ours. The archive finds them by id as well."""

_FOLDER: Final[Form] = {"Name": Text(required=True, shortest=1, longest=30)}
_CONNECTION: Final[Form] = {
    "FileId": Text(required=True),
    "VoucherNumber": Text(required=True),
    "VoucherSeries": Text(required=True, longest=10),
}
_NAME: Final = re.compile(rb'filename="([^"\r\n]*)"')


def archive(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give a folder by its path, the root without one, or a file's content by its ``ArchiveFileId``."""
    asked.allow("path", "fileid")
    if (archive_id := asked.query.get("fileid")) is not None:
        found = [file for file in company.files.values() if file.archive_id == archive_id]
        return _content(found[0] if found else None)
    return ok(Folder=_folder(_by_path(asked.query.get("path"), company), company, "archive"))


def inbox(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give the inbox's folders and the files that are in none of them."""
    asked.allow()
    return ok(Folder=_folder(Folder("root", "inbox"), company, "inbox"))


def _one(asked: ApiRequest, company: Company, place: str) -> ApiAnswer:
    """Give a file's content, or a folder."""
    asked.allow("path", "fileid")
    key = asked.path["id"]
    if (folder := _find_folder(key, company)) is not None:
        return ok(Folder=_folder(folder, company, place))
    return _content(company.files.get(key))


def post_archive(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Upload a file to a folder, or make a folder when the body is JSON (as the C# SDK does)."""
    asked.allow("path", "folderid")
    parent = _by_path(asked.query.get("folderid") or asked.query.get("path"), company)
    if asked.body.lstrip()[:1] == b"{":
        fields = forms.read(_FOLDER, forms.content(asked.body, "Folder"), new=True)
        folder = Folder(str(uuid.uuid4()), str(fields["Name"]), parent.id)
        company.folders[folder.id] = folder
        return created("folder", Folder=_folder(folder, company, "archive"))
    return _upload(asked, company, parent, "archive")


def post_inbox(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Upload a file to a folder of the inbox, the root without one."""
    asked.allow("path", "folderid", "folderId")
    wanted = next((asked.query[name] for name in ("folderId", "folderid", "path") if name in asked.query), None)
    return _upload(asked, company, _by_path(wanted, company), "inbox")


def delete_by_path(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Delete a folder and what is in it."""
    asked.allow("path")
    return _delete(_by_path(asked.query.get("path"), company).id, company)


def delete_file(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Delete a file, or a folder and what is in it. A file that is connected to a voucher stays."""
    asked.allow("path")
    return _delete(asked.path["id"], company)


def file_connections(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the connections that the parameters choose."""
    asked.allow("voucheryear", "voucherdescription", "vouchernumber", "voucherseries")
    year, wanted = asked.count("voucheryear"), asked.count("vouchernumber")
    text, series = asked.query.get("voucherdescription", "").lower(), asked.query.get("voucherseries")
    found = [
        one
        for one in company.attached.values()
        if (year is None or one.year == year)
        and (wanted is None or one.number == wanted)
        and (series is None or one.series == series)
        and text in str(_connection(one, company)["VoucherDescription"]).lower()
    ]
    return ok(**asked.page("VoucherFileConnections", found, lambda one: _connection(one, company)))


def file_connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give the connection of a file."""
    asked.allow()
    return ok(VoucherFileConnection=_connection(_attached(asked, company), company))


def post_file_connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Connect a file to a voucher; without ``financialyear`` to the one of that number in the preselected year."""
    asked.allow()
    content = forms.content(asked.body, "VoucherFileConnection")
    if "VoucherYear" in content:  # the year is a parameter (facts §8)
        raise RequestRefused(answers.YEAR_IN_BODY)
    fields = forms.read(_CONNECTION, content, new=True)
    file, code, written = (str(fields[name]) for name in ("FileId", "VoucherSeries", "VoucherNumber"))
    if file not in company.files:
        raise RequestRefused(answers.UNKNOWN_FILE, file)
    if file in company.attached:
        raise RequestRefused(answers.TAKEN, file)
    year = asked.year(company)
    series = year.series.get(code)
    if series is None or number(written) not in series.vouchers:
        raise RequestRefused(answers.UNKNOWN_VOUCHER, f"{code}{written}")
    company.attached[file] = Attached(file, year.id, code, number(written))
    return created("voucherfileconnection", VoucherFileConnection=_connection(company.attached[file], company))


def delete_file_connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Take a file off its voucher."""
    asked.allow()
    del company.attached[_attached(asked, company).file]
    return ApiAnswer(204, b"")


def uploaded(body: bytes) -> tuple[str, bytes] | None:
    """Return name and content of the field ``file`` of a multipart body; None: there is none."""
    boundary, _, rest = body.partition(b"\r\n")
    if not boundary.startswith(b"--"):
        return None
    for part in (b"\r\n" + rest).split(b"\r\n" + boundary):
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if b' name="file"' in head:
            name = _NAME.search(head)
            return (name[1].decode("utf-8", "replace") if name else "file"), content
    return None


def _upload(asked: ApiRequest, company: Company, folder: Folder, place: str) -> ApiAnswer:
    name, content = answers.found(uploaded(asked.body), answers.NO_UPLOAD)
    file = File(str(uuid.uuid4()), str(uuid.uuid4()), name, folder.id, content)
    company.files[file.id] = file
    return created("file", File=_file(file, place))


def _find_folder(key: str, company: Company) -> Folder | None:
    if key == "root":
        return Folder("root", "root", "")
    return Folder(key, _INBOX[key]) if key in _INBOX else company.folders.get(key)


def _by_path(path: str | None, company: Company) -> Folder:
    r"""Return the folder of an id, a name, or names with a slash or ``\`` between them."""
    found = _find_folder("root", company)
    for name in re.split(r"[/\\]", (path or "").strip("/\\")):
        inside = [one for one in company.folders.values() if found and one.parent == found.id and one.name == name]
        known = _find_folder(name.lower() if name.lower() in _INBOX else name, company) if name else found
        found = inside[0] if inside else known
    return answers.found(found, answers.NO_FILE)


def _content(file: File | None) -> ApiAnswer:
    return ApiAnswer(200, answers.found(file, answers.NO_FILE).content, "application/octet-stream")


def _delete(key: str, company: Company) -> ApiAnswer:
    gone = [file for file in company.files.values() if key in (file.id, file.folder)]
    if key not in company.folders and key not in company.files:
        raise RequestRefused(answers.NO_FILE)
    for file in gone:
        if file.id in company.attached:
            raise RequestRefused(answers.IN_USE, file.name)
    for file in gone:
        del company.files[file.id]
    company.folders.pop(key, None)
    return ApiAnswer(204, b"")


def _attached(asked: ApiRequest, company: Company) -> Attached:
    return answers.found(company.attached.get(asked.path["id"]), answers.NO_FILE_CONNECTION)


def _file(file: File, place: str) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/{place}/{file.id}",
        "ArchiveFileId": file.archive_id,
        "Comments": "",
        "Id": file.id,
        "Name": file.name,
        "Path": file.folder,
        "Size": len(file.content),
    }


def _folder(folder: Folder, company: Company, place: str) -> dict[str, Any]:
    static = [Folder(key, name) for key, name in _INBOX.items()] if folder.id == "root" else []
    inside = [one for one in company.folders.values() if one.parent == folder.id and place == "archive"]
    files = [_file(file, place) for file in company.files.values() if file.folder == folder.id]
    return _holding(folder, place, files, [_holding(one, place, [], []) for one in (*static, *inside)])


def _holding(folder: Folder, place: str, files: list[dict[str, Any]], folders: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/{place}/{folder.id}",
        "Email": "",
        "Files": files,
        "Folders": folders,
        "Id": folder.id,
        "Name": folder.name,
    }


def _connection(one: Attached, company: Company) -> dict[str, Any]:
    voucher = company.years[one.year].series[one.series].vouchers[one.number]
    return {
        "@url": f"{BASE}/voucherfileconnections/{one.file}",
        "FileId": one.file,
        "Name": company.files[one.file].name,
        "VoucherDescription": voucher.draft.description,
        "VoucherNumber": str(one.number),
        "VoucherSeries": one.series,
        "VoucherYear": one.year,
    }


ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "/3/archive", "archive", archive),
    ("POST", "/3/archive", "archive", post_archive),
    ("DELETE", "/3/archive", "archive", delete_by_path),
    ("GET", "/3/archive/{id}", "archive", partial(_one, place="archive")),
    ("DELETE", "/3/archive/{id}", "archive", delete_file),
    ("GET", "/3/inbox", "inbox", inbox),
    ("POST", "/3/inbox", "inbox", post_inbox),
    ("GET", "/3/inbox/{id}", "inbox", partial(_one, place="inbox")),
    ("DELETE", "/3/inbox/{id}", "inbox", delete_file),
    ("GET", "/3/voucherfileconnections", "connectfile", file_connections),
    ("POST", "/3/voucherfileconnections", "connectfile", post_file_connection),
    ("GET", "/3/voucherfileconnections/{id}", "connectfile", file_connection),
    ("DELETE", "/3/voucherfileconnections/{id}", "connectfile", delete_file_connection),
)
