"""Year-end: each closing entry waits for a plan, and is one voucher once a person has approved it."""

from infra.plugin import Flow
from schemas.events import ClosingApproved, ClosingEntriesReady
from schemas.flows import given_up
from schemas.plans import ClosingRow
from streams.yearend.decide import decide, evolve, follow, reads, waiting
from streams.yearend.plan import applied, in_plan, objects, plan
from streams.yearend.state import State
from streams.yearend.verdict import NAME
from streams.yearend.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(ClosingEntriesReady, ClosingApproved),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    given_up=given_up,
    words=WORDS,
    plan=plan,
    row=ClosingRow,
    planned_as="plan closing",
    applied=applied,
    objects=objects,
    in_plan=in_plan,
    lacking=frozenset({"flow_not_configured"}),
)
