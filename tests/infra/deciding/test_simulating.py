"""A simulation reads all that a flow remembers of one company, page by page, and changes nothing."""

from datetime import date, timedelta
from decimal import Decimal

from infra.deciding import remembering
from infra.deciding.simulating import differences, simulate
from infra.plugin import Terms
from infra.postgres import Engine, text
from streams.daysales import FLOW
from tests.streams.daysales.days import Host, chosen, day, without_card

FIRST = date(2026, 1, 1)
_KEEP = text("insert into flow_state values (:flow, :tenant, :key, cast(:state as jsonb))")


async def test_each_day_since_a_day_is_compared(engine: Engine) -> None:
    """More than a page of keys; the days before and another company's count for nothing."""
    days, host = 260, Host()
    for n in range(days):
        host.tell(day(z_number=n + 1, business_date=FIRST + timedelta(days=n)))
    rows = [
        {"flow": FLOW.name, "tenant": tenant, "key": key, "state": state.model_dump_json()}
        for tenant in ("acme", "another")
        for key, state in host.remembered.states.items()
    ]
    async with engine.begin() as connection:
        await connection.execute_many(_KEEP, rows)
    since, looked_at = FIRST + timedelta(days=100), list[int]()

    terms = Terms(chosen(), 1, None), Terms(without_card(), 2, None)
    [found] = await simulate(engine, [FLOW], "acme", terms, (since, date.max), looked_at.append)

    assert (found.keys, found.changed, found.held["unmapped_payment_method"]) == (days - 100,) * 3
    assert len(found.examples["held", "unmapped_payment_method"]) == 10
    assert sum(looked_at) == await remembering.count(engine, FLOW, "acme") > days
    assert len(looked_at) > 1
    lost = [amount for on, account, amount in differences([found]) if account == 3001 and on == since]
    assert lost == [Decimal("100.00")], "a credit that would not be booked"
