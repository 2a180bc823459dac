"""Spiris Tax & Year-end, and every other year-end program that can send its closing entries as JSON."""

from connectors.spiris.translate import translate
from infra.plugin import Source, System
from schemas.events import ClosingEntriesReady

SYSTEM = System(name="spiris", source=Source(system="spiris", translate=translate, facts=(ClosingEntriesReady,)))
