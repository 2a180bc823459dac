"""Alexis HR's records as facts: fields as in their own table, dates in the company's zone, and no secret told."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alexishr import translate
from connectors.alexishr.encode import found_by, write_days
from connectors.alexishr.translate import Chosen
from connectors.alexishr.wire import Fields
from infra.intake.sealing import sealed
from infra.plugin import Malformed
from schemas.events import EmployeeChanged
from schemas.identities import luhn
from schemas.personal import Unsealed
from tests.connectors.fake_acceptor import TENANT, VAULT

SAMPLES = Path(translate.__file__).parent / "samples"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
ZONES = st.sampled_from([STOCKHOLM, ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland"), ZoneInfo("UTC")])
BARE: dict[str, Any] = {"id": "507f1f77bcf86cd799439011", "updated": "2026-04-10T22:04:11.123Z"}


def person(
    *employments: dict[str, Any], zone: ZoneInfo = STOCKHOLM, chosen: Fields | None = None, **fields: Any
) -> EmployeeChanged:
    """Return the fact of a record with these fields."""
    spells = [{"id": f"e{n}", "employeeId": BARE["id"], **each} for n, each in enumerate(employments)]
    return translate.person(BARE | fields, spells, Chosen(zone, chosen or {}))


def outcome(record: dict[str, Any], employments: Sequence[Any] = ()) -> tuple[EmployeeChanged | None, str]:
    """Return the fact of a record, or what is wrong with it."""
    try:
        return translate.person(record, employments, Chosen(STOCKHOLM)), ""
    except Malformed as error:
        return None, str(error)


# --- Fields ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "email"),
    [
        ({"workEmail": "w@x.se", "privateEmail": "p@x.se"}, "w@x.se"),
        ({"workEmail": " ", "privateEmail": "p@x.se"}, "p@x.se"),
        ({"workEmail": None}, None),
        ({}, None),
    ],
)
def test_the_private_address_stands_in_for_the_one_at_work(fields: dict[str, Any], email: str | None) -> None:
    """As their own export does."""
    assert person(**fields).fields.email == email


@pytest.mark.parametrize(
    ("fields", "phone"),
    [
        ({"privatePhone": "070-174 06 05", "workPhone": "08-465 004 00"}, "+46701740605"),
        ({"privatePhone": "070-174 06 05", "privatePhoneSanitized": "+46701740605"}, "+46701740605"),
        ({"privatePhone": "", "workPhone": "0046 8 465 004 00"}, "+46846500400"),
        ({"workPhone": "+46 (0)8 465 004 00"}, "+46846500400"),
        ({"workPhone": "+47 22 12 34 56"}, "+4722123456"),
        ({"workPhone": "22 12 34 56", "employmentCountry": "NO"}, "22 12 34 56"),
        ({"workPhone": "0701740605", "employmentCountry": "NO"}, "0701740605"),
        ({"workPhone": "växeln, be om Bo"}, "växeln, be om Bo"),
        ({}, None),
    ],
)
def test_one_phone_travels_and_it_is_the_private_one(fields: dict[str, Any], phone: str | None) -> None:
    """In E.164 where that can be told, otherwise as it was written."""
    assert person(**fields).fields.phone == phone


def test_a_company_chooses_which_field_one_of_ours_is() -> None:
    """That one travels, empty or not, and the others are named as ignored."""
    held = {
        "workEmail": "w@x.se",
        "privateEmail": "p@x.se",
        "workPhone": "08-465 004 00",
        "privatePhone": "070-174 06 05",
        "privatePhoneSanitized": "+46701740605",
    }
    usual = person(**held)
    assert (usual.fields.email, usual.fields.phone) == ("w@x.se", "+46701740605")
    assert usual.ignored == ("privateEmail", "workPhone")
    other = person(chosen={"email": "privateEmail", "phone": "workPhone"}, **held)
    assert (other.fields.email, other.fields.phone) == ("p@x.se", "+46846500400")
    assert other.ignored == ("privatePhone", "privatePhoneSanitized", "workEmail")
    only_work = person(chosen={"email": "workEmail"}, privateEmail="p@x.se")
    assert (only_work.fields.email, only_work.ignored) == (None, ("privateEmail",))


@pytest.mark.parametrize(("chosen", "name"), [({}, "workEmail"), ({"email": "privateEmail"}, "privateEmail")])
def test_a_new_person_is_looked_for_by_the_chosen_address(chosen: Fields, name: str) -> None:
    """Where there is no employment id."""
    request = found_by({"email": "p@x.se"}, chosen)
    assert request is not None
    assert (f"filters[{name}][$eq]", "p@x.se") in request.params


@pytest.mark.parametrize(
    ("written", "country"), [("SE", "SE"), ("se", "SE"), ("Sverige", "SE"), ("norway", "NO"), ("Narnia", "Narnia")]
)
def test_a_country_is_two_letters_where_it_can_be_told(written: str, country: str) -> None:
    """What is not known stays, and is judged later."""
    assert person(homeAddress={"country": written}).fields.country == country


@pytest.mark.parametrize(
    ("ssn", "plain", "flaw"),
    [
        ("900101-2385", "199001012385", ""),
        ("19900101-2385", "199001012385", ""),
        ("19900101-2384", "19900101-2384", "wrong_check_digit"),
        ("0" * 500, "0" * 64, "wrong_length"),
    ],
)
def test_a_personal_number_is_in_its_normal_form_or_says_what_is_wrong(ssn: str, plain: str, flaw: str) -> None:
    """Two ways to write one number are equal, so that their seals are."""
    number = person(ssn=ssn).fields.personal_number
    assert isinstance(number, Unsealed)
    assert (number.plain, number.flaw) == (plain, flaw)


@pytest.mark.parametrize(("changed", "century"), [("2026-04-09", "19"), ("2026-04-10", "20")])
def test_ten_digits_mean_who_was_born_last_on_the_day_of_the_change(changed: str, century: str) -> None:
    """No clock decides the century."""
    digits = next(f"260410{serial}" for serial in range(2380, 2390) if luhn(f"260410{serial}"))
    number = person(ssn=digits, updated=f"{changed}T12:00:00Z").fields.personal_number
    assert isinstance(number, Unsealed)
    assert number.plain == century + digits


@pytest.mark.parametrize(
    ("account", "plain", "flaw", "warning"),
    [
        ({"clearing": "6000", "number": "123 456 789"}, "6000,123456789", "", ""),
        ({"clearing": "6000", "number": "123456788"}, "6000,123456788", "wrong_check_digit", ""),
        ({"clearing": "8327-9", "number": "1234567"}, "83279,0001234567", "", "check_digit_differs"),
        ({"clearing": "", "number": "6000 123456789"}, "6000,123456789", "", ""),
        ({"clearing": "6000"}, "6000,", "wrong_length", ""),
        ({"iban": "SE4550000000058398257466"}, None, "", ""),
        (None, None, "", ""),
    ],
)
def test_an_account_is_in_its_normal_form_or_says_what_is_wrong(
    account: dict[str, str] | None, plain: str | None, flaw: str, warning: str
) -> None:
    """Clearing number and account number come apart, and are judged by the bank's own rules."""
    found = person(bankAccount=account).fields.bank_account
    assert (found and (found.plain, found.flaw, found.warning)) == (plain and (plain, flaw, warning))  # type: ignore[attr-defined] # not sealed yet


def test_the_first_employment_begins_and_the_last_one_ends_the_work() -> None:
    """Whatever their order; a last one without an end has none. Without employments the person's own dates count."""
    first = {"startDate": "2019-12-31T23:00:00.000Z", "endDate": "2022-12-30T23:00:00.000Z"}
    second = {"startDate": "2022-12-31T23:00:00.000Z"}
    both = person(second, first, hireDate="2000-01-01T00:00:00Z").fields
    assert (both.first_day, both.last_day) == (date(2020, 1, 1), None)
    alone = person(first).fields
    assert (alone.first_day, alone.last_day) == (date(2020, 1, 1), date(2022, 12, 31))
    none = person(hireDate="2020-01-01T00:00:00.000Z", endDate="2022-12-31").fields
    assert (none.first_day, none.last_day) == (date(2020, 1, 1), date(2022, 12, 31))


@pytest.mark.parametrize(
    ("spans", "last"),
    [
        ([("2019-01-01", None), ("2026-06-01", "2026-08-31")], None),
        ([("2019-01-01", "2026-12-31"), ("2026-06-01", "2026-08-31")], date(2026, 12, 31)),
        ([("2019-01-01", "2026-05-31"), ("2026-06-01", None)], None),
        ([("2015-01-01", "2018-05-31"), ("2026-06-01", None)], None),  # who comes back
        ([("2019-01-01", None), ("2026-06-01", None)], None),
    ],
)
def test_an_employment_beside_another_ends_nothing(spans: list[tuple[str, str | None]], last: date | None) -> None:
    """There is a last day when every employment has one: the latest. The first day is that of the first of all."""
    at = [{"startDate": first, **({"endDate": end} if end else {})} for first, end in spans]
    for order in (at, at[::-1]):
        fields = person(*order).fields
        assert (fields.first_day, fields.last_day) == (date.fromisoformat(spans[0][0]), last)


def test_the_latest_change_of_person_and_employments_counts() -> None:
    """The flow orders by it."""
    assert person({"startDate": "2020-01-01", "updated": "2026-04-11T00:00:00Z"}).changed_at == datetime(
        2026, 4, 11, tzinfo=UTC
    )


def test_what_does_not_travel_is_named_once_it_holds_something() -> None:
    """Never by its value, and not by a name that may be one."""
    fact = person(
        age=36,
        custom={"shoe": 43},
        gender="",
        pronoun=None,
        privateEmail="p@x.se",
        workEmail="w@x.se",
        workPhone="08-465 004 00",
        bankAccount={"clearing": "6000", "number": "123456789", "iban": "SE45"},
        homeAddress={"street": "A 1", "location": {"type": "Point"}},
        somethingNew=1,
        **{"19900101-2385": "x"},
    )
    assert fact.ignored == (
        "(other)", "age", "bankAccount.iban", "custom", "homeAddress.location", "privateEmail", "somethingNew",
    )  # fmt: skip


def test_an_empty_record_is_an_empty_person() -> None:
    """Only the id and the time of change are needed."""
    assert set(person().fields.model_dump().values()) == {None}
    assert person().ignored == ()


# --- Dates and zones ------------------------------------------------------------------------------------------------


@given(
    at=st.datetimes(datetime(1901, 1, 1), datetime(2198, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - naive bounds
    zone=ZONES,
    offset=st.integers(-14 * 60, 14 * 60),
)
def test_a_time_is_the_day_that_it_is_in_the_companys_zone(at: datetime, zone: ZoneInfo, offset: int) -> None:
    """Whatever offset it is written with."""
    at = at.replace(microsecond=0)
    sign, minutes = "+" if offset >= 0 else "-", abs(offset)
    local = (at + timedelta(minutes=offset)).replace(tzinfo=None)
    written = f"{local.isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert person(zone=zone, hireDate=written).fields.first_day == at.astimezone(zone).date()


@given(day=st.dates(date(1901, 1, 1), date(2198, 12, 31)), zone=ZONES)
def test_a_day_that_is_written_is_the_day_that_is_read(day: date, zone: ZoneInfo) -> None:
    """In the company's zone and in UTC, so that either reading of theirs is right."""
    (request,) = write_days({"last_day": day}, {"id": "1"}, ["e"], "", zone)
    written = json.loads(request.body or b"")["endDate"]
    assert person({"startDate": "1900-01-01", "endDate": written}, zone=zone).fields.last_day == day
    assert written.startswith(day.isoformat())


def test_a_time_whose_day_no_message_can_carry_is_named() -> None:
    """There it is another day than in UTC."""
    with pytest.raises(Malformed, match="1900 to 2199"):
        person(hireDate="2199-12-31T23:30:00.000Z")
    assert person(hireDate="1900-01-01T00:00:00.000Z").fields.first_day == date(1900, 1, 1)


# --- Leaves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "hours", "extent"),
    [
        ("half_day", 4, 50),
        ("one_day", 24, 100),
        ("longer", 240, 100),
        ("minutes", 1, Decimal("12.5")),
        ("minutes", 0, Decimal("0.01")),
    ],
)
def test_a_duration_is_an_extent_where_no_days_were_read(duration: str, hours: int, extent: Decimal) -> None:
    """Minutes are a part of eight hours."""
    begin = datetime.combine(date(2026, 4, 10), time(8), UTC)
    record = {
        "id": "l1",
        "employeeId": "p1",
        "typeId": "t1",
        "status": "APPROVED",
        "duration": duration,
        "startDate": begin.isoformat(),
        "endDate": (begin + timedelta(hours=hours)).isoformat(),
    }
    fact = translate.leave(record, {}, STOCKHOLM)
    assert (fact.extent, fact.kind, fact.withdrawn) == (extent, "t1", False)
    told = dict.fromkeys(translate._days(fact.first_day, fact.last_day), Decimal("12.5"))
    fact = translate.leave(record, {"t1": "VACATION"}, STOCKHOLM, told)
    assert (fact.extent, fact.days) == (Decimal("12.5"), ())


@pytest.mark.parametrize(
    ("extents", "extent", "days"),
    [
        ([100, 100, 100, 100, 100], 100, 0),
        ([50, 100, 100, 100, 100], 100, 5),  # half a day at its beginning does not make it a half leave
        (["12.5", "12.5", "12.5", "12.5", "12.5"], Decimal("12.5"), 0),
        ([100, 0, 100, 0, 100], 100, 3),  # two days of the week are worked
        ([60, 60, 0, 0, 0], 60, 2),
    ],
)
def test_days_of_a_leave_that_differ_are_told_one_by_one(extents: list[Any], extent: Decimal, days: int) -> None:
    """From Monday to Friday; what is not told, or told as nothing, is worked."""
    monday = date(2026, 4, 13)
    when = [(monday + timedelta(days=n)).isoformat() for n in range(5)]
    said = [
        {"parent": {"id": "l1"}, "date": f"{day}T00:00:00.000Z", "extent": Decimal(each)}
        for day, each in zip(when, extents, strict=True)
    ]
    record = {"id": "l1", "employeeId": "p1", "typeId": "t1", "status": "APPROVED", "duration": "longer"}
    told = translate.extents([*said, {"parent": {"id": "l2"}, "date": when[0], "extent": 20}], STOCKHOLM)
    assert told["l2"] == {monday: 20}
    fact = translate.leave(record | {"startDate": when[0], "endDate": when[4]}, {}, STOCKHOLM, told["l1"])
    assert (fact.extent, len(fact.days)) == (extent, days)
    assert [part.extent for part in fact.days] == [Decimal(each) for each in extents if each][: len(fact.days)]


# --- Malformed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "a/b"),
        ("updated", "yesterday"),
        ("updated", 1775857267),
        ("ssn", 199001012385),
        ("firstName", ["Anna"]),
        ("hireDate", "20260410"),
        ("endDate", "2026-02-30"),
        ("tax", 33),
        ("tax.table", "33"),
        ("bankAccount.number", 123456789),
        ("homeAddress.street", {"x": 1}),
    ],
)
def test_a_wrong_type_is_named(path: str, value: object) -> None:
    """The path of the field, and why; unknown fields are none of it."""
    part, _, inner = path.partition(".")
    with pytest.raises(Malformed) as error:
        person(**{part: {inner: value} if inner else value}, somethingNew=object())
    (problem,) = error.value.problems
    assert problem.startswith(f"employee.{path}: ")
    assert str(value) not in problem


FIELDS = [
    "id", "updated", "ssn", "firstName", "workEmail", "privatePhone", "hireDate", "tax", "tax.table", "bankAccount",
    "bankAccount.clearing", "bankAccount.number", "homeAddress", "homeAddress.city", "employeeNumber", "unknown",
]  # fmt: skip


@given(
    paths=st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4),
    secret=st.sampled_from(
        ["19900101-7302", 199001017302, ["7302"], {"a7302": 7302}, {"19900101-7302": 1}, "6000,7302", 7302.5, True]
    ),
)
def test_nothing_secret_is_shown_whatever_goes_wrong(paths: list[str], secret: Any) -> None:
    """Neither a problem, nor the fact's repr, nor what travels holds a digit of what may be a number of somebody's."""
    fields: dict[str, Any] = {}
    for path in paths:
        part, _, inner = path.partition(".")
        fields[part] = {inner: secret} if inner else secret
    fact, problems = outcome(BARE | fields)
    assert "7302" not in problems.replace("a7302", "")
    if fact is not None:
        hidden = {name: getattr(fact.fields, name) for name in ("personal_number", "bank_account")}
        assert "7302" not in repr(hidden) + " ".join(fact.ignored).replace("a7302", "")
        shown = sealed(fact, VAULT, TENANT).fields
        assert "7302" not in repr(shown.personal_number) + repr(shown.bank_account)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    record=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), json_values),
    employments=st.lists(json_values, max_size=1),
)
def test_any_record_is_a_fact_or_malformed(record: dict[str, Any], employments: list[Any]) -> None:
    """Nothing that may come makes another exception, and what is told can travel."""
    fact, problems = outcome(BARE | record, employments)
    assert (fact is None) is bool(problems)
    if fact is not None:
        assert EmployeeChanged.model_validate_json(sealed(fact, VAULT, TENANT).model_dump_json())
