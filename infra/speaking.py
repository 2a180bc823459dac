"""What messages say, in their reader's language: by the words that the plugins bring, else as it was written."""

from functools import lru_cache
from typing import Any

from infra import registry
from schemas.audit import AuditRecord
from schemas.base import Language
from schemas.commands import Choice, HoldForReview
from schemas.plans import BooksRow, CorrectionRow, Obstacle, PlanRow, RowT
from schemas.words import Said, Text, Wording, all_heard, called, read


def said(wording: Wording | None, text: str, language: Language) -> str:
    """Return a text of a message in a language; as it was written where no words of it are known here."""
    return read(wording, registry.words(), language) or text


def heard(said: Text | str, language: Language) -> str:
    """Return a text in a language, as far as its words are known."""
    return read(said.wording, registry.words(), language) or said.english if isinstance(said, Text) else said


def both(said: Text | str) -> Said:
    """Return a text in both languages."""
    return Said(heard(said, "sv"), heard(said, "en"))


def message(hold: HoldForReview, language: Language) -> str:
    """Return why something is held."""
    return said(hold.wording, hold.message, language)


def lines(hold: HoldForReview, language: Language) -> tuple[str, ...]:
    """Return the lines that explain a hold."""
    return tuple(heard(line, language) for line in all_heard(hold.line_wordings, hold.lines))


def means(choice: Choice, language: Language) -> str:
    """Return what happens after an answer."""
    return said(choice.wording, choice.means, language)


def why(record: AuditRecord, language: Language) -> str:
    """Return what a record of the trail says of the reason."""
    return said(record.wording, record.why, language)


def row(planned: RowT, language: Language) -> RowT:
    """Return a row of a plan with its texts in a language."""
    new: dict[str, Any] = {"why": said(planned.wording, planned.why, language)}
    match planned:
        case PlanRow(held=held, held_wording=wording):
            new["held"] = said(wording, held, language)
        case BooksRow():
            for what in ("obstacles", "warnings"):
                new[what] = tuple(_met(one, language) for one in getattr(planned, what))
    if isinstance(planned, CorrectionRow):
        differs = all_heard(planned.differ_wordings, planned.differs)
        new["differs"] = tuple(heard(line, language) for line in differs)
    return planned.model_copy(update=new)


def _met(met: Obstacle, language: Language) -> Obstacle:
    return met.model_copy(update={"why": said(met.wording, met.why, language)})


@lru_cache(maxsize=4096)  # a list says the same few names in every row
def name(kind: str, flow: str, of: str, language: Language) -> str:
    """Return what a name of a flow is called; ``kind``: reason, answer, rule."""
    return called(registry.words(), flow, kind, of, language)
