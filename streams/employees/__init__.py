"""Employees: what a change in HR or in Fortnox means for the other side, and what a leave means for its days."""

from infra.plugin import Flow
from schemas.erasures import ErasureDecided
from schemas.events import (
    EmployeeChanged,
    EmployeeSeen,
    LeaveChanged,
    LinkDecided,
    PersonMentioned,
    PlanApplied,
    PlanRowApplied,
)
from schemas.pauses import PersonPaused
from streams.employees.decide import decide, evolve, follow, reads, waiting
from streams.employees.effect import applied, effect
from streams.employees.erasing import erasable
from streams.employees.fields import described
from streams.employees.plan import about, objects, plan
from streams.employees.standing import akin, known, stands
from streams.employees.state import State, in_plan
from streams.employees.verdict import NAME
from streams.employees.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(
        EmployeeChanged,
        PersonMentioned,
        EmployeeSeen,
        LeaveChanged,
        LinkDecided,
        PersonPaused,
        ErasureDecided,
        PlanRowApplied,
        PlanApplied,
    ),
    state=State,
    reads=reads,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    words=WORDS,
    follow=follow,
    plan=plan,
    applied=applied,
    objects=objects,
    effect=effect,
    about=about,
    in_plan=in_plan,
    known=known,
    akin=akin,
    stands=stands,
    describe=described,
    erasable=erasable,
)
