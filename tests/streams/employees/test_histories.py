"""Random histories of edits, losses, doubles, delays and unlinks: at rest both sides agree, and nobody is twice."""

import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.commands import HoldForReview, UpsertEmployee, UpsertPerson
from schemas.events import EmployeeChanged, EmployeeFields
from schemas.settings import AbsenceCause, EmployeesSettings, FieldRule
from streams.employees.fields import get, rules, same
from streams.employees.state import leave_key
from tests.seeds import seeds
from tests.streams.employees.company import SYSTEM, TENANT, FlowCompany

CITIES = ("Lund", "Solna", "Umeå", "Malmö", None)
DAYS = [date(2026, 7, 1) + timedelta(days=n) for n in range(12)]


def settings(drawn: random.Random) -> EmployeesSettings:
    """Return settings under which both sides come to agree, whoever owns what."""
    owner = drawn.choice(["hr", "fortnox"])
    return EmployeesSettings(
        system=SYSTEM,
        source_of_truth=owner,  # type: ignore[arg-type]
        new_in_hr=drawn.choice(["hold", "create"]),  # type: ignore[arg-type]
        causes=(AbsenceCause(kind="VACATION", cause="SEM"),),
        fields=tuple(
            FieldRule(
                field=name,  # type: ignore[arg-type]
                owner=drawn.choice(["hr", "fortnox"]),  # type: ignore[arg-type]
                on_conflict=drawn.choice(["ask", "prefer_hr", "prefer_fortnox", "newest"]),  # type: ignore[arg-type]
                fortnox_changed=drawn.choice(["to_hr", "write_back", "hold"]),  # type: ignore[arg-type]
                on_missing=drawn.choice(["keep", "fill", "ask"]),  # type: ignore[arg-type]
            )
            for name in ("city", "phone", "title")
        ),
    )


def person(number: int) -> EmployeeFields:
    """Return what is held of somebody at first."""
    return EmployeeFields(
        email=f"p{number}@example.com",
        given_name="Anna",
        family_name=f"Nr{number}",
        city="Lund",
        phone=f"+4670{number:07}",
    )


def another_fortnox(fields: EmployeeFields, new: bool) -> EmployeeFields:  # noqa: FBT001 - as it is called
    """Write cities in capitals, cut titles, and fill in a new employee's tax."""
    made: dict[str, Any] = {"city": fields.city and fields.city.upper(), "title": fields.title and fields.title[:3]}
    return fields.model_copy(update=made | ({"tax_table": 33, "tax_column": 1} if new else {}))


def begin(seed: int) -> FlowCompany:
    """Return a company after its first plan: two linked, one in HR only, one in Fortnox only."""
    drawn = random.Random(seed)
    company = FlowCompany(settings(drawn), drawn)
    if seed % 2:
        company.makes, company.answers = another_fortnox, drawn.random() < 0.5
    for number in (1, 2, 3):
        company.edit_hr(f"p{number}", **dict(person(number)))
    for number in (1, 2, 4):
        company.edit_fortnox(str(number), **{k: v for k, v in person(number) if v is not None})
    company.snapshot()
    company.settle()
    company.apply(company.plan(), "first")
    company.settle()
    return company


def live(company: FlowCompany) -> None:  # noqa: C901, PLR0912 - one case for each thing that can happen
    """Let something happen: a person's deed, a fault of the bus, or a step of a sink."""
    drawn = company.random
    some_person, some_employee = drawn.choice(sorted(company.hr)), drawn.choice(sorted(company.fortnox))
    match drawn.randrange(14):
        case 0 | 1:
            company.edit_hr(some_person, **{drawn.choice(["city", "title"]): drawn.choice(CITIES)})
        case 2 | 3:
            company.edit_fortnox(some_employee, **{drawn.choice(["city", "title"]): drawn.choice(CITIES)})
        case 4:
            company.snapshot()
        case 5:
            lose(company)
        case 6 if company.bus:
            company.bus.insert(drawn.randrange(len(company.bus)), drawn.choice(company.bus))
        case 7 if company.bus:
            drawn.shuffle(company.bus)
        case 8 if company.bus:  # a process that died after the commit: its message comes again
            company.deliver(company.bus[0])
        case 9:
            linked = [k for k, s in company.states.items() if s.person and s.person.link]
            if linked and drawn.random() < 0.3:
                company.link(drawn.choice(sorted(linked)).partition("/")[2], None)
        case 10:
            first = drawn.choice(DAYS)
            last = first + timedelta(days=drawn.randrange(4))
            company.leave(drawn.choice("AB"), "p1", first, last, withdrawn=drawn.random() < 0.2)
        case 11 if company.holds:
            hold = drawn.choice(sorted(company.holds.values(), key=lambda h: h.key))
            if hold.choices:
                company.answer(hold, drawn.choice(hold.choices).answer)
        case _:
            if company.bus and drawn.random() < 0.6:
                company.deliver(company.bus.pop(0))
            elif ready := company.ready():
                company.carry_out(drawn.choice(ready))


def lose(company: FlowCompany) -> None:
    """Lose something that an HR system said: webhooks get lost. What stands in Kafka does not."""
    said = [m for m in company.bus if isinstance(m.data, EmployeeChanged)]
    if said:
        company.bus.remove(company.random.choice(said))


def come_to_rest(company: FlowCompany) -> None:
    """Read both sides in full, relink who was taken apart, answer what is held, until nothing moves."""
    company.refuses = 0.0
    for _ in range(30):
        for name in sorted(company.hr):
            company.tell_hr(name)
        for leave in company.leaves.values():
            company.tick()
            company.say(leave)
        company.snapshot(whole=True)
        company.settle()
        for key, state in sorted(company.states.items()):
            if state.person and state.person.unlinked:
                company.link(key.partition("/")[2], state.person.was)
        company.settle()
        answered = 0
        for hold in sorted(company.holds.values(), key=lambda h: h.key):
            answers = [choice.answer for choice in hold.choices]
            if answers:
                wanted = next((a for a in ("prefer_hr", "retry", "create") if a in answers), answers[0])
                match = [a for a in answers if a.startswith("match ")]
                company.answer(hold, match[0] if match else wanted)
                answered += 1
        company.settle()
        if not answered:
            return
    raise AssertionError(f"still held: {sorted((h.key, h.reason) for h in company.holds.values())}")


def problems(company: FlowCompany) -> Iterator[str]:
    """Yield what is wrong at rest."""
    links = {k: s.person.link.employee_id for k, s in company.states.items() if s.person and s.person.link}
    if twice := [e for e, n in Counter(links.values()).items() if n > 1]:
        yield f"linked twice: {twice}"
    emails = Counter(f.email for f in company.fortnox.values() if f.email)
    if twice_there := [e for e, n in emails.items() if n > 1]:
        yield f"twice in Fortnox: {twice_there}"
    for key, employee_id in links.items():
        hr, fortnox = company.hr[key.partition("/")[2]], company.fortnox[employee_id]
        for name, rule in rules(company.settings).items():
            one, other = get(hr, name), get(fortnox, name)
            kept = (not one or not other) and rule.on_missing == "keep"
            person = company.states[key].person
            chosen = {c.field for c in person.chosen if c.prefer == "neither" or not one or not other} if person else ()
            made = get(company.makes(hr, False), name)  # noqa: FBT003 - no new one
            alike = same(name, one, other) or same(name, made, other)
            left_alone = person is not None and person.ignored  # by a person's word, until the record changes
            if name != "employment_id" and not alike and not kept and name not in chosen and not left_alone:
                yield f"{key} {name}: HR {one}, Fortnox {other}, {rule}"
    for record, field, old, order in company.overwritten:
        if isinstance(order, UpsertEmployee | UpsertPerson) and not same(field, get(order.expected, field), old):
            yield f"{record}: {field} {old} was lost without a trace"
    yield from _leaves(company, links)


def _leaves(company: FlowCompany, links: dict[str, str]) -> Iterator[str]:
    wanted = Counter[tuple[str, date]]()
    for leave in company.leaves.values():
        employee_id = links.get(f"{SYSTEM}/{leave.person_id}")
        remembered = company.states[leave_key(leave.key)].leave
        left_alone = remembered is not None and remembered.left_alone  # until HR says something else
        if employee_id and not leave.withdrawn and not left_alone:
            for n in range((leave.last_day - leave.first_day).days + 1):
                wanted[employee_id, leave.first_day + timedelta(days=n)] += 1
    there = Counter((a.employee_id, a.day) for a in company.absences.values())
    if links.get(f"{SYSTEM}/p1") and there != wanted:
        yield f"absences {there - wanted} too many, {wanted - there} missing"


def history(seed: int, steps: int = 60) -> FlowCompany:
    """Live through a history and come to rest."""
    company = begin(seed)
    company.refuses = company.random.choice([0.0, 0.2])
    for _ in range(steps):
        live(company)
    come_to_rest(company)
    return company


def test_at_rest_both_sides_agree_and_nobody_is_twice() -> None:
    """Owned fields agree, no value is lost without a record, nobody is twice, leaves are their days."""
    for seed in seeds(60):
        try:
            found = list(problems(history(seed)))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        assert not found, f"seed {seed}: {found}"


@pytest.mark.parametrize("seed", range(8))
def test_applying_the_same_plan_twice_changes_nothing(seed: int) -> None:
    """The rows of a plan have ids: sent again they ask for nothing."""
    company = begin(seed)
    rows = company.plan()
    company.apply(rows, "second")
    company.settle()
    before = (dict(company.hr), dict(company.fortnox), len(company.calls))
    company.apply(rows, "second")
    company.settle()
    assert (dict(company.hr), dict(company.fortnox), len(company.calls)) == before


@pytest.mark.parametrize("seed", range(12))
def test_every_hold_has_an_answer_that_ends_it(seed: int) -> None:
    """Whatever is held on the way: there are answers, and none leads to the same hold again."""
    company = begin(seed)
    company.refuses = 0.2
    seen: set[tuple[str, str]] = set()
    for _ in range(90):
        live(company)
        mistake(company)
        for hold in company.holds.values():
            if (hold.reason, hold.rule) in seen:
                continue
            seen.add((hold.reason, hold.rule))
            assert hold.choices, f"seed {seed}: {hold.reason} has no answer"
            for choice in hold.choices:
                assert not again(company, hold, choice.answer), f"seed {seed}: {hold.reason} after {choice.answer}"


def mistake(company: FlowCompany) -> None:
    """Now and then, let somebody enter what cannot be right, or join who cannot be joined."""
    drawn = company.random
    someone = drawn.choice(sorted(company.hr))
    match drawn.randrange(30):
        case 0:
            company.edit_hr(someone, email=drawn.choice(["nowhere", "p1@example.com", None]))
        case 1:
            company.edit_hr(someone, phone="+46700000001", last_day=date(2019, 1, 1), first_day=date(2020, 1, 1))
        case 2:
            company.leave("C", "p1", DAYS[3], drawn.choice([DAYS[0], DAYS[4], date(2199, 1, 1)]))
        case 3:
            company.leave("D", "p1", DAYS[3], DAYS[4], kind="UNKNOWN")
        case 4:
            company.link(someone, drawn.choice([*sorted(company.fortnox), "none"]))
        case 5:
            company.apply(company.plan()[:2], f"plan {company.number}")
            company.edit_hr(someone, given_name="Åsa")
        case 6:
            person = company.hr[someone]
            deleted = EmployeeChanged(
                system=SYSTEM, person_id=someone, changed_at=company.tick(), deleted=True, fields=person
            )
            company.say(deleted)


def again(company: FlowCompany, hold: HoldForReview, answer: str) -> bool:
    """Tell whether an answer leads to the same hold again, in a world where nothing is refused any more."""
    other = deepcopy(company)
    other.refuses = 0.0
    other.settle()
    if hold.id_in(TENANT) not in other.holds:
        return False
    other.answer(hold, answer)
    other.settle()
    same_again = (hold.key, hold.reason, hold.message, hold.lines)
    return same_again in {(h.key, h.reason, h.message, h.lines) for h in other.holds.values()}
