"""What a run must come to: each day close is one voucher or one named hold, and every trace of it agrees."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.chaos.site import Site
from tests.chaos.tills import Report

_NAMED = re.compile(r"Dagsavslut \S+ (\S+) Z(\d+) (bb-[a-z2-7]{12})$")
_ONCE = re.compile(r"(.*?)(?:: från dagsavslut .*)? (bb-[a-z2-7]{12})$")
_REVERSAL = "Återföring"


@dataclass(frozen=True)
class Booked:
    """A voucher as it stands in the sandbox's books; ``moves`` on each account, debit above zero."""

    series: str
    number: int
    year_id: int
    day: str
    key: str
    mark: str
    reverses: bool
    at: datetime
    moves: Mapping[int, Decimal]
    balance: Decimal


@dataclass
class Findings:
    """What is wrong, by the rule that it breaks; and the table of what was asked for and stands there."""

    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    table: list["Tally"] = field(default_factory=list)

    def add(self, rule: str, problem: str) -> None:
        """Note a problem."""
        self.problems[rule].append(problem)

    def count(self, rule: str) -> int:
        """Return how many problems of a rule there are."""
        return len(self.problems.get(rule, ()))

    def lines(self, most: int = 8) -> Iterator[str]:
        """Tell the first problems of each rule."""
        for rule, problems in self.problems.items():
            yield f"{rule}: {len(problems)}"
            yield from (f"    {problem}" for problem in problems[:most])


LOST = "lost: neither a voucher nor a hold"
DOUBLED = "doubled: more than one voucher"
MARK_NOT_ONCE = "a mark that is not there once"


@dataclass(frozen=True)
class Once:
    """Something else that is to be one voucher: what it is called there, its day, and what it moves.

    Attributes:
        total: of a sale on account, what its invoice comes to.
    """

    tenant: str
    key: str
    day: str
    moves: Mapping[int, Decimal]
    kind: str
    total: Decimal = Decimal()


Registers = Mapping[str, Mapping[str, Any]]
"""Each register of a company in the sandbox, by its name, and its records by their numbers."""


@dataclass
class Tally:
    """A line of the table: how many of a kind were asked for, stand in Fortnox, wait, and are lost or doubled."""

    kind: str
    asked: int = 0
    stand: int = 0
    held: int = 0
    lost: int = 0
    doubled: int = 0

    def count(self, asked: int, stand: int, told: str, findings: Findings, *, held: bool = False) -> None:
        """Count something that is to stand there once, and note what is wrong."""
        self.asked += asked
        self.stand += stand
        self.held += held
        if stand > asked:
            self.doubled += 1
            findings.add(DOUBLED, told)
        elif stand < asked and not held:
            self.lost += 1
            findings.add(LOST, told)


async def registers_of(site: Site) -> dict[str, Registers]:
    """Return each company's registers."""
    return {c.tenant: (await site.ask_sandbox(f"companies/{c.number}"))["registers"] for c in site.companies}


async def books_of(site: Site) -> dict[str, list[Booked]]:
    """Return each company's vouchers."""
    found = {company["database_number"]: company for company in (await site.ask_sandbox("books"))["companies"]}
    return {c.tenant: [_booked(v) for v in found[c.number]["vouchers"]] for c in site.companies}


def _booked(voucher: Mapping[str, Any]) -> Booked:
    description = voucher["description"]
    named, once = _NAMED.search(description), _ONCE.match(description)
    moves: dict[int, Decimal] = defaultdict(Decimal)
    for row in voucher["rows"]:
        moves[row["account"]] += Decimal(row["debit"]) - Decimal(row["credit"])
    return Booked(
        series=voucher["series"],
        number=voucher["number"],
        year_id=voucher["year_id"],
        day=voucher["date"],
        key=f"openpos/TORGET/{named[1]}/{named[2]}/{voucher['date']}" if named else once[1] if once else description,
        mark=named[3] if named else once[2] if once else "",
        reverses=description.startswith(_REVERSAL),
        at=datetime.fromisoformat(voucher["booked_at"]),
        moves=dict(moves),
        balance=sum(moves.values(), Decimal()),
    )


def _sums(vouchers: Iterable[Booked]) -> dict[int, Decimal]:
    added: dict[int, Decimal] = defaultdict(Decimal)
    for voucher in vouchers:
        for account, amount in voucher.moves.items():
            added[account] += amount
    return {account: amount for account, amount in added.items() if amount}


def compare(
    site: Site,
    reports: Sequence[Report],
    once: Sequence[Once],
    books: Mapping[str, Sequence[Booked]],
    findings: Findings,
) -> None:
    """Compare what tills said, and what else is to be one voucher, with what stands in the books and what waits."""
    holds = _holds(site)
    by_key = _by_key(books, findings)
    known = {(report.tenant, report.key) for report in reports} | {(each.tenant, each.key) for each in once}
    tallies = {kind: Tally(kind) for kind in ("day closes", *dict.fromkeys(each.kind for each in once))}
    for tenant, key in by_key.keys() - known:
        findings.add("a voucher that nobody asked for", f"{tenant} {key}")
    settled = {company.tenant: company for company in site.companies}
    money: dict[tuple[str, str, int], Decimal] = defaultdict(Decimal)
    for report in reports:
        place, company = (report.tenant, report.key), settled[report.tenant]
        tally = tallies["day closes"]
        tally.asked, tally.held = tally.asked + 1, tally.held + bool(holds.get(place))
        tally.stand += sum(-1 if voucher.reverses else 1 for voucher in by_key[place])
        live = _judge(report, by_key[place], holds.pop(place, []), company.amended, findings, coupons=company.coupons)
        for account, amount in (report.contents[live].moves if live is not None else {}).items():
            money[report.tenant, report.day.isoformat(), account] += amount
    tallies["day closes"].lost, tallies["day closes"].doubled = findings.count(LOST), findings.count(DOUBLED)
    for each in once:
        vouchers = by_key[each.tenant, each.key]
        told = f"{each.tenant} {each.key}: vouchers {[f'{v.series} {v.number}' for v in vouchers]}"
        tallies[each.kind].count(1, len(vouchers), told, findings)
        if vouchers and _sums(vouchers) != each.moves:
            findings.add("not what was asked for", f"{told} move {_sums(vouchers)}, not {each.moves}")
        for account, amount in each.moves.items():
            money[each.tenant, each.day, account] += amount
    for (tenant, key), reasons in holds.items():
        findings.add("a hold of something unknown", f"{tenant} {key}: {reasons}")
    _compare_money(money, books, findings)
    findings.table += tallies.values()


def _holds(site: Site) -> dict[tuple[str, str], list[str]]:
    holds: dict[tuple[str, str], list[str]] = defaultdict(list)
    for tenant, key, reason in site.query(
        "select tenant, key, body -> 'data' ->> 'reason' from held where closed_at is null"
    ):
        holds[tenant, key].append(reason)
    return holds


def _by_key(books: Mapping[str, Sequence[Booked]], findings: Findings) -> dict[tuple[str, str], list[Booked]]:
    """Return the vouchers of each report, after a look at each by itself."""
    by_key: dict[tuple[str, str], list[Booked]] = defaultdict(list)
    for tenant, vouchers in books.items():
        for voucher in vouchers:
            by_key[tenant, voucher.key].append(voucher)
            if voucher.balance:
                findings.add("debit is not credit", f"{tenant} {voucher.series} {voucher.number}")
        for mark, times in Counter(voucher.mark for voucher in vouchers).items():
            if times > 1 or not mark:
                findings.add(MARK_NOT_ONCE, f"{tenant}: {mark or 'no mark'} {times} times")
    return by_key


def _judge(
    report: Report,
    vouchers: Sequence[Booked],
    reasons: Sequence[str],
    amended: str,
    findings: Findings,
    *,
    coupons: bool,
) -> int | None:
    """Note what is wrong with one report; return which of its contents stands in the books, None for none."""
    name = f"{report.tenant} {report.key} ({report.kind})"
    alive = sum(-1 if voucher.reverses else 1 for voucher in vouchers)
    net = _sums(vouchers)
    stands = next((n for n, c in enumerate(report.contents) if net == c.moves), None)
    newest = len(report.contents) - 1
    settled: list[tuple[int, list[str]]] = [(newest, [])]  # what stands, and what waits
    if report.kind == "amended" and amended == "hold":
        settled.append((0, ["amended_after_booking"]))
    told = f"{name}: vouchers {[f'{v.series} {v.number}' for v in vouchers]}, holds {list(reasons)}"
    if alive not in {0, 1} or (alive and stands is None) or (not alive and net):
        findings.add(DOUBLED if alive > 1 else "not what the till said", told)
    elif report.kind == "unmapped" and not coupons:
        if list(reasons) != ["unmapped_payment_method"] or vouchers:
            findings.add("not held once by its name", told)
    elif not alive and not reasons:
        findings.add(LOST, told)
    elif (stands, list(reasons)) not in settled:
        findings.add("not settled", told)
    return stands if alive else None


def _compare_money(
    expected: Mapping[tuple[str, str, int], Decimal], books: Mapping[str, Sequence[Booked]], findings: Findings
) -> None:
    """Compare the money of each company, day and account, to the öre."""
    found: dict[tuple[str, str, int], Decimal] = defaultdict(Decimal)
    for tenant, vouchers in books.items():
        for voucher in vouchers:
            for account, amount in voucher.moves.items():
                found[tenant, voucher.day, account] += amount
    for place in sorted(expected.keys() | found.keys()):
        is_, should = found.get(place, Decimal()), expected.get(place, Decimal())
        if is_ != should:
            findings.add("money differs", f"{' '.join(map(str, place))}: booked {is_:.2f}, told {should:.2f}")
