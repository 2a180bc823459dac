"""A plan of staff as pages show it: some rows at a time by filter, how many there are of each kind, what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from pydantic_core import from_json

from infra import store
from infra.access import people
from infra.deciding import plan_rows
from infra.plugin import Flow, Terms
from infra.postgres import DatabaseConnection, Engine, text
from schemas.events import Side
from schemas.plans import CHOSEN, Plan, PlanRow

Kind = Literal["", "conflict", "missing_in_hr", "missing_in_fortnox"]
"""How a field of a pair differs."""

_IS_LINKED: Final = "(body ->> 'matched_by' = 'link' or (body ->> 'applied_at' is not null and action <> 'do_nothing'))"
_IS_PAIR: Final = "(body ->> 'person' is not null and body ->> 'employee_id' is not null)"
_HR, _BOOKS = get_args(Side)
_KIND: Final = f"""case when d ->> '{_HR}' <> '' and d ->> '{_BOOKS}' <> '' then 'conflict'
    when d ->> '{_BOOKS}' <> '' then 'missing_in_{_HR}' else 'missing_in_{_BOOKS}' end"""
_MEANT: Final = f"""plan_id = :plan_id
    and (:side = '' or body ->> (case :side when 'hr' then 'person' else 'employee_id' end) is not null)
    and (:alone = '' or body ->> (case :alone when 'hr' then 'employee_id' else 'person' end) is null)
    and (:linked = '' or {_IS_LINKED} = (:linked = 'yes'))
    and (:state = '' or state = :state) and (:action = '' or action = :action)
    and (not :open or body ->> 'applied_at' is null)
    and ((:field = '' and :kind = '') or ({_IS_PAIR} and exists (
        select from jsonb_array_elements(body -> 'fields') d
        where (:field = '' or d ->> 'field' = :field) and (:kind = '' or {_KIND} = :kind))))
    and (:said = '' or "row" = any(cast(:called as int[]))
        or concat_ws(' ', body ->> 'person', body ->> 'employee_id') ilike :like)
    and (cast(:rows as int[]) is null or "row" = any(cast(:rows as int[])))"""
_PAGE: Final = text(
    f"""select body::text from (
            select "row", body from plan_rows where {_MEANT} and "row" > :after order by "row" limit :page) as page
        order by "row" """  # noqa: S608 - no values in it
)
_NAMES: Final = text(
    """select array_agg("row" order by "row"), coalesce(jsonb_agg(body -> 'name' order by "row"), '[]')::text
       from plan_rows where plan_id = :plan_id"""
)
_NUMBERS: Final = text(f"""select "row" from plan_rows where {_MEANT} order by "row" """)  # noqa: S608 - no values in it
_WHERE: Final = text(
    f"""select {_IS_PAIR}, body ->> 'person' is not null, {_IS_LINKED}, state, action, body ->> 'rule' = :chosen,
               body ->> 'applied_at' is not null, count(*)
        from plan_rows where {_MEANT} group by 1, 2, 3, 4, 5, 6, 7"""  # noqa: S608 - no values in it
)
_FIELDS: Final = text(
    f"""select d ->> 'field', {_KIND}, d ->> 'prefer', count(*)
        from plan_rows, jsonb_array_elements(body -> 'fields') d
        where plan_id = :plan_id and {_IS_PAIR} and body ->> 'applied_at' is null group by 1, 2, 3 order by 1, 2, 3"""  # noqa: S608 - no values in it
)
_SEEN: Final = text(
    f"""select md5(coalesce(string_agg("row" || ':' || xmin, ' ' order by "row"), '')) from plan_rows where {_MEANT}"""  # noqa: S608 - no values in it
)


@dataclass(frozen=True, slots=True)
class Meant:
    """Which rows of a plan are meant; what is left out means any.

    Attributes:
        side: those who are there, whoever else is.
        alone: those who are only there.
        linked: whether the two are linked, or are by a row that was applied.
        kind: pairs of which a field differs like this; with ``field``: that field.
        said: part of a name or an id.
        called: the rows of those who are called so, which ``looked_up`` fills in.
        rows: their numbers.
        open: only what is not applied yet.
    """

    side: Side | Literal[""] = ""
    alone: Side | Literal[""] = ""
    linked: Literal["", "yes", "no"] = ""
    state: str = ""
    action: str = ""
    field: str = ""
    kind: Kind = ""
    said: str = ""
    rows: tuple[int, ...] | None = None
    open: bool = False
    called: tuple[int, ...] | None = None

    def values(self, plan: Plan) -> dict[str, Any]:
        """Return what the query is asked with. Raises ValueError: who is called so was not looked up."""
        if self.said and self.called is None:
            raise ValueError("who is called so is looked up before rows are asked for")
        like = self.said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return {
            "plan_id": plan.plan_id,
            "side": self.side,
            "alone": self.alone,
            "linked": self.linked,
            "state": self.state,
            "action": self.action,
            "field": self.field,
            "kind": self.kind,
            "said": self.said,
            "like": f"%{like}%",
            "called": list(self.called or ()),
            "rows": None if self.rows is None else list(self.rows),
            "open": self.open,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """How many rows stand alike.

    Attributes:
        pair: they are on both sides; else on one of them only, HR or the other.
        linked: the two are, or are by a row that was applied.
        chosen: a person has set the action.
    """

    pair: bool
    in_hr: bool
    linked: bool
    state: str
    action: str
    chosen: bool
    applied: bool
    rows: int

    @property
    def asks(self) -> bool:
        """Whether they say something, and were not applied yet."""
        return not self.applied and (self.action != "do_nothing" or self.chosen)


async def looked_up(engine: Engine, plan: Plan, meant: Meant) -> Meant:
    """Return the same with the numbers of those who are called so: names are sealed where they stand."""
    if not meant.said:
        return meant
    async with engine.connect() as connection:
        numbers, sealed = (await connection.execute(_NAMES, {"plan_id": plan.plan_id})).one()
        [names] = await people.opened(connection, [sealed.encode()])
    said = meant.said.casefold()
    found = zip(numbers or (), from_json(names), strict=True)
    return replace(meant, called=tuple(number for number, name in found if said in name.casefold()))


async def page(engine: Engine, plan: Plan, meant: Meant, *, after: int = 0, limit: int = 100) -> list[PlanRow]:
    """Return the next rows that are meant, in the plan's sequence."""
    async with engine.connect() as connection:
        bodies = list(await connection.scalars(_PAGE, {**meant.values(plan), "after": after, "page": limit}))
        return await people.models(connection, PlanRow, bodies)


async def numbers(engine: Engine, plan: Plan, meant: Meant) -> tuple[int, ...]:
    """Return the numbers of all rows that are meant."""
    return tuple(await store.scalars(engine, _NUMBERS, meant.values(plan)))


async def groups(engine: Engine, plan: Plan, meant: Meant = Meant()) -> tuple[Group, ...]:
    """Return how many of the rows that are meant stand alike."""
    found = await store.rows(engine, _WHERE, {**meant.values(plan), "chosen": CHOSEN})
    return tuple(Group(*row) for row in found)


async def fields(engine: Engine, plan: Plan) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """Return for each field and way to differ how many pairs there are, by whose value both get."""
    told: dict[tuple[str, str], dict[str, int]] = {}
    for field, kind, prefer, number in await store.rows(engine, _FIELDS, {"plan_id": plan.plan_id}):
        told.setdefault((field, kind), {})[prefer] = number
    return told


async def seen(connection: DatabaseConnection, plan: Plan, meant: Meant) -> str:
    """Return a digest of which rows there are and of their versions: what a person was shown is what is sent."""
    return str(await connection.scalar(_SEEN, meant.values(plan)))


async def preview(engine: Engine, flow: Flow, plan: Plan, rows: Sequence[PlanRow], terms: Terms) -> tuple[PlanRow, ...]:
    """Return rows with what each of them would do now. Nothing is kept."""
    async with engine.connect() as connection:
        return await plan_rows.effects(connection, flow, plan, rows, terms)
