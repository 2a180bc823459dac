"""A target's answers: to an order, to a look whether it was carried out, to asking for tokens. Each set is closed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, Self

from infra import words
from schemas.audit import Shown
from schemas.base import Who
from schemas.commands import VoucherRef
from schemas.words import Text, Wording, heard


@dataclass(frozen=True, slots=True)
class Granted:
    """New tokens. They never show themselves.

    Attributes:
        access: the access token.
        access_seconds: how long it lasts.
        refresh: the refresh token that comes with it, if any; the one before is used up.
        refresh_seconds: how long that one lasts.
        scopes: what was consented to, as far as the answer says it.
    """

    access: str = field(repr=False)
    access_seconds: float
    refresh: str | None = field(default=None, repr=False)
    refresh_seconds: float | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A clear no that stands until a person has acted."""

    state: Literal["needs_consent", "licence_missing"]
    why: Text


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No clear answer came: a refresh token may have been used up, or not."""

    why: Text


@dataclass(frozen=True, slots=True)
class _Done:
    """It is carried out.

    Attributes:
        record: what was written, by its name at the target, where it is no voucher: an employee's id, an invoice's.
        shown: where the answer shows the record: what of it is otherwise than was sent.
        wording: of ``note``, for readers of other languages.
        code: why a person has to look at what was written; empty: it is as it was sent.
    """

    voucher: VoucherRef | None = None
    note: str = ""
    record: str = ""
    shown: Shown | None = None
    wording: Wording | None = field(default=None, compare=False)
    code: str = ""

    @property
    def said(self) -> Text | str:
        """What is to be known about it, to be filled into what is said of it."""
        return heard(self.wording, self.note)


@dataclass(frozen=True, slots=True)
class Delivered(_Done):
    """It was carried out now."""


@dataclass(frozen=True, slots=True)
class AlreadyThere(_Done):
    """It had been carried out before, and was found.

    Attributes:
        others: further vouchers, or records by their names, that carry its mark too: it was carried out more than once.
    """

    others: tuple[VoucherRef | str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Certainly not carried out, for a passing reason; the lane waits ``after`` seconds and sends it again.

    Attributes:
        after: seconds.
        steady: the target was not asked, so the wait stays as short however often it comes.
        alone: it befell this order's own question and says nothing of others: only the order waits.
        of_kind: it befell what orders of this kind need, a licence or a right: only they wait, the others go on.
        wording: of ``why``, for readers of other languages.
    """

    after: float
    code: str
    why: str
    who: Who | None = None
    steady: bool = False
    alone: bool = False
    of_kind: bool = False
    wording: Wording | None = field(default=None, compare=False)

    @classmethod
    def saying(cls, after: float, code: str, why: Text, who: Who | None = None, **more: Any) -> Self:
        """Return a wait whose reason each reader reads in their own language."""
        return cls(after, code, why.english, who, wording=why.wording, **more)

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Certainly not carried out, and sending it again would change nothing until ``who`` has acted."""

    code: str
    why: str
    who: Who
    shown: Shown | None = None
    """Where the record was read first: what of it is otherwise than was expected."""
    voucher: VoucherRef | None = None
    """The voucher that stands in the way."""
    locked_until: date | None = None
    """The last day of the locked period that stands in the way."""
    wording: Wording | None = field(default=None, compare=False)
    """Of ``why``, for readers of other languages."""

    @classmethod
    def saying(cls, code: str, why: Text, who: Who, **more: Any) -> Self:
        """Return a refusal whose reason each reader reads in their own language."""
        return cls(code, why.english, who, wording=why.wording, **more)

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been carried out, now or later. Nothing is sent again until the target was asked."""

    why: str
    wording: Wording | None = field(default=None, compare=False)
    """Of ``why``, for readers of other languages."""

    @classmethod
    def saying(cls, why: Text) -> Self:
        """Return it with a reason that each reader reads in their own language."""
        return cls(why.english, why.wording)

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


@dataclass(frozen=True, slots=True)
class Absent:
    """The target was asked, to the last page, and does not show it (yet)."""


_LONGEST_NOTE: Final = 2000


def noting(said: Iterable[Text | str]) -> dict[str, Any]:
    """Return what ``Delivered`` and ``AlreadyThere`` carry of what is to be known about a record."""
    told = words.NOTES(notes=said)
    return {"note": told.english[:_LONGEST_NOTE], "wording": told.wording} if told.english else {}


Verdict = Delivered | AlreadyThere | RetryLater | Rejected | Unknown


Look = AlreadyThere | Absent | RetryLater
