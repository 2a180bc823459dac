"""Toy HR: it tells when people change, and people are read and written back."""

from infra.plugin import Sink, Source, System
from schemas.events import EmployeeChanged
from tests.toys.toyhr.encode import NAMES
from tests.toys.toyhr.kinds import KINDS, connect
from tests.toys.toyhr.refusal_words import WORDS
from tests.toys.toyhr.settings import ToyHRSettings
from tests.toys.toyhr.translate import SYSTEM as NAME
from tests.toys.toyhr.translate import translate

SYSTEM = System(
    name=NAME,
    settings=ToyHRSettings,
    source=Source(system=NAME, translate=translate, facts=(EmployeeChanged,)),
    sinks=(Sink(system=NAME, kinds=KINDS, connect=connect),),
    sandbox="tests.toys.toyhr.sandbox",
    sandbox_at=lambda url: {"api_url": url},
    names=NAMES,
    words=WORDS,
)
