"""Which report a day close is: one that is known, one of its own, or perhaps one of those that are known. Pure.

Two stores can name a till alike, and a new till counts from 1 again. So what came under one counter (system, register
and Z number) is remembered together, however the register's letters are written: an update of a till can change them.
What is not certainly the same report is never taken for its amendment.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import count
from typing import Literal

from pydantic import AwareDatetime

from schemas import ids
from schemas.base import alike, once
from schemas.events import DayClosed
from schemas.flows import Remembered

FAR = timedelta(days=7)
"""Further apart, in both business date and time of taking, two closings are two closings."""

Relation = Literal["closing", "same", "maybe", "other"]


class Sighting(Remembered):
    """One content that came under a counter: whose it was, when, and a digest of its amounts (empty: all zero).

    ``register_id`` is empty in what was remembered before capitals were no difference.
    """

    report: str
    store: str
    business_date: date
    taken_at: AwareDatetime
    amendment: int
    organisation_number: str | None
    money: str
    register_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The key of the report that a content belongs to. ``doubts``: it is new, and may be one of these."""

    report: str
    doubts: tuple[str, ...] = ()


def sighting(report: str, day: DayClosed) -> Sighting:
    """Return what is remembered of a content of a report."""
    return Sighting(
        report=report,
        store=day.store,
        business_date=day.business_date,
        taken_at=day.taken_at,
        amendment=day.amendment,
        organisation_number=day.organisation_number,
        money=money_of(day),
        register_id=day.register_id,
    )


@once
def money_of(day: DayClosed) -> str:
    """Return a digest of every amount that could be booked; the empty string when there is none."""
    totals = (day.total_sales, day.cash_difference, *(p.amount for p in day.payments), *(o.amount for o in day.others))
    stated = (*((s.vat_rate, s.net, s.vat) for s in day.sales), *((v.vat_rate, v.net, v.vat) for v in day.vat))
    if not any(totals) and not any(map(any, stated)):
        return ""
    amounts = [
        *(["sales", s.group, str(s.vat_rate), str(s.net), str(s.vat)] for s in day.sales),
        *(["vat", "", str(v.vat_rate), str(v.net), str(v.vat)] for v in day.vat),
        *(["payments", p.method, str(p.amount)] for p in day.payments),
        *(["others", o.category, str(o.amount)] for o in day.others),
        ["cash", "", str(day.cash_difference)],
        ["total", "", str(day.total_sales)],
    ]
    return ids.digest(sorted(amounts))[:16]


def find(day: DayClosed, known: Sequence[Sighting], counted: Collection[str] = ()) -> Found:
    """Return the report that a content belongs to, of those that are known under its counter, or a new one.

    Args:
        counted: keys whose reports a person has counted to others: nothing is decided on under them any more.
    """
    if not known:
        return Found(day.key)
    new = sighting("", day)
    if again := next((k.report for k in known if k.model_copy(update={"report": ""}) == new), None):
        return Found(again)  # it came before: in doubt then, perhaps, and in doubt no second time
    reports: dict[str, list[Sighting]] = {}
    for one in known:
        reports.setdefault(one.report, []).append(one)
    related: dict[Relation, list[str]] = {}
    for report, its in reports.items():
        related.setdefault(_relation(new, its, known), []).append(report)
    certain = related.get("closing") or related.get("same") or []
    if len(certain) == 1:
        return Found(certain[0])
    return Found(_free_key(day, {*reports, *counted}), (*certain, *related.get("maybe", ())))


def _relation(new: Sighting, its: Sequence[Sighting], known: Sequence[Sighting]) -> Relation:
    """Tell how certainly a content belongs to a report: by store, time of taking, amendment, date and amounts.

    Of a register in other capitals only the very same closing is certain: it may be another register.
    """
    own = [k for k in its if alike(k.store, new.store) and not _of_another_company(k, new)]
    if not own:
        return _elsewhere(new, its, known)
    relation = _within_a_store(new, own)
    if relation == "other" or any(k.register_id == new.register_id for k in own):
        return relation
    told = (new.taken_at, new.amendment, new.business_date, new.money)
    return "closing" if any((k.taken_at, k.amendment, k.business_date, k.money) == told for k in own) else "maybe"


def _within_a_store(new: Sighting, own: Sequence[Sighting]) -> Relation:
    if any(k.taken_at == new.taken_at for k in own):
        return "closing"
    far = all(_is_far(k, new) for k in own)
    if twins := [k for k in own if k.amendment == new.amendment]:
        repeated = [k for k in twins if k.money == new.money]
        if any(k.business_date == new.business_date for k in repeated):
            return "same"
        return "other" if far and not (new.money and repeated) else "maybe"
    days = min(_days_apart(k, new) for k in own)
    if days == 0 or (days == 1 and new.amendment > max(k.amendment for k in own)):
        return "same"
    return "other" if far and not new.amendment else "maybe"


def _elsewhere(new: Sighting, its: Iterable[Sighting], known: Iterable[Sighting]) -> Relation:
    """Tell it of a report of another store or company: suspicious is the same day with the same amounts.

    So are an amendment of nothing that is known of its store, and two companies that claim one closing.
    """
    near = [k for k in its if k.taken_at == new.taken_at or _days_apart(k, new) <= 1]
    amends_nothing = new.amendment and not any(alike(k.store, new.store) for k in known)
    suspicious = [
        k for k in near if amends_nothing or alike(k.store, new.store) or (new.money and k.money == new.money)
    ]
    return "maybe" if suspicious else "other"


def _of_another_company(one: Sighting, other: Sighting) -> bool:
    numbers = {one.organisation_number, other.organisation_number} - {None}
    return len(numbers) > 1


def _days_apart(one: Sighting, other: Sighting) -> int:
    return abs((one.business_date - other.business_date).days)


def _is_far(one: Sighting, other: Sighting) -> bool:
    return _days_apart(one, other) > FAR.days and abs(one.taken_at - other.taken_at) > FAR


def _free_key(day: DayClosed, taken: Collection[str]) -> str:
    """Return a key that no report has, or had: the day close's own; else with its time of taking, and a number too."""
    return next(key for key in _keys(day) if key not in taken)


def _keys(day: DayClosed) -> Iterator[str]:
    yield day.key
    yield (timed := f"{day.key}T{day.taken_at.astimezone(UTC):%H%M%SZ}")
    yield from (f"{timed}/{n}" for n in count(2))
