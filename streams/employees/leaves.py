"""Leaves: a range becomes days, and what changes is told by its differences. Pure."""

from typing import Any

from schemas.commands import Order, WriteAbsence
from schemas.envelope import Envelope
from schemas.settings import EmployeesSettings
from streams.employees.state import Memory


def orders(
    memory: Memory, key: str, envelope: Envelope[Any], settings: EmployeesSettings, version: int
) -> tuple[Order, ...]:
    """Return what brings Fortnox's days of a leave in line with what HR says, as far as nothing is under way."""
    return ()


def given(memory: Memory, order: WriteAbsence, tenant: str) -> None:
    """Remember an order for a day."""
