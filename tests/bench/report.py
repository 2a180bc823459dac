"""What a measurement found: rows of named figures, with the aim beside them."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]
"""Figures by name. ``aim`` says what was aimed at, ``met`` whether it was reached (None: there is no aim)."""


@dataclass(slots=True)
class Report:
    """A table and the words under it. ``failed``: what was to be measured could not be."""

    title: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    failed: bool = False

    def show(self, console: Console) -> None:
        """Print the table."""
        columns = [name for name in dict.fromkeys(name for row in self.rows for name in row) if name != "met"]
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for name in columns:
            table.add_column(name, justify="right" if name not in {"what", "aim"} else "left")
        for row in self.rows:
            style = {True: "green", False: "red"}.get(row.get("met"))  # type: ignore[arg-type] # None has no style
            table.add_row(*(_text(row.get(name)) for name in columns), style=style)
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", highlight=False)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
        case int():
            return f"{value:,}"
    return str(value)
