"""Passwords and one-time codes, as they are proved: Argon2id, and TOTP of RFC 6238 with 30 seconds and six digits."""

import asyncio
import base64
import os
import secrets
from itertools import pairwise
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SHORTEST: Final = 12
LONGEST: Final = 200
_STEP: Final = 30
_SALT, _LENGTH, _ITERATIONS, _LANES, _MEMORY_KIB = 16, 32, 2, 1, 19_456
"""OWASP's Password Storage Cheat Sheet, 2025: 19 MiB, two passes, one lane."""


def weakness(password: str, *about: str) -> str:
    """Return what is wrong with a new password: ``short``, ``long``, ``obvious``; nothing when it will do.

    Length is asked for, and no mixture of signs (NIST SP 800-63B-4, 3.1.1.2).

    Args:
        about: words that whoever guesses tries first: the address, the name.
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.casefold()
    words = {part for word in about for part in (word.casefold(), word.casefold().partition("@")[0]) if part}
    few = len(set(plain)) < 5  # noqa: PLR2004 - aaaaaaaaaaaa, 121212121212
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    guessed = any(plain.replace(word, "").strip("0123456789") == "" for word in words)
    return "obvious" if few or len(steps) == 1 or guessed else ""


async def proof_of(password: str) -> str:
    """Return what proves a password (a PHC string); 56 ms of processor in a thread."""
    return await asyncio.to_thread(lambda: _argon(os.urandom(_SALT)).derive_phc_encoded(password.encode()))


async def proves(password: str, proof: str | None) -> bool:
    """Tell whether a password is the one; without a proof it takes as long, and is not."""
    return await asyncio.to_thread(_proves, password[: LONGEST + 1], proof)


def _proves(password: str, proof: str | None) -> bool:
    if proof is None:
        _argon(bytes(_SALT)).derive(password.encode())
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), proof)
    except InvalidKey:
        return False
    return True


def _argon(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=_LENGTH, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_MEMORY_KIB)


# --- One-time codes -----------------------------------------------------------------------------------------------


def new_code_secret() -> str:
    """Return the secret of an authenticator: 160 random bits in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """Return the time step that a code is of: this one, or a neighbour, and later than the last one used; else None.

    Args:
        now: seconds since 1970.
        after: the last step that was used, so that no code is good twice.
    """
    code = code.replace(" ", "")
    if not (code.isascii() and code.isdecimal()):
        return None
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), _STEP)  # noqa: S303 - what RFC 6238 and every authenticator use
    for step in (now // _STEP + drift for drift in (-1, 0, 1)):
        if step <= after:
            continue
        try:
            totp.verify(code.encode(), int(step * _STEP))
        except InvalidToken:
            continue
        return int(step)
    return None
