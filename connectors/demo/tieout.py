"""Ties out what tills sent against what stands in Fortnox's books, to the öre. Pure: it judges, and prints nothing.

The books come from the sandbox, not from bokbuss; a voucher belongs to a report by the audit trail, and the mark in
the voucher's text must say the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from connectors.demo.on_account import DemoSale, Document, SaleRow, sale_row
from connectors.demo.reports import DemoReport
from connectors.demo.telling import ON_ACCOUNT, Progress, TenantRecord, is_report, progress, purpose, report_name, words
from schemas import ids, money
from schemas.audit import AuditRecord
from schemas.money import ZERO
from schemas.settings import DaySalesSettings

CLEARING: Final = 1518
"""The account of sales on account, between day closes and invoices (schemas/bas.py)."""


@dataclass(frozen=True, slots=True)
class BookedVoucher:
    """A voucher as it stands in the books: ``F 12``, its text, and (account, debit, credit) of each row."""

    name: str
    description: str
    rows: tuple[tuple[int, Decimal, Decimal], ...]

    @property
    def debit(self) -> Decimal:
        """The sum of the debit side."""
        return sum((debit for _, debit, _ in self.rows), ZERO)

    @property
    def credit(self) -> Decimal:
        """The sum of the credit side."""
        return sum((credit for *_, credit in self.rows), ZERO)

    def sales(self, accounts: frozenset[int]) -> Decimal:
        """Return what it adds to the accounts of sales and output VAT."""
        return sum((credit - debit for account, debit, credit in self.rows if account in accounts), ZERO)

    def taken_from(self, account: int) -> Decimal:
        """Return what it takes off an account."""
        return self.sales(frozenset({account}))


@dataclass(frozen=True, slots=True)
class SentReport:
    """A report's content that was accepted: its revision, how it must end, and how often it came."""

    report: DemoReport
    revision: str
    ends: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class TieoutRow:
    """A line of the table: one content of one report against the books.

    Attributes:
        debit: of the voucher that booked it.
        in_books: what its vouchers together add to sales with VAT.
        due: what they should add: the report's sales, or nothing when it is held, replaced or reversed.
    """

    sent: SentReport
    ended: str
    story: str
    vouchers: tuple[str, ...]
    debit: Decimal
    in_books: Decimal
    due: Decimal

    @property
    def difference(self) -> Decimal:
        """What the books have too much."""
        return self.in_books - self.due

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        report = self.sent.report
        return {
            "company": report.tenant,
            "store": report.till.store,
            "report": report_name(report.key),
            "amendment": report.amendment,
            "day": report.day.isoformat(),
            "way": report.till.way,
            "times": self.sent.times,
            "sales": money.text(report.total_sales),
            "vouchers": list(self.vouchers),
            "debit": money.text(self.debit),
            "in_books": money.text(self.in_books),
            "difference": money.text(self.difference),
            "ended": self.ended,
            "expected": self.sent.ends,
            "story": self.story,
        }


@dataclass(frozen=True, slots=True)
class Total:
    """A company's sum: what is due in the books, and ``in_books`` every voucher that is there.

    Attributes:
        to_invoice: sold on account, has left its day, and stands in an order that nobody has invoiced yet.
        clearing: what the account between day closes and invoices holds; nothing is due there.
    """

    company: str
    reports: Decimal
    replaced: Decimal
    held: Decimal
    to_invoice: Decimal
    in_books: Decimal
    clearing: Decimal

    @property
    def due(self) -> Decimal:
        """What should stand in the books."""
        return self.reports - self.replaced - self.held - self.to_invoice

    @property
    def difference(self) -> Decimal:
        """What the books have too much."""
        return self.in_books - self.due

    def to_json(self) -> dict[str, str]:
        """Return the sum as JSON values."""
        amounts = ("reports", "replaced", "held", "to_invoice", "due", "in_books", "clearing", "difference")
        return {"company": self.company} | {name: money.text(getattr(self, name)) for name in amounts}


@dataclass(frozen=True, slots=True)
class TieOut:
    """The tables, each company's sum, how many vouchers are doubles, and what is not accounted for."""

    rows: tuple[TieoutRow, ...]
    sales: tuple[SaleRow, ...]
    totals: tuple[Total, ...]
    doubles: int
    problems: tuple[str, ...]


def sales_accounts(settings: DaySalesSettings) -> frozenset[int]:
    """Return the accounts of sales and of output VAT: what they gain together is sales with VAT.

    Income is class 3 of the BAS chart: a gift card that is sold as a product group is debt, and no sales.
    """
    income = {sold.account for sold in settings.sales if str(sold.account).startswith("3")}
    return frozenset(income | {v.account for v in settings.vat if v.account})


def tie_out(
    sent: Sequence[SentReport],
    told: Sequence[TenantRecord],
    books: Mapping[str, Sequence[BookedVoucher]],
    accounts: Mapping[str, frozenset[int]],
    sold: Sequence[DemoSale] = (),
    documents: Mapping[str, Sequence[Document]] = MappingProxyType({}),
) -> TieOut:
    """Compare what was sent with what stands in the books (by company), and with how each report must end.

    ``documents`` are the invoices and orders in Fortnox, by company, for what was ``sold`` on account.
    """
    known = progress((tenant, record) for tenant, record in told if record.flow != ON_ACCOUNT)
    rows: list[TieoutRow] = []
    problems: list[str] = []
    for one in sent:
        place = (one.report.tenant, one.report.key, one.revision)
        entries = {entry.name: entry for entry in books[one.report.tenant]}
        row = _row(one, known.pop(place, Progress()), entries, accounts[one.report.tenant])
        rows.append(row)
        problems += _problems_of(row)
    problems += [
        f"{tenant} {report_name(key)}: the trail tells of content {revision} that nobody sent"
        for tenant, key, revision in known
        if is_report(key)
    ]
    sales = tuple(
        sale_row(one, told, documents[one.tenant], {v.name: v.taken_from(CLEARING) for v in books[one.tenant]})
        for one in sold
    )
    problems += [problem for row in sales for problem in row.problems()]
    by_hand = {one.voucher for row in sales for one in row.documents}
    for tenant, vouchers in books.items():
        ours = [voucher for voucher in vouchers if voucher.name not in by_hand]
        problems += _unlike(tenant, ours, [record for t, record in told if t == tenant and record.voucher])
    totals = tuple(
        _total(
            t,
            [r for r in rows if r.sent.report.tenant == t],
            books[t],
            accounts[t],
            sum((row.to_invoice for row in sales if row.sale.tenant == t), ZERO),
        )
        for t in books
    )
    problems += [f"{t.company}: the books differ by {money.text(t.difference)}" for t in totals if t.difference]
    problems += [f"{t.company}: account {CLEARING} holds {money.text(t.clearing)}" for t in totals if t.clearing]
    doubles = sum(len(vouchers) - len({_mark(voucher) for voucher in vouchers}) for vouchers in books.values())
    return TieOut(tuple(rows), sales, totals, doubles, tuple(problems))


def _row(one: SentReport, done: Progress, entries: Mapping[str, BookedVoucher], accounts: frozenset[int]) -> TieoutRow:
    names = tuple(str(record.voucher) for record in done.vouchers)
    found = [entries[name] for name in names if name in entries]
    return TieoutRow(
        sent=one,
        ended=done.state,
        story=_story(one, done),
        vouchers=names,
        debit=found[0].debit if found else ZERO,
        in_books=sum((entry.sales(accounts) for entry in found), ZERO),
        due=one.report.total_sales if done.state == "booked" else ZERO,
    )


def _story(one: SentReport, done: Progress) -> str:
    """Say in a few words what became of a report."""
    match done.state:
        case "booked":
            held = f"held ({words(done.holds[-1])}), then " if done.holds else ""
            parts = [held + ("booked anew" if purpose(done.vouchers[0]) == "rebook" else "booked")]
        case "reversed":
            parts = ["reversed: the till amended it"]
        case "replaced":
            parts = [f"held ({words(done.holds[-1])}), then amended"]
        case "":
            parts = ["nothing became of it"]
        case state:
            parts = [words(state).replace("held ", "HELD: ", 1)]
    if done.lost:
        parts.append(f"answer lost, {'found' if done.found else 'sent again'}")
    if one.times > 1:
        parts.append(f"came {one.times} times")
    return "; ".join(parts)


def _problems_of(row: TieoutRow) -> Iterable[str]:
    report = row.sent.report
    name = f"{report.tenant} {report_name(report.key)} amendment {report.amendment}"
    if row.ended != row.sent.ends:
        yield f"{name}: ended as {row.ended or 'nothing'!r}, not as {row.sent.ends!r}"
    if row.difference:
        yield f"{name}: the books differ by {money.text(row.difference)}"
    if row.vouchers and row.debit != report.debit:
        yield f"{name}: {row.vouchers[0]} has a debit of {money.text(row.debit)}, not {money.text(report.debit)}"


def _unlike(tenant: str, entries: Sequence[BookedVoucher], records: Sequence[AuditRecord]) -> Iterable[str]:
    """Yield where the books and the trail disagree: a voucher that only one of them has, a mark, a side, a name."""
    told = {str(record.voucher): record for record in records}
    yield from (
        f"{tenant}: {name} stands {times} times in the trail"
        for name, times in Counter(str(record.voucher) for record in records).items()
        if times > 1
    )
    yield from (f"{tenant}: {name} is not in the books" for name in told.keys() - {entry.name for entry in entries})
    for entry in entries:
        record = told.get(entry.name)
        if record is None or record.order_id is None:
            yield f"{tenant}: {entry.name} stands in the books and nobody ordered it"
            continue
        if _mark(entry) != ids.mark(record.order_id):
            yield f"{tenant}: {entry.name} carries the mark of another order"
        if entry.debit != entry.credit:
            yield f"{tenant}: {entry.name} does not balance"
        earlier = [str(r.voucher) for r in records if r.key == record.key and r.sequence < record.sequence]
        needed = earlier if purpose(record) in {"reverse", "rebook"} else []
        yield from (f"{tenant}: {entry.name} does not name {name}" for name in needed if name not in entry.description)


def _mark(entry: BookedVoucher) -> str:
    return entry.description.rpartition(" ")[2]


def _total(
    company: str,
    rows: Sequence[TieoutRow],
    entries: Sequence[BookedVoucher],
    accounts: frozenset[int],
    to_invoice: Decimal,
) -> Total:
    def of(*states: str) -> Decimal:
        return sum((r.sent.report.total_sales for r in rows if r.ended.partition(" ")[0] in states), ZERO)

    return Total(
        company=company,
        reports=sum((r.sent.report.total_sales for r in rows), ZERO),
        replaced=of("replaced", "reversed"),
        held=of("held"),
        to_invoice=to_invoice,
        in_books=sum((entry.sales(accounts) for entry in entries), ZERO),
        clearing=-sum((entry.taken_from(CLEARING) for entry in entries), ZERO),
    )
