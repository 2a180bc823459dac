"""What a plan says of booked days that the settings book otherwise: reversed and booked anew once approved. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from infra.plugin import States, Terms
from schemas.commands import PostVoucher
from schemas.corrections import CorrectionApproved
from schemas.flows import Held
from schemas.plans import CorrectionRow, CorrectionState, Plan, reasoned
from schemas.settings import TenantSettings
from schemas.words import Text, heard, lines_of, named
from streams.daysales import voucher, words
from streams.daysales.case import Case
from streams.daysales.learn import WAIT_FOR_AN_APPROVAL
from streams.daysales.rules import judge
from streams.daysales.state import State
from streams.daysales.trial import as_if_new
from streams.daysales.verdict import FIRST_OPEN_DAY, GIVEN_UP, Booking, Settled, Verdict

_LONGEST_NAME: Final = 200
Action = Literal["correct", "do_nothing"]


@dataclass(frozen=True, slots=True)
class Day:
    """A booked day as a plan looks at it.

    Attributes:
        state: what has become of it.
        order: what stands for it, or is on its way; None: it is not known here.
        case: its newest content under the settings, as if it came now.
        verdict: what the rules say of that.
        kept: a person left the books as they were when that content came.
    """

    state: State
    order: PostVoucher | None
    case: Case
    verdict: Verdict
    kept: bool = False

    @property
    def stands(self) -> CorrectionState:
        """How the day stands."""
        if isinstance(self.state.awaits, PostVoucher):
            return "sending"
        return "held" if self.state.hold else "booked"


def what_is_under_way_is_waited_for(day: Day) -> Action | None:
    """Do nothing about what is being sent, or looked for."""
    return "do_nothing" if day.stands == "sending" else None


def what_a_person_decides_is_left_alone(day: Day) -> Action | None:
    """Do nothing about what is held: its hold is to be answered first, unless an approval ends it."""
    hold = day.state.hold
    return "do_nothing" if hold and hold.reason not in WAIT_FOR_AN_APPROVAL else None


def what_a_person_kept_stays_booked(day: Day) -> Action | None:
    """Do nothing about a day that a person left as it is booked: the difference is handled by hand."""
    return "do_nothing" if day.kept else None


def what_is_not_known_here_is_corrected_by_hand(day: Day) -> Action | None:
    """Do nothing about a voucher whose rows are not known for certain: what is not known cannot be taken back."""
    return "do_nothing" if day.order is None else None


def what_the_settings_hold_stays_booked(day: Day) -> Action | None:
    """Reverse nothing for a report that cannot be booked."""
    return "do_nothing" if isinstance(day.verdict, Held) else None


def what_is_booked_otherwise_is_corrected(_day: Day) -> Action:
    """Reverse what stands, and book the day as the settings say."""
    return "correct"


PlanRule = Callable[[Day], Action | None]
RULES: Final[tuple[PlanRule, ...]] = (
    what_is_under_way_is_waited_for,
    what_a_person_decides_is_left_alone,
    what_a_person_kept_stays_booked,
    what_is_not_known_here_is_corrected_by_hand,
    what_the_settings_hold_stays_booked,
    what_is_booked_otherwise_is_corrected,
)
"""The first that says something proposes what is done; its name is in the row."""


def corrects(key: str, states: States, terms: Terms) -> CorrectionRow | None:
    """Return what would have to be corrected of a day; None where it is not booked, or as the settings say."""
    found, state = as_if_new(key, states, terms), states[key]
    if found is None or (day := _booked(state, *found)) is None:
        return None
    if day.state.standing and not GIVEN_UP.isdisjoint(state.answers):
        left = tuple(answer for answer in state.answers if answer not in GIVEN_UP)
        case = replace(day.case, answers=left, state=day.case.state.model_copy(update={"answers": left}))
        day = replace(day, case=case, verdict=judge(case)[1], kept=True)
    case, order = day.case, day.order
    rows = case.rows if isinstance(day.verdict, Booking) else ()
    differs = voucher.changes(order.rows, rows) if order and rows else ()
    is_the_same = order and rows and not differs
    if is_the_same or isinstance(day.verdict, Settled):
        return None
    rule, action = next((r.__name__, said) for r in RULES if (said := r(day)) is not None)
    return CorrectionRow(
        row=1,
        state=day.stands,
        action=action,
        rule=rule,
        **reasoned(_why(day)),
        about=key,
        name=f"{case.day.store} {case.day.register_id} Z{case.day.z_number}"[:_LONGEST_NAME],
        day=case.day.business_date,
        voucher=state.standing.voucher if state.standing else None,
        series=order.series if order else case.settings.series,
        stands_on=order.voucher_date if order else case.day.business_date,
        stands=order.rows if order else (),
        becomes=rows,
        new_series=case.settings.series,
        first_open_day=case.settings.locked_period == FIRST_OPEN_DAY,
        revision=state.revision,
        content=case.content if rows else "nothing",
        differs=tuple(map(str, differs)),
        differ_wordings=lines_of(differs),
    )


def _booked(state: State, case: Case, verdict: Verdict) -> Day | None:
    """Return a day that stands in the ledger, or is on its way there."""
    if state.standing:
        return Day(state, state.standing.order, case, verdict)
    if isinstance(state.awaits, PostVoucher) and state.awaits.purpose != "reverse":
        return Day(state, state.awaits, case, verdict)
    return None


def _why(day: Day) -> Text | str:
    if hold := day.state.hold:
        return heard(hold.wording, hold.message)
    if day.kept:
        return words.WAS_KEPT()
    if isinstance(day.verdict, Held):
        reason = named("daysales", "reason", day.verdict.reason)
        return words.WOULD_BE_HELD(reason=reason, why=day.verdict.message)
    return ""


def applied(plan: Plan, row: CorrectionRow, by: str, at: datetime) -> CorrectionApproved:
    """Return the fact that somebody approves a row. Raises ValueError for one without a voucher to correct."""
    if row.voucher is None:
        raise ValueError(f"row {row.row} has no voucher that could be corrected")
    return CorrectionApproved(
        plan_id=plan.plan_id,
        row=row.row,
        about=row.about,
        revision=row.revision,
        voucher=row.voucher,
        content=row.content,
        planned_by=plan.made_by or "nobody",
        approved_by=by,
        approved_at=at,
    )


def objects(plan: Plan, _rows: Sequence[CorrectionRow], settings: TenantSettings, by: str) -> str:
    """Return why somebody may not approve: where the company wants two people, who made the plan is one."""
    return plan.seen_by_two(by, {}) if settings.daysales and settings.daysales.four_eyes else ""
