"""The two systems of many people that ``staffing`` measures with, and the processes whose seconds and memory count.

python staff_programs.py hr PEOPLE            an Alexis HR; prints its address
python staff_programs.py fortnox PEOPLE       a Fortnox without a limit of requests; prints its address
python staff_programs.py roles                flows and sinks, with a budget to match
python staff_programs.py plan TENANT          read both sides and make a plan; prints figures as JSON
python staff_programs.py apply PLAN           apply it, the conflicts to HR; prints figures as JSON
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.alexishr import sandbox as alexishr
from connectors.fortnox import sandbox as fortnox
from connectors.fortnox.sandbox.records import Record
from infra import catching_up, clock, registry, roles, telemetry
from infra.deciding import planning
from infra.environment import load
from infra.office import office
from infra.plugin import Host
from infra.settings import Settings
from tests.bench.house import peak_memory

BUDGET = 100_000
_LOOK = 1.0


def company(people: int) -> alexishr.Company:
    """Return an Alexis HR of made-up people, always the same ones with the same ids, last changed a day ago."""
    made = alexishr.Company()
    made.clock_offset = -timedelta(days=1).total_seconds()
    for number in range(people):
        made.add_person(
            "2020-01-01",
            firstName=f"Förnamn{number}",
            lastName=f"Efternamn{number % 500}",
            workEmail=f"person{number}@example.se",
            privatePhone=f"070-{number:07}",
            title="Butiksbiträde",
            homeAddress={"street": f"Gatan {number}", "postalCode": "111 22", "city": "Stockholm", "country": "SE"},
        )
    made.clock_offset = 0.0
    return made


def employees(people: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield as many in Fortnox: of twenty, one is nobody in HR, two have another city, the rest are as in HR."""
    for number in range(people):
        stranger, other = number % 20 == 0, number % 20 in {1, 2}
        yield (
            str(number + 1 if not stranger else number + 1 + people),
            {
                "EmployeeId": str(number + 1 if not stranger else number + 1 + people),
                "FirstName": f"Förnamn{number}",
                "LastName": f"Efternamn{number % 500}",
                "Email": f"{'extra' if stranger else 'person'}{number}@example.se",
                "Phone1": f"{'073' if stranger else '070'}{number:07}",
                "JobTitle": "Butiksbiträde",
                "Address2": f"Gatan {number}",
                "PostCode": "11122",
                "City": "Solna" if other else "Stockholm",
                "Country": "Sverige",
                "EmploymentDate": "2020-01-01",
            },
        )


async def _hr(people: str) -> None:
    async with alexishr.running(company(int(people))) as url:
        await _serve(url)


async def _fortnox(people: str) -> None:
    books = fortnox.Books(limit=BUDGET)
    one = books.add(fortnox.Company(1001, "Bolaget AB"))
    one.scopes += " salary"
    one.register("employees").update({key: Record(values) for key, values in employees(int(people))})
    async with fortnox.running(books) as url:
        await _serve(url)


async def _serve(url: str) -> None:
    print(url, flush=True)  # noqa: T201 - whoever started it reads this
    await asyncio.Event().wait()


def _unlimited() -> Settings:
    """Return the settings with a budget that real systems do not give."""
    own = load()
    return own.model_copy(
        update={name: getattr(own, name).model_copy(update={"budget": BUDGET}) for name in ("fortnox", "alexishr")}
    )


async def _roles() -> None:
    await roles.run(_unlimited(), ("flows", "sinks"), asyncio.Event(), lambda _: print("ready", flush=True))  # noqa: T201 - the same


async def _plan(tenant: str) -> None:
    async with office(load()) as place:
        host = await place.host()
        figures: dict[str, Any] = {}
        flow = next(flow for flow in registry.flows() if flow.name == "employees")
        begun, said = clock.monotonic(), list[str]()
        read = await catching_up.read_both(host, flow, tenant, said.append)
        for name, found in read.items():
            figures |= {f"{name} calls": found.calls, f"{name} people": found.records}
        figures |= {"said": len(said), "read": clock.monotonic() - begun}
        begun = clock.monotonic()
        await catching_up.all_decided(host, tenant, said.append, told=catching_up.facts_of(read))
        figures["learned"] = clock.monotonic() - begun
        begun = clock.monotonic()
        plan, rows = await planning.make(host.engine, flow, tenant, clock.now().date())
        figures |= {
            "plan": str(plan.plan_id),
            "planned": clock.monotonic() - begun,
            "rows": len(rows),
            "peak": peak_memory(os.getpid()),
        }
        print(json.dumps(figures), flush=True)  # noqa: T201 - the same


async def _apply(begins: str) -> None:
    async with office(load()) as place:
        host: Host = await place.host()
        plan = await planning.find(host.engine, begins)
        conflicts = [row async for row in planning.rows(host.engine, plan, planning.Which(state="conflict"))]
        chosen = [row.model_copy(update={"action": "prefer_hr", "rule": "a_person_chose_it"}) for row in conflicts]
        await planning.edit(host.engine, plan, chosen)
        begun = clock.monotonic()
        applied = await planning.apply(host, plan, by="bench")
        became = await planning.became(host.engine, applied.plan)
        while any(one.status == "waiting" for one in became):
            await clock.sleep(_LOOK)
            became = await planning.became(host.engine, applied.plan)
        figures = {
            "rows": len(applied.sent),
            "seconds": clock.monotonic() - begun,
            "orders": sum(one.orders for one in became),
            "done": sum(one.status == "done" for one in became),
            "peak": peak_memory(os.getpid()),
        }
        print(json.dumps(figures), flush=True)  # noqa: T201 - the same


_PROGRAMS = {"hr": _hr, "fortnox": _fortnox, "roles": _roles, "plan": _plan, "apply": _apply}


def main() -> None:
    """Run one program."""
    telemetry.configure("ERROR")
    name, *arguments = sys.argv[1:]
    asyncio.run(_PROGRAMS[name](*arguments))  # type: ignore[operator] # each has its own arguments


if __name__ == "__main__":
    main()
