"""Following the trail as it grows."""

from typing import Any

import pytest

from infra import companies, trail
from infra.trail import Entry, put_on_record

TENANT = "krogen-soder"


def test_following_misses_nothing_and_repeats_nothing(desk: Any) -> None:
    """Records of two companies whose transactions overlap come once each, although ids are given out before commits."""

    async def past(world: Any) -> list[tuple[str, int]]:
        engine = world.place.engine
        first, second = world.held(), world.held(tenant="other-company")
        told, known = await trail.newest(engine, None, since=None, limit=10)
        assert (told, known) == ([], {})
        seen = []

        async def follow() -> None:
            found = await trail.after(engine, None, known)
            known.update({tenant: record.sequence for tenant, record in found})
            seen.extend((tenant, record.sequence) for tenant, record in found)

        for _ in range(2):
            async with engine.connect() as slow:
                await put_on_record(slow, [Entry(first, "held")])
                async with engine.begin() as quick:
                    await put_on_record(quick, [Entry(second, "held"), Entry(second, "released")])
                await follow()
                await slow.commit()
            await follow()
        await follow()
        return seen

    assert desk.after(past) == [
        ("other-company", 1),
        ("other-company", 2),
        ("krogen-soder", 1),
        ("other-company", 3),
        ("other-company", 4),
        ("krogen-soder", 2),
    ]


@pytest.mark.parametrize("of", [None, TENANT])
def test_following_goes_on_where_a_company_is_removed_and_its_name_used_again(desk: Any, of: str | None) -> None:
    """Its last record comes, none of the others again, and then the first ones of the next company of its name."""

    async def past(world: Any) -> list[tuple[str, int, str]]:
        engine = world.place.engine
        await world.add(TENANT)
        async with engine.begin() as connection:
            await put_on_record(connection, [Entry(world.held(), "held"), Entry(world.held(), "released")])
        _, known = await trail.newest(engine, of, since=None, limit=10)
        seen: list[tuple[str, int, str]] = []

        async def follow() -> None:
            found = await trail.after(engine, of, known)
            known.update({tenant: record.sequence for tenant, record in found})
            seen.extend((tenant, record.sequence, record.outcome) for tenant, record in found)

        for _ in range(2):
            await companies.remove(await world.place.host(), await world.place.producer(), TENANT, by="Åsa")
            await follow()
            await companies.add(await world.place.host(), TENANT, organisation_number=None, database_number=None)
            async with engine.begin() as connection:
                await put_on_record(connection, [Entry(world.held(), "held")])
            await follow()
            await follow()
        return seen

    assert desk.after(past) == [
        (f"{TENANT}.1", 3, "removed"),
        (TENANT, 1, "held"),
        (f"{TENANT}.2", 2, "removed"),
        (TENANT, 1, "held"),
    ]
