"""What a form holds that was not done, in words: where it goes, what it does there, what somebody typed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.desk.web.employee_words import ACTIONS, REASONS
from schemas.words import Said

_ROW: Final = "row"
_LONGEST: Final = 2_000
"""Characters of a value that are shown: all of it is sent."""
_DOES: Final[Mapping[str, Said]] = {
    "apply": Said("Godkänn", "Approve"),
    "send": Said("Skicka", "Send"),
    "go-on": Said("Fortsätt skicka", "Go on sending"),
    "answers": Said("Besvara flera", "Answer several"),
    "unlink": Said("Koppla isär", "Unlink"),
    "settle": Said("Avgör", "Settle"),
    "active": Said("Låt konteringen gälla", "Activate the matching"),
    "preview": Said("Pröva konteringen", "Try the matching"),
    "accept": Said("Godta skillnaden", "Accept the difference"),
    "sync": Said("Synka", "Sync"),
    "source": Said("Byt källa", "Change the source"),
    "secret": Said("Ny hemlighet", "New secret"),
    "disconnect": Said("Koppla från", "Disconnect"),
    "discard": Said("Kasta", "Discard"),
    "skip": Said("Hoppa över", "Skip"),
    "role": Said("Ändra roll", "Change the role"),
    "people": Said("Bjud in", "Invite"),
    "keys": Said("Ny nyckel", "New key"),
    "publish": Said("Låt inställningarna gälla", "Put the settings in force"),
}
"""By the last part of the address, or what the button that was pressed names."""
_WHY: Final = Said("Varför", "Why")
_TYPED: Final[Mapping[str, Said]] = {
    "answer": Said("Svar", "Answer"),
    "action": Said("Åtgärd", "Action"),
    "set": Said("Åtgärd", "Action"),
    "comment": _WHY,
    "reason": _WHY,
    "difference": Said("Skillnad", "Difference"),
    "settings": Said("Inställningar", "Settings"),
    "email": Said("E-post", "E-mail"),
    "role": Said("Roll", "Role"),
    "holder": Said("För", "For"),
    "hours": Said("Timmar", "Hours"),
    "series": Said("Serie", "Series"),
    "source": Said("Källa", "Source"),
    "year": Said("År", "Year"),
    _ROW: Said("Valda", "Chosen"),
}
"""What people type or press; what else a page carried is counted, and shown by nobody."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that was not done.

    Attributes:
        does: what its button says, if that can be told.
        typed: what is shown of it: field, its name, value; of rows that were chosen, how many.
        more: how many other values the page carried.
        rows: those chosen.
    """

    does: Said | None
    typed: tuple[tuple[str, Said, Said | str], ...]
    more: int
    rows: tuple[str, ...]


def told(path: str, fields: Sequence[tuple[str, str]]) -> Unsent:
    """Say what a form holds, as its browser has sent it to this address: nothing else is known of it."""
    rows = tuple(value for name, value in fields if name == _ROW)
    words = {**ACTIONS, **REASONS}
    shown = [(name, value) for name, value in fields if value and name in _TYPED and name != _ROW]
    typed: list[tuple[str, Said, Said | str]] = [
        (name, _TYPED[name], words.get(value, value[:_LONGEST])) for name, value in shown
    ]
    if rows:
        typed.insert(0, (_ROW, _TYPED[_ROW], str(len(rows))))
    act = dict(fields).get("act", "")
    does = _DOES.get(act) or _DOES.get(path.rstrip("/").rpartition("/")[2])
    return Unsent(does, tuple(typed), len(fields) - len(shown) - len(rows), rows)
