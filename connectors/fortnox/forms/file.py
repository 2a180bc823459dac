"""Files and what joins them to vouchers, in Fortnox's words. Pure.

Facts: ``fortnox.md`` §3.11, A17 and A19; RFC 7578 for the upload's form. A file's name says which voucher it belongs to
and begins its hash, so that it is found again by its name, wherever it is listed.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.fortnox import encode, waiting_words
from connectors.fortnox.classify import NO_RIGHT, integer
from infra.delivery.requests import Request
from schemas.characters import sanitise
from schemas.commands import AttachFile
from schemas.words import Text

FOLDER: Final = "inbox_v"
"""The inbox's folder for vouchers."""
CONNECTION: Final = "VoucherFileConnection"
_STEM_LENGTH: Final = 60
_SUFFIX_LENGTH: Final = 8
_HASH_LENGTH: Final = 12
_WORD: Final = re.compile(r"[^\W_]+")


def name(order: AttachFile) -> str:
    """Return the file's name in Fortnox: ``kvitto F12-4 9f86d081884c.pdf``, of voucher F 12 in the year of id 4."""
    stem, dot, suffix = order.name.rpartition(".")
    if not dot or len(suffix) > _SUFFIX_LENGTH or not suffix.isalnum():
        stem, suffix = order.name, ""
    text = sanitise(stem).replace("/", "-").replace("\\", "-")[:_STEM_LENGTH].strip() or "file"
    return f"{text} {_mark(order)}" + (f".{suffix}" if suffix else "")


def _mark(order: AttachFile) -> str:
    """Return what tells the file from any other: its voucher and its hash."""
    return f"{order.voucher.series}{order.voucher.number}-{order.voucher.year_id} {order.sha256[:_HASH_LENGTH]}"


def _is_named(order: AttachFile, name: object) -> bool:
    """Tell whether a name is the file's, as Fortnox may write it: in small letters, with other signs between words."""
    return f" {_words(_mark(order))} " in f" {_words(str(name))} "


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def upload(order: AttachFile, content: bytes) -> Request:
    """Return the request that uploads the file, whose content is this, to the folder for vouchers."""
    boundary = f"bokbuss-{order.sha256}"  # content that holds its own hash does not exist
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name(order)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return Request("POST", "inbox", {"folderId": FOLDER}, body, f"multipart/form-data; boundary={boundary}")


def folder() -> Request:
    """Return the request for the files that wait in the folder for vouchers."""
    return Request("GET", f"inbox/{FOLDER}")


def connect(order: AttachFile, file_id: str) -> Request:
    """Return the request that joins a file to the voucher; without the year it is the number of the current one."""
    fields = {"FileId": file_id, "VoucherNumber": str(order.voucher.number), "VoucherSeries": order.voucher.series}
    params = {"financialyear": order.voucher.year_id}
    return Request("POST", "voucherfileconnections", params, encode.body(CONNECTION, fields))


def note(order: AttachFile, record: Mapping[str, Any]) -> tuple[Text, ...]:
    """Return what is to be said of a file that was joined: its name, and that it sits at another year's voucher."""
    named = waiting_words.NAMED_AS(name=name(order))
    in_year, voucher = integer(record.get("VoucherYear")), order.voucher
    if in_year in {None, voucher.year_id}:
        return (named,)
    return named, waiting_words.JOINED_ELSEWHERE(voucher=str(voucher), in_year=in_year, year=voucher.year_id)


def connections(order: AttachFile, page: int) -> Request:
    """Return the request for a page of the files that vouchers of this series and number have, of any year."""
    params: dict[str, str | int] = {"voucherseries": order.voucher.series, "vouchernumber": order.voucher.number}
    return Request("GET", "voucherfileconnections", params | {"limit": encode.LIMIT, "page": page})


def content(place: str, file_id: str) -> Request:
    """Return the request for a file's content, in ``inbox`` or ``archive``."""
    return Request("GET", f"{place}/{file_id}")


def waiting(order: AttachFile, files: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the ids of the file's copies in the folder; None: the folder cannot be read."""
    items = files.get("Files")
    if items is None and files.get("Name"):  # it is read, and holds none
        return ()
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    return tuple(sorted(str(item["Id"]) for item in items if _is_named(order, item.get("Name")) and item.get("Id")))


def joined(order: AttachFile, items: Sequence[Mapping[str, Any]], file_ids: Sequence[str]) -> str:
    """Return the id of the file that is joined to the voucher and is ours, by its name or its id; "" for none."""
    for item in _of_voucher(order, items):
        if _is_named(order, item.get("Name")) or str(item["FileId"]) in file_ids:
            return str(item["FileId"])
    return ""


def nameless(order: AttachFile, items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the voucher's files whose names Fortnox does not say, as in its old documentation, or hides."""
    return tuple(str(item["FileId"]) for item in _of_voucher(order, items) if item.get("Name") in (None, "", NO_RIGHT))


def is_same(order: AttachFile, content: bytes) -> bool:
    """Tell whether a file's content is the order's."""
    return hashlib.sha256(content).hexdigest() == order.sha256


def file_id(record: Mapping[str, Any]) -> str | None:
    """Return an uploaded file's id."""
    return str(record.get("Id") or "") or None


def _of_voucher(order: AttachFile, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the connections of the voucher itself: another year has the same numbers."""
    wanted = (order.voucher.series, str(order.voucher.number), str(order.voucher.year_id))
    return [
        item
        for item in items
        if item.get("FileId")
        and (str(item.get("VoucherSeries")), str(item.get("VoucherNumber")), str(item.get("VoucherYear") or wanted[2]))
        == wanted
    ]
