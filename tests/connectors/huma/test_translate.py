"""Huma's webhooks and records as facts: who is to be read again, what is held, and no secret told."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.huma import translate
from connectors.huma.encode import write_person
from connectors.huma.sandbox import signed
from connectors.huma.wire import Fields
from infra.intake.sealing import sealed
from infra.plugin import Malformed
from schemas.bank_accounts import bank_account
from schemas.events import EmployeeChanged
from schemas.identities import Invalid
from schemas.personal import Unsealed
from tests.connectors.fake_acceptor import TENANT, VAULT

SAMPLES = Path(translate.__file__).parent / "samples"
AT = datetime(2026, 4, 10, 20, 4, 11, tzinfo=UTC)
ANNA, BO, POSITION = (f"6f1c2f6e-0c1d-4c55-9d6e-6a5f0a6f000{number}" for number in range(1, 4))
SECRET = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQ="


def framed(value: Any) -> dict[str, Any]:
    """Return a value in its frame; None leaves the frame empty."""
    return {"editable": True} if value is None else {"editable": True, "value": value}


def record(**fields: Any) -> dict[str, Any]:
    """Return the record of somebody who holds these values."""
    return {"id": ANNA, **{name: framed(value) for name, value in fields.items()}}


def person(chosen: Fields | None = None, **fields: Any) -> EmployeeChanged:
    """Return the fact of somebody who holds these values."""
    return translate.person(record(**fields), AT, chosen or {})


def address(**parts: str) -> Any:
    """Return the fields of somebody who lives there."""
    return person(homeAddress=parts).fields


# --- Webhooks -------------------------------------------------------------------------------------------------------


def body(topic: Any = "users-update", **fields: Any) -> bytes:
    """Return a webhook's body."""
    return json.dumps({"topic": topic, **fields}).encode()


@pytest.mark.parametrize("topic", ["users-create", "users-update", "users-delete", "users-export", "absences-remove"])
def test_everybody_who_is_named_is_to_be_read_again_once(topic: str) -> None:
    """Whatever the topic, known or not, and however often somebody is named."""
    heard = translate.heard(body(topic, users=[{"id": ANNA}, {"id": BO}, {"id": ANNA, "phone": "1"}]), AT)
    assert [(each.person_id, each.topic, each.mentioned_at) for each in heard.mentions] == [
        (ANNA, topic, AT),
        (BO, topic, AT),
    ]
    assert heard.ignored == ("users.phone",)


def test_what_names_nobody_is_taken_and_what_it_holds_is_named() -> None:
    """Teams and places do not travel; a name that may be a value is not shown."""
    heard = translate.heard(body("teams-update", teams=[1], **{"19900101-2385": 1}), AT)
    assert (heard.topic, heard.mentions, heard.ignored) == ("teams-update", (), ("(other)", "teams"))
    assert translate.heard(body("Ångström 19900101-2385", users=[{"id": ANNA}]), AT).mentions[0].topic == "(other)"


def test_a_later_delivery_of_the_same_body_is_another_fact() -> None:
    """A value that goes back and forth and back is read each time."""
    first, second = (translate.heard(body(users=[{"id": ANNA}]), AT + timedelta(seconds=s)).mentions[0] for s in (0, 1))
    assert first != second


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<xml/>", "body: it is no JSON"),
        (b"\xff", "body: it is no JSON: not UTF-8, from byte 0"),
        (b"[" * 100_000, "body: it is no JSON"),
        (b"[]", "body: it is no JSON object"),
        (body(7), "body.topic: Input should be a valid string"),
        (body(""), "body.topic: String should have at least 1 character"),
        (b"{}", "body.topic: Field required"),
        (body(users={}), "body.users: Input should be a valid list"),
        (body(users=[{"email": "a@x.se"}]), "body.users.0.id: Field required"),
        (body(users=[{"id": "../../groups"}]), "body.users.0.id: String should match pattern"),
    ],
)
def test_a_body_of_another_form_is_refused_by_field(content: bytes, problem: str) -> None:
    """Never by value."""
    with pytest.raises(Malformed) as caught:
        translate.heard(content, AT)
    assert str(caught.value).startswith(problem)
    assert "x.se" not in str(caught.value)
    assert "groups" not in str(caught.value)


# --- Signatures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@given(content=st.dictionaries(st.text(), st.text(), max_size=3), secret=st.text(min_size=1))
def test_what_is_signed_with_the_secret_is_taken(encoding: Any, content: dict[str, str], secret: str) -> None:
    """In hexadecimal (also capitals) or Base64 (also without the padding): Huma does not say which."""
    raw, headers = signed(content | {"topic": "users-update"}, secret, encoding)
    assert translate.unsigned(raw, headers, secret) is None
    changed = headers["huma-hmac-sha256"].upper() if encoding == "hex" else headers["huma-hmac-sha256"].rstrip("=")
    assert translate.unsigned(raw, headers | {"huma-hmac-sha256": f" {changed} "}, secret) is None


@given(
    place=st.integers(0, 40),
    digest=st.sampled_from([hashlib.sha256, hashlib.sha1]),
    key=st.sampled_from([SECRET, "x", ""]),
    encoded=st.sampled_from([base64.b64encode, base64.b16encode]),
)
def test_what_is_not_signed_so_is_refused(place: int, digest: Any, key: str, encoded: Any) -> None:
    """Another secret, another digest, another body, a header that holds something else."""
    raw, headers = signed({"topic": "users-update", "users": []}, SECRET)
    flipped = raw[: place % len(raw)] + bytes([raw[place % len(raw)] ^ 1]) + raw[place % len(raw) + 1 :]
    assert translate.unsigned(flipped, headers, SECRET)
    if (digest, key) != (hashlib.sha256, SECRET):
        other = encoded(hmac.new(key.encode(), raw, digest).digest()).decode()
        assert translate.unsigned(raw, headers | {"huma-hmac-sha256": other}, SECRET)
    for wrong in ("", " ", "å", headers["huma-hmac-sha256"][:-1], headers["huma-hmac-sha256"] + "0"):
        assert "huma-hmac-sha256" in (translate.unsigned(raw, headers | {"huma-hmac-sha256": wrong}, SECRET) or "")


def test_the_topic_of_header_and_body_must_agree() -> None:
    """The header is not signed, the body is."""
    raw, headers = signed({"topic": "users-update"}, SECRET)
    wrong = "huma-topic: it differs from the body's topic"
    assert translate.unsigned(raw, headers | {"huma-topic": "users-delete"}, SECRET) == wrong
    assert translate.unsigned(raw, {k: v for k, v in headers.items() if k != "huma-topic"}, SECRET) == wrong


def test_a_signed_body_that_is_no_json_is_told_so_later() -> None:
    """Whoever signs learns what is wrong with the form."""
    digest = hmac.new(SECRET.encode(), b"[]", hashlib.sha256).hexdigest()
    assert translate.unsigned(b"[]", {"huma-hmac-sha256": digest}, SECRET) is None


# --- Fields ---------------------------------------------------------------------------------------------------------


def test_the_login_address_travels_and_one_that_is_asked_for_does_not() -> None:
    """Until the person has confirmed it."""
    asked = {"id": ANNA, "email": {"editable": True, "value": "a@x.se", "requestedValue": "b@x.se"}}
    assert translate.person(asked, AT, {}).fields.email == "a@x.se"
    assert translate.requested_email(asked) == "b@x.se"
    assert translate.requested_email({"id": ANNA}) is None


@pytest.mark.parametrize(
    ("phone", "country", "wanted"),
    [
        ("070-174 06 05", "SE", "+46701740605"),
        ("070-174 06 05", None, "+46701740605"),
        ("070\u2212174\u00a006\u00a005", None, "+46701740605"),
        ("070-174 06 05", "NO", "070-174 06 05"),
        ("0046 (0)8 465 004 00", "NO", "+46846500400"),
        ("växeln", "SE", "växeln"),
        (" ", "SE", None),
    ],
)
def test_a_phone_number_is_e164_where_it_can_be_told(phone: str, country: str | None, wanted: str | None) -> None:
    """A number without a country is taken for Swedish unless the person lives elsewhere."""
    assert person(phone=phone, homeAddress={"country": country}).fields.phone == wanted


def test_the_lines_of_an_address_become_one_street() -> None:
    """Empty ones are left out; a country is two letters where it can be told."""
    fields = address(line1="Storgatan 1", line2=" ", line3="lgh 3", postalCode="111 22", city="Lund", country="se")
    assert (fields.street, fields.postal_code, fields.city, fields.country) == (
        "Storgatan 1, lgh 3",
        "111 22",
        "Lund",
        "SE",
    )
    assert address(country="Narnia").country == "Narnia"


@pytest.mark.parametrize(
    ("account", "plain", "flaw", "warning"),
    [
        ({"number": "6000 123 456 789", "country": "SE"}, "6000,123456789", "", ""),
        ({"number": "6000123456789"}, "6000,123456789", "", ""),
        ({"number": "6000-123456788", "country": "SE"}, "6000-123456788", "wrong_check_digit", ""),
        ({"number": "8327900123450", "country": "SE"}, "8327900123450", "cannot_split", ""),
        ({"number": "8327-9,1234567", "country": "SE"}, "83279,0001234567", "", "check_digit_differs"),
        ({"number": "6000", "country": "SE"}, "6000", "wrong_length", ""),
        ({"number": "8601 11 17947", "country": "NO"}, "8601 11 17947", "not_swedish", ""),
        ({"iban": "SE4550000000058398257466", "bic": "X"}, "SE4550000000058398257466", "not_swedish", ""),
        ({"number": "", "country": "SE"}, None, "", ""),
        (None, None, "", ""),
    ],
)
def test_one_string_becomes_clearing_and_account_number(
    account: dict[str, str] | None, plain: str | None, flaw: str, warning: str
) -> None:
    """Or says why not; what it holds is sealed either way."""
    held = account and {"type": "x", "code": "y", **account}
    found = person(bankAccount=held).fields.bank_account
    assert (found and (found.plain, found.flaw, found.warning)) == (plain and (plain, flaw, warning))  # type: ignore[attr-defined] # not sealed yet


@given(clearing=st.integers(1000, 9999), digits=st.integers(1, 10), number=st.integers(0, 10**10 - 1))
def test_an_account_that_we_write_is_read_as_the_same(clearing: int, digits: int, number: int) -> None:
    """Its one string comes apart where it was put together, for every valid account."""
    try:
        found = bank_account(str(clearing), str(number).zfill(10)[-digits:])
    except Invalid:
        return
    request = write_person({"bank_account": f"{found.clearing},{found.number}"}, {"id": ANNA}, {})
    assert request is not None
    again = person(bankAccount=json.loads(request.body or b"")["bankAccount"]).fields.bank_account
    assert isinstance(again, Unsealed)
    assert (again.plain, again.flaw) == (f"{found.clearing},{found.number}", "")


def test_only_the_supported_fields_travel_and_the_others_are_named() -> None:
    """Those that hold something, never by value; personal numbers and salaries stay in Huma."""
    full = record(
        givenName="Anna",
        preferredName="Ann",
        gender="",
        interests=[],
        birthDate="1990-01-01",
        salary={"amount": 1},
        identifications=[{"value": "19900101-2385"}],
    )
    full |= {"custom": {"shoe": framed(43), "none": framed(None)}, "19900101-2385": 1, "status": {"active": True}}
    fact = translate.person(full, AT, {})
    assert fact.ignored == (
        "(other)", "birthDate", "custom.shoe", "identifications", "preferredName", "salary", "status",
    )  # fmt: skip
    held = {name for name, value in fact.fields if value is not None}
    assert held == {"given_name"}


def test_a_company_chooses_which_field_one_of_ours_is() -> None:
    """That one travels, empty or not, and the usual one is named as ignored; what is the usual one changes nothing."""
    held = {"email": "w@x.se", "privateEmail": "p@x.se", "givenName": "Anna Maria", "preferredName": "Mia"}
    usual = person(**held)
    assert (usual.fields.email, usual.fields.given_name) == ("w@x.se", "Anna Maria")
    assert usual.ignored == ("preferredName", "privateEmail")
    assert person({"email": "email", "given_name": "givenName"}, **held) == usual
    other = person({"email": "privateEmail", "given_name": "preferredName"}, **held)
    assert (other.fields.email, other.fields.given_name) == ("p@x.se", "Mia")
    assert other.ignored == ("email", "givenName")
    assert person({"email": "privateEmail"}, email="w@x.se").fields.email is None


def test_an_empty_record_is_an_empty_person() -> None:
    """Only the id is needed; the time is that of the reading."""
    fact = translate.person({"id": ANNA}, AT, {})
    assert set(fact.fields.model_dump().values()) == {None}
    assert (fact.changed_at, fact.ignored) == (AT, ())


# --- Days of work ---------------------------------------------------------------------------------------------------


def positions(*spans: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    """Return positions as lists show them."""
    found = [
        {"id": f"{POSITION[:-1]}{n}", "contractStartDate": first, "contractEndDate": last}
        for n, (first, last) in enumerate(spans)
    ]
    return [{name: value for name, value in each.items() if value is not None} for each in found]


def _details(position: dict[str, Any], **days: str | None) -> dict[str, Any]:
    """Return a position as it is shown alone: its days are framed."""
    return {name: value if name == "id" else framed(value) for name, value in (position | days).items()}


@pytest.mark.parametrize(
    ("spans", "ends"),
    [
        ([("2020-01-01", None)], (0, 0)),
        ([("2023-01-01", "2025-12-31"), ("2020-01-01", "2022-12-31")], (1, 0)),
        ([("2020-01-01", None), ("2026-01-01", "2026-06-30")], (0, 0)),
        ([("2020-01-01", None), ("2026-01-01", None)], (0, 1)),
        ([(None, None), ("2020-01-01", "2020-12-31")], (1, 0)),
    ],
)
def test_the_first_position_begins_and_the_one_that_ends_last_ends(
    spans: list[tuple[str | None, str | None]], ends: tuple[int, int]
) -> None:
    """One without an end ends last; of several, the one that began last. All that is needed is read."""
    known = positions(*spans)
    assert translate.first_and_last([_details(each) for each in known]) == ends
    assert {known[each]["id"] for each in ends} <= set(translate.telling(known))
    assert translate.telling([]) == ()


@pytest.mark.parametrize(
    ("last_days", "last"),
    [
        ([None, "2026-08-31"], None),  # a summer job whose contract has no end either
        (["2026-12-31", "2026-08-31"], date(2026, 12, 31)),
        (["2026-08-31", None], None),
        (["2026-08-31", "2026-08-31"], date(2026, 8, 31)),
    ],
)
def test_a_job_beside_a_permanent_position_ends_nothing(last_days: list[str | None], last: date | None) -> None:
    """There is a last day when every position has one: the latest."""
    known = positions(("2019-01-01", None), ("2026-06-01", None))
    read = [_details(each, lastDayOfWork=day) for each, day in zip(known, last_days, strict=True)]
    first, end = translate.first_and_last(read)
    assert translate.person(record(), AT, {}, (read[first], read[end])).fields.last_day == last


@pytest.mark.parametrize(
    ("began", "spans", "only"),
    [
        ("2020-01-01", [("2020-01-01", None)], True),
        (None, [], None),
        ("2020-01-01", [], False),  # an ended one, or one that is yet to come
        ("2019-01-01", [("2020-01-01", None)], False),  # there was one before
        ("2020-01-01", [("2020-01-01", "2026-12-31")], False),  # there may be one after
        ("2020-01-01", [("2020-01-01", None), ("2020-01-01", None)], False),
    ],
)
def test_positions_are_read_only_where_the_record_cannot_tell(
    began: str | None,
    spans: list[tuple[str | None, str | None]],
    only: bool | None,  # noqa: FBT001 - it is the case
) -> None:
    """It can of somebody with one position without an end, and of somebody without any."""
    known = positions(*spans)
    told = record(firstDayOfWork="2020-01-07", lastDayOfWork=None, firstContractStartDate=began)
    told["currentPositions"] = known
    assert translate.only_position(told) == (known[0]["id"] if only else only)
    if only:  # another position may follow it
        assert translate.only_position(told | {"lastDayOfWork": framed("2026-08-31")}) is False
    for name in ("firstDayOfWork", "lastDayOfWork", "firstContractStartDate"):
        assert translate.only_position({key: value for key, value in told.items() if key != name}) is False


def test_days_are_those_of_the_positions_where_they_were_read() -> None:
    """Otherwise those of the record."""
    told = record(firstDayOfWork="2020-01-07", lastDayOfWork="2026-12-31")
    assert translate.person(told, AT, {}).fields.last_day == date(2026, 12, 31)
    first = {"id": POSITION, "firstDayOfWork": framed("2019-01-07"), "lastDayOfWork": framed("2019-12-31")}
    last = {"id": POSITION, "firstDayOfWork": framed("2020-01-07")}
    fields = translate.person(told, AT, {}, (first, last)).fields
    assert (fields.first_day, fields.last_day) == (date(2019, 1, 7), None)


# --- Whatever comes -------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("2020-02-30"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["id", "email", "phone", "homeAddress", "bankAccount", "currentPositions", "firstDayOfWork", "custom", "x"]
)


@given(fields=st.dictionaries(NAMES, VALUES | st.builds(framed, VALUES), max_size=5))
def test_any_record_is_a_fact_or_is_refused_by_field(fields: dict[str, Any]) -> None:
    """Nothing else happens, twice the same; and what comes is sealed and can be written."""
    outcomes = []
    for _ in range(2):
        try:
            fact = translate.person({"id": ANNA, **fields}, AT, {})
            outcomes.append(sealed(fact, VAULT, TENANT).model_dump_json())
        except Malformed as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
