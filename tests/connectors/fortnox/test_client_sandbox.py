"""The connection to Fortnox, against the sandbox over HTTP: one order, one voucher, whatever goes wrong."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.fortnox import SYSTEM, sandbox
from connectors.fortnox.sandbox import CostCentre, Fault, Faults
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.vault import Vault
from infra.environment import whole
from infra.plugin import Attempt, Company, Host
from infra.postgres import Engine, text
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import envelope, ids
from schemas.commands import PostVoucher, VoucherRef, VoucherRow
from tests.infra.opened import opened

Connected = Callable[..., AbstractAsyncContextManager[Any]]
DAY = date(2026, 3, 31)
AMOUNTS = ("123456789012.34", "0.01", "7.10")
ODD = "«Kalle's» [bar] — 100 % · vänta… https://x.se 🍺 \x00\u0301"
POST = "POST /3/vouchers"
ADD = text("insert into tenants (tenant, database_number, created_at) values ('acme', :number, clock_timestamp())")


def order_for(key: str = "1", **fields: Any) -> Any:
    """Return an order for a voucher."""
    amounts = [Decimal(amount) for amount in AMOUNTS]
    data: dict[str, Any] = {
        "flow": "daysales",
        "key": f"openpos/3/{key}",
        "revision": "0123456789abcdef",
        "step": "book",
        "rule": "a_new_day_is_booked",
        "purpose": "book",
        "series": "F",
        "voucher_date": DAY,
        "description": "Dagskassa",
        "rows": tuple(VoucherRow(account=1930, debit=amount, cost_centre="S1", text=ODD) for amount in amounts)
        + tuple(VoucherRow(account=3001, credit=amount) for amount in amounts),
    }
    order = PostVoucher(**(data | fields))
    return envelope.wrap(
        order,
        message_id=str(order.id_in("acme")),
        source="/streams/daysales",
        time=datetime(2026, 3, 31, 21, tzinfo=UTC),
        tenant="acme",
    )


ORDER = order_for()
MARK = ids.mark(ORDER.data.id_in("acme"))


def attempt() -> Attempt:
    """Return an attempt of a lane that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox, with one cost centre."""
    return sandbox.Company(123456, cost_centres={"S1": CostCentre("S1", "Butiken")})


@asynccontextmanager
async def _connected(engine: Engine, company: sandbox.Company, **books: Any) -> AsyncIterator[Any]:
    held = sandbox.Books(**({"limit": 1000} | books))
    held.add(company)
    async with sandbox.running(held) as url:
        settings = whole()(
            fortnox=FortnoxSettings(
                api_url=f"{url}/3",
                auth_url=f"{url}/oauth-v1",
                client_id=sandbox.CLIENT_ID,
                client_secret=SecretStr(sandbox.CLIENT_SECRET),
                request_timeout=5.0,
            )
        )
        async with engine.begin() as database:
            await database.execute(ADD, {"number": company.database_number})
        host = Host(settings, engine, Vault(b"test"), None, None)
        async with opened(SYSTEM.sinks[0], Company("acme", None, company.database_number), host) as connection:
            yield connection


@pytest.fixture
def connected(engine: Engine) -> Connected:
    """Return what runs a sandbox with a company, and opens a connection to it."""
    return partial(_connected, engine)


def marks(company: sandbox.Company) -> list[str]:
    """Return the marks in the books."""
    company.settle(clock.now())
    return [voucher.draft.description.split(" ")[-1] for voucher in company.vouchers()]


async def test_a_voucher_stands_in_the_books_to_the_ore(connected: Connected, company: sandbox.Company) -> None:
    """Year, series, date, texts, cost centres and amounts arrive; the probe finds what write delivered."""
    order = order_for(description=ODD, voucher_date=date(2025, 12, 31))
    async with connected(company) as connection:
        verdict = await connection.write(order, attempt())
        assert verdict.voucher == VoucherRef(series="F", number=1, year_id=3)
        assert verdict.note.startswith("adapted to what Fortnox takes: description: «Kalle's» [bar]")
        assert await connection.probe(order, attempt()) == AlreadyThere(verdict.voucher, verdict.note)
        assert await connection.probe(ORDER, attempt()) == Absent()
    (voucher,) = company.vouchers()
    assert voucher.draft.date == date(2025, 12, 31)
    assert [(row.account, row.debit, row.credit, row.cost_centre) for row in voucher.draft.rows] == [
        (row.account, row.debit, row.credit, row.cost_centre) for row in order.data.rows
    ]
    assert voucher.draft.description.startswith("´Kalle´s´ (bar) – 100 % - vänta... https:/x.se bb-")  # noqa: RUF001 - ours


def reversal_of(original: Any, voucher: VoucherRef, *, knows_the_order: bool = True) -> Any:
    """Return an order that takes a voucher back."""
    known = original.data.id_in("acme") if knows_the_order else None
    more = {"purpose": "reverse", "step": "reverse", "relates_to": (voucher,), "takes_back": known}
    return order_for(**more)


@pytest.mark.parametrize("knows_the_order", [True, False])
async def test_a_reversal_is_booked_while_what_it_takes_back_stands_there(
    connected: Connected, company: sandbox.Company, *, knows_the_order: bool
) -> None:
    """It is looked for by its number, and by its mark where the order says whose voucher it is."""
    async with connected(company) as connection:
        booked = await connection.write(ORDER, attempt())
        taken_back = await connection.write(
            reversal_of(ORDER, booked.voucher, knows_the_order=knows_the_order), attempt()
        )
    assert isinstance(taken_back, Delivered)
    assert len(list(company.vouchers())) == 2


@pytest.mark.parametrize("number_is_reused", [False, True])
async def test_a_voucher_that_somebody_deleted_is_not_reversed(
    connected: Connected, company: sandbox.Company, *, number_is_reused: bool
) -> None:
    """The books would be wrong by the reversal; also where another voucher has the number by now."""
    async with connected(company) as connection:
        booked = await connection.write(ORDER, attempt())
        for year in company.years.values():
            for series in year.series.values():
                series.vouchers.clear()
                series.next_number = 1
        if number_is_reused:
            other = await connection.write(order_for(key="openpos/K1/99"), attempt())
            assert other.voucher == booked.voucher
        asked = attempt()
        refused = await connection.write(reversal_of(ORDER, booked.voucher), asked)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.who) == ("voucher_gone", "accountant")
    assert str(booked.voucher) in refused.why
    assert "not reversed" in asked.calls[-1].verdict
    assert len(list(company.vouchers())) == number_is_reused


async def test_a_voucher_whose_text_is_hidden_is_not_said_to_be_gone(
    connected: Connected, company: sandbox.Company
) -> None:
    """Whoever answers "book it anew" would book it twice: it waits for the right, and says so."""
    async with connected(company) as connection:
        booked = await connection.write(ORDER, attempt())
        company.no_right = {"Description"}
        waits = await connection.write(reversal_of(ORDER, booked.voucher), attempt())
    assert isinstance(waits, RetryLater)
    assert (waits.code, waits.who, waits.alone) == ("field_unreadable", "operator", True)
    assert len(list(company.vouchers())) == 1


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML])
async def test_a_voucher_whose_answer_was_lost_is_found(
    connected: Connected, company: sandbox.Company, fault: Fault
) -> None:
    """It is unknown, then already there, and stands once."""
    company.faults = Faults(script=[fault])
    async with connected(company) as connection:
        assert isinstance(await connection.write(ORDER, attempt()), Unknown)
        found = await connection.probe(ORDER, attempt())
    assert (type(found), found.voucher) == (AlreadyThere, VoucherRef(series="F", number=1, year_id=4))
    assert marks(company) == [MARK]


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT])
async def test_a_voucher_that_never_arrived_is_absent_and_can_be_sent_again(
    connected: Connected, company: sandbox.Company, fault: Fault
) -> None:
    """It is unknown, then absent, then delivered, and stands once."""
    company.faults = Faults(script=[fault])
    async with connected(company) as connection:
        assert isinstance(await connection.write(ORDER, attempt()), Unknown)
        assert await connection.probe(ORDER, attempt()) == Absent()
        assert isinstance(await connection.write(ORDER, attempt()), Delivered)
    assert marks(company) == [MARK]


@pytest.mark.parametrize("fault", [Fault.LATE_COMMIT, Fault.STALE_LIST])
async def test_a_voucher_that_appears_late_is_found_by_a_later_look(
    connected: Connected, company: sandbox.Company, fault: Fault
) -> None:
    """One absent look proves nothing: this is why the lane waits and looks twice."""
    company.faults = Faults(script=[fault], seconds={fault: 1.0})
    async with connected(company) as connection:
        assert isinstance(await connection.write(ORDER, attempt()), Unknown)
        assert await connection.probe(ORDER, attempt()) == Absent()
        await clock.sleep(1.1)
        assert isinstance(await connection.probe(ORDER, attempt()), AlreadyThere)
    assert marks(company) == [MARK]


async def test_a_token_that_dies_is_replaced(connected: Connected, company: sandbox.Company) -> None:
    """The voucher goes out again with the new token, and stands once."""
    company.faults = Faults(script=[Fault.UNAUTHORIZED_MID_RUN])
    async with connected(company) as connection:
        assert isinstance(await connection.write(ORDER, attempt()), Delivered)
    assert (company.calls.routes[POST], company.calls.routes["POST /oauth-v1/token"]) == (2, 2)
    assert marks(company) == [MARK]


async def test_a_throttled_company_waits_as_long_as_it_is_told(connected: Connected, company: sandbox.Company) -> None:
    """Past the limit the answer is 429, and nothing was booked."""
    async with connected(company, limit=7, retry_after=True) as connection:  # six questions, and one voucher
        assert isinstance(await connection.write(ORDER, attempt()), Delivered)
        verdict = await connection.write(order_for("2"), attempt())
    assert isinstance(verdict, RetryLater)
    assert verdict.code == "throttled"
    assert 1 <= verdict.after <= 6
    assert marks(company) == [MARK]


@pytest.mark.parametrize("status", [400, 403])
async def test_a_missing_scope_stops_the_company_and_no_order(
    connected: Connected, company: sandbox.Company, status: int
) -> None:
    """Whatever the status, the operator's move."""
    company.scopes = "companyinformation"
    async with connected(company, scope_status=status) as connection:
        verdict = await connection.write(ORDER, attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who) == ("scope_missing", "operator")


async def test_a_refused_client_waits_for_the_operator(connected: Connected, company: sandbox.Company) -> None:
    """Wrong credentials, and a company that never consented, are told apart."""
    async with connected(company, clients={}) as connection:
        verdict = await connection.write(ORDER, attempt())
    assert isinstance(verdict, RetryLater)
    assert verdict.code == "client_refused"


def lock(company: sandbox.Company) -> None:
    """Lock the period."""
    company.locked_until = DAY


def remove_account(company: sandbox.Company) -> None:
    """Take an account out of the chart."""
    del company.years[4].accounts[3001]


def rest_account(company: sandbox.Company) -> None:
    """Make an account inactive."""
    company.years[4].accounts[3001].active = False


def close_series(company: sandbox.Company) -> None:
    """Close the series for manual entry."""
    company.years[4].series["F"].manual = False


def remove_series(company: sandbox.Company) -> None:
    """Take the series away."""
    del company.years[4].series["F"]


def remove_cost_centre(company: sandbox.Company) -> None:
    """Take the cost centre away."""
    company.cost_centres.clear()


def remove_year(company: sandbox.Company) -> None:
    """Take the financial year away."""
    del company.years[4]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lock, "period_locked"),
        (remove_account, "account_missing"),
        (rest_account, "account_inactive"),
        (close_series, "series_not_manual"),
        (remove_series, "series_missing"),
        (remove_cost_centre, "cost_centre_refused"),
        (remove_year, "financial_year_missing"),
    ],
)
async def test_a_refusal_is_the_accountants_move(
    connected: Connected, company: sandbox.Company, change: Any, code: str
) -> None:
    """Each of the accountant's own settings has its own name, said by us or by Fortnox; once mended, a retry passes."""
    kept = sandbox.Company(123456)
    change(company)
    retry = order_for(step="book/2", replaces=ORDER.data.id_in("acme"), insists=True)  # without a preflight
    async with connected(company) as connection:
        for order in (ORDER, retry):
            verdict = await connection.write(order, attempt())
            assert isinstance(verdict, Rejected)
            assert (verdict.code, verdict.who) == (code, "accountant")
        assert marks(company) == []
        company.locked_until, company.cost_centres["S1"] = None, CostCentre("S1", "Butiken")
        if change is not remove_year:  # that one is asked for again a minute later
            company.years[4] = kept.years[4]
            assert isinstance(await connection.write(retry, attempt()), Delivered)


@pytest.mark.parametrize("seed", range(3))
async def test_one_order_is_one_voucher_under_any_faults(
    connected: Connected, company: sandbox.Company, seed: int
) -> None:
    """Most requests fail, in every way there is; a lane that looks before it sends again books each order once."""
    chosen = random.Random(seed)
    quick = dict.fromkeys(Fault, 0.1)
    company.faults = Faults(seed, dict.fromkeys(Fault, 0.05), None, seconds=quick)
    orders = [order_for(str(number)) for number in range(15)]
    async with connected(company) as connection:
        for order in orders:
            verdict: Any = RetryLater(0, "start", "")
            while not isinstance(verdict, Delivered | AlreadyThere):
                assert not isinstance(verdict, Rejected)
                if isinstance(verdict, Unknown):
                    await clock.sleep(0.25)  # longer than any fault lasts
                    look = await connection.probe(order, attempt())
                    while isinstance(look, RetryLater):
                        await clock.sleep(chosen.random() / 20)
                        look = await connection.probe(order, attempt())
                    verdict = RetryLater(0, "absent", "") if isinstance(look, Absent) else look
                else:
                    verdict = await connection.write(order, attempt())
    assert sorted(marks(company)) == sorted(ids.mark(order.data.id_in("acme")) for order in orders)
