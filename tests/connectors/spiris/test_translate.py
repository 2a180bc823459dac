"""A batch of closing entries as a year-end program sends it: what it becomes, and what is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.spiris.translate import translate
from infra.plugin import Malformed
from schemas.events import ClosingEntriesReady
from tests.json_values import leaves, put

FOLDER = Path(__file__).parents[3] / "connectors" / "spiris"
ACCRUAL: dict[str, Any] = json.loads((FOLDER / "samples" / "accrual.json").read_bytes())


def facts(payload: Any) -> ClosingEntriesReady:
    """Return the fact that a payload becomes."""
    [fact] = translate(json.dumps(payload).encode())
    assert isinstance(fact, ClosingEntriesReady)
    return fact


def problems(payload: Any) -> tuple[str, ...]:
    """Return what is wrong with a payload."""
    with pytest.raises(Malformed) as caught:
        facts(payload)
    return caught.value.problems


@pytest.mark.parametrize("path", [("submittedBy",), ("entries", 0, "text"), ("entries", 0, "rows", 0, "text")])
def test_what_no_reader_could_keep_is_refused_at_the_door(path: tuple[str | int, ...]) -> None:
    """A message with NUL in a text is one that nobody reads: accepted, the batch would lie among the dead letters."""
    first, *_ = problems(put(ACCRUAL, path, "with\0nul"))
    assert str(path[-1]) in first.partition(": ")[0]


def test_nothing_is_added_and_nothing_is_left_out() -> None:
    """Cost centre, project, text, and the day on which an accrual is taken back."""
    [entry] = facts(ACCRUAL).entries
    assert (entry.number, str(entry.reverse_on), entry.rows[0].text) == ("P1", "2026-01-01", None)
    row = entry.rows[1]
    assert (row.account, str(row.credit), row.cost_centre, row.project) == (5010, "18000.00", "SODER", "BAR")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("entries", 0, "rows", 0, "debit"), "-1.00", "entries[0].rows[0].debit: "),
        (("entries", 0, "rows", 0, "debit"), 18000.0, "entries[0].rows[0].debit: "),
        (("entries", 0, "rows", 0, "account"), 999, "entries[0].rows[0].account: "),
        (("entries", 0, "rows", 0, "amount"), "1.00", "entries[0].rows[0].amount: Extra inputs"),
        (("entries", 0, "reverseOn"), "20260101", "entries[0].reverseOn: "),
        (("year", "from"), "2025-02-30", "year.from: "),
        (("company", "organisationNumber"), "12", "company.organisationNumber: "),
        (("format",), "bokbuss.spiris.closing-entries/2", "format: "),
        (("entries",), [], "entries: "),
        (("entries",), ACCRUAL["entries"] * 2, "batch: entries: a number stands at more than one of them"),
    ],
)
def test_what_breaks_the_format_is_named_by_its_place(place: tuple[Any, ...], value: Any, said: str) -> None:
    """Sums and years are judged later, where a person can see the entry: here only the form is."""
    assert any(problem.startswith(said) for problem in problems(put(ACCRUAL, place, value)))


@pytest.mark.parametrize("name", ["source-fortnox", "source-sie"])
def test_a_choice_of_source_is_one_however_its_letters_are_written(name: str) -> None:
    """PHP writes each slash with a backslash before it, and JSON can write any letter otherwise."""
    raw = (FOLDER / "samples" / f"{name}.json").read_bytes()
    for written in (raw.replace(b"/", b"\\/"), raw.replace(b'"format"', b'"\\u0066ormat"')):
        assert translate(written) == translate(raw) != ()


def test_every_field_of_the_format_is_in_the_readme() -> None:
    """Whoever sends it reads the table."""
    readme = (FOLDER / "README.md").read_text()
    fields = {str(place[-1]) for place, _ in leaves(ACCRUAL)} | {"version", "submittedBy"}
    assert [field for field in fields if f"{field}`" not in readme] == []
