"""Seeds of random histories: the same in every run, so that a commit passes or fails for itself; new ones on demand."""

from collections.abc import Iterator
from itertools import count
from os import environ
from random import SystemRandom
from time import perf_counter

EXPLORED = float(environ.get("BOKBUSS_EXPLORE") or 0)
"""Real seconds that each test of this kind tries new seeds for, after its own: ``make test EXPLORE=60``."""


def seeds(own: int) -> Iterator[int]:
    """Yield the seed asked for (``BOKBUSS_SEED=7``), or the test's own ones and then new ones while there is time."""
    if (asked := environ.get("BOKBUSS_SEED")) is not None:
        yield int(asked)
        return
    yield from range(own)
    until = perf_counter() + EXPLORED
    for seed in count(SystemRandom().randrange(1000, 2**31)):
        if perf_counter() > until:
            return
        yield seed
