"""Registers: a store's day that was not closed, and numbers of a register's series that have not come, are said so."""

from infra.plugin import Flow
from schemas.events import DayClosed
from schemas.missing import DayMissed, NumbersMissed
from streams.registers.autopsy import autopsy
from streams.registers.decide import decide, evolve, follow, reads, waiting
from streams.registers.overdue import overdue
from streams.registers.state import State
from streams.registers.verdict import NAME
from streams.registers.words import WORDS

FLOW = Flow(
    name=NAME,
    facts=(DayClosed, DayMissed, NumbersMissed),
    state=State,
    reads=reads,
    follow=follow,
    decide=decide,
    evolve=evolve,
    waiting=waiting,
    words=WORDS,
    overdue=overdue,
    autopsy=autopsy,
)
