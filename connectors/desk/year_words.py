"""Financial years in words: where each comes from, how it stands, and what was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from connectors.desk import words
from connectors.desk.words import wrapped
from infra.documents import WHY, DocumentCounts
from infra.ledgers import LedgerRequest, LedgerYear
from infra.specifications import WHY as WHY_NOT
from infra.specifications import Specifications
from schemas.identities import is_sole_trader, shown_organisation
from schemas.ledger import LedgerRequested

_HEAD: Final = ("YEAR", "SOURCE", "STATE", "VOUCHERS", "DOCUMENTS", "READ", "BY")
_OPEN: Final = ("NUMBER", "PARTY", "DATED", "DUE", "OPEN", "PAID LATER", "LAST PAID")
_FROM: Final = {"fortnox": "Fortnox", "sie": "a SIE file: bokbuss publish sie FILE"}
_NONE: Final = DocumentCounts(0, 0, 0, ())

Counts = Mapping[date, DocumentCounts]
"""How far each year's documents have come, by its last day."""


def listed(
    tenant: str, years: Sequence[LedgerYear], asked: Sequence[LedgerRequest], documents: Counts, width: int
) -> tuple[str, ...]:
    """Return a company's years as lines, each with what it waits for; then what is asked for or was not carried out."""
    lines: list[str] = []
    if years:
        rows = [_row(year, documents.get(year.last, _NONE)) for year in years]
        lines += words.columns([_HEAD, *rows], right=frozenset({3, 4}), width=width)
    else:
        lines += wrapped(f"No ledger was read yet: bokbuss ledger sync {tenant}, or bokbuss publish sie FILE")
    for year in years:
        lines += _said(tenant, year, documents.get(year.last, _NONE))
    for one in asked:
        if one.running:
            lines += wrapped(f"{subject(one.asked).capitalize()} is being read, for {one.asked.requested_by}.")
        elif one.failed:
            lines += wrapped(f"{subject(one.asked).capitalize()} was not read: {one.failed}")
    return tuple(lines)


def _row(year: LedgerYear, documents: DocumentCounts) -> tuple[str, ...]:
    known = year.retrieved
    stored = f"{documents.stored:,} of {documents.documents:,}" if documents.documents else ""
    return (
        f"{year.first} to {year.last}",
        year.source or "-",
        state(year),
        f"{known.vouchers:,}" if known else "",
        stored,
        words.when(known.read_at) if known and known.read_at else "",
        known.requested_by if known else "",
    )


def state(year: LedgerYear) -> str:
    """Return how a year stands in a word or two."""
    if year.replaced_by:
        return "replaced"
    match year.waits:
        case "person":
            return year.reason
        case "parts":
            return f"{year.missing} parts on their way"
    return "kept" if year.kept else "complete" if year.retrieved else "nothing yet"


def _said(tenant: str, year: LedgerYear, documents: DocumentCounts) -> tuple[str, ...]:
    """Return what there is to say of a year: what it waits for, what is odd in its books, which documents it lacks."""
    lines: list[str] = []
    if year.replaced_by:
        first, last = year.replaced_by
        lines += wrapped(
            f"{year.last} is the last day of no financial year any more: the books have {first} to {last}, which was "
            f"read later. What was read of {year.first} to {year.last} stays as it was then, and is not read again.",
            0,
            2,
        )
    if year.question:
        lines += wrapped(f"{year.last} waits: {year.question[0]}", 0, 2)
        lines += [line for one in year.question[1:] for line in wrapped(str(one), 4)]
        lines += wrapped(f"bokbuss held list --tenant {tenant} says how to answer.", 2)
    if year.kept:
        lines += wrapped(
            f"{year.last} is kept as it was loaded; Fortnox's: bokbuss ledger sync {tenant} --year {year.last} "
            "--overwrite"
        )
    if year.chosen and year.chosen != year.source:
        lines += wrapped(f"{year.last} is to come from {_FROM[year.chosen]}, as was chosen.")
    findings = year.retrieved.findings if year.retrieved else ()
    if findings:
        lines += wrapped(f"{year.last}: {len(findings)} findings in these books, first: {findings[0]}", 0, 2)
    for note in documents.notes:
        lines += wrapped(f"{year.last}, documents missing: {WHY[note]}", 0, 2)
    return tuple(lines)


def specifications(tenant: str, found: Specifications, width: int) -> tuple[str, ...]:
    """Return a year's specifications: the sum of each and its account, findings, and the open invoices."""
    lines = [f"{tenant}, {found.last}, read {words.when(found.read_at)}"]
    for one in found.sides:
        balance = f"account {one.account}: {words.money(one.balance)}" if one.balance is not None else "no such account"
        lines += [f"{one.side} ({one.account}): {len(one.invoices)} open, {words.money(one.total)}; {balance}"]
        lines += wrapped(f"not read: {WHY_NOT[one.note]}", 2) if one.note else ()
        for each in one.findings:
            lines += wrapped(f"{each.code}: {each.why}", 2)
        rows = [
            (
                *(each.number, each.party_name, str(each.day), str(each.due or "")),
                *(words.money(each.open), words.money(each.paid_later) if each.paid_later else ""),
                str(each.last_paid or ""),
            )
            for each in one.invoices
        ]
        lines += words.columns([_OPEN, *rows], right=frozenset({4, 5}), width=width) if rows else ()
    return tuple(lines)


def specifications_json(found: Specifications) -> dict[str, Any]:
    """Return a year's specifications for programs."""
    findings = ([{"code": each.code, "why": each.why} for each in one.findings] for one in found.sides)
    sides = [asdict(one) | {"findings": told} for one, told in zip(found.sides, findings, strict=True)]
    return asdict(found) | {"sides": sides}


def subject(asked: LedgerRequested) -> str:
    """Return what was asked for, in words: ``the ledger of 2025 with documents``."""
    what = {
        (True, True): "the ledger{} with documents",
        (True, False): "the ledger{}",
        (False, True): "the documents{}",
        (False, False): "nothing{}",
    }[asked.ledger, asked.documents]
    last = f" of the last {asked.last} years" if asked.last > 1 else " of this year"
    return what.format(f" of {asked.year_to or asked.year}" if asked.year is not None else last)


def _number(ten: str | None) -> str | None:
    """Return an organisation's number as it stands; a sole trader's, which is a person's, as it may be shown."""
    return shown_organisation(ten) if ten and is_sole_trader(ten) else ten


def year_json(year: LedgerYear, documents: Counts) -> dict[str, Any]:
    """Return a year for programs."""
    known, counts = year.retrieved, documents.get(year.last, _NONE)
    return {
        "first": str(year.first),
        "last": str(year.last),
        "source": year.source,
        "state": year.reason or ("waiting_for_parts" if year.waits else "complete" if known else "nothing_yet"),
        "replaced_by": str(year.replaced_by[1]) if year.replaced_by else None,
        "kept": year.kept,
        "chosen_source": year.chosen,
        "vouchers": known.vouchers if known else None,
        "rows": known.rows if known else None,
        "sha256": known.sha256 if known else None,
        "read_at": known.read_at.isoformat() if known and known.read_at else None,
        "requested_by": known.requested_by if known else "",
        "organisation_number": _number(known.organisation_number) if known else None,
        "findings": list(known.findings) if known else [],
        "difference": [str(line) for line in year.difference],
        "question": [str(line) for line in year.question],
        "missing_parts": year.missing,
        "documents": {
            "documents": counts.documents,
            "stored": counts.stored,
            "missing": counts.missing,
            "waiting": counts.waiting,
            "notes": list(counts.notes),
        },
    }


def request_json(one: LedgerRequest) -> dict[str, Any]:
    """Return what was asked for, for programs."""
    return {**one.asked.to_json(), "running": one.running, "failed": str(one.failed)}
