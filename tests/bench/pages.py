"""The desk's pages over a big company: 10,000 employees, 100,000 days, 200,000 vouchers, beside a bare page."""

import gc
import re
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx  # noqa: TID251 - a browser, without a network between
import psycopg
from starlette.applications import Starlette
from starlette.routing import Route

from connectors.desk.pages import PAGES, pages
from connectors.desk.web.rendering import Rendering
from infra import cli, clock, store
from infra.access.vault import open_vault
from infra.accounts import accounts, sessions
from infra.accounts.permissions import DeskRole
from infra.deciding import planning
from infra.embedded.database import EmbeddedPostgres
from infra.environment import whole
from infra.intake import web
from infra.leases import Leases
from infra.plugin import Host, Terms
from infra.postgres import Engine, text
from schemas import envelope as envelopes
from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen, Fact
from schemas.settings import EmployeesSettings
from streams.daysales import FLOW as DAYS
from streams.employees import FLOW as STAFF
from tests.bench import loads
from tests.bench.house import percentile
from tests.bench.report import Report, Row

_TENANT: Final = loads.tenant(0)
_AIM_MS: Final = 150
_RENDERING: Final = Rendering()
_DAYS, _COPIES, _TILLS, _PEOPLE = 100, 999, 50, 10_000
_AT: Final = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_SETTINGS: Final = loads.SETTINGS.model_copy(
    update={"employees": EmployeesSettings(system="alexishr", source_of_truth="hr")}
)
_MADE: Final = (
    """insert into tenants (tenant, created_at, settings_version) values (%(tenant)s, now(), 1)""",
    """insert into settings (tenant, version, body, applied_by, applied_at)
       values (%(tenant)s, 1, %(settings)s, 'bench', now())""",
    """insert into flow_state (flow, tenant, key, state)
       select flow, tenant, replace(left(key, -10), '/K', '/K' || n %% %(tills)s || '-')
              || (right(key, 10)::date - 200 * (n / %(tills)s)), state
       from flow_state, generate_series(1, %(more)s) n
       where flow = 'daysales' and key ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}$'""",
    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state, due_at, outcome,
                            accepted_at, journaled_at, finished_at, calls)
       select gen_random_uuid(), row_number() over (), 'fortnox', 0, s.tenant, s.key, 'bokbuss.post-voucher.v1',
              s.key, %(order)s::jsonb || jsonb_build_object('tenant', s.tenant, 'subject', s.key, 'data',
                  %(order)s::jsonb -> 'data' || jsonb_build_object(
                      'key', s.key, 'purpose', purpose, 'voucher_date', right(s.key, 10))),
              'delivered', now(), jsonb_build_object('voucher', jsonb_build_object('series', 'F', 'number',
                  row_number() over (), 'year_id', 4), 'why', ''),
              moved, moved, moved, '[]'
       from flow_state s, (values ('book'), ('rebook')) as twice(purpose)
            cross join lateral (select right(s.key, 10)::date + interval '27 hours') as at(moved)
       where s.flow = 'daysales' and s.key ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}$' order by moved""",
    """insert into audit (tenant, sequence, key, fact_id, message_id, trace, body, published_at)
       select tenant, row_number() over (), key, fact_id, order_id::text, '', %(record)s::jsonb || jsonb_build_object(
                  'key', key, 'voucher', outcome -> 'voucher', 'outcome', 'delivered'), now() from journal""",
    """insert into decided (topic, partition, "offset", tenant, fact_id, key, rules, accepted_at, decided_at)
       select 'facts.day-closed.v1', 0, row_number() over (), tenant, key, key, 'a_day_is_booked',
              right(key, 10)::date + interval '26 hours', now()
       from flow_state where flow = 'daysales' and key ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}$' order by right(key, 10)""",
    """insert into held (hold_id, tenant, flow, key, body, held_at, closed_at, how)
       select gen_random_uuid(), tenant, 'daysales', key, jsonb_set(%(hold)s::jsonb, '{subject}', to_jsonb(key)),
              now() - random() * interval '300 days', case when row_number() over () %% 10 = 0 then null else now() end,
              'booked'
       from flow_state where flow = 'daysales' and key ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}$' limit 20000""",
    "vacuum analyze",
)


async def measure(*, quick: bool) -> Report:
    """Fill a database set by set, ask each page again and again, and the bare one."""
    share = 10 if quick else 1
    with tempfile.TemporaryDirectory(prefix="bokbuss-bench-") as name, EmbeddedPostgres(Path(name)) as postgres:
        engine = store.engine(postgres.url, 8)
        await store.prepare(engine)
        settings = whole()(data=Path(name), _env_file=None)
        _fill(postgres.url, _COPIES // share, _PEOPLE // share)
        made, _ = await planning.make(engine, STAFF, _TENANT, _AT.date(), by="bench")
        host = Host(settings, engine, await open_vault(engine, settings), Leases(engine, 5.0), _nothing)
        app = web.application({})
        app.router.routes.extend(pages(host))
        gc.set_threshold(cli.ALLOCATIONS)  # as a server has it
        gc.freeze()
        rows = await _measured(app, engine, str(made.plan_id), 10 if quick else 30)
        await engine.dispose()
    days = _DAYS * (_COPIES // share + 1)
    counts = f"{_PEOPLE // share:,} employees, {days:,} days, {2 * days:,} vouchers"
    notes = [
        "In the server, without a network; the database beside it on the same cores.",
        "bare: Starlette and Jinja.",
    ]
    return Report(f"Pages of the desk: {counts}", rows, notes)


async def _nothing(*_: object) -> tuple[str, ...]:
    return ()


def _fill(url: str, more: int, people: int) -> None:
    record = (Path(__file__).parents[2] / "schemas/samples/audit.v1/v1/2-voucher-found.json").read_text()
    hold = (Path(__file__).parents[2] / "schemas/samples/orders.desk.v1/v1/held-day.json").read_text()
    order = (Path(__file__).parents[2] / "schemas/samples/orders.fortnox.v1/v1/post-voucher.json").read_text()
    values = {
        "tenant": _TENANT,
        "tills": _TILLS,
        "more": more,
        "settings": _SETTINGS.model_dump_json(),
        "hold": hold,
        "order": order,
    }
    with psycopg.connect(url, autocommit=True) as database, database.cursor() as cursor:
        with cursor.copy("copy flow_state (flow, tenant, key, state) from stdin") as copy:
            for row in _states(people):
                copy.write_row(row)
        for statement in _MADE:
            bound = values | {"record": _data_of(record)} if "%(" in statement else None
            cursor.execute(statement, bound)


def _data_of(message: str) -> str:
    return envelopes.decode(message.encode()).data.model_dump_json()


def _states(people: int) -> Iterator[tuple[str, str, str, str]]:
    """Yield what the flows remember of the days of one till, and of so many people on both sides."""
    terms = Terms(_SETTINGS, 1)
    for number in range(_DAYS):
        day = envelopes.decode(next(loads.facts(1, 1, number * 3)).to_bytes())
        yield from _learned(DAYS, day, terms)
    for number in range(people):
        for fact in _person(number):
            message = envelopes.wrap(
                fact, message_id=f"b/{number}", source="/bench", time=_AT, tenant=_TENANT, incarnation=0
            )
            yield from _learned(STAFF, message, terms)


def _learned(flow: Any, message: Any, terms: Terms) -> Iterator[tuple[str, str, str, str]]:
    states = {key: flow.state() for key in flow.reads(message.data)}
    for key, state in flow.evolve(states, message, flow.decide(states, message, terms)).items():
        yield flow.name, _TENANT, key, state.model_dump_json()


def _person(number: int) -> tuple[Fact, ...]:
    fields = EmployeeFields(
        email=f"p{number}@example.se",
        given_name=f"Anna{number}",
        family_name="Ek",
        city="Lund" if number % 20 else "Umeå",
    )
    there = fields.model_copy(update={"city": "Lund", "employment_id": str(number)})
    return (
        EmployeeChanged(system="alexishr", person_id=str(number), changed_at=_AT, fields=fields),
        EmployeeSeen(employee_id=str(number), seen_at=_AT, fields=there),
    )


async def _measured(app: Any, engine: Engine, plan: str, times: int) -> list[Row]:
    account, _ = await accounts.invite(engine, "bench@example.se", {_TENANT: DeskRole.ADMIN}, by="bench")
    cookies = {"bokbuss_session": await sessions.begin(engine, account, address="127.0.0.1", agent="bench")}
    bare = Starlette(routes=[Route("/", _bare)])
    transport = httpx.ASGITransport(app=bare)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        least = await _asked(http, "/", times)
    rows: list[Row] = []
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as http:
        for address in await _addresses(engine, plan):
            took = await _asked(http, address, times)
            row: Row = {
                "what": address.replace(f"/companies/{_TENANT}", "").replace(plan, "…") or "/ (today)"
            } | took.row
            row["of a bare one"] = took.processor / least.processor
            rows.append(row | {"aim": f"p95 under {_AIM_MS} ms", "met": row["p95, ms"] < _AIM_MS})
    return [{"what": "a bare page"} | least.row, *sorted(rows, key=lambda row: row["processor, ms"])]


async def _bare(request: Any) -> Any:
    known = {"person": None, "tenant": "", "language": "en", "told": ""}
    return _RENDERING.page(request, "no_invitation.html", 200, known)


@dataclass(frozen=True, slots=True)
class _Took:
    """Seconds of each answer on the clock, and of this process's processor for one."""

    clock: list[float]
    processor: float

    @property
    def row(self) -> Row:
        return {
            "p50, ms": percentile(self.clock, 0.5) * 1e3,
            "p95, ms": percentile(self.clock, 0.95) * 1e3,
            "processor, ms": self.processor * 1e3,
        }


async def _asked(http: httpx.AsyncClient, address: str, times: int) -> _Took:
    took: list[float] = []
    for number in range(times + 2):
        if number == 2:
            used = _used()
        begun = clock.monotonic()
        answer = await http.get(address)
        took.append(clock.monotonic() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    return _Took(took[2:], (_used() - used) / times)


def _used() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


async def _addresses(engine: Engine, plan: str) -> list[str]:
    """Return the address of every page of the company that there is something on, and second pages of lists."""
    async with engine.connect() as connection:
        key = await connection.scalar(text("select min(key) from journal"))
        hold = await connection.scalar(text("select hold_id from held where closed_at is null limit 1"))
    known = {"hold:uuid": str(hold), "key:path": key, "plan:uuid": plan, "row": "17", "system": "fortnox"}
    found = []
    for page in PAGES:
        if page.act or not page.path.startswith("/companies/") or page.path.endswith(("/changes", "/unlink")):
            continue
        path = page.path.replace("{tenant}", _TENANT)
        for name, value in known.items():
            path = path.replace(f"{{{name}}}", value)
        if not re.search(r"\{", path) and "closing/plans" not in path:
            found.append(path)
    base = f"/companies/{_TENANT}"
    return [*found, f"{base}/held?state=closed", f"{base}/held?q=K9", f"{base}/employees/import?tab=all&q=Anna17"]
