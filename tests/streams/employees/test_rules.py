"""The rules stand in one tuple, and their names say them."""

from streams.employees.rules import RULES


def test_rules_are_named_for_what_they_demand() -> None:
    """A rule's name is in orders, audit records and on the page: one sentence each, none twice."""
    found = [rule.__name__ for rule in RULES]
    assert len(found) == len(set(found))
    assert all(len(name.split("_")) >= 5 and len(name) <= 64 for name in found)
