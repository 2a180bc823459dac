"""What a plugin may register: a kind of order that cannot be found again is none."""

from typing import Any

import pytest

from infra.plugin import Kind
from infra.verdicts import Absent, Delivered
from schemas.commands import PostVoucher


async def write(_connection: Any, _order: Any, _attempt: Any) -> Delivered:
    """Carry out nothing."""
    return Delivered()


async def probe(_connection: Any, _order: Any, _attempt: Any) -> Absent:
    """Find nothing."""
    return Absent()


@pytest.mark.parametrize("lacking", ["write", "probe", "found_by"])
def test_a_kind_that_cannot_say_how_it_is_found_again_cannot_be_registered(lacking: str) -> None:
    """It needs a write, a probe, and words for how the probe knows it; else the program does not start."""
    whole: dict[str, Any] = {"order": PostVoucher, "write": write, "probe": probe, "found_by": "its mark"}
    assert Kind(**whole).found_by == "its mark"
    with pytest.raises(TypeError, match="PostVoucher: an order needs a write, a probe, and words"):
        Kind(**whole | {lacking: None})
    with pytest.raises(TypeError, match="missing"):
        Kind(**{name: value for name, value in whole.items() if name != lacking})
