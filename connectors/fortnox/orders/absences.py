"""Absence in Fortnox: registered by one POST, found again among the employee's registrations of the day."""

from typing import Any, Final

from connectors.fortnox import classify, refusal_words, waiting_words
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import absence
from connectors.fortnox.paging import whole
from connectors.fortnox.tokens import SYSTEM
from infra import telemetry
from infra.delivery.answers import Answer, Missing, Unauthorised
from infra.delivery.calls import amend, unheard
from infra.delivery.orders import Orders
from infra.plugin import Attempt, Kind
from infra.verdicts import Absent, AlreadyThere, Look, Rejected, RetryLater, Verdict
from schemas.commands import WriteAbsence
from schemas.envelope import Envelope

_NAMED: Final = frozenset({"employee_missing", "cause_refused", "cost_centre_refused", "project_refused"})
"""How Fortnox refuses what a registration names: it stands all the same, and is never made anew for that."""

_log = telemetry.log(__name__)


async def write(fortnox: Fortnox, order: Envelope[WriteAbsence], attempt: Attempt) -> Verdict:
    """Register, change or remove an absence by one request."""
    data = order.data
    request = {"create": absence.create, "update": absence.update, "delete": absence.delete}[data.action](data)

    def read(response: Answer) -> Verdict | Unauthorised:
        if data.action == "delete":
            return classify.removed(response, absence.KEY, data.absence_id or "")
        if data.action == "update" and classify.says_missing(response, absence.KEY, _NAMED):
            return Rejected.saying("absence_missing", refusal_words.ABSENCE_GONE(), "accountant")
        return classify.written(response, absence.KEY, lambda record: absence.written(data, record))

    return await fortnox.ask(request, attempt, read=read, lost=unheard)


async def probe(fortnox: Fortnox, order: Envelope[WriteAbsence], attempt: Attempt) -> Look:
    """Look for a registration that says what the order says; one that was to be removed must be gone."""
    data = order.data
    if data.action == "create":
        return await _search(fortnox, order, attempt)
    answer = await fortnox.one(absence.read(data), absence.KEY, attempt)
    if isinstance(answer, RetryLater):
        return answer
    if isinstance(answer, Missing):
        done = data.action == "delete"
    else:
        done = data.action == "update" and not absence.differing(data, answer.fields)
    return AlreadyThere(record=data.absence_id or "") if done else Absent()


async def _search(fortnox: Fortnox, order: Envelope[WriteAbsence], attempt: Attempt) -> Look:
    listed = await whole(
        fortnox,
        lambda page: absence.listed(order.data, page),
        "AbsenceTransactions",
        attempt,
        name=lambda item: item.get("id") or str(item),
    )
    if isinstance(listed, RetryLater):
        return listed
    # Two leaves of one day can say the same, half a day each: what another order has registered is not this one's.
    alike = absence.found(order.data, listed.items)
    ours = Orders(fortnox.host.engine, SYSTEM, fortnox.company.tenant, WriteAbsence)
    taken = await ours.taken(alike, order.id)
    found = tuple(each for each in alike if each not in taken)
    if not found:
        return (
            classify.unreadable_list(listed.key) if absence.hides(order.data, listed.items) else listed.absent(attempt)
        )
    amend(attempt, waiting_words.FOUND(names=found))
    if len(found) > 1:
        _log.error("several_absences_say_the_same", tenant=fortnox.company.tenant, order_id=order.id)
    return AlreadyThere(record=found[0])


ABSENCES: Final[Any] = Kind(
    order=WriteAbsence,
    write=write,
    probe=probe,
    found_by="its id; a new one by employee, day, cause, part of the day and cost centre",
    unswept=True,
)
