"""Tills that close their days: reports whose bookings are known in advance, sent until they are accepted."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal

from standardwebhooks import Webhook

from infra import clock
from infra.http import Client, NoAnswer, NotSent
from schemas.bas import BAS_DAY_SALES
from schemas.settings import DaySalesSettings, PaymentAccount

Kind = Literal["plain", "amended", "unmapped", "on account"]
Post = Callable[[str, bytes], Awaitable[None]]
"""Delivers something under an id, again until it is accepted."""
COUPON = "kupong"
COUPON_ACCOUNT = 1680
CLEARING = 1518
BUYERS = 3
"""Customers of a company, each of whom is made in Fortnox with the first receipt."""
_RETRY = 0.5
_FIRST_DAY = date(2026, 4, 1)
YEAR = _FIRST_DAY.year
"""The financial year that all days are of."""


@dataclass(frozen=True)
class Content:
    """What one report says, and what it moves on each account (debit above zero)."""

    amendment: int
    body: bytes
    moves: Mapping[int, Decimal]


@dataclass
class Report:
    """One Z report of one register, closed at a time: its contents, the newest last, and when each was accepted."""

    tenant: str
    register: str
    z_number: int
    day: date
    kind: Kind
    closed_at: datetime
    contents: list[Content] = field(default_factory=list)
    on_account: Decimal = Decimal()
    accepted: list[datetime] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The business key."""
        return f"openpos/TORGET/{self.register}/{self.z_number}/{self.day}"

    @property
    def receipt(self) -> int:
        """The number of the one receipt of the day that was sold on account."""
        return 900_000 + self.z_number

    @property
    def sale_called(self) -> str:
        """What people call that receipt."""
        return f"Kvitto {self.receipt}, kassa {self.register}, {self.day}"

    @property
    def sale_moves(self) -> Mapping[int, Decimal]:
        """What takes that receipt out of the day: sales and VAT at 25 %, against the clearing account."""
        return {3001: self.on_account * 4 / 5, 2611: self.on_account / 5, CLEARING: -self.on_account}


def settings(amended: Literal["hold", "reverse"], *, coupons: bool) -> DaySalesSettings:
    """Return a company's settings; without ``coupons`` that means of payment has no account."""
    extra = (PaymentAccount(method=COUPON, account=COUPON_ACCOUNT),) if coupons else ()
    any_day = {"days_late": 100_000, "days_early": 100_000}  # whenever this runs
    return BAS_DAY_SALES.model_copy(
        update={"amended": amended, "payments": (*BAS_DAY_SALES.payments, *extra), **any_day}
    )


def content(report: Report, amendment: int, random: Random) -> Content:
    """Return a report that adds up, and its booking, reckoned from the whole kronor that it starts with."""
    at_25, at_12, tips = (
        random.randint(1, 9_000),
        random.randint(1, 9_000),
        random.choice((0, 0, random.randint(1, 99))),
    )
    vat_25, vat_12 = Decimal(at_25) / 4, Decimal(at_12) * 12 / 100
    total = at_25 + at_12 + vat_25 + vat_12
    if report.kind == "on account":
        report.on_account = Decimal(random.randint(1, max(1, at_25 // 4))) * 5 / 4
    sold = report.on_account
    drawer = COUPON if report.kind == "unmapped" else "cash"
    in_drawer = Decimal(random.randint(1, int(total - sold)))
    taken = datetime(report.day.year, report.day.month, report.day.day, 21, tzinfo=UTC) + timedelta(minutes=amendment)
    body = {
        "format": "bokbuss.openpos.z-report/1",
        "reportType": "Z",
        "amendment": amendment,
        "company": {"name": "Kaos AB"},
        "store": "TORGET",
        "registerId": report.register,
        "zNumber": report.z_number,
        "businessDate": report.day.isoformat(),
        "takenAt": taken.isoformat(),
        "currency": "SEK",
        "totalSales": f"{total:.2f}",
        "productGroups": [
            {"group": "Bar", "vatRate": "25", "net": f"{at_25}.00", "vat": f"{vat_25:.2f}"},
            {"group": "Kök", "vatRate": "12", "net": f"{at_12}.00", "vat": f"{vat_12:.2f}"},
        ],
        "vatTotals": [
            {"vatRate": "25", "net": f"{at_25}.00", "vat": f"{vat_25:.2f}"},
            {"vatRate": "12", "net": f"{at_12}.00", "vat": f"{vat_12:.2f}"},
        ],
        "payments": [
            {"method": drawer, "amount": f"{in_drawer:.2f}"},
            {"method": "card", "amount": f"{total - in_drawer + tips - sold:.2f}"},
            *([{"method": "invoice", "amount": f"{sold:.2f}"}] if sold else []),
        ],
        "tips": f"{tips}.00",
    }
    moves = {
        COUPON_ACCOUNT if drawer == COUPON else 1910: in_drawer,
        1686: total - in_drawer + tips - sold,
        CLEARING: sold,
        3001: -Decimal(at_25),
        3002: -Decimal(at_12),
        2611: -vat_25,
        2621: -vat_12,
        2820: -Decimal(tips),
    }
    return Content(amendment, json.dumps(body).encode(), {account: sum_ for account, sum_ in moves.items() if sum_})


def sale(report: Report) -> bytes:
    """Return the receipt of a day that was sold on account, as the till sends it."""
    body = {
        "format": "bokbuss.openpos.sale-on-account/1",
        "company": {"name": "Kaos AB"},
        "store": "TORGET",
        "registerId": report.register,
        "receiptNumber": str(report.receipt),
        "date": report.day.isoformat(),
        "currency": "SEK",
        "customer": {"email": f"kund{report.z_number % BUYERS}@exempel.se", "name": "Kunden"},
        "rows": [
            {"text": "Fest", "quantity": "1.00", "price": f"{report.on_account:.2f}", "vatRate": "25", "group": "Bar"}
        ],
        "total": f"{report.on_account:.2f}",
    }
    return json.dumps(body).encode()


class Tills:
    """The tills of one company: each report goes out in its time, again until it is accepted, some more than once."""

    def __init__(
        self,
        tenant: str,
        secret: str,
        urls: Sequence[str],
        random: Random,
        *,
        on_account: float = 0.0,
        system: str = "openpos",
    ) -> None:
        """Know where to deliver.

        Args:
            urls: where deliveries are taken; where one does not answer, the next one is asked.
            on_account: the share of days in which something is sold on account.
        """
        self.tenant = tenant
        self.reports: list[Report] = []
        self.sent: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._webhook = Webhook(secret)
        self._urls = deque(f"{url}/v1/{tenant}/{system}" for url in urls)
        self._on_account = on_account
        self._random = random
        self._z_numbers: Counter[str] = Counter()
        self._lines = asyncio.Semaphore(2)  # as many as the client has: none is given up while it waits for one
        self._under_way: set[asyncio.Task[None]] = set()

    async def work(self, every: float, stop: asyncio.Event) -> None:
        """Close a register about every so many seconds until asked to stop, then wait until all is accepted."""
        async with Client(timeout=10.0) as client:
            while not stop.is_set():
                report = self._new_report()
                self.reports.append(report)
                self._send_soon(client, report)
                try:
                    async with asyncio.timeout(self._random.uniform(0.5, 1.5) * every):
                        await stop.wait()
                except TimeoutError:
                    pass
            await asyncio.gather(*self._under_way)

    @property
    def waiting(self) -> int:
        """How many reports are not accepted yet."""
        return len(self._under_way)

    def _new_report(self) -> Report:
        register = self._random.choice(("K1", "K2"))
        self._z_numbers[register] += 1
        kind: Kind = self._random.choices(
            ("plain", "amended", "unmapped", "on account"), (85, 10, 5, 100 * self._on_account)
        )[0]
        day = _FIRST_DAY + timedelta(days=self._random.randrange(30))
        report = Report(self.tenant, register, self._z_numbers[register], day, kind, clock.now())
        report.contents = [content(report, n, self._random) for n in range(2 if kind == "amended" else 1)]
        return report

    def _send_soon(self, client: Client, report: Report) -> None:
        task = asyncio.create_task(self._send(client, report))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, client: Client, report: Report) -> None:
        random = Random(f"{self._random.random()}")
        if report.on_account:  # a sale comes before its day is closed
            for _ in range(2 if random.random() < 0.1 else 1):
                await self._until_accepted(client, f"{self.tenant}-{report.sale_called}", sale(report))
        for told in report.contents:
            delivery = f"{self.tenant}-{report.key}-{told.amendment}"
            await self._until_accepted(client, delivery, told.body)
            report.accepted.append(clock.now())
            if random.random() < 0.1:
                self.sent["the same delivery again"] += 1
                await self._until_accepted(client, delivery, told.body)
            if len(report.contents) > 1:
                await asyncio.sleep(random.choice((0.0, 0.2, 2.0, 8.0)))
        if random.random() < 0.1:
            self.sent["an old content under a new delivery"] += 1
            await self._until_accepted(client, f"{self.tenant}-{report.key}-again", report.contents[0].body)

    async def post(self, delivery: str, body: bytes) -> None:
        """Deliver something else, as its system does."""
        async with Client(timeout=10.0) as client:
            await self._until_accepted(client, delivery, body)

    async def _until_accepted(self, client: Client, delivery: str, body: bytes) -> None:
        while True:
            try:
                async with self._lines:
                    self.sent["deliveries"] += 1
                    headers = self._signed(delivery, body)
                    answer = await client.send("POST", self._urls[0], headers=headers, content=body)
            except (NotSent, NoAnswer):
                self.sent["no answer"] += 1
                self._urls.rotate()
            else:
                self.sent[f"answer {answer.status}"] += 1
                if answer.status == 202:
                    return
                if answer.status != 503:
                    self.wrong.append(f"{delivery}: {answer.status} {answer.text[:200]}")
                    return
            await asyncio.sleep(_RETRY)

    def _signed(self, delivery: str, body: bytes) -> dict[str, str]:
        now = clock.now()
        return {
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(delivery, now, body.decode()),
            "content-type": "application/json",
        }


def total(counters: Any) -> Counter[str]:
    """Return counters added up."""
    added: Counter[str] = Counter()
    for counter in counters:
        added.update(counter)
    return added
