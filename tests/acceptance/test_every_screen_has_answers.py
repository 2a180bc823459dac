"""What people look at when something is wrong shows it: a real Prometheus reads a house in which everything happens."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from connectors.alexishr import commands
from connectors.alexishr import sandbox as hr_sandbox
from connectors.alexishr.settings import AlexisHRSettings
from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import Fault, Faults
from infra import companies, registry, tenants
from infra.access.vault import open_vault
from infra.canary import CANARY
from infra.deciding.decider import topics_of
from infra.deciding.flows import GROUP
from infra.delivery import reviews
from infra.plugin import Host
from infra.postgres import text
from infra.settings import CanarySettings
from schemas.bas import BAS_DAY_SALES
from schemas.settings import EmployeesSettings, TenantSettings
from tests import prometheus
from tests.acceptance.house import DAY, Roles, Shop, opened, z_report
from tests.connectors.fortnox.consent_driver import ConsentDriver
from tests.prometheus import Prometheus, needs_prometheus

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module"), needs_prometheus]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "infra" / "deploy"
SAMPLES = ROOT / "schemas" / "samples" / "facts.day-closed.v1" / "v1"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]


def panels() -> Iterator[tuple[str, str, str]]:
    """Yield the screen, the question, and each expression with Grafana's variables filled in."""
    for file in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        screen = json.loads(file.read_text("utf-8"))
        for panel in screen["panels"]:
            for target in panel["targets"]:
                filled = re.sub(r"\$(tenant|sink)\b", ".*", target["expr"]).replace("$__rate_interval", "1m")
                yield screen["title"], panel["title"], filled


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(kafka: str, house_database: str, folder: Path) -> AsyncIterator[tuple[Roles, Prometheus]]:
    """Yield a house with an HR system and a canary, and the Prometheus that reads it, once everything has happened."""
    hr, nobodys = hr_sandbox.made_up(), sandbox.Books()
    async with (
        hr_sandbox.running(hr) as hr_url,
        sandbox.running(nobodys) as canary_url,
        opened(
            kafka,
            house_database,
            folder,
            alexishr=AlexisHRSettings(api_url=f"{hr_url}/v1", poll_seconds=0.3, leave_seconds=0.5),
            canary=CanarySettings(url=canary_url, seconds=1),
        ) as house,
    ):
        with prometheus.running(folder, house.url.removeprefix("http://")) as reading:
            await _a_canary(house, nobodys)
            shop = await _what_goes_well(house)
            await _what_does_not(house)
            await _staff(house, hr)
            await _people_connect(house, shop)
            yield house, reading


async def _a_canary(house: Roles, nobodys: sandbox.Books) -> None:
    company = nobodys.add(sandbox.Company(1, "Kanariefågeln"))
    await companies.add(
        await house.place.host(), CANARY, organisation_number=None, database_number=company.database_number
    )
    await _apply(house, Shop(CANARY, company, ""), TenantSettings(daysales=BAS_DAY_SALES))


async def _apply(house: Roles, shop: Shop, settings: TenantSettings) -> None:
    place = house.place
    version = await companies.apply_settings(place.engine, await place.producer(), shop.tenant, settings, by="a test")
    await house.until(shop, "settings", lambda: tenants.is_in_force(place.engine, shop.tenant, version))


async def _what_goes_well(house: Roles) -> Shop:
    """Book a day, find one whose answer was lost, and prove the books."""
    shop = await house.shop("well")
    shop.fortnox.faults = Faults(script=[Fault.COMMIT_THEN_LOSE_ANSWER])
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.command("ledger", "prove", shop.tenant, "--year", "2026")
    return shop


async def _what_does_not(house: Roles) -> None:
    """Leave a question, a missing day, what nobody can read or handle, a lost answer, and a company that is cut off."""
    held = await house.shop("held")
    await house.deliver(held, z_report(1, totalSales="999.00"))
    await house.held(held, "unbalanced")
    known = json.loads((SAMPLES / "restaurant-day.json").read_bytes()) | {"tenant": held.tenant}
    for message in ({"type": known["type"], "data": {"z": 1}}, known | {"type": "bokbuss.day-closed.v99"}):
        await house.publish("facts.day-closed.v1", held.tenant, json.dumps(message).encode())
    gap = await house.shop("gap", settings=BAS_DAY_SALES.model_copy(update={"gap_grace_minutes": 0}))
    for number in (1, 4):
        await house.deliver(gap, z_report(number, takenAt=f"{DAY}T1{number}:00:00+02:00"))
    await house.held(gap, "numbers_missing")
    cut_off = await house.shop("cutoff")
    cut_off.fortnox.consented = False
    lost = await house.shop("lost")
    lost.fortnox.faults = Faults(script=[Fault.SERVER_DOWN], seconds={Fault.SERVER_DOWN: 600.0})
    for shop in (cut_off, lost):
        await house.deliver(shop, z_report(1))
    await house.command("doctor", cut_off.tenant, code=1)


async def _staff(house: Roles, hr: hr_sandbox.Company) -> None:
    """Let HR tell of a change."""
    shop = await house.shop("staff", settings=None)
    await _apply(house, shop, TenantSettings(employees=EmployeesSettings(system="alexishr", source_of_truth="hr")))
    await commands.store(house.place, shop.tenant, hr.token, "a test")
    read = text("select exists (select from decided where tenant = :tenant and topic = 'facts.employee-changed.v1')")

    async def known() -> bool:
        async with house.place.engine.connect() as connection:
            return bool(await connection.scalar(read, {"tenant": shop.tenant}))

    await house.until(shop, "HR's people are read", known)
    hr.change_person(next(iter(hr.records["employee"])), title="Regionchef")


async def _people_connect(house: Roles, shop: Shop) -> None:
    """Give a consent that ends unless it is renewed."""
    engine = house.place.engine
    host = Host(house.settings, engine, await open_vault(engine, house.settings), None, None)  # type: ignore[arg-type]
    world = ConsentDriver(host, house.url, house.books, house.http)
    await world.consent(await world.link(shop.tenant, service=False), company=shop.fortnox.database_number)


async def test_every_panel_has_an_answer(watched: tuple[Roles, Prometheus]) -> None:
    """None is empty, none asks for a metric that there is not."""
    _house, reading = watched
    asked = list(panels())
    assert len(asked) > 60
    empty = asked
    for _ in range(45):
        empty = [each for each in empty if not await asyncio.to_thread(reading.ask, each[2])]
        if not empty:
            break
        await asyncio.sleep(1)
    assert not empty, "\n".join(map(" | ".join, empty))
    names = set(await asyncio.to_thread(reading.get, "label/__name__/values"))
    used = {name for *_, e in asked for name in re.findall(r"\b(?:bokbuss|process)[_:]\w+(?::\w+)*", e)}
    made = {rule["record"] for rule in RULES if "record" in rule}
    assert {name for name in used - made if name not in names} <= {
        *(
            "bokbuss_target_throttled_total",
            "bokbuss_offset_holes_total",
            "bokbuss_fenced_companies",
            "bokbuss_alerts_given_up",
            "bokbuss_turns_failing",
        ),
    }, "only what is 0 as long as all is well may be missing"


async def test_how_far_every_reader_is_is_told_of_all_that_it_reads(watched: tuple[Roles, Prometheus]) -> None:
    """A reader that stands still on a topic of which nobody tells that would look as if there was nothing."""
    _house, reading = watched
    told = await asyncio.to_thread(reading.ask, "count by (group, topic) (bokbuss_consumer_lag_records)")
    read = {
        *((reviews.GROUP, topic) for topic in reviews.TOPICS),
        *((f"bokbuss-sinks-{sink.name}", order.TOPIC) for sink in registry.sinks() for order in sink.orders),
        *((GROUP, topic) for topic in topics_of(registry.flows())),
    }
    assert {(one["metric"]["group"], one["metric"]["topic"]) for one in told} == read


async def test_every_rule_can_be_evaluated(watched: tuple[Roles, Prometheus]) -> None:
    """Prometheus finds no fault with any of them over what it has really read."""
    _house, reading = watched
    groups = (await asyncio.to_thread(reading.get, "rules"))["groups"]
    assert {
        rule["name"]: rule.get("lastError") for group in groups for rule in group["rules"] if rule["health"] == "err"
    } == {}
    assert sum(len(group["rules"]) for group in groups) == len(RULES)
    alerts = (await asyncio.to_thread(reading.get, "alerts"))["alerts"]
    assert "Watchdog" in {alert["labels"]["alertname"] for alert in alerts}
    assert "CanarySilent" not in {alert["labels"]["alertname"] for alert in alerts}
    # Of a minute: a single reading that took longer than its second leaves a gap of that second.
    [age] = await asyncio.to_thread(reading.ask, "last_over_time(bokbuss_canary_age_seconds[1m])")
    assert float(age["value"][1]) < 900
