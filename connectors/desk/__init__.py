"""The desk: the accountant's commands and pages. It is an outside party like any other: a person who decides."""

from collections.abc import Sequence
from typing import Any

from infra.plugin import Host, System


def _pages(host: Host) -> Sequence[Any]:
    from connectors.desk.pages import pages  # noqa: PLC0415 - the verbs of the desk need no web server

    return pages(host)


SYSTEM = System(name="desk", pages=_pages)
