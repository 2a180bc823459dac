"""The sandbox is what the OpenAPI document says, and what we send is what it allows."""

import json
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connectors.huma import encode, sandbox
from connectors.huma.sandbox import Company, Fault, Faults, serve
from connectors.huma.sandbox.forms import NEW_POSITION, NEW_USER, POSITION, USER, Form
from connectors.huma.settings import HumaSettings
from connectors.huma.translate import SUPPORTED
from infra.http import Client, NoAnswer, Response
from infra.plugin import Imitation
from tests.connectors.huma.test_writing import NOBODY, WHOLE

DOCUMENT = Path(__file__).parents[4] / "shared" / "specs" / "huma-openapi.valuetechdev.yaml"
WANTED: dict[Any, Any] = {
    name: "6000,123456789" if name == "bank_account" else value for name, value in WHOLE if name in SUPPORTED
}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    if not DOCUMENT.exists():
        pytest.skip("Huma's OpenAPI document is not here: the sandbox is compared with it where it is")
    # Its alternatives differ by a discriminator, and allow each other's fields: one of them is any of them.
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text().replace("oneOf:", "anyOf:"))
    return loaded


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that may be a reference."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def check(name: str, content: Any) -> None:
    """Raise unless the content is what the document calls by this name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    validator = jsonschema.Draft202012Validator
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(content)


def names(name: str) -> set[str]:
    """Return the names of the fields that a schema has."""
    schema = resolved({"$ref": f"#/components/schemas/{name}"})
    return set(schema["properties"])


@pytest.fixture
async def api(company: Company) -> AsyncIterator[Any]:
    """Yield what calls the sandbox's API, with a token unless another is given."""
    form = {"client_id": company.client_id, "client_secret": company.client_secret}
    good = company.token({"grant_type": "client_credentials", **form})["access_token"]
    async with sandbox.running(company) as url, Client(timeout=60.0) as client:

        async def call(request: encode.Request, token: str = good) -> Response:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.send(request.method, f"{url}/{request.path}", headers=headers, content=request.body)

        yield call


def populated(company: Company) -> str:
    """Fill a company with one of everything; return the person's id."""
    person = company.add_person(
        "2020-01-01",
        givenName="Anna",
        familyName="Ek",
        email="anna@x.se",
        phone="1",
        employmentId="17",
        groups=list(company.groups),
        birthDate="1990-01-01",
        bankAccount={"type": "national", "number": "6000 123456789", "country": "SE"},
        homeAddress={"line1": "A", "line2": "", "line3": "", "postalCode": "1", "city": "L", "country": "SE"},
        custom={"shoe": "39"},
    )
    company.add_position(person, firstDayOfWork="2010-01-01", lastDayOfWork="2010-12-31")
    company.add_person()
    return person


# --- The document -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (NEW_USER, "UserInput"),
        (USER, "UserDetailsInput"),
        (NEW_POSITION, "PositionCreateInput"),
        (POSITION, "PositionUpdateInput"),
    ],
)
def test_the_same_fields_may_be_written(form: Form, name: str) -> None:
    """And the same ones are needed."""
    schema = resolved({"$ref": f"#/components/schemas/{name}"})
    assert form.fields.keys() == schema["properties"].keys()
    assert form.needed == set(schema.get("required", ()))


async def test_answers_are_what_the_document_says(company: Company, api: Any) -> None:
    """Of each question that we ask, and of what we write."""
    person = populated(company)
    positions = list(company.people[person]["positions"])
    wrote = encode.write_person(WANTED, {"id": person}, {})
    first, last = encode.write_days(WANTED, person, (positions[1], positions[0]))
    assert wrote is not None
    for name, request in (
        ("PageUser", encode.people().at(0)),
        ("PageUser", encode.found_by("anna").at(0)),
        ("UserDetails", encode.person(person)),
        ("PagePositionSummary", encode.positions(person).at(0)),
        *(("Position", encode.position(person, each)) for each in positions),
        ("PageGroup", encode.companies().at(0)),
        ("User", encode.create(WANTED | {"email": "other@x.se"}, tuple(company.groups))),
        ("UserDetails", wrote),
        ("Position", first),
        ("Position", last),
    ):
        answer = await api(request)
        assert answer.status == 200, (request.shown, answer.text)
        check(name, json.loads(answer.body))


async def test_errors_are_what_the_document_says(company: Company, api: Any) -> None:
    """400, 401 and 404, each in its own form."""
    person = populated(company)
    for status, name, answer in (
        (404, "NotFoundErrorResponse", await api(encode.person(NOBODY))),
        (404, "NotFoundErrorResponse", await api(encode.position(person, NOBODY))),
        (401, "InvalidTokenResponse", await api(encode.people(), token="another")),
        (400, "InvalidFieldFormatResponse", await api(encode.people(51))),
        (400, "InvalidFieldFormatResponse", await api(encode.person("anna"))),
        (400, "InvalidFieldFormatResponse", await api(encode.Request("POST", "users", body=b"{}"))),
        (
            400,
            "InvalidFieldFormatResponse",
            await api(encode.Request("PATCH", f"users/{person}", body=b'{"firstDayOfWork": "2020-01-01"}')),
        ),
    ):
        assert answer.status == status
        check(name, json.loads(answer.body))


def test_what_we_write_is_what_the_document_takes() -> None:
    """Names and types of every body, over an empty record and over a full one."""
    full = {
        "id": NOBODY,
        "homeAddress": {"value": {"line1": "A", "city": "L"}},
        "bankAccount": {"value": {"iban": "X"}},
    }
    made = encode.create(WANTED, (NOBODY,))
    emptied = dict.fromkeys(("employment_id", "phone", "city", "bank_account"))
    check("UserInput", json.loads(made.body or b""))
    assert json.loads(made.body or b"").keys() <= names("UserInput")
    for wanted in (WANTED, emptied):
        for record in ({"id": NOBODY}, full):
            request = encode.write_person(wanted, record, {})
            assert request is not None
            body = json.loads(request.body or b"")
            check("UserDetailsInput", body)
            check("NationalBankAccountInput", body["bankAccount"])
            assert body.keys() <= names("UserDetailsInput")
            assert body["bankAccount"].keys() == {"type", "number", "country"}
    (both,) = encode.write_days(WANTED, NOBODY, (NOBODY, NOBODY))
    check("PositionUpdateInput", json.loads(both.body or b""))


def test_paths_limits_and_addresses_are_those_of_the_document() -> None:
    """What we ask for, and how much of it at once."""
    paths = document()["paths"]
    assert document()["servers"][0]["url"] == HumaSettings().api_url

    def most(path: str) -> Any:
        return next(each for each in paths[path]["get"]["parameters"] if each["name"] == "limit")["schema"]["maximum"]

    assert (most("/users"), most("/groups")) == (encode.PAGE, encode.GROUPS)
    for path, methods in (
        ("/users", "get post"),
        ("/users/{id}", "get patch"),
        ("/users/{userId}/positions", "get post"),
        ("/users/{userId}/positions/{id}", "get patch"),
        ("/auth/oauth/token", "post"),
    ):
        assert set(methods.split()) <= paths[path].keys()


# --- Behaviour --------------------------------------------------------------------------------------------------------


async def test_a_token_is_given_for_the_right_client_id_and_secret(company: Company) -> None:
    """As a form or as JSON; what is no UUID, and another grant, are wrong of form."""
    good = {"grant_type": "client_credentials", "client_id": company.client_id, "client_secret": company.client_secret}
    async with sandbox.running(company) as url, Client(timeout=60.0) as client:
        for wrong, status in (
            ({}, 200),
            ({"client_secret": NOBODY}, 401),
            ({"client_secret": "x"}, 400),
            ({"grant_type": "password"}, 400),
        ):
            for sent in ({"form": good | wrong}, {"json": good | wrong}):
                answer = await client.send("POST", f"{url}/auth/oauth/token", **sent)  # type: ignore[arg-type] # a body
                assert answer.status == status
                if status == 200:
                    check("Credentials", json.loads(answer.body))
        token = json.loads((await client.send("POST", f"{url}/auth/oauth/token", form=good)).body)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.send("POST", f"{url}/auth/oauth/revoke", headers=headers)).status == 200
        assert (await client.send("GET", f"{url}/users", headers=headers)).status == 401


async def test_lists_are_searched_ordered_and_paged(company: Company, api: Any) -> None:
    """By name, 25 at once and 50 at most; a search finds parts."""
    company.page_limit = 50
    team = company.add_group("Kassan", "team")
    ids = [
        company.add_person(givenName=f"P{n:02}", email=f"p{n}@x.se", groups=[team] * (n == 2), active=n != 3)
        for n in range(30)
    ]
    for query, wanted in (
        ((), ids[:25]),
        ((("limit", "50"),), ids),
        ((("limit", "2"), ("offset", "1")), ids[1:3]),
        ((("orderDirection", "DESC"), ("limit", "2")), ids[:-3:-1]),
        ((("search", "P1@x.se"),), [ids[1]]),
        ((("id", ids[4]), ("id", ids[1])), [ids[1], ids[4]]),
        ((("excludeId", ids[0]), ("limit", "1")), [ids[1]]),
        ((("team", team),), [ids[2]]),
        ((("isActive", "false"),), [ids[3]]),
    ):
        body = json.loads((await api(encode.Request("GET", "users", query))).body)
        assert [each["id"] for each in body["items"]] == wanted


async def test_an_address_is_anybodys_only_once(company: Company, api: Any) -> None:
    """Huma demands that login addresses are unique."""
    company.add_person(email="anna@x.se")
    again = encode.create({"email": "Anna@x.se", "given_name": "A", "family_name": "B"}, ())
    answer = await api(again)
    assert (answer.status, json.loads(answer.body)["fields"]) == (400, ["email"])


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_is_seen_and_done_or_not(company: Company, api: Any, fault: Fault) -> None:
    """The next call is well again."""
    company.faults.script.append(fault)
    request = encode.create({"email": "a@x.se", "given_name": "A", "family_name": "B"}, ())
    if fault in {Fault.LOSE_ANSWER, Fault.LOSE_REQUEST}:
        with pytest.raises(NoAnswer):
            await api(request)
    else:
        assert (await api(request)).status in {401, 429, 500, 502}
    assert len(company.people) == (fault in {Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS})
    assert (await api(encode.people())).status == 200


def test_chance_is_repeatable_and_a_share() -> None:
    """The same seed gives the same faults, at the routes named only."""
    one, two = (Faults(0.3, 7, ["POST /users"]) for _ in range(2))
    drawn = [one.choose("POST /users") for _ in range(200)]
    assert drawn == [two.choose("POST /users") for _ in range(200)]
    assert 30 < sum(fault is not None for fault in drawn) < 90
    assert one.choose("GET /users") is None
    with pytest.raises(ValueError, match="share"):
        Faults(1.5)


async def test_the_control_side_changes_what_the_api_shows_and_sends_webhooks() -> None:
    """Somebody is added, changed and deleted; deliveries are lost, doubled and delayed."""
    async with serve(Imitation("127.0.0.1")) as url, Client(timeout=60.0) as client:

        async def call(method: str, path: str, body: Any = None) -> Any:
            return json.loads((await client.send(method, f"{url}/_sandbox{path}", json=body)).body)

        assert len((await call("GET", ""))["people"]) == 4
        # The receiver is the sandbox itself: it has no such route, and says so.
        await call("POST", "/webhook", {"url": f"{url}/nowhere", "secret": "s", "encoding": "base64"})
        assert await call("POST", "/mishaps", {"script": ["double", "lose", "delay"]}) == {
            "script": ["double", "lose", "delay"]
        }
        person = (await call("POST", "/people", {"givenName": "Eva", "first_day": "2026-01-01"}))["id"]
        await call("PATCH", f"/people/{person}", {"givenName": "Ewa"})
        held = await call("GET", "")
        assert held["people"][person]["givenName"] == "Ewa"
        assert held["deliveries"] == [["users-create", 404], ["users-create", 404]]
        await call("DELETE", f"/people/{person}")
        held = await call("GET", "")
        assert (person in held["people"], held["held"]) == (False, 1)
        assert (await call("POST", "/let-go"))["deliveries"][-1] == ["users-delete", 404]
        assert (await call("POST", "/export"))["deliveries"][-1] == ["users-export", 404]
        assert await call("POST", "/faults", {"script": ["fail"]}) == {"script": ["fail"]}
        for path, body in (
            ("/faults", {"script": ["x"]}),
            ("/mishaps", {}),
            ("/webhook", {"url": 1}),
        ):
            assert "problems" in await call("POST", path, body)
        assert "problems" in await call("DELETE", f"/people/{person}")


async def test_a_taken_port_is_said_to_be(company: Company) -> None:
    """As OSError, which the command line turns into a sentence."""
    async with sandbox.running(company) as url:
        with pytest.raises(OSError, match="address already in use"):
            async with sandbox.running(company, port=int(url.rpartition(":")[2])):
                pass
