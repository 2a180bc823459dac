"""Many holds that wait alike, answered together: each is shown with its amount first, and told by itself after."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.responses import Response

from connectors.desk import acting, views
from connectors.desk.web.held import comment_of, what_is_missing
from connectors.desk.web.visit import Page, Visit
from infra import registry
from infra.accounts.permissions import Permission
from infra.deciding import remembering
from infra.delivery import waiting
from infra.rows import Hold
from schemas.money import ZERO

_MOST: Final = 100
_WAIT: Final = 8.0


async def _asked(visit: Visit) -> Response:
    return await _shown(visit, await _chosen(visit, visit.request.query_params.getlist("row")))


async def _shown(visit: Visit, holds: Sequence[Hold], *, status: int = 200, error: str = "") -> Response:
    """Show what would be answered, as far as all of it can be answered alike."""
    open_ = [hold for hold in holds if hold.closed_at is None]
    choices = acting.alike(open_)
    if not error and not choices:
        error, status = _why_not(visit, open_), 422
    return await _page(
        visit,
        open_,
        status=status,
        error=error,
        gone=len(holds) - len(open_),
        choices=choices,
        same={one.answer for one in choices if acting.mean_the_same(open_, one.answer)},
        total=sum((hold.order.data.amount or ZERO for hold in open_), ZERO),
        comment=comment_of(visit),
        must_say_why=acting.must_say_why,
    )


async def _page(visit: Visit, holds: Sequence[Hold], *, status: int = 200, **values: Any) -> Response:
    reason = holds[0].order.data.reason if holds else ""
    names = await remembering.names(visit.host.engine, registry.flows(), visit.tenant, [hold.key for hold in holds])
    known: dict[str, Any] = {"told_of": (), "error": "", "gone": 0}
    asked = QueryParams([("row", str(hold.hold_id)) for hold in holds])
    here = {"path": visit.at("held", "answers"), "query": asked, "reason": reason, "choice_of": acting.choice_of}
    return await visit.show("answers.html", status=status, holds=holds, names=names, **here, **known | values)


def _why_not(visit: Visit, holds: Sequence[Hold]) -> str:
    if not holds:
        return visit.say("Välj minst en som väntar.", "Choose at least one that waits.")
    if len({acting.kind(hold) for hold in holds}) > 1:
        return visit.say("Välj sådana som väntar av samma skäl.", "Choose such as wait for the same reason.")
    return visit.say("De har inget svar gemensamt.", "They have no answer in common.")


async def _answer(visit: Visit) -> Response:
    """Answer what is still as it was shown; what has moved meanwhile is told, and not answered."""
    holds, chosen = await _chosen(visit, visit.lists.get("row", ())), visit.form.get("answer", "")
    open_ = [hold for hold in holds if hold.closed_at is None]
    is_offered = chosen in {choice.answer for choice in acting.alike(open_)}
    if open_ and (error := what_is_missing(visit, open_[0], is_offered)):
        return await _shown(visit, holds, status=422, error=error)
    producer, engine, comment = await visit.host.producer(), visit.host.engine, comment_of(visit)
    came = await acting.answer_all(engine, producer, open_, chosen, by=visit.by, comment=comment, seconds=_WAIT)
    told = []
    for hold in holds:
        if (one := came.get(hold.hold_id)) is None:
            gone = visit.say("Inte besvarat, för det väntade inte längre.", "Not answered: it waited no longer.")
            told.append((hold, gone, False))
        else:
            done = one.closed and one.again is None and views.ended_otherwise(one, chosen) is None
            told.append((hold, views.became(hold, chosen, one, visit.language), done))
    return await _page(visit, holds, told_of=told, answered=sum(done for _, _, done in told))


async def _chosen(visit: Visit, ids: Sequence[str]) -> list[Hold]:
    """Return the holds that are meant, as they stand now; what is no id of one is nothing."""
    meant = []
    for one in list(dict.fromkeys(ids))[:_MOST]:
        with suppress(ValueError):
            meant.append(UUID(one))
    return await waiting.holds_with(visit.host.engine, visit.tenant, meant)


PAGES: Final = (
    Page("/companies/{tenant}/held/answers", Permission.DECIDE, _asked),
    Page("/companies/{tenant}/held/answers", Permission.DECIDE, _answer, act=True),
)
