"""Money, rates, dates, ids: what they take, what they refuse, and that they come back as they went."""

import json
import re
import string
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from schemas import envelope, ids, problem_words, words
from schemas.base import Code, CostCentre, Day, Message, Moment, Name, Project, SeriesCode, as_read, seen
from schemas.characters import sanitise
from schemas.envelope import decode, wrap
from schemas.events import DayClosed, GroupSales, OtherAmount, Payment, PersonMentioned, RateTotal
from schemas.money import Money, Rate, rate_text
from schemas.settings import EmployeesSettings, GroupRate

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)
RATE: TypeAdapter[Decimal] = TypeAdapter(Rate)

amounts = st.integers(-(10**14) + 1, 10**14 - 1).map(lambda ore: Decimal(ore).scaleb(-2))
rates = st.integers(0, 9999).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


class Line(Message):
    """A message of nothing but money."""

    amount: Money
    rate: Rate


@pytest.mark.parametrize("code", [CostCentre, Project, SeriesCode, Code, Name])
@pytest.mark.parametrize("written", ["x" * 300, "", "a!", "nul\0"])
def test_why_a_code_cannot_be_used_is_said_in_both_languages(code: Any, written: str) -> None:
    """The words of pydantic, such as "at most 6 items", are nobody's."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(code).validate_python(written)
    for error in caught.value.errors(include_input=False, include_url=False):
        assert isinstance(problem_words.of(error), words.Text)


# --- Values that only a check of ours can refuse ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "sv"),
        ("en-GB,sv;q=0.9", "en"),
        ("en;q=0.1, sv-SE;q=0.8", "sv"),
        ("de", "sv"),
        ("en;q=²,sv;q=.", "en"),
        ("en;q=9" + "9" * 5000, "en"),
    ],
)
def test_a_reader_gets_the_language_that_is_asked_for_first(accepted: str, language: str) -> None:
    """Whatever stands in the header, the page is shown."""
    assert words.chosen(accepted, "sv") == language


@pytest.mark.parametrize(
    "zone", ["Europe", "", "..", "/etc/localtime", "a" * 64, "Europe/Atlantis", "Europe/Stockholm\n"]
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    """A folder of zones as well: what looks it up raises an error of its own."""
    with pytest.raises(ValidationError, match="zone: this is no time zone, such as Europe/Stockholm"):
        EmployeesSettings(system="alexishr", source_of_truth="hr", zone=zone)


def test_a_check_that_raises_makes_a_message_unreadable_and_nothing_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is: nobody but a dead letter must hear of it, and not of the value."""

    def raising(_value: object) -> object:
        raise OSError("19121212-1212")

    class Checked(PersonMentioned):
        topic: Annotated[str, BeforeValidator(raising)]

    message = PersonMentioned(system="huma", person_id="1", topic="t", mentioned_at=datetime(2026, 1, 1, tzinfo=UTC))
    raw = wrap(message, message_id="m", source="/tests", time=message.mentioned_at, tenant="t").to_bytes()
    name = "bokbuss.person-mentioned.v1"
    monkeypatch.setitem(envelope._BY_TYPE, name, Checked)
    with pytest.raises(envelope.Unreadable, match=r"^message: a check of its values raised OSError$"):
        decode(raw)


# --- Names --------------------------------------------------------------------------------------------------------

SAME_NAME = (
    "Öl och vin",
    unicodedata.normalize("NFD", "Öl och vin"),
    " Öl  och vin ",
    "Öl\u00a0och\u2009vin",
    "Öl\toch\nvin",
    "Öl o\u00adch\u200d vi\u200bn\ufeff",
    "Öl\ufe0f o\u034fch vin\u3164",
)
"""Decomposed, spaces at the ends and twice, no-break and thin ones, a tab, and what no eye can see."""


@pytest.mark.parametrize("spelled", SAME_NAME)
def test_a_name_is_kept_as_people_read_it(spelled: str) -> None:
    """Wherever it was written: in a fact, also one that came on Kafka directly, and in a company's settings."""
    line = {"vat_rate": "25", "net": "100.00", "vat": "25.00"}
    fact = GroupSales.model_validate_json(json.dumps({"group": spelled, **line}))
    rule = GroupRate.model_validate_json(json.dumps({"group": spelled, "vat_rate": "25"}))

    assert fact.group == rule.group == "Öl och vin"


@given(text=st.text(min_size=1))
def test_reading_a_name_twice_is_reading_it_once(text: str) -> None:
    """What is stored reads back as it was stored, and a name never becomes nothing."""
    assert as_read(as_read(text)) == as_read(text) != ""


UNSEEN = (" ", "\u200c", "\u200d", "\u3164", "\u115f\u1160", "\u17b4", "\u180b", "\ufe0f", "\U000e0100")


@pytest.mark.parametrize("text", UNSEEN)
def test_what_nobody_sees_is_nothing(text: str) -> None:
    """Not to people, and not to Fortnox; a message that has such a name, from before it was refused, is still read."""
    assert seen(text) == sanitise(text) == ""
    assert GroupSales(group=text, vat_rate=Decimal(25), net=Decimal("1.00"), vat=Decimal("0.25")).group == text


def test_an_id_is_kept_as_it_stands() -> None:
    """What a system numbers its people by is no name: two spaces are not one."""
    said = {"system": "hr", "person_id": "1  2", "topic": "users-update", "mentioned_at": "2026-04-10T08:00:00Z"}

    assert PersonMentioned.model_validate_json(json.dumps(said)).person_id == "1  2"


# --- Money and rates ----------------------------------------------------------------------------------------------


@given(amount=amounts, rate=rates)
def test_money_and_rates_come_back_as_they_went(amount: Decimal, rate: Decimal) -> None:
    """In JSON an amount is a string with two decimals; nothing is rounded."""
    line = Line(amount=amount, rate=rate)
    written = json.loads(line.model_dump_json())
    assert re.fullmatch(r"-?\d+\.\d\d", written["amount"])
    assert written["rate"] == rate_text(rate)
    again = Line.model_validate_json(line.model_dump_json())
    assert again == line
    assert (again.amount, again.rate) == (amount, rate)
    assert (again.amount.as_tuple().exponent, again.rate.as_tuple().exponent) == (-2, -2)


@pytest.mark.parametrize(
    "value",
    [
        *(0, 1, 1.0, 0.1, True, None, float("nan"), [], {}),
        *("1", "1.0", "1.000", "1,00", "+1.00", " 1.00", "1.00\n", "1e2", "NaN", "", "-", ".50", "1_000.00", "--1.00"),
        *("1234567890123.00", "\u0661.\u0660\u0660"),
        *(Decimal("0.001"), Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 12),
    ],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    """Numbers, other decimals, other digits and infinities are errors, never a rounding."""
    with pytest.raises(ValidationError):
        MONEY.validate_python(value)


@given(value=st.floats() | st.integers())
def test_a_number_is_never_money_or_a_rate(value: float) -> None:
    """A float has already lost what we need, and an integer does not say its unit."""
    for adapter in (MONEY, RATE):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
        with pytest.raises(ValidationError):
            adapter.validate_json(json.dumps(value))


def test_negative_zero_is_zero() -> None:
    """Two ways to write nothing must not be two revisions."""
    assert [str(MONEY.validate_python(v)) for v in ("-0.00", Decimal("-0.00"), Decimal(0))] == ["0.00"] * 3


@pytest.mark.parametrize(
    "value", ["100", "-1", "25 %", "25,0", "6.125", "", "6.", "25\n", Decimal(100), Decimal("-0.01")]
)
def test_what_is_no_rate_is_refused(value: object) -> None:
    """A rate is a percentage from 0 to 99.99."""
    with pytest.raises(ValidationError):
        RATE.validate_python(value)


def test_a_rate_has_one_form() -> None:
    """25 and 25.00 are the same rate, written as people write it."""
    written = [rate_text(RATE.validate_python(v)) for v in ("25", "25.00", "06", "8.25", "0", "0.50")]
    assert written == ["25", "25", "6", "8.25", "0", "0.5"]


# --- Days and moments -------------------------------------------------------------------------------------------


@given(day=st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_written_in_one_way(day: date) -> None:
    """Year, month and day with hyphens."""
    assert TypeAdapter(Day).validate_json(f'"{day}"') == day


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moment=st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=zones))  # noqa: DTZ001 - zones follow
def test_a_moment_keeps_its_instant(moment: datetime) -> None:
    """With any offset, to the microsecond, and its offset can be taken off."""
    read = TypeAdapter(Moment).validate_json(f'"{moment.isoformat()}"')
    assert read == moment
    assert read.astimezone(UTC) == moment


@pytest.mark.parametrize(
    "value",
    [
        *("0", "1775779200", "20260410", "2026-4-10", "2026-02-30", "2026-04-10T00:00:00Z", "1026-04-10"),
        *("2026-04-10\n", 0, 1.5, True),
    ],
)
def test_what_only_looks_like_a_day_is_refused(value: object) -> None:
    """Seconds since 1970 are not a day, in whatever form."""
    with pytest.raises(ValidationError):
        TypeAdapter(Day, config={"strict": True}).validate_json(json.dumps(value))


@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(2200, 1, 1), date.max])
def test_a_day_that_could_not_be_read_again_is_refused(day: date) -> None:
    """Whoever makes a message of it would write what no reader takes."""
    with pytest.raises(ValidationError):
        TypeAdapter(Day, config={"strict": True}).validate_python(day)


@pytest.mark.parametrize(
    "value",
    [
        *("20260410220411", "1775857267", "0", "2026-04-10", "2026-04-10T22:04:11", "2026-04-10 22:04:11Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-04-10T24:04:11Z"),
        *("1900-01-01T00:00:00+14:00", "2199-12-31T23:59:59-12:00"),
        *("2026-04-10T22:04:11+99:00", 0, 1.5),
    ],
)
def test_what_only_looks_like_a_moment_is_refused(value: object) -> None:
    """A till's compact time would be read as the year 2612, and the calendar's edges overflow."""
    with pytest.raises(ValidationError):
        TypeAdapter(Moment, config={"strict": True}).validate_json(json.dumps(value))


# --- A whole fact -------------------------------------------------------------------------------------------------

codes = st.text(string.ascii_letters + "åäö0129 _.+&()/-", min_size=1, max_size=20)
counts = st.none() | st.integers(0, 10**6)
day_closes = st.builds(
    DayClosed,
    store=codes,
    register_id=st.text(string.ascii_letters + "ÅÄÖåäö0129-_", min_size=1, max_size=16),
    z_number=st.integers(1, 999_999_999),
    business_date=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    taken_at=st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    amendment=st.integers(0, 99),
    organisation_number=st.none() | st.from_regex(r"[0-9]{10}", fullmatch=True),
    sales=st.lists(st.builds(GroupSales, group=codes, vat_rate=rates, net=amounts, vat=amounts), max_size=3).map(tuple),
    vat=st.lists(st.builds(RateTotal, vat_rate=rates, net=amounts, vat=amounts), max_size=3).map(tuple),
    payments=st.lists(st.builds(Payment, method=codes, amount=amounts, count=counts), max_size=3).map(tuple),
    others=st.lists(st.builds(OtherAmount, category=codes, amount=amounts), max_size=3).map(tuple),
    cash_difference=amounts,
    total_sales=amounts,
    discounts=amounts,
    returns=amounts,
    receipts=counts,
)


@given(day=day_closes)
def test_a_day_close_comes_back_as_it_went(day: DayClosed) -> None:
    """In its envelope, through the bytes that stand in Kafka, with the same revision."""
    envelope = wrap(
        day,
        message_id=ids.fact_id(day.key, ids.revision(day)),
        source="/connectors/openpos",
        time=day.taken_at,
        tenant="krogen-soder",
    )
    again = decode(envelope.to_bytes())
    assert again == envelope
    assert again.to_bytes() == envelope.to_bytes()
    assert ids.revision(again.data) == ids.revision(day)


@given(day=day_closes, other=day_closes)
def test_another_content_is_another_revision(day: DayClosed, other: DayClosed) -> None:
    """A revision stands for the content, in 16 hexadecimal digits."""
    assert re.fullmatch(r"[0-9a-f]{16}", ids.revision(day))
    assert (ids.revision(day) == ids.revision(other)) == (day == other)
    later = day.model_copy(update={"amendment": day.amendment + 1})
    assert ids.revision(later) != ids.revision(day)


# --- Identity -----------------------------------------------------------------------------------------------------

parts = st.fixed_dictionaries(
    {name: st.text("ab/@-1å ", max_size=6) for name in ("tenant", "flow", "key", "revision", "step")}
)


@given(one=parts, two=parts)
def test_an_order_id_is_of_its_five_parts(one: dict[str, str], two: dict[str, str]) -> None:
    """The same parts always give the same id; any other part another, also where both join to the same text."""
    assert ids.order_id(**one) == ids.order_id(**one)
    assert (ids.order_id(**one) == ids.order_id(**two)) == (one == two)


def test_an_order_id_never_changes_between_releases() -> None:
    """An order that stands in a journal must be recognised by every later version."""
    made = ids.order_id(tenant="krogen", flow="daysales", key="openpos/K1/1", revision="00ff", step="book")
    assert made == UUID("ea058e63-3053-5cba-9015-aab6947e345d")
    assert ids.mark(made) == "bb-sak2vnuupy2f"
    assert ids.digest({"b": "ö", "a": [1, None]}) == "c9b7eac6aebbcffa323394e4c395e145d9cbc7e3332bc794dcf9a716f88a747a"


@given(one=st.uuids(), two=st.uuids())
def test_a_mark_can_stand_in_a_voucher(one: UUID, two: UUID) -> None:
    """Only letters, digits and hyphens, which Fortnox takes in texts; no letter case to lose; 60 bits of the id."""
    assert re.fullmatch(r"bb-[a-z2-7]{12}", ids.mark(one))
    bits = [(order.int & (2**64 - 1)) >> 4 for order in (one, two)]
    assert (ids.mark(one) == ids.mark(two)) == (bits[0] == bits[1])


def test_marks_of_many_orders_differ() -> None:
    """Ten thousand days of one company: 60 bits leave no two alike."""
    made = {
        ids.mark(ids.order_id(tenant="krogen", flow="daysales", key=f"openpos/K1/{z}", revision="0", step="book"))
        for z in range(10_000)
    }
    assert len(made) == 10_000


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(value=st.dictionaries(st.text(max_size=5), json_values, max_size=5), data=st.data())
def test_a_digest_does_not_see_the_order_of_names(value: dict[str, Any], data: st.DataObject) -> None:
    """Equal JSON objects have equal digests."""
    names = data.draw(st.permutations(list(value)))
    assert ids.digest({name: value[name] for name in names}) == ids.digest(value)


def test_a_field_that_was_not_said_changes_no_revision() -> None:
    """A field that is added later, with a default, must not make an older report look amended."""
    said = DayClosed.model_validate_json(
        '{"store": "S", "register_id": "K1", "z_number": 1, "business_date": "2026-04-10",'
        ' "taken_at": "2026-04-10T22:00:00Z", "total_sales": "0.00", "discounts": "0.00", "receipts": null}'
    )
    unsaid = DayClosed.model_validate_json(
        '{"store": "S", "register_id": "K1", "z_number": 1, "business_date": "2026-04-10",'
        ' "taken_at": "2026-04-10T22:00:00Z", "total_sales": "0.00"}'
    )

    assert said.to_json() == unsaid.to_json()
    assert ids.revision(said) == ids.revision(unsaid)
    assert b"discounts" not in said.model_dump_json(exclude_defaults=True).encode()
