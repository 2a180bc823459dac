"""The rules stand in one tuple, those of a plan in another, and their names say them."""

import pytest

from streams.employees.plan import RULES as OF_A_PLAN
from streams.employees.rules import RULES


@pytest.mark.parametrize(("table", "shortest"), [(RULES, 5), (OF_A_PLAN, 3)])
def test_rules_are_named_for_what_they_demand(table: tuple[object, ...], shortest: int) -> None:
    """A rule's name is in orders, audit records and on the page: one sentence each, none twice."""
    found = [getattr(rule, "__name__", "") for rule in table]
    assert len(found) == len(set(found))
    assert all(len(name.split("_")) >= shortest and len(name) <= 64 for name in found)
