"""The characters that Fortnox takes of the texts that people write. Pure.

Source: Fortnox's page "formats and encoding".
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from schemas.base import seen

# ruff: noqa: RUF001, RUF003 - characters that look alike are what this file is about

# Fortnox's page prints the class with its quotes mangled, so that neither ' nor ’ is sure to be in it; ´ is.
_ALLOWED: Final = frozenset("\\0123456789 –:.`´,;^¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@\u0308\u030a")
_NEAREST: Final = str.maketrans(
    {
        **dict.fromkeys("'\"‘’‚‛“”„‟«»‹›′″", "´"),
        **dict.fromkeys("[{<", "("),
        **dict.fromkeys("]}>", ")"),
        **dict.fromkeys("—―", "–"),
        **dict.fromkeys("‐‑‒−~·•", "-"),
        "|": "/",
        "…": "...",
    }
)


@lru_cache(maxsize=1024)
def sanitise(text: str) -> str:
    """Return a text in the characters that Fortnox takes: the nearest ones, others dropped, white space single."""
    nearest = seen(text).translate(_NEAREST)
    allowed = " ".join("".join(_allowed(character) for character in nearest).split())
    return re.sub(r":/{2,}", ":/", allowed)  # "://" was seen refused, though each of its characters is allowed


def _allowed(character: str) -> str:
    if character in _ALLOWED or unicodedata.category(character).startswith("L"):
        return character
    plain = unicodedata.normalize("NFKC", character).translate(_NEAREST)
    return "".join(c for c in plain if c in _ALLOWED or unicodedata.category(c).startswith("L"))
