"""Orders, and a Fortnox in memory that books whatever reaches it, as often as it does."""

import asyncio
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from infra.delivery.budget import WINDOW
from schemas import envelope as envelopes
from schemas.commands import PostVoucher, VoucherRef, VoucherRow
from schemas.envelope import Envelope
from tests.infra import virtual

FORTNOX_LIMIT = 25


@cache
def order(tenant: str, key: str, number: int, replaces: str | None = None) -> Envelope[Any]:
    """Return an order; the same arguments, the same id."""
    voucher = PostVoucher(
        flow="daysales",
        key=key,
        revision=str(number),
        step="book" if replaces is None else f"instead/{replaces}",
        rule="a_day_that_adds_up_is_booked",
        replaces=None if replaces is None else UUID(replaces),
        purpose="book",
        series="F",
        voucher_date=date(2026, 12, 1),
        description="Dagskassa",
        rows=(VoucherRow(account=1910, debit=Decimal(1)), VoucherRow(account=3001, credit=Decimal(1))),
    )
    return envelopes.wrap(
        voucher,
        message_id=str(voucher.id_in(tenant)),
        source="/streams/daysales",
        time=virtual.START,
        tenant=tenant,
        causation=f"{key}@{number}",
    )


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher in the books."""

    order_id: str
    key: str
    at: float


@dataclass(slots=True)
class FakeFortnox:
    """The target. It carries out what reached it, whatever becomes of the sender."""

    refuses: set[str] = field(default_factory=set)
    books: dict[str, list[Voucher]] = field(default_factory=dict)
    left: dict[str, list[float]] = field(default_factory=dict)

    def carry_out(self, order: Envelope[Any]) -> None:
        """Book a voucher; nothing here notices one that was booked before."""
        if order.id not in self.refuses:
            now = asyncio.get_running_loop().time()
            self.books.setdefault(order.tenant, []).append(Voucher(order.id, order.subject, now))

    def voucher(self, order: Envelope[Any], at: float) -> VoucherRef | None:
        """Return the voucher of an order, as a list at this time shows it."""
        for number, voucher in enumerate(self.books.get(order.tenant, ()), 1):
            if voucher.order_id == order.id and voucher.at <= at:
                return VoucherRef(series="F", number=number, year_id=3)
        return None

    def leaves(self, tenant: str) -> None:
        """Count a request."""
        self.left.setdefault(tenant, []).append(asyncio.get_running_loop().time())

    def busiest(self, tenant: str) -> int:
        """Return the most requests that one window held."""
        times = sorted(self.left.get(tenant, ()))
        most, first = 0, 0
        for last, at in enumerate(times):
            while at - times[first] >= WINDOW - 1e-6:
                first += 1
            most = max(most, last - first + 1)
        return most
