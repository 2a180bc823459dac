"""Adds up what a file says, and tells where its books are such that an accountant wants to know. Pure.

None of this makes a file broken: opening balances that do not sum to zero have a last year that was not closed, sums
that differ from the closing balance may be those of a part of the year, and a voucher out of balance is what it is.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from connectors.sie.model import Account, Balance, BalanceKind, FinancialYear, Form, Ledger, Voucher
from connectors.sie.notes import Grade, Notes

ZERO = Decimal("0.00")


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
        if balance.account in same:
            self._found(
                "balance_twice", f"{balance.kind} of account {balance.account} stands twice; both were added up", line
            )
        same[balance.account] = same.get(balance.account, ZERO) + balance.amount

    def take_voucher(self, voucher: Voucher, out_of_balance: Decimal, line: int) -> None:
        """Count a voucher; its rows were added to ``moved`` as they were read."""
        self.vouchers += 1
        if out_of_balance:
            self._found("unbalanced_voucher", f"{_name(voucher)} is {out_of_balance:,} out of balance", line)
        series, written = voucher[:2]
        self._days.add(voucher[2])
        if written.isdecimal() and (number := int(written[:18])):
            if number <= self._last.get(series, 0):
                self._found(
                    "number_not_ascending",
                    f"{_name(voucher)} comes after number {self._last[series]} of its series",
                    line,
                )
            self._last[series] = number

    def finish(self, ledger: Ledger) -> None:
        """Compare what there is once all was read."""
        if ledger.taken:
            self._found("taken_before", "the flag says that a program has taken this file before")
        year = ledger.year(0)
        if year and year.first and year.last and self._days:
            first, last = min(self._days), max(self._days)
            if not year.first <= first <= last <= year.last:
                self._found("outside_year", f"there are vouchers of {first} to {last}, the year is {_span(year)}")
        if ledger.form is Form.ENTRIES:
            return
        accounts = {account.number: account for account in ledger.accounts}
        self._opening()
        if ledger.form is Form.EXPORT:
            self._closing(accounts)

    def _opening(self) -> None:
        opening = self._balances.get((BalanceKind.OPENING, 0), {})
        if total := sum(opening.values(), ZERO):
            self._found(
                "opening_not_zero",
                f"the opening balances sum to {total:,}, not to zero; was last year's result carried forward?",
            )
        before = self._balances.get((BalanceKind.CLOSING, -1), {})
        if not before or not opening:
            return
        for account in sorted(before.keys() | opening.keys()):
            closed, opened = before.get(account, ZERO), opening.get(account, ZERO)
            if closed != opened:
                self._found(
                    "opening_differs",
                    f"account {account} opens with {opened:,} and closed last year with {closed:,}",
                )

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
            if summed != said.get(account, ZERO):
                self._found(
                    "closing_differs",
                    f"account {account}: opening balance and vouchers sum to {summed:,}, {label} says "
                    f"{said.get(account, ZERO):,}",
                )

    def _found(self, code: str, text: str, line: int = 0) -> None:
        self._notes.add(Grade.FINDING, code, text, line)


def _name(voucher: Voucher) -> str:
    """Name a voucher; series and number can be anything, so only what looks like them is shown."""
    shown = " ".join(one for one in (voucher.series, voucher.number) if one and len(one) <= 12 and one.isalnum())  # noqa: PLR2004 - a series is short
    return f"voucher {shown} of {voucher.day}" if shown else f"the voucher of {voucher.day}"


def _span(year: FinancialYear) -> str:
    return f"{year.first} to {year.last}"
