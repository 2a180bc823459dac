"""What came in and went out, by whom and how it went; as a page, and as CSV."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal

from starlette.responses import Response

from connectors.desk.web.spreadsheets import csv_file
from connectors.desk.web.visit import Page, Visit
from infra import clock, speaking
from infra.accounts.permissions import Permission
from infra.rows import Activity
from infra.showing import activity
from schemas.base import SWEDEN, Language

_MOST: Final = 300
_MOST_CSV: Final = 10_000
_CUT: Final = (
    f"Bara de senaste {_MOST_CSV} raderna är med: välj en kortare period för att få alla.",
    f"Only the latest {_MOST_CSV} rows are in this file: choose a shorter period to get all.",
)
_PERIODS: Final = {"7": 7, "31": 31, "366": 366}
_DIRECTIONS: Final[Mapping[str, Literal["", "in", "out"]]] = {"in": "in", "out": "out"}


async def _log(visit: Visit) -> Response:
    found = await _found(visit, _MOST + 1)
    return await visit.show(
        "activity.html",
        found=found[: -_MOST - 1 : -1],
        period=visit.asked("days", "31"),
        direction=visit.asked("direction"),
        full=len(found) > _MOST,
    )


async def _csv(visit: Visit) -> Response:
    found = await _found(visit, _MOST_CSV + 1)
    heading = ("at", "direction", "kind", "system", "count", "status", "by", "detail")
    rows = [_cells(one, visit.language) for one in found[-_MOST_CSV:]]
    if len(found) > _MOST_CSV:
        rows.append(("", "", "", "", "", "", "", visit.say(*_CUT)))
    return csv_file(f"activity-{visit.tenant}", heading, rows)


def _cells(one: Activity, language: Language) -> tuple[str, ...]:
    at = one.at.astimezone(SWEDEN).isoformat(timespec="seconds")
    detail = speaking.said(one.wording, one.detail, language)
    return (at, one.direction, one.kind, one.system, str(one.count), one.status, one.by, detail)


async def _found(visit: Visit, most: int) -> Sequence[Activity]:
    since = clock.now() - timedelta(days=_PERIODS.get(visit.asked("days", "31"), 31))
    direction = _DIRECTIONS.get(visit.asked("direction"), "")
    return await activity.latest(visit.host.engine, visit.tenant, since=since, limit=most, direction=direction)


PAGES: Final = (
    Page("/companies/{tenant}/activity", Permission.SEE, _log),
    Page("/companies/{tenant}/activity.csv", Permission.SEE, _csv),
)
