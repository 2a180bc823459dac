"""Personal data that few may read: personal numbers and bank accounts, sealed wherever they travel or are kept."""

import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from schemas.bank_accounts import bank_account, split
from schemas.base import Message, whole
from schemas.identities import Invalid, personal_number

UNDER_A_KEY: Final = re.compile(r"p1:([0-9a-f]{16}|erased):[A-Za-z0-9_\-=]*", re.ASCII)
"""Values that are sealed under a key of their person's own: its number, and what it seals."""

PersonalKind = Literal["personal_number", "bank_account"]
_LONGEST: Final = 64


class Personal(Message):
    """A sealed text. The same text of the same company gives the same seal, so that rules can compare without reading.

    The host seals it when a fact is accepted (AES-SIV under the installation's data key, bound to company and kind)
    and a sink opens it right before it is sent.
    """

    kind: PersonalKind
    sealed: Annotated[str, StringConstraints(pattern=r"^v1:[A-Za-z0-9_\-=]{8,400}$")] = Field(repr=False)
    shown: str = Field(max_length=40, description="what a person may see of it: ``•••••••• 34``")
    flaw: str = Field(default="", pattern=r"^[a-z_]{0,40}$", description="why it is not valid, as a bounded code")
    warning: str = Field(default="", pattern=r"^[a-z_]{0,40}$", description="why a valid one may be wrong all the same")

    @model_serializer(mode="wrap")
    def _only_sealed(self, handler: SerializerFunctionWrapHandler) -> dict[str, str]:
        """Refuse what is not sealed. It stands here, since a field's serializer is that of its declared class."""
        if not self.sealed:
            raise ValueError(f"{self.kind}: it must be sealed before it is written")
        written: dict[str, str] = handler(self)
        return written


class Unsealed(Personal):
    """A text that was just read and is not sealed yet: in one process's memory only, it refuses to be written.

    ``plain`` is in its normal form where it is valid (12 digits; clearing number, comma, account number), so that equal
    ones are equal.
    """

    sealed: str = Field(default="", repr=False)
    plain: str = Field(repr=False)


def unsealed_number(text: str, today: date) -> Unsealed:
    """Return a personal or co-ordination number as it was read: in its normal form, or as it is with its flaw.

    Of ten digits the century is that of who was born last, on ``today`` at the latest.
    """
    try:
        number = personal_number(text, today)
    except Invalid as invalid:
        return flawed("personal_number", text, invalid.code)
    return Unsealed(kind="personal_number", plain=number.digits12, shown=number.masked)


def unsealed_account(clearing: str | None, number: str) -> Unsealed:
    """Return a Swedish bank account as it was read: in its normal form, or as it is with its flaw.

    Without a clearing number (None) the other text holds both, and is split.
    """
    try:
        account = bank_account(*(split(number) if clearing is None else (clearing, number)))
    except Invalid as invalid:
        return flawed("bank_account", number if clearing is None else f"{clearing},{number}", invalid.code)
    plain = f"{account.clearing},{account.number}"
    return Unsealed(kind="bank_account", plain=plain, shown=account.masked, warning=account.warning)


def flawed(kind: PersonalKind, text: str, code: str) -> Unsealed:
    """Return a text that is not valid; nothing of it is shown."""
    return Unsealed(kind=kind, plain=whole(text)[:_LONGEST], shown="•••", flaw=code)
