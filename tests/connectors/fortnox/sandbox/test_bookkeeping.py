"""Years, series, accounts, cost centres and projects that are written, and the rules that accounts have."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.fortnox.sandbox import Company, CostCentre, state
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused, plain, to_json
from connectors.fortnox.sandbox.records import File, Record
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import ROUTES

HANDLERS = {f"{method} {path}": handler for method, path, _, handler in ROUTES}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SandboxDriver:
    """One company at a time that stands still until it is moved, asked without HTTP."""

    def __init__(self) -> None:
        self.company = Company(1001, cost_centres={"10": CostCentre("10", "Söder")})
        self.company.register("projects")["P1"] = Record({"ProjectNumber": "P1", "Description": "Bok"})
        self.now = NOON

    def ask(self, route: str, body: Any = None, query: dict[str, str] | None = None, **path: str) -> Any:
        """Return the content, or the name of the refusal."""
        content = b"" if body is None else json.dumps(body).encode()
        try:
            answer = HANDLERS[route](ApiRequest(self.now, path, query or {}, content, self.now), self.company)
        except RequestRefused as no:
            return no.refusal.name
        return json.loads(answer.body) if answer.body else answer.status

    def account(self, number: int = 3001, year: int = 4, **fields: Any) -> Any:
        """Change an account; return it, or the name of the refusal."""
        found = self.ask(
            "PUT /3/accounts/{number}", {"Account": fields}, {"financialyear": str(year)}, number=str(number)
        )
        return found["Account"] if isinstance(found, dict) else found

    def book(self, **sales: Any) -> Any:
        """Book a sale whose sales row has these fields; return 201 or the name of the refusal."""
        rows = [{"Account": 1910, "Debit": 1}, {"Account": 3001, "Credit": 1, **sales}]
        voucher = {"Description": "x", "VoucherSeries": "F", "TransactionDate": "2026-03-01", "VoucherRows": rows}
        found = self.ask("POST /3/vouchers", {"Voucher": voucher})
        return 201 if isinstance(found, dict) else found


@pytest.fixture
def fortnox() -> SandboxDriver:
    """Return a company with a cost centre and a project."""
    return SandboxDriver()


@pytest.mark.parametrize(
    ("setting", "field", "code", "name"),
    [
        ("CostCenterSettings", "CostCenter", "10", "cost_centre"),
        ("ProjectSettings", "Project", "P1", "project"),
        ("TransactionInformationSettings", "TransactionInformation", "Kassa 1", "text"),
    ],
)
def test_an_account_can_demand_or_forbid_a_code_on_its_rows(
    fortnox: SandboxDriver, setting: str, field: str, code: str, name: str
) -> None:
    """MANDATORY, NOTALLOWED and ALLOWED for cost centre, project and transaction information alike."""
    found = {}
    for rule in ("ALLOWED", "MANDATORY", "NOTALLOWED"):
        assert fortnox.account(**{setting: rule})[setting] == rule
        found[rule] = fortnox.book(), fortnox.book(**{field: code})
    assert found == {
        "ALLOWED": (201, 201),
        "MANDATORY": (f"{name}_needed", 201),
        "NOTALLOWED": (201, f"{name}_forbidden"),
    }


def test_projects_stand_on_rows_and_vouchers(fortnox: SandboxDriver) -> None:
    """A project that exists is kept; another one is 2001161."""
    assert fortnox.book(Project="P1") == 201
    assert fortnox.book(Project="P2") == "unknown_project"
    (booked,) = fortnox.company.vouchers()
    assert booked.draft.rows[1].project == "P1"


def test_without_cost_centre_support_no_cost_centre_is_taken(fortnox: SandboxDriver) -> None:
    """2000947 for one that is sent, 2000946 where an account demands one."""
    fortnox.company.cost_centre_support = False
    assert fortnox.book(CostCenter="10") == "no_cost_centres"
    assert fortnox.book() == 201
    fortnox.company.years[4].accounts[3001].cost_centre_rule = "MANDATORY"
    assert fortnox.book() == "cost_centre_needed"


def test_an_account_is_made_changed_and_deleted_in_one_year(fortnox: SandboxDriver) -> None:
    """Other years keep theirs; what vouchers bear cannot go."""
    body = {"Account": {"Number": 3999, "Description": "Annat", "BalanceBroughtForward": 10.5, "SRU": 7410}}
    made = fortnox.ask("POST /3/accounts", body, {"financialyear": "5"})["Account"]
    assert (made["Year"], made["BalanceBroughtForward"], made["BalanceCarriedForward"]) == (5, 10.5, 10.5)
    assert fortnox.ask("POST /3/accounts", body, {"financialyear": "5"}) == "taken"
    assert fortnox.account(3999, year=4) == "no_account"
    assert fortnox.account(3999, year=5, Number=3998) == "fixed"
    assert fortnox.account(3999, year=5, SRU="API_BLANK", Description="")["SRU"] is None
    sru = fortnox.ask("GET /3/accounts", query={"sru": "7410", "financialyear": "5"})["Accounts"]
    assert sru == []
    assert fortnox.ask("DELETE /3/accounts/{number}", query={"financialyear": "5"}, number="3999") == 204
    fortnox.book()
    assert fortnox.ask("DELETE /3/accounts/{number}", query={"financialyear": "4"}, number="3001") == "in_use"
    assert fortnox.ask("DELETE /3/accounts/{number}", query={"financialyear": "5"}, number="3001") == 204


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"Number": 999, "Description": "x"}, "bad_account"),
        ({"Number": "3998", "Description": "x"}, "not_number"),
        ({"Number": 3998}, "missing_field"),
        ({"Number": 3998, "Description": "x", "CostCenterSettings": "SOMETIMES"}, "bad_choice"),
        ({"Number": 3998, "Description": "x", "Year": 4}, "unknown_field"),
        ({"Number": 3998, "Description": "x", "CostCenter": "99"}, "unknown_cost_centre"),
    ],
)
def test_a_bad_account_is_refused(fortnox: SandboxDriver, fields: dict[str, Any], refusal: str) -> None:
    """Four digits, a description, and only what can be written."""
    assert fortnox.ask("POST /3/accounts", {"Account": fields}) == refusal
    assert 3998 not in fortnox.company.years[4].accounts


@pytest.mark.parametrize(
    ("account", "refusal"), [(301, "bad_account"), (3999, "bad_predefined"), ("", "bad_predefined")]
)
def test_a_predefined_account_has_four_digits_and_is_there(
    fortnox: SandboxDriver, account: object, refusal: str
) -> None:
    """Fortnox's document names a code for each: 2002462, and 2001265, which is also that of none."""
    body, route = {"PreDefinedAccount": {"Account": account}}, "PUT /3/predefinedaccounts/{name}"
    assert fortnox.ask(route, body, name="SALES_25_SE") == refusal


def test_a_series_is_made_in_one_year_and_opened_for_manual_entry(fortnox: SandboxDriver) -> None:
    """There is no DELETE; its code stays."""
    body = {"VoucherSeries": {"Code": "BB", "Description": "Bokbuss"}}
    made = fortnox.ask("POST /3/voucherseries", body, {"financialyear": "5"})["VoucherSeries"]
    assert (made["Year"], made["Manual"], made["NextVoucherNumber"]) == (5, False, 1)
    change = {"VoucherSeries": {"Manual": True}}
    changed = fortnox.ask("PUT /3/voucherseries/{code}", change, {"financialyear": "5"}, code="BB")["VoucherSeries"]
    assert (changed["Manual"], changed["Description"]) == (True, "Bokbuss")
    assert fortnox.ask("PUT /3/voucherseries/{code}", change, {"financialyear": "4"}, code="BB") == "no_series"
    assert "DELETE /3/voucherseries/{code}" not in HANDLERS


def test_a_new_year_has_the_chart_and_series_of_the_newest(fortnox: SandboxDriver) -> None:
    """Its id is the next one; it may not overlap another year."""
    fortnox.company.years[5].accounts[3001].active = False
    body = {"FinancialYear": {"FromDate": "2028-01-01", "ToDate": "2028-12-31"}}
    assert fortnox.ask("POST /3/financialyears", body)["FinancialYear"]["Id"] == 6
    assert fortnox.company.years[6].accounts[3001].active is False
    assert fortnox.company.years[6].series.keys() == fortnox.company.years[5].series.keys()
    assert fortnox.ask("POST /3/financialyears", body) == "years_overlap"


def test_a_cost_centre_that_a_voucher_bears_stays(fortnox: SandboxDriver) -> None:
    """Another one goes with 204; a changed one shows its note."""
    change = {"CostCenter": {"Note": "Ny", "Active": False}}
    assert fortnox.ask("PUT /3/costcenters/{code}", change, code="10")["CostCenter"]["Active"] is False
    assert fortnox.book(CostCenter="10") == "inactive_cost_centre"
    fortnox.company.cost_centres["10"].active = True
    fortnox.book(CostCenter="10")
    assert fortnox.ask("DELETE /3/costcenters/{code}", code="10") == "in_use"
    made = {"CostCenter": {"Code": "20", "Description": "Vasa"}}
    assert fortnox.ask("POST /3/costcenters", made)["CostCenter"]["Active"] is True
    assert fortnox.ask("DELETE /3/costcenters/{code}", code="20") == 204


def test_a_project_in_a_list_has_no_comments_and_no_contact(fortnox: SandboxDriver) -> None:
    """As recorded; a new one is ONGOING and gets the next number."""
    made = fortnox.ask("POST /3/projects", {"Project": {"Description": "Some important project", "Comments": "A"}})
    assert made["Project"] == {
        "@url": "https://api.fortnox.se/3/projects/1",
        "Comments": "A",
        "ContactPerson": None,
        "Description": "Some important project",
        "EndDate": None,
        "ProjectLeader": None,
        "ProjectNumber": "1",
        "Status": "ONGOING",
        "StartDate": None,
    }
    (item,) = fortnox.ask("GET /3/projects", query={"description": "IMPORTANT"})["Projects"]
    assert made["Project"].keys() - item.keys() == {"Comments", "ContactPerson"}


def test_vouchers_are_found_by_cost_centre_and_by_when_they_were_booked(fortnox: SandboxDriver) -> None:
    """``lastmodified`` is a time of day in Sweden: 13:00 there is noon in UTC."""
    fortnox.book(CostCenter="10")
    fortnox.now = NOON + timedelta(hours=1)
    fortnox.book()

    def numbers(**query: str) -> list[int]:
        return [one["VoucherNumber"] for one in fortnox.ask("GET /3/vouchers", query=query)["Vouchers"]]

    assert numbers(costcenter="10") == [1]
    assert numbers(costcenter="99") == []
    assert numbers(lastmodified="2026-03-01 13:00") == [1, 2]
    assert numbers(lastmodified="2026-03-01 13:01") == [2]
    assert numbers(lastmodified="2026-03-02") == []
    assert fortnox.ask("GET /3/vouchers", query={"lastmodified": "2026-03-01T13:00"}) == "bad_parameter"


def test_only_what_was_changed_since_is_listed(fortnox: SandboxDriver) -> None:
    """Accounts and projects that were there before nobody changed."""
    query = {"lastmodified": "2026-03-01"}
    assert fortnox.ask("GET /3/accounts", query=query)["Accounts"] == []
    assert fortnox.ask("GET /3/projects", query=query)["Projects"] == []
    fortnox.account(Active=False)
    fortnox.ask("PUT /3/projects/{key}", {"Project": {"Status": "COMPLETED"}}, key="P1")
    assert [one["Number"] for one in fortnox.ask("GET /3/accounts", query=query)["Accounts"]] == [3001]
    assert len(fortnox.ask("GET /3/projects", query=query)["Projects"]) == 1


def test_a_record_that_lists_do_not_show_yet_can_be_read(fortnox: SandboxDriver) -> None:
    """Lists lag behind; the record itself is there."""
    later = Record({"ProjectNumber": "P2", "Description": "x"}, NOON, NOON + timedelta(seconds=3))
    fortnox.company.register("projects")["P2"] = later
    assert [one["ProjectNumber"] for one in fortnox.ask("GET /3/projects")["Projects"]] == ["P1"]
    assert fortnox.ask("GET /3/projects/{key}", key="P2")["Project"]["ProjectNumber"] == "P2"
    fortnox.now += timedelta(seconds=3)
    assert len(fortnox.ask("GET /3/projects")["Projects"]) == 2


def test_everything_that_a_company_has_is_kept_between_starts(fortnox: SandboxDriver) -> None:
    """What is written as JSON reads as the same company, files and amounts included."""
    fortnox.ask("POST /3/customers", {"Customer": {"Name": "x", "InvoiceDiscount": 1.5}})
    fortnox.ask("POST /3/invoices", {"Invoice": {"CustomerNumber": "1", "InvoiceRows": [{"Price": 1.1, "VAT": 0}]}})
    fortnox.ask("DELETE /3/customers/{key}", key="1")
    fortnox.account(BalanceBroughtForward=1.5)
    fortnox.book(CostCenter="10", Project="P1")
    fortnox.company.files["f"] = File("f", "g", "a.pdf", "inbox_v", b"\x00\xff")
    read = Company(1001)
    state.fill(read, state.shown(fortnox.company))
    for name in ("registers", "reserved", "files", "years", "cost_centres"):
        assert getattr(read, name) == getattr(fortnox.company, name)


def test_the_escapes_of_php_can_be_switched_off() -> None:
    """The content is the same; other bodies stay as they are."""
    answer = ApiAnswer(200, to_json({"Name": "Blåbär/AB", "Sum": 1}))
    assert answer.body == rb'{"Name":"Bl\u00e5b\u00e4r\/AB","Sum":1}'
    assert plain(answer).body == '{"Name":"Blåbär/AB","Sum":1}'.encode()
    assert plain(ApiAnswer(200, b"\xff", "application/octet-stream")).body == b"\xff"
