"""What the rules look at: a report, and all that is known of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from infra.plugin import States, Terms
from schemas import ids
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import PostVoucher
from schemas.events import DayClosed
from schemas.settings import DaySalesSettings, SettingsApplied, TenantSettings
from streams.daysales.admission import Report
from streams.daysales.state import State
from streams.daysales.verdict import FIRST_OPEN_DAY

NOT_CHOSEN: Final = DaySalesSettings(series="A")
"""Of a company without settings; read by no rule: a_company_without_settings_waits comes before."""
TRIED: Final = SettingsApplied(tenant="tried", version=1, applied_by="trial", settings=TenantSettings())
"""What a case is decided on that is only tried."""


@dataclass(frozen=True)
class Case(Report):
    """A report, and all that is known.

    Attributes:
        key: of the report.
        state: what has become of it so far.
        message: what is decided on.
        refused: the awaited order that the message says was not carried out.
        configured: False when the company has no settings for this.
        organisation_number: whose books these are, as far as is known.
        suspects: the reports that this may be, by their keys.
    """

    key: str
    state: State
    message: Message
    refused: PostVoucher | None
    configured: bool
    organisation_number: str | None
    suspects: Mapping[str, State]

    @classmethod
    def of(cls, key: str, state: State, day: DayClosed, states: States, terms: Terms, message: Message) -> Self:
        """Return what is known of a report as it stands; the reports that it may be are among ``states``."""
        settings = terms.settings.daysales
        return cls(
            day=day,
            settings=settings or NOT_CHOSEN,
            answers=state.answers,
            key=key,
            state=state,
            message=message,
            refused=None,
            configured=settings is not None,
            organisation_number=terms.organisation_number,
            suspects={doubt: states[doubt] for doubt in state.doubts},
        )

    def booked_on(self, day: date) -> date:
        """Return the date of a voucher of a day: the day, or the first open one where that is locked, as was chosen."""
        opens_on = self.state.opens_on
        moves = self.settings.locked_period == FIRST_OPEN_DAY or FIRST_OPEN_DAY in self.state.answers
        return max(day, opens_on) if moves and opens_on else day

    @property
    def refused_until(self) -> date | None:
        """The first open day, where the message says that a voucher was refused since its day is locked."""
        record, opens_on = self.message, self.state.opens_on
        locked = isinstance(record, AuditRecord) and record.locked_until is not None
        return opens_on if self.refused and locked else None

    @property
    def description(self) -> str:
        """The voucher's text, as the company wants it."""
        day = self.day
        return self.settings.description.format(
            store=day.store, register=day.register_id, z_number=day.z_number, date=day.business_date
        )

    @property
    def content(self) -> str:
        """A digest of the voucher that the day would be: what a person approves of a correction."""
        return ids.digest([self.settings.series, [row.to_json() for row in self.rows]])[:16]
