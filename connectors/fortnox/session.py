"""One company's Fortnox as its orders use it: the calls, and what is kept of its set-up from order to order."""

from datetime import date
from typing import Final

from connectors.fortnox import classify, refusal_words
from connectors.fortnox.classify import Year
from connectors.fortnox.client import Fortnox
from connectors.fortnox.doctor.preflight import Preflight
from connectors.fortnox.doctor.reference import Reference
from infra.http import Client
from infra.plugin import Attempt, Company, Host
from infra.verdicts import Rejected, RetryLater

_YEARS_LAST: Final = 3600.0


class Session(Fortnox):
    """One company's Fortnox, with what is kept of its set-up from one order to the next."""

    def __init__(self, company: Company, host: Host, client: Client) -> None:
        super().__init__(company, host, client)
        self.reference = Reference(self)
        self.preflight = Preflight(self.reference, host.settings.language)

    async def year(self, day: date, attempt: Attempt, *, believed: float) -> Year | Rejected | RetryLater:
        """Return the financial year that holds a day; for a day without one Fortnox is asked again.

        Args:
            believed: seconds for which the list of years may say that there is none.
        """
        for max_age in (_YEARS_LAST, believed):
            kept = await self.reference.get("years", attempt, max_age=max_age)
            if isinstance(kept, RetryLater):
                return kept
            for year in classify.years(kept.items):
                if year.holds(day):
                    return year
        return Rejected.saying(classify.YEAR_MISSING, refusal_words.NO_YEAR(day=day), "accountant")
