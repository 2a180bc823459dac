"""Passwords and one-time codes."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from hypothesis import given
from hypothesis import strategies as st

from infra.accounts import passwords
from infra.accounts.permissions import ALLOWED, EVERY_COMPANY, DeskRole, Permission, Person

RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238, appendix B."""


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    """The vectors of RFC 6238, appendix B, their last six digits."""
    assert passwords.step_of(RFC, code, now, 0) == now // 30


@given(st.integers(min_value=60, max_value=2**33), st.sampled_from([-2, -1, 0, 1, 2]))
def test_a_code_is_good_for_its_step_and_its_neighbours_and_never_twice(now: int, drift: int) -> None:
    """A clock may be half a minute off; a step that was used is over, with all before it."""
    totp = TOTP(b"12345678901234567890", 6, SHA1(), 30)  # noqa: S303 - what authenticators use
    code = totp.generate(now + drift * 30).decode()
    step = passwords.step_of(RFC, code, now, 0)
    if abs(drift) <= 1:
        assert step is not None
        assert passwords.step_of(RFC, code, now, step) is None or step < now // 30 + drift
    if step is not None:
        assert abs(step - now // 30) <= 1


@pytest.mark.parametrize("code", ["", "abc", "12345", "\N{ARABIC-INDIC DIGIT ONE}23456", "1234567"])
def test_what_is_no_code_is_none(code: str) -> None:
    """Nothing that an authenticator would not show is taken, and nothing raises."""
    assert passwords.step_of(RFC, code, 59, 0) is None


async def test_a_password_proves_itself_and_no_other() -> None:
    """What is kept is Argon2id with a salt of its own."""
    one, other = await passwords.proof_of("en lang ramsa"), await passwords.proof_of("en lang ramsa")
    assert one != other
    assert one.startswith("$argon2id$")
    assert await passwords.proves("en lang ramsa", one)
    assert not await passwords.proves("en lang rams", one)
    assert not await passwords.proves("en lang ramsa", None)


def test_each_role_may_what_the_one_before_may() -> None:
    """A viewer sees; an admin may all; who has no role in a company has none there."""
    roles = list(DeskRole)
    assert all(ALLOWED[a] < ALLOWED[b] for a, b in pairwise(roles))
    assert ALLOWED[DeskRole.ADMIN] == frozenset(Permission)
    person = Person(None, "a@b.se", "A", {"krogen": DeskRole.ADMIN, EVERY_COMPANY: DeskRole.VIEWER})  # type: ignore[arg-type]
    assert person.may(Permission.MANAGE, "krogen")
    assert not person.may(Permission.DECIDE, "grannen")
    assert not Person(None, "a@b.se", "A", {"krogen": DeskRole.ADMIN}).may(Permission.SEE, "grannen")  # type: ignore[arg-type]
