"""Fortnox's answers: each becomes the one verdict that is true whatever happened on the other side."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox import classify
from connectors.fortnox.classify import Page
from infra.delivery.answers import Missing, Unauthorised, json_object
from infra.http import Response
from infra.verdicts import AlreadyThere, Delivered, Granted, Refused, Rejected, RetryLater, Unanswered, Unknown
from schemas.commands import VoucherRef

MARK = "bb-abcdefgh2345"
F12 = VoucherRef(series="F", number=12, year_id=4)
HTML = b"<html><body>502 Bad Gateway</body></html>"


def answer(status: int, body: Any = b"", **headers: str) -> Response:
    """Return an answer; a body that is not bytes is sent as JSON."""
    return Response(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def error(code: Any, message: str = "Fel.", *, pascal: bool = False) -> dict[str, Any]:
    """Return ErrorInformation in one of its two casings."""
    names = ("Error", "Message", "Code") if pascal else ("error", "message", "code")
    return {"ErrorInformation": dict(zip(names, (1, message, code), strict=True))}


def voucher(**fields: Any) -> dict[str, Any]:
    """Return a booked voucher as Fortnox answers it."""
    return {"Voucher": {"VoucherNumber": 12, "VoucherSeries": "F", "Year": 4, "VoucherRows": []} | fields}


def judge(response: Response) -> Any:
    """Classify an answer to a voucher in series F of year 4."""
    return classify.classify(response, series="F", year_id=4)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("fields", [{}, {"VoucherNumber": "12", "Year": "4"}])
def test_a_voucher_with_its_number_is_delivered(status: int, fields: dict[str, Any]) -> None:
    """Any 2xx that names number, series and year is a booking, numbers as strings too."""
    assert judge(answer(status, voucher(**fields))) == Delivered(F12)


@pytest.mark.parametrize("fields", [{"Year": 3}, {"VoucherSeries": "A"}])
def test_a_voucher_elsewhere_is_delivered_with_a_note(fields: dict[str, Any]) -> None:
    """It is in the books, so it is never sent again; that it is not where it should be is said."""
    verdict = judge(answer(201, voucher(**fields)))
    assert isinstance(verdict, Delivered)
    assert verdict.voucher == VoucherRef(
        series=fields.get("VoucherSeries", "F"), number=12, year_id=fields.get("Year", 4)
    )
    assert "series F and year id 4 were asked for" in verdict.note


@pytest.mark.parametrize(
    "response",
    [
        answer(201),
        answer(201, HTML),
        answer(201, b'{"Voucher":{"VoucherNumber":12,'),
        answer(201, {"Voucher": None}),
        answer(201, {"Voucher": [1]}),
        answer(201, [voucher()]),
        answer(201, voucher(VoucherNumber=None)),
        answer(201, voucher(VoucherNumber=True)),
        answer(201, voucher(VoucherNumber=0)),
        answer(201, voucher(VoucherNumber=12.0)),
        answer(201, voucher(VoucherSeries="")),
        answer(201, voucher(Year=None)),
        answer(200, error(2000401)),
        answer(204),
        answer(302, Location="https://example.com/"),
        answer(400),
        answer(400, HTML),
        answer(404, HTML),
        answer(400, {"message": "Bad Request"}),
        answer(400, error(1000003, "System exception")),
        answer(403, error(1000003, "System exception")),
        answer(408),
        answer(408, error(2000401)),
        answer(499, error(2000401)),
        answer(500, error(2000401)),
        answer(500, error(2000663)),
        answer(502, error(9, "Perioden är låst.")),
        answer(503, error(2000310)),
        answer(504, error(2000401), **{"Content-Type": "text/html"}),
        answer(500, {"message": "Internal Server Error"}),
        answer(502, HTML),
        answer(503),
        answer(504, HTML),
    ],
    ids=lambda response: f"{response.status}-{response.body[:40]!r}",
)
def test_an_answer_that_does_not_say_is_unknown(response: Response) -> None:
    """What is neither certainly a voucher nor certainly a refusal may be booked, so the ledger is asked."""
    assert isinstance(judge(response), Unknown)


@pytest.mark.parametrize(
    ("number", "message", "code", "who"),
    [
        (2000401, "Bolaget har låst perioden t.o.m. 2026-03-31.", "period_locked", "accountant"),
        (2000423, "Kan inte hitta kontot.", "account_missing", "accountant"),
        (2001304, "Kunde inte hitta konto", "account_missing", "accountant"),
        (2000550, "?", "account_inactive", "accountant"),
        (2002462, "?", "account_invalid", "accountant"),
        (2000359, "Värdet innehåller ej tillåtna tecken. (x)", "bad_characters", "developer"),
        (2000108, "Värdet måste vara numeriskt (x)", "bad_value", "developer"),
        (2000588, "Ogiltig parameter i anropet.", "bad_parameter", "developer"),
        (2001392, "Ingen eller felaktig typ av data.", "bad_body", "developer"),
        (2001399, "Felaktigt fältnamn", "unknown_field", "developer"),
        (2001795, "?", "missing_field", "developer"),
        (9, "Verifikationsserien är inte manuell (F)", "series_not_manual", "accountant"),
        (9, "Ogiltig verifikationsserie angiven", "series_missing", "accountant"),
        (9, "Kan inte hitta verifikationsserien.", "series_missing", "accountant"),
        (9, "Konto 3001 är inte aktivt", "account_inactive", "accountant"),
        (9, "Ogiltigt konto", "account_missing", "accountant"),
        (9, "Perioden är låst.", "period_locked", "accountant"),
        (9, "Räkenskapsåret är låst.", "period_locked", "accountant"),
        (9, "Det finns inget räkenskapsår för datumet.", "financial_year_missing", "accountant"),
        (9, "Kan inte hitta kostnadsstället.", "cost_centre_refused", "accountant"),
        (9, "Verifikationen balanserar inte", "unbalanced", "developer"),
        (9, "Värdet tolkas som null", "bad_value", "developer"),
        (2009999, "Något nytt.", "fortnox_2009999", "operator"),
        (None, "Något nytt.", "fortnox_0", "operator"),
    ],
)
@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("pascal", [False, True])
def test_a_refusal_is_rejected_under_a_bounded_name(
    number: int | None, message: str, code: str, who: str, *, status: int, pascal: bool
) -> None:
    """Known numbers and known texts have a name and whose move it is; others keep their number, for the operator."""
    verdict = judge(answer(status, error(number, message, pascal=pascal)))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == (code, who)
    assert verdict.why.startswith(message.removesuffix(" (x)"))


def test_a_refusal_is_read_under_any_content_type_and_spelling() -> None:
    """The body decides, with its code as text and under any casing."""
    body = b'{"errorInformation":{"ERROR":1,"Message":"l\\u00e5st","code":"2000401"}}'
    assert judge(Response(400, {"content-type": "text/html"}, body)) == Rejected(
        "period_locked", "låst (2000401)", "accountant"
    )


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("number", "code"), [(2000663, "scope_missing"), (2001101, "licence_missing"), (2001103, "licence_missing")]
)
def test_a_missing_scope_or_licence_waits_for_the_operator(status: int, number: int, code: str) -> None:
    """It is about the company, not the order: nothing is rejected."""
    verdict = judge(answer(status, error(number, "Api-licens saknas.")))
    assert isinstance(verdict, RetryLater)
    assert (verdict.after, verdict.code, verdict.who) == (300, code, "operator")


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("number", "message", "code"),
    [
        (2003275, "Saknar behörighet för leverantörsregister.", "permission_missing"),
        (2009998, "Saknar behörighet för leverantörsfaktura.", "permission_missing"),
        (2009998, "Har inte behörighet för scope.", "scope_missing"),
        (2009998, "Det finns ingen aktiv licens för önskat scope.", "licence_missing"),
        (2009998, "Saknar behörighet för räkenskapsår.", "permission_missing"),
    ],
)
def test_a_register_that_is_closed_says_nothing_of_the_token(status: int, number: int, message: str, code: str) -> None:
    """Another token has no more rights: only orders that need the register wait, and nobody is asked to connect."""
    response = answer(status, error(number, message))
    for verdict in (judge(response), classify.page(response, "Suppliers")):
        assert isinstance(verdict, RetryLater)
        assert (verdict.code, verdict.who, verdict.of_kind) == (code, "operator", True)


@pytest.mark.parametrize(
    ("name", "code", "who"),
    [("ftgavtalid", "employee_agreement_missing", "accountant"), ("unit", "missing_field", "developer")],
)
def test_what_is_null_is_named(name: str, code: str, who: str) -> None:
    """The brackets hold a field's name there, and nobody's value."""
    verdict = judge(answer(400, error(2000699, f"Värdet kan inte vara null. ({name})")))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == (code, who)
    assert f"({name})" in verdict.why


@pytest.mark.parametrize("body", [b"", HTML, error(2009999)])
def test_a_forbidden_request_waits_for_the_operator(body: Any) -> None:
    """A 403 is no verdict on the order, unless its code is one."""
    verdict = judge(answer(403, body))
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who) == ("forbidden", "operator")
    assert isinstance(judge(answer(403, error(2000401))), Rejected)


@pytest.mark.parametrize(
    "response", [answer(401), answer(401, {"message": "unauthorized"}), answer(403, error(2000310)), answer(401, HTML)]
)
def test_a_refused_token_is_told_apart(response: Response) -> None:
    """Nothing was done and another token may be tried."""
    assert judge(response) == Unauthorised()
    assert classify.page(response, "Vouchers") == Unauthorised()


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, 5),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 5),
        ({"Retry-After": "99999"}, 600),
        ({"Retry-After": "-1"}, 5),
    ],
)
def test_too_many_requests_wait_as_long_as_fortnox_says(headers: dict[str, str], after: float) -> None:
    """Retry-After in seconds is kept, within reason; else its window is waited out."""
    verdict = judge(answer(429, HTML, **headers))
    assert isinstance(verdict, RetryLater)
    assert (verdict.after, verdict.code, verdict.who) == (after, "throttled", None)


@given(
    st.text(min_size=5).filter(
        lambda text: "(" not in text and text.strip() not in "Värdet innehåller ej tillåtna tecken."
    )
)
def test_a_value_that_fortnox_repeats_is_left_out(value: str) -> None:
    """A message that quotes the request is cut before the quotation."""
    verdict = judge(answer(400, error(2000359, f"Värdet innehåller ej tillåtna tecken. ({value})")))
    assert verdict == Rejected("bad_characters", "Värdet innehåller ej tillåtna tecken. (2000359)", "developer")


@pytest.mark.parametrize("number", ["19800101-1234", "800101-1234", "198001011234", "800101+1234"])
def test_a_personal_number_is_blanked(number: str) -> None:
    """Whatever Fortnox says, no personal number is passed on."""
    verdict = judge(answer(400, error(2009999, f"Fel för {number}.")))
    assert isinstance(verdict, Rejected)
    assert number not in verdict.why
    assert verdict.why.count("Fel för [removed].") == 2


@pytest.mark.parametrize(
    "value", ['"Anna Andersson"', "'Anna Andersson'", "anna@exempel.se", "(anna@exempel.se)", "”Anna Andersson”"]
)
def test_a_quoted_value_is_blanked(value: str) -> None:
    """Nor what stands in quotation marks, nor an address."""
    verdict = judge(answer(400, error(2009999, f"Namnet {value} är fel.")))
    assert isinstance(verdict, Rejected)
    assert "nna" not in verdict.why
    assert verdict.why.startswith("Namnet ")


def test_an_unknown_refusal_keeps_the_whole_answer() -> None:
    """Whoever has to find out what a new code means sees all that Fortnox said; it is never sent again by itself."""
    body = {"ErrorInformation": {"error": 1, "message": "Något nytt.", "code": 2009999, "detail": "rad 3"}}
    assert judge(answer(400, body)) == Rejected(
        "fortnox_2009999",
        "Något nytt. (2009999); its whole answer (400):"
        ' {"error": "1", "message": "Något nytt.", "code": "2009999", "detail": "rad 3"}',
        "operator",
    )
    body["ErrorInformation"]["detail"] = "x" * 5000
    assert len(judge(answer(400, body)).why) < 1000


WORDS = st.from_regex(r"[a-zåäö]{2,10}( [a-zåäö0-9]{1,8})?", fullmatch=True).filter(lambda word: word != "removed")


@given(st.lists(WORDS, max_size=5), st.sampled_from([2009999, 2000013, 2000433, 2000663, None]))
def test_what_was_sent_is_in_no_verdict(values: list[str], number: int | None) -> None:
    """Of an employee's values none is repeated, whatever Fortnox quotes and whatever follows from it."""
    said = judge(answer(400, error(number, f"Fel: {', '.join(values)}.")))
    why = classify.hiding([value.upper() for value in values], said).why
    assert not [value for value in values if re.search(rf"(?<!\w){value}(?!\w)", why)]


NAMES = """Voucher VoucherNumber VoucherSeries Year ErrorInformation code Message Vouchers Description
MetaInformation @TotalResources access_token expires_in error""".split()  # noqa: SIM905 - shorter than 14 quoted names


def jsons(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return any JSON value, often with names that Fortnox uses."""
    names = st.sampled_from(NAMES)
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(names | st.text(), inner), max_leaves=20
    )


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["F", 4, 12, 2000401])
BODIES = st.binary() | jsons(LEAVES).map(lambda value: json.dumps(value).encode()) | st.just(b"[" * 100_000)
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Content-Type"]), st.text())


@given(st.integers(100, 599), HEADERS, BODIES)
def test_no_answer_is_delivered_without_a_number(status: int, headers: dict[str, str], body: bytes) -> None:
    """Whatever comes there is a verdict, and Delivered only where a 2xx body names the voucher."""
    verdict = judge(Response(status, headers, body))
    assert isinstance(verdict, Delivered | Rejected | RetryLater | Unknown | Unauthorised)
    if isinstance(verdict, Delivered):
        said = json.loads(body)["Voucher"]
        assert 200 <= status < 300
        assert verdict.voucher is not None
        assert (str(verdict.voucher.number), str(verdict.voucher.year_id)) == (
            str(said["VoucherNumber"]).lstrip("0"),
            str(int(said["Year"])),
        )
    if isinstance(verdict, Rejected):
        assert 400 <= status < 500


@given(st.integers(100, 599), HEADERS, BODIES)
def test_no_answer_breaks_the_readers(status: int, headers: dict[str, str], body: bytes) -> None:
    """A list and a token are read, or asked for again; years and marks are looked for in whatever was listed."""
    response = Response(status, headers, body)
    assert isinstance(classify.token(response), Granted | Refused | Unanswered | RetryLater)
    page = classify.page(response, "Vouchers")
    assert isinstance(page, Page | RetryLater | Unauthorised)
    if isinstance(page, Page):
        assert status == 200
        classify.years(page.items)
        classify.marked(page.items, MARK, series="F", year_id=4)


@pytest.mark.parametrize(
    "body",
    [b"", HTML, b"{}", {"Vouchers": None}, {"Vouchers": {"0": {}}}, {"Vouchers": [1]}, {"MetaInformation": {}}],
)
def test_a_list_that_cannot_be_read_is_not_empty(body: Any) -> None:
    """An answer without the list says nothing, so it is asked for again."""
    verdict = classify.page(answer(200, body), "Vouchers")
    assert isinstance(verdict, RetryLater)
    assert verdict.code == "list_unreadable"


def test_a_list_is_read_with_its_total() -> None:
    """The total is a number or a string; it may be missing, and a list may be empty."""
    assert classify.page(answer(200, {"Vouchers": [], "MetaInformation": {"@TotalResources": 0}}), "Vouchers") == Page(
        (), 0
    )
    assert classify.page(
        answer(200, {"Vouchers": [{}], "MetaInformation": {"@TotalResources": "7"}}), "Vouchers"
    ) == Page(({},), 7)
    assert classify.page(answer(200, {"Vouchers": []}), "Vouchers") == Page((), None)


@pytest.mark.parametrize(("items", "is_full"), [(0, False), (99, False), (100, True), (150, False), (500, True)])
def test_a_page_is_full_with_what_was_asked_for_or_what_comes_unasked(items: int, *, is_full: bool) -> None:
    """A list that is not counted may not heed the limit either: what stands on its next page would pass for absent."""
    assert Page(({},) * items, None).is_full is is_full


@pytest.mark.parametrize(
    ("response", "code", "who"),
    [
        (answer(500, HTML), "fortnox_failing", None),
        (answer(500, error(2000401)), "fortnox_failing", None),
        (answer(500, error(2000663)), "fortnox_failing", None),
        (answer(502, error(2009999)), "fortnox_failing", None),
        (answer(503), "fortnox_failing", None),
        (answer(504, error(2000310)), "fortnox_failing", None),
        (answer(408), "fortnox_failing", None),
        (answer(408, error(2000588)), "fortnox_failing", None),
        (answer(400, error(1000003, "System exception")), "fortnox_failing", None),
        (answer(302), "lookup_refused", "operator"),
        (answer(404, HTML), "lookup_refused", "operator"),
        (answer(400, error(2000588)), "lookup_refused", "operator"),
        (answer(400, error(2000947)), "cost_centre_refused", "operator"),
        (answer(400, error(2000663)), "scope_missing", "operator"),
        (answer(429), "throttled", None),
    ],
)
def test_a_list_that_does_not_come_is_asked_for_again(response: Response, code: str, who: str | None) -> None:
    """A look-up that failed did nothing: it is never unknown and rejects no order. The status comes before the form."""
    for verdict in (classify.page(response, "Vouchers"), classify.one(response, "Voucher"), classify.content(response)):
        assert isinstance(verdict, RetryLater)
        assert (verdict.code, verdict.who) == (code, who)


@pytest.mark.parametrize(
    ("status", "number", "message", "key"),
    [
        (404, 2009999, "Kan inte hitta det.", "Employee"),
        (400, 2009999, "Kan inte hitta den anställda.", "Employee"),
        (400, 2009999, "Kan inte hitta frånvaron.", "AbsenceTransaction"),
        (400, 2009999, "Kan inte hitta verifikationen.", "Voucher"),
        (400, 2000423, "Kan inte hitta kontot.", "Account"),
        (400, 2000432, "Kan inte hitta enheten.", "AbsenceTransaction"),
    ],
)
def test_a_record_that_fortnox_says_is_missing_is_missing(status: int, number: int, message: str, key: str) -> None:
    """By the status, or by its name: then there is nothing to change and nothing to delete."""
    said = answer(status, error(number, message))
    assert classify.says_missing(said, key)
    assert classify.one(said, key) == Missing()
    assert isinstance(classify.removed(said, key, "7"), AlreadyThere)


@pytest.mark.parametrize("key", ["Voucher", "Employee", "AbsenceTransaction"])
@pytest.mark.parametrize(
    ("status", "number", "message"),
    [
        (400, 2009999, "Kan inte hitta lönearten."),
        (400, 2009999, "Landet finns inte."),
        (400, 2009999, "Ogiltigt kontonummer"),
        (400, 2009999, "Räkenskapsåret finns inte"),
        (403, 2009999, "Behörigheten finns inte."),
        (404, 2000663, "Har inte behörighet för scope"),
    ],
)
def test_that_something_else_is_missing_does_not_say_that_the_record_is(
    status: int, number: int, message: str, key: str
) -> None:
    """An absence that is said to be gone is registered anew, a day of a voucher booked anew, and both would stand."""
    said = answer(status, error(number, message))
    assert not classify.says_missing(said, key)
    assert isinstance(classify.one(said, key), RetryLater)
    assert not isinstance(classify.removed(said, key, "7"), AlreadyThere | Delivered)


def test_a_file_that_is_not_there_is_asked_for_by_its_other_id() -> None:
    """In whatever words it is said; two kinds of ids are in use."""
    said = answer(400, error(2009999, "Kan inte hitta dokumentet."))
    assert classify.content(said) == Missing()
    for forbidden in (error(2001101, "Licensen finns inte."), error(2009999, "Behörigheten finns inte.")):
        assert isinstance(classify.content(answer(403, forbidden)), RetryLater)


def test_absences_that_are_not_found_are_none() -> None:
    """So says Fortnox's document of this list: else a lost one is asked for for ever. A gateway's 404 says nothing."""
    said = answer(404, error(2001234, "Kan inte hitta frånvaron.", pascal=True))
    assert classify.page(said, "AbsenceTransactions") == Page((), 0)
    assert isinstance(classify.page(answer(404, HTML), "AbsenceTransactions"), RetryLater)
    assert isinstance(classify.page(said, "Vouchers"), RetryLater)


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"{}", {"AbsenceTransaction": {"id": "7"}}])
@pytest.mark.parametrize("status", [200, 204])
def test_what_was_deleted_is_answered_with_little(status: int, body: Any) -> None:
    """Fortnox's document names no body."""
    assert classify.removed(answer(status, body), "AbsenceTransaction", "7") == Delivered(record="7")


@pytest.mark.parametrize("body", [HTML, error(1000003), error(2001234, pascal=True)])
def test_a_page_or_an_error_deletes_nothing(body: Any) -> None:
    """Whatever its status, a proxy's page and an error do not say that it is gone: it would be told as removed."""
    assert isinstance(classify.removed(answer(200, body), "AbsenceTransaction", "7"), Unknown)


def test_what_a_voucher_books_is_summed_to_the_ore() -> None:
    """Floats come with a rest, and a side that is 0 may be left out: what reverses one of ours is no second posting."""
    body = b"""{"VoucherRows": [{"Account": 1930, "Debit": 100.30000000000001, "Credit": 1.4210854715202004e-14},
        {"Account": "3001", "Credit": "100.3"}, {"Account": 1910, "Debit": 5, "Credit": 0, "Removed": "true"}]}"""
    assert classify.sums(json_object(Response(200, {}, body))) == {
        (1930,): Decimal("100.30"),
        (3001,): Decimal("-100.30"),
    }
    assert classify.sums({"VoucherRows": [{"Account": 1930, "Debit": "API_NORIGHT"}]}) is None


@pytest.mark.parametrize(
    ("description", "is_ours"),
    [
        (f"Dagskassa {MARK}", True),
        (MARK, True),
        (f"Dagskassa {MARK} (makulerad)", True),
        (f"Dagskassa ({MARK})", True),
        (f"Dagskassa {MARK}x", False),
        (f"Dagskassa x{MARK}", False),
        (f"Dagskassa a-{MARK}", False),
        (f"Dagskassa {MARK[:-1]}", False),
        ("", False),
        (None, False),
    ],
)
def test_a_mark_is_matched_whole(description: str | None, *, is_ours: bool) -> None:
    """A mark counts as a word of its own, anywhere in the description."""
    items = [{"Description": description, "VoucherNumber": "12"}]
    assert classify.marked(items, MARK, series="F", year_id=4) == ((F12,) if is_ours else ())


@pytest.mark.parametrize(
    "item",
    [
        {"VoucherNumber": 12},
        {"Description": MARK},
        {"Description": MARK, "VoucherNumber": "x"},
        {"Description": "API_NORIGHT", "VoucherNumber": 12},
    ],
)
def test_a_voucher_that_cannot_be_read_is_not_absent(item: dict[str, Any]) -> None:
    """Without descriptions, with one that is hidden from us, or with our mark and no number: there is no result."""
    assert isinstance(classify.marked([item], MARK, series="F", year_id=4), RetryLater)


def test_what_a_list_leaves_null_is_what_was_asked_for() -> None:
    """The year and the series were asked for: the voucher would be looked for for ever."""
    item = {"Description": MARK, "VoucherNumber": 12, "Year": None, "VoucherSeries": None}
    assert classify.marked([item], MARK, series="F", year_id=4) == (F12,)


@pytest.mark.parametrize(
    ("fields", "is_ours"),
    [
        ({"Description": f"Dagskassa {MARK}"}, True),
        ({"Description": "Dagskassa"}, False),
        ({"Description": None}, False),
        ({"Description": "API_NORIGHT"}, None),
        ({}, None),
    ],
)
def test_a_voucher_whose_description_is_hidden_may_be_ours(fields: dict[str, Any], *, is_ours: bool | None) -> None:
    """A reversal would be refused as if somebody had removed what it takes back, and the doctor see other books."""
    assert classify.shows(fields, MARK) is is_ours


def test_years_are_read_leniently() -> None:
    """An id may be a string; what has no dates is no year."""
    items: list[dict[str, Any]] = [
        {"Id": "4", "FromDate": "2026-01-01", "ToDate": "2026-12-31"},
        {"Id": 5, "FromDate": "", "ToDate": None},
        {"FromDate": "2026-01-01", "ToDate": "2026-12-31"},
        {},
    ]
    (year,) = classify.years(items)
    assert (year.id, year.holds(year.first), year.holds(year.last)) == (4, True, True)


@pytest.mark.parametrize("midnight", ["T00:00:00", " 00:00:00", "T00:00:00.000+01:00", "T00:00"])
def test_a_day_may_come_with_its_midnight(midnight: str) -> None:
    """Else a company would be told that it has no financial year. Another time may be of another day in Sweden."""
    (year,) = classify.years([{"Id": 4, "FromDate": f"2026-01-01{midnight}", "ToDate": f"2026-12-31{midnight}"}])
    assert (year.first, year.last) == (date(2026, 1, 1), date(2026, 12, 31))
    assert [classify.day(text) for text in ("2025-12-31T23:00:00Z", "2026-02-30", "", None, "API_NORIGHT")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("response", "code", "who"),
    [
        (answer(401, {"error": "invalid_client"}), "client_refused", "operator"),
        (answer(401, b""), "client_refused", "operator"),
        (answer(400, {"error": "invalid_client"}), "client_refused", "operator"),
        (answer(400, {"error": "unauthorized_client"}), "auth_refused", "operator"),
        (answer(400, {"error": "Some 800101-1234 text"}), "auth_refused", "operator"),
        (answer(429), "auth_throttled", None),
        (answer(429, {"error": "invalid_grant"}), "auth_throttled", None),
    ],
)
def test_a_token_that_certainly_was_not_given_is_asked_for_again(
    response: Response, code: str, who: str | None
) -> None:
    """Each reason has a name, a pause, and whose move it is; no refresh token was used up."""
    verdict = classify.token(response)
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who) == (code, who)
    assert "800101" not in verdict.why


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ("invalid_grant", "needs_consent"),
        ("invalid_scope", "needs_consent"),
        ("error_missing_license", "licence_missing"),
        ("error_missing_app_license", "licence_missing"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=UTF-8", "text/plain"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_grant_waits_for_a_person(error: str, state: str, content_type: str, status: int) -> None:
    """By the error's name, whatever the content type (recorded: text/html) and the status."""
    body = json.dumps({"error": error, "error_description": "Invalid refresh token"}).encode()
    verdict = classify.token(Response(status, {"content-type": content_type}, body))
    assert isinstance(verdict, Refused)
    assert verdict.state == state


@pytest.mark.parametrize(
    "response",
    [
        answer(500, HTML),
        answer(502, {"error": "invalid_grant"}),
        answer(400, HTML),
        answer(400, {"error": ""}),
        answer(200, HTML),
        answer(200, {"access_token": ""}),
        answer(200, {"access_token": "a\r\nb"}),
        answer(302),
    ],
)
def test_whatever_else_comes_is_no_answer(response: Response) -> None:
    """The refresh token may be used up or not: nothing is thrown away, and nobody is sent to Fortnox for it."""
    assert isinstance(classify.token(response), Unanswered)


def test_tokens_are_read_whole_and_never_show_themselves() -> None:
    """Both tokens, what they are good for and how long; a representation has no token in it."""
    content = {"access_token": "s3cret", "refresh_token": "h1dden", "expires_in": "3600", "scope": "a b"}
    granted = classify.token(answer(200, content))
    assert granted == Granted("s3cret", 3600, "h1dden", classify.REFRESH_SECONDS, ("a", "b"))
    assert not any(text in repr(granted) for text in ("s3cret", "h1dden"))
    assert classify.token(answer(200, {"access_token": "x"})) == Granted("x", 60, None, classify.REFRESH_SECONDS, ())


@pytest.mark.parametrize(
    ("response", "said"), [(answer(200, {"revoked": True}), True), (answer(200, {}), False), (answer(400), False)]
)
def test_a_revoked_token_is_said_to_be_so(response: Response, *, said: bool) -> None:
    """Fortnox answers {"revoked": true}."""
    assert classify.revoked(response) is said
