"""What a person may ask ``explain`` for, read from what they typed. Pure."""

import base64
import re
from typing import Final
from uuid import UUID

from infra.rows import Query
from schemas.ids import MARK_PREFIX

_VOUCHER_APART = re.compile(r"(\w{1,10})[\s-]+0*(\d{1,9})")
_VOUCHER_TOGETHER = re.compile(r"(\w{0,9}[^\W\d])0*(\d{1,9})")
_Z_NUMBER = re.compile(r"[zZ]?\s*0*(\d{1,9})", re.ASCII)
_RECEIPT = re.compile(r"(?:(?:receipt|kvitto|kvittonummer)[\s#:-]+)?(?=[^/]*\d)([\w.+&()-]{2,32})", re.IGNORECASE)
_RECORD_WORDS: Final = {"invoice": "%invoice%", "faktura": "%invoice%", "customer": "%customer%", "kund": "%customer%"}
"""What people say before a number at their books' system, and what the type of the order that gave it is like."""
_NUMBERED = re.compile(rf"({'|'.join(_RECORD_WORDS)})[\s#:-]+([\w.+&()-]{{1,32}})", re.IGNORECASE)
_MARK = re.compile(rf"{MARK_PREFIX}([a-z2-7]{{12}})", re.ASCII)
_MARK_HEX = 15
_WILD = re.compile(r"[%_\\]")
_RECORD = re.compile(r"[0-9a-f]{8}[0-9a-f-]*", re.ASCII | re.IGNORECASE)
"""The beginning of a hold's id, as ``held list`` shows it, or of a person's at their system."""

WHAT_CAN_BE_ASKED = (
    "Ask for a voucher (F 12), an event (openpos/CITY/K1/57/2026-04-10@1f2e3d…), a business key "
    "(openpos/CITY/K1/57/2026-04-10, or parts of it: openpos/K1/57), a Z number (Z57), a receipt (88213), an invoice "
    "or a customer by the number in the books (invoice 41, customer 7), a person's, a hold's or an order's id, or a "
    "mark (bb-…)."
)


def readings(what: str) -> tuple[Query, ...]:
    """Return everything that the words can mean: ``Z57`` can be a Z report and a voucher. May be empty."""
    what = what.strip()
    if mark := _MARK.search(what):
        return (Query("mark", uuid_tail(mark[1])),)
    record = (
        (Query("shortened", rf"(^|/){re.escape(what)}[^/]*$", like=_like(what)),) if _RECORD.fullmatch(what) else ()
    )
    try:
        return (Query("id", str(UUID(what))), *record)
    except ValueError:
        pass
    if "@" in what:
        return (Query("fact", what.rstrip("….")),)
    if "/" in what:
        return (Query("key", what), Query("shortened", shortened(what), like=_like(*what.split("/"))))
    found = []
    if numbered := _NUMBERED.fullmatch(what):
        found.append(Query("record", numbered[2], like=_RECORD_WORDS[numbered[1].lower()]))
    if z_number := _Z_NUMBER.fullmatch(what):
        number = z_number[1]
        other_than = "" if what[0].isdecimal() else "^(?!fortnox/).*"  # an employee has a number, and no Z report
        found.append(
            Query("z_number", rf"{other_than}/{number}(/\d{{4}}-\d\d-\d\d[^/]*(/\d+)?)?$", like=_like(f"/{number}"))
        )
    if voucher := _VOUCHER_APART.fullmatch(what) or _VOUCHER_TOGETHER.fullmatch(what):
        found.append(Query("voucher", voucher[1], int(voucher[2])))
    if record:
        found.append(Query("hold", what.lower()))
    if not record and (receipt := _RECEIPT.fullmatch(what)):
        found.append(Query("shortened", rf"(?i)/receipt-{re.escape(receipt[1])}(/|$)", like=_like("/receipt-")))
    return (*found, *record)


def shortened(key: str) -> str:
    """Return what matches, in PostgreSQL, every key that has these parts in this sequence: openpos/K1/57."""
    parts = "/(.*/)?".join(re.escape(part) for part in key.split("/"))
    return f"(^|/){parts}(/|$)"


def _like(*parts: str) -> str:
    """Return the pattern of SQL of what holds these parts in this sequence."""
    return "%".join(("", *(_WILD.sub(r"\\\g<0>", part) for part in parts), ""))


def uuid_tail(mark: str) -> str:
    """Return what a mark's 12 characters say of the order's id: 15 digits of its end, the last one missing."""
    last = base64.b32decode(mark.upper() + "A===").hex()[:_MARK_HEX]
    return f"{last[:4]}-{last[4:]}"
