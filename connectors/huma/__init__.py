"""Huma: its webhooks say whom to read again; people are read, listed every night, and written back."""

from connectors.huma.client import end_consent
from connectors.huma.encode import NAMES
from connectors.huma.kinds import KINDS, connect
from connectors.huma.nightly import read_nightly
from connectors.huma.refusal_words import WORDS
from connectors.huma.settings import HumaSettings
from connectors.huma.source import SOURCE, refresh
from connectors.huma.wire import CHOICES
from infra.plugin import Job, Sink, System

SYSTEM = System(
    name="huma",
    settings=HumaSettings,
    source=SOURCE,
    sinks=(Sink(system="huma", kinds=KINDS, connect=connect),),
    sandbox="connectors.huma.sandbox",
    sandbox_at=lambda url: {"api_url": url},
    jobs=(Job(role="sources", run=read_nightly),),
    refresh=refresh,
    names=NAMES,
    choices=CHOICES,
    words=WORDS,
    revoke=end_consent,
)
