"""The verb ``describe``: how a system is used, what bokbuss does with it, and which fields travel, before anything."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from infra.commanding import Json, one_of, print_json


def describe(
    system: Annotated[str, typer.Argument(help="whose description; none: which systems there are")] = "",
    as_json: Json = False,
) -> None:
    """Tell how a system is used, what is done with it, and which fields travel: to be read before connecting it."""
    from infra import describing

    known = describing.systems()
    if not system:
        if as_json:
            print_json({name: describing.about(name) for name in known})
        else:
            Console().print(Markdown("\n".join(f"- **{name}**: {said}" for name, said in known.items())))
        return
    one_of(system, known, "system")
    found = describing.described(system)
    if as_json:
        print_json(found)
        return
    lists = {"What it tells": found["tells"], "What it carries out": found["carries_out"], "Fields": found["fields"]}
    parts = [f"# {found['title']}\n\n{found['about']}"]
    parts += [
        f"## {title}\n\n" + "\n".join(f"- `{a}`: {b}" for a, b in rows.items()) for title, rows in lists.items() if rows
    ]
    parts += [f"## {title}\n\n{text}" for title, text in found["sections"].items()]
    Console().print(Markdown("\n\n".join(parts)))
