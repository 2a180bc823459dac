"""What is written to an HR system reads back equal: every field that travels there, every valid value."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.alexishr import encode as alexishr
from connectors.alexishr import translate as from_alexishr
from connectors.alexishr.wire import CHOICES as ALEXIS_HR
from connectors.huma import encode as huma
from connectors.huma import translate as from_huma
from connectors.huma.wire import CHOICES as HUMA
from schemas.bank_accounts import SERIES
from schemas.events import EmployeeField, EmployeeFields
from schemas.identities import luhn
from schemas.people import kept
from schemas.personal import Unsealed, unsealed_account, unsealed_number

NOW: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
ID: Final = "507f1f77-bcf8-6cd7-9943-901100000001"
WORDS: Final = st.text(
    st.characters(categories=["Lu", "Ll"], include_characters=" -'\u2019."), min_size=1, max_size=40
).filter(lambda text: bool(text.strip()))


@st.composite
def accounts(draw: st.DrawFn) -> Unsealed:
    """Return a valid account of any bank, often with zeros in front."""
    bank = draw(st.sampled_from(SERIES))
    clearing = str(draw(st.integers(bank.first, bank.last)))
    length = draw(st.integers(max(bank.kind.shortest, bank.kind.written), bank.kind.longest))
    digits = f"{draw(st.integers(0, 10 ** draw(st.integers(1, length)) - 1)):0{length}}"
    found = [unsealed_account(clearing, digits[:-1] + check) for check in "0123456789"]
    valid = [each for each in found if not each.flaw and not each.warning]
    assume(valid)
    return valid[0]


@st.composite
def numbers(draw: st.DrawFn) -> Unsealed:
    """Return a personal or co-ordination number, of people of all ages."""
    born, serial = draw(st.dates(date(1880, 1, 1), NOW.date())), draw(st.integers(1, 999))
    nine = f"{born:%y%m}{born.day + 60 * draw(st.booleans()):02}{serial:03}"
    check = next(c for c in "0123456789" if luhn(nine + c))
    return unsealed_number(f"{born.year // 100}{nine}{check}", NOW.date())


FIELDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    **dict.fromkeys(("given_name", "family_name", "street", "city", "title", "employment_id"), WORDS),
    "email": st.emails(),
    "phone": st.from_regex(r"\+(46|47|45|358|44|49|380)[1-9][0-9]{7,9}", fullmatch=True).filter(lambda n: len(n) < 16),
    "postal_code": st.sampled_from(["111 22", "11122", "SW1A 1AA"]),
    "country": st.sampled_from(["SE", "NO", "DE", "PH"]),
    "bank_account": accounts(),
    "personal_number": numbers(),
    "tax_table": st.integers(29, 42),
    "tax_column": st.integers(1, 6),
}
VALUES: Final = st.fixed_dictionaries({}, optional=FIELDS)


def same(wanted: Mapping[str, Any], read: EmployeeFields) -> bool:
    """Tell whether what was read is what was wanted, as it is compared."""
    return all(
        (value == back) if not isinstance(value, str) else kept(name, value) == kept(name, back or "")  # type: ignore[arg-type] # fields
        for name, value in wanted.items()
        for back in [getattr(read, name)]
    )


def plain(values: Mapping[str, Any]) -> dict[Any, Any]:
    """Return values as they are sent: personal ones opened."""
    return {name: value.plain if isinstance(value, Unsealed) else value for name, value in values.items()}


def chosen(choices: Mapping[EmployeeField, tuple[str, ...]]) -> st.SearchStrategy[dict[EmployeeField, str]]:
    """Return what a company can choose."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(theirs) for name, theirs in choices.items()})


def held(choices: Mapping[EmployeeField, tuple[str, ...]]) -> st.SearchStrategy[dict[str, str]]:
    """Return a record's values of the fields that can be chosen."""
    return st.fixed_dictionaries({}, optional={name: FIELDS[ours] for ours, some in choices.items() for name in some})


@given(VALUES, held(ALEXIS_HR), chosen(ALEXIS_HR))
@settings(max_examples=80)
def test_alexis_hr_reads_back_what_was_written(
    values: dict[str, Any], before: dict[str, str], chosen: dict[EmployeeField, str]
) -> None:
    """Names, numbers, address, account and tax, in whichever field of theirs was chosen."""
    record: dict[str, Any] = {"id": "507f1f77bcf86cd799439011", "updated": "2026-11-29T12:00:00.000Z", **before}
    request = alexishr.write_person(plain(values), record, chosen)
    body = json.loads(request.body or b"{}") if request else {}
    terms = from_alexishr.Chosen(ZoneInfo("Europe/Stockholm"), chosen)
    assert same(values, from_alexishr.person(record | body, [], terms).fields)
    others = {name for ours, place in chosen.items() for name in ALEXIS_HR[ours] if name != place}
    assert not others & body.keys()


@given(VALUES, held(HUMA), chosen(HUMA))
@settings(max_examples=80)
def test_huma_reads_back_what_was_written(
    values: dict[str, Any], before: dict[str, str], chosen: dict[EmployeeField, str]
) -> None:
    """The fields that travel there; an account is one string, which is split in the same place."""
    travel = {name: value for name, value in values.items() if name in from_huma.SUPPORTED}
    request = huma.write_person(plain(travel), {"id": ID}, chosen)
    body = json.loads(request.body or b"{}") if request else {}
    framed = {name: {"editable": True, "value": value} for name, value in (before | body).items()}
    assert same(travel, from_huma.person({"id": ID} | framed, NOW, chosen).fields)
