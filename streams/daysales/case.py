"""What a rule looks at: a report, the company, and what has become of the report so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.daysales.admission import Report
from streams.daysales.state import State


@dataclass(frozen=True)
class Case(Report):
    """A report and what has become of it so far.

    Attributes:
        configured: False when the company has no settings for this.
        organisation_number: whose books these are, as far as is known.
        suspects: the reports that this may be, by their keys.
    """

    state: State
    configured: bool
    organisation_number: str | None
    suspects: Mapping[str, State]

    @property
    def description(self) -> str:
        """The voucher's text, as the company wants it."""
        day = self.day
        return self.settings.description.format(
            store=day.store, register=day.register_id, z_number=day.z_number, date=day.business_date
        )
