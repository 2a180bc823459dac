"""A company's settings: how its facts become vouchers. Rates and accounts are data with dates, never code."""

import re
from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Annotated, ClassVar, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, model_validator

from schemas import settings_words as say
from schemas.base import Account, Code, CostCentre, Day, Message, Name, SeriesCode, TenantId
from schemas.commands import (
    AttachFile,
    NewEmployee,
    Order,
    PostVoucher,
    ReadPerson,
    UpsertEmployee,
    UpsertPerson,
    WriteAbsence,
)
from schemas.daytotals import DayTotalsSettings
from schemas.events import EmployeeField, Side
from schemas.invoices import CreateInvoice, FindCustomer
from schemas.money import ZERO, Money, Rate
from schemas.problem_words import Unfit
from schemas.ways import WaysIn


class Dated(Message):
    """Something that holds between two days, both included; None is open."""

    valid_from: Day | None = Field(
        default=None, description="the first day on which it holds; none: from the beginning"
    )
    valid_to: Day | None = Field(default=None, description="the last day on which it holds; none: until further notice")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise Unfit(say.IN_ORDER())
        return self

    def holds_on(self, day: date) -> bool:
        """Tell whether this holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class PaymentAccount(Dated):
    """The account that a means of payment is debited to."""

    method: Name = Field(description=say.METHOD.en)
    account: Account = Field(description=say.DEBITED.en)


class SalesAccount(Dated):
    """The account that sales are credited to: of a group, of a VAT rate, or of both (the most specific one wins)."""

    group: Name | None = Field(default=None, description="a product group, as the till names it; none: every group")
    vat_rate: Rate | None = Field(default=None, description="in percent; none: every rate")
    account: Account = Field(description=say.CREDITED.en)

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.group is None and self.vat_rate is None:
            raise Unfit(say.SALES_OF_WHAT())
        return self


class VatAccount(Dated):
    """A VAT rate that may be charged, and the account of its output VAT (None for a rate of 0)."""

    vat_rate: Rate = Field(description=say.VAT_RATE.en)
    account: Account | None = Field(default=None, description="the account of its output VAT; none for a rate of 0")

    @model_validator(mode="after")
    def _has_account(self) -> Self:
        if self.vat_rate and self.account is None:
            raise Unfit(say.RATE_WITHOUT_ACCOUNT())
        return self


class GroupRate(Dated):
    """The only VAT rate that a product group may have on those days: food is 6 % from 2026-04-01 to 2027-12-31."""

    group: Name = Field(description=say.GROUP.en)
    vat_rate: Rate = Field(description=say.ONLY_RATE.en)


class CategoryAccount(Dated):
    """The account of an amount that is not sales: ``tips``, ``rounding``, ``gift_cards_sold``, ``cash_difference``."""

    category: Name = Field(description=say.CATEGORY.en)
    account: Account = Field(description=say.CREDITED_OR_DEBITED.en)


class StoreCostCentre(Dated):
    """The cost centre that a store's sales rows carry."""

    store: Name = Field(description=say.STORE.en)
    cost_centre: CostCentre = Field(description=say.COST_CENTRE.en)


WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class StoreCalendar(Dated):
    """On which days a store is open, and by when each must be closed: a day without a report by then is said so."""

    store: Name | None = Field(
        default=None, description="as its tills name it; none: every store without one of its own"
    )
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=WEEKDAYS, description="the days of the week on which it is open"
    )
    holidays: Literal["open", "closed"] = Field(default="closed", description="Swedish public holidays")
    eves: Literal["open", "closed"] = Field(
        default="open", description="midsommarafton, julafton and nyårsafton: no public holidays, but often free"
    )
    closed_on: tuple[Day, ...] = Field(default=(), description="days on which it is closed all the same")
    open_on: tuple[Day, ...] = Field(default=(), description="days on which it is open all the same")
    closes_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-9]):[0-5][0-9]$")] = Field(
        default="23:59", description="the clock in Sweden; 26:30 is half past two in the night after it"
    )
    grace_minutes: int = Field(default=600, ge=0, le=100_000, description="after that, until it is said to be missing")


_LARGEST: Final = {"store": "", "register": "", "z_number": 999_999_999, "date": date(2026, 1, 1)}


def _is_filled_in(description: str) -> bool:
    """Tell whether a text can be filled in for every report, and stays short.

    How a word is written may be said after it (``{date:%d/%m}``), but for a width of thousands, or one that is itself
    such a word: it would fill the memory that every company shares.
    """
    try:
        parts = [(name, form or "") for _, name, form, _ in Formatter().parse(description) if name is not None]
        if any(name not in _LARGEST or "{" in form or re.search(r"\d{4}", form) for name, form in parts):
            return False
        description.format(**_LARGEST)
    except (ValueError, OverflowError):
        return False
    return True


class DaySalesSettings(Message):
    """How day closes are booked."""

    sync_sales: bool = Field(default=True, description="off: reports wait, and go on when it is switched on")
    series: SeriesCode = Field(description=say.SERIES.en)
    start_date: Day | None = Field(default=None, description="earlier days are held: they are booked elsewhere")
    description: str = Field(
        default="Dagsavslut {store} {register} Z{z_number}",
        max_length=120,
        description="of {store} {register} {z_number} {date}; bokbuss adds its mark",
    )
    payments: tuple[PaymentAccount, ...] = Field(default=(), description="the account of each means of payment")
    sales: tuple[SalesAccount, ...] = Field(
        default=(), description="the account of each product group, VAT rate, or both; the most specific one wins"
    )
    vat: tuple[VatAccount, ...] = Field(default=(), description="the VAT rates that there are, and their accounts")
    group_rates: tuple[GroupRate, ...] = Field(
        default=(), description="groups that may have one VAT rate only: sold at another, the day is held"
    )
    others: tuple[CategoryAccount, ...] = Field(default=(), description="the accounts of amounts that are not sales")
    cost_centres: tuple[StoreCostCentre, ...] = Field(
        default=(), description="the cost centre that a store's sales rows carry"
    )
    unmapped: Literal["hold", "fallback"] = Field(
        default="hold", description="what has no account holds the day, or goes to fallback_account"
    )
    fallback_account: Account | None = Field(
        default=None, description="where what has no account goes with unmapped: fallback; its rows say so"
    )
    difference_limit: Money = Field(default=ZERO, ge=0, le=10, description="up to this goes to rounding; 0.00 holds")
    amended: Literal["hold", "reverse"] = Field(
        default="hold", description="a booked day that comes again with other content"
    )
    locked_period: Literal["hold", "reject", "first_open_day"] = Field(
        default="hold",
        description="a day in a locked period waits, goes on record as not booked, or is booked on the first open day "
        "with its own day in the text",
    )
    days_late: int = Field(
        default=366, ge=0, le=100_000, description="a report of a day longer before it came waits: is its clock wrong?"
    )
    days_early: int = Field(
        default=0, ge=0, le=100_000, description="a report of a day further ahead than this waits for the same reason"
    )
    calendars: tuple[StoreCalendar, ...] = Field(
        default=(), description="when stores must have closed their day; without one no day is missed"
    )
    gap_grace_minutes: int = Field(
        default=60,
        ge=0,
        le=100_000,
        description="how long a register must be silent until a gap in its Z numbers is said",
    )
    attach_report: bool = Field(
        default=False, description="the Z report is put beside its voucher as a PDF; needs a consent to files"
    )
    four_eyes: bool = Field(
        default=False, description="on: who made a plan of corrections does not apply it; somebody else does"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.unmapped == "fallback" and self.fallback_account is None:
            raise Unfit(say.NO_FALLBACK())
        if not _is_filled_in(self.description):
            raise Unfit(say.DESCRIPTION())
        return self

    @property
    def fallback(self) -> int | None:
        """Return the account of what has none of its own; None: a day with such an amount waits."""
        return self.fallback_account if self.unmapped == "fallback" else None


class InvoicingSettings(Message):
    """How sales on account become invoices. Their accounts, VAT rates and cost centres are those of the day sales."""

    sync_invoices: bool = Field(default=True, description="off: receipts wait, and go on when it is switched on")
    order_instead_of_invoice: bool = Field(
        default=False,
        description="on: a receipt becomes an order, and a person invoices a customer's orders together in Fortnox",
    )
    allow_tip_on_invoice: bool = Field(
        default=False, description="on: a tip is a row of its own, without VAT; off: a receipt with a tip is held"
    )
    customers: Literal["hold", "create"] = Field(
        default="hold", description="a customer who is not in Fortnox: a person is asked, or Fortnox gets the customer"
    )
    amended: Literal["hold", "credit"] = Field(
        default="hold",
        description="an invoiced receipt that comes again with other content: a person is asked, or the invoice is "
        "credited and made anew",
    )
    articles: bool = Field(
        default=False, description="on: rows name the till's article numbers, which must be articles in Fortnox"
    )
    in_day_close: bool = Field(
        default=True,
        description="on: the till's day closes, which bokbuss books, count sales on account as well; a voucher beside "
        "each invoice takes that back, so that a sale is booked once",
    )
    method: Name = Field(
        default="invoice",
        description="the means of payment of a sale on account in day closes; its account in daysales.payments is the "
        "clearing account, which nets to zero",
    )
    series: SeriesCode | None = Field(
        default=None, description="the series of the vouchers beside invoices; none: that of the day sales"
    )
    start_date: Day | None = Field(default=None, description="earlier receipts are held: they are invoiced elsewhere")


class FieldRule(Message):
    """What becomes of one field of an employee. What is left out is as the preset, or ``source_of_truth``, says."""

    field: EmployeeField = Field(description=say.WHICH_FIELD.en)
    hr_field: Code | None = Field(
        default=None,
        description="the HR system's own field that is read and written for it, and no other: privateEmail; none: as "
        "usual. bokbuss describe and the system's name list what can be chosen",
    )
    owner: Side | None = Field(default=None, description="whose value counts for it")
    to_fortnox: Literal["live", "on_sync", "never"] | None = Field(
        default=None, description="HR's changes go to Fortnox: at once, only when a plan is applied, or not at all"
    )
    to_hr: Literal["live", "on_sync", "never"] | None = Field(
        default=None, description="Fortnox's changes go to HR: at once, only when a plan is applied, or not at all"
    )
    fortnox_changed: Literal["to_hr", "write_back", "keep", "hold"] | None = Field(
        default=None,
        description="only Fortnox changed: HR gets it, HR's value is written back, nothing happens, a person is asked",
    )
    on_conflict: Literal["prefer_hr", "prefer_fortnox", "newest", "ask"] | None = Field(
        default=None, description="both changed since they last agreed"
    )
    on_missing: Literal["fill", "keep", "clear", "ask", "counts"] | None = Field(
        default=None,
        description=(
            "one side is empty: it gets the value, stays empty, empties what both held before, asks, or being empty "
            "counts as a value like any other (last_day, unless said otherwise)"
        ),
    )


class AbsenceCause(Message):
    """Fortnox's cause code for a kind of leave."""

    kind: Name = Field(description=say.LEAVE_KIND.en)
    cause: Annotated[str, StringConstraints(pattern=r"^[A-ZÅÄÖ0-9]{3}$")] = Field(description=say.CAUSE.en)
    days: Literal["all", "weekdays"] = Field(default="all", description="which days of the range become absences")


class EmployeesSettings(Message):
    """How staff data travels between an HR system and Fortnox."""

    system: Code = Field(description=say.HR_SYSTEM.en)
    source_of_truth: Side = Field(description=say.SOURCE_OF_TRUTH.en)
    preset: Literal["alexis", "huma"] | None = Field(default=None, description="exactly what that product does")
    fields: tuple[FieldRule, ...] = Field(default=(), description="what becomes of single fields, other than the rest")
    new_in_hr: Literal["hold", "create"] = Field(
        default="hold", description="a person who is new in HR: a person is asked, or Fortnox gets an employee"
    )
    causes: tuple[AbsenceCause, ...] = Field(default=(), description="leaves of other kinds are held")
    zone: str = Field(default="Europe/Stockholm", max_length=64, description="timestamps become dates there")
    street_line: Literal[1, 2] = Field(default=1, description="Fortnox's address line for the street; Alexis HR uses 2")
    new_employee: NewEmployee | None = Field(
        default=None,
        description="what each new employee is in Fortnox, which refuses one for whom it finds no agreement; none: as "
        "the agreement that is set there for new employees says",
    )
    report_to: tuple[str, ...] = Field(default=(), description="e-mail addresses that get the report of a sync")
    four_eyes: bool = Field(default=False, description="on: who made a plan does not apply it; somebody else does")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        named = [rule.field for rule in self.fields]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise Unfit(say.FIELDS_TWICE(names=twice))
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones
            raise Unfit(say.NO_ZONE()) from error
        return self


class YearEndSettings(Message):
    """How closing entries of a year-end program are booked."""

    series: SeriesCode = Field(description=say.CLOSING_SERIES.en)
    not_locked: tuple[SeriesCode, ...] = Field(
        default=("I",),
        description="the series that Fortnox does not lock with the period (Ej låsbar serie): a lock only warns there",
    )
    four_eyes: bool = Field(
        default=False, description="on: who sent the entries or made the plan does not apply it; somebody else does"
    )
    amended: Literal["hold", "reverse"] = Field(
        default="hold",
        description="an exported entry that comes with other content, or no more: a person is asked, or the next plan "
        "reverses it",
    )


LARGEST_SETTINGS: Final = 1_000_000
"""Bytes of a company's settings, as JSON. What is compacted keeps to Kafka's own limit of a message, 1 MiB."""


class TenantSettings(Message):
    """Everything a company has chosen. A flow whose section is missing is switched off: its facts wait."""

    ORDERS: ClassVar[Mapping[str, tuple[type[Order], ...]]] = {
        "daysales": (PostVoucher,),
        "employees": (UpsertEmployee, UpsertPerson, ReadPerson, WriteAbsence),
        "yearend": (PostVoucher,),
        "invoicing": (CreateInvoice, FindCustomer),
    }
    """What the flow of each section has carried out, whatever was chosen."""

    daysales: DaySalesSettings | None = Field(default=None, description="how day closes of tills are booked")
    employees: EmployeesSettings | None = Field(default=None, description="how staff data travels")
    yearend: YearEndSettings | None = Field(default=None, description="how closing entries are booked")
    daytotals: DayTotalsSettings | None = Field(
        default=None, description="how a till's CSV of day totals is read; none: its headings say what stands in it"
    )
    ways_in: WaysIn | None = Field(default=None, description="where payloads are fetched, besides what is sent to us")
    invoicing: InvoicingSettings | None = Field(default=None, description="how sales on account are invoiced")

    @model_validator(mode="after")
    def _invoices_have_accounts(self) -> Self:
        if self.invoicing is not None and self.daysales is None:
            raise Unfit(say.INVOICES_WITHOUT_SALES())
        return self

    def hr_fields(self, system: str) -> Mapping[EmployeeField, str]:
        """Return the own fields of an HR system that were chosen, by the field that each is read and written for."""
        chosen = self.employees
        if chosen is None or chosen.system != system:
            return {}
        return {rule.field: rule.hr_field for rule in chosen.fields if rule.hr_field is not None}

    def carried_out(self, flow: str) -> tuple[type[Order], ...]:
        """Return what a flow has carried out under these settings; nothing where its sync is off."""
        daysales, invoicing = self.daysales, self.invoicing
        if flow == "daysales" and daysales is not None and not daysales.sync_sales:
            return ()
        if flow == "invoicing" and invoicing is not None and not invoicing.sync_invoices:
            return ()
        more: tuple[type[Order], ...] = ()
        if flow == "daysales" and daysales is not None and daysales.attach_report:
            more = (AttachFile,)
        if flow == "invoicing" and invoicing is not None and invoicing.in_day_close:
            more = (PostVoucher,)
        return (*self.ORDERS[flow], *more)


class SettingsApplied(Message):
    """A version of a company's settings took effect; higher versions win, in whatever order they arrive."""

    TOPIC: ClassVar[str] = "settings.v1"

    tenant: TenantId
    version: int = Field(ge=1)
    applied_by: str = Field(min_length=1, max_length=200)
    settings: TenantSettings

    @property
    def key(self) -> str:
        """The company."""
        return self.tenant
