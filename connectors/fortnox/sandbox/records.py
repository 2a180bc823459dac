"""What a company keeps besides its books: records of its registers, and files."""

from dataclasses import dataclass, field
from datetime import datetime

Scalar = str | int | bool | None
Value = Scalar | list[dict[str, Scalar]] | dict[str, Scalar]
Values = dict[str, Value]
"""A record's fields by Fortnox's names. Decimal numbers are kept as text; forms.py knows how they are sent."""


@dataclass(slots=True)
class Record:
    """An employee, a customer, an invoice ...

    Attributes:
        values: what was set; what is missing here shows as its field's own emptiness.
        changed: when it was last written; None: before anybody looked.
        listed_from: when lists begin to show it; None: always.
    """

    values: Values
    changed: datetime | None = None
    listed_from: datetime | None = None


@dataclass(slots=True)
class Folder:
    """A folder of the archive; the inbox has only its static ones."""

    id: str
    name: str
    parent: str = "root"


@dataclass(slots=True)
class File:
    """A file in a folder. Its two ids are not interchangeable (facts §3.11)."""

    id: str
    archive_id: str
    name: str
    folder: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Attached:
    """A file that is connected to a voucher."""

    file: str
    year: int
    series: str
    number: int
