"""The sandbox is what the OpenAPI document says, and what we send is what it allows."""

import json
from collections.abc import AsyncIterator
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connectors.alexishr import encode, sandbox
from connectors.alexishr.sandbox import Company, Fault, Faults, serve
from connectors.alexishr.sandbox.forms import FORMS
from infra.http import Client, NoAnswer, Response
from infra.plugin import Imitation
from tests.connectors.alexishr.test_writing import ACCOUNT, WHOLE

DOCUMENT = Path(__file__).parents[4] / "shared" / "specs" / "alexishr-openapi.konfig.yaml"
ANSWERS = {
    "company": "CompaniesGetManyResponseMapped",
    "employee": "EmployeesGetManyResponseMapped",
    "employment": "EmploymentsGetManyResponseMapped",
    "employment-type": "EmploymentTypesGetManyResponseMapped",
    "leave": "LeavesGetManyResponseMapped",
    "leave-type": "LeaveTypesGetManyResponseMapped",
    "leave-transaction": "LeaveTransactionsGetManyResponseMapped",
}
PLAIN = {"bank_account": "6000,123456789", "personal_number": "199001012385"}
WANTED: dict[Any, Any] = {name: PLAIN.get(name, value) for name, value in dict(WHOLE).items()}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    if not DOCUMENT.exists():
        pytest.skip("Alexis HR's OpenAPI document is not here: the sandbox is compared with it where it is")
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return loaded


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that may be a reference."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def check(name: str, content: Any, *, needed: bool = True) -> None:
    """Raise unless the content is what the document calls by this name."""
    schema = {**document()["components"]["schemas"][name], "components": document()["components"]}
    if not needed:
        del schema["required"]
    jsonschema.Draft4Validator(schema).validate(content)


@pytest.fixture
async def api(company: Company) -> AsyncIterator[Any]:
    """Yield what calls the sandbox's API."""
    async with sandbox.running(company) as url, Client(timeout=60.0) as client:

        async def call(request: encode.Request, token: str = company.token) -> Response:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.send(request.method, f"{url}/v1/{request.path}", headers=headers, content=request.body)

        yield call


def questions() -> list[encode.Request]:
    """Return every question that we ask of lists."""
    at = encode._midnight(WHOLE.first_day or WHOLE.last_day)  # type: ignore[arg-type] # it is there
    found = encode.found_by(WANTED, {}), encode.found_by({"email": "a@x.se"}, {})
    return [
        encode.company(),
        encode.people(10).at(0),
        encode.people(10, since=at).at(0),
        encode.people(10, ids=["a", "b"]).at(0),
        encode.employments(10, at).at(0),
        encode.employment_types(),
        encode.leaves(10, at.date()).at(0),
        encode.leave_types(10).at(0),
        encode.leave_days(10, ["a"], at.date(), at.date()).at(0),
        *(each for each in found if each),
    ]


def populated(company: Company) -> str:
    """Fill a company with one of everything; return the person's id."""
    person = company.add_person("2020-01-01", "2026-12-31", **json.loads(encode.write_person(WANTED, None, {}).body))  # type: ignore[union-attr, arg-type] # there are fields
    company.add_leave(person, "VACATION", "2026-07-06", "2026-07-07")
    return person


# --- The document -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", FORMS)
def test_the_same_fields_may_be_asked_for(resource: str) -> None:
    """Selected, filtered, sorted by, and brought along."""
    form = FORMS[resource]
    named = {
        each["name"]: resolved(each["schema"]) for each in document()["paths"][f"/{resource}"]["get"]["parameters"]
    }
    assert set(named["select"]["items"]["enum"]) == form.selected
    assert named["filters"]["properties"].keys() == named["sort"]["properties"].keys() == form.filtered
    assert set(named.get("relations", {"items": {"enum": ()}})["items"]["enum"]) == form.relations


@pytest.mark.parametrize("resource", [name for name, form in FORMS.items() if form.written])
def test_the_same_fields_may_be_written(resource: str) -> None:
    """By POST and by PATCH, with the same types, and the same ones needed."""
    form = FORMS[resource]
    kinds = {}
    for path, method, left_out in ((f"/{resource}", "post", form.changed), (f"/{resource}/{{id}}", "patch", set())):
        body = document()["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        fields = {name: resolved(each) for name, each in resolved(body)["properties"].items()}
        assert fields.keys() == form.written.keys() - left_out
        kinds |= {name: "time" if each.get("format") == "date-time" else each["type"] for name, each in fields.items()}
        if method == "post":
            assert set(resolved(body).get("required", ())) == form.required
    assert kinds == form.written


@pytest.mark.parametrize("request_", questions(), ids=lambda each: each.shown)
async def test_answers_are_what_the_document_says(company: Company, api: Any, request_: encode.Request) -> None:
    """Envelope, records and relations, of each question that we ask."""
    populated(company)
    answer = await api(request_)
    assert answer.status == 200
    body = json.loads(answer.body)
    if "select" in dict(request_.params):  # what is not selected is not there, needed or not
        for record in body["data"]:
            check("EmploymentResponse", record, needed=False)
            assert record.keys() <= set(dict(request_.params)["select"].split(","))
        return
    check(ANSWERS[request_.resource], body)


async def test_single_records_and_errors_are_what_the_document_says(company: Company, api: Any) -> None:
    """Also of what was written."""
    person = populated(company)
    one = await api(encode.person(person))
    check("EmployeeGetOneResponseMapped", json.loads(one.body))
    (leave,) = company.records["leave"]
    check("LeaveGetOneResponseMapped", json.loads((await api(encode.leave(leave))).body))
    for status, name, answer in (
        (404, "NotFoundResponse", await api(encode.person("507f1f77bcf86cd799439011"))),
        (401, "UnauthorizedResponse", await api(encode.company(), token="another")),
        (400, "BadRequestResponse", await api(encode.Request("GET", "employee", (("select", "tax"),)))),
        (400, "BadRequestResponse", await api(encode.Request("GET", "leave", (("filters[updated][$gte]", "2026"),)))),
        (400, "BadRequestResponse", await api(encode.Request("POST", "employment", body=b"{}"))),
        (
            400,
            "BadRequestResponse",
            await api(encode.Request("PATCH", f"employee/{person}", body=b'{"hireDate": "x"}')),
        ),
    ):
        assert answer.status == status
        check(name, json.loads(answer.body))


def test_what_we_write_is_what_the_document_takes() -> None:
    """Names and types of every body, new and changed."""
    record = {"id": "1", "userId": "2", "bankAccount": {"bank": "x", "secret": 1}}
    made, changed = encode.write_person(WANTED, None, {}), encode.write_person(WANTED | {"tax_table": None}, record, {})
    (employment,) = encode.write_days(WANTED, record, (), "3", UTC)
    patches = encode.write_days(WANTED, record, ("4", "5"), "", UTC)
    emptied = encode.write_person({"email": None, "city": None, "bank_account": None}, record, {})
    for name, request in (
        ("CreateEmployeeRequest", made),
        ("UpdateEmployeeRequest", emptied),
        ("CreateEmploymentRequest", employment),
        *(("UpdateEmploymentRequest", patch) for patch in patches),
    ):
        assert request is not None
        body = json.loads(request.body or b"")
        check(name, body)
        known = resolved(document()["components"]["schemas"][name])["properties"]
        assert body.keys() <= known.keys()
        for key, part in body.items():
            assert not isinstance(part, dict) or part.keys() <= resolved(known[key])["properties"].keys()
    assert changed is not None
    assert json.loads(changed.body or b"")["bankAccount"] == {"bank": "x", "clearing": "6000", "number": "123456789"}


# --- Behaviour --------------------------------------------------------------------------------------------------------


async def test_filters_mean_what_their_names_say(company: Company, api: Any) -> None:
    """Texts, times and truth, singly and in lists."""
    ids = [company.add_person(f"202{n}-01-01", firstName=f"P{n}", active=n != 1) for n in range(4)]
    for query, wanted in (
        ((("filters[firstName]", "P1"),), [1]),
        ((("filters[firstName][$neq]", "P1"),), [0, 2, 3]),
        ((("filters[active][$eq]", "false"),), [1]),
        ((("filters[hireDate][$gt]", "2021-01-01"),), [2, 3]),
        ((("filters[hireDate][$lte]", "2021-01-01T00:00:00Z"),), [0, 1]),
        ((("filters[id][$in][]", ids[0]), ("filters[id][$in][]", ids[3])), [0, 3]),
        ((("filters[id][$nin][]", ids[0]),), [1, 2, 3]),
        ((("filters[hireDate][$between][]", "2021-01-01"), ("filters[hireDate][$between][]", "2022-06-01")), [1, 2]),
        ((("sort[firstName]", "desc"), ("limit", "2"), ("offset", "1")), [2, 1]),
    ):
        body = json.loads((await api(encode.Request("GET", "employee", query))).body)
        assert [each["id"] for each in body["data"]] == [ids[n] for n in wanted]
        assert body["count"] == len(wanted)


async def test_a_nested_object_is_replaced_whole(company: Company, api: Any) -> None:
    """The harder of the two ways in which PATCH may be meant: what is left out is gone."""
    person = company.add_person(homeAddress={"street": "A 1", "city": "Lund"})
    await api(encode.Request("PATCH", f"employee/{person}", body=b'{"homeAddress": {"city": "Umea"}}'))
    assert company.records["employee"][person]["homeAddress"] == {"city": "Umea"}


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_is_seen_and_done_or_not(company: Company, api: Any, fault: Fault) -> None:
    """The next call is well again."""
    company.faults.script.append(fault)
    request = encode.Request("POST", "employee", body=b'{"firstName": "Anna"}')
    if fault in {Fault.LOSE_ANSWER, Fault.LOSE_REQUEST}:
        with pytest.raises(NoAnswer):
            await api(request)
    else:
        assert (await api(request)).status in {401, 429, 500, 502}
    done = fault in {Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS}
    assert len(company.records["employee"]) == done
    assert (await api(request)).status == 201


def test_chance_is_repeatable_and_a_share() -> None:
    """The same seed gives the same faults, at the routes named only."""
    one, two = (Faults(0.3, 7, ["POST /v1/employee"]) for _ in range(2))
    drawn = [one.choose("POST /v1/employee") for _ in range(200)]
    assert drawn == [two.choose("POST /v1/employee") for _ in range(200)]
    assert 30 < sum(fault is not None for fault in drawn) < 90
    assert one.choose("GET /v1/employee") is None
    with pytest.raises(ValueError, match="share"):
        Faults(1.5)


async def test_the_control_side_changes_what_the_api_shows() -> None:
    """People and leaves are added, changed and taken away; the token stands beside them."""
    async with serve(Imitation("127.0.0.1")) as url, Client(timeout=60.0) as client:

        async def call(method: str, path: str, body: Any = None) -> Any:
            return json.loads((await client.send(method, f"{url}/_sandbox{path}", json=body)).body)

        assert len((await call("GET", ""))["employee"]) == 4
        person = (await call("POST", "/people", {"firstName": "Eva", "first_day": "2026-01-01"}))["id"]
        leave = {"person_id": person, "kind": "VACATION", "first_day": "2026-07-01", "last_day": "2026-07-02"}
        leave_id = (await call("POST", "/leaves", leave))["id"]
        await call("PATCH", f"/employee/{person}", {"title": "VD"})
        await call("PATCH", f"/leave/{leave_id}", {"status": "CANCELLED"})
        held = await call("GET", "")
        assert (held["employee"][person]["title"], held["leave"][leave_id]["status"]) == ("VD", "CANCELLED")
        await call("DELETE", f"/employee/{person}")
        held = await call("GET", "")
        assert person not in held["employee"]
        assert leave_id not in held["leave"]
        assert await call("POST", "/faults", {"script": ["fail"]}) == {"script": ["fail"]}
        assert "problems" in await call("POST", "/faults", {"script": ["x"]})
        assert "problems" in await call("PATCH", "/employee/nobody", {})


async def test_a_taken_port_is_said_to_be(company: Company) -> None:
    """As OSError, which the command line turns into a sentence."""
    async with sandbox.running(company) as url:
        with pytest.raises(OSError, match="address already in use"):
            async with sandbox.running(company, port=int(url.rpartition(":")[2])):
                pass


def test_the_made_up_people_are_right_where_they_are_to_be() -> None:
    """The numbers of the demo's first person pass every check."""
    record = next(iter(sandbox.made_up().records["employee"].values()))
    assert (record["ssn"], record["bankAccount"]["number"]) == ("19900101-2385", "123456789")
    assert ACCOUNT.shown
