"""Before a voucher is sent: what is known speaks first, costs little, and is never believed for long."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from connectors.fortnox import SYSTEM
from connectors.fortnox.doctor import examining
from connectors.fortnox.sandbox import Company, CostCentre, Fault, Faults
from infra.plugin import Attempt
from infra.postgres import Engine, text
from infra.verdicts import Delivered, Rejected, RetryLater
from schemas.commands import PostVoucher, VoucherRow
from tests.connectors.fortnox.doctor_driver import (
    MAPPED,
    TODAY,
    DoctorDriver,
    attempt,
    company,
    doctor_driver,
    on,
    voucher,
    wrapped,
)
from tests.infra.opened import opened

POST = "POST /3/vouchers"


@pytest.fixture
async def visit(engine: Engine, tmp_path: Path) -> AsyncIterator[DoctorDriver]:
    """Yield a company in which everything is as it should be."""
    async with doctor_driver(engine, tmp_path) as made:
        yield made


async def write(visit: DoctorDriver, *orders: PostVoucher, lent: Attempt | None = None) -> list[Any]:
    """Let one lane write orders; return their verdicts."""
    async with opened(SYSTEM.sinks[0], visit.ours, visit.host) as lane:
        return [await lane.write(wrapped(order, visit.tenant), lent or attempt()) for order in orders]


async def test_a_voucher_that_would_be_refused_is_not_sent(visit: DoctorDriver) -> None:
    """The code is the one of Fortnox's refusal, the accountant reads where to click, and the record says why."""
    visit.fortnox.years[4].series["F"].manual = False
    lent = attempt()
    [verdict] = await write(visit, voucher(), lent=lent)
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("series_not_manual", "accountant")
    assert "F (2026)" in verdict.why
    assert "Manuell kontering" in verdict.why
    assert POST not in visit.calls
    last = lent.calls[-1]
    assert (last.request, last.status, last.verdict) == (POST, None, "not sent: series_not_manual: F (2026)")


async def test_a_hundred_vouchers_cost_a_handful_of_lists(visit: DoctorDriver) -> None:
    """Lists are read once, and kept for other processes and for an hour."""
    assert all(isinstance(v, Delivered) for v in await write(visit, *(voucher(key=key) for key in range(100))))
    assert isinstance((await write(visit, voucher(key=100)))[0], Delivered)
    assert {route: times for route, times in visit.calls.items() if route != POST} == {
        "GET /3/companyinformation": 2,  # each lane asks once whose books its token opens
        "GET /3/financialyears": 1,
        "GET /3/voucherseries": 1,
        "GET /3/accounts": 1,
        "GET /3/costcenters": 1,
        "GET /3/settings/lockedperiod": 1,
    }


async def test_a_backlog_that_is_objected_to_costs_no_call_each(visit: DoctorDriver) -> None:
    """A hundred days of a locked period: the end of the lock is asked for once a minute at most."""
    visit.fortnox.locked_until = TODAY
    verdicts = await write(visit, *(voucher(key=key) for key in range(100)))
    assert {verdict.code for verdict in verdicts} == {"period_locked"}
    assert visit.calls["GET /3/settings/lockedperiod"] == 1
    assert POST not in visit.calls


async def test_an_old_list_that_objects_is_read_again_first(visit: DoctorDriver) -> None:
    """The accountant opened the period since: nobody has to wait for the hour to pass."""
    visit.fortnox.locked_until = TODAY - timedelta(days=1)
    assert isinstance((await write(visit, voucher()))[0], Delivered)
    visit.fortnox.locked_until = None
    await visit.execute(text("update reference_data set read_at = read_at - interval '120 seconds'"))
    late = voucher(TODAY - timedelta(days=3), key=2)
    assert isinstance((await write(visit, late))[0], Delivered)
    assert visit.calls["GET /3/settings/lockedperiod"] == 2


async def test_what_a_person_insists_on_is_fortnoxs_to_refuse(visit: DoctorDriver) -> None:
    """A series that is never locked is one that no list tells."""
    visit.fortnox.locked_until = TODAY
    [first] = await write(visit, voucher())
    again = voucher(step="book/2", replaces=voucher().id_in(visit.tenant), insists=True)
    [second] = await write(visit, again)
    assert (first.code, second.code) == ("period_locked", "period_locked")
    assert visit.calls[POST] == 1
    visit.fortnox.locked_until = None
    third = voucher(step="book/3", replaces=again.id_in(visit.tenant), insists=True)
    assert isinstance((await write(visit, third))[0], Delivered)


async def test_what_a_green_check_lets_go_meets_no_list_that_is_older(visit: DoctorDriver) -> None:
    """The period was opened since the list said that it was locked, a few seconds ago."""
    visit.fortnox.locked_until = TODAY
    [first] = await write(visit, voucher())
    assert first.code == "period_locked"
    visit.fortnox.locked_until = None
    await visit.execute(text("update reference_data set read_at = read_at - interval '2 seconds'"))
    let_go = voucher(step="book/2", replaces=voucher().id_in(visit.tenant))
    assert isinstance((await write(visit, let_go))[0], Delivered)


@pytest.mark.parametrize("insists", [False, True])
async def test_a_year_that_was_just_made_is_there_for_what_is_let_go(visit: DoctorDriver, *, insists: bool) -> None:
    """A closing's accrual is taken back in the next year: who makes that year and answers is not refused once more."""
    gone = visit.fortnox.years.pop(4)
    async with opened(SYSTEM.sinks[0], visit.ours, visit.host) as lane:
        first = await lane.write(wrapped(voucher(), visit.tenant), attempt())
        assert (first.code, visit.calls["GET /3/financialyears"]) == ("financial_year_missing", 1)
        visit.fortnox.years[4] = gone
        await visit.execute(text("update reference_data set read_at = read_at - interval '2 seconds'"))
        await asyncio.sleep(0.6)
        let_go = voucher(step="book/2", replaces=voucher().id_in(visit.tenant), insists=insists)
        assert isinstance(await lane.write(wrapped(let_go, visit.tenant), attempt()), Delivered)


async def test_what_a_green_check_lets_go_is_looked_at_like_any_other(visit: DoctorDriver) -> None:
    """The period was opened, and an account is missing: seventeen days cost no refusal each."""
    visit.fortnox.years[4].accounts.pop(voucher().rows[0].account)
    let_go = [voucher(key=key, step="book/2", replaces=voucher(key=key).id_in(visit.tenant)) for key in range(17)]
    verdicts = await write(visit, *let_go)
    assert {verdict.code for verdict in verdicts} == {"account_missing"}
    assert POST not in visit.calls


async def test_nothing_is_taken_back_where_what_follows_cannot_be_booked(visit: DoctorDriver) -> None:
    """The day would stand in no voucher: reversed, and its corrected voucher refused for an account."""
    visit.fortnox.years[4].accounts.pop(1580)
    follows = (VoucherRow(account=1580, debit=Decimal("1.00")), VoucherRow(account=1910, credit=Decimal("1.00")))
    reversal = voucher(step="reverse", purpose="reverse", followed_by=follows)
    [verdict] = await write(visit, reversal)
    assert (verdict.code, POST in visit.calls) == ("account_missing", False)
    assert "1580" in verdict.why


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT])
async def test_a_list_that_does_not_come_stops_no_voucher(visit: DoctorDriver, fault: Fault) -> None:
    """It is asked for once, and not again before every voucher."""
    route = "GET /3/settings/lockedperiod"
    visit.fortnox.faults = Faults(rates={fault: 1.0}, only=route)
    verdicts = await write(visit, voucher(key=1), voucher(key=2))
    assert [type(verdict) for verdict in verdicts] == [Delivered, Delivered]
    assert visit.calls[route] == 1


async def test_a_scope_that_is_missing_stops_no_voucher(visit: DoctorDriver) -> None:
    """Not knowing what is locked is no objection."""
    visit.fortnox.scopes = "bookkeeping companyinformation"
    assert isinstance((await write(visit, voucher()))[0], Delivered)


async def test_a_series_that_does_not_say_whether_it_is_manual_stops_no_voucher(visit: DoctorDriver) -> None:
    """The doctor says that it could not check it; Fortnox itself refuses one that is not."""
    visit.fortnox.unlisted = {"Manual"}
    assert isinstance((await write(visit, voucher()))[0], Delivered)
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.unchecked) == ((), ("the_series_is_manual",))


async def test_a_lane_that_is_throttled_while_it_reads_waits(visit: DoctorDriver) -> None:
    """The voucher would only be one more request too many."""
    visit.fortnox.faults = Faults(script=[Fault.THROTTLED], only="GET /3/voucherseries", seconds={Fault.THROTTLED: 30})
    [verdict] = await write(visit, voucher())
    assert isinstance(verdict, RetryLater)
    assert verdict.code == "throttled"
    assert POST not in visit.calls


# --- Nothing that the doctor passed is refused at the first write -------------------------------------------------

RULES = st.sampled_from(["ALLOWED", "ALLOWED", "ALLOWED", "MANDATORY", "NOTALLOWED"])
MOSTLY = st.sampled_from([True, True, True, False])


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """Draw a company's set-up: most things are right, some are not."""
    made = company(
        manual_series=draw(st.sampled_from([("A", "F"), ("A", "F"), ("A",)])),
        cost_centres={"S1": CostCentre("S1", "Butiken", active=draw(MOSTLY))} if draw(MOSTLY) else {},
        locked_until=draw(st.sampled_from([None, date(2025, 12, 31), TODAY - timedelta(days=1), TODAY])),
        cost_centre_support=draw(MOSTLY),
    )
    if not draw(MOSTLY):
        del made.years[draw(st.sampled_from([3, 4, 5]))]
    for year in made.years.values():
        for number in draw(st.lists(st.sampled_from([1910, 1686, 2611, 3001, 3740, 6110]), max_size=2, unique=True)):
            account, wrong = year.accounts[number], draw(st.integers(0, 4))
            if wrong == 0:
                del year.accounts[number]
            elif wrong == 1:
                account.active = False
            else:
                setattr(account, ("cost_centre_rule", "project_rule", "text_rule")[wrong - 2], draw(RULES))
    return made


@effort(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(companies(), st.sampled_from([TODAY, TODAY - timedelta(days=1), date(2025, 6, 1)]))
def test_nothing_that_the_doctor_passed_is_refused_at_the_first_write(
    prepared_url: str, tmp_path: Path, fortnox: Company, day: date
) -> None:
    """Any set-up: if the doctor is green for what waits, Fortnox books it, asked without a preflight."""

    async def first_write() -> tuple[bool, Any]:
        from infra import store  # noqa: PLC0415 - an engine for each event loop

        engine = store.engine(prepared_url, 4)
        try:
            async with doctor_driver(engine, tmp_path, fortnox) as visit:
                order = voucher(day)
                await visit.journal(order, "queued", None)
                report = await examining.examine(visit.host, visit.tenant)
                insisted_on = order.model_copy(update={"insists": True})
                return report.ok, (await write(visit, insisted_on))[0]
        finally:
            await engine.dispose()

    with pytest.MonkeyPatch.context() as monkeypatch:
        on(monkeypatch, TODAY)
        green, verdict = asyncio.run(first_write())
    assert isinstance(verdict, Delivered | Rejected)
    assert isinstance(verdict, Delivered) or not green, verdict


def test_the_mapping_of_these_tests_is_what_the_vouchers_need() -> None:
    """Else a green doctor would say nothing about them."""
    chosen = [*MAPPED.payments, *MAPPED.sales, *MAPPED.vat]
    accounts = {getattr(choice, "account", None) for choice in chosen}
    assert {row.account for row in voucher().rows} <= accounts
    assert (voucher().series, {row.cost_centre for row in voucher().rows}) == (MAPPED.series, {None, "S1"})
