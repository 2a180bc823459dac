"""What goes wrong with calls to Alexis HR by chance."""

from infra import imitating
from infra.imitating import Fault


class Faults(imitating.Faults):
    """The faults of a company; its token stays good: a refused one is given up until a person gives another."""

    CHANCE = tuple(fault for fault in Fault if fault is not Fault.UNAUTHORISED)
