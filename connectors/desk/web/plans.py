"""What pages of plans share: the plan of an address, if it is this company's and of the flow that the page is about."""

from connectors.desk.web.visit import NoSuchPage, Visit
from infra.deciding import planning
from infra.plugin import Flow
from schemas.plans import Plan


async def plan_of(visit: Visit, flow: Flow) -> Plan:
    """Return the plan of the address. Raises NoSuchPage: there is none, or it is another company's or flow's."""
    try:
        plan = await planning.find(visit.host.engine, str(visit.request.path_params["plan"]))
    except planning.NoPlan:
        raise NoSuchPage from None
    if plan.tenant != visit.tenant or plan.flow != flow.name:
        raise NoSuchPage
    return plan
