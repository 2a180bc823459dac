"""The flow that plans of staff are about."""

from typing import Final

from infra import registry
from infra.plugin import Flow

FLOW: Final = "employees"


def flow_of_employees() -> Flow:
    """Return it."""
    return next(flow for flow in registry.flows() if flow.name == FLOW)
