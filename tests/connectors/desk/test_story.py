"""Where a key stands, from what is known about it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connectors.desk import story_words, views, words
from connectors.desk.story import tell
from infra.plugin import Autopsy, DayBefore, Remedy
from infra.rows import FactLine, Hold, Material, Ordered
from schemas import envelope as envelopes
from schemas.audit import GENESIS, AuditRecord, Call
from schemas.base import Language
from schemas.commands import (
    Choice,
    HoldForReview,
    Order,
    PostVoucher,
    SettledField,
    UpsertEmployee,
    VoucherRef,
    VoucherRow,
)
from schemas.envelope import Envelope
from schemas.events import EmployeeFields
from schemas.words import Said, holes

AT = datetime(2026, 4, 10, 21, 41, 7, tzinfo=UTC)
KEY = "openpos/K1/57"
LINE = FactLine("facts.day-closed.v1", 3, 9, f"{KEY}@ab12", "a_day_that_adds_up_is_booked", AT, AT)
POSTED = Call(at=AT, request="POST /3/vouchers", status=503, milliseconds=9, verdict="retry later: away")


def later(seconds: int) -> datetime:
    """Return a time after the beginning."""
    return AT + timedelta(seconds=seconds)


def order(data: Order) -> Envelope[Any]:
    """Put an order of krogen's into its envelope."""
    message_id = str(data.id_in("krogen"))
    return envelopes.wrap(
        data, message_id=message_id, source="/streams/daysales", time=AT, tenant="krogen", causation=f"{KEY}@ab12"
    )


VOUCHER = PostVoucher(
    flow="daysales",
    key=KEY,
    revision="ab12",
    step="book",
    rule="a_day_that_adds_up_is_booked",
    settings_version=2,
    purpose="book",
    series="F",
    voucher_date=AT.date(),
    description="Dagsavslut",
    rows=(VoucherRow(account=1910, debit=Decimal("1250.00")), VoucherRow(account=3001, credit=Decimal("1250.00"))),
)
REVERSAL = VOUCHER.model_copy(
    update={"purpose": "reverse", "step": "reverse", "relates_to": (VoucherRef(series="F", number=12, year_id=4),)}
)
HOLD = HoldForReview(
    flow="daysales",
    key=KEY,
    revision="ab12",
    step="hold",
    rule="payments_meet_sales",
    reason="unbalanced",
    message="The payments are 1.00 above the sales.",
    lines=("swish 1.00",),
    choices=(Choice(answer="round", means="Book it."),),
    amount=Decimal("1250.00"),
)


def journaled(voucher: Order, state: str, *calls: Call) -> Ordered:
    """Return an order in the journal."""
    return Ordered(order(voucher), state, 1, None, calls, AT, later(1))


def record(voucher: PostVoucher, outcome: str, number: int | None = None, **more: object) -> AuditRecord:
    """Return what went on record about a voucher."""
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=later(3),
        outcome=outcome,  # type: ignore[arg-type]
        flow="daysales",
        key=KEY,
        message_id=str(voucher.id_in("krogen")),
        message_type="bokbuss.post-voucher.v1",
        fact_id=f"{KEY}@ab12",
        voucher=VoucherRef(series="F", number=number, year_id=4) if number else None,
        **more,  # type: ignore[arg-type]
    )


def held(**more: object) -> Hold:
    """Return a hold of the day."""
    return replace(
        Hold(UUID("727173a9-0e3e-58f2-a254-1688e296e014"), "krogen", KEY, order(HOLD), later(1)),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


NOTHING = Material("krogen", KEY)
DECIDED = replace(NOTHING, lines=(LINE,))


@pytest.mark.parametrize(
    ("material", "state", "now"),
    [
        (replace(NOTHING, delivered_at=AT), "not_decided", "do flows run"),
        (DECIDED, "nothing_to_do", "nothing to do"),
        (replace(DECIDED, holds=(held(),)), "held", "waits for the accountant: The payments are 1.00 above"),
        (replace(DECIDED, orders=(journaled(VOUCHER, "queued"),)), "on_the_way", "on its way to Fortnox."),
        (
            replace(DECIDED, orders=(journaled(VOUCHER, "queued"),), away={"fortnox": "not connected"}),
            "on_the_way",
            "It waits for the connection to Fortnox (not connected): bokbuss connection show krogen.",
        ),
        (replace(DECIDED, orders=(journaled(VOUCHER, "queued", POSTED),)), "on_the_way", "put off: retry later: away"),
        (replace(DECIDED, orders=(journaled(VOUCHER, "unknown"),)), "unknown", "the answer was lost"),
        (
            replace(
                DECIDED,
                orders=(journaled(VOUCHER, "rejected"),),
                records=(record(VOUCHER, "rejected", code="2000420", why="The period is locked."),),
            ),
            "rejected",
            "Fortnox refused it: The period is locked.",
        ),
        (
            replace(
                DECIDED, orders=(journaled(VOUCHER, "delivered"),), records=(record(VOUCHER, "already_there", 12),)
            ),
            "booked",
            "Booked as F 12 on 2026-04-10: 1 250.00.",
        ),
        (
            replace(
                DECIDED,
                orders=(journaled(VOUCHER, "delivered"), journaled(REVERSAL, "delivered")),
                records=(record(VOUCHER, "delivered", 12), record(REVERSAL, "delivered", 13)),
            ),
            "reversed",
            "reversed by F 13",
        ),
        (
            replace(DECIDED, holds=(held(closed_at=later(9), how="answered", message="Discarded by Åsa."),)),
            "nothing_to_do",
            "Nothing is booked: Discarded by Åsa.",
        ),
        (
            replace(
                DECIDED,
                orders=(journaled(VOUCHER, "delivered"),),
                records=(record(VOUCHER, "delivered"),),
                holds=(held(held_at=AT, closed_at=later(1), how="answered", message="A person decided."),),
            ),
            "done",
            "Done.",
        ),
    ],
)
def test_every_state_has_a_sentence(material: Material, state: str, now: str) -> None:
    """What somebody must do comes first; else what is under way; else what stands in the books."""
    told = tell(material)
    assert told.state == state
    assert now in told.now


def test_a_story_is_told_in_its_readers_language() -> None:
    """Our words, rules and reasons are Swedish, and so are amounts; what has no words stays as it was written."""
    ended = {"closed_at": later(9), "how": "answered", "message": "A person answered round."}
    told = tell(replace(DECIDED, orders=(journaled(VOUCHER, "queued"),), holds=(held(**ended),)), "sv")
    said = "\n".join((told.now, *(f"{step.what} {step.details}" for step in told.steps)))
    for part in (
        "Det är på väg till Fortnox.",
        "Order att bokföra dagen: serie F,",
        "1\xa0250,00",
        "Regel: en dag som går ihop bokförs; inställningar version 2",
        "Väntar (går inte jämnt ut): The payments are 1.00 above the sales.",
        "Kan besvaras ”avrunda”: Book it.",
        "Det väntar inte längre: någon svarade",
    ):
        assert part in said
    assert "1,250.00" in tell(replace(DECIDED, orders=(journaled(VOUCHER, "queued"),)), "en").steps[-1].what
    assert set(map(holes, every_said(story_words, "sv"))) == set(map(holes, every_said(story_words, "en")))


def every_said(module: object, language: Language) -> list[str]:
    """Return every text of a module of words in a language."""
    found = [one for value in vars(module).values() for one in (value.values() if isinstance(value, dict) else [value])]
    return [one.template(language) for one in found if isinstance(one, Said)]


def test_vouchers_name_each_other() -> None:
    """The reversed one says by which it was reversed, and the reversal which one it relates to."""
    material = replace(
        DECIDED,
        orders=(journaled(VOUCHER, "delivered"), journaled(REVERSAL, "delivered")),
        records=(record(VOUCHER, "delivered", 12), record(REVERSAL, "delivered", 13)),
    )
    details = [detail for step in tell(material).steps for detail in step.details]
    assert "Reversed by F 13" in details
    assert "It relates to F 12" in details


def test_a_call_is_told_once() -> None:
    """The journal and the records repeat calls; the story does not."""
    material = replace(
        DECIDED,
        orders=(journaled(VOUCHER, "delivered", POSTED),),
        records=(record(VOUCHER, "unknown", calls=(POSTED,)), record(VOUCHER, "delivered", 12, calls=(POSTED,))),
    )
    assert [step.what for step in tell(material).steps].count("Asked Fortnox: POST /3/vouchers") == 1


def test_what_was_done_is_told_with_what_is_to_be_known_about_it() -> None:
    """The note of a booking, and the record's own name where it is no voucher."""
    done = (
        record(VOUCHER, "delivered", 12, why="adapted to what Fortnox takes: description: a… -> a..."),
        record(VOUCHER, "already_there", record="17"),
    )
    told = [step.what for step in tell(replace(DECIDED, orders=(journaled(VOUCHER, "delivered"),), records=done)).steps]
    assert "Fortnox booked it as F 12 (adapted to what Fortnox takes: description: a… -> a...)" in told
    assert "Found: it was done: 17" in told


def test_a_story_without_kafka_says_so() -> None:
    """What could not be read back is named, and the rest is told."""
    [step] = tell(replace(DECIDED, facts={LINE.place: None})).steps
    assert "It could not be read back from Kafka just now" in step.details


def test_a_story_is_lines_of_text() -> None:
    """Times are Swedish, the rows stand in columns, the last line is how it stands."""
    lines = views.story(tell(replace(DECIDED, orders=(journaled(VOUCHER, "queued"),))))
    assert "2026-04-10 23:41:08  Ordered to book the day: series F, 2026-04-10, 1 250.00" in lines
    assert "    1910                   1 250.00" in lines
    assert "    3001                             1 250.00" in lines
    assert lines[-1] == "Now: It is on its way to Fortnox."


def test_a_hold_says_how_to_answer_it() -> None:
    """The commands can be copied from what is shown."""
    shown = views.held_show(held())
    assert shown[shown.index("  bokbuss held answer 727173a9 round") + 1] == "      Book it."
    assert views.held_list([held()])[1].split() == [
        "727173a9",
        "2026-04-10",
        "23:41:08",
        "krogen",
        KEY,
        "unbalanced",
        "1",
        "250.00",
    ]


def test_a_hold_says_what_such_days_looked_like_and_what_would_let_it_pass() -> None:
    """Newest first, with amounts as accountants write them; and the same to programs."""
    told = Autopsy(
        (DayBefore(date(2026, 4, 3), Decimal("12300.00")), DayBefore(date(2026, 3, 27), Decimal("9850.50"))),
        (Remedy("difference_limit: 0.40 or more", "the day is booked on 2026-04-10"),),
    )
    shown = views.held_show(held(), told)
    assert shown[shown.index("Fridays before:") :][:5] == (
        "Fridays before:",
        "  2026-04-03  12 300.00",
        "  2026-03-27  9 850.50",
        "It would pass with this setting:",
        "  difference_limit: 0.40 or more (the day is booked on 2026-04-10)",
    )
    assert views.autopsy_json(told) == {
        "weekdays_before": [
            {"day": "2026-04-03", "total_sales": "12300.00"},
            {"day": "2026-03-27", "total_sales": "9850.50"},
        ],
        "settings_that_pass": [
            {"setting": "difference_limit: 0.40 or more", "then": "the day is booked on 2026-04-10"}
        ],
    }
    assert not any("before:" in line or "would pass" in line for line in views.held_show(held(), Autopsy()))


@pytest.mark.parametrize(
    ("amount", "shown"), [("0.00", "0.00"), ("-1234567.80", "-1 234 567.80"), ("999.50", "999.50")]
)
def test_amounts_have_their_thousands_apart(amount: str, shown: str) -> None:
    """As accountants write them, to the öre."""
    assert words.money(Decimal(amount)) == shown


def test_what_is_written_of_an_employee_names_each_field_and_the_rule_that_settled_it() -> None:
    """By name, never by value."""
    write = UpsertEmployee(
        flow="employees",
        key="huma/1",
        revision="ab12",
        step="fortnox/1",
        rule="differing_fields_are_settled_one_by_one",
        settings_version=2,
        employee_id="2",
        create=False,
        fields=EmployeeFields(phone="+46701740699", title="Chef"),
        settled=(SettledField(field="phone", rule="a_missing_value_is_filled"),),
    )
    [step] = [one for one in tell(replace(NOTHING, orders=(journaled(write, "queued"),))).steps if one.rows == ()]
    assert step.details[-2:] == ("phone: a missing value is filled", "title")
