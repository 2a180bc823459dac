"""House work: which kinds go with which tax reduction (codes and texts are recorded)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.forms import names

OTHER: Final = "OTHERCOSTS"
ENDED: Final = frozenset({"COOKING", "TUTORING"})
KINDS: Final[Mapping[str, frozenset[str]]] = {
    "rot": frozenset(
        names("CONSTRUCTION ELECTRICITY GLASSMETALWORK GROUNDDRAINAGEWORK MASONRY PAINTINGWALLPAPERING HVAC OTHERCOSTS")
    ),
    "rut": frozenset(
        names(
            "MAJORAPPLIANCEREPAIR MOVINGSERVICES ITSERVICES CLEANING TEXTILECLOTHING SNOWPLOWING GARDENING BABYSITTING "
            "OTHERCARE HOMEMAINTENANCE FURNISHING TRANSPORTATIONSERVICES WASHINGANDCAREOFCLOTHING OTHERCOSTS"
        )
    ),
    "green": frozenset(names("SOLARCELLS STORAGESELFPRODUCEDELECTRICITY CHARGINGSTATIONELECTRICVEHICLE OTHERCOSTS")),
}
"""By tax reduction: Skatteverket's kinds, named as in Fortnox's document."""


def check(reduction: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Raise RequestRefused for a row that a document with this tax reduction must not have; ``none`` is none."""
    for row in rows:
        kind = str(row.get("HouseWorkType") or "EMPTYHOUSEWORK")
        if kind == "EMPTYHOUSEWORK":
            continue
        if reduction not in KINDS:
            raise RequestRefused(answers.NO_TAX_REDUCTION)
        if kind in ENDED:
            raise RequestRefused(answers.ENDED_HOUSE_WORK)
        if kind not in KINDS[reduction]:
            raise RequestRefused(answers.OTHER_TAX_REDUCTION, reduction, kind)
        if kind == OTHER and row.get("HouseWork"):
            raise RequestRefused(answers.OTHER_COSTS_AS_WORK)
