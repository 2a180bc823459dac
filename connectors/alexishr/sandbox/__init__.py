"""An Alexis HR over HTTP, in memory, after its OpenAPI document, with faults on demand. Never chosen silently."""

from contextlib import AbstractAsyncContextManager

from connectors.alexishr.sandbox.company import Company
from connectors.alexishr.sandbox.faults import Faults
from connectors.alexishr.sandbox.server import app
from infra.imitating import Fault, serving
from infra.plugin import Imitation

__all__ = ["Company", "Fault", "Faults", "made_up", "running", "serve"]


def running(company: Company, *, port: int = 0, host: str = "127.0.0.1") -> AbstractAsyncContextManager[str]:
    """Serve a company in this event loop and give the address; the API is under its ``/v1``. Port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    return serving(app(company), host, port)


def serve(asked: Imitation) -> AbstractAsyncContextManager[str]:
    """Serve a company that is made up; it keeps nothing."""
    company = made_up()
    company.faults = Faults(asked.faults, asked.seed, asked.routes)
    return running(company, port=asked.port, host=asked.host)


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
