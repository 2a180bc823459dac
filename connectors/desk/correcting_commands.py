"""The verb of corrections: booked days that the settings book otherwise by now, as a plan."""

from datetime import datetime
from typing import Annotated

import typer

from connectors.desk import correcting, plan_commands
from connectors.desk.running import bar
from infra import clock
from infra.commanding import By, Company, Json, WrongUsage, asker
from infra.deciding import remembering
from infra.deciding.correcting import flow_of_corrections, make
from infra.office import Office, in_office
from schemas.base import is_day

First = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day; today if not named.")]


def correct(tenant: Company, first: First, last: Last = None, by: By = None, as_json: Json = False) -> None:
    """Plan what booked days need to stand as the settings say: each reversed and booked anew. Nothing is sent."""
    days = first.date(), last.date() if last else max(first.date(), clock.today())
    if days[0] > days[1]:
        raise WrongUsage(f"--to {days[1]} is before --from {days[0]}")
    if not all(is_day(str(day)) for day in days):
        raise WrongUsage("--from and --to are days of the years 1900 to 2199")

    async def work(place: Office) -> None:
        flow, look = flow_of_corrections(), correcting.looks(await place.host(), tenant)
        with bar(await remembering.count(place.engine, flow, tenant), hidden=as_json) as progress:
            made, rows = await make(place.engine, flow, tenant, days, look, progress, by=asker(by))
        await plan_commands.show(place, made, rows, as_json=as_json)

    in_office(work, tenant)
