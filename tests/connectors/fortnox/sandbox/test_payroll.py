"""Employees, absences and attendances (facts §2.6, §3.1, §3.2)."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Company
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import ROUTES
from infra import clock

HANDLERS = {f"{method} {path}": handler for method, path, _, handler in ROUTES}
NAMES = {"FirstName": "Åsa", "LastName": "Öberg", "Email": "asa@example.se"}
FIRST = "1970-01-01"


class SandboxDriver:
    """One company, asked without HTTP."""

    def __init__(self, **fields: Any) -> None:
        self.company = Company(1001, **fields)

    def ask(self, route: str, body: Any = None, query: dict[str, str] | None = None, **path: str) -> tuple[int, Any]:
        """Return status and content; a refusal is 400 or 404 and its name."""
        now = clock.now()
        asked = ApiRequest(now, path, query or {}, b"" if body is None else json.dumps(body).encode(), now)
        try:
            answer = HANDLERS[route](asked, self.company)
        except RequestRefused as no:
            return (404 if no.refusal.missing else 400), no.refusal.name
        return answer.status, json.loads(answer.body) if answer.body else None

    def hire(self, **fields: Any) -> Any:
        """Make an employee; return it, or the name of the refusal."""
        status, content = self.ask("POST /3/employees", {"Employee": {**NAMES, **fields}})
        return content["Employee"] if status == 200 else content

    def change(self, key: str, **fields: Any) -> Any:
        """Change an employee; return it, or the name of the refusal."""
        status, content = self.ask("PUT /3/employees/{key}", {"Employee": fields}, key=key)
        return content["Employee"] if status == 200 else content

    def employee(self, key: str = "1") -> Any:
        """Return an employee."""
        return self.ask("GET /3/employees/{key}", key=key)[1]["Employee"]

    def absent(self, **fields: Any) -> Any:
        """Report an absence; return it, or the name of the refusal."""
        body = {"EmployeeId": "1", "CauseCode": "SJK", "Date": "2026-03-02", **fields}
        status, content = self.ask("POST /3/absencetransactions", {"AbsenceTransaction": body})
        return content["AbsenceTransaction"] if status == 200 else content

    def absences(self, **query: str) -> list[Any]:
        """List absences."""
        return list(self.ask("GET /3/absencetransactions", query=query)[1]["AbsenceTransactions"])


@pytest.fixture
def fortnox() -> SandboxDriver:
    """Return a company with one employee, number 1."""
    found = SandboxDriver()
    found.hire()
    return found


def test_an_employee_without_a_number_gets_the_next_one(fortnox: SandboxDriver) -> None:
    """EmployeeId is optional; letters are taken; a taken one is refused."""
    assert fortnox.hire(EmployeeId="TEST_EMP")["EmployeeId"] == "TEST_EMP"
    assert fortnox.hire(EmployeeId="41")["EmployeeId"] == "41"
    assert fortnox.hire()["EmployeeId"] == "42"
    assert fortnox.hire(EmployeeId="TEST_EMP") == "taken"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"Email": ""}, "missing_field"),
        ({"FirstName": None}, "missing_field"),
        ({"EmployeeId": "1234567890123456"}, "too_long"),
        ({"JobTitle": "x" * 31}, "too_long"),
        ({"EmploymentForm": "XXX"}, "bad_choice"),
        ({"TaxColumn": 7}, "bad_choice"),
        ({"TaxColumn": "1"}, "not_number"),
        ({"TaxColumn": 1.5}, "not_number"),
        ({"Inactive": "true"}, "not_boolean"),
        ({"MonthlySalary": "much"}, "not_number"),
        ({"City": 17}, "not_text"),
        ({"City": "a|b"}, "bad_characters"),
        ({"EmploymentDate": "2026-02-30"}, "bad_date"),
        ({"FullName": "x"}, "unknown_field"),
        ({"VacationDaysPaid": 1}, "unknown_field"),
        ({"Nickname": "x"}, "unknown_field"),
        ({"CostCenter": "99"}, "unknown_cost_centre"),
        ({"Project": "99"}, "unknown_project"),
        ({"ScheduleId": "HEL", "DatedSchedules": [{"EmployeeId": "2", "FirstDay": FIRST}]}, "one_of_two"),
        ({"MonthlySalary": "1", "DatedWages": [{"EmployeeId": "2", "FirstDay": FIRST}]}, "one_of_two"),
        ({"DatedWages": []}, "bad_dated_list"),
        ({"DatedWages": [{"EmployeeId": "2", "FirstDay": "2026-01-01"}]}, "bad_dated_list"),
        ({"DatedWages": [{"EmployeeId": "2", "FirstDay": FIRST}] * 2}, "bad_dated_list"),
        ({"DatedWages": [{"EmployeeId": "2", "FirstDay": day} for day in (FIRST, "1969-12-31")]}, "bad_dated_list"),
        ({"DatedWages": [{"EmployeeId": "3", "FirstDay": FIRST}]}, "fixed"),
    ],
)
def test_a_bad_employee_is_refused_and_not_kept(fortnox: SandboxDriver, fields: dict[str, Any], refusal: str) -> None:
    """Each check has its own refusal, and nothing is kept."""
    assert fortnox.hire(**{"EmployeeId": "2", **fields}) == refusal
    assert [*fortnox.company.register("employees")] == ["1"]


def test_salaries_are_text_and_flags_are_not(fortnox: SandboxDriver) -> None:
    """Types are as recorded: MonthlySalary "45000", TaxColumn 1, Inactive false."""
    made = fortnox.hire(MonthlySalary=45000, HourlyPay="180.50", TaxColumn=1, TaxTable="33", ClearingNo="0123")
    assert (made["MonthlySalary"], made["HourlyPay"], made["TaxColumn"]) == ("45000", "180.5", 1)
    assert (made["ClearingNo"], made["Inactive"], made["FullName"]) == ("0123", False, "Åsa Öberg")
    assert (made["EmployedTo"], made["Address1"], made["ForaType"]) == (None, "", "-")


def test_a_number_never_changes(fortnox: SandboxDriver) -> None:
    """The own number may be sent along, another one may not."""
    assert fortnox.change("1", EmployeeId="1", City="Lund")["City"] == "Lund"
    assert fortnox.change("1", EmployeeId="2") == "fixed"
    assert fortnox.change("2", City="Lund") == "no_employee"


def test_an_employee_is_never_deleted_but_inactive(fortnox: SandboxDriver) -> None:
    """There is no DELETE; lists can be filtered."""
    assert "DELETE /3/employees/{key}" not in HANDLERS
    fortnox.hire()
    fortnox.change("1", Inactive=True)
    listed = {
        name: [one["EmployeeId"] for one in fortnox.ask("GET /3/employees", query={"filter": name})[1]["Employees"]]
        for name in ("active", "inactive")
    }
    assert listed == {"active": ["2"], "inactive": ["1"]}
    assert fortnox.ask("GET /3/employees", query={"lastmodified": "2026-01-01"}) == (400, "bad_parameter")


def test_what_is_valid_today_is_shown_of_dated_wages(fortnox: SandboxDriver) -> None:
    """MonthlySalary and HourlyPay show today's pair; a later one waits for its day; lists leave the history out."""
    later = (clock.now() + timedelta(days=40)).date().isoformat()
    days = ((later, "50000"), (FIRST, "40000"), ("2020-01-01", "45000"))
    wages = [{"EmployeeId": "1", "FirstDay": day, "MonthlySalary": salary} for day, salary in days]
    changed = fortnox.change("1", DatedWages=wages)
    assert changed["MonthlySalary"] == "45000"
    assert [row["FirstDay"] for row in changed["DatedWages"]] == [FIRST, "2020-01-01", later]
    assert fortnox.change("1", HourlyPay="200")["MonthlySalary"] == "45000"
    assert [row["HourlyPay"] for row in fortnox.employee()["DatedWages"]] == [None, "200", None]
    (item,) = fortnox.ask("GET /3/employees")[1]["Employees"]
    assert item["MonthlySalary"] == "45000"
    assert "DatedWages" not in item


def test_a_field_that_may_not_be_read_shows_api_noright(fortnox: SandboxDriver) -> None:
    """The magic value stands in the field's place, in one record and in lists."""
    fortnox.company.no_right = {"MonthlySalary"}
    assert fortnox.employee()["MonthlySalary"] == "API_NORIGHT"
    assert fortnox.ask("GET /3/employees")[1]["Employees"][0]["MonthlySalary"] == "API_NORIGHT"


TEXTS = ("Address1", "City", "Phone1", "JobTitle", "BankAccountNo", "PersonalIdentityNumber")
SENT = st.dictionaries(st.sampled_from(TEXTS), st.sampled_from([None, "", "API_BLANK", "Lund", "Malmö 7"]))


@given(st.lists(SENT, max_size=6))
def test_a_put_keeps_what_is_left_out_null_or_empty_and_api_blank_clears(puts: list[dict[str, Any]]) -> None:
    """The rule of facts §2.6, against the simplest model of it."""
    fortnox = SandboxDriver()
    fortnox.hire()
    model = dict.fromkeys(TEXTS, "")
    for sent in puts:
        changed = fortnox.change("1", **sent)
        for name, value in sent.items():
            if value not in (None, ""):
                model[name] = "" if value == "API_BLANK" else value
        assert {name: changed[name] for name in TEXTS} == model
        assert fortnox.employee() == changed


def test_what_an_employee_cannot_be_without_cannot_be_cleared(fortnox: SandboxDriver) -> None:
    """API_BLANK in a required field is refused, and changes nothing else either."""
    assert fortnox.change("1", Email="API_BLANK", City="Lund") == "missing_field"
    assert fortnox.employee()["City"] == ""


def test_an_absence_that_is_posted_twice_is_two(fortnox: SandboxDriver) -> None:
    """Fortnox has no natural key for them: each gets an id of its own."""
    one, two = fortnox.absent(Hours=5.5), fortnox.absent(Hours=5.5)
    assert one["id"] != two["id"]
    assert {**one, "id": 0, "@url": 0} == {**two, "id": 0, "@url": 0}
    assert [each["id"] for each in fortnox.absences(employeeid="1", date="2026-03-02")] == [one["id"], two["id"]]
    assert fortnox.absences(employeeid="2") == fortnox.absences(date="2026-03-03") == []
    path = {"key": "1", "date": "2026-03-02", "code": "SJK"}
    several = fortnox.ask("GET /3/absencetransactions/{key}/{date}/{code}", **path)[1]["AbsenceTransactions"]
    assert len(several) == 2


def test_an_absence_is_changed_and_deleted_by_its_id(fortnox: SandboxDriver) -> None:
    """Payroll answers 200 also to a DELETE; after it the id is unknown."""
    key = fortnox.absent(Extent=100)["id"]
    route = "{} /3/absencetransactions/{{key}}"
    status, changed = fortnox.ask(route.format("PUT"), {"AbsenceTransaction": {"Extent": 50, "Project": ""}}, key=key)
    assert (status, changed["AbsenceTransaction"]["Extent"]) == (200, 50)
    assert fortnox.ask(route.format("DELETE"), key=key) == (200, None)
    assert fortnox.ask(route.format("GET"), key=key) == (404, "no_unit")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"id": "497f6eca-6276-4993-bfeb-53cbbbba6f08"}, "unknown_field"),
        ({"CauseCode": "XXX"}, "bad_cause"),
        ({"EmployeeId": "2"}, "unknown_employee"),
        ({"CostCenter": "99"}, "unknown_cost_centre"),
        ({"Project": "99"}, "unknown_project"),
        ({"Date": None}, "missing_field"),
        ({"Hours": "fem"}, "not_number"),
    ],
)
def test_a_bad_absence_is_refused(fortnox: SandboxDriver, fields: dict[str, Any], refusal: str) -> None:
    """An id of one's own, unknown causes, employees, cost centres and projects are refused."""
    assert fortnox.absent(**fields) == refusal
    assert fortnox.absences() == []


def test_hours_of_an_attendance_are_text(fortnox: SandboxDriver) -> None:
    """An absence has Hours as a number, an attendance as text; both come in as either (facts §3.2)."""
    body = {"AttendanceTransaction": {"EmployeeId": "1", "CauseCode": "TID", "Date": "2026-03-02", "Hours": "5"}}
    made = fortnox.ask("POST /3/attendancetransactions", body)[1]["AttendanceTransaction"]
    assert made["Hours"] == "5"
    assert fortnox.absent(Hours=5)["Hours"] == 5
    whole, part = fortnox.absent(Extent="100", Hours="0"), fortnox.absent(Extent="0", Hours="5.5")
    assert [(one["Extent"], one["Hours"]) for one in (whole, part)] == [(100, 0), (0, 5.5)]


@given(
    first=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.integers(1, 60),
    part=st.sampled_from([25, 50, 100]),
    limit=st.integers(1, 70),
)
def test_a_long_absence_is_one_record_a_day_and_pages_show_each_once(
    first: date, days: int, part: int, limit: int
) -> None:
    """There is no from and to: a range is as many records as it has days, each found by its day and on one page."""
    fortnox = SandboxDriver()
    fortnox.hire()
    wanted = [(first + timedelta(days=number)).isoformat() for number in range(days)]
    for day in wanted:
        fortnox.absent(Date=day, Extent=part)
    pages = -(-days // limit)
    shown = [one for page in range(1, pages + 1) for one in fortnox.absences(limit=str(limit), page=str(page))]
    assert [one["Date"] for one in shown] == wanted
    assert len({one["id"] for one in shown}) == days
    assert [one["Extent"] for one in fortnox.absences(date=wanted[-1])] == [part]
