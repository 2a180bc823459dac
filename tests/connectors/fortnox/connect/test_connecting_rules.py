"""What is asked for, what a link and a state are worth, and whose company came: the rules of connecting."""

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox import SYSTEM, needs, whose, words
from connectors.fortnox.connect import connecting, consent, outcomes, views
from connectors.fortnox.connect.consent import (
    ActivationLink,
    AuthorizationCode,
    ConsentOutcome,
    KnownCompany,
    OAuthState,
    Result,
)
from connectors.fortnox.doctor import checks
from connectors.fortnox.doctor.checks import CompanyInformation
from connectors.fortnox.sandbox import licences as sandbox_licences
from connectors.fortnox.whose import OpenedCompany
from infra import registry
from infra.access.vault import Vault
from infra.http import Response
from infra.plugin import Host
from schemas.bas import BAS_DAY_SALES
from schemas.base import Language
from schemas.settings import EmployeesSettings, InvoicingSettings, TenantSettings
from schemas.words import LANGUAGES, Said, chosen

NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
STAFF = EmployeesSettings(system="huma", source_of_truth="hr")
NOTHING, SALES, BOTH = (
    TenantSettings(),
    TenantSettings(daysales=BAS_DAY_SALES),
    TenantSettings(daysales=BAS_DAY_SALES, employees=STAFF),
)
HOST = Host(settings=None, engine=None, vault=Vault(b"k" * 32), leases=None, accept=None)
NUMBERS = st.from_regex(r"[0-9]{10}", fullmatch=True)


def link(**changes: Any) -> ActivationLink:
    """Return a link that is open."""
    whole = {
        "link_id": "abc",
        "company": KnownCompany("krogen", organisation_number="5560160680"),
        "service": True,
        "settings": SALES,
        "made_by": "Anna",
        "expires_at": NOW + timedelta(days=7),
    }
    return ActivationLink(**(whole | changes))


# --- Scopes -------------------------------------------------------------------------------------------------------


def test_only_what_the_switched_on_flows_need_is_asked_for() -> None:
    """Salary and projects are asked for with employees, and not before."""
    assert needs.scopes(SALES) == ("bookkeeping", "companyinformation", "settings", "costcenter")
    assert set(needs.scopes(BOTH)) - set(needs.scopes(SALES)) == {"salary", "project"}
    assert len(needs.scopes(BOTH)) == len(set(needs.scopes(BOTH)))
    assert needs.licences(TenantSettings(employees=STAFF)) == ("integration", "salary")


def test_invoices_or_orders_are_asked_for_as_is_chosen() -> None:
    """And bookkeeping only where a voucher stands beside each: what is switched off asks for nothing."""
    invoices, orders = (
        TenantSettings(
            daysales=BAS_DAY_SALES, invoicing=InvoicingSettings(order_instead_of_invoice=instead, in_day_close=False)
        )
        for instead in (False, True)
    )
    assert set(needs.scopes(invoices)) - set(needs.scopes(SALES)) == {"invoice", "customer"}
    assert set(needs.scopes(orders)) - set(needs.scopes(SALES)) == {"order", "customer"}
    assert needs.needs_of("invoicing", invoices).licences == ("integration", "invoicing")
    assert needs.needs_of("invoicing", orders).licences == ("integration", "invoicing", "order")
    beside = TenantSettings(daysales=BAS_DAY_SALES, invoicing=InvoicingSettings())
    assert "bookkeeping" in needs.needs_of("invoicing", beside).scopes
    assert "bookkeeping" not in needs.needs_of("invoicing", invoices).scopes


def test_what_is_switched_off_needs_nothing() -> None:
    """A restaurant that only invoices needs no bookkeeping module; one that only books, none for invoices."""
    unsynced = BAS_DAY_SALES.model_copy(update={"sync_sales": False, "attach_report": True})
    only = TenantSettings(daysales=unsynced, invoicing=InvoicingSettings(in_day_close=False))
    assert needs.licences(only) == ("integration", "invoicing")
    assert "bookkeeping" not in needs.scopes(only)
    books = TenantSettings(daysales=BAS_DAY_SALES, invoicing=InvoicingSettings(sync_invoices=False))
    assert (needs.licences(books), needs.scopes(books)) == (needs.licences(SALES), needs.scopes(SALES))
    assert not needs.is_switched_on(TenantSettings(daysales=unsynced))


def test_before_anything_is_switched_on_a_company_is_asked_for_what_booking_needs() -> None:
    """A company may connect before its accounts are mapped; that nothing is switched on is not hidden."""
    assert needs.scopes(NOTHING) == needs.scopes(SALES)
    assert [needs.is_switched_on(each) for each in (NOTHING, SALES)] == [False, True]


def test_a_flow_that_needs_more_asks_for_a_new_consent() -> None:
    """A refresh never widens scopes: what is missing is named, and the company gets a link."""
    granted = needs.scopes(SALES)
    assert needs.missing_scopes(SALES, granted) == ()
    assert needs.missing_scopes(BOTH, granted) == ("salary", "project")
    assert [needs.has_to_consent("connected", each, granted) for each in (SALES, BOTH)] == [False, True]


@pytest.mark.parametrize(
    ("health", "needed"),
    [
        ("not connected", True),
        ("needs consent", True),
        ("disconnected", True),
        ("expiring", True),
        ("connected", False),
        ("licence missing", False),
        ("paused", False),
    ],
)
def test_a_link_is_made_where_a_consent_mends_something(health: str, needed: bool) -> None:  # noqa: FBT001 - a column
    """A missing licence is bought, not consented to; scopes that are not known pass for enough."""
    assert needs.has_to_consent(health, SALES, ()) is needed


def test_each_section_of_the_settings_says_what_it_needs() -> None:
    """A flow that is added without its scopes would be found out at its first write."""
    ways = {"daytotals", "ways_in"}  # how payloads come in: nothing is ordered by them
    assert set(TenantSettings.model_fields) - ways == set(TenantSettings.ORDERS)
    assert set(TenantSettings.ORDERS) <= {flow.name for flow in registry.flows()}
    assert set(needs.NEEDS) == {order for sink in SYSTEM.sinks for order in sink.orders}
    assert all(needs.needs_of(flow, TenantSettings()).scopes for flow in TenantSettings.ORDERS)


def test_files_are_asked_for_where_they_are_wanted() -> None:
    """A company that wants its reports beside the vouchers consents to files, and nobody else does."""
    wants = TenantSettings(daysales=BAS_DAY_SALES.model_copy(update={"attach_report": True}))
    assert {"inbox", "archive", "connectfile"} <= set(needs.scopes(wants))
    assert not {"inbox", "archive", "connectfile"} & set(needs.scopes(SALES))
    assert needs.has_to_consent("connected", wants, needs.scopes(SALES))


def test_what_is_asked_for_can_be_had() -> None:
    """Scopes are the sandbox's, which are Fortnox's; and the licences that they need there are those we name."""
    for what, needed in [*needs.NEEDS.items(), ("orders", needs.ORDERS_INSTEAD), *needs.EXTRAS.items()]:
        assert set(needed.scopes) <= set(sandbox_licences.SCOPES), what
        for scope in needed.scopes:
            assert sandbox_licences.lacking(scope, set(needed.licences)) is None, (what, scope)


def test_documents_are_asked_for_by_a_consent_of_their_own() -> None:
    """Each extra is asked for only when somebody says so; what was consented to once is asked for again."""
    extras = ("documents", "supplier_documents")
    asked = needs.scopes(SALES, extras)
    assert set(asked) - set(needs.scopes(SALES)) == {"archive", "connectfile", "supplierinvoice"}
    assert set(needs.licences(SALES, extras)) - set(needs.licences(SALES)) == {"supplier-invoices"}
    assert needs.missing_scopes(SALES, needs.scopes(SALES), extras) == ("archive", "connectfile", "supplierinvoice")
    assert needs.extras_of(SALES, asked) == extras
    assert needs.extras_of(SALES, needs.scopes(SALES)) == ()
    assert needs.flows_that_need("archive", SALES, extras) == ("documents",)
    page = views.explanation(link(extras=extras), "en", "bokbuss.example")
    assert [name for name, _ in page.why] == ["Day closes", *(words.FLOWS[name][0].en for name in extras)]
    assert any("so that nobody has to ask you" in does for _, does in page.why)


def test_the_readme_shows_what_is_asked_for() -> None:
    """Whoever registers the integration ticks these scopes."""
    readme = Path(str(words.__file__)).with_name("README.md").read_text()
    for order, needed in needs.NEEDS.items():
        scopes = " ".join(f"`{scope}`" for scope in needed.scopes)
        licences = ", ".join(words.LICENCES[licence].sv.partition(":")[0] for licence in needed.licences)
        assert f"| `{order.__name__}` | {scopes} | {licences} |" in readme


# --- Words --------------------------------------------------------------------------------------------------------


def test_everything_that_is_asked_for_has_words() -> None:
    """No page names a scope, a licence, a flow or an outcome without saying what it is."""
    assert set(words.FLOWS) == set(TenantSettings.ORDERS) | set(needs.EXTRAS)
    needed = [*needs.NEEDS.values(), needs.ORDERS_INSTEAD, *needs.EXTRAS.values()]
    assert set(words.SCOPES) == {scope for each in needed for scope in each.scopes}
    assert set(words.LICENCES) == {licence for each in needed for licence in each.licences}
    assert set(outcomes.OUTCOMES) == set(get_args(ConsentOutcome))


def said(thing: object) -> list[Said]:
    """Return every text that something holds."""
    match thing:
        case Said():
            return [thing]
        case outcomes.OutcomeText(title, happened, steps, who):
            return [title, happened, *steps, *([who] if who else [])]
        case dict():
            return [each for value in thing.values() for each in said(value)]
        case tuple():
            return [each for value in thing for each in said(value)]
    return []


def test_both_languages_say_the_same_things() -> None:
    """Each text is there twice, with the same words to fill in, and is not the same twice."""
    tables = (words.FLOWS, words.SCOPES, words.LICENCES, words.EXPLAIN, words.LABELS, words.NEVER, words.COMMANDS)
    texts = [text for table in (*tables, outcomes.OUTCOMES, outcomes.NOTES) for text in said(table)]
    assert len(texts) > 100
    for text in texts:
        fields = [sorted({f for _, f, _, _ in Formatter().parse(each) if f}) for each in (text.sv, text.en)]
        assert fields[0] == fields[1], text
        assert text.sv, text


@pytest.mark.parametrize("outcome", get_args(ConsentOutcome))
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("known", [None, link(), link(company=KnownCompany("krogen"), service=False, settings=BOTH)])
def test_each_outcome_can_be_told(outcome: ConsentOutcome, language: Language, known: ActivationLink | None) -> None:
    """With a link and without: it, or its company, may be gone meanwhile."""
    found = (
        OpenedCompany("", "", 7)
        if outcome in {"connected", "other_company", "other_tenant", "other_database"}
        else None
    )
    result = Result(outcome, "abc", found, "said", adopted=bool(found), missing=("salary",) if found else ())
    result = replace(result, holder="bageriet" if outcome == "other_tenant" else "")
    page = views.outcome(result, known, language)
    assert page.title
    assert page.happened
    assert "{" not in "".join([page.title, page.happened, *page.notes, *page.steps, page.who])


def test_a_wrong_company_is_shown_by_name_and_number_beside_the_right_one() -> None:
    """Whoever approved must be able to see the mistake."""
    page = views.outcome(
        Result("other_company", "abc", OpenedCompany("Bageriet", "5566778899", 7), revoked=True), link(), "en"
    )
    assert page.facts == (("We asked for", "krogen, 556016-0680"), ("You approved for", "Bageriet, 556677-8899"))
    assert page.notes == ("The access was given back to Fortnox.",)


def test_where_staff_travels_connecting_leads_to_a_plan() -> None:
    """In both languages, and only once it is connected."""
    done = Result("connected", "abc", OpenedCompany("Bageriet", "5566778899", 7))
    for language in ("sv", "en"):
        steps = views.outcome(done, link(settings=BOTH), language).steps
        assert any("bokbuss plan employees" in step for step in steps)
        assert not any("plan employees" in step for step in views.outcome(done, link(), language).steps)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("en-GB,en;q=0.9,sv;q=0.1", "en"),
        ("de,en;q=0.3,sv;q=0.7", "sv"),
        ("de-DE", "en"),
        ("", "en"),
        (";q=,;;q=x,sv", "sv"),
    ],
)
def test_a_browser_gets_the_language_that_it_asks_for_first(accepted: str, language: str) -> None:
    """Of those that there are; else the installation's."""
    assert chosen(accepted, "en") == language


@given(st.text(max_size=60))
def test_no_wish_for_a_language_breaks_a_page(accepted: str) -> None:
    """A header can hold anything."""
    assert chosen(accepted, "sv") in LANGUAGES


# --- Links and states ---------------------------------------------------------------------------------------------


@given(st.timedeltas(min_value=timedelta(days=-30), max_value=timedelta(days=30)), st.booleans())
def test_a_link_works_once_and_until_its_time(age: timedelta, used: bool) -> None:  # noqa: FBT001 - a column
    """Used is used, however young."""
    worth = consent.worth(link(expires_at=NOW, used_at=NOW if used else None), NOW + age)
    assert worth == ("link_used" if used else "link_expired" if age >= timedelta(0) else "open")


@given(st.text(max_size=50), st.integers(0, 200), st.integers(1, 255))
def test_what_was_not_sealed_here_for_this_opens_nothing(text: str, place: int, flip: int) -> None:
    """A seal opens for its own purpose only, and not at all once a bit of it has changed."""
    token = connecting.sealed(HOST, text, "a")
    assert connecting.unsealed(HOST, token, "a") == text
    assert connecting.unsealed(HOST, token, "b") is None
    assert connecting.unsealed(Host(None, None, Vault(b"o" * 32), None, None), token, "a") is None
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[place % len(raw)] ^= flip
    assert connecting.unsealed(HOST, base64.urlsafe_b64encode(raw).decode().rstrip("="), "a") is None


@given(st.text(max_size=80))
def test_no_address_breaks_a_page(token: str) -> None:
    """An address can hold anything."""
    assert connecting.unsealed(HOST, token, "a") is None


@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, 2 * 3600))
def test_an_answer_counts_in_the_browser_that_asked_within_an_hour(nonce: str, other: str, age: int) -> None:
    """The state travels in addresses; the cookie's value does not, and is not in the state."""
    state = OAuthState("abc", consent.fingerprint(nonce), int(NOW.timestamp()))
    assert OAuthState.from_text(state.to_text()) == state
    later = NOW + timedelta(seconds=age)
    assert consent.state_worth(state, nonce, later) == ("good" if age < 3600 else "state_old")
    assert consent.state_worth(state, "", later) == "other_browser"
    if other != nonce:
        assert consent.state_worth(state, other, later) == "other_browser"


def test_the_way_to_fortnox_says_what_is_wanted() -> None:
    """Scopes are separated by spaces, offline is always asked for, service only where it was chosen (facts §1.1)."""
    asked: dict[str, Any] = {
        "client_id": "id",
        "redirect_uri": "https://x.example/oauth/callback",
        "asked": ("bookkeeping", "settings"),
        "state": "s",
    }
    url = urlsplit(consent.authorization_url("https://f.example/oauth-v1", **asked, service=True))
    assert url.path == "/oauth-v1/auth"
    query = parse_qs(url.query)
    assert query["scope"] == ["bookkeeping settings"]
    assert query["access_type"] == ["offline"]
    assert query["response_type"] == ["code"]
    assert query["account_type"] == ["service"]
    assert "account_type" not in consent.authorization_url("https://f.example/oauth-v1", **asked, service=False)


@given(
    st.sampled_from(get_args(ConsentOutcome)),
    st.none() | st.builds(OpenedCompany, st.text(), st.text(), st.integers(1)),
    st.booleans(),
    st.lists(st.sampled_from(["salary", "order"])),
)
def test_a_result_survives_its_cookie(
    outcome: ConsentOutcome,
    found: OpenedCompany | None,
    flag: bool,  # noqa: FBT001 - a column
    missing: list[str],
) -> None:
    """The page after the callback knows it from nowhere else."""
    result = Result(outcome, "abc", found, "said", revoked=flag, adopted=not flag, missing=tuple(missing))
    assert Result.from_text(result.to_text()) == result


# --- Answers ------------------------------------------------------------------------------------------------------


_NO_SERVICE = "error_client_not_allow_service_account"


@pytest.mark.parametrize(
    ("params", "answer"),
    [
        ({"code": "c", "state": "s"}, AuthorizationCode("c")),
        ({"error": "access_denied"}, ("denied", "access_denied")),
        ({"error": "invalid_scope"}, ("scope_not_registered", "invalid_scope")),
        ({"error": "error_missing_license"}, ("licence_missing", "error_missing_license")),
        ({"error": "error_missing_app_license"}, ("app_licence_missing", "error_missing_app_license")),
        ({"error": "error_missing_system_admin_right"}, ("right_missing", "error_missing_system_admin_right")),
        ({"error": _NO_SERVICE}, ("service_not_allowed", _NO_SERVICE)),
        ({"error": "access_denied", "code": "c"}, ("denied", "access_denied")),
        ({"error": "<b>new & odd</b>"}, ("refused", "bnewoddb")),
        ({"state": "s"}, ("locked_company", "")),
        ({}, ("locked_company", "")),
    ],
)
def test_each_way_back_from_fortnox_is_told_apart(params: dict[str, str], answer: object) -> None:
    """An error beside a code is an error; neither of them is a locked company (facts §1.1)."""
    assert consent.read_answer(params) == answer


def test_a_code_without_our_state_is_worth_nothing() -> None:
    """An error may come without one; it says what is wrong all the same."""
    assert consent.without_state({"code": "c"}).outcome == "other_browser"
    assert consent.without_state({}).outcome == "other_browser"
    assert consent.without_state({"error": "invalid_scope"}).outcome == "scope_not_registered"


@given(NUMBERS, st.sampled_from(["{}", "16{}", "{0:.6}-{0:4.4}"]))
def test_an_organisation_number_is_the_same_however_it_is_written(number: str, form: str) -> None:
    """With a hyphen, with a century before it, or bare."""
    text = f"{number[:6]}-{number[6:]}" if "-" in form else form.format(number)
    assert consent.guard(KnownCompany("k", "", number), OpenedCompany("K", text, 7)) == "own"
    assert whose.digits(text) == number


@pytest.mark.parametrize("written", ["811228-9874", "8112289874", "19811228-9874"])
def test_a_sole_traders_number_is_a_persons_and_shown_to_nobody(written: str) -> None:
    """Neither on a page that whoever has the link can open, nor in a check or a refusal, which stays on record."""
    trader, company = OpenedCompany("Anna Ek", written, 7), OpenedCompany("Bageriet", "556677-8899", 7)
    known = link(company=KnownCompany("anna", organisation_number="8112289874"))
    said = [repr(views.explanation(known, language, "here")) for language in LANGUAGES]
    said += [repr(views.outcome(Result("other_company", "abc", company), known, language)) for language in LANGUAGES]
    said += [repr(views.outcome(Result("connected", "a", trader, adopted=True), link(), lang)) for lang in LANGUAGES]
    said += [repr(whose.objection(trader, "5566778899", None)), repr(whose.objection(company, "8112289874", None))]
    for ours, theirs in (("5566778899", trader), ("8112289874", company)):
        read = CompanyInformation(theirs.name, theirs.organisation_number, 7)
        situation = checks.Situation(date(2026, 11, 2), organisation_number=ours, company=read)
        said.append(repr(checks.the_organisation_number_matches(situation)))
    for text in said:
        assert "••••••-••74" in text
        assert "9874" not in text


@given(NUMBERS, NUMBERS, st.integers(1, 5), st.integers(1, 5))
def test_another_number_is_another_company(ours: str, theirs: str, pinned: int, came: int) -> None:
    """The organisation number counts first, then the database that was pinned."""
    verdict = consent.guard(KnownCompany("k", "", ours, pinned), OpenedCompany("K", theirs, came))
    assert verdict == ("other_company" if ours != theirs else "other_database" if pinned != came else "own")


def test_what_is_not_known_yet_cannot_differ() -> None:
    """A company that came without a number of ours is taken; one without a number of its own is not ours."""
    assert consent.guard(KnownCompany("k"), OpenedCompany("K", "5560160680", 7)) == "own"
    assert consent.guard(KnownCompany("k", "", "5560160680"), OpenedCompany("K", "", 7)) == "other_company"
    assert consent.guard(KnownCompany("k", "", "5560160680", 7), OpenedCompany("K", "", 7)) == "own"
    assert consent.guard(KnownCompany("k", "", "5560160680", 8), OpenedCompany("K", "", 7)) == "other_company"
    assert consent.guard(KnownCompany("k", database_number=8), OpenedCompany("K", "5560160680", 7)) == "other_database"


def test_a_company_of_ours_is_nobody_elses() -> None:
    """Whatever the numbers say and whatever a person allowed; only a person's word lets a company have another one."""
    known, found = KnownCompany("k", "", "5560160680", 8), OpenedCompany("K", "5560160680", 7)
    assert consent.guard(known, found, another=True) == "own"
    for held in (KnownCompany("k"), KnownCompany("k", "", "5560160680"), known, KnownCompany("k", database_number=7)):
        for another in (False, True):
            assert consent.guard(held, found, holder="bageriet", another=another) == "other_tenant"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"CompanyInformation": {"CompanyName": " K ", "OrganizationNumber": "55-1", "DatabaseNumber": "7"}}', 7),
        (b'{"CompanyInformation": {"DatabaseNumber": 7}}', 7),
        (b'{"CompanyInformation": {"CompanyName": "K"}}', None),
        (b'{"CompanyInformation": {"DatabaseNumber": 0}}', None),
        (b'{"CompanyInformation": []}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_company_information_is_whole_or_nothing(body: bytes, found: int | None) -> None:
    """Numbers come as strings too; a company without its database number cannot be pinned."""
    read = whose.company(Response(200, {}, body))
    assert (read and read.database_number) == found


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_answer_breaks_the_reading_of_a_company(body: bytes) -> None:
    """What is not understood is no company."""
    assert whose.company(Response(200, {}, body)) is None


def test_the_user_who_consented_is_read_from_the_token() -> None:
    """As far as it is one that tells (facts §1.4)."""
    claims = base64.urlsafe_b64encode(json.dumps({"userId": 12}).encode()).decode().rstrip("=")
    assert whose.user_of(f"a.{claims}.b") == "12"
    assert [whose.user_of(token) for token in ("", "a.b.c", "opaque", "a.e30.b", "a.W10.b")] == [""] * 5


@pytest.mark.parametrize(
    ("shown", "code"),
    [("556677-8899", None), ("165566778899", None), ("", None), ("API_NORIGHT", None), ("556016-0680", "another")],
)
def test_books_whose_number_is_hidden_are_not_taken_for_anothers(shown: str, code: str | None) -> None:
    """Fortnox shows a word where whoever consented may not read it; another number is another company's."""
    found = whose.objection(whose.OpenedCompany("Acme AB", shown, 1), "5566778899", 1)
    assert (found and found[0].partition("_")[0]) == code
