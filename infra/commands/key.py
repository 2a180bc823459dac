"""The verbs about the keys of secrets: which one locks how much, and how they are replaced."""

from collections import Counter
from typing import Any

import typer

from infra.commanding import By, Failed, Json, asker, print_out
from infra.office import Office, in_office
from schemas.base import SWEDEN

keys = typer.Typer(
    help="The keys of secrets: which one locks how much, and how they are replaced.", no_args_is_help=True
)


@keys.command("show")
def keys_show(as_json: Json = False) -> None:
    """Tell which key locks how much, how far a rotation has come, and whether BOKBUSS_OLD_SECRET_KEY may go."""
    from infra.access import rotation

    async def work(place: Office) -> None:
        vault = (await place.host()).vault
        known = await rotation.data_keys(place.engine)
        counts = await rotation.counted(place.engine, vault)
        print_out(_json(known, counts), _lines(known, counts), as_json=as_json)
        if lost := [name for name, of_column in counts.items() if of_column[0]]:
            raise Failed(f"no key opens something in {', '.join(lost)}: was it of another database?")

    in_office(work)


@keys.command("rotate")
def keys_rotate(by: By = None, as_json: Json = False) -> None:
    """Make a new data key, and lock everything with it, while everything runs. What was cut off goes on."""
    from infra.access import rotation

    async def work(place: Office) -> None:
        vault = (await place.host()).vault
        number, anew = await rotation.rotate(place.engine, vault, place.settings, by=asker(by))
        print_out(
            {"data_key": number, "locked_anew": anew, "old_secret_key_may_go": True},
            [f"Data key {number} locks everything: {anew} secrets anew.", _MAY_GO],
            as_json=as_json,
        )

    in_office(work)


_MAY_GO = "BOKBUSS_OLD_SECRET_KEY may go: nothing opens with it any more."


def _lines(known: list[Any], counts: dict[str, Counter[int]]) -> list[str]:
    lines = []
    for each in known:
        mine = {name: of_column[each.number] for name, of_column in counts.items() if of_column[each.number]}
        made = f"made {each.made_at.astimezone(SWEDEN):%Y-%m-%d %H:%M}{f' by {each.made_by}' if each.made_by else ''}"
        lines.append(f"Data key {each.number}, {made}: {sum(mine.values())} secrets")
        lines += [f"    {name} {count}" for name, count in sorted(mine.items())]
        lines += ["    and the seals of personal data, for ever"] if each.number == 1 else []
    if _done(known, counts):
        lines.append(_MAY_GO)
    else:
        lines.append("A rotation is under way; BOKBUSS_OLD_SECRET_KEY stays. Go on: bokbuss keys rotate")
    return lines


def _done(known: list[Any], counts: dict[str, Counter[int]]) -> bool:
    """Tell whether one BOKBUSS_SECRET_KEY opens all, and one data key locks all."""
    newest = known[-1]
    older = sum(count for of_column in counts.values() for number, count in of_column.items() if number < newest.number)
    return newest.locks and not older and not any(each.two for each in known)


def _json(known: list[Any], counts: dict[str, Counter[int]]) -> dict[str, Any]:
    return {
        "data_keys": [
            {
                "number": each.number,
                "made_at": each.made_at,
                "made_by": each.made_by,
                "done_at": each.done_at,
                "locks": {name: of_column[each.number] for name, of_column in counts.items() if of_column[each.number]},
            }
            for each in known
        ],
        "unopened": {name: of_column[0] for name, of_column in counts.items() if of_column[0]},
        "old_secret_key_may_go": _done(known, counts),
    }
