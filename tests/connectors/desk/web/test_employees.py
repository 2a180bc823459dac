"""Staff in a browser: export, import, match, synchronize, unlink; what is shown is sent, and nothing before that."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from connectors.desk import synchronising
from infra import clock, registry
from infra.accounts.permissions import DeskRole
from infra.deciding import planning
from infra.deciding.decider import Decider
from infra.environment import load
from infra.office import Office, office
from infra.postgres import text
from infra.settings import MailSettings
from schemas import envelope as envelopes
from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen, LinkDecided, PlanRowApplied
from schemas.marks import MARKS
from schemas.pauses import PersonPaused
from schemas.personal import unsealed_number
from schemas.settings import EmployeesSettings, SettingsApplied, TenantSettings
from tests.bus import messages, records
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.web_driver import Visitor, visiting

pytestmark = pytest.mark.usefixtures("desk")

NOW = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
CHOSEN = EmployeesSettings(system="huma", source_of_truth="hr", preset="huma")
PEOPLE = (
    EmployeeChanged(
        system="huma",
        person_id="bo",
        changed_at=NOW,
        fields=EmployeeFields(
            email="bo@example.se",
            given_name="Bo",
            family_name="Ek",
            city="Lund",
            personal_number=unsealed_number("19900101-0017", NOW.date()),
        ),
    ),
    EmployeeChanged(
        system="huma",
        person_id="eva",
        changed_at=NOW,
        fields=EmployeeFields(email="eva@firma.se", given_name="Eva", family_name="Ek", city="Lund"),
    ),
    EmployeeChanged(
        system="huma",
        person_id="disa",
        changed_at=NOW,
        fields=EmployeeFields(
            email="disa@example.se", given_name="Disa", family_name="By", city="Lund", phone="+46701234567"
        ),
    ),
    EmployeeSeen(
        employee_id="7",
        seen_at=NOW,
        fields=EmployeeFields(email="eva@example.se", given_name="Eva", family_name="Lind", employment_id="7"),
    ),
    EmployeeSeen(
        employee_id="8",
        seen_at=NOW,
        fields=EmployeeFields(
            email="disa@example.se", given_name="Disa", family_name="By", city="Malmö", employment_id="8"
        ),
    ),
)


class Staff(Visitor):
    """Somebody's browser, at a company whose staff is compared."""

    tenant: str
    place: Office

    def at(self, *parts: str) -> str:
        """Return an address below the company's employees."""
        return "/".join((f"/companies/{self.tenant}/employees", *parts))

    async def plan(self) -> str:
        """Compare both sides as they are known; return the address of the plan."""
        made, _ = await synchronising.make(
            self.host, self.tenant, lambda _said: None, refresh=False, wait=60.0, by="test"
        )
        return self.at("plans", str(made.plan_id))

    async def row(self, plan: str, name: str, view: str = "plan") -> str:
        """Return the number of a row by the name that stands in it."""
        html = (await self.get(plan if view == "plan" else self.at(view) + "?tab=all")).text
        found = re.search(rf'name="row" value="(\d+)" aria-label="{name}"', html)
        assert found, f"{name} is not in the list"
        return found[1]

    async def sends(self, plan: str, query: str) -> tuple[str, dict[str, Any]]:
        """Look at what would be sent; return the page's words and its form."""
        html = (await self.get(f"{plan}/send?{query}")).text
        form: dict[str, Any] = {}
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html):
            form.setdefault(name, []).append(value)
        form.pop("to", None), form.pop("language", None)
        return await self.see(f"{plan}/send?{query}"), form

    async def told(self, kind: type[Any]) -> list[Any]:
        """Return what Kafka was told of one kind."""
        return [
            m.data
            for m in await messages(str(self.place.settings.kafka.bootstrap), kind.TOPIC, self.tenant)
            if type(m.data) is kind
        ]


def visit(
    story: Callable[[Staff], Awaitable[Any]],
    role: DeskRole = DeskRole.ACCOUNTANT,
    settings: EmployeesSettings | None = CHOSEN,
    people: Any = PEOPLE,
) -> Any:
    """Let somebody visit a company whose HR and Fortnox have told of people; flows decide meanwhile."""
    tenant = f"t-{uuid4().hex[:12]}"

    async def main() -> Any:
        async with office(load()) as place, visiting(place) as visitor:
            staff = Staff(visitor.host, visitor.http, visitor.url)
            staff.tenant, staff.place = tenant, place
            await Past(place).add(tenant)
            said = SettingsApplied(
                tenant=tenant, version=4, applied_by="lena", settings=TenantSettings(employees=settings)
            )
            message = envelopes.wrap(said, message_id="m/1", source="/tests", time=NOW, tenant=tenant)
            await Past(place).accept(message)
            told = await visitor.host.accept(tenant, "tests", people)
            over = asyncio.Event()
            flows = asyncio.create_task(_decide(place, tenant, over))
            while settings and await planning.undecided(place.engine, tenant, told):
                await clock.sleep(0.05)
            await visitor.is_signed_in_as(role, tenant)
            try:
                return await story(staff)
            finally:
                visitor.host.stop.set()
                over.set()
                await flows

    return asyncio.run(main())


async def _decide(place: Office, tenant: str, over: asyncio.Event) -> None:
    decider = Decider(place.engine, await place.producer(), registry.flows())
    while not over.is_set():  # never cancelled in the middle of a reading, which would leave its consumer open
        for mark in MARKS:
            await decider.decide(await records(str(place.settings.kafka.bootstrap), mark.TOPIC, tenant))


def test_without_a_staff_flow_the_page_says_how_to_switch_it_on() -> None:
    """An empty state on each of the pages, and nothing can be compared."""

    async def story(staff: Staff) -> None:
        for page in ("", "/export", "/import"):
            assert "Staff is not synchronized for this company." in await staff.see(staff.at() + page)
        assert (await staff.post(staff.at("compare"))).status_code == 409

    visit(story, settings=None, people=())


def test_before_the_first_comparison_pages_say_the_next_step_and_its_failure_is_shown() -> None:
    """Nobody was compared (A10); comparing goes on by itself, and what stops it is said where it was begun."""

    async def story(staff: Staff) -> None:
        assert "have not been compared yet" in await staff.see(staff.at("export"))
        assert "The first step: compare HR and Fortnox." in await staff.see(staff.at())
        begun = await staff.post(staff.at("compare"), {"view": "import"})
        assert begun.status_code == 303
        page = ""
        while "That failed:" not in page:
            page = await staff.see(begun.headers["location"])
            await clock.sleep(0.1)
        assert "is not connected to huma" in page
        assert "The last comparison failed:" in await staff.see(staff.at())

    visit(story)


def test_the_export_view_has_hr_only_linked_and_all_and_opens_on_linked() -> None:
    """A6 to A10, A14: whom Fortnox lacks, who is linked, everybody in HR; how old Fortnox's data is, and a button."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        page = await staff.see(staff.at("export"))
        assert "Nobody is linked yet. Under HR only you choose whom to export" in page
        assert "HR only 3 Linked 0 All 3" in page
        assert "Refresh Fortnox data" in page
        page = await staff.see(staff.at("export") + "?tab=hr_only")
        assert "Bo Ek" in page
        assert "Eva Lind" not in page
        assert "No row meets that." in await staff.see(staff.at("export") + "?tab=hr_only&q=100%25_")
        assert "Disa By" in await staff.see(staff.at("export") + "?tab=hr_only&q=disa")

    visit(story)


def test_somebody_is_exported_and_only_as_it_was_shown() -> None:
    """A12, A15, A16: the count stands on the button, each field beside it; afterwards the row is under Linked."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        row = await staff.row(plan, "Bo Ek", "export")
        page, form = await staff.sends(plan, f"view=export&tab=hr_only&do=export&row={row}")
        assert "Send 1: 1 created in Fortnox" in page
        assert "Given name" in page
        assert "19900101" not in page
        assert await staff.told(PlanRowApplied) == []
        sent = await staff.post(f"{plan}/send", form)
        assert sent.headers["location"] == f"{plan}/results"
        [applied] = await staff.told(PlanRowApplied)
        assert (applied.person, applied.action) == ("huma/bo", "create_in_fortnox")
        assert applied.applied_by == f"accountant-{staff.tenant}@example.se"
        results = await staff.see(f"{plan}/results")
        assert "on their way" in results
        assert "Bo Ek" in results
        assert "Bo Ek" in await staff.see(staff.at("export") + "?tab=linked")
        assert "Bo Ek" not in await staff.see(staff.at("export") + "?tab=hr_only")
        again = await staff.post(f"{plan}/send", form)
        assert again.status_code == 409
        assert len(await staff.told(PlanRowApplied)) == 1

    visit(story)


def test_cancel_leaves_nothing_behind() -> None:
    """A13: looking at what would be sent changes nothing; a plan that was thrown away is sent by nobody any more."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        before = (await staff.get(plan)).text
        _, form = await staff.sends(plan, "view=export&tab=all&all=1&do=export")
        assert (await staff.get(plan)).text == before
        dropped = await staff.post(f"{plan}/drop")
        assert dropped.headers["location"] == staff.at()
        late = await staff.post(f"{plan}/send", form)
        assert late.status_code == 409
        assert "Compare anew to go on." in late.text
        assert await staff.told(PlanRowApplied) == []
        assert "have not been compared yet" in await staff.see(staff.at("export"))

    visit(story)


def test_the_import_view_has_match_and_create_in_place_of_a_person() -> None:
    """A22 to A31: who is new and who is imported, what an import affects, and what it does; Create changes the row."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        page = await staff.see(staff.at("import"))
        assert "New 2 Imported 0 All 2" in page
        assert "Match Create" in page
        row = await staff.row(plan, "Eva Lind", "import")
        answer = await staff.post(f"{plan}/edit", {"view": "import", "tab": "all", "one": f"create_in_hr:{row}"})
        assert answer.status_code == 303
        page = await staff.see(staff.at("import") + "?action=create_in_hr")
        assert "Eva Lind" in page
        assert "Disa By" not in page
        detail = await staff.see(f"{plan}/rows/{row}")
        assert re.search(r"E-mail . eva@example.se|E-mail eva@example.se", detail)
        assert await staff.told(PlanRowApplied) == []

    visit(story)


def test_somebody_is_matched_by_hand_and_both_stand_beside_each_other() -> None:
    """A28, A30, A35, A39: two with other names are one by a person's word, with whose values count; then it is sent."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        eva, hr = await staff.row(plan, "Eva Lind"), await staff.row(plan, "Eva Ek")
        assert "Eva Ek" in await staff.see(f"{plan}/rows/{eva}?who=Eva")
        done = await staff.post(f"{plan}/rows/{eva}", {"with": hr, "action": "prefer_fortnox", "view": "import"})
        assert done.status_code == 303
        page = await staff.see(done.headers["location"])
        assert "matched by hand" in page
        assert "Family name Ek Lind Lind Fortnox's value to HR" in page
        late = await staff.post(f"{plan}/rows/{eva}", {"with": hr, "action": "match"})
        assert late.status_code == 409
        _, form = await staff.sends(plan, f"view=import&tab=all&do=planned&row={eva}")
        await staff.post(f"{plan}/send", form)
        [applied] = await staff.told(PlanRowApplied)
        assert (applied.person, applied.employee_id, applied.origin) == ("huma/eva", "7", "matched by hand")
        assert applied.action == "prefer_fortnox"

    visit(story)


def test_an_action_is_changed_in_bulk_by_filter_for_those_who_can_have_it() -> None:
    """A37: all of a selection, whatever page they are on; who cannot have it stays, and that is said."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        form = {"view": "plan", "tab": "all", "all": "1", "set": "create_in_fortnox"}
        answer = await staff.post(f"{plan}/edit", form)
        assert answer.status_code == 303
        page = await staff.see(answer.headers["location"])
        assert "2 rows: Create in Fortnox. 2 cannot have that action and are as before." in page
        nobody = await staff.post(f"{plan}/edit", {"view": "plan", "tab": "all", "set": "do_nothing"})
        assert nobody.status_code == 422
        assert "Choose at least one row first." in nobody.text

    visit(story)


def test_a_list_that_answers_a_form_stays_the_list_that_it_was() -> None:
    """Nobody was picked: its tabs, its filter and the other language lead to the list that stood there before."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        form = {"view": "export", "tab": "hr_only", "q": "Bo", "set": "do_nothing"}
        answer = await staff.post(f"{plan}/edit", form)
        assert answer.status_code == 422
        assert "Choose at least one row first." in answer.text
        to = {unescape(one) for one in re.findall(r'(?:href|action)="([^"]*\?[^"]*tab=[^"]*)"', answer.text)}
        assert {urlsplit(one).path for one in to} == {staff.at("export")}
        to = {unescape(one) for one in re.findall(r'name="to" value="([^"]*)"', answer.text)}
        assert to == {staff.at("export") + "?tab=hr_only&q=Bo"}
        assert f'<form class="filters" method="get" action="{staff.at("export")}">' in answer.text

    visit(story)


def test_the_other_language_of_what_is_sent_shows_the_same_rows() -> None:
    """Two were picked. In the other language they are two, and never the whole plan: also where sending was refused."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        rows = [await staff.row(plan, name) for name in ("Bo Ek", "Disa By")]
        said, form = await staff.sends(plan, "&".join(["view=plan&tab=all&do=export", *(f"row={one}" for one in rows)]))
        assert "Send 2:" in said
        asked = await staff.get(f"{plan}/send?view=plan&tab=all&do=export&row={rows[0]}&row={rows[1]}")
        refused = await staff.post(f"{plan}/send", form | {"shown": "something else"})
        assert refused.status_code == 409
        for page in (asked, refused):
            to = re.search(r'name="to" value="([^"]*)"', page.text)
            assert to is not None
            chosen = await staff.post("/language", {"to": unescape(to[1]), "language": "en"})
            assert "Send 2:" in await staff.see(chosen.headers["location"])

    visit(story)


def test_a_report_is_announced_only_where_it_can_be_mailed() -> None:
    """Without a mail server nobody gets one, whomever the company names."""
    server = MailSettings(host="127.0.0.1")

    async def story(staff: Staff) -> None:
        results = f"{await staff.plan()}/results"
        assert "The report is mailed to" not in await staff.see(results)
        staff.host.settings.__dict__["mail"] = server
        assert "The report is mailed to lena@example.se" in await staff.see(results)

    visit(story, settings=CHOSEN.model_copy(update={"report_to": ("lena@example.se",)}))


def test_a_list_is_saved_under_the_day_that_its_page_shows() -> None:
    """Half past midnight in Sweden is the day before elsewhere."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        async with staff.place.engine.begin() as connection:
            moved = (
                "update plans set body = jsonb_set(body, '{made_at}', to_jsonb(cast(:at as text))) where tenant = :t"
            )
            await connection.execute(text(moved), {"at": "2026-04-09T22:30:00Z", "t": staff.tenant})
        assert "The plan was made 2026-04-10 00:30" in await staff.see(f"{plan}/results")
        saved = await staff.get(f"{plan}/results.csv")
        assert f'filename="staff-{staff.tenant}-2026-04-10.csv"' in saved.headers["content-disposition"]

    visit(story)


def test_who_waits_is_found_by_the_name_that_the_list_shows() -> None:
    """Names are sealed where they stand, and the key holds none."""

    async def story(staff: Staff) -> None:
        for person in ("huma/bo", "huma/disa"):
            hold = json.loads(Past.held(person, staff.tenant, str(uuid4())).to_bytes())
            hold["data"]["flow"] = "employees"
            await Past(staff.place).reviews(envelopes.decode(json.dumps(hold).encode()))
        at = f"/companies/{staff.tenant}/held"
        assert "Bo Ek" in await staff.see(at)
        page = await staff.see(f"{at}?q=bo+ek")
        assert "Bo Ek" in page
        assert "Disa By" not in page
        assert "Nothing meets the selection." in await staff.see(f"{at}?q=bo+ek&state=closed")

    visit(story)


def test_somebody_is_found_by_name_and_the_browsers_history_names_nobody() -> None:
    """Explain says that nothing is known only where it is so; two of one name are told apart, titles name nobody."""

    async def story(staff: Staff) -> None:
        asked = f"/explain?tenant={staff.tenant}&what="
        assert (await staff.get(asked + "eva")).status_code == 404  # nobody has compared anybody
        plan = await staff.plan()
        assert (await staff.get(asked + "bo+ek")).headers["location"].endswith(f"/{staff.tenant}/story/huma%2Fbo")
        several = await staff.get(asked + "eva")
        assert [name in several.text for name in ("Eva Ek", "Eva Lind", "huma/eva", "employee/7")] == [True] * 4
        assert (await staff.get(asked + "nobody")).status_code == 404
        row = await staff.row(plan, "Bo Ek")
        for page in (f"{plan}/rows/{row}", f"/companies/{staff.tenant}/story/huma/bo"):
            html = (await staff.get(page)).text
            assert ("Bo Ek" in html, "Bo Ek" in html.partition("<title>")[2].partition("</title>")[0]) == (True, False)
        await staff.is_signed_in_as(DeskRole.VIEWER, "grannen")
        assert "Bo Ek" not in (await staff.get(asked + "ek")).text

    visit(story)


def test_a_number_that_no_row_has_is_no_row() -> None:
    """However long it is: it is said that there is no such page, and not that the database is away."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        for number in ("9" * 20, "9" * 5000, "-1", "x"):
            answer = await staff.post(f"{plan}/edit", {"view": "plan", "tab": "all", "one": f"do_nothing:{number}"})
            assert answer.status_code == 404

    visit(story)


def test_two_people_at_one_plan_never_send_what_one_of_them_has_not_seen() -> None:
    """The second changes a row while the first looks at it: the first sends nothing and is shown how it stands now."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        row = await staff.row(plan, "Disa By")
        _, form = await staff.sends(plan, f"view=plan&tab=all&do=planned&row={row}")
        other = {"view": "plan", "tab": "all", "row": row, "set": "prefer_fortnox"}
        assert (await staff.post(f"{plan}/edit", other)).status_code == 303
        late = await staff.post(f"{plan}/send", form)
        assert late.status_code == 409
        assert "Somebody has changed these rows since you saw them." in late.text
        assert await staff.told(PlanRowApplied) == []
        _, form = await staff.sends(plan, f"view=plan&tab=all&do=planned&row={row}")
        both = await asyncio.gather(*(staff.post(f"{plan}/send", form) for _ in range(2)))
        assert sorted(answer.status_code for answer in both) in ([303, 409], [303, 303])
        assert len({(one.row, one.action) for one in await staff.told(PlanRowApplied)}) == 1
        gone = await staff.post(f"{plan}/edit", other)
        assert gone.status_code == 422

    visit(story)


def test_the_first_synchronization_keeps_conflicts_and_missing_values_apart_and_is_sent_by_one_button() -> None:
    """H7 to H15: a choice for each kind, then for who is on one side only, and the button says what it does."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        page = await staff.see(staff.at())
        assert "nothing travels until the first plan is sent" in page
        told_in = ("Conflicts: both have a value", " City ", "Missing in Fortnox", " Phone ", "On one side only")
        assert sorted(told_in, key=page.index) == list(told_in)
        choices = {"conflict.city": "fortnox", "missing_in_fortnox.phone": "hr", "alone.hr": "create_in_fortnox"}
        settled = await staff.post(f"{plan}/settle", choices | {"alone.fortnox": "do_nothing"})
        assert settled.status_code == 303
        page = await staff.see(staff.at())
        assert "1 Fortnox's value to HR" in page
        page, form = await staff.sends(plan, "")
        assert "This is the company's first synchronization." in page
        assert "2 created in Fortnox" in page
        await staff.post(f"{plan}/send", form)
        told = {one.key: one for one in await staff.told(PlanRowApplied)}
        assert told["huma/bo"].action == "create_in_fortnox"
        assert {(c.field, c.prefer) for c in told["huma/disa"].choices} == {("city", "fortnox"), ("phone", "hr")}
        assert "changes travel by themselves" in await staff.see(staff.at())

    visit(story)


def test_what_was_sent_is_no_all_clear_for_those_who_were_left_alone() -> None:
    """Two with one phone number are not created with the others, and the page that tells of what was sent says so."""
    twins = tuple(
        EmployeeChanged(
            system="huma",
            person_id=name,
            changed_at=NOW,
            fields=EmployeeFields(email=f"{name}@example.se", given_name=name, family_name="By", phone="+46701110000"),
        )
        for name in ("gus", "han")
    )

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        await staff.post(f"{plan}/settle", {"alone.hr": "create_in_fortnox", "conflict.city": "hr"})
        assert "left people alone" not in await staff.see(staff.at())
        said, form = await staff.sends(plan, "")
        assert "2 created in Fortnox" in said
        await staff.post(f"{plan}/send", form)
        page = await staff.see(staff.at())
        assert "The last plan left people alone: 2 Duplicate ." in page
        assert f'href="{plan}?tab=duplicate"' in (await staff.get(staff.at())).text

    visit(story, people=(*PEOPLE, *twins))


def linked() -> LinkDecided:
    """Return that somebody has joined Disa."""
    return LinkDecided(person="huma/disa", employee_id="8", decided_by="Åsa", decided_at=NOW)


def test_somebody_is_unlinked_with_a_reason_and_is_under_hr_only_again() -> None:
    """A11, A18, A19: a reason is asked for and stays on record; the list is made anew by itself."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        row = await staff.row(plan, "Disa By")
        page = await staff.see(f"{plan}/unlink?view=export&tab=linked&row={row}")
        assert "1 person Disa By = employee 8" in page
        form = {"view": "export", "tab": "linked", "row": row, "what": "unlink"}
        assert (await staff.post(f"{plan}/unlink", form)).status_code == 422
        form |= {"reason": "delete_and_export_again", "comment": "dubbel"}
        answer = await staff.post(f"{plan}/unlink", form)
        while (answer := await staff.get(answer.headers["location"])).status_code != 303:
            answer.headers["location"] = answer.request.url.raw_path.decode()
            await clock.sleep(0.1)
        decided = (await staff.told(LinkDecided))[-1]
        assert (decided.person, decided.employee_id, decided.comment) == ("huma/disa", None, "dubbel")
        assert decided.decided_by == f"accountant-{staff.tenant}@example.se"
        assert "Disa By" in await staff.see(staff.at("export") + "?tab=hr_only")
        assert "Disa By" not in await staff.see(staff.at("export") + "?tab=linked")

    visit(story, people=(*PEOPLE, linked()))


def test_who_is_linked_with_somebody_else_by_now_is_not_taken_apart() -> None:
    """A page that was opened before shows the employee of then: what it does not show is left alone."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        row = await staff.row(plan, "Disa By")
        for employee_id in (None, "7"):
            said = LinkDecided(person="huma/disa", employee_id=employee_id, decided_by="Åsa", decided_at=clock.now())
            told = await staff.host.accept(staff.tenant, "tests", [said])
            while await planning.undecided(staff.place.engine, staff.tenant, told):
                await clock.sleep(0.05)
        form = {"view": "export", "tab": "linked", "row": row, "what": "unlink", "reason": "other"}
        late = await staff.post(f"{plan}/unlink", form)
        assert late.status_code == 409
        assert "Nothing was changed" in late.text
        assert (await staff.told(LinkDecided))[-1].employee_id == "7"

    visit(story, people=(*PEOPLE, linked()))


def test_a_pause_is_offered_for_a_leave_and_keeps_the_link() -> None:
    """A18: the better choice for a long leave."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        row = await staff.row(plan, "Disa By")
        form = {"view": "export", "tab": "linked", "row": row, "what": "pause", "reason": "long_leave"}
        assert (await staff.post(f"{plan}/unlink", form)).status_code == 303
        [paused] = await staff.told(PersonPaused)
        assert (paused.person, paused.paused, paused.reason) == ("huma/disa", True, "long_leave")

    visit(story, people=(*PEOPLE, linked()))


def test_who_may_only_see_sees_and_changes_nothing() -> None:
    """No button is offered, and a form is refused; another flow's or company's plan is not there."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        html = (await staff.get(plan)).text
        assert 'name="row"' not in html
        for act in ("edit", "settle", "drop", "send", "unlink", "go-on", "rows/1"):
            assert (await staff.post(f"{plan}/{act}", {"set": "do_nothing", "all": "1"})).status_code == 403
        for odd in (
            "plans/00000000-0000-4000-8000-000000000000",
            f"{plan.partition('employees/')[2]}/rows/99999999999",
        ):
            assert (await staff.get(staff.at(odd))).status_code == 404
        assert (await staff.get(f"{plan}?after=x")).status_code == 404

    visit(story, role=DeskRole.VIEWER)
