"""What the demo prints for people fits the terminal, and reads well there."""

from datetime import UTC, datetime

import pytest

from connectors.demo.screen import Screen
from connectors.demo.telling import Effect


def test_no_amount_and_no_vouchers_name_is_torn_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever the end of the line falls, and what is printed are plain blanks."""
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(as_json=False)
    for number in range(40):
        text = f"{'x' * number} booked as F 13, debit 1 723 500.00"
        screen.effect(Effect(datetime(2026, 4, 10, tzinfo=UTC), "bageriet", "KASSA1 Z 418", "booked", text))
    printed = capsys.readouterr().out
    assert printed.count("F 13") == printed.count("1 723 500.00") == 40
    assert max(map(len, printed.splitlines())) <= 80
