"""An Alexis HR over HTTP, in memory, after its OpenAPI document, with faults on demand. Never chosen silently."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from connectors.alexishr.sandbox.company import Company
from connectors.alexishr.sandbox.faults import Fault, Faults
from connectors.alexishr.sandbox.server import app

__all__ = ["Company", "Fault", "Faults", "made_up", "running", "serve"]


@asynccontextmanager
async def running(company: Company, *, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve a company in this event loop and give the address; the API is under its ``/v1``. Port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    # The company tells the time itself: its clock may be another one.
    config = uvicorn.Config(
        app(company), lifespan="off", log_config=None, access_log=False, server_header=False, date_header=False
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(partial(H11Protocol, config, state, {}), host, port)
    try:
        shown = f"[{host}]" if ":" in host else host  # an IPv6 address
        yield f"http://{shown}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await server.wait_closed()


def serve(
    host: str,
    port: int,
    *,
    folder: Path | None = None,  # noqa: ARG001 - it keeps nothing
    faults: float = 0.0,
    seed: int | str = 0,
    routes: Sequence[str] = (),
) -> AbstractAsyncContextManager[str]:
    """Serve a company that is made up, as ``infra.plugin.Sandbox`` says."""
    company = made_up()
    company.faults = Faults(faults, seed, routes)
    return running(company, port=port, host=host)


def made_up() -> Company:
    """Return a company with four people and a leave; none of the numbers is anybody's."""
    company = Company()
    anna = company.add_person(
        "2020-01-01",
        firstName="Anna",
        lastName="Exempelsson",
        workEmail="anna@example.se",
        privatePhone="070-174 06 05",
        ssn="19900101-2385",
        title="Butikschef",
        bankAccount={"clearing": "6000", "number": "123456789"},
        homeAddress={"street": "Storgatan 1", "postalCode": "111 22", "city": "Stockholm", "country": "SE"},
        tax={"table": 33, "column": 1},
    )
    company.add_person("2022-08-15", firstName="Bo", lastName="Testberg", privateEmail="bo@example.se")
    company.add_person("2019-03-01", "2026-12-31", firstName="Cilla", lastName="Provare", workEmail="cilla@example.se")
    company.add_person(firstName="Dan", lastName="Utanpost", workPhone="08-465 004 00")
    company.add_leave(anna, "VACATION", "2026-07-06", "2026-07-10")
    return company
