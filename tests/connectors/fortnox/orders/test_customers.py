"""Customers in Fortnox, against the sandbox: found by what identifies them, made once, never guessed."""

from typing import Any

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra import clock
from infra.delivery.journal import Journal
from infra.postgres import Engine, text
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater
from schemas.invoices import Buyer
from tests.connectors.fortnox import test_client as bare
from tests.connectors.fortnox.lane_driver import (
    NUMBER,
    SCOPES,
    attempt,
    carry_out,
    connected,
    customer,
    personal,
)
from tests.connectors.fortnox.test_client import Wire, says

wire = bare.wire
FAULTS = [
    *(Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML, Fault.LATE_COMMIT),
    *(Fault.STALE_LIST, Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT, Fault.FAIL_WITHOUT_COMMIT),
]
KNOWN: tuple[dict[str, Any], ...] = (
    {"CustomerNumber": "1", "Name": "Skolan", "OrganisationNumber": "559999-0016"},
    {"CustomerNumber": "2", "Name": "Ada", "OrganisationNumber": "800101-1231", "Email": "Ada@Exempel.se"},
    {"CustomerNumber": "A-3", "Name": "Tvilling", "Email": "tvilling@exempel.se"},
    {"CustomerNumber": "A-4", "Name": "Tvilling", "Email": "tvilling@exempel.se"},
)


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox with four customers."""
    made = sandbox.Company(123456, scopes=SCOPES)
    for values in KNOWN:
        made.register("customers")[values["CustomerNumber"]] = Record(dict(values))
    return made


@pytest.mark.parametrize(
    ("number", "buyer", "expected"),
    [
        (None, Buyer(organisation_number="5599990016", email="tvilling@exempel.se"), "1"),
        (None, Buyer(email="ada@exempel.SE"), "2"),
        (None, Buyer(personal_number=personal("personal_number", NUMBER)), "2"),
        ("A-4", Buyer(email="tvilling@exempel.se"), "A-4"),
        ("77", Buyer(organisation_number="5599990016"), "1"),
    ],
)
async def test_a_customer_is_found_by_what_identifies_best(
    engine: Engine, company: sandbox.Company, number: str | None, buyer: Buyer, expected: str
) -> None:
    """The number before the organisation's or the person's, and that before the address; nothing is written."""
    async with connected(engine, company) as connection:
        order = customer(customer_number=number, buyer=buyer, create=False)
        assert await connection.write(order, attempt()) == AlreadyThere(record=expected)
    assert len(company.register("customers")) == len(KNOWN)


@pytest.mark.parametrize(
    ("buyer", "code"),
    [
        (Buyer(email="tvilling@exempel.se", name="Tvilling"), "customer_ambiguous"),
        (Buyer(email="nobody@exempel.se", name="Skolan"), "customer_missing"),
    ],
)
async def test_two_who_fit_are_none_and_a_name_finds_nobody(
    engine: Engine, company: sandbox.Company, buyer: Buyer, code: str
) -> None:
    """A person decides; nothing of the buyer is in the words."""
    async with connected(engine, company) as connection:
        verdict = await connection.write(customer(buyer=buyer, create=False), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == (code, "accountant")
    assert "exempel" not in verdict.why
    assert ("A-3, A-4" in verdict.why) == (code == "customer_ambiguous")


async def test_a_double_that_was_made_inactive_fits_no_longer(engine: Engine, company: sandbox.Company) -> None:
    """That is how a person lays one aside whom Fortnox does not let them delete; alone, it is found all the same."""
    order = customer(buyer=Buyer(email="tvilling@exempel.se"), create=False)
    known = company.register("customers")
    async with connected(engine, company) as connection:
        known["A-3"].values["Active"] = False
        assert await connection.write(order, attempt()) == AlreadyThere(record="A-4")
        known["A-4"].values["Active"] = False
        verdict = await connection.write(order, attempt())
        assert isinstance(verdict, Rejected)
        assert verdict.code == "customer_ambiguous"
        del known["A-4"]
        assert await connection.write(order, attempt()) == AlreadyThere(record="A-3")


async def test_a_look_guesses_no_more_than_a_write(engine: Engine, company: sandbox.Company) -> None:
    """A process was killed before it wrote: who is found is as certain as ever, or the write says who has to choose."""
    order = customer(buyer=Buyer(email="tvilling@exempel.se", organisation_number="5599990024", name="Tvilling"))
    known = company.register("customers")
    async with connected(engine, company) as connection:
        assert await connection.probe(order, attempt()) == Absent()  # either of two
        known["A-3"].values["Active"] = False
        assert await connection.probe(order, attempt()) == AlreadyThere(record="A-4")
        company.no_right = {"OrganisationNumber"}
        assert await connection.probe(order, attempt()) == Absent()  # another may have the very number
        verdict = await connection.write(order, attempt())
        assert isinstance(verdict, Rejected)
        assert verdict.code == "field_unreadable"


async def test_a_new_customer_is_what_the_till_says(engine: Engine, company: sandbox.Company) -> None:
    """In characters that Fortnox takes; a person under the personal number, opened right before it is sent."""
    person = Buyer(name="Bo Ek", personal_number=personal("personal_number", "199003072384"), postal_code="223 50")
    new = Buyer(organisation_number="5599990024", email="ny@exempel.se", name="Bygget [Söder] AB", city="Lund")
    async with connected(engine, company) as connection:
        assert await connection.write(customer(buyer=new), attempt()) == Delivered(record="3")
        assert await connection.write(customer(buyer=person, customer_number="77"), attempt()) == Delivered(record="77")
        assert await connection.write(customer(buyer=new), attempt()) == AlreadyThere(record="3")
    company_made, person_made = (company.register("customers")[key].values for key in ("3", "77"))
    shown = ("Name", "OrganisationNumber", "Email", "City", "Type")
    assert tuple(company_made[name] for name in shown) == (
        *("Bygget (Söder) AB", "5599990024", "ny@exempel.se"),
        *("Lund", "COMPANY"),
    )
    of_a_person = ("Name", "OrganisationNumber", "ZipCode", "Type")
    assert tuple(person_made[name] for name in of_a_person) == ("Bo Ek", "199003072384", "223 50", "PRIVATE")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lost_answer_never_doubles_a_customer(engine: Engine, company: sandbox.Company, fault: Fault) -> None:
    """Whatever became of the POST, there is one, and the number is known."""
    company.faults = Faults(script=[fault], only="POST /3/customers", seconds={fault: 0.2})
    new = customer(buyer=Buyer(email="ny@exempel.se", name="Ny"))
    async with connected(engine, company) as connection:
        assert await connection.probe(new, attempt()) == Absent()
        verdict = await carry_out(connection, new)
    assert isinstance(verdict, Delivered | AlreadyThere)
    assert [key for key in company.register("customers") if key not in {k["CustomerNumber"] for k in KNOWN}] == [
        verdict.record
    ]


async def test_two_receipts_of_a_new_customer_make_one(engine: Engine, company: sandbox.Company) -> None:
    """While the first one's answer is lost, the second waits; then it takes the number, which no list shows yet."""
    first, second = (
        customer(f"openpos/3/{n}", buyer=Buyer(email=e, name="Ny")) for n, e in ((1, "Ny@x.se"), (2, "ny@x.se"))
    )
    other = customer("openpos/3/3", buyer=Buyer(email="annan@x.se", name="Annan"))
    await Journal(engine, "fortnox").insert([(0, first), (0, second), (0, other)])
    become = text(
        "update journal set state = :state, outcome = cast(:outcome as jsonb), finished_at = :at where key = :key"
    )
    async with connected(engine, company) as connection:
        values = {"key": first.subject, "state": "unknown", "outcome": None, "at": None}
        async with engine.begin() as database:
            await database.execute(become, values)
        waits = await connection.write(second, attempt())
        assert isinstance(waits, RetryLater)
        assert (waits.code, waits.alone) == ("customer_in_doubt", True)
        async with engine.begin() as database:
            outcome = '{"record": "77"}'
            await database.execute(become, values | {"state": "delivered", "outcome": outcome, "at": clock.now()})
        assert (await connection.write(second, attempt())).record == "77"
        assert isinstance(await connection.write(other, attempt()), Delivered)
    assert len(company.register("customers")) == len(KNOWN) + 1


async def test_a_receipt_that_names_its_new_customer_otherwise_makes_no_second_one(
    engine: Engine, company: sandbox.Company
) -> None:
    """The till corrected the name; no list shows yet whom the receipt's first content had made."""
    first = customer(buyer=Buyer(email="ny@x.se", name="Nyy"))
    again = customer(buyer=Buyer(email="ny@x.se", name="Ny"), revision="fedcba9876543210")
    await Journal(engine, "fortnox").insert([(0, first), (0, again)])
    delivered = text(
        """update journal set state = 'delivered', finished_at = clock_timestamp(), outcome = '{"record": "77"}'
           where order_id = :id"""
    )
    async with connected(engine, company) as connection:
        async with engine.begin() as database:
            await database.execute(delivered, {"id": first.id})
        assert (await connection.write(again, attempt())).record == "77"
    assert len(company.register("customers")) == len(KNOWN)


async def test_an_address_that_many_have_finds_nobody_of_another_number(
    engine: Engine, company: sandbox.Company
) -> None:
    """Their accountants' say: an invoice to one of them must not go to another, in the list or made just now."""
    shared = {"email": "faktura@byra.se", "name": "Ny"}
    company.register("customers")["5"] = Record(
        {"CustomerNumber": "5", "Name": "Gammal", "OrganisationNumber": "556016-0680", "Email": shared["email"]}
    )
    first, second = (
        customer(f"openpos/3/{number}", buyer=Buyer(organisation_number=number, **shared))
        for number in ("5599990024", "5566778899")
    )
    nobody = customer("openpos/3/3", buyer=Buyer(email=shared["email"]), create=False)
    await Journal(engine, "fortnox").insert([(0, first), (0, second)])
    delivered = text(
        """update journal set state = 'delivered', finished_at = clock_timestamp(), outcome = '{"record": "77"}'
           where order_id = :id"""
    )
    async with connected(engine, company) as connection:
        assert await connection.write(nobody, attempt()) == AlreadyThere(record="5")
        async with engine.begin() as database:
            await database.execute(delivered, {"id": first.id})
        assert isinstance(await connection.write(second, attempt()), Delivered)
    assert company.register("customers")["6"].values["OrganisationNumber"] == "5566778899"


@pytest.mark.parametrize("field", ["OrganisationNumber", "Email"])
async def test_who_cannot_be_told_apart_is_not_made_again(engine: Engine, company: sandbox.Company, field: str) -> None:
    """Fortnox hides a field: each receipt would make its buyer anew. Who has the very number is found all the same."""
    company.no_right = {field}
    buyer = Buyer(organisation_number="5599990024", email="ada@exempel.se", name="Ny")
    async with connected(engine, company) as connection:
        verdict = await connection.write(customer(buyer=buyer), attempt())
        assert isinstance(verdict, Rejected)
        assert (verdict.code, verdict.who, field in verdict.why) == ("field_unreadable", "operator", True)
        numbered = customer(buyer=buyer, customer_number="1")
        assert await connection.write(numbered, attempt()) == AlreadyThere(record="1")
    assert len(company.register("customers")) == len(KNOWN)


def page(numbers: range, total: int, *more: dict[str, Any]) -> bytes:
    """Return a page of customers."""
    items = [{"CustomerNumber": str(number), "Name": "Kund", "Email": ""} for number in numbers]
    return says(200, {"MetaInformation": {"@TotalResources": total}, "Customers": [*items, *more]})


async def test_a_customer_who_moved_up_while_the_list_was_read_is_not_made_again(wire: Wire) -> None:
    """One of the first page was deleted: the one who stood first on the second is on none, and the numbers agree."""
    wanted = {"CustomerNumber": "501", "Name": "Bygget", "OrganisationNumber": "559999-0016"}
    wire.replies["GET /3/customers"] = [page(range(500), 501), page(range(0), 500)]
    async with bare.connected(wire) as connection:
        verdict = await connection.write(customer(), attempt())
        assert isinstance(verdict, RetryLater)
        assert (verdict.code, verdict.alone) == ("list_moved", True)
        wire.replies["GET /3/customers"] = [page(range(1, 500), 500, wanted)]
        assert await connection.write(customer(), attempt()) == AlreadyThere(record="501")
    assert wire.of("POST /3/customers") == []


async def test_who_fits_in_a_list_that_is_not_whole_may_not_be_who_fits_best(wire: Wire) -> None:
    """An address was found, and the customer with the organisation's number is not shown yet; a number is certain."""
    address = {"CustomerNumber": "A-1", "Name": "Anna", "Email": "faktura@exempel.se"}
    organisation = {"CustomerNumber": "A-2", "Name": "Bygget", "OrganisationNumber": "559999-0016"}
    wire.replies["GET /3/customers"] = [page(range(3), 5, address)]
    async with bare.connected(wire) as connection:
        verdict = await connection.write(customer(), attempt())
        assert isinstance(verdict, RetryLater)
        assert verdict.code == "list_moved"
        looked = await connection.probe(customer(), attempt())
        assert isinstance(looked, RetryLater)
        assert looked.code == "list_moved"
        assert await connection.write(customer(customer_number="A-1"), attempt()) == AlreadyThere(record="A-1")
        wire.replies["GET /3/customers"] = [page(range(3), 5, address, organisation)]
        assert await connection.write(customer(), attempt()) == AlreadyThere(record="A-2")
