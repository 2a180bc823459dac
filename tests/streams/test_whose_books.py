"""No flow writes what names another company, whatever the fact: a new flow is asked by itself."""

import pytest

from connectors.desk.trying import tried
from infra import registry
from infra.plugin import Flow
from schemas.asyncapi import samples
from schemas.bas import BAS_DAY_SALES
from schemas.commands import HoldForReview
from schemas.envelope import type_of
from schemas.events import DayClosed, Fact
from schemas.settings import TenantSettings

OURS, ANOTHERS = "5560160680", "5599990016"
NAMING = [
    (flow, fact) for flow in registry.flows() for fact in flow.facts if "organisation_number" in fact.model_fields
]


def test_day_sales_are_among_what_is_asked() -> None:
    """The question is not an empty one."""
    assert DayClosed in {fact for _, fact in NAMING}


@pytest.mark.parametrize(("flow", "fact"), NAMING, ids=lambda one: getattr(one, "name", None) or one.__name__)
def test_what_names_another_company_is_held(flow: Flow, fact: type[Fact]) -> None:
    """Of every sample of a fact that can name a company; the same sample of our own is decided on its merits."""
    said = [s["data"] for s in samples().values() if s["type"] == type_of(fact)]
    assert said
    for data in said:
        one = fact.model_validate({**data, "organisation_number": ANOTHERS}, strict=False)
        [result] = tried([flow], [one], TenantSettings(daysales=BAS_DAY_SALES), OURS)
        assert all(isinstance(order, HoldForReview) for order in result.orders)
        if flow.name not in TenantSettings.ORDERS:  # it orders nothing that leaves the house
            continue
        [hold] = result.orders
        assert isinstance(hold, HoldForReview)
        assert hold.reason == "another_company"
        [ours] = tried([flow], [one], TenantSettings(daysales=BAS_DAY_SALES), ANOTHERS)
        assert [o for o in ours.orders if isinstance(o, HoldForReview) and o.reason == "another_company"] == []
