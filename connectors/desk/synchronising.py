"""A synchronisation of staff: both sides are compared, and what became of it is mailed; for commands and pages."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.desk import report_letter
from infra import catching_up, clock, mail, registry, tenants
from infra.accounts import accounts
from infra.deciding import planning
from infra.plugin import Host
from infra.postgres import Engine
from infra.settings import Settings
from schemas.plans import Plan, RowOutcome
from schemas.words import Said


async def make(
    host: Host, tenant: str, say: Callable[[Said], None], *, refresh: bool, wait: float, by: str
) -> tuple[Plan, list[Any]]:
    """Read both sides if asked to, wait until all that was told is decided, and make a plan.

    Raises:
        WrongUsage, Failed: as ``catching_up`` says.
    """
    flow = registry.flow("employees")
    found = await catching_up.read_both(host, flow, tenant, say) if refresh else {}
    await catching_up.all_decided(host, tenant, say, told=catching_up.facts_of(found), wait=wait)
    made, rows = await planning.make(host.engine, flow, tenant, clock.today(), by=by)
    return made, list(rows)


async def mail_report(
    settings: Settings, engine: Engine, applied: Plan, rows: Sequence[RowOutcome[Any]], left: int
) -> bool:
    """Mail what became of a plan to whom the company wants it told, to each in their language; False: to nobody.

    Raises mail.NotMailed.
    """
    chosen, _ = await tenants.settings_in_force(engine, applied.tenant)
    to = chosen.employees.report_to if chosen.employees else ()
    spoken = await accounts.languages(engine, to)
    mailed = False
    refused: mail.Undeliverable | None = None
    for address in to:
        language = spoken.get(address.casefold()) or settings.language
        made = report_letter.letter(applied, rows, left=left, language=language, base=settings.desk_url)
        try:
            mailed = await mail.send(settings.mail, (address,), made) or mailed
        except mail.Undeliverable as error:  # the others get theirs first
            refused = error
    if refused is not None:
        raise refused
    return mailed
