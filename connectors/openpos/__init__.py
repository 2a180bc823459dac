"""OPEN POS, and every other till that can send its Z report as JSON."""

from connectors.openpos.translate import translate
from infra.plugin import Source, System
from schemas.events import DayClosed

SYSTEM = System(name="openpos", source=Source(system="openpos", translate=translate, facts=(DayClosed,)))
