"""What a plugin tells the host about itself: a flow, a source, a sink. Values and protocols only, no I/O."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self, TypeVar

from pydantic import BaseModel

from infra.specifications import Specifications
from infra.verdicts import Look, Verdict
from schemas.audit import Call
from schemas.base import Language, Message
from schemas.commands import HoldForReview, Order, PostVoucher
from schemas.envelope import Envelope
from schemas.events import EmployeeField, Fact
from schemas.ledger import LedgerPart, LedgerPartRead, LedgerRetrieved, LedgerSource
from schemas.ledger_parts import digest_of_year
from schemas.money import ZERO
from schemas.plans import CorrectionRow, Obstacle, Plan, PlanRow, Row
from schemas.settings import TenantSettings
from schemas.words import Said, Text, lines_of

if TYPE_CHECKING:  # what the host lends, by name only: whoever decides from values loads none of it
    from aiokafka import AIOKafkaProducer
    from starlette.routing import BaseRoute

    from infra.access.connection import Connection
    from infra.access.vault import Vault
    from infra.leases import Leases
    from infra.postgres import Engine
    from infra.settings import Role, Settings

# --- Flows ------------------------------------------------------------------------------------------------------

States = Mapping[str, Any]
"""The state of each key that a message names."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a company's decisions are made with.

    Attributes:
        settings: what it has chosen.
        version: of the settings; 0 before there are any.
        organisation_number: whose books these are, as bokbuss was told; None when nobody has told.
    """

    settings: TenantSettings = field(default_factory=TenantSettings)
    version: int = 0
    organisation_number: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody (or something) that a flow remembers: what people call it, and the key of what it is joined with."""

    name: str
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a key's newest content comes to under some settings.

    Attributes:
        day: that it belongs to.
        booked: whether a voucher, or a document, stands for the key now, whatever it says.
        amounts: to be booked, by date and account; debit is above zero.
        held: the reason for which it waits; "": it does not.
        document: what is made for a customer besides vouchers: ``invoice``, ``order``; "": nothing.
        owed: what the customer owes for it, which the ledger's system books on an account that is not known here.
    """

    day: date
    booked: bool
    amounts: Mapping[tuple[date, int], Decimal]
    held: str = ""
    document: str = ""
    owed: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class DayBefore:
    """What a day came to: the total of its sales."""

    day: date
    total: Decimal


@dataclass(frozen=True, slots=True)
class Remedy:
    """A setting that would let something pass that is held, and what would become of it then."""

    setting: Text
    then: Text


@dataclass(frozen=True, slots=True)
class Autopsy:
    """What can be said of something that is held, besides why: the same weekday before, newest first; and remedies."""

    before: tuple[DayBefore, ...] = ()
    remedies: tuple[Remedy, ...] = ()


ResultT = TypeVar("ResultT")
Asking = Generator[tuple[str, ...], States, ResultT]
"""Yields keys, is sent their states, and returns what was asked: pure functions read nothing themselves."""


@dataclass(frozen=True, slots=True)
class Erasable:
    """Whether somebody may be erased.

    Attributes:
        objections: why not, and what to do first; none: they may.
        records: the keys of the records whose values are theirs.
        erased: they were, already.
    """

    objections: tuple[str, ...]
    records: tuple[str, ...]
    erased: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: pure functions that turn messages into orders.

    The host reads the rows that ``reads`` names, calls ``decide``, and writes down in one transaction what ``evolve``
    returns and the orders, which it then sends. ``decide`` may get the same message again after a crash and must give
    the same orders; deciding on the evolved state must give none.

    Attributes:
        name: the business word, the same in topics, metrics and the audit trail.
        facts: what the flow reads besides its own audit records, answers to its own holds and the settings.
        state: the model of one key's state; ``state()`` is a key never seen.
        reads: the keys whose state a message needs, its own key first.
        decide: orders for a message, in sequence; none when there is nothing to do.
        evolve: the new state of each key that changed.
        waiting: why a key's state waits for other settings, or None. Such keys get each SettingsApplied, each
            ChecksPassed that has this reason among its codes, and each PlanApplied of the flow where it is FIRST_PLAN.
        given_up: whether a person gave up what waited under a key (GIVE_UP, LEAVE, JOIN), so that another answer to
            that hold takes it up again (REOPEN). Left out: what is given up in this flow is no money.
        plan: what a synchronisation would do, from the state of every key, the settings and today's date.
        row: what a row of its plans is.
        planned_as: the verb that makes its plans; nothing: ``plan`` and the flow's name.
        applied: the fact that somebody applies a row of a plan: plan, row, by whom, when.
        objects: why somebody may not apply rows of a plan, in words; nothing when they may.
        effect: a row of a plan with what it does when it is applied, as its decision tells: the orders, and the state
            under its key afterwards.
        about: the systems that a plan compares, as the settings say: which tells of them, and which keeps them; none
            when the settings say nothing of it.
        in_plan: whether a plan looks at a key's state; what it need not see is not read.
        follow: further keys whose state a message needs, as the states read so far tell; asked until it names no more.
        known: who or what a key's state is about, for people; None for what was never told of. Left out:
            its keys are nobody's, and are called what they are.
        akin: the keys that are looked at, too, to say how a key stands, or what it would come to; and those of these.
        stands: how a key stands, in sentences: what it is joined with, what was decided, what waits.
        lacking: reasons of waiting that mean that the settings lack something: the company is being configured.
        describe: what the settings come to, as rows of names and words for people: what becomes of each field.
        day: the day that a key's content belongs to; None for a key without content of its own.
        corrects: what would have to be corrected of a key, as a row of a plan: what stands for it beside what its
            newest content comes to under terms, given its state and those that ``akin`` names. None: both agree, or
            nothing stands for it.
        trial: what a key's newest content would come to under terms, given its state and those that ``akin`` names;
            None for a key without content of its own.
        overdue: what should have come by a time and has not, and nobody was told of yet, as facts. The host asks again
            and again, for flows keep no time.
        autopsy: what can be said of something that is held, by whichever flow.
        words: what it says, in both languages (``schemas.words.catalogue``).
        erasable: whether somebody whose key this is may be erased on a day, and which records are theirs.
    """

    name: str
    facts: tuple[type[Fact], ...]
    state: type[BaseModel]
    reads: Callable[[Message], tuple[str, ...]]
    decide: Callable[[States, Envelope[Any], Terms], tuple[Order, ...]]
    evolve: Callable[[States, Envelope[Any], tuple[Order, ...]], States]
    waiting: Callable[[Any], str | None]
    follow: Callable[[States, Envelope[Any]], tuple[str, ...]] = lambda _states, _message: ()
    given_up: Callable[[Any, HoldForReview], bool] | None = None
    plan: Callable[[Iterable[tuple[str, Any]], TenantSettings, date], tuple[Any, ...]] | None = None
    row: type[Row] = PlanRow
    planned_as: str = ""
    applied: Callable[[Plan, Any, str, datetime], Fact] | None = None
    objects: Callable[[Plan, Sequence[Any], TenantSettings, str], str] = lambda _plan, _rows, _settings, _by: ""
    effect: Callable[[Any, tuple[Order, ...], Any], Any] = lambda row, _orders, _state: row
    about: Callable[[TenantSettings], tuple[()] | tuple[str, str]] = lambda _settings: ()
    in_plan: Callable[[str], bool] = lambda _key: True
    known: Callable[[Any], Known | None] | None = None
    akin: Callable[[Any], tuple[str, ...]] = lambda _state: ()
    stands: Callable[[str, States], tuple[Text, ...]] = lambda _key, _states: ()
    lacking: frozenset[str] = frozenset()
    describe: Callable[[TenantSettings], tuple[Mapping[str, str], ...]] | None = None
    trial: Callable[[str, States, Terms], Outcome | None] | None = None
    day: Callable[[Any], date | None] = lambda _state: None
    corrects: Callable[[str, States, Terms], CorrectionRow | None] | None = None
    overdue: Callable[[Terms, datetime], Asking[tuple[Fact, ...]]] | None = None
    autopsy: Callable[[HoldForReview, Terms], Asking[Autopsy]] | None = None
    words: Mapping[str, Said] = field(default_factory=dict)
    erasable: Callable[[str, date], Asking[Erasable]] | None = None


# --- Sources ----------------------------------------------------------------------------------------------------


_MOST_PROBLEMS = 110
"""Of a payload of nothing but mistakes: a sender has no use for more, and an answer must not be larger than it."""


class Malformed(ValueError):
    """A payload breaks the format of its system: which fields are wrong and why, never a value.

    Attributes:
        said: each problem, for readers of other languages where it was said in words.
        problems: the same as texts.
    """

    def __init__(self, problems: Sequence[Text | str]) -> None:
        self.said = tuple(problems[:_MOST_PROBLEMS])
        self.problems = tuple(map(str, self.said))
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Files:
    """How a source's deliveries are taken where they are files, too large to be held in memory.

    Attributes:
        most: bytes of one, as is set.
        setting: the name of that setting, for whoever has a larger one.
        read: facts out of an open file in which one can go back, or a year's whole ledger, while it is entered.
            Raises Malformed.
    """

    most: Callable[["Settings"], int]
    setting: str
    read: Callable[[BinaryIO, "Settings"], AbstractContextManager["tuple[Fact, ...] | YearRead"]]


@dataclass(frozen=True, slots=True)
class Source:
    """A system that tells what happened.

    Attributes:
        system: the system's own name, lower case; also the path of its deliveries: ``POST /v1/{tenant}/{system}``.
        translate: a payload's bytes as facts; the same bytes always give the same facts, but for mentions, which carry
            when they came. Raises Malformed.
        verify: a scheme of its own for signed deliveries: body, headers (lower case), the company's secret; gives the
            delivery's id, raises PermissionError with what is wrong. None: Standard Webhooks.
        suffixes: files with these endings are taken from the watched folder and by ``bokbuss publish``.
        facts: the facts that it can tell.
        files: its deliveries are taken as files, by these and not by ``translate``.
        documents: what of a payload is kept in the document store, where its facts name it by its hash.
        by_settings: what reads payloads in place of ``translate``, where a company's settings say how they are written.
    """

    system: str
    translate: Callable[[bytes], tuple[Fact, ...]]
    facts: tuple[type[Fact], ...]
    files: Files | None = None
    suffixes: tuple[str, ...] = (".json",)
    verify: Callable[[bytes, Mapping[str, str], str], str] | None = None
    documents: Callable[[bytes], tuple[bytes, ...]] = lambda _payload: ()
    by_settings: Callable[[TenantSettings], Callable[[bytes], tuple[Fact, ...]]] | None = None

    def reader(self, settings: TenantSettings) -> Callable[[bytes], tuple[Fact, ...]]:
        """Return what reads a company's payloads under its settings."""
        return self.by_settings(settings) if self.by_settings is not None else self.translate


# --- Connections: what came of asking for tokens ------------------------------------------------------------------


class NotRevoked(Exception):
    """A system did not confirm that a company's consent has ended; the message says which, why, and what to do."""


# --- Ledgers in files -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearRead:
    """A financial year that was read whole, in parts that are on disk.

    Attributes:
        first, last: its days.
        organisation_number: ten digits, as the books say; None: they do not.
        vouchers, rows: how many.
        parts: every part by its content, in the order of their names.
        findings: what an accountant wants to know of these books; the first ones.
        part: reads parts by their names, as long as what gave the year is open.
    """

    first: date
    last: date
    organisation_number: str | None
    vouchers: int
    rows: int
    parts: tuple[LedgerPart, ...]
    findings: tuple[Text | str, ...]
    part: Callable[[Iterable[str]], Iterator[LedgerPartRead]]

    @property
    def sha256(self) -> str:
        """The digest of the year."""
        return digest_of_year(self.parts)

    def retrieved(
        self, source: LedgerSource, *, read_at: datetime | None, requested_by: str = "", overwrite: bool = False
    ) -> LedgerRetrieved:
        """Return what closes this reading, once its parts are in Kafka."""
        return LedgerRetrieved(
            year=self.last.year,
            year_from=self.first,
            year_to=self.last,
            vouchers=self.vouchers,
            rows=self.rows,
            sha256=self.sha256,
            source=source,
            parts=self.parts,
            organisation_number=self.organisation_number,
            overwrite=overwrite,
            requested_by=requested_by,
            read_at=read_at,
            findings=tuple(map(str, self.findings)),
            finding_wordings=lines_of(self.findings),
        )


@dataclass(frozen=True, slots=True)
class YearHead:
    """What a file with a year's ledger says besides the ledger.

    Attributes:
        first, last: the year's days.
        company: its name.
        organisation_number: ten digits, if they are known.
        written: the day on which the file is written.
        written_by: who asked for it.
    """

    first: date
    last: date
    company: str
    organisation_number: str | None
    written: date
    written_by: str = ""


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """The file format in which a year's whole ledger travels.

    Attributes:
        read: reads a year out of an open file, in bytes, in which one can go back; memory does not grow with the file.
            Raises Malformed when it is broken, too large, or no whole year.
        write: yields the bytes of a file with a year's parts, which come in the order of their names.
            Raises ValueError when the format cannot hold them.
    """

    read: Callable[[BinaryIO], AbstractContextManager[YearRead]]
    write: Callable[[YearHead, Iterable[LedgerPartRead]], Iterator[bytes]]


# --- Sinks: an answer is a value, from a closed set ---------------------------------------------------------------


async def _nobody(_seconds: float = 0.0) -> None: ...


@dataclass(slots=True)
class Attempt:
    """What a lane lends for one order: the permission to send, the budget, and a place for the calls.

    Attributes:
        may_send: raises LeaseLost unless this process still owns the lane; called right before the bytes leave.
        take: waits for a request of the company's budget.
        calls: the requests made, in order.
        throttled: to be told when the target says that it gets too many requests, and for how many seconds.
    """

    may_send: Callable[[], None]
    take: Callable[[], Awaitable[None]]
    calls: list[Call] = field(default_factory=list)
    throttled: Callable[[float], Awaitable[None]] = _nobody

    @classmethod
    def of_no_lane(cls) -> Self:
        """Return what a person's own try is made with: nobody else asks, and no budget is kept yet."""
        return cls(may_send=lambda: None, take=_nobody)


@dataclass(frozen=True, slots=True)
class Company:
    """A company as a connection needs it: its name here, and its id at the target."""

    tenant: str
    organisation_number: str | None
    database_number: int | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of order that a sink carries out. One that cannot say how it is found again cannot be registered.

    Attributes:
        order: the class of the order.
        write: carries an order out over what the sink's ``connect`` gives, once: one writing request, and the look-ups
            that it needs. A look-up that has no answer for now may raise ``infra.delivery.reading.NotRead``.
        probe: asks the target whether it was carried out: read by its mark, to the last page; may raise the same.
        found_by: how ``probe`` knows it again, in words: the mark in its description, its id.
        unswept: no comparison after a restore shows what of it was written: it is looked for before it is sent then.
        reads: it only reads, and tells what it has read: it waits for no order that was refused, and none for it.
    """

    order: type[Order]
    write: Callable[[Any, Envelope[Any], Attempt], Awaitable[Verdict]]
    probe: Callable[[Any, Envelope[Any], Attempt], Awaitable[Look]]
    found_by: str
    unswept: bool = False
    reads: bool = False

    def __post_init__(self) -> None:
        """Refuse a kind without a probe."""
        if not (all(callable(getattr(self, name)) for name in ("write", "probe")) and self.found_by):
            raise TypeError(f"{self.order.__name__}: an order needs a write, a probe, and words for how it is found")


async def _none() -> "AIOKafkaProducer":
    raise RuntimeError("this host was lent no producer")


@dataclass(frozen=True, slots=True)
class Host:
    """What the host lends to a plugin that does input and output.

    Attributes:
        settings: with broker and database named; ``settings.of`` gives a plugin its own.
        engine: the database.
        vault: secrets at rest, and personal data.
        leases: of this process.
        accept: puts facts on their topics, as ``accept(tenant, system, facts)``; returns their ids when Kafka has them.
        producer: gives the producer, for a message that is no fact of today: an answer to a hold, settings.
        stop: set when the process is asked to end.
    """

    settings: "Settings"
    engine: "Engine"
    vault: "Vault"
    leases: "Leases"
    accept: Callable[[str, str, Sequence[Fact]], Awaitable[tuple[str, ...]]]
    producer: Callable[[], Awaitable["AIOKafkaProducer"]] = _none
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Job:
    """Work of a plugin that goes on beside deliveries and orders, in every process with the role; leases share it."""

    role: "Role"
    run: Callable[[Host, asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Sink:
    """A system that orders are carried out in, one after the other for each company.

    Attributes:
        system: the system's own name; its settings are SinkSettings.
        kinds: what it carries out, and how each is found again.
        connect: opens one company's client, which its kinds are given. Nothing is sent until the first order.
        beside: a name, where these kinds have a journal and lanes of their own: what takes long and only reads must not
            stand in the way of what is written. They make their calls as guests (infra.delivery.guests).
    """

    system: str
    kinds: tuple[Kind, ...]
    connect: Callable[[Company, Host], AbstractAsyncContextManager[Any]]
    beside: str = ""

    @property
    def name(self) -> str:
        """What its journal, lanes and readers are called: as the system, unless it stands beside."""
        return f"{self.system}-{self.beside}" if self.beside else self.system

    @property
    def orders(self) -> tuple[type[Order], ...]:
        """The orders that it carries out."""
        return tuple(kind.order for kind in self.kinds)

    def kind_of(self, order: Order) -> Kind:
        """Return the kind that an order of its own is of."""
        return {kind.order: kind for kind in self.kinds}[type(order)]

    def takes(self, order: Order) -> bool:
        """Tell whether an order on its topics is for this system: several HR systems share one."""
        return isinstance(order, self.orders) and getattr(order, "system", self.system) == self.system


@dataclass(frozen=True, slots=True)
class SeriesSeen:
    """A voucher series of one financial year, as the books have it now; None: they do not say whether it is manual."""

    year: str
    code: str
    description: str
    is_manual: bool | None
    next_number: int | None


@dataclass(frozen=True, slots=True)
class VoucherOutlook:
    """What a voucher would meet in the books now.

    Attributes:
        year: the financial year that holds its date; nothing when there is none, or it could not be read.
        series: its series in that year; None: there is none, or it could not be read.
        locked_until: the last day of the locked period.
        obstacles: what stands in its way.
        warnings: what does not, but should be known; also what could not be read.
    """

    year: str = ""
    series: SeriesSeen | None = None
    locked_until: date | None = None
    obstacles: tuple[Obstacle, ...] = ()
    warnings: tuple[Obstacle, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What vouchers would meet, one for each, and the series that there are in their years."""

    vouchers: tuple[VoucherOutlook, ...]
    series: tuple[SeriesSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """What a check of a company's set-up at a system found last, in the words of one reader.

    Attributes:
        state: ok, failed, not checked, not applicable.
        wrong: what is wrong; or why it could not be checked.
        stops: what it keeps from being written; ``waiting`` is how many orders wait for it.
        who, where: whose move it is, and where it is put right.
    """

    name: str
    title: str
    state: str
    checked_at: datetime
    wrong: str = ""
    stops: str = ""
    who: str = ""
    where: str = ""
    guide: str = ""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a full reading of a system found."""

    records: int
    calls: int
    fact_ids: tuple[str, ...]
    """Of the facts that told what differs from the last reading; each is in Kafka."""


@dataclass(frozen=True, slots=True)
class Imitation:
    """How an outside party is to be imitated.

    Attributes:
        host: where it is served.
        port: 0 takes a free one.
        folder: where its books are kept; None keeps nothing.
        faults: the share of calls that something goes wrong with, chosen by ``seed``.
        routes: where faults begin, such as ``POST /3/vouchers``; none named is everywhere.
    """

    host: str
    port: int = 0
    folder: Path | None = None
    faults: float = 0.0
    seed: int | str = 0
    routes: tuple[str, ...] = ()


Sandbox = Callable[[Imitation], AbstractAsyncContextManager[str]]
"""Serves an imitation while entered, and gives its URL.

Raises OSError when the port is taken, ValueError when ``faults`` is no share or the folder holds something else.
"""


@dataclass(frozen=True, slots=True)
class Charted:
    """An account of a company's chart, or one of its cost centres. What is not active takes no rows."""

    code: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What rows can be booked on in a company's books, by code; ``read_at`` is None where the chart was never read."""

    accounts: tuple[Charted, ...] = ()
    cost_centres: tuple[Charted, ...] = ()
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HowKept:
    """How a company's books are kept, as it was read last.

    Attributes:
        method: when invoices are booked: as they are made (accrual) or as they are paid (cash); "" where it is unknown.
        guide: a page of the system's own help about that.
        series: the voucher series of each financial year whose series were read, by its first and last day.
        years: the first and the last day of each financial year, the newest first.
    """

    method: Literal["", "accrual", "cash"] = ""
    guide: str = ""
    series: Mapping[tuple[date, date], tuple[SeriesSeen, ...]] = field(default_factory=dict)
    years: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """An outside party: what it can tell, and what can be told to it. A folder of ``connectors`` exports one.

    Attributes:
        settings: the class of its settings, each with a default; in the environment ``BOKBUSS_<NAME>__...``.
        sinks: what can be told to it; the first one has no name of its own.
        ledger: companies' books are kept there. A company has a number there that no other one of ours has, and it is
            meant where a command names no system.
        ledger_file: it is a file format in which a year's ledger travels.
        read_year: reads a company's financial year there as it is now, in as few calls as there may be: the year that
            ends in a calendar year, or that holds a day. Raises NotRead, and Failed when no year is meant, or several.
        strangers: what was written there for us since a moment and no order here has, in words; the books are compared
            by the host itself. It may raise ``infra.delivery.reading.NotRead``.
        read_open: reads which invoices were open at the end of such a year, and what has been paid of them since.
            Raises the same.
        sandbox: the module whose ``serve`` imitates the party, as ``Sandbox`` says; loaded only when asked for.
        sandbox_keeps: whether it keeps its books in its folder.
        sandbox_at: the settings, by name, with which an imitation at a URL is the party.
        pages: web pages of our own, as routes below ``/``.
        jobs: what goes on beside.
        revoke: ends a company's consent there, with what is held of the connection;
            gives what a person has still to do there, or nothing. Raises NotRevoked.
        names: what it calls each field of a person, as it is written; one that it lacks is not there.
        choices: its own fields of which a company can choose one for a field of a person, the one in ``names`` first.
        refresh: reads a company's people (or employees) there in full and tells what differs from the last reading;
            the last argument is called with the number of records read so far.
        consent_link: makes a link that asks a company for its consent, once; in the name of whom, and what is asked for
            besides what its settings need; None: as before. Gives its address.
        extras: what can be asked for besides, and what each is called.
        examine: checks how a company is set up there, and keeps what it found.
        examined: what was found last, in a language; nothing before the first time.
        outlook: reads how a company's books are set up, and says what vouchers would meet there. Nothing is written.
        chart: the accounts and cost centres of a company's books as they were read last. Nobody is asked.
        how_kept: by which method those books are kept, and in which series; nobody is asked either.
        words: what it says, in both languages (``schemas.words.catalogue``).
    """

    name: str
    settings: type[BaseModel] | None = None
    ledger: bool = False
    source: Source | None = None
    sinks: tuple[Sink, ...] = ()
    ledger_file: LedgerFile | None = None
    read_year: Callable[[Host, str, int | date], AbstractAsyncContextManager[YearRead]] | None = None
    read_open: Callable[[Host, str, int | date], Awaitable[Specifications]] | None = None
    strangers: Callable[[Host, str, datetime], Awaitable[tuple[str, ...]]] | None = None
    sandbox: str = ""
    sandbox_keeps: bool = False
    sandbox_at: Callable[[str], Mapping[str, str]] = lambda _url: {}
    pages: Callable[[Host], Sequence["BaseRoute"]] | None = None
    jobs: tuple[Job, ...] = ()
    refresh: Callable[[Host, str, Callable[[int], None]], Awaitable[Refreshed]] | None = None
    outlook: Callable[[Host, str, Sequence[PostVoucher]], Awaitable[Outlook]] | None = None
    consent_link: Callable[[Host, str, str, tuple[str, ...] | None], Awaitable[str]] | None = None
    extras: Mapping[str, Said] = field(default_factory=dict)
    examine: Callable[[Host, str], Awaitable[object]] | None = None
    examined: Callable[[Host, str, Language], Awaitable[tuple[CheckSeen, ...]]] | None = None
    chart: Callable[[Host, str], Awaitable[Chart]] | None = None
    how_kept: Callable[[Host, str], Awaitable[HowKept]] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[EmployeeField, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, Said] = field(default_factory=dict)
    revoke: Callable[[Host, "Connection"], Awaitable[str]] | None = None
