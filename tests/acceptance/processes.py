"""Roles in processes of their own beside a house, which end, are killed, or kill themselves at a step."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from connectors.fortnox.settings import FortnoxSettings
from infra.settings import Role, Settings
from tests.acceptance.house import BOKBUSS

SECRET_KEY = "the same in every process of an installation"


@asynccontextmanager
async def process(settings: Settings, folder: Path, *roles: Role, faultpoint: str = "") -> AsyncIterator[Process]:
    """Run roles as a process of their own, once it listens, or has come to the step at which it ends itself."""
    fortnox = settings.of(FortnoxSettings)
    environment = {
        "BOKBUSS_DATA": str(folder),
        "BOKBUSS_PORT": "0",
        "BOKBUSS_KAFKA__BOOTSTRAP": settings.kafka.bootstrap or "",
        "BOKBUSS_DATABASE__URL": settings.database.url or "",
        "BOKBUSS_FORTNOX__API_URL": fortnox.api_url,
        "BOKBUSS_FORTNOX__AUTH_URL": fortnox.auth_url,
        "BOKBUSS_FORTNOX__CLIENT_ID": fortnox.client_id,
        "BOKBUSS_FORTNOX__CLIENT_SECRET": fortnox.client_secret.get_secret_value(),
        "BOKBUSS_FORTNOX__REQUEST_TIMEOUT": str(fortnox.request_timeout),
        "BOKBUSS_FORTNOX__SETTLE_SECONDS": str(fortnox.settle_seconds),
        "BOKBUSS_FORTNOX__LOOK_SECONDS": str(fortnox.look_seconds),
        "BOKBUSS_LEASE_SECONDS": str(settings.lease_seconds),
        "BOKBUSS_SECRET_KEY": SECRET_KEY,
        "BOKBUSS_FAULTPOINT": faultpoint,
    }
    started = await asyncio.create_subprocess_exec(
        BOKBUSS, "run", *roles, env=environment, stderr=asyncio.subprocess.PIPE, cwd=folder.parent
    )
    assert started.stderr is not None
    reading: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(240):
            while b" at http" not in (line := await started.stderr.readline()):
                if faultpoint and line.startswith(b"faultpoint "):
                    break
                assert line, "the process ended before it listened"
        reading = asyncio.create_task(_drain(started.stderr))
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
        if reading is not None:
            await reading


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read on, so that the process never waits for us."""
    while await stream.readline():
        pass
