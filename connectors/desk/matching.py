"""A company's mapping as rows of a form: which sections there are, what was typed, what is wrong with it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic_core import to_json

from connectors.desk import settings_files
from connectors.desk.settings_files import WrongFile
from schemas.bas import BAS_DAY_SALES
from schemas.settings import DaySalesSettings, TenantSettings
from schemas.words import Said, Text

Row = Mapping[str, str]
"""A row as it is typed: field and text."""
Kind = Literal["name", "rate", "account", "cost_centre", "day"]
_GROUP: Final = re.compile(r"(?P<group>.*) (?P<vat_rate>\d+(\.\d+)?) %", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """A field of each row."""

    field: str
    label: Said
    kind: Kind


@dataclass(frozen=True, slots=True)
class Section:
    """A list of the day sales' settings. ``reason``: of holds that say what it lacks, each line a name."""

    name: str
    label: Said
    columns: tuple[Column, ...]
    reason: str = ""

    def row_of(self, name: str, since: str = "") -> dict[str, str]:
        """Return a row for what has no account yet, as a hold's line names it: a group comes with its rate."""
        row = {column.field: "" for column in self.columns}
        group = _GROUP.fullmatch(name) if self.name == "sales" else None
        return row | (group.groupdict() if group else {self.columns[0].field: name}) | {"valid_from": since}


_ACCOUNT: Final = Column("account", Said("Konto", "Account"), "account")
_DATES: Final = (
    Column("valid_from", Said("Från och med", "From"), "day"),
    Column("valid_to", Said("Till och med", "Until"), "day"),
)
_GROUP_NAME: Final = Column("group", Said("Varugrupp", "Product group"), "name")
_RATE: Final = Column("vat_rate", Said("Moms %", "VAT %"), "rate")

SECTIONS: Final = (
    Section(
        "payments",
        Said("Betalsätt", "Means of payment"),
        (Column("method", Said("Betalsätt i kassan", "Name in the till"), "name"), _ACCOUNT, *_DATES),
        "unmapped_payment_method",
    ),
    Section(
        "sales",
        Said("Försäljning: varugrupp, momssats eller båda", "Sales: product group, VAT rate, or both"),
        (_GROUP_NAME, _RATE, _ACCOUNT, *_DATES),
        "unmapped_group",
    ),
    Section("vat", Said("Utgående moms", "Output VAT"), (_RATE, _ACCOUNT, *_DATES)),
    Section(
        "others",
        Said(
            "Övrigt: dricks, avrundning, presentkort, kassadifferens", "Others: tips, rounding, gift cards, differences"
        ),
        (Column("category", Said("Namn", "Name"), "name"), _ACCOUNT, *_DATES),
        "unmapped_category",
    ),
    Section(
        "cost_centres",
        Said("Kostnadsställen", "Cost centres"),
        (
            Column("store", Said("Butik", "Store"), "name"),
            Column("cost_centre", Said("Kostnadsställe", "Cost centre"), "cost_centre"),
            *_DATES,
        ),
    ),
    Section(
        "group_rates",
        Said("Varugrupper med en enda momssats", "Groups with one VAT rate only"),
        (_GROUP_NAME, _RATE, *_DATES),
    ),
)

_WANTED: Final[Mapping[Kind, Said]] = {
    "name": Said("skriv namnet som kassan skriver det", "write the name as the till does"),
    "rate": Said("skriv momssatsen i procent, som 12", "write the VAT rate in percent, such as 12"),
    "account": Said("skriv ett konto mellan 1000 och 9999", "write an account between 1000 and 9999"),
    "cost_centre": Said(
        "skriv kostnadsställets kod, högst 6 tecken", "write the cost centre's code, 6 characters at most"
    ),
    "day": Said("skriv en dag som 2026-04-10", "write a day such as 2026-04-10"),
}
_TOGETHER: Final = Said(
    "raden behöver grupp eller momssats, konto där momssatsen är över 0, och från och med före till och med",
    "the row needs a group or a rate, an account where the rate is above 0, and its first day before its last",
)


class WrongMapping(ValueError):
    """What was typed is no mapping: the section and row (1 is the first) of each mistake, and what is wanted there.

    Attributes:
        whole: what is wrong with all of it, where that is no row's.
    """

    def __init__(
        self, problems: Sequence[tuple[Section | None, int, Column | None]], whole: Sequence[Text] = ()
    ) -> None:
        self.problems, self.whole = tuple(problems), tuple(whole)
        super().__init__("a mapping does not hold together")

    def said(self, above: Mapping[str, int]) -> Iterator[tuple[Said, str, Said]]:
        """Yield where each mistake is (its section, its row and column), and what is wanted there.

        Args:
            above: how many rows stand in each section's table above those that were typed.
        """
        for section, row, column in self.problems:
            place = f"{row + (above.get(section.name, 0) if section else 0)}" if row else ""
            yield (
                (section.label if section else Said("Inställningarna", "The settings")),
                place,
                (_WANTED[column.kind] if column else _TOGETHER),
            )


def begun(settings: TenantSettings) -> DaySalesSettings:
    """Return the mapping to start from: the company's own, else the starting set after the BAS chart."""
    return settings.daysales or BAS_DAY_SALES


def rows_of(mapping: DaySalesSettings) -> dict[str, list[Row]]:
    """Return the rows of each section."""
    body = mapping.model_dump(mode="json")
    return {
        section.name: [
            {column.field: "" if row[column.field] is None else str(row[column.field]) for column in section.columns}
            for row in body[section.name]
        ]
        for section in SECTIONS
    }


def typed(lists: Mapping[str, Sequence[str]]) -> dict[str, list[Row]]:
    """Return the rows of a form, without those that are empty or to be removed.

    Raises:
        WrongMapping: its fields do not belong together.
    """
    found: dict[str, list[Row]] = {}
    for section in SECTIONS:
        columns = [lists.get(f"{section.name}.{column.field}", ()) for column in section.columns]
        if len({len(values) for values in columns}) > 1:
            raise WrongMapping([(section, 0, None)])
        removed = set(lists.get(f"{section.name}.remove", ()))
        rows = (
            {column.field: _cleaned(column, value) for column, value in zip(section.columns, values, strict=True)}
            for number, values in enumerate(zip(*columns, strict=True))
            if str(number) not in removed
        )
        found[section.name] = [row for row in rows if _says_something(section, row)]
    return found


def _says_something(section: Section, row: Row) -> bool:
    """Tell whether a row counts: a name that still lacks its account does not."""
    return bool(row["account"]) if section.reason and not _is_incomplete(row) else any(row.values())


def _is_incomplete(row: Row) -> bool:
    """Tell whether a row has an account or days, and no name."""
    return not any(value for field, value in row.items() if field not in {"account", "valid_from", "valid_to"})


def _cleaned(column: Column, value: str) -> str:
    """Return what was meant: ``1930 Företagskonto`` is 1930, and ``12,5`` and ``12 %`` are rates."""
    value = value.strip()
    if column.kind in {"account", "cost_centre"}:
        return value.partition(" ")[0]
    return value.removesuffix("%").strip().replace(",", ".") if column.kind == "rate" else value


def with_rows(settings: TenantSettings, rows: Mapping[str, Sequence[Row]]) -> TenantSettings:
    """Return settings with this mapping.

    Raises:
        WrongMapping: the rows are none.
    """
    body: dict[str, Any] = settings.to_json()
    mapping = begun(settings).to_json()
    mapping |= {name: [{k: v for k, v in row.items() if v} for row in of_it] for name, of_it in rows.items()}
    try:
        return settings_files.read(to_json(body | {"daysales": mapping}), is_json=True)
    except WrongFile as error:
        raise WrongMapping(list(map(_place, error.places)), () if error.places else error.problems) from None


def _place(place: Sequence[int | str]) -> tuple[Section | None, int, Column | None]:
    """Return what a place in the settings (``daysales``, section, row, field) is in the form."""
    parts: tuple[int | str | None, ...] = (*place[1:4], None, None, None)
    name, number, field = parts[:3]
    section = next((one for one in SECTIONS if one.name == name), None)
    columns = section.columns if section else ()
    return section, number + 1 if isinstance(number, int) else 0, next((c for c in columns if c.field == field), None)


def accounts_of(mapping: DaySalesSettings) -> tuple[int, ...]:
    """Return the accounts that a mapping uses, each once."""
    lists = (mapping.payments, mapping.sales, mapping.vat, mapping.others)
    found = {one.account for of_it in lists for one in of_it if one.account is not None}
    return tuple(sorted(found))
