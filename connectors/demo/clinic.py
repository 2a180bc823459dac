"""The year-end company, as data: what its people have booked, what comes to be booked, and the trail in words."""

from datetime import date
from typing import Final

from connectors.demo.scenes import Company
from connectors.demo.telling import Effect, effect
from schemas.audit import AuditRecord
from schemas.settings import TenantSettings, YearEndSettings

KLINIKEN: Final = Company(
    "kliniken",
    "Kliniken vid Kanalen AB",
    "5599990040",
    1004,
    {},
    TenantSettings(yearend=YearEndSettings(series="I", four_eyes=True)),
    "bookkeeping companyinformation costcenter settings archive connectfile",
)
CLOSED: Final = date(2025, 12, 31)
_Rows = tuple[tuple[int, int], ...]
BY_HAND: Final[tuple[tuple[date, str, _Rows], ...]] = (
    *((date(2025, month, 25), "Hyra", ((5010, 18000), (1930, -18000))) for month in range(1, 13)),
    *((date(2025, month, 28), "Patientavgifter", ((1930, 96000), (3004, -96000))) for month in range(1, 13)),
    (CLOSED, "Avskrivning inventarier", ((7832, 24000), (1229, -24000))),
    *((date(2026, month, 25), "Hyra", ((5010, 18500), (1930, -18500))) for month in range(1, 4)),
)
"""What the company's own people have booked: day, text, and accounts with kronor, debit above zero."""
ENTRIES: Final[tuple[tuple[str, str, _Rows], ...]] = (
    ("4", "Avskrivning inventarier", ((7832, 24000), (1229, -24000))),
    ("5", "Skatt på årets resultat", ((8910, 188500), (2510, -188500))),
    ("6", "Årets resultat", ((8999, 723500), (2099, -723500))),
)
"""What the year-end program sends: number, text, rows. The first of them somebody has booked by hand already."""


def told(tenant: str, record: AuditRecord) -> Effect | None:
    """Say what a record of the trail tells; of ledgers and proofs the scene itself says more."""
    if record.flow != "yearend":
        return None
    said = effect(tenant, record, [])
    text = "looked through its day before it was sent: it may be booked already" if record.outcome == "rejected" else ""
    return Effect(said.at, said.company, f"entry {record.key.rpartition('#')[2]}", said.what, text or said.text)
