"""Day sales: a closed cash register becomes one voucher, or waits under a name."""

from infra.plugin import Flow
from schemas.corrections import CorrectionApproved
from schemas.events import DayClosed
from schemas.flows import given_up
from schemas.plans import CorrectionRow
from streams.daysales.autopsy import autopsy
from streams.daysales.decide import decide, evolve, follow, reads, waiting
from streams.daysales.plan import applied, corrects, objects
from streams.daysales.state import State
from streams.daysales.trial import trial
from streams.daysales.verdict import NAME
from streams.daysales.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(DayClosed, CorrectionApproved),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    given_up=given_up,
    akin=lambda state: state.doubts,
    trial=trial,
    day=lambda state: state.day.business_date if state.day and not state.part_of else None,
    corrects=corrects,
    row=CorrectionRow,
    planned_as="correct",
    applied=applied,
    objects=objects,
    autopsy=autopsy,
    words=WORDS,
    lacking=frozenset(
        {"flow_not_configured", *(f"unmapped_{what}" for what in ("payment_method", "group", "category"))}
    ),
)
