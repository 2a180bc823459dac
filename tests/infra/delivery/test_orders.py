"""What became of a sink's orders, as whoever carries them out asks: one kind, one company, in their order."""

from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from infra import clock
from infra.delivery import orders
from infra.delivery.journal import Journal
from infra.delivery.orders import Orders
from infra.postgres import Engine, text
from schemas.commands import PostVoucher
from schemas.envelope import Envelope
from tests.infra.fake_fortnox import order

SINK, TENANT = "fortnox", "acme"
VOUCHER = {"series": "F", "number": 12, "year_id": 7}


async def ended(engine: Engine, message: Envelope[Any], state: str, seconds: float, **outcome: Any) -> None:
    """Let an order have ended so many seconds ago."""
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """update journal set state = :state, outcome = cast(:outcome as jsonb),
                   finished_at = clock_timestamp() - make_interval(secs => :ago) where order_id = cast(:id as uuid)"""
            ),
            {"state": state, "outcome": to_json(outcome).decode(), "ago": seconds, "id": message.id},
        )


async def waits(engine: Engine, message: Envelope[Any], code: str) -> None:
    """Let the key of an order wait for a reason."""
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "insert into flow_state (flow, tenant, key, state, waiting) values (:flow, :tenant, :key, '{}', :code)"
            ),
            {"flow": message.data.flow, "tenant": message.tenant, "key": message.subject, "code": code},
        )


async def test_what_is_open_and_what_was_written(engine: Engine) -> None:
    """Both are the orders themselves; what may be carried out just now counts as written."""
    first, second, third = (order(TENANT, f"openpos/k/{number}", number) for number in range(3))
    await Journal(engine, SINK).insert([(0, first), (0, second), (0, third), (0, order("other", "openpos/k/1", 1))])
    asked = Orders(engine, SINK, TENANT, PostVoucher)
    began = clock.now()
    assert await asked.last_voucher() is None
    assert await asked.open(2) == [first.data, second.data]
    await ended(engine, first, "delivered", 0.0, voucher=VOUCHER, record="F12")
    await ended(engine, second, "delivered", 3600.0)
    assert await asked.open(9) == [third.data]
    assert await asked.written_since(began - timedelta(minutes=1)) == [(first.data, "F12")]
    found = await asked.last_voucher()
    assert found is not None
    assert (str(found[0]), found[1].number) == (first.id, 12)
    assert await asked.flow_of(found[1]) == "daysales"
    assert await asked.flow_of(found[1].model_copy(update={"number": 13})) is None
    await ended(engine, third, "rejected", 0.0, voucher={**VOUCHER, "number": 13})
    assert await asked.flow_of(found[1].model_copy(update={"number": 13})) is None, "it only stood in the way"


async def test_what_was_refused_and_waits(engine: Engine) -> None:
    """Only what still waits for the reason that it was refused for, with its age."""
    first, second = (order(TENANT, f"openpos/k/{number}", number) for number in range(2))
    await Journal(engine, SINK).insert([(0, first), (0, second)])
    for each in (first, second):
        await ended(engine, each, "rejected", 60.0, code="series_missing")
    await waits(engine, first, "series_missing")
    await waits(engine, second, "account_missing")
    [one] = await Orders(engine, SINK, TENANT, PostVoucher).refused({"series_missing", "account_missing"}, 9)
    assert (one.order, one.code, one.refusals) == (first.data, "series_missing", 1)
    assert 60.0 <= one.age < 120.0
    assert [(each.tenant, each.codes) for each in await orders.waiting(engine, SINK, {"series_missing"})] == [
        (TENANT, ("series_missing",))
    ]
    assert await orders.waiting(engine, SINK, {"year_missing"}) == []
