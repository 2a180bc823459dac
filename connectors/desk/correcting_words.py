"""Corrections of booked days in words: what stands otherwise than settings say, and a plan's rows. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, get_args

from connectors.desk import closing_words, differences, words
from connectors.desk.plan_words import Conditions
from connectors.desk.words import wrapped
from schemas.money import ZERO
from schemas.plans import CorrectionRow, CorrectionState, Plan

CHOICES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "state": get_args(CorrectionState),
    "action": ("correct", "do_nothing"),
    "row": None,
    "day": None,
    "rule": None,
}
"""What a condition can ask for, and its values where there are few."""
head = closing_words.head
report = closing_words.report
kind = closing_words.kind


# --- What settings would have to be followed by -----------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """What stands otherwise than settings say.

    Attributes:
        since: the first day that counts.
        correct: the days that a plan would correct.
        left: those that it would leave as they are, by the rule that says so.
        amounts: by day and account what would be booked less what is; debit is above zero.
    """

    since: date
    correct: int = 0
    left: Counter[str] = field(default_factory=Counter)
    amounts: defaultdict[tuple[date, int], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add(self, row: CorrectionRow) -> None:
        """Take in a day."""
        if row.action == "do_nothing":
            self.left[row.rule] += 1
            return
        self.correct += 1
        for account, amount in row.moves.items():
            self.amounts[row.day, account] += amount

    def differences(self) -> list[differences.Difference]:
        """Return day, account and difference, in their order."""
        return [(day, account, amount) for (day, account), amount in sorted(self.amounts.items()) if amount]


def to_json(found: Tally) -> dict[str, Any]:
    """Return what stands otherwise for programs."""
    left = [{"rule": rule, "days": number} for rule, number in found.left.most_common()]
    return {
        "from": found.since.isoformat(),
        "to_correct": found.correct,
        "left": left,
        **differences.to_json(found.differences()),
    }


def lines(found: Tally, tenant: str) -> Iterator[str]:
    """Return what stands otherwise as lines for people."""
    if not found.correct and not found.left:
        yield f"Every day that is booked since {found.since} stands as these settings book it."
        return
    booked = f"{_days(found.correct)} booked since {found.since} {'stands' if found.correct == 1 else 'stand'}"
    yield f"{booked} otherwise than these settings book {'it' if found.correct == 1 else 'them'}."
    yield from differences.tables(found.differences())
    for rule, number in found.left.most_common():
        yield f"{_days(number)} would be left: {words.rule(rule)}"
    yield f"Settings change no voucher. A plan of reversals and new ones: bokbuss correct {tenant} --from {found.since}"


def _days(number: int) -> str:
    return "1 report" if number == 1 else f"{number:,} reports"


# --- A plan -----------------------------------------------------------------------------------------------------------


def counted(counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a line for each state and action."""
    lines = [f"  {number:>6}  {state:<10} {action}" for (state, action), number in counts.items()]
    return tuple(lines) or wrapped("Every day that is booked stands as the settings book it.", 2)


def hints(plan: Plan, counts: Mapping[tuple[str, str], int], sends: int, *, live: bool) -> tuple[str, ...]:  # noqa: ARG001 - as of plans of people
    """Return what can be done with a plan next."""
    held = any(state == "held" for state, _ in counts)
    lines = [f"What waits for a person: bokbuss held list --tenant {plan.tenant}"] if held else []
    many = "1 report" if sends == 1 else f"{sends} reports"
    lines.append(f"Approve and send it: bokbuss apply {plan.begins} ({many})" if sends else "Nothing is to be sent.")
    return tuple(line for text in lines for line in wrapped(text))


def row_lines(row: CorrectionRow) -> tuple[str, ...]:
    """Return a row: which day, what is done, which rows differ, and what stands in the way."""
    stands = f"booked as {row.voucher}" if row.voucher else "on its way"
    told = [f"{row.about}, {stands}"]
    if row.action == "correct":
        lock = f"; locked until {row.locked_until}" if row.locked_until else ""
        told.append(f"{row.voucher} is reversed in series {row.series}, the day booked anew in {row.new_series}{lock}")
    told += [f"{obstacle.code}: {obstacle.why}" for obstacle in row.obstacles]
    told += [f"NB {warning.code}: {warning.why}" for warning in row.warnings]
    told += [row.why] if row.why and not row.obstacles else []
    told += [f"applied by {row.applied_by}, {words.when(row.applied_at)}"] if row.applied_at else []
    first = f"{row.row:>5}  {row.state:<10} {row.action:<11} {row.day}  {row.name}"
    rows = [line for text in told for line in wrapped(text, 7)]
    return (*wrapped(first, hanging=7), *rows, *(line for each in row.differs for line in wrapped(each, 9)))


def row_json(row: CorrectionRow) -> dict[str, Any]:
    """Return a row for programs, with what it moves by account."""
    return row.to_json() | {"moves": {str(account): f"{amount:.2f}" for account, amount in row.moves.items()}}


def meets(row: CorrectionRow, wanted: Conditions) -> bool:
    """Tell whether a row meets every condition."""
    own: Mapping[str, Collection[str]] = {
        "state": {row.state},
        "action": {row.action},
        "row": {str(row.row)},
        "day": {row.day.isoformat()},
        "rule": {row.rule},
    }
    return all(set(own[name]) & set(values) for name, values in wanted.items())
