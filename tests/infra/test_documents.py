"""The rows of documents: which there are, what each holds, and why one is missing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from infra.documents import Content, DocumentCounts, Documents, Listed, Waiting, type_of
from infra.postgres import Engine, text

YEAR, NEXT = date(2026, 12, 31), date(2027, 12, 31)
PDF = Content("ab" * 32, 5, "application/pdf")
OLD = datetime(2026, 1, 1, tzinfo=UTC)


def listed(number: str, source_id: str) -> Listed:
    """Return a document of voucher A ``number``."""
    return Listed("A", number, source_id, "accounting")


async def test_a_file_is_read_once_however_many_vouchers_have_it(engine: Engine) -> None:
    """Also vouchers of another year, and those that are listed later; what is stored stays so."""
    documents = Documents(engine, "acme")
    await documents.listed(YEAR, [listed("1", "f1"), listed("2", "f1"), listed("10", "f2"), listed("1", "f1")])
    assert await documents.waiting(YEAR) == (Waiting("accounting", "f1", "1"), Waiting("accounting", "f2", "10"))
    await documents.stored("accounting", "f1", PDF)
    assert await documents.waiting(YEAR) == (Waiting("accounting", "f2", "10"),)
    await documents.listed(NEXT, [listed("7", "f1")])
    assert await documents.waiting(NEXT) == ()
    await documents.listed(YEAR, [listed("1", "f1")])
    found = await documents.of_year(YEAR)
    assert [(one.number, one.content) for one in found] == [("1", PDF), ("2", PDF), ("10", None)]
    assert await documents.counts() == {YEAR: DocumentCounts(3, 2, 0, ()), NEXT: DocumentCounts(1, 1, 0, ())}
    assert (await documents.counts())[YEAR].waiting == 1
    assert await Documents(engine, "other").counts() == {}


async def test_what_is_missing_says_why_and_is_tried_again_when_it_is_asked_for_again(engine: Engine) -> None:
    """A request that goes on after a crash does not begin anew; a later one does."""
    documents = Documents(engine, "acme")
    await documents.said(YEAR, "suppliers", "not_consented")
    await documents.listed(YEAR, [listed("1", "f1")])
    await documents.missing("accounting", "f1", "not_there")
    await documents.try_again(YEAR, OLD)
    assert await documents.waiting(YEAR) == ()
    assert await documents.counts() == {YEAR: DocumentCounts(1, 0, 1, ("not_consented", "not_there"))}
    assert [(one.number, one.note) for one in await documents.of_year(YEAR)] == [
        ("", "not_consented"),
        ("1", "not_there"),
    ]
    await documents.try_again(YEAR, OLD + timedelta(days=36_500))
    assert await documents.waiting(YEAR) == (Waiting("accounting", "f1", "1"),)
    await documents.said(YEAR, "suppliers", "")
    assert await documents.counts() == {YEAR: DocumentCounts(1, 0, 0, ())}


async def test_what_is_listed_no_more_is_gone_from_its_voucher(engine: Engine) -> None:
    """Somebody took it away, or the number was used again; a module that was not listed says nothing of its own."""
    documents = Documents(engine, "acme")
    invoice = Listed("D", "1", "f3", "suppliers")
    await documents.said(YEAR, "billing", "left_out")
    await documents.listed(YEAR, [listed("1", "f1"), listed("2", "f2"), invoice])
    async with engine.begin() as connection:
        await connection.execute(text("update documents set listed_at = listed_at - interval '1 day'"))
    assert not any(one.gone for one in await documents.of_year(YEAR))
    await documents.listed(YEAR, [listed("1", "f9"), listed("2", "f2")])
    assert [one.source_id for one in await documents.of_year(YEAR) if one.gone] == ["f1"]
    await documents.listed(YEAR, [listed("1", "f1")])
    assert not any(one.gone for one in await documents.of_year(YEAR))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"RIFF....WEBPVP8", "image/webp"),
        (b"<html>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_type_is_told_by_the_first_bytes(head: bytes, name: str) -> None:
    """No list of Fortnox's says it."""
    assert type_of(head) == name
