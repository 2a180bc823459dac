"""A company in the sandbox's Huma: its people, positions and groups, in memory, and how they are asked for."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from connectors.huma.sandbox.forms import NEW_POSITION, NEW_USER, POSITION, USER, is_uuid
from connectors.huma.sandbox.webhooks import Webhooks
from infra import clock
from infra.imitating import Faults

Record = dict[str, Any]

_FRAMED: Final = (
    "givenName",
    "familyName",
    "preferredName",
    "email",
    "birthDate",
    "phone",
    "homeAddress",
    "gender",
    "nationality",
    "civilStatus",
    "privateEmail",
    "employmentId",
    "bankAccount",
)
_SUMMED_UP: Final = ("contractStartDate", "contractEndDate", "description", "percentage", "contractType")
_DAYS: Final = ("firstDayOfWork", "lastDayOfWork")
_MEMBERS: Final = ("team", "location", "company")
_SECONDS: Final = 3600


class RequestRefused(Exception):
    """The API says no: a status, and the fields that are wrong or the kind of what is not there."""

    def __init__(self, status: int, *what: str) -> None:
        self.status, self.what = status, what
        super().__init__(f"{status}: {what}")


class Company:
    """One company.

    Attributes:
        client_id, client_secret: what is good for a token; change one, and no more are given.
        people: by id; each as it was written, with its ``positions`` by id.
        groups: by id, as the API shows them.
        page_limit: the most people that an answer holds; fewer than documented to try more pages with fewer people.
        says_totals: whether a list says how many records it has; the document does not require it.
        faults: what goes wrong with calls.
        webhooks: where changes are sent to.
        calls: method and path with query of each call of the API, in order; tokens apart.
        before: called before each call is answered, with its number; tests change things there.
        confirms_email: whether a new login e-mail address counts only once the person has confirmed it.
    """

    def __init__(self) -> None:
        self.id, self.client_id, self.client_secret = (self._uuid(name) for name in ("organisation", "id", "secret"))
        self.people: dict[str, Record] = {}
        self.groups: dict[str, Record] = {}
        self.page_limit = 50
        self.says_totals = True
        self.faults = Faults()
        self.webhooks = Webhooks()
        self.calls: list[str] = []
        self.tokens_given = 0
        self.before: Callable[[int], None] = lambda _: None
        self.confirms_email = False
        self._tokens: dict[str, Any] = {}
        self._made = 0
        self.title = {"id": self._uuid("title"), "name": "Butikschef"}

    # --- What a person does in the web application ----------------------------------------------------------------

    def add_group(self, name: str, kind: str = "company") -> str:
        """Make a company, a location or a team."""
        group = {"id": self._new("group"), "name": name, "type": kind}
        self.groups[group["id"]] = group
        return group["id"]

    def add_person(self, first_day: str | None = None, last_day: str | None = None, **fields: Any) -> str:
        """Add somebody, employed from a day if one is given; ``fields`` by the API's names. Return their id."""
        person_id = self._new("user")
        self.people[person_id] = {
            "id": person_id,
            "email": f"{person_id[:8]}@example.se",
            "groups": [],
            "active": True,
            "type": "user",
            "positions": {},
            **fields,
        }
        if first_day:
            self.add_position(person_id, firstDayOfWork=first_day, lastDayOfWork=last_day, tell=False)
        self._changed("users-create", person_id)
        return person_id

    def add_position(self, person_id: str, *, tell: bool = True, **fields: Any) -> str:
        """Give somebody a position; its contract is for the days of work where nothing else is said."""
        position_id = self._new("position")
        self.people[person_id]["positions"][position_id] = {
            "contractStartDate": fields.get("firstDayOfWork"),
            "contractEndDate": fields.get("lastDayOfWork"),
            "contractType": "Permanent",
            "percentage": 100,
            **fields,
        }
        if tell:
            self._changed("users-update", person_id)
        return position_id

    def change_person(self, person_id: str, **fields: Any) -> None:
        """Change fields of a person; None empties one."""
        self.people[person_id] |= fields
        self._changed("users-update", person_id, *fields)

    def change_position(self, person_id: str, position_id: str, **fields: Any) -> None:
        """Change fields of a position; None empties one."""
        self.people[person_id]["positions"][position_id] |= fields
        self._changed("users-update", person_id)

    def remove(self, person_id: str) -> None:
        """Delete somebody."""
        said = self._said(person_id)
        del self.people[person_id]
        self.webhooks.changed("users-delete", said)

    def export(self) -> None:
        """Send everybody's full state, as for an initial load."""
        self.webhooks.changed("users-export", *(self.details(person_id) for person_id in self.people))

    def forget_tokens(self) -> Record:
        """End every access token."""
        self._tokens.clear()
        return {}

    # --- What the API does ----------------------------------------------------------------------------------------

    def token(self, form: Mapping[str, Any]) -> Record:
        """Answer the token endpoint. Raises RequestRefused."""
        if form.get("grant_type") != "client_credentials":
            raise RequestRefused(400, "grant_type")
        if not all(is_uuid(form.get(name)) for name in ("client_id", "client_secret")):
            raise RequestRefused(400, "client_id", "client_secret")
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            raise RequestRefused(401)
        self.tokens_given += 1
        access = f"sandbox-token-{self.tokens_given}"
        self._tokens[access] = clock.now() + timedelta(seconds=_SECONDS)
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": _SECONDS,
            "organizationId": self.id,
            "userId": self._uuid("service"),
        }

    def admits(self, token: str) -> bool:
        """Tell whether an access token is good."""
        return token in self._tokens and clock.now() < self._tokens[token]

    def listed(self, query: Mapping[str, list[str]]) -> Record:
        """Answer GET /users. Raises RequestRefused."""
        found = sorted(self.people.values(), key=lambda each: (_name(each), each["id"]))
        if query.get("orderDirection", ["ASC"])[0] == "DESC":
            found.reverse()
        words = query.get("search", [""])[0].casefold()
        found = [each for each in found if words in f"{_name(each)} {each['email']}".casefold()]
        if "isActive" in query:
            found = [each for each in found if each["active"] == (query["isActive"][0] == "true")]
        if "id" in query:
            found = [each for each in found if each["id"] in query["id"]]
        found = [each for each in found if each["id"] not in query.get("excludeId", ())]
        for kind in _MEMBERS:
            if kind in query:
                found = [each for each in found if set(each["groups"]) & set(query[kind])]
        return self._page([self._summary(each) for each in found], query, 25, 50, self.page_limit)

    def listed_groups(self, query: Mapping[str, list[str]]) -> Record:
        """Answer GET /groups. Raises RequestRefused."""
        kinds = query.get("type", _MEMBERS)
        words = query.get("search", [""])[0].casefold()
        found = [each for each in self.groups.values() if each["type"] in kinds and words in each["name"].casefold()]
        return self._page(found, query, 10, 25, 25)

    def listed_positions(self, person_id: str, query: Mapping[str, list[str]]) -> Record:
        """Answer GET /users/{id}/positions. Raises RequestRefused."""
        positions = self._person(person_id)["positions"]
        found = [self._position_summary(person_id, position_id) for position_id in positions]
        return self._page(found, query, 1000, 1000, 1000)

    def details(self, person_id: str) -> Record:
        """Answer GET /users/{id}. Raises RequestRefused."""
        person = self._person(person_id)
        shown: Record = {"id": person_id} | {name: _framed(person.get(name)) for name in _FRAMED}
        if "requestedEmail" in person:
            shown["email"]["requestedValue"] = person["requestedEmail"]
        if account := person.get("bankAccount"):
            shown["bankAccount"] = _framed({"code": account.get("country", "SE"), **account})
        current = [each for each in person["positions"] if self._status(person_id, each) == "CURRENT"]
        started = [each["contractStartDate"] for each in person["positions"].values() if each["contractStartDate"]]
        for (
            name
        ) in _DAYS:  # those of the current position; of somebody without any, what was kept before there were any
            days = [person["positions"][each].get(name) for each in current]
            shown[name] = _framed((days[0] if name == _DAYS[0] else days[-1]) if days else person.get(name))
        return shown | {
            "firstContractStartDate": _framed(min(started, default=None)),
            "currentPositions": [self._position_summary(person_id, each) for each in current],
            "teams": _framed([]),
            "groups": _framed([self.groups[each] for each in person["groups"]]),
            "subordinatesCount": 0,
            "custom": {
                name: {"label": name, "value": value, "editable": True, "section": "misc", "type": "text"}
                for name, value in person.get("custom", {}).items()
            },
            "status": {"active": person["active"]},
            "type": person["type"],
        }

    def position(self, person_id: str, position_id: str) -> Record:
        """Answer GET /users/{id}/positions/{id}. Raises RequestRefused."""
        person = self._person(person_id)
        if position_id not in person["positions"]:
            raise RequestRefused(404, "Position")
        fields = person["positions"][position_id]
        shown = {name: _framed(fields.get(name)) for name in POSITION.fields if name != "titleId"}
        return {"id": position_id, "status": self._status(person_id, position_id), "title": _framed(self.title)} | shown

    def create(self, body: Any) -> Record:
        """Answer POST /users. Raises RequestRefused."""
        self._check(body, NEW_USER.wrong(body))
        fields = {name: value for name, value in body.items() if not name.startswith("invite")}
        return self._summary(self.people[self.add_person(**fields)])

    def change(self, person_id: str, body: Any) -> Record:
        """Answer PATCH /users/{id}. Raises RequestRefused."""
        person = self._person(person_id)
        self._check(body, USER.wrong(body), person_id)
        if self.confirms_email and body.get("email", person["email"]) != person["email"]:
            body = {"requestedEmail": body["email"], **{name: each for name, each in body.items() if name != "email"}}
        self.change_person(person_id, **body)
        return self.details(person_id)

    def create_position(self, person_id: str, body: Any) -> Record:
        """Answer POST /users/{id}/positions. Raises RequestRefused."""
        self._person(person_id)
        self._check(body, NEW_POSITION.wrong(body))
        return self.position(person_id, self.add_position(person_id, **body))

    def patch_position(self, person_id: str, position_id: str, body: Any) -> Record:
        """Answer PATCH /users/{id}/positions/{id}. Raises RequestRefused."""
        self.position(person_id, position_id)
        self._check(body, POSITION.wrong(body))
        self.change_position(person_id, position_id, **body)
        return self.position(person_id, position_id)

    def _check(self, body: Any, wrong: Iterable[str], person_id: str = "") -> None:
        problems = list(wrong)
        if not problems and (email := body.get("email")) is not None:
            taken = {each["email"].casefold() for each in self.people.values() if each["id"] != person_id}
            if "@" not in email or email.casefold() in taken:
                problems.append("email")
        if problems:
            raise RequestRefused(400, *problems)

    def _person(self, person_id: str) -> Record:
        if not is_uuid(person_id):
            raise RequestRefused(400, "id")
        if person_id not in self.people:
            raise RequestRefused(404, "User")
        return self.people[person_id]

    def _page(
        self, found: list[Record], query: Mapping[str, list[str]], usual: int, most: int, page_limit: int
    ) -> Record:
        limit, offset = query.get("limit", [str(usual)])[0], query.get("offset", ["0"])[0]
        if not limit.isdecimal() or int(limit) > most:
            raise RequestRefused(400, "limit")
        if not offset.isdecimal():
            raise RequestRefused(400, "offset")
        items = found[int(offset) : int(offset) + min(int(limit), page_limit)]
        total = {"total": len(found)} if self.says_totals else {}
        return {**total, "items": items, "filters": {}, "meta": {}}

    def _summary(self, person: Record) -> Record:
        names = ("id", "givenName", "familyName", "preferredName", "email", "phone", "type")
        shown = {name: person[name] for name in names if person.get(name) is not None}
        current = any(self._status(person["id"], each) == "CURRENT" for each in person["positions"])
        return (
            {"givenName": "", "familyName": ""}
            | shown
            | {
                "jobTitles": [self.title] if current else [],
                "groups": [self.groups[each] for each in person["groups"] if each in self.groups],
                "status": {"active": person["active"]},
            }
        )

    def _position_summary(self, person_id: str, position_id: str) -> Record:
        fields = self.people[person_id]["positions"][position_id]
        shown = {name: fields[name] for name in _SUMMED_UP if fields.get(name) is not None}
        return {"id": position_id, "title": self.title, "status": self._status(person_id, position_id)} | shown

    def _status(self, person_id: str, position_id: str) -> str:
        fields, today = self.people[person_id]["positions"][position_id], clock.now().date().isoformat()
        if (fields.get("contractStartDate") or today) > today:
            return "UPCOMING"
        return "ENDED" if (fields.get("contractEndDate") or today) < today else "CURRENT"

    def _changed(self, topic: str, person_id: str, *fields: str) -> None:
        person = self.people[person_id]
        self.webhooks.changed(topic, self._said(person_id) | {name: person[name] for name in fields})

    def _said(self, person_id: str) -> Record:
        return {"id": person_id, "email": self.people[person_id]["email"]}

    def _new(self, kind: str) -> str:
        self._made += 1
        return self._uuid(f"{kind}/{self._made}")

    def _uuid(self, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"huma-sandbox/{name}"))


def _name(person: Record) -> str:
    return f"{person.get('givenName') or ''} {person.get('familyName') or ''}"


def _framed(value: Any) -> Record:
    frame: Record = {"editable": True}
    return frame if value is None else frame | {"value": value}
