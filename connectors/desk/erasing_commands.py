"""The verbs of a person's erasure: their values become unreadable everywhere, and nothing new of them is taken in."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from connectors.desk.running import until
from connectors.desk.words import when
from infra import clock, registry
from infra.access import erasing
from infra.access.erasing import Counted, Erased
from infra.commanding import By, Company, Failed, Json, WrongUsage, asked, print_json, print_lines, print_out
from infra.deciding import remembering
from infra.office import Office, in_office
from infra.plugin import Erasable
from schemas.erasures import ErasureDecided

people = typer.Typer(no_args_is_help=True, help="Erase what is known of a person, and let them in again.")

Person = Annotated[str, typer.Argument(help="system/person_id; fortnox/employee/ID of one in Fortnox only.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait until it is carried out.")]

_LAW = (
    "vouchers, invoices and documents: accounting information, kept until the end of the seventh year after the "
    "calendar year in which the financial year ended (Bokföringslag 1999:1078, 7 kap. 2 §)"
)


@people.command("erase")
def people_erase(
    tenant: Company, person: Person, by: By = None, yes: Yes = False, wait: Wait = 60.0, as_json: Json = False
) -> None:
    """Make a person's values unreadable: in the database, on Kafka and in backups. It is shown first."""

    async def work(place: Office) -> None:
        decider = _decider(by)
        await place.vault()
        said = await _erasable(place, tenant, person)
        if done := await _erased(place, tenant, said):
            told = f"{person} is erased since {when(done.at)} by {done.by}: nothing is left to do."
            print_out(_json(said, None, erased=True), [told], as_json=as_json)
            return
        if said.objections:
            raise Failed("\n".join([f"{person} is not erased:", *(f"  {why}" for why in said.objections)]))
        counts = await erasing.counted(place.engine, tenant, said.records)
        if as_json and not yes:
            print_json(_json(said, counts, erased=False))
            return
        if not as_json:
            print_lines(_preview(person, said, counts))
        if not yes:
            typer.confirm("This cannot be taken back. Erase?", abort=True)
        await _decide(place, tenant, person, erased=True, by=decider)
        await _carried_out(place, tenant, person, said, wait)
        print_out(_json(said, counts, erased=True), [f"{person} is erased."], as_json=as_json)

    in_office(work, tenant)


@people.command("release")
def people_release(tenant: Company, person: Person, by: By = None, wait: Wait = 60.0, as_json: Json = False) -> None:
    """Let what HR and Fortnox tell of an erased person in again, with the next reading. What was erased stays so."""

    async def work(place: Office) -> None:
        decider = _decider(by)
        await place.vault()
        said = await _erasable(place, tenant, person)
        if not await _erased(place, tenant, said):
            raise WrongUsage(f"{person} is not erased: bokbuss people list {tenant}")
        if said.erased:
            await _decide(place, tenant, person, erased=False, by=decider)
            await _let_in(place, tenant, person, wait)
        released = await erasing.release(place.engine, tenant, said.records, by=decider)
        told = f"{person} comes in again with the next reading, or now: bokbuss employees refresh {tenant}"
        print_out({"tenant": tenant, "released": list(released)}, [told], as_json=as_json)

    in_office(work, tenant)


@people.command("list")
def people_list(tenant: Company, as_json: Json = False) -> None:
    """List who was erased, when and by whom."""

    async def work(place: Office) -> None:
        found = await erasing.listed(place.engine, tenant)
        lines = []
        for each in found:
            end = f"; released {when(each.released_at)} by {each.released_by}" if each.released_at else ""
            lines.append(f"{each.record}: erased {when(each.at)} by {each.by}{end}")
        print_out([asdict(each) for each in found], lines or ["Nobody was erased."], as_json=as_json)

    in_office(work, tenant)


def _decider(by: str | None) -> str:
    """Return who decides: it is asked for, since this stays on record for ever and cannot be taken back."""
    if not (who := by or asked("Who decides it (--by)")):
        raise WrongUsage("say who decides it: --by NAME")
    return who


async def _erasable(place: Office, tenant: str, person: str) -> Erasable:
    flow = registry.flow("employees")
    if flow.erasable is None:
        raise WrongUsage("no flow knows people")
    return await remembering.answer(place.engine, flow, tenant, flow.erasable(person, clock.today()))


async def _decide(place: Office, tenant: str, person: str, *, erased: bool, by: str) -> None:
    host = await place.host()
    fact = ErasureDecided(person=person, erased=erased, decided_by=by, decided_at=clock.now())
    await host.accept(tenant, "desk", [fact])


async def _erased(place: Office, tenant: str, said: Erasable) -> Erased | None:
    """Return the erasure of the record that was named: its other one can have been erased alone, before."""
    return next(iter(await erasing.found(place.engine, tenant, said.records[:1])), None)


async def _carried_out(place: Office, tenant: str, person: str, said: Erasable, wait: float) -> None:
    async def done() -> bool:
        return await _erased(place, tenant, said) is not None

    if not await until(done, wait):
        now = await _erasable(place, tenant, person)
        why = "; ".join(now.objections) or "flows and the desk carry it out when they run: call this again then"
        raise Failed(f"{person} is not erased yet: {why}")


async def _let_in(place: Office, tenant: str, person: str, wait: float) -> None:
    """Wait until the flow takes values in again: what is told of them before has none, and is told once only."""

    async def done() -> bool:
        return not (await _erasable(place, tenant, person)).erased

    if not await until(done, wait):
        raise Failed(f"{person} is not released yet: flows carry it out when they run: call this again then")


def _preview(person: str, said: Erasable, counts: Counted) -> list[str]:
    where = (
        f"{counts.facts - counts.plain} facts, {counts.orders} orders, {counts.holds} holds, "
        f"{counts.plan_rows} rows of plans"
    )
    return [
        f"What becomes unreadable of {' and '.join(said.records)}, here, on Kafka and in backups:",
        "    name, addresses, phone, personal number, bank account, employment, tax",
        f"    in {where}, and in what is remembered",
        "What stays, and why:",
        *(f"    {line}" for line in _stays(person, counts)),
    ]


def _stays(person: str, counts: Counted) -> Sequence[str]:
    plain = (
        [f"{counts.plain} facts that were accepted before people had keys: readable on Kafka until that topic is cut"]
        if counts.plain
        else []
    )
    return [
        *plain,
        f"the ids ({person}), and what was done when, by which rule: the trail, which holds no values",
        f"{counts.absences} orders for days of absence (day, extent, cause), under those ids: the basis of pay",
        _LAW,
        "what HR and Fortnox hold themselves: erase it there, as far as the law lets you",
    ]


def _json(said: Erasable, counts: Counted | None, *, erased: bool) -> dict[str, Any]:
    return {
        "records": list(said.records),
        "erased": erased,
        "unreadable": asdict(counts) if counts else None,
        "stays": list(_stays(said.records[0], counts)) if counts else None,
    }
