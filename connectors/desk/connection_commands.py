"""The verb ``connection show``: how a company's connections stand, and what was written where."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from connectors.desk.words import when
from infra.access import signing_secrets, standing
from infra.access.signing_secrets import ReplacedSecret
from infra.access.standing import Carried, Standing
from infra.commanding import Company, Json, print_json, print_lines, print_out
from infra.office import Office, in_office

connection = typer.Typer(no_args_is_help=True, help="How a company's connections stand.")

_GRANTS: Final = {
    "client_credentials": "a service account",
    "authorization_code": "a person's user",
    "token": "the system's own secret",
}


@connection.callback()
def _group() -> None:
    """Keep ``show`` a verb of its own: a group of one would be that one."""


@connection.command("show")
def show(
    tenant: Company,
    written: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="List what was written to this company at Fortnox; '' if not on record."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how each connection of a company stands, who granted it, and what was written there."""

    async def work(place: Office) -> None:
        host = await place.host()
        if written is not None:
            orders = await standing.carried(host, tenant, "fortnox", written)
            print_out([_order(order) for order in orders], _order_lines(orders), as_json=as_json)
            return
        found, told = await standing.standings(host, tenant), await standing.deliveries(host, tenant)
        old = await signing_secrets.replaced(host.engine, tenant)
        if as_json:
            print_json(
                {
                    "tenant": tenant,
                    "connections": [_as_json(one) for one in found],
                    "last_delivery": {system: at.isoformat() for system, at in told.items()},
                    "old_secrets": [_old_as_json(one) for one in old],
                }
            )
            return
        print_lines(line for one in found for line in _lines(one))
        if not found:
            print_lines([f"{tenant} is connected to nothing: bokbuss connect {tenant}"])
        print_lines(f"last told by {system}: {when(at)}" for system, at in told.items())
        print_lines(_old_line(one) for one in old)

    in_office(work, tenant)


def _lines(one: Standing) -> Iterator[str]:
    held = one.held
    yield f"{held.system}: {one.light}, {one.health}"
    facts = {
        "why": held.reason,
        "company": " ".join(filter(None, (held.company_name, str(held.database_number or "")))),
        "opened instead": str(held.opened or ""),
        "granted to": _GRANTS.get(held.grant_type, held.grant_type),
        "granted by": held.consented_by,
        "granted at": when(held.consented_at) if held.consented_at else "",
        "scopes": " ".join(held.scopes),
        "ends in": "" if one.days_left is None else f"{one.days_left:g} days, unless it is used before",
        "last answer": when(one.last_call) if one.last_call else "none yet",
    }
    yield from (f"  {name + ':':<16}{value}" for name, value in facts.items() if value)
    for each in one.written:
        where = each.company or "(number not on record)"
        yield f"  {'written:':<16}{each.orders} orders to {where}"
        yield f"  {'':<16}from {when(each.first)} to {when(each.last)}"
        if held.system == "fortnox" and len(one.written) > 1:
            yield f"  {'':<16}bokbuss connection show {held.tenant} --written {each.company or chr(39) * 2}"


def _old_line(one: ReplacedSecret) -> str:
    used = f"and was used last {when(one.used_at)}" if one.used_at else "and nobody has used it since"
    return f"{one.system}: a signing secret replaced {when(one.replaced_at)} is good until {when(one.until)}, {used}"


def _old_as_json(one: ReplacedSecret) -> dict[str, Any]:
    return {
        "system": one.system,
        "replaced_at": one.replaced_at.isoformat(),
        "until": one.until.isoformat(),
        "used_at": one.used_at.isoformat() if one.used_at else None,
    }


def _order_lines(orders: tuple[Carried, ...]) -> Iterator[str]:
    for order in orders:
        yield f"{when(order.at)}  {_name(order.outcome)}  {order.key}"
        yield f"  bokbuss explain {order.order_id}"
    if not orders:
        yield "Nothing was written there."


def _name(outcome: Mapping[str, Any]) -> str:
    voucher = outcome.get("voucher")
    return f"{voucher['series']} {voucher['number']}" if voucher else str(outcome.get("record") or "-")


def _order(order: Carried) -> dict[str, Any]:
    outcome = {name: order.outcome.get(name) for name in ("voucher", "record")}
    return {"at": order.at.isoformat(), "key": order.key, "order_id": order.order_id, **outcome}


def _as_json(one: Standing) -> dict[str, Any]:
    held = one.held
    return {
        "system": held.system,
        "light": one.light,
        "health": one.health,
        "reason": held.reason,
        "company_name": held.company_name,
        "database_number": held.database_number,
        "opened": held.opened,
        "grant": held.grant_type,
        "granted_by": held.consented_by,
        "granted_at": held.consented_at.isoformat() if held.consented_at else None,
        "scopes": list(held.scopes),
        "days_left": one.days_left,
        "last_answer": one.last_call.isoformat() if one.last_call else None,
        "written": [
            {"company": w.company, "orders": w.orders, "first": w.first.isoformat(), "last": w.last.isoformat()}
            for w in one.written
        ],
    }
