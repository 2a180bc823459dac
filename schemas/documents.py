"""Documents that come with facts: the document store has them by what they hold, and a message only names them."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from schemas.base import Message

LARGEST: Final = 2_000_000
"""Bytes of a document that is put beside a voucher."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Flaw = Literal["not_base64", "not_a_pdf", "too_large"]
FLAWS: Final[dict[Flaw, str]] = {
    "not_base64": "it is no text of base64",
    "not_a_pdf": "it is no whole PDF, from %PDF- to %%EOF",
    "too_large": f"it has more than {LARGEST:,} bytes",
}
"""What is wrong with a document that came, for its sender."""


class Document(Message):
    """A document: the store has its content under its hash."""

    sha256: Sha256
    size: int = Field(ge=1, le=LARGEST, description="in bytes")
