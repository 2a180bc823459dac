"""SIE files, the format in which Swedish bookkeeping travels: read, checked and written."""

from connectors.sie.ledger import LEDGER_FILE
from infra.plugin import System

SYSTEM = System(name="sie", ledger_file=LEDGER_FILE)
