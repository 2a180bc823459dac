"""A company's books that are read, and a host that decides on them; everything is decided twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from infra.parting import parting
from infra.plugin import Terms
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import GENESIS, AuditRecord
from schemas.base import Message
from schemas.commands import HoldForReview, Order
from schemas.events import Fact, ReviewAnswered
from schemas.ledger import (
    LedgerAccount,
    LedgerPartRead,
    LedgerRetrieved,
    LedgerRow,
    LedgerSource,
    LedgerVoucher,
)
from schemas.ledger_parts import raw
from schemas.words import Text
from streams.ledger import FLOW
from streams.ledger.state import CONTENT, State, key_of
from tests.flow_driver import FlowDriver

TENANT = "acme"
OURS, ANOTHERS = "5560160680", "5599990016"
START = datetime(2026, 2, 1, 6, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
YEAR = f"ledger/{LAST}"

Numbers = Mapping[int, str]
"""Vouchers of series A by number, each with its text."""


def read(
    vouchers: Numbers,
    source: LedgerSource = "fortnox",
    *,
    hour: int = 0,
    organisation_number: str | None = OURS,
    overwrite: bool = False,
    day: date = FIRST,
    registered: date | None = None,
    accounts: Sequence[str] = ("1910",),
    findings: Sequence[Text | str] = (),
) -> tuple[list[LedgerPartRead], LedgerRetrieved]:
    """Return a reading of the year 2025: its parts, and what closes it."""
    row = LedgerRow(account="1910", amount=Decimal("1.00"))
    with parting() as parts:
        for account in accounts:
            parts.account(LedgerAccount(number=account))
        for number, text in vouchers.items():
            one = {"series": "A", "number": str(number), "day": day, "text": text, "registered": registered}
            parts.voucher(LedgerVoucher.model_validate({**one, "rows": (row,)}))
        year = parts.whole(FIRST, LAST, organisation_number=organisation_number, findings=findings)
        closing = year.retrieved(
            source, read_at=START + timedelta(hours=hour), requested_by="anna", overwrite=overwrite
        )
        return list(year.part(one.part for one in year.parts)), closing


class Books:
    """What the flow remembers of a company."""

    def __init__(self, organisation_number: str | None = OURS) -> None:
        self.terms = Terms(organisation_number=organisation_number)
        self.remembered = FlowDriver(FLOW)
        self.holds: list[HoldForReview] = []

    def tell(self, *messages: Message) -> list[Order]:
        """Decide on messages; return the orders. An open hold is kept in mind."""
        given: list[Order] = []
        for message in messages:
            key = str(getattr(message, "key", ""))
            fact = ids.fact_id(key, ids.revision(message)) if isinstance(message, Fact) else "told"
            wrapped = envelopes.wrap(message, message_id=fact, source="/tests", time=START, tenant=TENANT)
            given += self.remembered.decide(wrapped, self.terms)
        self.holds += [order for order in given if isinstance(order, HoldForReview) and order.choices]
        return given

    def over(self, key: str, message: Message) -> list[Order]:
        """Decide a message over a key that waits, as the host does with settings and checks."""
        wrapped = envelopes.wrap(message, message_id="told", source="/tests", time=START, tenant=TENANT)
        return list(self.remembered.decide(wrapped, self.terms, (key,)))

    def read(self, vouchers: Numbers, source: LedgerSource = "fortnox", **more: Any) -> list[Order]:
        """Tell a whole reading; return the orders."""
        parts, closing = read(vouchers, source, **more)
        return self.tell(*parts, closing)

    def answer(self, answer: str) -> list[Order]:
        """Answer the last hold."""
        hold = self.holds[-1]
        return self.tell(
            ReviewAnswered(
                hold_id=hold.id_in(TENANT),
                flow=hold.flow,
                about=hold.key,
                answer=answer,
                answered_by="anna",
                answered_at=START,
            )
        )

    @property
    def year(self) -> State:
        """What is remembered of the year."""
        state: State = self.remembered.states.get(YEAR) or State()
        return state

    @property
    def vouchers(self) -> dict[int, str] | None:
        """The vouchers that everybody sees, as they are kept; None: there is no such year."""
        now = self.year.now
        if now is None:
            return None
        found: dict[int, str] = {}
        for part in now.parts:
            content = self.remembered.states[key_of(YEAR, part) + CONTENT].content
            read_back = LedgerPartRead.model_validate_json(content)
            assert raw(read_back).decode() == content
            found |= {int(one.number): one.text for one in read_back.vouchers}
        return found

    @property
    def kept(self) -> set[str]:
        """The keys of what is kept of parts."""
        return {key for key, state in self.remembered.states.items() if "@" in key and state != State()}


def outcome(order: Order, result: Any, why: str = "") -> AuditRecord:
    """Return what the sink puts on record about an order."""
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=START,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelopes.type_of(type(order)),
        fact_id="fact",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        code="not_read" if why else "",
        why=why,
        who="accountant" if why else None,
    )
