"""Huma: its webhooks say whom to read again; people are read, listed every night, and written back."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from connectors.huma.client import end_consent
from connectors.huma.encode import NAMES
from connectors.huma.kinds import KINDS, connect
from connectors.huma.nightly import read_nightly
from connectors.huma.settings import HumaSettings
from connectors.huma.source import SOURCE, refresh
from infra.plugin import Job, Sink, System


def _sandbox(
    host: str,
    port: int,
    *,
    folder: Path | None = None,  # noqa: ARG001 - it keeps nothing
    faults: float = 0.0,
    seed: int | str = 0,
    routes: Sequence[str] = (),
) -> AbstractAsyncContextManager[str]:
    from connectors.huma import sandbox  # noqa: PLC0415 - nobody who works for real loads it

    company = sandbox.made_up()
    company.faults = sandbox.Faults(faults, seed, routes)
    return sandbox.running(company, port=port, host=host)


SYSTEM = System(
    name="huma",
    settings=HumaSettings,
    source=SOURCE,
    sink=Sink(system="huma", kinds=KINDS, connect=connect),
    sandbox=_sandbox,
    sandbox_at=lambda url: {"api_url": url},
    jobs=(Job(role="sources", run=read_nightly),),
    refresh=refresh,
    names=NAMES,
    revoke=end_consent,
)
