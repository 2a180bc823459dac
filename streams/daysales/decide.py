"""What a closed cash register means for the ledger: one voucher, or a hold under a name. Pure.

Read it from the top: the ``RULES``, of which the first that says something decides, and then the functions that the
host calls. ``decide`` is ``learn`` (what does the message teach?) and then the rules; ``evolve`` is ``learn`` and then
the orders that were given. A message that teaches nothing new asks for nothing: deciding twice decides once.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from infra.plugin import Terms
from schemas.audit import DISCARDED, NOT_DONE, AuditRecord
from schemas.base import Message
from schemas.commands import Choice, CloseReview, HoldForReview, Order, PostVoucher, VoucherRef
from schemas.envelope import Envelope, type_of
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from schemas.settings import DaySalesSettings, SettingsApplied
from streams.daysales import admission, voucher, whose
from streams.daysales.case import Case
from streams.daysales.state import REVERSED, Learned, State, found, learn, purpose_of
from streams.daysales.verdict import DISCARD, KEEP, NAME, Booking, Desk, Held, Purpose, Settled, Verdict

RETRY = Choice(answer="retry", means="Send it again, after it was set right in Fortnox or in the settings.")
REBOOK = Choice(answer="rebook", means="Reverse the voucher and book the day anew; all three stay in the books.")
IS_GONE = Choice(answer=REVERSED, means="The voucher is gone from Fortnox; book the day anew.")
IS_REVERSED = Choice(answer=REVERSED, means="The voucher has been reversed by hand in Fortnox; go on.")
VOUCHER_GONE = "voucher_gone"
"""The code of a reversal that is not booked, since what it takes back is not there any more."""
LONGEST_REASON = 64
_SETTLES = frozenset({KEEP.answer, DISCARD.answer})
_NOT_IN_A_REASON = re.compile(r"[^\w.+&() /\-]")


def a_day_booked_twice_waits_for_a_person(case: Case) -> Held | None:
    """Hold a report with two vouchers: a database that was restored makes them, and a person puts it right."""
    state = case.state
    if not state.surplus or not state.booked:
        return None
    surplus = " and ".join(map(str, state.surplus))
    return Held(
        "booked_twice",
        f"More than one voucher stands for this report: {state.booked.voucher} and {surplus}. "
        f"Reverse {surplus} by hand in Fortnox, then answer reversed.",
        (str(state.booked.voucher), *map(str, state.surplus)),
        (IS_REVERSED,),
        can_be_given_up=False,
    )


def a_booked_day_needs_nothing_more(case: Case) -> Settled | None:
    """Settle the day: its newest content stands in the ledger."""
    standing = case.state.standing
    return Settled() if standing and standing.revision == case.state.revision else None


def what_a_person_settled_stays_settled(case: Case) -> Settled | None:
    """Settle what a person kept or discarded, whatever the settings say; only newer content opens it again."""
    return Settled() if _SETTLES.intersection(case.state.answers) else None


def what_is_not_to_be_synced_waits(case: Case) -> Held | None:
    """Hold what comes while the company has switched day sales off; it goes on when they are switched on."""
    if case.settings.sync_sales:
        return None
    return Held(
        "sync_is_off",
        "Day sales are switched off. The day goes on by itself when sync_sales is on in the settings again.",
    )


def a_company_without_settings_waits(case: Case) -> Held | None:
    """Hold what comes before the company has chosen its accounts, so that it is not lost."""
    if case.configured:
        return None
    return Held(
        "flow_not_configured",
        "The company has no settings for day sales yet. Apply settings; the day is then booked by itself.",
    )


def an_amendment_that_changes_no_row_changes_nothing(case: Case) -> Settled | None:
    """Settle other content whose voucher would be the same to the öre."""
    order = case.state.standing.order if case.state.standing else None
    if order is None or order.voucher_date != case.day.business_date:
        return None
    return None if voucher.changes(order.rows, case.rows) else Settled()


def a_voucher_that_is_not_known_here_is_reversed_by_hand(case: Case) -> Held | None:
    """Hold an amendment whose old rows are not known for certain: what is not known cannot be taken back."""
    standing = case.state.standing
    if not standing or standing.order:
        return None
    return Held(
        "voucher_not_known",
        f"The day is booked as {standing.voucher}, under settings that are no longer known here, and the till has sent "
        f"it again with other content. Reverse {standing.voucher} by hand in Fortnox and answer reversed, and the new "
        "content is booked; or answer keep.",
        choices=(IS_REVERSED,),
    )


def a_booked_day_stays_booked(case: Case) -> Held | None:
    """Hold an amended day where the company chose so: a person decides whether the books change."""
    standing = case.state.standing
    if not standing or not standing.order or case.settings.amended == "reverse" or REBOOK.answer in case.state.answers:
        return None
    return Held(
        "amended_after_booking",
        f"The day is booked as {standing.voucher}, and the till has sent it again with other content. "
        "Answer rebook to reverse the voucher and book the day anew, or keep to leave the books as they are.",
        voucher.changes(standing.order.rows, case.rows),
        (REBOOK,),
    )


def a_booked_day_is_corrected_by_reversing(case: Case) -> Booking | None:
    """Take the voucher back in full, on its own date; the day is booked anew after that. Nothing is ever edited."""
    standing = case.state.standing
    if not standing or not standing.order:
        return None
    order = standing.order
    return Booking(
        "reverse",
        standing.revision,  # a voucher is reversed once, however many amendments ask for it
        order.series,
        order.voucher_date,
        f"Återföring av {standing.voucher}: {order.description}",
        voucher.swapped(order.rows),
        (standing.voucher,),
    )


def a_day_without_money_needs_no_voucher(case: Case) -> Settled | None:
    """Put a report of zeros on record and settle it: evidence of an unbroken series, but no event to book."""
    return None if case.rows else Settled("There is nothing to book: every amount of the report is zero.")


def a_reversed_day_is_booked_anew(case: Case) -> Booking | None:
    """Book the newest content after a reversal; the voucher names the reversed one and the reversal."""
    booked = case.state.booked
    if not booked or not booked.reversed_by:
        return None
    description = f"Rättelse av {booked.voucher}, återförd med {booked.reversed_by}: {case.description}"
    return _book(case, "rebook", description, (booked.voucher, booked.reversed_by))


def a_day_that_adds_up_is_booked(case: Case) -> Booking:
    """Book what every rule let through."""
    return _book(case, "book", case.description, ())


def _book(case: Case, purpose: Purpose, description: str, relates_to: tuple[VoucherRef, ...]) -> Booking:
    day, series = case.day, case.settings.series
    return Booking(purpose, case.state.revision, series, day.business_date, description, case.rows, relates_to)


Rule = Callable[[Case], Verdict | None]

RULES: tuple[Rule, ...] = (
    # Is there anything to decide?
    a_day_booked_twice_waits_for_a_person,
    whose.a_report_that_is_part_of_another_is_settled_there,
    a_booked_day_needs_nothing_more,
    what_a_person_settled_stays_settled,
    # Is it ours, and a report of its own?
    whose.a_report_of_another_company_waits,
    whose.what_may_be_another_report_waits,
    a_company_without_settings_waits,
    what_is_not_to_be_synced_waits,
    # May the report be booked? (Rates before sums: a wrong rate explains a wrong sum.)
    admission.a_day_before_the_start_is_held,
    admission.the_amounts_fit_in_a_voucher,
    admission.every_rate_is_known_on_the_day,
    admission.every_group_has_its_rate_of_the_day,
    admission.vat_is_what_the_rate_says,
    admission.the_groups_add_up_to_their_rate,
    admission.total_sales_is_what_the_groups_say,
    admission.payments_meet_sales,
    admission.every_payment_method_has_an_account,
    admission.every_group_has_an_account,
    admission.every_category_has_an_account,
    # What stands in the books already? (After the above: nothing is reversed for a report that cannot be booked.)
    an_amendment_that_changes_no_row_changes_nothing,
    a_voucher_that_is_not_known_here_is_reversed_by_hand,
    a_booked_day_stays_booked,
    a_booked_day_is_corrected_by_reversing,
    # Book it.
    a_day_without_money_needs_no_voucher,
    a_reversed_day_is_booked_anew,
    a_day_that_adds_up_is_booked,
)
"""The first rule that says something decides; its name is in the order."""

_NOT_CHOSEN = DaySalesSettings(series="A")  # read by no rule: a_company_without_settings_waits comes before
_NOBODY: Mapping[str, State] = MappingProxyType({})


def judge(
    state: State,
    day: DayClosed,
    settings: DaySalesSettings | None,
    organisation_number: str | None = None,
    suspects: Mapping[str, State] = _NOBODY,
) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    case = Case(
        day=day,
        settings=settings or _NOT_CHOSEN,
        may_round=admission.ROUND in state.answers,
        state=state,
        configured=settings is not None,
        organisation_number=organisation_number,
        suspects=suspects,
    )
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)


def a_refused_voucher_waits(record: AuditRecord) -> Held:
    """Hold what Fortnox refused until other settings make it another voucher, or a person says so."""
    if record.code == VOUCHER_GONE:
        return Held(
            VOUCHER_GONE,
            f"The day is not reversed: {record.why[:1000]} Answer reversed to book the day anew, keep to leave the "
            "books as they are, or retry if the voucher is there again.",
            choices=(IS_GONE, RETRY),
        )
    what = {"reverse": "the reversal", "rebook": "the corrected voucher"}.get(purpose_of(record), "the voucher")
    if record.code == DISCARDED:
        return Held(
            DISCARDED,
            f"The order of {what} was discarded before it reached Fortnox: {record.why[:1000]} "
            "Answer retry and it is sent, as a new order.",
            choices=(RETRY,),
            who=record.who or "operator",
        )
    return Held(
        re.sub(_NOT_IN_A_REASON, "_", record.code)[:LONGEST_REASON] or "refused",
        f"Fortnox does not take {what}: {record.why[:1000] or record.code or 'no reason given'} "
        "Set it right in Fortnox; what bokbuss can check there then goes on by itself, for the rest answer retry. "
        "Or change the settings.",
        choices=(RETRY,),
        who=record.who or "accountant",
    )


WHAT_WAS_REFUSED_GOES_AGAIN = "a_refused_voucher_goes_again_when_its_check_is_green"
"""Named in the order that is given anew because Fortnox was set right, not because of what a rule says of the day."""


# --- What the host calls ------------------------------------------------------------------------------------------

_POST_VOUCHER = type_of(PostVoucher)


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about a day's voucher or hold."""
    match message:
        case DayClosed():
            return (message.key, message.counter)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome) if (flow, kind) == (NAME, _POST_VOUCHER):
            told = outcome in NOT_DONE or (outcome in {"delivered", "already_there"} and message.voucher is not None)
            return (message.key,) if told else ()
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the report that a day close belongs to, the reports that one in doubt may be, and its counter."""
    message = envelope.data
    if isinstance(message, DayClosed):
        new = found(states, message)
        return (new.report, *new.doubts, *states[new.report].doubts) if new.report in states else (new.report,)
    named: list[str] = []
    for state in states.values():
        named += [*state.doubts, *([state.part_of] if state.part_of else [])]
        if state.doubts and state.day:
            named.append(state.day.counter)
    return tuple(named)


LATE = "what_comes_late_undoes_nothing"
"""Named where older content of a report goes on record; no rule looks at it."""


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    learned = learn(states, envelope)
    orders: list[Order] = []
    if learned.late:
        orders += _on_record(learned, states, envelope, terms)
    for key in learned.about:
        orders += _decide_one(key, learned, states, envelope, terms)
    return tuple(orders)


def _decide_one(
    key: str, learned: Learned, states: Mapping[str, State], envelope: Envelope[Any], terms: Terms
) -> tuple[Order, ...]:
    before, state, message = states[key], learned.states[key], envelope.data
    if state.day is None or isinstance(state.awaits, PostVoucher):
        return ()  # nothing to act on yet, or Fortnox's answer comes first
    if isinstance(message, ChecksPassed) and not _was_refused(state):
        return ()
    if isinstance(message, AuditRecord) and message.outcome in NOT_DONE:
        if not isinstance(before.awaits, PostVoucher):
            return ()  # not the order that was awaited: what comes next was decided already
        rule, verdict = _after_refusal(before.awaits, state, state.day, message, terms)
    else:
        rule, verdict = judge(
            state,
            state.day,
            terms.settings.daysales,
            terms.organisation_number,
            {doubt: states[doubt] for doubt in state.doubts},
        )
        if isinstance(message, ChecksPassed) and isinstance(verdict, Booking):
            rule = WHAT_WAS_REFUSED_GOES_AGAIN
    insists = isinstance(message, ReviewAnswered) and message.answer == RETRY.answer
    desk = Desk(key, envelope.tenant, state, state.day, rule, terms.version, insists)
    if isinstance(message, SettingsApplied) and (desk.would_repeat(verdict) or _would_be_refused(state, verdict)):
        return ()
    return desk.orders(verdict, message)


def _on_record(
    learned: Learned, states: Mapping[str, State], envelope: Envelope[Any], terms: Terms
) -> tuple[Order, ...]:
    """Put older content of a report on record: it was accepted, and changes nothing."""
    key = learned.late or ""
    state = learned.states[key]
    told = envelope.data if isinstance(envelope.data, DayClosed) else states[envelope.data.about].day
    if told is None or state.day is None:
        return ()
    desk = Desk(key, envelope.tenant, state, told, LATE, terms.version)
    why = f"This is amendment {told.amendment}; amendment {state.day.amendment} came before it and counts."
    return desk.on_record("older_content", why, "superseded")


def _after_refusal(
    refused: PostVoucher, state: State, day: DayClosed, record: AuditRecord, terms: Terms
) -> tuple[str, Verdict]:
    if refused.purpose != "reverse" and refused.revision != state.revision:
        return judge(
            state, day, terms.settings.daysales, terms.organisation_number
        )  # newer content came meanwhile, and replaces what was refused
    return a_refused_voucher_waits.__name__, a_refused_voucher_waits(record)


def _would_be_refused(state: State, verdict: Verdict) -> bool:
    """Tell whether Fortnox has refused this very voucher, and nothing in the settings makes it another one."""
    refused = state.rejected.order if _was_refused(state) and state.rejected else None
    return isinstance(verdict, Booking) and refused is not None and verdict.is_content_of(refused)


def _was_refused(state: State) -> bool:
    return state.hold is not None and state.hold.rule == a_refused_voucher_waits.__name__


def evolve(states: Mapping[str, State], envelope: Envelope[Any], orders: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = {**states, **learn(states, envelope).states}
    closed = {order.hold_id for order in orders if isinstance(order, CloseReview)}
    for order in orders:
        state = after[order.key]
        match order:
            case CloseReview(hold_id=hold_id):
                is_open = state.hold and state.hold.id_in(envelope.tenant) == hold_id
                after[order.key] = state.model_copy(update={"awaits": None}) if is_open else state
            case HoldForReview():
                waits = {} if order.id_in(envelope.tenant) in closed else {"awaits": order}
                after[order.key] = state.model_copy(update={**waits, "holds": state.holds + 1})
            case PostVoucher():
                after[order.key] = state.model_copy(update={"awaits": order})
    return {key: state for key, state in after.items() if state != states[key]}


def waiting(state: State) -> str | None:
    """Return why a day waits, when other settings or a green check might settle it.

    It gets each SettingsApplied, and each ChecksPassed of that reason.
    """
    return state.hold.reason if state.hold else None
