"""The page of closing entries: what it offers is of the year that the entries are of."""

import json

import pytest

from infra.postgres import text
from tests.connectors.desk.conftest import Past, sample
from tests.connectors.desk.test_pages import SHOP, visit
from tests.connectors.desk.web_driver import Visitor

pytestmark = pytest.mark.usefixtures("desk")

_YEARS = [
    {"Id": 4, "FromDate": "2025-01-01", "ToDate": "2025-12-31"},
    {"Id": 5, "FromDate": "2026-01-01", "ToDate": "2026-12-31"},
]


async def _past(past: Past) -> None:
    """Have the series of two years read, and no entry told of."""
    async with past.place.engine.begin() as connection:
        await connection.execute(
            text(
                """insert into settings (tenant, version, body, applied_by, applied_at)
                   values (:t, 1, '{"yearend": {"series": "I"}}', 'test', now())"""
            ),
            {"t": SHOP},
        )
        await connection.execute(text("update tenants set settings_version = 1 where tenant = :t"), {"t": SHOP})
        for kind, year, body in (("years", 0, _YEARS), ("series", 4, [_series(57)]), ("series", 5, [_series(3)])):
            await connection.execute(
                text(
                    """insert into reference_data (tenant, system, kind, year_id, body, read_at)
                       values (:t, 'fortnox', :kind, :year, :body, now())"""
                ),
                {"t": SHOP, "kind": kind, "year": year, "body": json.dumps(body)},
            )


def _series(number: int) -> dict[str, object]:
    return {"Code": "I", "Description": "Bokslut", "Manual": True, "NextVoucherNumber": number}


def test_the_next_number_is_that_of_the_year_of_the_entries() -> None:
    """In 2026 the entries of 2025 are booked: their series goes on at 57, whatever number 2026 has come to."""

    async def with_entries(past: Past) -> None:
        await _past(past)
        await past.decides(sample("facts.closing-entries-ready.v1", "year-end"))

    async def story(visitor: Visitor) -> None:
        page = await visitor.see(f"/companies/{SHOP}/closing")
        assert "next 57 (2025-01-01 to 2025-12-31)" in page
        assert "next 3" not in page

    visit(story, past=with_entries)


def test_without_entries_the_newest_year_is_shown() -> None:
    """What comes next is most likely of it."""

    async def story(visitor: Visitor) -> None:
        assert "next 3 (2026-01-01 to 2026-12-31)" in await visitor.see(f"/companies/{SHOP}/closing")

    visit(story, past=_past)
