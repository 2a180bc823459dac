"""Alexis HR (Simployer One): people and leaves, read by asking again and again, and people written back."""

from connectors.alexishr.encode import NAMES
from connectors.alexishr.kinds import KINDS, connect
from connectors.alexishr.polling import poll
from connectors.alexishr.refusal_words import WORDS
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.source import refresh
from connectors.alexishr.wire import CHOICES
from infra.access.connections import Connection
from infra.plugin import Host, Job, Sink, System


async def _end_consent(_host: Host, held: Connection) -> str:
    return f"delete the access token that was made for bokbuss in the Alexis HR of {held.tenant}: only there it ends"


SYSTEM = System(
    name="alexishr",
    settings=AlexisHRSettings,
    sinks=(Sink(system="alexishr", kinds=KINDS, connect=connect),),
    sandbox="connectors.alexishr.sandbox",
    sandbox_at=lambda url: {"api_url": f"{url}/v1"},
    jobs=(Job(role="sources", run=poll),),
    refresh=refresh,
    names=NAMES,
    choices=CHOICES,
    words=WORDS,
    revoke=_end_consent,
)
