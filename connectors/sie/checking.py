"""Adds up what a file says, and tells where its books are such that an accountant wants to know. Pure.

None of this makes a file broken: opening balances that do not sum to zero have a last year that was not closed, sums
that differ from the closing balance may be those of a part of the year, and a voucher out of balance is what it is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial

from connectors.sie import note_words as say
from connectors.sie.model import Account, Balance, BalanceKind, Form, Ledger, Voucher
from connectors.sie.notes import Grade, Notes
from schemas.words import Text

ZERO = Decimal("0.00")
_OTHER_END = {BalanceKind.CLOSING: BalanceKind.RESULT, BalanceKind.RESULT: BalanceKind.CLOSING}


class Checks:
    """The sums of one file; memory by account and by series, never by voucher."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.moved: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self.balances = 0
        self._balances: defaultdict[tuple[BalanceKind, int], dict[str, Decimal]] = defaultdict(dict)
        self._last: dict[str, int] = {}
        self._days: set[date] = set()
        self.vouchers = 0

    def take_balance(self, balance: Balance, line: int) -> None:
        """Count a balance; those of whole accounts are kept."""
        self.balances += 1
        if balance.objects or balance.kind in {BalanceKind.PERIOD, BalanceKind.BUDGET}:
            return
        same = self._balances[balance.kind, balance.year]
        other = _OTHER_END.get(balance.kind)
        ends = self._balances.get((other, balance.year), {}) if other else {}
        if balance.account in same:
            what = partial(say.BALANCE_TWICE, label=balance.kind.value, account=balance.account)
            self._found("balance_twice", what, line)
        elif other and balance.amount and ends.get(balance.account, ZERO) not in {ZERO, balance.amount}:
            label = f"{BalanceKind.CLOSING}, {BalanceKind.RESULT}"
            self._found("balance_twice", partial(say.BALANCE_TWICE, label=label, account=balance.account), line)
        same[balance.account] = same.get(balance.account, ZERO) + balance.amount

    def take_voucher(self, voucher: Voucher, out_of_balance: Decimal, line: int) -> None:
        """Count a voucher; its rows were added to ``moved`` as they were read."""
        self.vouchers += 1
        if out_of_balance:
            self._found("unbalanced_voucher", partial(_unbalanced, voucher, out_of_balance), line)
        series, written = voucher[:2]
        self._days.add(voucher[2])
        if written.isdecimal() and (number := int(written[:18])):
            if number <= (last := self._last.get(series, 0)):
                self._found("number_not_ascending", partial(_not_ascending, voucher, last), line)
            self._last[series] = number

    def finish(self, ledger: Ledger) -> None:
        """Compare what there is once all was read."""
        if ledger.taken:
            self._found("taken_before", say.TAKEN_BEFORE)
        year = ledger.year(0)
        if year and year.first and year.last and self._days:
            first, last = min(self._days), max(self._days)
            if not year.first <= first <= last <= year.last:
                what = partial(say.OUTSIDE_YEAR, first=first, last=last, begins=year.first, ends=year.last)
                self._found("outside_year", what)
        if ledger.form is Form.ENTRIES:
            return
        accounts = {account.number: account for account in ledger.accounts}
        self._opening()
        if ledger.form is Form.EXPORT:
            self._closing(accounts)
            if year and year.first and year.last and ledger.until and year.first <= ledger.until < year.last:
                self._found("part_of_year", partial(say.PART_OF_YEAR, until=ledger.until, ends=year.last))

    def _opening(self) -> None:
        opening = self._balances.get((BalanceKind.OPENING, 0), {})
        if total := sum(opening.values(), ZERO):
            self._found("opening_not_zero", partial(say.OPENING_NOT_ZERO, total=total))
        before = self._balances.get((BalanceKind.CLOSING, -1), {})
        if not before or not opening:
            return
        for account in sorted(before.keys() | opening.keys()):
            closed, opened = before.get(account, ZERO), opening.get(account, ZERO)
            if closed != opened:
                what = partial(say.OPENING_DIFFERS, account=account, opened=opened, closed=closed)
                self._found("opening_differs", what)

    def _closing(self, accounts: Mapping[str, Account]) -> None:
        """Compare opening balance and rows with the closing balance, of the accounts whose kind is known."""
        opening = self._balances.get((BalanceKind.OPENING, 0), {})
        closing = self._balances.get((BalanceKind.CLOSING, 0), {})
        result = self._balances.get((BalanceKind.RESULT, 0), {})
        if not self.vouchers or not (closing or result):
            return
        for account in sorted(self.moved.keys() | opening.keys() | closing.keys() | result.keys()):
            summed = opening.get(account, ZERO) + self.moved.get(account, ZERO)
            of_result = account in result or (
                account not in closing
                and account not in opening
                and accounts.get(account, Account(account)).is_of_result
            )
            label, said = ("#RES", result) if of_result else ("#UB", closing)
            if summed != (told := said.get(account, ZERO)):
                what = partial(say.CLOSING_DIFFERS, account=account, summed=summed, label=label, said=told)
                self._found("closing_differs", what)

    def _found(self, code: str, what: Callable[[], Text], line: int = 0) -> None:
        self._notes.add(Grade.FINDING, code, what, line)


def _unbalanced(voucher: Voucher, gap: Decimal) -> Text:
    return say.UNBALANCED(voucher=_name(voucher), gap=gap)


def _not_ascending(voucher: Voucher, last: int) -> Text:
    return say.NOT_ASCENDING(voucher=_name(voucher), number=last)


def _name(voucher: Voucher) -> Text:
    """Name a voucher; series and number can be anything, so only what looks like them is shown."""
    shown = " ".join(one for one in (voucher.series, voucher.number) if one and len(one) <= 12 and one.isalnum())  # noqa: PLR2004 - a series is short
    return say.VOUCHER(name=shown, day=voucher.day) if shown else say.A_VOUCHER(day=voucher.day)
