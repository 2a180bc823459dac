"""Fortnox: the ledger that vouchers are booked in."""

import asyncio
from collections.abc import Sequence
from typing import Any

from connectors.fortnox import open_item_words, waiting_words
from connectors.fortnox.connect.connecting import consent_link
from connectors.fortnox.connect.keeping import keep
from connectors.fortnox.doctor import demand_words, rounds
from connectors.fortnox.doctor.chart import chart, how_kept
from connectors.fortnox.doctor.examining import examine, examined
from connectors.fortnox.doctor.outlook import outlook
from connectors.fortnox.forms import employee
from connectors.fortnox.ledger import nightly
from connectors.fortnox.ledger.fresh import read_year
from connectors.fortnox.ledger.open_items import read_open
from connectors.fortnox.ledger.orders import LEDGERS
from connectors.fortnox.ledger.strangers import strangers
from connectors.fortnox.needs import EXTRA_NAMES
from connectors.fortnox.orders.kinds import BESIDE, FORTNOX
from connectors.fortnox.refusal_words import WORDS
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.snapshot import follow, refresh
from connectors.fortnox.tokens import end_consent
from infra.plugin import Host, Job, System


def _pages(host: Host) -> Sequence[Any]:
    from connectors.fortnox.connect.pages import pages  # noqa: PLC0415 - only who serves them loads a web server

    return pages(host)


async def _take_hints(host: Host, stop: asyncio.Event) -> None:
    if host.settings.of(FortnoxSettings).events_url is None:
        await stop.wait()  # a job that ends by itself ends the process
        return
    from connectors.fortnox.ledger import topics  # noqa: PLC0415 - only who wants hints loads WebSockets

    await topics.run(host, stop)


SYSTEM = System(
    name="fortnox",
    settings=FortnoxSettings,
    ledger=True,
    sinks=(FORTNOX, BESIDE, LEDGERS),
    sandbox="connectors.fortnox.sandbox",
    sandbox_keeps=True,
    sandbox_at=lambda url: {"api_url": f"{url}/3", "auth_url": f"{url}/oauth-v1"},
    pages=_pages,
    refresh=refresh,
    outlook=outlook,
    consent_link=consent_link,
    extras=EXTRA_NAMES,
    examine=examine,
    examined=examined,
    chart=chart,
    how_kept=how_kept,
    read_year=read_year,
    read_open=read_open,
    strangers=strangers,
    names=employee.SHOWN,
    words={**WORDS, **demand_words.WORDS, **open_item_words.WORDS, **waiting_words.WORDS},
    revoke=end_consent,
    jobs=(
        Job("sinks", follow),
        Job("sinks", nightly.follow),
        Job("sinks", _take_hints),
        Job("sinks", keep),
        Job("sinks", rounds.run),
    ),
)
