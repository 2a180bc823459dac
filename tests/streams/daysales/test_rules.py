"""The rules stand in one tuple, and their names say them."""

from streams.daysales.rules import RULES


def test_every_rule_has_a_name_that_fits_an_order() -> None:
    """Rules are named once each, in at most 64 characters, and say in a sentence what they do."""
    names = [rule.__name__ for rule in RULES]

    assert len(set(names)) == len(names)
    assert all(len(name) <= 64 and rule.__doc__ for name, rule in zip(names, RULES, strict=True))
