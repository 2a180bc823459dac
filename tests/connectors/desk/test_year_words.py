"""Financial years in words."""

from datetime import UTC, date, datetime

import pytest

from connectors.desk import year_words
from infra.documents import DocumentCounts
from infra.ledgers import LedgerRequest, LedgerYear
from schemas.ledger import LedgerRequested, LedgerRetrieved

AT = datetime(2026, 2, 1, 6, tzinfo=UTC)
LAST = date(2025, 12, 31)
READ = LedgerRetrieved(
    year=2025,
    year_from=date(2025, 1, 1),
    year_to=LAST,
    vouchers=1204,
    rows=4711,
    sha256="0" * 64,
    source="sie",
    requested_by="anna",
    read_at=AT,
    findings=("line 7: voucher A 2 is 2.00 out of balance",),
)
ASKED = LedgerRequested(year=2025, requested_by="bo", requested_at=AT)
COUNTS = {LAST: DocumentCounts(10, 7, 1, ("not_consented",))}


def year(**changes: object) -> LedgerYear:
    """Return a year that was loaded from a file."""
    values: dict[str, object] = {
        "retrieved": READ,
        "first": date(2025, 1, 1),
        "last": LAST,
        "waits": "",
        "reason": "",
        "question": (),
        "missing": 0,
        "difference": (),
        "kept": False,
    }
    return LedgerYear(**{**values, **changes})  # type: ignore[arg-type] # as they are there


def said(*years: LedgerYear, asked: tuple[LedgerRequest, ...] = ()) -> str:
    """Return all that is said, as one line."""
    return " ".join(" ".join(year_words.listed("acme", years, asked, COUNTS, 0)).split())


def test_a_year_that_is_none_any_more_says_which_it_is_now() -> None:
    """Its financial year was prolonged after it was read."""
    prolonged = year(replaced_by=(date(2025, 1, 1), date(2026, 6, 30)))
    assert year_words.state(prolonged) == "replaced"
    assert "no financial year any more: the books have 2025-01-01 to 2026-06-30" in said(prolonged)
    assert year_words.year_json(prolonged, COUNTS)["replaced_by"] == "2026-06-30"
    assert year_words.year_json(year(), COUNTS)["replaced_by"] is None


def test_a_year_says_where_it_comes_from() -> None:
    """Source, state, counts, when and by whom; a finding, and what is to be said of its documents."""
    head, row, *more = year_words.listed("acme", [year()], (), COUNTS, 0)
    assert head.split() == ["YEAR", "SOURCE", "STATE", "VOUCHERS", "DOCUMENTS", "READ", "BY"]
    assert row.split() == [
        *("2025-01-01", "to", "2025-12-31", "sie", "complete", "1,204", "7", "of", "10"),
        *("2026-02-01", "07:00:00", "anna"),
    ]
    assert "line 7: voucher A 2" in " ".join(more)
    assert "has not consented to documents" in " ".join(more)


def test_what_a_year_waits_for_is_said() -> None:
    """The question with its lines and how it is answered; what a person keeps; parts on their way."""
    held = year(waits="person", reason="loaded_from_file", question=("It has another one.", "vouchers added (1): A 2"))
    assert "2025-12-31 waits: It has another one. vouchers added (1): A 2 bokbuss held list --tenant acme" in said(held)
    assert "bokbuss ledger sync acme --year 2025-12-31 --overwrite" in said(year(kept=True))
    coming = year(retrieved=None, waits="parts", missing=3)
    assert "3 parts on their way" in said(coming)
    assert year_words.state(year(retrieved=None)) == "nothing yet"


def test_a_company_without_years_is_told_what_to_do() -> None:
    """By both ways."""
    assert "bokbuss ledger sync acme" in said()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the ledger of 2025 with documents"),
        ({"documents": False}, "the ledger of 2025"),
        ({"ledger": False, "year": None, "last": 2}, "the documents of the last 2 years"),
        ({"year": None, "last": 1}, "the ledger of this year with documents"),
    ],
)
def test_what_was_asked_for_is_said(changes: dict[str, object], words: str) -> None:
    """In the list as long as it runs, and when it failed."""
    asked = ASKED.model_copy(update=changes)
    assert year_words.subject(asked) == words
    assert "is being read, for bo." in said(asked=(LedgerRequest(asked, running=True, failed=""),))
    assert "was not read: no licence" in said(asked=(LedgerRequest(asked, running=False, failed="no licence"),))


def test_programs_get_all_of_it() -> None:
    """Also of a year that nobody has seen yet."""
    shown = year_words.year_json(year(), COUNTS)
    assert (shown["source"], shown["state"], shown["vouchers"]) == ("sie", "complete", 1204)
    assert shown["documents"] == {
        "documents": 10,
        "stored": 7,
        "missing": 1,
        "waiting": 2,
        "notes": ["not_consented"],
    }
    for number, may_be_shown in (("5560160680", "5560160680"), ("8112289874", "••••••-••74"), (None, None)):
        read = READ.model_copy(update={"organisation_number": number})
        assert year_words.year_json(year(retrieved=read), {})["organisation_number"] == may_be_shown
    coming = year_words.year_json(year(retrieved=None, waits="parts", missing=3), {})
    assert (coming["state"], coming["vouchers"], coming["missing_parts"]) == ("waiting_for_parts", None, 3)
    assert year_words.request_json(LedgerRequest(ASKED, running=True, failed=""))["requested_by"] == "bo"
