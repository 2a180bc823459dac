"""A reader of Swedish reads Swedish on every page, whatever has happened: a walk along every link."""

from datetime import date
from html import escape
from uuid import uuid4

import pytest
from pydantic_core import to_json

from connectors.desk.web import employee_sending
from infra import clock, proof_words, registry, tasks, words
from infra.access.connections import Connection, Connections
from infra.accounts.permissions import DeskRole
from infra.deciding import planning
from infra.delivery.journal import put_off
from infra.documents import Documents, Listed
from infra.embedded.owner import free_port
from infra.postgres import text
from infra.proving import records
from infra.settings import MailSettings
from infra.verdicts import RetryLater
from schemas import envelope as envelopes
from schemas.audit import Call
from schemas.events import EmployeeChanged, EmployeeFields
from schemas.proofs import BooksProved, Difference
from schemas.settings import SettingsApplied, TenantSettings
from schemas.ways import OutboxTable, WaysIn
from tests.connectors.desk.conftest import NOW, Past, VerbDriver, sample
from tests.connectors.desk.in_swedish import english_in, english_pages
from tests.connectors.desk.test_pages import HOLD, SHOP, told, visit
from tests.connectors.desk.web import test_days, test_employees, test_matching
from tests.connectors.desk.web.test_employees import Staff
from tests.connectors.desk.web_driver import Visitor

WRITTEN_BEFORE = (
    "a balanced day is booked",
    "an amended day is reversed",
    "an unmapped payment method holds",
    "The day is booked as F 12 and came again with other content.",
    "Reverse the voucher.",
    "Leave the books as they are.",
    "Reverse",
)
"""What a hold says that was made before texts had words, and rules that are no more: they show their text."""


@pytest.mark.usefixtures("desk")
def test_a_day_that_was_booked_amended_held_and_reversed() -> None:
    """Its pages, those of its company, and those of what could not be read."""

    async def past(past: Past) -> None:
        await told(past)
        await past.reviews(past.held(key="openpos/KASSA1/413"))

    async def story(visitor: Visitor) -> None:
        assert await english_pages(visitor, f"/companies/{SHOP}", ours=WRITTEN_BEFORE) == {}

    visit(story, past=past)


@pytest.mark.usefixtures("desk")
def test_people_who_were_compared() -> None:
    """Each list, each row and what is wrong with it, what would be sent, and how somebody stands."""
    wrong = EmployeeFields(email="no address", given_name="Ivar", family_name="Fel")
    ivar = EmployeeChanged(system="huma", person_id="ivar", changed_at=NOW, fields=wrong)

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        assert await english_pages(staff, "/", plan, f"{plan}/send?view=plan&all=1") == {}
        staff.http.headers["Accept-Language"] = "sv"
        row = await staff.row(plan, "Ivar Fel")
        assert "E-postadressen kan inte vara rätt" in await staff.see(f"{plan}/rows/{row}?view=plan")

    test_employees.visit(story, DeskRole.ADMIN, people=(*test_employees.PEOPLE, ivar))


@pytest.mark.usefixtures("desk")
def test_days_that_wait_for_an_account() -> None:
    """What waits is said by key and values, and each day tells its story."""

    async def story(visitor: Visitor, past: Past) -> None:
        await past.comes_to(test_days.report())
        assert await english_pages(visitor, f"/companies/{test_matching.SHOP}", ours=("Accountant",)) == {}

    test_matching.visit(story)


@pytest.mark.parametrize(
    "english",
    [
        "<p>Nothing waits for a person</p>",
        "<p>unbalanced</p>",
        '<input placeholder="Search for the day">',
        '<html lang="sv"><p lang="en">Waits</p>',
        "<p>Butik SODER, kassa KASSA1: total sales 12,00: Apply settings; the day is then booked by itself</p>",
    ],
)
def test_what_is_english_is_found(english: str) -> None:
    """By words that Swedish has not, and by the English sides of what we say in two languages."""
    assert english_in(english)


@pytest.mark.parametrize(
    "swedish",
    ["<p>Kör bokbuss held list</p>", '<p lang="en">of the day</p>', "<code>the-key</code>", "<p>Dagen går vidare</p>"],
)
def test_what_is_marked_or_the_same_in_both_languages_is_not(swedish: str) -> None:
    """Commands, code, and what is said to be English."""
    assert not english_in(swedish, may_mark=True)


@pytest.mark.usefixtures("desk")
def test_why_an_order_rests_and_a_connection_stands_still() -> None:
    """On the start page, in the story and among the connections: the reason travels as key and values."""
    order = sample("orders.fortnox.v1", "post-voucher")
    why = words.UNREACHABLE(party="Fortnox", how="POST 127.0.0.1: ConnectError")

    async def past(past: Past) -> None:
        await told(past)
        again = order.model_copy(update={"id": str(uuid4())})
        await past.order(again)
        resting = {"id": again.id, "outcome": to_json(put_off(RetryLater.saying(2.0, "unreachable", why))).decode()}
        failed = Call(at=NOW, request="POST /3/vouchers", status=None, milliseconds=3, verdict=str(why))
        resting["calls"] = to_json([failed.model_copy(update={"wording": why.wording})]).decode()
        async with past.place.engine.begin() as connection:
            change = "update journal set outcome = cast(:outcome as jsonb), calls = cast(:calls as jsonb)"
            await connection.execute(text(f"{change} where order_id = cast(:id as uuid)"), resting)
            await connection.execute(text("update tenants set database_number = 1 where tenant = :t"), {"t": SHOP})
        connections = Connections(past.place.engine, (await past.place.host()).vault)
        assert await connections.access(SHOP, "fortnox", _nobody) is not None
        assert await connections.pause(SHOP, "fortnox", "lena")

    async def story(visitor: Visitor) -> None:
        assert await english_pages(visitor, f"/companies/{SHOP}", ours=WRITTEN_BEFORE) == {}
        visitor.http.headers["Accept-Language"] = "sv"
        assert "Fortnox går inte att nå: POST 127.0.0.1" in await visitor.see(f"/companies/{SHOP}")
        assert "pausad av lena" in await visitor.see(f"/companies/{SHOP}/connections")

    visit(story, past=past)


async def _nobody(_held: Connection, _refresh: str | None, _may_send: object) -> RetryLater:
    return RetryLater.saying(2.0, "unreachable", words.UNREACHABLE(party="Fortnox", how="nobody asks"))


BOOKS = """#FLAGGA 1
#PROGRAM "Prov" 1
#FORMAT PC8
#GEN 20250101
#SIETYP 4
#FNAMN "Prov AB"
#RAR 0 20240101 20241231
#RAR -1 20230101 20231231
#KONTO 1930 Bank
#KONTO 2081 Kapital
#KONTO 3041 Varor
#IB 0 1930 5.00
#IB 0 1930 1.00
#UB -1 1930 7.00
#UB 0 1930 8.00
#RES 0 3041 -6.00
#VER A 2 20240105
{
#TRANS 1930 {} 6.00
#TRANS 3041 {} -5.00
}
#VER A 1 20250105
{
}
"""
"""A year with one finding of each kind."""
LEDGER = f"/companies/{SHOP}/ledger"


@pytest.mark.usefixtures("desk")
def test_a_year_out_of_a_file_with_all_that_is_odd_in_it() -> None:
    """What is worth knowing of its books stands below the year; its open items wait for a connection."""

    async def past(past: Past) -> None:
        for fact in registry.ledger_files().translate(BOOKS.encode("cp437")):
            about = {"message_id": f"m/{fact.key}", "source": "/tests", "time": NOW, "tenant": SHOP}
            await past.decides(envelopes.wrap(fact, **about))

    async def story(visitor: Visitor) -> None:
        visitor.http.headers["Accept-Language"] = "sv"
        said = await visitor.see(LEDGER)
        for line in (
            "Värt att veta om bokföringen: 9",
            "Flaggan säger att ett program redan har läst in filen",
            "#IB för konto 1930 står två gånger",
            "verifikation A 2 den 2024-01-05 går inte jämnt ut: det skiljer 1,00",
            "verifikation A 1 den 2025-01-05 kommer efter nummer 2",
            "det finns verifikationer från 2024-01-05 till 2025-01-05",
            "Konto 1930 börjar med 6,00 och slutade förra året med 7,00",
            "Konto 1930: ingående balans och verifikationer blir 12,00, #UB säger 8,00",
        ):
            assert line.casefold() in said.casefold(), line
        assert "är inte anslutet till" in await visitor.see(f"{LEDGER}/2024-12-31/open")
        assert await english_pages(visitor, LEDGER) == {}

    visit(story, past=past)


@pytest.mark.usefixtures("desk")
def test_what_is_not_there_and_what_is_not_shown_is_said() -> None:
    """No documents since nobody consented is not none; why one is missing is Swedish; a proof names how many it has."""
    last = date(2024, 12, 31)

    async def past(past: Past) -> None:
        for fact in registry.ledger_files().translate(BOOKS.encode("cp437")):
            about = {"message_id": f"m/{fact.key}", "source": "/tests", "time": NOW, "tenant": SHOP}
            await past.decides(envelopes.wrap(fact, **about))
        documents = Documents(past.place.engine, SHOP)
        await documents.said(last, "suppliers", "not_consented")
        await documents.listed(last, [Listed("A", "2", "receipt", "accounting")])
        await documents.missing("accounting", "receipt", "not_there")
        gone = proof_words.DELETED(ours="F 12")
        differs = Difference(
            id="0" * 12, kind="deleted", voucher="F 12", day=last, message=str(gone), wording=gone.wording
        )
        proved = BooksProved(
            year_from=date(2024, 1, 1),
            year_to=last,
            ledger_sha256="0" * 64,
            vouchers=2,
            posted=3,
            differences=(differs,),
            count=3,
            read_at=NOW,
        )
        await records.keep(past.place.engine, SHOP, proved)

    async def story(visitor: Visitor) -> None:
        visitor.http.headers["Accept-Language"] = "sv"
        assert "Dokument saknas: företaget har inte samtyckt till dokument" in await visitor.see(LEDGER)
        assert "Systemet räknar upp det" in await visitor.see(f"{LEDGER}/{last}/vouchers/2?series=A")
        assert "Bara de första 1 av 3 skillnader visas" in await visitor.see(f"{LEDGER}/{last}/proof")
        assert await english_pages(visitor, LEDGER) == {}

    visit(story, past=past)


@pytest.mark.usefixtures("desk")
def test_a_file_that_is_broken_and_settings_that_are_not_right() -> None:
    """Each line and each setting is told what should stand there."""
    broken = BOOKS.replace("#RAR 0 20240101", "#RAR 0 2024").replace("6.00", "6,00").replace("#KONTO 2081 Kapital", "Ö")
    wrong = (
        "daysales: {amended: holdd, days_late: -1, difference_limit: 0.5, start_date: 20260101x, sync_sales: perhaps,"
        " sale: {}, payments: {card: 1910}, vat: [{vat_rate: x}], unmapped: fallback}\n"
        "employees: {source_of_truth: hr, street_line: 3, zone: Svea, system: 7}\n"
        "yearend: [1]\n"
    )

    async def story(visitor: Visitor) -> None:
        visitor.http.headers.update({"Accept-Language": "sv", "Sec-Fetch-Site": "same-origin"})
        answer = await visitor.http.post(f"{visitor.url}{LEDGER}/file", content=broken.encode("cp437"))
        assert answer.status_code == 422
        assert "rad 7, kolumn 8: här ska en dag stå som ÅÅÅÅMMDD" in answer.text
        assert english_in(answer.text) == []
        for settings in (wrong, "daysales: {series: F}\ndaysales: {series: F}\n", "daysales: [", ""):
            page = await visitor.post(f"/companies/{SHOP}/settings", {"settings": settings, "version": "0"})
            assert page.status_code == 422
            assert english_in(page.text) == []
        page = await visitor.post(f"/companies/{SHOP}/settings", {"settings": wrong, "version": "0"})
        for line in (
            "daysales.series: saknas: verifikationsserien;",
            "daysales.amended: det står &#39;holdd&#39;; menades hold? det kan vara: hold, reverse",
            "daysales.sale: det finns ingen sådan inställning; menades sales?",
            "daysales.difference_limit: här ska ett belopp med två decimaler stå",
        ):
            assert line in page.text

    visit(story)


@pytest.mark.usefixtures("desk")
def test_a_report_that_no_mail_server_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results say so, and what to look at."""
    monkeypatch.setattr(employee_sending, "_PATIENCE", 0.0)
    port = free_port()
    chosen = test_employees.CHOSEN.model_copy(update={"report_to": ("lena@example.se",)})

    async def story(staff: Staff) -> None:
        staff.host.settings.__dict__["mail"] = MailSettings(host="127.0.0.1", port=port, encryption="none")
        staff.http.headers["Accept-Language"] = "sv"
        plan = await staff.plan()
        row = await staff.row(plan, "Bo Ek", "export")  # alone: the rest of the plan is not compared anew
        _, form = await staff.sends(plan, f"view=export&tab=hr_only&do=export&row={row}")
        assert (await staff.post(f"{plan}/send", form)).status_code == 303
        engine, task = staff.host.engine, None
        kind = employee_sending._kind(await planning.find(engine, plan.rpartition("/")[2]))
        while task is None or task.state == "running":
            await clock.sleep(0.05)
            task = await tasks.last(engine, staff.tenant, kind)
        said = await staff.see(f"{plan}/results")
        assert f"127.0.0.1:{port} tog inte emot rapporten (ConnectionRefusedError): kontrollera BOKBUSS_MAIL" in said
        assert await english_pages(staff, f"{plan}/results", ours=("Accountant",)) == {}

    test_employees.visit(story, settings=chosen)


@pytest.mark.usefixtures("desk")
def test_ways_in_that_nobody_has_opened() -> None:
    """Among the checks of the connection, each with what to do."""
    way = OutboxTable(name="kassa", system="openpos")
    lost = OutboxTable(name="borta", system="acmepos")
    chosen = TenantSettings(ways_in=WaysIn(outboxes=(way, lost)))

    async def past(past: Past) -> None:
        said = SettingsApplied(tenant=SHOP, version=1, applied_by="lena", settings=chosen)
        await past.decides(envelopes.wrap(said, message_id="m/1", source="/tests", time=NOW, tenant=SHOP))
        async with past.place.engine.begin() as connection:
            await connection.execute(text("update tenants set settings_version = 1 where tenant = :t"), {"t": SHOP})

    async def story(visitor: Visitor) -> None:
        assert (await visitor.post(f"/companies/{SHOP}/connections/fortnox/examine")).status_code == 303
        visitor.http.headers["Accept-Language"] = "sv"
        said = await visitor.see(f"/companies/{SHOP}/connections")
        assert f"kassa: ingen har lämnat det som öppnar den. Kör: bokbuss ways secret {SHOP} kassa" in said
        assert await english_pages(visitor, f"/companies/{SHOP}/connections") == {}

    visit(story, past=past)


def test_commands_speak_swedish_where_that_is_chosen(desk: VerbDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits, the trail, what was done and a story, with BOKBUSS_LANGUAGE=sv."""

    async def past(past: Past) -> None:
        await past.add(SHOP)
        await told(past)

    known = (*WRITTEN_BEFORE, "data.total_sales: an amount is a string")  # what a program says of bytes
    desk.after(past)
    monkeypatch.setenv("BOKBUSS_LANGUAGE", "sv")
    monkeypatch.setenv("COLUMNS", "1000")  # what is known is looked for in whole lines
    for verb in (("held", "list"), ("held", "show", HOLD), ("audit",), ("explain", "F", "13")):
        said = desk(*verb, "--tenant", SHOP).stdout
        lines = [line for line in said.splitlines() if not english_in(f"<p>{escape(line)}</p>", known)]
        assert lines == said.splitlines()
