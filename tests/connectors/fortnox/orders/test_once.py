"""The promise for every kind of order: 35 % of the calls fail, in every way there is, and each effect is there once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import CostCentre, Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra import clock
from infra.postgres import Engine
from infra.verdicts import AlreadyThere, Delivered
from schemas import ids
from schemas.events import EmployeeFields
from schemas.invoices import Buyer
from tests.connectors.fortnox.lane_driver import (
    ANNA,
    SCOPES,
    absence,
    attachment,
    carry_out,
    connected,
    customer,
    employee,
    invoice,
    voucher,
)

LONGEST = 0.15
"""Seconds that a fault lasts; a lane settles longer."""
ROUNDS = 3


def person(number: int) -> EmployeeFields:
    """Return somebody."""
    return ANNA.model_copy(update={"email": f"anna{number}@exempel.se", "personal_number": None})


async def everything(connection: Any, round_: int) -> list[Any]:
    """Carry out one order of every kind and step; return what became of them."""

    async def carried(order: Any) -> Any:
        verdict = await carry_out(connection, order, settle=2 * LONGEST)
        assert isinstance(verdict, Delivered | AlreadyThere), verdict
        return verdict

    booked = await carried(voucher(f"openpos/3/{round_}"))
    numbered = await carried(employee(f"huma/{round_}", fields=person(round_)))
    await carried(employee(f"huma/x{round_}", employee_id=f"x{round_}", fields=person(100 + round_)))
    change = {"create": False, "employee_id": numbered.record, "expected": person(round_)}
    await carried(employee(f"huma/{round_}", step="change", fields=EmployeeFields(city="Umeå"), **change))
    away = await carried(absence(f"leave/{round_}", employee_id=numbered.record))
    gone = await carried(absence(f"gone/{round_}", employee_id=numbered.record, cause="VAB"))
    known = {"employee_id": numbered.record, "absence_id": away.record}
    await carried(absence(f"leave/{round_}", step="change", action="update", extent=50, **known))
    removal = {"employee_id": numbered.record, "absence_id": gone.record}
    await carried(absence(f"gone/{round_}", step="remove", action="delete", **removal))
    sold = [
        await carried(invoice(f"openpos/{document}/{round_}", document=document)) for document in ("invoice", "order")
    ]
    file = await carried(attachment(f"file/{round_}", content=b"%d" % round_, voucher=booked.voucher))
    buyer = Buyer(email=f"kund{round_}@exempel.se", name="Kunden")
    buying = await carried(customer(f"openpos/customer/{round_}", buyer=buyer))
    return [booked.voucher, numbered.record, away.record, *(each.record for each in sold), file.record, buying.record]


@pytest.mark.parametrize("seed", range(2))
async def test_every_order_has_one_effect_under_any_faults(engine: Engine, seed: int) -> None:
    """Of each kind, with two steps where there are two: never zero, never two."""
    company = sandbox.Company(123456, scopes=SCOPES, cost_centres={"S1": CostCentre("S1", "Butiken")})
    company.register("customers")["1"] = Record({"CustomerNumber": "1", "Name": "Skolan"})
    ending = [fault for fault in Fault if fault not in {Fault.SERVER_DOWN, Fault.THROTTLED}]
    rates = dict.fromkeys(ending, 0.33 / len(ending)) | {Fault.SERVER_DOWN: 0.01, Fault.THROTTLED: 0.01}
    company.faults = Faults(seed, rates, None, seconds=dict.fromkeys(Fault, LONGEST))
    async with connected(engine, company) as connection:
        results = [await everything(connection, round_) for round_ in range(ROUNDS)]
    await asyncio.sleep(2 * LONGEST)  # what was done late has been done by now
    company.settle(clock.now())
    assert company.calls.faults.total() > 10
    assert len({str(part) for parts in results for part in parts[:2]}) == 2 * ROUNDS
    marks = Counter(each.draft.description.split(" ")[-1] for each in company.vouchers())
    assert marks == {ids.mark(UUID(voucher(f"openpos/3/{round_}").id)): 1 for round_ in range(ROUNDS)}
    people = [each.values for each in company.register("employees").values()]
    assert sorted(str(each["Email"]) for each in people) == sorted(
        f"anna{base + round_}@exempel.se" for base in (0, 100) for round_ in range(ROUNDS)
    )
    assert sum(each["City"] == "Umeå" for each in people) == ROUNDS
    away = [each.values for each in company.register("absencetransactions").values()]
    assert sorted(str(each["id"]) for each in away) == sorted(result[2] for result in results)
    assert {each["Extent"] for each in away} == {"50.00"}
    for place, path in ((3, "invoices"), (4, "orders")):
        assert sorted(company.register(path)) == sorted(result[place] for result in results)
    assert sorted(set(company.register("customers")) - {"1"}) == sorted(result[6] for result in results)
    assert sorted(company.files) == sorted(company.attached) == sorted(result[5] for result in results)
