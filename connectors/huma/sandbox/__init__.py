"""A Huma over HTTP, in memory, after its OpenAPI document, with webhooks and faults. Never chosen silently."""

from contextlib import AbstractAsyncContextManager

from connectors.huma.sandbox.company import Company
from connectors.huma.sandbox.server import app
from connectors.huma.sandbox.webhooks import Mishap, Webhooks, signed
from infra.imitating import Fault, Faults, serving
from infra.plugin import Imitation

__all__ = ["Company", "Fault", "Faults", "Mishap", "Webhooks", "made_up", "running", "serve", "signed"]


def running(company: Company, *, port: int = 0, host: str = "127.0.0.1") -> AbstractAsyncContextManager[str]:
    """Serve a company in this event loop and give the address of its API. Port 0 takes a free one.

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
    """Return a company with four people; none of the numbers is anybody's."""
    company = Company()
    company.add_group("Huma Test AB")
    company.add_person(
        "2020-01-01",
        givenName="Anna",
        familyName="Exempelsson",
        email="anna@example.se",
        phone="+46701740605",
        employmentId="17",
        bankAccount={"type": "national", "number": "6000 123 456 789", "country": "SE"},
        homeAddress={
            "line1": "Storgatan 1",
            "line2": "",
            "line3": "",
            "postalCode": "111 22",
            "city": "Stockholm",
            "country": "SE",
        },
    )
    company.add_person("2022-08-15", givenName="Bo", familyName="Testberg", email="bo@example.se")
    company.add_person("2019-03-01", "2199-12-31", givenName="Cilla", familyName="Provare", email="cilla@example.se")
    company.add_person(givenName="Dan", familyName="Utanpost", email="dan@example.se", phone="08-465 004 00")
    return company
