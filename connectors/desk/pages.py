"""The desk in a browser: every page of it, guarded alike."""

from starlette.routing import Route

from connectors.desk.web import (
    activities,
    answers,
    closing,
    company_settings,
    components,
    connections,
    days,
    dead,
    employee_rows,
    employee_sending,
    employees,
    explaining,
    held,
    ledger,
    matching,
    openid,
    parked,
    people,
    signing_in,
    systems,
    today,
)
from connectors.desk.web.site import Site
from infra.plugin import Host

PAGES = (
    *today.PAGES,
    *held.PAGES,
    *answers.PAGES,
    *days.PAGES,
    *matching.PAGES,
    *explaining.PAGES,
    *dead.PAGES,
    *parked.PAGES,
    *ledger.PAGES,
    *closing.PAGES,
    *activities.PAGES,
    *connections.PAGES,
    *systems.PAGES,
    *company_settings.PAGES,
    *employees.PAGES,
    *employee_sending.PAGES,
    *employee_rows.PAGES,
    *people.PAGES,
    *signing_in.PAGES,
    *openid.PAGES,
    *components.PAGES,
)


def pages(host: Host) -> list[Route]:
    """Return the routes of the desk: its pages, and the files that browsers load."""
    return Site(host, PAGES).routes()
