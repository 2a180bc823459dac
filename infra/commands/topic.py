"""The verb ``topics``: what travels on which topic."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from infra.commanding import Json, print_json


def topics(
    as_asyncapi: Annotated[bool, typer.Option("--asyncapi", help="the whole AsyncAPI document, as JSON")] = False,
    as_json: Json = False,
) -> None:
    """Tell what travels on which topic."""
    from schemas.asyncapi import asyncapi
    from schemas.topics import TOPICS

    if as_asyncapi:
        print_json(asyncapi())
    elif as_json:
        print_json([{"topic": t.name, "messages": [m.__name__ for m in t.messages]} for t in TOPICS])
    else:
        table = Table(Column("topic", no_wrap=True), "carries", "messages")
        for topic in TOPICS:
            table.add_row(topic.name, topic.carries, ", ".join(m.__name__ for m in topic.messages))
        Console().print(table)
