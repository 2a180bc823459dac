"""What the demo prints: for people in colours and plain text, for programs one JSON object a line."""

import re
import shutil
import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.demo.on_account import SaleRow
from connectors.demo.people import Somebody, StaffTieOut
from connectors.demo.telling import Effect, amount, words
from connectors.demo.tieout import TieOut, TieoutRow, Total
from infra.commanding import print_json_line
from schemas.base import SWEDEN
from schemas.plans import Plan, PlanRow

_WIDEST = 120
_NARROWEST = 80
_COMMAND = 52
_WITHIN = re.compile(r"(?<=\d) (?=\d{3}\b)|(?<=\b[A-Z]) (?=\d)")
"""Blanks within an amount and between a voucher's series and number: no line ends there."""
_FIELDS = 3
"""Of a plan's row; all of them are in the plan."""
_STYLES = {
    "booked": "green",
    "booked_anew": "green",
    "reversed": "cyan",
    "held": "yellow",
    "refused": "red",
    "refused_by_fortnox": "red",
    "answer_lost": "magenta",
    "not_there": "magenta",
    "broken": "magenta",
    "employee": "green",
    "person": "green",
    "absence": "green",
    "seen": "bold green",
    "proved": "bold green",
    "fetched": "green",
    "invoiced": "green",
    "package": "green",
    "planned": "cyan",
    "accepted": "dim",
    "duplicate": "dim",
}


class Screen:
    """Prints to standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._width = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((80, 30)).columns))
        self._console = Console(width=self._width, highlight=False, soft_wrap=False)

    def note(self, text: str) -> None:
        """Say what the demo itself does."""
        if self._as_json:
            print_json_line({"what": "note", "text": text})
        else:
            self._console.print(text, style="dim", markup=False)

    def scene(self, title: str, text: str) -> None:
        """Begin a scene."""
        if self._as_json:
            print_json_line({"what": "scene", "text": title})
            return
        self._console.print()
        self._console.print(title, style="bold", markup=False)
        self._console.print(text, style="italic", markup=False)

    def effect(self, effect: Effect) -> None:
        """Print one effect."""
        if self._as_json:
            print_json_line(effect.to_json())
            return
        # Times are the companies' own, as at the desk; JSON has them in UTC.
        head = f"  {effect.at.astimezone(SWEDEN):%H:%M:%S}  {effect.company:<9} {effect.about:<14} "
        whole = _WITHIN.sub("\u00a0", effect.text)
        lines = [line.replace("\u00a0", " ") for line in textwrap.wrap(whole, self._width - len(head))] or [""]
        style = _STYLES.get(effect.what, "")
        for number, line in enumerate(lines):
            self._console.print(
                Text.assemble((head if number == 0 else " " * len(head), "dim"), (line, style)), soft_wrap=True
            )

    def plan(self, plan: Plan, rows: Sequence[PlanRow]) -> None:
        """Print a plan: each person's state, what is proposed, and what differs. Personal values are masked."""
        if self._as_json:
            shown = [row.model_dump(mode="json", exclude={"in_hr", "in_fortnox"}) for row in rows]
            print_json_line({"what": "plan", "plan": str(plan.plan_id), "company": plan.tenant, "rows": shown})
        else:
            self._console.print(_plan_table(rows, self._width))

    def table(
        self,
        found: TieOut,
        counts: dict[str, Any],
        staff: StaffTieOut,
        facts: dict[str, Any],
        yearend: dict[str, Any],
    ) -> None:
        """Print the tie-outs: each report against the books, each company's sum, the counts, staff, year-end."""
        if self._as_json:
            print_json_line(
                {
                    "what": "tie_out",
                    "accounted_for": not found.problems,
                    "table": [row.to_json() for row in found.rows],
                    "on_account": [row.to_json() for row in found.sales],
                    "companies": [total.to_json() for total in found.totals],
                    "counts": counts,
                    "staff": {"table": [row.to_json() for row in staff.rows], **facts},
                    "yearend": yearend,
                    "problems": list(found.problems),
                }
            )
            return
        self._console.print()
        self._console.print("What the tills sent against what stands in Fortnox's books (SEK)", style="bold")
        self._console.print(
            "Sales are with VAT; the debit has tips and the like, too. Z 416/1 is the first amendment of Z 416."
        )
        tills = {(row.sent.report.tenant, row.sent.report.till.register): row.sent.report.till for row in found.rows}
        for number, (tenant, register) in enumerate(sorted(tills)):
            till = tills[tenant, register]
            own = [row for row in found.rows if row.sent.report.till == till]
            self._console.print()
            self._console.print(f"{tenant}, store {till.store}, register {register}, by {till.way}", style="bold")
            self._console.print(_table(own, self._width, header=number == 0))
        self._console.print()
        self._console.print("Sold on account: what left its day, and stands in Fortnox for the customer", style="bold")
        self._console.print(_sales_table(found.sales, self._width))
        self._console.print()
        self._console.print(_totals(found.totals))
        self._console.print()
        for line in _counted(counts):
            self._console.print(line, markup=False)
        self._staff(staff, facts)
        if "package" in yearend:
            self._console.print(
                "Year-end: {closing_entries} closing entries booked, one found booked by hand; the proof is {proof}; "
                "the auditor's package holds {package} files.".format(**yearend)
            )
            self._console.print()
        for problem in found.problems:
            self._console.print(f"NOT ACCOUNTED FOR: {problem}", style="bold red", markup=False)
        if not found.problems:
            self._console.print("Every report is accounted for, to the öre.", style="bold green")
            self._console.print(
                "Everybody is where they should be, once; who is linked is the same on both sides.", style="bold green"
            )

    def _staff(self, staff: StaffTieOut, facts: dict[str, Any]) -> None:
        self._console.print()
        self._console.print("Who is where: Alexis HR against Fortnox, field by field", style="bold")
        self._console.print(_staff_table(staff.rows, self._width))
        self._console.print()
        if "writes_after_unlink" in facts:
            for line in _staff_counted(facts):
                self._console.print(line, markup=False)
        self._console.print()

    def next_steps(self, steps: Sequence[tuple[str, str]], where: Sequence[str]) -> None:
        """Say what to try next."""
        if self._as_json:
            print_json_line({"what": "next", "try": [command for command, _ in steps], "where": list(where)})
            return
        self._console.print()
        for line in where:
            self._console.print(line, style="bold", markup=False, soft_wrap=True)
        for command, why in steps:
            fits = len(command) <= _COMMAND and len(why) + _COMMAND + 4 <= self._width
            between = " " * (_COMMAND - len(command) + 2) if fits else "\n      "
            self._console.print(Text.assemble("  ", (command, "cyan"), between, (why, "dim")), soft_wrap=True)


def _counted(counts: dict[str, Any]) -> list[str]:
    """Return the counts as sentences."""
    return [
        "Came in: {delivered} deliveries, {duplicates} of them again; {refused} refused at the door.".format(**counts),
        "Became: {vouchers} vouchers, {doubles} doubles; {holds} holds, {open_holds} still open.".format(**counts),
        "Fortnox: {calls} calls ({calls_per_voucher} per voucher, searches included), {throttled} answered 429.".format(
            **counts
        ),
        "Lost answers: {lost} ({lost_percent} % of the calls): {found} found booked, {sent_again} sent again.".format(
            **counts
        ),
    ]


def _staff_counted(facts: dict[str, Any]) -> list[str]:
    """Return what was counted and timed about the staff as sentences."""
    plan, applied = (", ".join(f"{n} {_code(k)}" for k, n in facts[name].items()) for name in ("plan", "applied"))
    calls = "{alexishr} to HR, {fortnox} to Fortnox".format(**facts["calls"])
    return [
        f"First plan: {plan}.",
        f"Calls to read both sides: {calls}; {facts['writes_before']} writes before it was applied.",
        f"Applied: {applied}. Live: {facts['live_seconds']} s from HR to Fortnox.",
        f"Writes to Fortnox: {facts['writes']}; {facts['writes_after_unlink']} of Bo after he was taken apart.",
    ]


def _ruled(
    width: int, columns: Mapping[str, int], last: str, right: Collection[str] = (), *, header: bool = True
) -> Table:
    """Return a table without rows: ``columns`` with their widths, those of ``right`` flush right, and a last one."""
    table = Table(box=None, width=width, padding=(0, 2, 0, 0), pad_edge=False, show_header=header, header_style="dim")
    for name, size in columns.items():
        table.add_column(name, width=size, justify="right" if name in right else "left", no_wrap=True)
    table.add_column(last, ratio=1)
    return table


def _plan_table(rows: Sequence[PlanRow], width: int) -> Table:
    table = _ruled(width, {"  state": 14, "who": 16, "action": 17}, "HR | Fortnox, or why")
    for row in rows:
        why = re.sub(r" \([^()]*/[^()]*\)", "", row.why)  # keys stand behind names
        table.add_row(f"  {_code(row.state)}", row.name, _code(row.action), why or _differing(row) or _code(row.rule))
    return table


def _code(code: str) -> str:
    """Return a name in code as words, with the systems' own names."""
    return re.sub(r"\bhr\b", "HR", words(code)).replace("fortnox", "Fortnox")


def _differing(row: PlanRow) -> str:
    """Return some of the fields that differ: first those that both sides hold, then what is masked."""
    masked = {"personal_number", "bank_account"}
    fields = sorted(row.fields, key=lambda d: (not (d.hr and d.fortnox), d.field not in masked))
    told = [f"{words(d.field)} {d.hr or '-'} | {d.fortnox or '-'}" for d in fields[:_FIELDS]]
    more = len(fields) - _FIELDS
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def _staff_table(rows: Sequence[Somebody], width: int) -> Table:
    columns = {"who": 16, "where": 15, "same": 4, "differ": 10, "leave": 5}
    table = _ruled(width, columns, "what became of them", right={"same", "leave"})
    for row in rows:
        where = "both" if row.ended in {"agree", "apart"} else row.ended
        differ = ", ".join(row.differ) or "-"
        table.add_row(row.name, where, str(row.agree or "-"), differ, str(row.days or "-"), row.story)
    return table


def _table(rows: Sequence[TieoutRow], width: int, *, header: bool) -> Table:
    columns = {"Z": 6, "day": 6, "sales": 9, "vouchers": 9, "debit": 9, "in books": 9, "diff": 5}
    right = {"sales", "debit", "in books", "diff"}
    table = _ruled(width, columns, "what became of it", right, header=header)
    for row in sorted(rows, key=lambda row: (row.sent.report.z, row.sent.report.amendment)):
        report = row.sent.report
        table.add_row(
            f"{report.z}/{report.amendment}" if report.amendment else str(report.z),
            f"{report.day:%d %b}",
            amount(report.total_sales),
            ", ".join(row.vouchers) or "-",
            amount(row.debit) if row.vouchers else "-",
            amount(row.in_books) if row.vouchers else "-",
            amount(row.difference),
            row.story,
        )
    return table


def _sales_table(rows: Sequence[SaleRow], width: int) -> Table:
    columns = {"receipt": 12, "day": 6, "total": 8, "left the day": 12, "by": 4}
    table = _ruled(width, columns, "what became of it", right={"total", "left the day"})
    for row in rows:
        sale = row.sale
        made = ", ".join(
            f"{one.name}, " + (f"booked as {one.voucher}" if one.voucher else "to be invoiced by a person")
            for one in row.documents
        )
        day = f"{sale.day:%d %b}"
        beside = ", ".join(row.beside) or "-"
        table.add_row(sale.name, day, amount(sale.total), amount(row.left_day), beside, made or "nothing")
    return table


def _totals(totals: Sequence[Total]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("with VAT")
    for name in ("in reports", "- replaced", "- held", "- orders", "= due", "in books", "diff"):
        table.add_column(name, justify="right", no_wrap=True)
    for t in totals:
        amounts = (t.reports, t.replaced, t.held, t.to_invoice, t.due, t.in_books, t.difference)
        table.add_row(t.company, *map(amount, amounts))
    return table
