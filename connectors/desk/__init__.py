"""The desk: the accountant's commands and pages. It is an outside party like any other: a person who decides."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from connectors.desk import looking_words, name_words, settings_problem_words
from infra.plugin import Host, Job, System


def _pages(host: Host) -> Sequence[Any]:
    from connectors.desk.pages import pages  # noqa: PLC0415 - the verbs of the desk need no web server

    return pages(host)


async def _greet(host: Host, stop: asyncio.Event) -> None:
    """Say how the first person gets in, while nobody can."""
    import psycopg  # noqa: PLC0415 - as above

    from infra import telemetry  # noqa: PLC0415 - as above
    from infra.accounts.accounts import is_begun  # noqa: PLC0415 - as above

    with suppress(psycopg.Error):  # it is a word of welcome: a database that goes away just now ends nothing
        if not host.settings.desk.open and not await is_begun(host.engine):
            telemetry.log(__name__).info("nobody can sign in at the desk yet", do="bokbuss desk admin YOUR@ADDRESS")
    await stop.wait()


SYSTEM = System(
    name="desk",
    words={**name_words.WORDS, **looking_words.WORDS, **settings_problem_words.WORDS},
    pages=_pages,
    jobs=(Job("desk", _greet),),
)
