"""SIE files as they are tried: a year's ledger is its parts."""

from collections.abc import Sequence
from io import BytesIO

from connectors.sie import SYSTEM
from connectors.sie.ledger import read_year
from infra.plugin import Malformed
from schemas.events import Fact
from tests.connectors.party import Party


def translated(_name: str, payload: bytes) -> Sequence[Fact]:
    """Return the parts of a year; nothing for what is no year's ledger."""
    try:
        with read_year(BytesIO(payload)) as year:
            return list(year.part(one.part for one in year.parts))
    except Malformed:
        return []


PARTY = Party(SYSTEM, translated)
