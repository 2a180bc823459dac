"""Settings as people write them."""

import json
import types
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import escape
from itertools import pairwise
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from connectors.desk import settings_words
from connectors.desk.settings_files import WrongFile, differences, lines_of, read, to_yaml
from infra import registry, speaking
from schemas.bas import BAS_DAY_SALES
from schemas.settings import PaymentAccount, TenantSettings, VatAccount
from schemas.settings_words import MEANINGS
from tests.connectors.desk.in_swedish import english_in

BAS = TenantSettings(daysales=BAS_DAY_SALES)


def any_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Return values of a field's type, from what the type itself says: a field that is new is covered too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return models(annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        return st.one_of([any_of(each) for each in get_args(annotation)])
    if get_origin(annotation) is tuple:
        return st.lists(any_of(get_args(annotation)[0]), max_size=3).map(tuple)
    if annotation is types.NoneType:
        return st.none()
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    return st.one_of([written(form) for form in forms(adapter.json_schema())]).map(accepted(adapter)).filter(is_some)


def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Return any settings of a model that keep its rules."""
    known = get_type_hints(model, include_extras=True)
    fields = {}
    for name, field in model.model_fields.items():
        limits = tuple(field.metadata)
        value = any_of(Annotated[known[name], *limits] if limits else known[name])
        fields[name] = value if field.is_required() else value | st.just(field.get_default())
    return st.fixed_dictionaries(fields).map(accepted(TypeAdapter(model))).filter(is_some)


def accepted(adapter: TypeAdapter[Any]) -> Callable[[Any], Any]:
    """Return what makes a value of the type, or NOTHING where a rule refuses it."""

    def take(value: Any) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError:
            return NOTHING

    return take


NOTHING = object()


def is_some(value: Any) -> bool:
    """Tell whether a rule has accepted it."""
    return value is not NOTHING


def forms(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the forms of a value."""
    return schema.get("anyOf", [schema])


def written(schema: dict[str, Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each type
    """Return values as a person would write them, by what their schema allows."""
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    match schema["type"], schema:
        case "integer", {"minimum": least, "maximum": most}:
            return st.integers(least, most)
        case "boolean", _:
            return st.booleans()
        case "null", _:
            return st.none()
        case "string", {"format": "date"}:
            return st.dates(date(2000, 1, 1), date(2040, 12, 31))
        case "string", {"pattern": pattern} if "\\d" in pattern:
            return st.decimals(0, 10, places=2) | st.sampled_from([Decimal(25), Decimal("8.25")])
        case "string", {"pattern": pattern}:
            return st.from_regex(pattern, fullmatch=True) | st.sampled_from(
                ["no", "null", "~", "1", "0x10", "2026-01-01"]
            )
        case "string", {"maxLength": longest}:
            return st.text(max_size=longest) | st.sampled_from(["Europe/Stockholm", "{store} {z_number}"])
        case "string", _:
            return st.text(max_size=20) | st.just("anna@exempel.se")
        case other:
            raise AssertionError(f"no values for {other}: add them here")


def as_usual(whole: TenantSettings) -> TenantSettings:
    """Return settings that choose no field of an HR system's own: which there are, its plugin says."""
    if whole.employees is None:
        return whole
    rules = tuple(rule.model_copy(update={"hr_field": None}) for rule in whole.employees.fields)
    return whole.model_copy(update={"employees": whole.employees.model_copy(update={"fields": rules})})


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])  # schemas do not say every rule
@given(models(TenantSettings).map(as_usual))
def test_what_is_shown_can_be_read(whole: TenantSettings) -> None:
    """YAML and JSON of any settings give the same settings again, whatever the names look like."""
    assert read(to_yaml(whole).encode()) == whole
    assert read(json.dumps(whole.to_json()).encode(), is_json=True) == whole
    assert differences(whole, whole) == ()


def test_numbers_may_stand_unquoted() -> None:
    """25, 0.50 and 1910 are read as the type that the setting has, never as floating-point numbers."""
    chosen = read(
        b"daysales: {series: 1, difference_limit: 0.50, start_date: 2026-01-01,"
        b" payments: [{method: card, account: 1910}], vat: [{vat_rate: 25, account: '2611'}]}"
    ).daysales
    assert chosen is not None
    assert (chosen.series, chosen.start_date) == ("1", date(2026, 1, 1))
    assert str(chosen.difference_limit) == "0.50"
    assert chosen.payments == (PaymentAccount(method="card", account=1910),)
    assert chosen.vat == (VatAccount(vat_rate=Decimal(25), account=2611),)


def test_settings_that_kafka_would_never_take_are_refused_before_that() -> None:
    """What is published has every field: a file of less than a megabyte can be too large."""
    groups = [{"group": f"{number:05} {'x' * 50}", "account": "3001"} for number in range(9_000)]
    file = json.dumps({"daysales": {"series": "F", "sales": groups}}).encode()
    with pytest.raises(WrongFile, match=r"the settings are 1,\d{3},\d{3} bytes, more than the 1,000,000 that"):
        read(file, is_json=True)
    assert read(json.dumps({"daysales": {"series": "F", "sales": groups[:6_000]}}).encode(), is_json=True)


def test_a_number_among_choices_is_read_as_one() -> None:
    """Alexis HR's street stands in Fortnox's second address line, however it is quoted."""
    for content in (b"street_line: 2", b"street_line: '2'"):
        chosen = read(b"employees: {system: alexishr, source_of_truth: hr, " + content + b"}").employees
        assert chosen is not None
        assert chosen.street_line == 2


def test_json_numbers_are_no_floats() -> None:
    """A JSON number keeps the digits that were written."""
    chosen = read(b'{"daysales": {"series": "F", "difference_limit": 0.30}}', is_json=True).daysales
    assert chosen is not None
    assert chosen.difference_limit == Decimal("0.30")


def test_words_stay_words() -> None:
    """A means of payment called no, on or 2026-01-01 is a name, not a truth value or a date."""
    chosen = read(b"daysales: {series: F, payments: [{method: no, account: 1910}, {method: 12, account: 1920}]}")
    assert chosen.daysales is not None
    assert [p.method for p in chosen.daysales.payments] == ["no", "12"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("daysales: {series: F, difference_limit: 0.5}", "daysales.difference_limit"),
        ("daysales: {series: F, payments: [{method: card, account: 19.10}]}", "daysales.payments[0].account"),
        ("daysales: {series: F, payments: [{method: card, acount: 1910}]}", "daysales.payments[0].acount"),
        ("daysales: {series: F, start_date: 20260101x}", "daysales.start_date"),
        ("daysales: {series: F, series: G}", "series: stands twice"),
        ("daysale: {series: F}", "daysale: there is no such setting; did you mean daysales? it can be: daysales,"),
        (
            "daysales: {series: F, amended: holdd}",
            "daysales.amended: it says 'holdd'; did you mean hold? it can be: hold,",
        ),
        (
            "employees: {system: huma, source_of_truth: hr, street_line: 3}",
            "employees.street_line: it says '3'; it can be: 1, 2",
        ),
        ("daysales: {}", "daysales.series: is missing: the voucher series;"),
        ("daysales: {series: F, payments: {card: 1}}", "daysales.payments: a list is wanted"),
        ("daysales: {series: F, unmapped: fallback}", "daysales: unmapped: "),
        ("daysales: [", "not YAML"),
        ("- 1", "settings: settings with names of their own are wanted"),
        ("", "the file is empty"),
        ("# nothing yet", "the file is empty"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(content: str, problem: str) -> None:
    """A misspelt name, an amount with one decimal, a name twice: the path says where."""
    with pytest.raises(WrongFile) as refusal:
        read(content.encode())
    assert any(problem in str(said) for said in refusal.value.problems), refusal.value.problems


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("daysales: {}", "daysales.series: saknas: verifikationsserien; den måste vara öppen"),
        ("daysale: {}", "daysale: det finns ingen sådan inställning; menades daysales?"),
        ("daysales: {series: F, sync_sales: x}", "daysales.sync_sales: här ska true eller false stå (det står 'x')"),
        ("daysales: {series: F, days_late: 1.5}", "daysales.days_late: här ska ett heltal stå (det står '1.5')"),
        ("daysales: {series: F, days_late: -1}", "daysales.days_late: det är mindre än 0 (det står -1)"),
        ("daysales: {series: F, start_date: 2026-02-30}", "dagen finns inte i kalendern (det står '2026-02-30')"),
        ("daysales: {series: F, difference_limit: 1.005}", "här ska ett belopp med två decimaler stå"),
        ("daysales: {series: F, vat: [{vat_rate: 25}]}", "daysales.vat[0]: en momssats över 0 behöver ett konto"),
        ("daysales: {series: F, description: '{x}'}", "orden som kan stå där är {store} {register} {z_number} {date}"),
        ("daysales: {series: F, description: '{store.x}'}", "orden som kan stå där är {store} {register}"),
        ("daysales: {series: F, description: '{date[0]}'}", "orden som kan stå där är {store} {register}"),
        ("daysales: {series: F, description: '{z_number:c}'}", "orden som kan stå där är {store} {register}"),
        ("daysales: {series: F, description: '{z_number:{z_number}}'}", "orden som kan stå där är {store} {register}"),
        ("daysales: {series: F, description: '{store:>9999999}'}", "orden som kan stå där är {store} {register}"),
        ("daysales: {series: F!}", "den är för lång eller tom, eller har ett tecken som inte kan stå här"),
        ("daytotals: {columns: [{column: a, holds: x}]}", "en kolumn har business_date, taken_at,"),
        ("invoicing: {}", "invoicing: det behöver daysales, vars konton och momssatser det använder"),
        ("ways_in: {sftp: [{name: a, system: b, host: h, user: u, host_keys: []}]}", "host_keys: ange minst en"),
        ("daysales: [", "filen är inte YAML: rad 1, kolumn 12"),
        ("a: 1\na: 2", "a: står två gånger på samma ställe"),
        ("", "filen är tom"),
    ],
)
def test_what_is_wrong_is_read_in_swedish(content: str, said: str) -> None:
    """Names of settings and what was written stand as they are; the rest is Swedish."""
    with pytest.raises(WrongFile) as refusal:
        read(content.encode())
    found = [speaking.heard(problem, "sv") for problem in refusal.value.problems]
    assert any(said in one for one in found), found
    assert english_in(f"<p>{escape(' '.join(found))}</p>", ours=("other NAME", "-other refunds")) == []


LAUGHS = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    + [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise("abcdef")]
)
"""Six lines that are a million values once what they refer to is put in its place."""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (LAUGHS, "has more than 100,000 values"),
        ("daysales: &a {payments: [*a]}", "the file refers to itself"),
        ("[" * 5000, "is nested too deeply"),
        ("daysales: !!python/object:os.system a", "not YAML: line 1, column 11"),
        ("daysales: !!binary /w==", "not YAML: line 1, column 11"),
        ("daysales: {series: F, start_date: !!timestamp 2026-99-99}", "daysales.start_date"),
        ("daysales: {series: F, difference_limit: !!float 0.5}", "daysales.difference_limit"),
        ("daysales: !!int x", "settings with names of their own are wanted"),
        ('daysales: "\\ud800"', "not UTF-8"),
        ('daysales: {series: F, description: "x\\0"}', "the character NUL"),
        ('daysales: "\\UFFFFFFFF"', "not UTF-8"),
    ],
)
def test_no_file_breaks_what_reads_it(content: str, problem: str) -> None:
    """What is no file of settings is said to be none, however it is made."""
    with pytest.raises(WrongFile) as refusal:
        read(content.encode())
    assert any(problem in str(said) for said in refusal.value.problems), refusal.value.problems


@pytest.mark.parametrize("content", ["[" * 5000, '{"daysales": "\\ud800"}', '{"daysales": ' * 400 + "1" + "}" * 400])
def test_no_json_breaks_what_reads_it(content: str) -> None:
    """Nested until the stack ends, or half a character."""
    with pytest.raises(WrongFile):
        read(content.encode(), is_json=True)


def test_what_is_referred_to_stands_where_it_is_referred_to() -> None:
    """YAML's own way to write something once."""
    chosen = read(b"daysales: {series: &name F, payments: [{method: *name, account: 1910}]}")
    assert chosen.daysales is not None
    assert [p.method for p in chosen.daysales.payments] == ["F"]


def test_each_of_many_places_has_its_line() -> None:
    """JSON with tabs is no YAML, and where something stands in it is left out."""
    many = "daysales:\n  series: F\n  payments:\n" + "".join(f"  - {{method: m{n}, acount: 1910}}\n" for n in range(50))
    with pytest.raises(WrongFile) as refusal:
        read(many.encode())
    lines = lines_of(many.encode(), refusal.value.places)
    assert set(lines) == set(range(4, 54))
    raw = b'{\n\t"daysale": {}\n}'
    with pytest.raises(WrongFile) as refusal:
        read(raw, is_json=True)
    assert lines_of(raw, refusal.value.places) == [None]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe\x00x",
        "daysales: {}".encode("utf-16"),
        b"[" * 5000,
        b"[" * 5000 + b"]" * 5000,
        b'daysales: {series: "\\U00110000"}',
        b'daysales: {series: "\\UFFFFFFFF"}',
    ],
    ids=lambda raw: ascii(raw[:30]),
)
@pytest.mark.parametrize("is_json", [False, True])
def test_what_is_no_file_of_settings_is_said_and_has_no_lines(raw: bytes, *, is_json: bool) -> None:
    """A picture, UTF-16, brackets without an end, an escape that is no letter: the verb asks for its lines."""
    with pytest.raises(WrongFile) as refusal:
        read(raw, is_json=is_json)
    assert len(refusal.value.problems) == 1
    assert lines_of(raw, refusal.value.places) == []


def test_every_setting_that_must_be_chosen_is_told_in_both_languages() -> None:
    """What its model says of it is the English side of a phrase."""
    needed = [one for one in settings_words.explained() if one.required]
    assert needed
    assert [one.path for one in needed if one.meaning not in MEANINGS] == []


@pytest.mark.parametrize(
    ("system", "rule", "problem"),
    [
        ("alexishr", "{field: email, hr_field: privatEmail}", "; did you mean privateEmail? it can be: workEmail,"),
        ("alexishr", "{field: email, hr_field: workPhone}", "it says 'workPhone'; it can be: workEmail, privateEmail"),
        ("huma", "{field: email, hr_field: workEmail}", "; it can be: email, privateEmail"),
        ("alexishr", "{field: city, hr_field: privateEmail}", "; alexishr has no other field for city: leave it out"),
        ("acmehr", "{field: email, hr_field: privateEmail}", "; acmehr has no other field for email: leave it out"),
    ],
)
def test_only_a_field_that_the_hr_system_has_for_it_can_be_chosen(system: str, rule: str, problem: str) -> None:
    """What can be chosen is said, and where it stands."""
    content = f"employees:\n  system: {system}\n  source_of_truth: hr\n  fields:\n  - {{field: title}}\n  - {rule}\n"
    with pytest.raises(WrongFile) as refusal:
        read(content.encode(), registry.choices())
    [said] = map(str, refusal.value.problems)
    assert said.startswith("employees.fields[1].hr_field: it says ")
    assert problem in said
    assert lines_of(content.encode(), refusal.value.places[:1]) == [6]


def test_a_field_of_the_hr_systems_own_is_chosen() -> None:
    """It is shown, and differs from what was."""
    content = "employees: {system: huma, source_of_truth: hr, fields: [{field: email, hr_field: privateEmail}]}"
    chosen = read(content.encode(), registry.choices())
    assert chosen.hr_fields("huma") == {"email": "privateEmail"}
    assert chosen.hr_fields("alexishr") == TenantSettings().hr_fields("huma") == {}
    assert read(to_yaml(chosen).encode()) == chosen
    assert "hr_field privateEmail" in str(differences(TenantSettings(), chosen))


def test_a_name_twice_is_refused_in_json_too() -> None:
    """The first one would vanish in silence."""
    with pytest.raises(WrongFile, match="series: stands twice"):
        read(b'{"daysales": {"series": "F", "series": "G"}}', is_json=True)


def test_differences_are_told_field_by_field() -> None:
    """A changed field, an entry that goes, one that comes."""
    payments = (*BAS_DAY_SALES.payments[1:], PaymentAccount(method="klarna", account=1580))
    new = TenantSettings(daysales=BAS_DAY_SALES.model_copy(update={"series": "G", "payments": payments}))
    assert tuple(map(str, differences(BAS, new))) == (
        "daysales.series: F -> G",
        "daysales.payments: - method cash, account 1910",
        "daysales.payments: + method klarna, account 1580",
    )


def test_another_order_is_a_difference() -> None:
    """Entries that only changed places are not passed over."""
    turned = BAS_DAY_SALES.model_copy(update={"payments": BAS_DAY_SALES.payments[::-1]})
    [said] = differences(BAS, TenantSettings(daysales=turned))
    assert str(said) == "daysales.payments: the same entries in another order"


def test_a_section_that_goes_is_told() -> None:
    """Switching a flow off is a difference, with everything that goes with it."""
    assert str(differences(BAS, TenantSettings())[0]) == "daysales: removed"
