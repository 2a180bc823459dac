"""What a simulation of settings shows: the difference for people, and for programs."""

from collections.abc import Iterator
from typing import Any

from connectors.desk import differences
from infra.deciding.simulating import Simulation


def to_json(found: Simulation) -> dict[str, Any]:
    """Return all that was found."""
    return {
        "reports": found.keys,
        "changed": found.changed,
        "booked_already": found.booked,
        "newly_held": _reasons(found, "held"),
        "released": _reasons(found, "released"),
        **differences.to_json([*found.differences()]),
    }


def lines(found: Simulation) -> Iterator[str]:
    """Return it as lines for people."""
    compared = f"{found.keys:,} {'report' if found.keys == 1 else 'reports'} compared"
    yield f"{compared}; {found.changed:,} would come to something else."
    if not found.changed:
        return
    for what, said in (("held", "would newly be held"), ("released", "would be held no longer")):
        for one in _reasons(found, what):
            yield f"{one['reports']:,} {said} as {one['reason']}: {', '.join(one['examples'])}"
    yield from differences.tables([*found.differences()])
    if found.booked:
        yield (
            f"{found.booked:,} of these are booked already. Settings change no voucher: what is held goes on, and what "
            "comes is booked, as they say; what is booked is corrected by a plan (bokbuss correct)."
        )


def _reasons(found: Simulation, what: str) -> list[dict[str, Any]]:
    counts = found.held if what == "held" else found.released
    return [
        {"reason": reason, "reports": count, "examples": found.examples[what, reason]}
        for reason, count in counts.most_common()
    ]
