"""What a simulation of settings shows: the difference for people, and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connectors.desk import differences, words
from infra.deciding import simulating
from infra.deciding.simulating import Simulation
from schemas.money import ZERO, text
from schemas.words import Said

COMPARED: Final[Mapping[str, tuple[Said, Said]]] = {
    "daysales": (Said("rapport", "report"), Said("rapporter", "reports")),
    "invoicing": (
        Said("försäljning på faktura", "sale on account"),
        Said("försäljningar på faktura", "sales on account"),
    ),
}
"""What a flow is about, one and several."""
DOCUMENTS: Final[Mapping[str, Said]] = {
    "invoice": Said("faktura", "invoice"),
    "order": Said("order", "order"),
}


def changed(found: Sequence[Simulation]) -> int:
    """Return how much would come to something else."""
    return sum(one.changed for one in found)


def booked(found: Sequence[Simulation]) -> int:
    """Return for how much of that a voucher or a document stands already."""
    return sum(one.booked for one in found)


def to_json(found: Sequence[Simulation]) -> dict[str, Any]:
    """Return all that was found."""
    compared = {one.flow: one.keys for one in found}
    return {
        "reports": compared.get("daysales", 0),
        "sales_on_account": compared.get("invoicing", 0),
        "changed": changed(found),
        "booked_already": booked(found),
        "newly_held": _reasons(found, "held"),
        "released": _reasons(found, "released"),
        "documents": [
            {"now": now, "then": then, "number": number}
            for one in found
            for (now, then), number in sorted(one.documents.items())
        ],
        "owed": text(sum((one.owed for one in found), ZERO)),
        **differences.to_json([*simulating.differences(found)]),
    }


def lines(found: Sequence[Simulation]) -> Iterator[str]:
    """Return it as lines for people."""
    compared = " and ".join(f"{one.keys:,} {of(one.flow, one.keys).en}" for one in found)
    yield f"{compared} compared; {changed(found):,} would come to something else."
    if not changed(found):
        return
    for what, said in (("held", "would newly be held"), ("released", "would be held no longer")):
        for one in _reasons(found, what):
            thing = of(one["flow"], one["number"]).en
            yield f"{one['number']:,} {thing} {said} as {one['reason']}: {', '.join(one['examples'])}"
    for each in found:
        for (now, then), number in sorted(each.documents.items()):
            yield f"{number:,} {of(each.flow, number).en}: {DOCUMENTS[then].en} instead of {DOCUMENTS[now].en}"
    yield from differences.tables([*simulating.differences(found)])
    if owed := sum((one.owed for one in found), ZERO):
        yield (
            f"Customers would owe {words.money(abs(owed))} {'more' if owed > 0 else 'less'}: Fortnox books that on the "
            "account of its customer ledger, when the invoices are booked there."
        )
    if number := booked(found):
        yield (
            f"Booked or invoiced already: {number:,} of these. Settings change nothing that stands: what is held "
            "goes on, and what comes is booked, as they say; a booked day is corrected by a plan (bokbuss correct)."
        )


def of(flow: str, number: int) -> Said:
    """Return what a flow is about, for so many of it."""
    return COMPARED[flow][number != 1]


def _reasons(found: Sequence[Simulation], what: str) -> list[dict[str, Any]]:
    return [
        {"flow": one.flow, "reason": reason, "number": number, "examples": one.examples[what, reason]}
        for one in found
        for reason, number in (one.held if what == "held" else one.released).most_common()
    ]
