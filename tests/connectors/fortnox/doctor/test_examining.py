"""The doctor at the sandbox: each check red and green, few calls, and what waited goes on."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.fortnox import whose
from connectors.fortnox.doctor import checks, examining
from connectors.fortnox.doctor.check_words import TEXTS
from connectors.fortnox.doctor.checks import CHECKS
from connectors.fortnox.doctor.report import Examination, lines
from connectors.fortnox.doctor.setup import CHECKABLE, Unread
from connectors.fortnox.sandbox import Account, CostCentre, Fault, Faults
from infra.delivery.budget import BACKFILL
from infra.documents import Documents
from infra.postgres import Engine, text
from infra.showing import today
from schemas.commands import VoucherRow
from schemas.events import ChecksPassed
from schemas.settings import EmployeesSettings, InvoicingSettings, PaymentAccount, SalesAccount, TenantSettings
from schemas.ways import OutboxTable, WaysIn
from tests.connectors.fortnox import lane_driver
from tests.connectors.fortnox.doctor_driver import (
    MAPPED,
    ORGANISATION,
    TODAY,
    DoctorDriver,
    company,
    doctor_driver,
    on,
    voucher,
)

pytestmark = pytest.mark.usefixtures("hurried")


LOCKED = TODAY + timedelta(days=-1)


@pytest.fixture
async def visit(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DoctorDriver]:
    """Yield a company in which everything is as it should be, on a day in April 2026."""
    on(monkeypatch, TODAY)
    async with doctor_driver(engine, tmp_path) as made:
        yield made


def states(report: Examination) -> dict[str, str]:
    """Return each check's state."""
    return {name: finding.state for name, finding in report.findings.items()}


async def test_a_company_that_is_set_up_is_green(visit: DoctorDriver) -> None:
    """Nothing is red, and nothing is left unchecked but what there is nothing to check of."""
    report = await examining.examine(visit.host, visit.tenant)
    assert report.red == ()
    assert {name for name, state in states(report).items() if state == "not applicable"} == {
        "files_are_consented_to",
        "no_kind_of_order_waits",
        "every_way_in_can_be_used",
        "what_invoices_need_has_an_account",
        "the_clearing_account_is_its_own",
        "the_clearing_account_nets_to_zero",
        "our_last_voucher_is_found",
        "the_coming_financial_year_is_there",
    }
    assert {name for name, state in states(report).items() if state == "not checked"} == set()
    assert visit.told == []


def rule(number: int, name: str, value: str) -> Callable[[DoctorDriver], object]:
    """Return what sets an account's rule in 2026."""
    return lambda visit: setattr(visit.fortnox.years[4].accounts[number], name, value)


async def last_voucher(visit: DoctorDriver) -> None:
    """Let us have written a voucher that Fortnox does not have."""
    outcome = {"voucher": {"series": "F", "number": 7, "year_id": 4}}
    await visit.journal(voucher(), "delivered", outcome)


async def waiting(visit: DoctorDriver) -> None:
    """Let an order wait to be sent, dated in a year that there is not."""
    await visit.journal(voucher(date(2023, 5, 1)), "queued", None)


async def locked(visit: DoctorDriver) -> None:
    """Let an order wait to be sent, dated in a period that is locked."""
    visit.fortnox.locked_until = LOCKED
    await visit.journal(voucher(LOCKED), "queued", None)


def forbidden(visit: DoctorDriver) -> None:
    """Let Fortnox say that whoever consented may not read cost centres."""
    visit.fortnox.scopes = "bookkeeping companyinformation project settings"
    visit.books.codes["no_scope"] = 2001339


async def beside(visit: DoctorDriver) -> None:
    """Let reports be put beside vouchers, and vouchers alone be consented to."""
    await visit.apply(TenantSettings(daysales=MAPPED.model_copy(update={"attach_report": True})))
    await visit.consented("bookkeeping companyinformation costcenter project settings")


async def fetched(visit: DoctorDriver) -> None:
    """Let payloads be fetched from a till's database, whose URL nobody has given."""
    ways = WaysIn(outboxes=(OutboxTable(name="kassa", system="openpos"),))
    await visit.apply(TenantSettings(daysales=MAPPED, ways_in=ways))


def invoicing(account: int = 1518, **chosen: Any) -> TenantSettings:
    """Return settings under which sales on account are invoiced, and go through an account."""
    on_account = PaymentAccount(method="invoice", account=account)
    payments = (*(one for one in MAPPED.payments if one.method != "invoice"), on_account)
    return TenantSettings(
        daysales=MAPPED.model_copy(update={"payments": payments}), invoicing=InvoicingSettings(**chosen)
    )


async def unmapped(visit: DoctorDriver) -> None:
    """Let sales on account, and tips on them, have no account."""
    chosen = {"payments": MAPPED.payments[:1], "others": ()}
    on_account = InvoicingSettings(allow_tip_on_invoice=True)
    await visit.apply(TenantSettings(daysales=MAPPED.model_copy(update=chosen), invoicing=on_account))


async def shared(visit: DoctorDriver) -> None:
    """Let sales on account go through the account of the customer ledger."""
    await visit.apply(invoicing(1510))


async def left_over(visit: DoctorDriver) -> None:
    """Let a day of last week have sold on account what nobody invoiced; today's is not yet to be."""
    await visit.apply(invoicing())
    for day, amount in ((date(2026, 4, 3), "125.00"), (TODAY, "80.00")):
        rows = (
            VoucherRow(account=1518, debit=Decimal(amount), text="invoice"),
            VoucherRow(account=3001, credit=Decimal(amount), cost_centre="S1", text="books"),
        )
        await visit.journal(voucher(day, key=day.day, rows=rows), "delivered", {})
        visit.fortnox.years[4].accounts[1518].balance += Decimal(amount)


async def resting(visit: DoctorDriver) -> None:
    """Let invoices wait for their module, which was tried with one of them."""
    put_off = {"outcome": "put_off", "code": "licence_missing", "why": "no module", "of_kind": True}
    for number in (1, 2):
        order = lane_driver.invoice(f"openpos/3/{number}").data
        await visit.journal(order, "queued", put_off if number == 1 else None)


RED: Mapping[str, tuple[Callable[[DoctorDriver], Any], tuple[str, ...]]] = {
    "the_company_has_consented": (
        lambda v: v.execute(text("update tenants set database_number = null where tenant = :t"), t=v.tenant),
        ("not connected",),
    ),
    "the_integration_licence_is_there": (lambda v: v.fortnox.licences.clear(), ("Integration",)),
    "every_module_is_there": (lambda v: v.fortnox.licences.discard("bookkeeping"), ("bookkeeping",)),
    "every_scope_is_granted": (
        lambda v: setattr(v.fortnox, "scopes", "bookkeeping companyinformation costcenter project"),
        ("settings",),
    ),
    "files_are_consented_to": (beside, ("connectfile", "archive", "inbox")),
    "the_person_who_consented_may_do_this": (forbidden, ("costcenter",)),
    "the_organisation_number_matches": (
        lambda v: setattr(v.fortnox, "organisation_number", "556677-8899"),
        ("Sandlådan AB 556677-8899", f"≠ {whose.shown(ORGANISATION)}"),
    ),
    "every_way_in_can_be_used": (fetched, ("kassa",)),
    "no_kind_of_order_waits": (resting, ("bokbuss.create-invoice.v1",)),
    "our_last_voucher_is_found": (last_voucher, ("F 7",)),
    "today_has_a_financial_year": (lambda v: v.fortnox.years.pop(4), (TODAY.isoformat(),)),
    "a_financial_year_holds_the_day": (waiting, ("2023-05-01",)),
    "the_series_exists": (lambda v: v.fortnox.years[4].series.pop("F"), ("F (2026)",)),
    "the_series_is_manual": (lambda v: setattr(v.fortnox.years[4].series["F"], "manual", False), ("F (2026)",)),
    "every_account_exists": (
        lambda v: [v.fortnox.years[4].accounts.pop(number) for number in (2611, 1686)],
        ("1686 (2026)", "2611 (2026)"),
    ),
    "every_account_is_active": (
        lambda v: setattr(v.fortnox.years[4].accounts[3740], "active", False),
        ("3740 (2026)",),
    ),
    "cost_centres_are_in_use": (lambda v: setattr(v.fortnox, "cost_centre_support", False), ("S1",)),
    "every_cost_centre_exists": (
        lambda v: setattr(v.fortnox, "cost_centres", {"S9": CostCentre("S9", "Torget")}),
        ("S1",),
    ),
    "every_cost_centre_is_active": (lambda v: setattr(v.fortnox.cost_centres["S1"], "active", False), ("S1",)),
    "cost_centre_rules_are_met": (rule(1910, "cost_centre_rule", "MANDATORY"), ("1910 (2026)",)),
    "project_rules_are_met": (rule(3001, "project_rule", "MANDATORY"), ("3001 (2026)",)),
    "transaction_information_rules_are_met": (rule(2611, "text_rule", "NOTALLOWED"), ("2611 (2026)",)),
    "no_day_is_locked": (locked, (f"{LOCKED} (≤ {LOCKED})",)),
    "what_invoices_need_has_an_account": (unmapped, ("invoice", "tips")),
    "the_clearing_account_is_its_own": (shared, ("1510",)),
    "the_clearing_account_nets_to_zero": (left_over, ("1518: 125.00",)),
    "vat_codes_match_the_rates": (rule(3002, "vat_code", "MP1"), ("3002 (MP1 ≠ 12 %)",)),
    "our_clock_is_right": (lambda v: setattr(v.books, "clock_offset", -3600.0), ("+60 min",)),
}


@pytest.mark.parametrize("check", RED)
async def test_each_check_is_red_when_what_it_is_about_is_wrong(visit: DoctorDriver, check: str) -> None:
    """One thing changed at Fortnox: this check fails and names it, and what is red is in the table of checks."""
    change, names = RED[check]
    if (changed := change(visit)) is not None and hasattr(changed, "__await__"):
        await changed
    report = await examining.examine(visit.host, visit.tenant)
    assert check in report.red, states(report)
    found = report.findings[check]
    assert found.names == names
    assert found.flows == (("invoicing",) if "clearing" in check or "invoices" in check else ("daysales",))
    rows = await visit.ask('select "check", ok from checks where tenant = :t')
    assert {name for name, ok in rows if not ok} == set(report.red)
    assert len(rows) == len(CHECKS)


@pytest.mark.parametrize(("instead", "module"), [(False, "invoicing"), (True, "order")])
async def test_what_invoicing_needs_is_asked_for_where_it_is_on(
    visit: DoctorDriver,
    instead: bool,  # noqa: FBT001 - a column
    module: str,
) -> None:
    """Its module: that of invoices, or of orders instead."""
    await visit.apply(invoicing(order_instead_of_invoice=instead))
    visit.fortnox.scopes = f"{visit.fortnox.scopes} {'order' if instead else 'invoice'} customer"
    assert (await examining.examine(visit.host, visit.tenant)).red == ()
    visit.fortnox.licences.discard(module)
    report = await examining.examine(visit.host, visit.tenant)
    assert module in report.findings["every_module_is_there"].names


async def test_the_coming_year_is_looked_at_from_december_on(
    visit: DoctorDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In November nobody asks for it; in December the year, its series and its accounts must be there."""
    check = "the_coming_financial_year_is_there"
    on(monkeypatch, date(2026, 11, 20))
    assert states(await examining.examine(visit.host, visit.tenant))[check] == "not applicable"
    on(monkeypatch, date(2026, 12, 2))
    visit.fortnox.years[5].series["F"].manual = False
    report = await examining.examine(visit.host, visit.tenant)
    assert (states(report)[check], report.red) == ("ok", ("the_series_is_manual",))
    assert report.findings["the_series_is_manual"].names == ("F (2027)",)
    del visit.fortnox.years[5]
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.findings[check].names) == ((check,), ("2027-01-01",))


async def test_a_split_year_that_has_ended_is_not_followed_by_one_in_january(
    visit: DoctorDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books of 1 May to 30 April lack today's year; the next one that begins is looked for in April, on 1 May."""
    check = "the_coming_financial_year_is_there"
    years = visit.fortnox.years
    years[4] = replace(years[4], from_date=date(2025, 5, 1), to_date=date(2026, 4, 30))
    for other in (3, 5):
        del years[other]
    for day, names in (
        (date(2026, 4, 5), ("2026-05-01",)),
        (date(2026, 12, 2), ()),
        (date(2027, 4, 5), ("2027-05-01",)),
    ):
        on(monkeypatch, day)
        report = await examining.examine(visit.host, visit.tenant)
        assert report.findings[check].names == names, day
        assert ("today_has_a_financial_year" in report.red) == (day > date(2026, 4, 30))


async def test_what_is_wrong_with_a_way_in_is_said_in_its_own_words(visit: DoctorDriver) -> None:
    """With its name, and what to run."""
    await fetched(visit)
    report = await examining.examine(visit.host, visit.tenant)
    said = "\n".join(lines(report, "en"))
    assert f"kassa: nobody has given what opens it. Run: bokbuss ways secret {visit.tenant} kassa" in said
    assert "kassa: ingen har lämnat det som öppnar den." in "\n".join(lines(report, "sv"))
    kept = {one.name: one for one in await examining.examined(visit.host, visit.tenant, "sv")}
    assert "kassa: ingen har lämnat det som öppnar den." in kept["every_way_in_can_be_used"].wrong


async def test_a_kind_of_order_that_waits_is_told_as_it_stands_now(visit: DoctorDriver) -> None:
    """How many, of what, whose move it is; no check has to be made anew for it to be shown, or to be gone."""
    await resting(visit)
    told = {one.name: one for one in await examining.examined(visit.host, visit.tenant, "sv")}
    assert "fakturor och ordrar" in told["no_kind_of_order_waits"].wrong
    assert told["no_kind_of_order_waits"].waiting == 2
    report = await examining.examine(visit.host, visit.tenant)
    assert "invoices and orders" in "\n".join(lines(report, "en"))
    await visit.execute(text("update journal set state = 'delivered' where tenant = :t"), t=visit.tenant)
    told = {one.name: one for one in await examining.examined(visit.host, visit.tenant, "sv")}
    assert told["no_kind_of_order_waits"].state == "not applicable"


def test_every_check_was_shown_red() -> None:
    """The table above and the test of the coming year leave none out, and each has its words."""
    names = [check.name for check in CHECKS]
    assert set(RED) | {"the_coming_financial_year_is_there"} == set(names)
    assert set(TEXTS) == set(names)
    assert len(set(names)) == len(names) >= 20


async def test_what_no_flow_needs_is_not_asked_for(visit: DoctorDriver) -> None:
    """A company without settings has nothing to check but its connection and whose books these are."""
    await visit.apply(TenantSettings())
    report = await examining.examine(visit.host, visit.tenant)
    assert {name for name, state in states(report).items() if state == "ok"} == {
        "the_company_has_consented",
        "the_integration_licence_is_there",
        "every_module_is_there",
        "every_scope_is_granted",
        "the_person_who_consented_may_do_this",
        "the_organisation_number_matches",
        "our_clock_is_right",
        "no_day_is_locked",
    } - {"no_day_is_locked"}
    assert not any("accounts" in route or "series" in route for route in visit.calls)


async def test_a_chart_of_2000_accounts_takes_no_more_than_twelve_calls(visit: DoctorDriver) -> None:
    """Accounts come in four pages of 500."""
    chart = visit.fortnox.years[4].accounts
    for number in (n for n in range(1000, 9999) if n not in chart):
        if len(chart) < 2000:
            chart[number] = Account(number, "Konto")
    await visit.journal(voucher(), "delivered", {"voucher": {"series": "F", "number": 7, "year_id": 4}})
    report = await examining.examine(visit.host, visit.tenant)
    assert report.calls == sum(visit.calls.values()) <= 12
    assert visit.calls["GET /3/accounts"] == 4


async def test_what_cannot_be_read_is_not_checked_and_the_rest_is(visit: DoctorDriver) -> None:
    """Without the scope for settings nobody knows what is locked; accounts are checked all the same."""
    visit.fortnox.scopes = "bookkeeping companyinformation costcenter project"
    await visit.journal(voucher(), "queued", None)
    report = await examining.examine(visit.host, visit.tenant)
    assert (states(report)["no_day_is_locked"], states(report)["every_account_exists"]) == ("not checked", "ok")
    assert report.findings["no_day_is_locked"].why == "scope_missing"


async def test_documents_that_somebody_asked_for_need_the_second_consent(visit: DoctorDriver) -> None:
    """Red until it is given; where it is not known what was consented to it is not checked, and not green."""
    check, plain = "files_are_consented_to", "bookkeeping companyinformation costcenter project settings"
    await Documents(visit.host.engine, visit.tenant).said(date(2026, 12, 31), "accounting", "not_consented")
    await visit.consented(plain)
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.findings[check].names) == ((check,), ("archive", "connectfile"))
    assert report.findings[check].flows == ("documents",)
    await visit.consented(f"{plain} archive connectfile")
    assert states(await examining.examine(visit.host, visit.tenant))[check] == "ok"
    found = checks.run(checks.Situation(TODAY, documents=True))[check]
    assert (found.state, found.why) == ("not checked", "scopes_unknown")


OURS = checks.CompanyInformation("Sandlådan AB", ORGANISATION, 123456)
READS = ("every_module_is_there", "the_person_who_consented_may_do_this")


@pytest.mark.parametrize("code", ["lookup_refused", "fortnox_failing", "list_unreadable"])
def test_a_list_that_no_other_check_is_about_is_not_green_unread(code: str) -> None:
    """Employees, customers and invoices are asked for once, for their modules and rights: no answer is no module."""
    known, unread = checks.Situation(TODAY, company=OURS), Unread(code)
    for situation in (replace(known, staff=unread), replace(known, sales=(("customer", unread),))):
        found = checks.run(situation)
        assert [(found[name].state, found[name].why) for name in READS] == [("not checked", code)] * 2
    for situation in (known, replace(known, staff=Unread("scope_missing"))):  # which has its own check
        assert [checks.run(situation)[name].state for name in READS] == ["ok", "ok"]


async def test_what_is_not_checked_is_not_green(visit: DoctorDriver) -> None:
    """Fortnox does not answer: nothing is red, and nobody is told that nothing stands in the way."""
    visit.fortnox.faults = Faults(rates={Fault.RESET_BEFORE_COMMIT: 1.0}, only=None)
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.ok) == ((), False)
    assert {"the_organisation_number_matches", "every_account_exists"} <= set(report.unchecked)
    [said, *_] = lines(report, "en")
    assert said.startswith(f"{visit.tenant}: nothing wrong was found, but {len(report.unchecked)} could not be checked")


async def test_what_was_red_stays_red_while_it_cannot_be_checked(visit: DoctorDriver) -> None:
    """Fortnox does not answer in a night: nobody is told that what was wrong is over. It is once it is looked at."""
    missing = visit.fortnox.years[4].accounts.pop(1910)
    await examining.examine(visit.host, visit.tenant)
    red = 'select "check" from checks where tenant = :t and not ok'
    assert [row.check for row in await visit.ask(red)] == ["every_account_exists"]
    visit.fortnox.faults = Faults(rates={Fault.RESET_BEFORE_COMMIT: 1.0}, only=None)
    assert (await examining.examine(visit.host, visit.tenant)).red == ()
    assert [row.check for row in await visit.ask(red)] == ["every_account_exists"]
    visit.fortnox.faults = Faults()
    visit.fortnox.years[4].accounts[1910] = missing
    await examining.examine(visit.host, visit.tenant)
    assert await visit.ask(red) == []


async def test_a_fault_lasts_until_somebody_has_looked_again(visit: DoctorDriver) -> None:
    """While Fortnox does not answer it is in the list of what is wrong, as before: nobody has mended it."""
    account, answers = visit.fortnox.years[4].accounts[3001], visit.fortnox.faults
    account.project_rule = "MANDATORY"
    assert (await examining.examine(visit.host, visit.tenant)).red == ("project_rules_are_met",)
    visit.fortnox.faults = Faults(rates={Fault.RESET_BEFORE_COMMIT: 1.0}, only=None)
    assert "project_rules_are_met" in (await examining.examine(visit.host, visit.tenant)).unchecked
    assert (await today.counts(visit.host.engine, [visit.tenant]))[visit.tenant].red == 1
    account.project_rule, visit.fortnox.faults = "ALLOWED", answers
    assert (await examining.examine(visit.host, visit.tenant)).ok
    assert (await today.counts(visit.host.engine, [visit.tenant]))[visit.tenant].red == 0


async def test_what_nobody_consented_to_is_not_green(visit: DoctorDriver) -> None:
    """Without a connection neither scopes nor rights can be told."""
    await visit.execute(text("update tenants set database_number = null where tenant = :t"), t=visit.tenant)
    report = await examining.examine(visit.host, visit.tenant)
    assert report.red == ("the_company_has_consented",)
    assert {state for name, state in states(report).items() if name not in report.red} <= {
        "not checked",
        "not applicable",
    }


async def test_the_salary_licence_is_missed(visit: DoctorDriver) -> None:
    """Employees show themselves only by being asked for; bookkeeping is there, and is not named."""
    staff = EmployeesSettings(system="alexishr", source_of_truth="hr")
    await visit.apply(TenantSettings(daysales=MAPPED, employees=staff))
    visit.fortnox.scopes += " salary"
    assert (await examining.examine(visit.host, visit.tenant)).ok
    visit.fortnox.licences.discard("salary")
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.findings["every_module_is_there"].names) == (("every_module_is_there",), ("salary",))


async def test_rules_that_a_list_leaves_out_are_read_from_the_accounts(visit: DoctorDriver) -> None:
    """Each account that the mapping needs is asked for once; what its own record does not say is allowed."""
    rules = {"CostCenterSettings", "ProjectSettings", "TransactionInformationSettings"}
    visit.fortnox.unlisted |= rules
    assert (await examining.examine(visit.host, visit.tenant)).ok
    visit.fortnox.years[4].accounts[3001].project_rule = "MANDATORY"
    report = await examining.examine(visit.host, visit.tenant)
    assert (report.red, report.findings["project_rules_are_met"].names) == (
        ("project_rules_are_met",),
        ("3001 (2026)",),
    )


async def test_cost_centres_are_not_green_while_they_are_not_in_use(visit: DoctorDriver) -> None:
    """There is no list that they could be in."""
    visit.fortnox.cost_centre_support = False
    found = states(await examining.examine(visit.host, visit.tenant))
    assert found["cost_centres_are_in_use"] == "failed"
    assert found["every_cost_centre_exists"] == found["every_cost_centre_is_active"] == "not applicable"


async def test_faults_of_the_network_pass_by(visit: DoctorDriver) -> None:
    """A lost answer and a bad gateway: the list is asked for again."""
    visit.fortnox.faults = Faults(
        only=None, script=[None, None, Fault.RESET_BEFORE_COMMIT, None, Fault.HTML_WITHOUT_COMMIT], seconds={}
    )
    report = await examining.examine(visit.host, visit.tenant)
    assert report.red == ()
    assert "not checked" not in states(report).values()


async def test_a_company_that_nobody_knows_is_an_error(visit: DoctorDriver) -> None:
    """It says how to find the right name."""
    with pytest.raises(LookupError, match="bokbuss tenant list"):
        await examining.examine(visit.host, "nobody")


# --- What waits for a check ---------------------------------------------------------------------------------------


async def test_what_waits_for_a_green_check_is_told_so(visit: DoctorDriver) -> None:
    """Only the reasons that are gone; a reason of our own rules is none of the doctor's."""
    visit.fortnox.years[4].series["F"].manual = False
    await visit.refused(voucher(key=1), "period_locked")
    await visit.refused(voucher(key=2), "series_not_manual")
    await visit.refused(voucher(key=3), "amended_after_booking")
    report = await examining.examine(visit.host, visit.tenant)
    assert report.passed == ("period_locked",)
    [fact] = visit.told
    assert isinstance(fact, ChecksPassed)
    assert fact.codes == ("period_locked",)
    assert report.findings["the_series_is_manual"].waiting == 2


async def test_a_day_that_is_locked_for_ever_does_not_keep_the_others(visit: DoctorDriver) -> None:
    """A day of last year stays where it is; the April that was unlocked goes on, though both wait for one reason."""
    visit.fortnox.locked_until = date(2025, 12, 31)
    await visit.refused(voucher(date(2025, 3, 1), key=1), "period_locked")
    assert (await examining.examine(visit.host, visit.tenant)).passed == ()
    await visit.refused(voucher(key=2), "period_locked")
    assert (await examining.examine(visit.host, visit.tenant)).passed == ("period_locked",)


async def test_what_is_refused_again_though_its_check_is_green_is_left_alone_for_longer_and_longer(
    visit: DoctorDriver,
) -> None:
    """Fortnox refuses it for something that no list shows: it is not sent every minute for ever."""
    await visit.refused(voucher(key=1), "period_locked", age=1000.0)
    await visit.refused(voucher(key=1, step="book/2"), "period_locked", age=30.0)
    assert (await examining.examine(visit.host, visit.tenant)).passed == ()
    await visit.execute(text("update journal set finished_at = finished_at - interval '40 seconds'"))
    assert (await examining.examine(visit.host, visit.tenant)).passed == ("period_locked",)
    await visit.refused(voucher(key=1, step="book/3"), "period_locked", age=70.0)
    assert (await examining.examine(visit.host, visit.tenant)).passed == ()


async def test_a_recheck_reads_only_what_the_reasons_need(visit: DoctorDriver) -> None:
    """While a period is locked, one call a look; once it is open, everything is examined and the day goes on."""
    visit.fortnox.locked_until = TODAY
    await visit.refused(voucher(), "period_locked")
    assert not await examining.recheck(visit.host, visit.tenant, ["period_locked"])
    assert visit.calls == {"GET /3/settings/lockedperiod": 1}
    assert visit.told == []
    visit.fortnox.locked_until = None
    assert await examining.recheck(visit.host, visit.tenant, ["period_locked"])
    assert [fact.codes for fact in visit.told if isinstance(fact, ChecksPassed)] == [("period_locked",)]


async def test_a_recheck_of_what_does_not_wait_asks_nothing(visit: DoctorDriver) -> None:
    """No order was refused for this."""
    assert not await examining.recheck(visit.host, visit.tenant, sorted(CHECKABLE))
    assert visit.calls == {}


async def test_a_list_that_cannot_be_read_lets_nothing_go(visit: DoctorDriver) -> None:
    """Not knowing is not green."""
    visit.fortnox.scopes = "bookkeeping companyinformation costcenter project"
    await visit.refused(voucher(), "period_locked")
    assert (await examining.examine(visit.host, visit.tenant, BACKFILL)).passed == ()
    assert not await examining.recheck(visit.host, visit.tenant, ["period_locked"])


async def test_findings_are_kept_as_they_were(visit: DoctorDriver) -> None:
    """The table holds what a page or a metric needs, of the newest visit."""
    visit.fortnox.years[4].accounts.pop(1910)
    await examining.examine(visit.host, visit.tenant)
    [(body,)] = await visit.ask("select body from checks where tenant = :t and \"check\" = 'every_account_exists'")
    assert json.loads(json.dumps(body)) == {
        "state": "failed",
        "names": ["1910 (2026)"],
        "why": "",
        "ways": [],
        "flows": ["daysales"],
        "waiting": 0,
    }
    visit.fortnox.years[4].accounts[1910] = Account(1910, "Kassa")
    await examining.examine(visit.host, visit.tenant)
    assert await visit.ask("select 1 from checks where tenant = :t and not ok") == []


async def test_a_mapping_is_checked_by_the_days_on_which_it_holds(visit: DoctorDriver) -> None:
    """An account that is used until the end of last year need not be in this year's chart."""
    old = SalesAccount(vat_rate=Decimal(25), account=3999, valid_to=date(2025, 12, 31))
    await visit.apply(TenantSettings(daysales=MAPPED.model_copy(update={"sales": (*MAPPED.sales, old)})))
    assert (await examining.examine(visit.host, visit.tenant)).red == ()
    new = old.model_copy(update={"valid_to": date(2026, 1, 1)})
    await visit.apply(TenantSettings(daysales=MAPPED.model_copy(update={"sales": (*MAPPED.sales, new)})))
    assert (await examining.examine(visit.host, visit.tenant)).findings["every_account_exists"].names == (
        "3999 (2026)",
    )


async def test_another_companys_books_are_seen(engine: Engine, tmp_path: Path) -> None:
    """The number that the connection is pinned to is not the one that answers."""
    async with doctor_driver(engine, tmp_path, company()) as visit:
        await visit.execute(text("update tenants set organisation_number = null where tenant = :t"), t=visit.tenant)
        report = await examining.examine(visit.host, visit.tenant)
        assert states(report)["the_organisation_number_matches"] == "ok"
        visit.fortnox.database_number = 4712
        report = await examining.examine(visit.host, visit.tenant)
        assert "the_organisation_number_matches" in report.red
