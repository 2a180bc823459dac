"""The verb of closing entries: how far each has come."""

from typing import Annotated

import typer

from connectors.desk import closing_words, plan_words
from infra import clock, registry
from infra.commanding import Company, Json, WrongUsage, print_out
from infra.deciding import planning
from infra.office import Office, in_office
from infra.plugin import Flow

closing = typer.Typer(no_args_is_help=True, help="Closing entries, and what became of each.")

_WHERE_HELP = "state=planned, state=exported, batch=2025-1, number=4, ..."


def flow_of_closing() -> Flow:
    """Return the flow that books closing entries."""
    return next(flow for flow in registry.flows() if flow.planned_as == "plan closing")


@closing.command("list")
def closing_list(
    tenant: Company,
    where: Annotated[list[str] | None, typer.Option("--where", help=_WHERE_HELP)] = None,
    as_json: Json = False,
) -> None:
    """List a company's closing entries: planned, sending, exported, held, failed, unknown, reversed or withdrawn."""

    async def work(place: Office) -> None:
        try:
            wanted = plan_words.conditions(where or (), choices=closing_words.CHOICES)
        except plan_words.InvalidEdit as error:
            raise WrongUsage(str(error)) from None
        found, settings, _ = await planning.propose(place.engine, flow_of_closing(), tenant, clock.today())
        if settings.yearend is None:
            raise WrongUsage(f"{tenant} has no settings for closing entries: bokbuss settings apply {tenant} FILE")
        rows = [row for row in found if closing_words.meets(row, wanted)]
        print_out([closing_words.row_json(row) for row in rows], closing_words.listed(rows), as_json=as_json)

    in_office(work, tenant)
