"""A signing secret that is replaced stays good for a while: tills and HR systems are told the new one one by one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from infra import clock, retention
from infra.access import rotation, signing_secrets
from infra.access.signing_secrets import AT_ONCE, SigningSecret
from infra.access.vault import open_vault, signing_secret
from infra.environment import whole
from infra.intake import signing
from infra.postgres import Engine, text
from infra.settings import KeepSettings
from tests.infra import delivery_driver
from tests.infra.delivery_driver import REPORT, VAULT, DeliveryDriver

DAY = timedelta(hours=24)
AGED = text("update replaced_secrets set until = until - make_interval(hours => :hours)")


@pytest.fixture
async def opened(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> AsyncIterator[DeliveryDriver]:
    """Yield a door at which the test's company is known."""
    async with delivery_driver.opened(engine, producer) as made:
        await made.add(tenant)
        yield made


async def replace(opened: DeliveryDriver, tenant: str, overlap: timedelta, system: str = "openpos") -> str:
    """Make a new secret; return the one before. What is signed from now on is signed with the new one."""
    before = opened.secret
    async with opened.engine.begin() as connection:
        opened.secret = await signing_secrets.make(connection, VAULT, tenant, system, overlap=overlap)
    return before


async def aged(engine: Engine, hours: int) -> None:
    """Let so many hours pass for what is replaced."""
    async with engine.begin() as connection:
        await connection.execute(AGED, {"hours": hours})


async def taken(opened: DeliveryDriver, tenant: str, secret: str) -> int:
    """Send a delivery that is signed with a secret; return the status of the answer."""
    newest, opened.secret = opened.secret, secret
    headers, opened.secret = opened.signed(REPORT), newest
    return (await opened.post(f"{tenant}/openpos", REPORT, headers))[0]


async def test_the_old_one_is_good_beside_the_new_one_until_its_time_is_over(
    opened: DeliveryDriver, tenant: str
) -> None:
    """Each is taken meanwhile, and nothing else; a second replacement ends neither. Then it is refused, and goes."""
    first = await replace(opened, tenant, DAY)
    second = await replace(opened, tenant, 2 * DAY)
    for secret in (first, second, opened.secret):
        assert await taken(opened, tenant, secret) == 202
    assert await taken(opened, tenant, signing_secret()) == 401
    await aged(opened.engine, 24)
    assert [await taken(opened, tenant, secret) for secret in (first, second, opened.secret)] == [401, 202, 202]
    assert (await retention.forget(opened.engine, KeepSettings()))["replaced_secrets"] == 1
    assert await taken(opened, tenant, second) == 202


async def test_one_that_has_leaked_ends_at_once_and_so_do_those_before_it(opened: DeliveryDriver, tenant: str) -> None:
    """Nobody knows which of them whoever has it has."""
    first = await replace(opened, tenant, DAY)
    second = await replace(opened, tenant, AT_ONCE)
    assert [await taken(opened, tenant, secret) for secret in (first, second, opened.secret)] == [401, 401, 202]
    assert await signing_secrets.replaced(opened.engine, tenant) == []


async def test_an_old_one_is_ended_when_all_have_moved(opened: DeliveryDriver, tenant: str) -> None:
    """No new one is made for it; the company's other systems keep theirs."""
    first = await replace(opened, tenant, DAY)
    await replace(opened, tenant, DAY, "huma")
    newest = (await replace(opened, tenant, DAY), opened.secret)[1]
    async with opened.engine.begin() as connection:
        assert await signing_secrets.end_replaced(connection, tenant, "openpos") == 2
        assert await signing_secrets.end_replaced(connection, tenant, "openpos") == 0
    assert [await taken(opened, tenant, secret) for secret in (first, newest)] == [401, 202]
    assert [one.system for one in await signing_secrets.replaced(opened.engine, tenant)] == ["huma"]


async def test_it_is_told_when_an_old_one_was_used_last(opened: DeliveryDriver, tenant: str) -> None:
    """So a person knows that all have moved. What is signed with the new one, or with none of them, is no use of it."""
    first = await replace(opened, tenant, DAY)
    assert await taken(opened, tenant, opened.secret) == 202
    assert await taken(opened, tenant, signing_secret()) == 401
    [old] = await signing_secrets.replaced(opened.engine, tenant)
    assert (old.system, old.used_at, old.until - old.replaced_at) == ("openpos", None, DAY)
    begun = clock.now()
    assert await taken(opened, tenant, first) == 202
    [old] = await signing_secrets.replaced(opened.engine, tenant)
    assert old.used_at is not None
    assert begun <= old.used_at <= clock.now()
    assert await taken(opened, tenant, first) == 202
    assert await signing_secrets.replaced(opened.engine, tenant) == [old], "not a row for each delivery of a busy till"


async def test_a_question_is_signed_with_either(opened: DeliveryDriver, tenant: str) -> None:
    """What a year-end program asks is signed as its deliveries are."""
    first = await replace(opened, tenant, DAY, "spiris")
    for secret in (opened.secret, first):
        opened.secret = secret
        headers = opened.signed(b"GET /years")
        await signing.asked_by(opened.engine, VAULT, tenant, "spiris", "/years", headers)
        with pytest.raises(signing.BadSignature):
            await signing.asked_by(opened.engine, VAULT, tenant, "spiris", "/years/2026", headers)
    [old] = await signing_secrets.replaced(opened.engine, tenant)
    assert old.used_at


async def test_two_who_replace_it_at_once_both_get_one_that_is_good(opened: DeliveryDriver, tenant: str) -> None:
    """Each was shown theirs once; of one that is neither the newest nor kept nobody could know that it is dead."""
    first = opened.secret

    async def person() -> str:
        async with opened.engine.begin() as connection:
            return await signing_secrets.make(connection, VAULT, tenant, "openpos", overlap=DAY)

    made = await asyncio.gather(*(person() for _ in range(4)))
    assert [await taken(opened, tenant, secret) for secret in (first, *made)] == [202] * 5


async def test_what_is_replaced_is_locked_anew_as_the_rest_is(engine: Engine, tmp_path: Path) -> None:
    """A rotation of the data key leaves nothing behind that the key of before opens."""
    settings = whole()(_env_file=None, data=tmp_path)
    vault = await open_vault(engine, settings)
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('acme', now())"))
        made = [await signing_secrets.make(connection, vault, "acme", "openpos", overlap=DAY) for _ in range(3)]
    assert await rotation.rotate(engine, vault, settings, by="anna") == (2, 3)
    counted = await rotation.counted(engine, vault)
    assert counted["replaced_secrets.secret"] == {2: 2}
    good = await signing_secrets.good(engine, vault, "acme", "openpos")
    assert [one.secret for one in good] == made[::-1]
    assert made[0] not in repr(good)


def test_every_secret_is_tried_whichever_fits_and_what_is_wrong_is_said_of_the_newest() -> None:
    """No time and no word tells a sender that it signs with an old one, or how many there are."""
    secrets = [SigningSecret(f"s{number}", number or None) for number in range(3)]
    asked: list[str] = []

    def fits(good: str) -> str:
        def check(secret: str) -> str:
            asked.append(secret)
            if secret != good:
                raise PermissionError(f"not signed ({secret})")
            return "delivery-1"

        said, which = signing.tried(check, secrets)
        assert (said, which.secret) == ("delivery-1", good)
        return which.secret

    for good in ("s0", "s1", "s2"):
        assert fits(good) == good
    assert asked == ["s0", "s1", "s2"] * 3
    with pytest.raises(signing.BadSignature, match=r"not signed \(s0\)"):
        fits("another")


def test_a_file_is_checked_from_its_beginning_for_each() -> None:
    """It is read once for each secret."""
    body, secrets = b"a year" * 1000, [SigningSecret(signing_secret(), number) for number in (None, 1)]
    driver = DeliveryDriver("", None, None, None, secrets[1].secret)  # type: ignore[arg-type] # nothing is sent
    headers = driver.signed(body, delivery="year-1")
    file = BytesIO(body)
    said, fits = signing.tried(lambda secret: signing.verified(file, headers, secret), secrets)
    assert (said, fits.number) == ("year-1", 1)
