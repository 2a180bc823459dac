"""Cost centres and projects."""

from typing import Any, Final

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Company, CostCentre
from connectors.fortnox.sandbox.forms import Day, Flag, Form, Text
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import registers
from connectors.fortnox.sandbox.resources.registers import Register
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, ok

_COST_CENTRE: Final[Form] = {
    "Code": Text(required=True, shortest=1, longest=6),
    "Description": Text(required=True, shortest=1),
    "Note": Text(),
    "Active": Flag(),
}

PROJECTS: Final = Register(
    path="projects",
    one="Project",
    many="Projects",
    key="ProjectNumber",
    scope="project",
    form={
        "Comments": Text(longest=512),
        "ContactPerson": Text(longest=50),
        "Description": Text(required=True, shortest=1, longest=50),
        "EndDate": Day(),
        "ProjectLeader": Text(longest=50),
        "ProjectNumber": Text(longest=20),
        "Status": Text(choices=frozenset({"NOTSTARTED", "ONGOING", "COMPLETED"}), empty="ONGOING"),
        "StartDate": Day(),
    },
    missing=answers.NO_PROJECT,
    location="project",
    deleted=204,
    reduced=registers.only("Description EndDate ProjectLeader ProjectNumber Status StartDate"),
    contains=registers.named("Description ProjectLeader"),
)


def cost_centres(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the cost centres by code. Without support there is nothing to list; that Fortnox says so is assumed."""
    asked.allow("lastmodified", "sortby", "sortorder")
    if not company.cost_centre_support:
        raise RequestRefused(answers.NO_COST_CENTRES)
    found = asked.modified(one for _, one in sorted(company.cost_centres.items()))
    found = asked.ordered(found, {"code": lambda one: one.code})
    return ok(**asked.page("CostCenters", found, _cost_centre))


def cost_centre(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one cost centre."""
    asked.allow()
    return ok(CostCenter=_cost_centre(_found(asked, company)))


def post_cost_centre(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Make a cost centre."""
    asked.allow()
    fields = forms.read(_COST_CENTRE, forms.content(asked.body, "CostCenter"), new=True)
    code = str(fields["Code"])
    if code in company.cost_centres:
        raise RequestRefused(answers.TAKEN, code)
    company.cost_centres[code] = _changed(CostCentre(code, ""), fields, asked)
    return created("costcenter", CostCenter=_cost_centre(company.cost_centres[code]))


def put_cost_centre(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Change a cost centre."""
    asked.allow()
    found = _found(asked, company)
    fields = forms.read(_COST_CENTRE, forms.content(asked.body, "CostCenter"), new=False)
    if fields.get("Code", found.code) != found.code:
        raise RequestRefused(answers.FIXED, "Code")
    return ok(CostCenter=_cost_centre(_changed(found, fields, asked)))


def delete_cost_centre(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Delete a cost centre, unless a voucher bears it."""
    asked.allow()
    code = _found(asked, company).code
    for one in company.vouchers():
        if code in (one.draft.cost_centre, *(row.cost_centre for row in one.draft.rows)):
            raise RequestRefused(answers.IN_USE, code)
    del company.cost_centres[code]
    return ApiAnswer(204, b"")


def _found(asked: ApiRequest, company: Company) -> CostCentre:
    return answers.found(company.cost_centres.get(asked.path["code"]), answers.NO_COST_CENTRE)


def _changed(centre: CostCentre, fields: dict[str, Any], asked: ApiRequest) -> CostCentre:
    centre.description = fields.get("Description", centre.description)
    centre.note = fields.get("Note", centre.note) or ""
    centre.active = bool(fields.get("Active", centre.active))
    centre.changed = asked.at
    return centre


def _cost_centre(found: CostCentre) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/costcenters/{found.code}",
        "Active": found.active,
        "Code": found.code,
        "Description": found.description,
        "Note": found.note,
    }


ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "/3/costcenters", "costcenter", cost_centres),
    ("POST", "/3/costcenters", "costcenter", post_cost_centre),
    ("GET", "/3/costcenters/{code}", "costcenter", cost_centre),
    ("PUT", "/3/costcenters/{code}", "costcenter", put_cost_centre),
    ("DELETE", "/3/costcenters/{code}", "costcenter", delete_cost_centre),
    *registers.routes(PROJECTS),
)
