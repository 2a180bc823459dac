"""Following the trail as it grows."""

from typing import Any

from infra import trail
from infra.trail import Entry, put_on_record


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
