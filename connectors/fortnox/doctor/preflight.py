"""Before a voucher is sent: what is known of the company's set-up must not speak against it.

The set-up is read before a company's first voucher of a year and kept for an hour, so that it costs a dozen calls an
hour at most and an objection costs none. What cannot be read is no objection: Fortnox says so itself.
"""

from collections.abc import Mapping
from typing import Any, Final

from connectors.fortnox import waiting_words
from connectors.fortnox.doctor import setup
from connectors.fortnox.doctor.demand_words import demanded
from connectors.fortnox.doctor.reference import Reference
from connectors.fortnox.doctor.setup import PARSERS, Demand, Names, Need, ReferenceKind, Setup, Unread
from infra import clock
from infra.plugin import Attempt
from infra.verdicts import Rejected, RetryLater
from schemas.audit import Call
from schemas.base import Language
from schemas.commands import PostVoucher
from schemas.words import Text, named

_LASTS: Final = 3600.0
_BELIEVED: Final = 60.0
"""Seconds for which a list may speak against a voucher; an older one is read again first."""
_AT_ONCE: Final = 0.5
"""The same for one that a green check or a person lets go: the list that spoke against it may be older than that."""
_AGAIN: Final = 300.0
"""Seconds until a list that could not be read is asked for again."""
_OF_THE_COMPANY: Final = frozenset(
    {
        "throttled",
        "unauthorised",
        "consent_missing",
        "connection_paused",
        "disconnected",
        "other_company",
        "client_refused",
        "auth_refused",
        "auth_throttled",
        "auth_unreachable",
    }
)
"""The voucher would meet the same: it waits instead."""


class Preflight:
    """What one lane knows of its company's set-up."""

    def __init__(self, reference: Reference, language: Language) -> None:
        self._reference, self._language = reference, language
        self._parsed: dict[tuple[ReferenceKind, int], tuple[Any, Any]] = {}
        self._unread: dict[tuple[ReferenceKind, int], tuple[float, Unread]] = {}

    async def objection(self, order: PostVoucher, year_id: int, attempt: Attempt) -> Rejected | RetryLater | None:
        """Return what stands in a voucher's way, as the refusal that Fortnox would give; None: nothing that is known.

        An order that a person insists on goes without this: a series that is exempt from locking, which no list tells,
        could never be booked otherwise. What a green check lets go may have something else in its way.
        """
        if order.insists:
            return None
        need, fresh = setup.need_of(order), frozenset[ReferenceKind]()
        while True:
            known = await self._setup(need, year_id, attempt, dict.fromkeys(fresh, believed(order)))
            if isinstance(known, RetryLater):
                return known
            found = setup.objection(need, known)
            if found is None:
                return None
            if fresh.issuperset(found[0].reads):
                return self._rejected(found, known, attempt)
            fresh |= frozenset(found[0].reads)

    async def _setup(
        self, need: Need, year_id: int, attempt: Attempt, fresh: Mapping[ReferenceKind, float]
    ) -> Setup | RetryLater:
        """Return what is known; the lists of ``fresh`` as they were within so many seconds."""
        wanted: list[tuple[ReferenceKind, int]] = [
            ("years", 0),
            ("series", year_id),
            ("accounts", year_id),
            ("locked_period", 0),
        ]
        if need.cost_centres:
            wanted.append(("cost_centres", 0))
        found: dict[tuple[ReferenceKind, int], Any] = {}
        for kind, year in wanted:
            answer = await self._get(kind, year, attempt, fresh.get(kind, _LASTS))
            if isinstance(answer, RetryLater):
                return answer
            found[kind, year] = answer
        return setup.setup_of(found)

    async def _get(self, kind: ReferenceKind, year: int, attempt: Attempt, max_age: float) -> Any:
        """Return a list as a Setup has it, Unread, or the RetryLater that the whole company waits for."""
        since, unread = self._unread.get((kind, year), (float("-inf"), None))
        if unread is not None and clock.monotonic() < since + _AGAIN:
            return unread
        kept = await self._reference.get(kind, attempt, year_id=year, max_age=max_age)
        if isinstance(kept, RetryLater):
            if kept.code in _OF_THE_COMPANY:
                return kept
            unread = Unread(kept.code, kept.why)
            self._unread[kind, year] = (clock.monotonic(), unread)
            return unread
        of, parsed = self._parsed.get((kind, year), (None, None))
        if of is not kept:
            parsed = PARSERS[kind](kept.items)
            self._parsed[kind, year] = (kept, parsed)
        return parsed

    def _rejected(self, found: tuple[Demand, Names], known: Setup, attempt: Attempt) -> Rejected:
        demand, names = found
        not_sent(attempt, waiting_words.NOT_SENT_NAMING(reason=named("fortnox", "reason", demand.code), names=names))
        why = demanded(demand.name, names, self._language)
        return Rejected.saying(demand.code, why, demand.who, locked_until=setup.locked_by(demand, known))


def believed(order: PostVoucher) -> float:
    """Return the seconds for which a list may speak against a voucher."""
    return _BELIEVED if order.replaces is None else _AT_ONCE


def not_sent(attempt: Attempt, why: Text) -> None:
    """Put on record that a voucher was not sent, and why."""
    verdict, request = f"not sent: {why}"[:200], "POST /3/vouchers"
    call = Call(at=clock.now(), request=request, status=None, milliseconds=0, verdict=verdict, wording=why.wording)
    attempt.calls.append(call)
