"""What we write to Fortnox reads back equal: every field, every valid value, through its sandbox."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from connectors.fortnox import translate
from connectors.fortnox.forms import employee
from connectors.fortnox.sandbox import Company
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import ROUTES
from infra.delivery.requests import Request
from infra.verdicts import Rejected
from schemas.bank_accounts import SERIES
from schemas.characters import sanitise
from schemas.commands import UpsertEmployee
from schemas.events import EmployeeField, EmployeeFields
from schemas.identities import luhn
from schemas.people import kept
from schemas.personal import Unsealed, unsealed_account, unsealed_number
from tests.connectors.fortnox.lane_driver import WHENCE

# ruff: noqa: RUF001 - characters that look alike are among what people are called

NOW: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
HANDLERS: Final = {f"{method} {path}": handler for method, path, _, handler in ROUTES}
NEEDED: Final = {"email": "a@exempel.se", "given_name": "Åsa", "family_name": "Öberg"}
NAMES: Final = st.sampled_from(
    ["Åsa", "A\u030asa", "O'Brien", "d’Avila", "Anna-Lisa", "von Essen", "BJÖRN", "Müller", "Éléonore", "N´Diaye"]
) | st.text(st.characters(categories=["Lu", "Ll"], include_characters=" -'’."), min_size=1, max_size=80).filter(
    lambda text: kept("given_name", text)
)


def written(fields: Mapping[str, Any]) -> EmployeeFields:
    """Write fields to a new employee and over an old one; return what the reader tells of either."""
    wanted = EmployeeFields(**(NEEDED | fields))
    values = employee.plain(wanted, {n: v.plain for n, v in wanted if isinstance(v, Unsealed)})
    new = UpsertEmployee(**(WHENCE | {"key": "huma/1", "fields": EmployeeFields(), "create": True}))
    change = new.model_copy(update={"create": False, "employee_id": "2"})
    company = Company(1001)
    made = _ask(company, employee.create(new, values, NOW.date()))
    _ask(company, employee.create(new, NEEDED, NOW.date()))
    changed = _ask(company, employee.change(change, values, tuple(values), NOW.date()))
    assert employee.differing(change, values, employee.held(changed, NOW.date())) == ()
    first, second = translate.employee(made, NOW, 1), translate.employee(changed, NOW, 1)
    assert first
    assert second
    assert first.fields == second.fields.model_copy(update={"employment_id": "1"})
    return second.fields


def _ask(company: Company, request: Request | Rejected) -> Any:
    assert isinstance(request, Request), request
    route = "POST /3/employees" if request.method == "POST" else "PUT /3/employees/{key}"
    path = {} if request.method == "POST" else {"key": request.resource.rpartition("/")[2]}
    return json.loads(HANDLERS[route](ApiRequest(NOW, path, {}, request.body or b"", NOW), company).body)["Employee"]


@st.composite
def accounts(draw: st.DrawFn) -> Unsealed:
    """Return a valid account of any bank, often with zeros in front."""
    bank = draw(st.sampled_from(SERIES))
    clearing = str(draw(st.integers(bank.first, bank.last)))
    length = draw(st.integers(max(bank.kind.shortest, bank.kind.written), bank.kind.longest))
    number = draw(st.integers(0, 10 ** draw(st.integers(1, length)) - 1)) if length else 0
    digits = f"{number:0{length}}"
    if not bank.kind.warning:
        right = [d for c in "0123456789" if bank.kind.holds(clearing, d := digits[:-1] + c)]
        assume(right)
        digits = right[0]
    found = unsealed_account(clearing, digits)
    assume(not found.flaw)
    return found


@given(accounts())
@example(unsealed_account("6000", "000000019"))
@settings(max_examples=300)
def test_a_bank_account_reads_back_equal(account: Unsealed) -> None:
    """Of every bank, with the zeros that its number begins with."""
    assert written({"bank_account": account}).bank_account == account


@given(born=st.dates(date(1880, 1, 1), NOW.date()), serial=st.integers(1, 999), coordination=st.booleans())
@example(born=date(1926, 11, 29), serial=100, coordination=False)
@example(born=date(1926, 11, 30), serial=100, coordination=False)
@example(born=date(1925, 12, 31), serial=100, coordination=True)
@example(born=date(2026, 11, 29), serial=100, coordination=False)
def test_a_personal_number_reads_back_equal(born: date, serial: int, coordination: bool) -> None:  # noqa: FBT001 - drawn
    """Of every century, of who is a hundred and more, and co-ordination numbers."""
    nine = f"{born:%y%m}{born.day + 60 * coordination:02}{serial:03}"
    check = next(c for c in "0123456789" if luhn(nine + c))
    number = unsealed_number(f"{born.year // 100}{nine}{check}", NOW.date())
    assert not number.flaw
    assert written({"personal_number": number}).personal_number == number


PHONES = st.from_regex(r"\+(46|47|45|358|44|49|1|7|380)[1-9][0-9]{6,10}", fullmatch=True).filter(lambda n: len(n) < 16)
TEXTS: Mapping[EmployeeField, st.SearchStrategy[str]] = {
    "email": st.from_regex(r"[A-Za-z0-9.+_\-]{1,40}@[a-z0-9\-]{1,20}\.(se|com|example)", fullmatch=True),
    "given_name": NAMES,
    "family_name": NAMES,
    "phone": PHONES | st.sampled_from(["0046 70 123 45 67", "+46 (0)8 12 34 56", "ankn. 17"]),
    "street": st.sampled_from(
        ["Storgatan 1-3", "Storgatan 13", "c/o Ek, Väg 2 B", "S:t Eriksgatan 4 (nb)", "Å" * 1024]
    ),
    "postal_code": st.sampled_from(["111 22", "11122", "SW1A 1AA", "D-10115"]),
    "city": st.sampled_from(["Malmö", "MALMÖ", "malmö", "Malmo\u0308", "Göteborg", "S:t Olof"]),
    "country": st.sampled_from(["SE", "TH", "CZ", "TR", "US", "CI", "XK"]),
    "title": st.text(st.characters(categories=["Lu", "Ll"], include_characters=" /&"), max_size=60).filter(
        lambda text: kept("title", text)
    ),
}


@pytest.mark.parametrize("field", sorted(TEXTS))
@given(data=st.data())
@settings(max_examples=25)
def test_a_text_reads_back_as_it_is_kept(field: EmployeeField, data: st.DataObject) -> None:
    """Nothing is left that would be written again; letter case and hyphens are what was written."""
    value = data.draw(TEXTS[field])
    back = getattr(written({field: value}), field)
    assert kept(field, back) == kept(field, value)
    assert " ".join(back.split()) == back
    if field not in {"phone", "title"}:
        assert back.casefold() == sanitise(value).casefold() or field in {"email", "country"}


@given(
    st.fixed_dictionaries(
        {
            "first_day": st.dates(date(1970, 1, 1), date(2099, 12, 31)),
            "last_day": st.dates(date(1970, 1, 1), date(2099, 12, 31)),
            "tax_table": st.integers(29, 42),
            "tax_column": st.integers(1, 6),
        }
    )
)
@settings(max_examples=25)
def test_days_and_tax_read_back_equal(fields: dict[str, Any]) -> None:
    """Exactly."""
    back = written(fields)
    assert {name: getattr(back, name) for name in fields} == fields
