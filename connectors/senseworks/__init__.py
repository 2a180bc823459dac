"""Senseworks: the audit platform that takes companies' ledgers and documents away, year by year."""

from collections.abc import Sequence
from typing import Any

from infra.plugin import Host, System


def _pages(host: Host) -> Sequence[Any]:
    from connectors.senseworks.pages import pages  # noqa: PLC0415 - only who serves them loads a web server

    return pages(host)


SYSTEM = System(name="senseworks", pages=_pages)
