"""A chain of records, and what is found when somebody has been at it."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectors.desk.proof import Walk
from infra.rows import Head, Stored
from schemas.audit import GENESIS, AuditRecord

AT = datetime(2026, 4, 10, tzinfo=UTC)


def chain(length: int) -> list[Stored]:
    """Return a whole chain."""
    stored, previous = [], GENESIS
    for sequence in range(1, length + 1):
        record = AuditRecord(
            sequence=sequence,
            previous=previous,
            at=AT,
            outcome="held",
            flow="daysales",
            key=f"k/{sequence}",
            message_id=f"m{sequence}",
            message_type="t",
            fact_id="f",
        ).sealed()
        previous = record.hash
        stored.append(Stored(sequence, record.key, "f", record.message_id, record.to_json()))
    return stored


def problem(rows: list[Stored], head: Head) -> str | None:
    """Walk along; return the first thing that is wrong."""
    walk = Walk()
    return next((found for row in rows if (found := walk.step(row))), None) or walk.end(head)


def head_of(rows: list[Stored]) -> Head:
    """Return the head that the writer keeps."""
    return Head("krogen", rows[-1].sequence, rows[-1].body["hash"])


@given(st.integers(1, 8))
def test_a_whole_chain_has_no_problem(length: int) -> None:
    """What the writer made is found whole."""
    assert problem(chain(length), head_of(chain(length))) is None


@given(st.data())
def test_any_change_of_any_record_is_found_there(data: st.DataObject) -> None:
    """The first record that is wrong is the one that is named."""
    rows = chain(data.draw(st.integers(1, 6)))
    head, index = head_of(rows), data.draw(st.integers(0, len(rows) - 1))
    field, value = data.draw(st.sampled_from([("why", "x"), ("outcome", "delivered"), ("key", "k/0"), ("flow", "y")]))
    rows[index] = replace(rows[index], body={**rows[index].body, field: value})
    assert f"record {index + 1} was changed" in (problem(rows, head) or "")


@given(st.data())
def test_a_record_that_was_taken_out_is_missed(data: st.DataObject) -> None:
    """Also at the end, where only the head remembers it."""
    rows = chain(data.draw(st.integers(1, 6)))
    head, index = head_of(rows), data.draw(st.integers(0, len(rows) - 1))
    del rows[index]
    assert f"record {index + 1} is missing" in (problem(rows, head) or "")


def test_a_chain_that_was_made_anew_from_a_record_on_is_found() -> None:
    """Somebody who can compute hashes changes record 2 and all after it: only the head tells."""
    rows = chain(3)
    head = Head("krogen", 3, "f" * 64)
    assert problem(rows, head) == "record 3 is not the end that was remembered: that is record 3"


def test_what_cannot_be_read_is_a_problem_not_a_crash() -> None:
    """A record that is no record is named."""
    assert "record 1 cannot be read" in (
        problem([Stored(1, "k", "f", "m", {"x": 1})], Head("krogen", 1, GENESIS)) or ""
    )
