"""The year-end scene: a company's ledger is fetched, its closing entries are planned, approved, booked and proved."""

import asyncio
import io
import json
import os
import sys
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from connectors.demo.clinic import BY_HAND, CLOSED, ENTRIES, KLINIKEN
from connectors.demo.scenes import Apply
from connectors.demo.screen import Screen
from connectors.demo.telling import amount
from connectors.demo.world import Unexpected, World
from infra import clock, ledgers
from infra.deciding import planning
from infra.http import Client
from infra.ledgers import LedgerYear
from infra.office import Office
from infra.packages import keys
from infra.plugin import Host
from infra.proving import comparing
from schemas.audit import DONE
from schemas.ledger import LedgerRequested
from schemas.money import ZERO
from schemas.plans import ClosingRow
from schemas.proofs import BooksProved

_TENANT: Final = KLINIKEN.tenant
_YEARS: Final = (2025, 2026)
_ANNA, _BO, _AUDITOR = "anna@example.com", "bo@example.com", "Revision & Co"


@dataclass(slots=True)
class AccountingFirm:
    """Does what an accounting firm does at the end of a year, and what an auditor does after it.

    Attributes:
        secret: what the year-end program signs with.
        url: bokbuss.
        facts: what is counted, for the end.
    """

    world: World
    place: Office
    http: Client
    screen: Screen
    secret: str
    url: str
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """Play the whole scene. Raises NotInTime, Unexpected."""
        host = await self.place.host()
        await self._fetch(host)
        await self._close(host)
        await self._prove(host)

    def next_steps(self) -> list[tuple[str, str]]:
        """Return commands to try, each with what it shows."""
        return [
            (f"ledger prove {_TENANT} --year {CLOSED.year}", "the books against what was posted"),
            (f"closing list {_TENANT}", "what became of each closing entry"),
        ]

    # --- The scenes -------------------------------------------------------------------------------------------------

    async def _fetch(self, host: Host) -> None:
        self.screen.scene(
            "Year-end: kliniken's ledger is fetched, two years of it",
            "One call for each year. The same year out of its SIE file is the same facts, byte for byte.",
        )
        await self._begin()
        for year in _YEARS:
            asked = LedgerRequested(year=year, requested_by=_ANNA, requested_at=clock.now())
            await host.accept(_TENANT, "desk", [asked])

        async def fetched() -> tuple[LedgerYear, ...]:
            years = await ledgers.years(self.place.engine, _TENANT)
            return years if sum(year.retrieved is not None for year in years) == len(_YEARS) else ()

        for year in sorted(await self.world.until(fetched, "two years of kliniken's ledger"), key=lambda one: one.last):
            self._note(f"year {year.last.year}", "fetched", f"{year.retrieved.vouchers} vouchers out of Fortnox")

    async def _close(self, host: Host) -> None:
        self.screen.scene(
            "Closing entries come, are planned by one and approved by another",
            "Nothing is sent before that. The period is locked; series I is exempt, so that the lock only warns.",
        )
        await self.world.control("locked-period", {"company": KLINIKEN.database_number, "end_date": CLOSED.isoformat()})
        await self._post_entries()
        plan, rows = await self._plan()
        await planning.apply(host, plan, by=_BO)
        self._note("", "applied", f"{len(rows)} entries approved by {_BO}")
        held = await self.world.held(_TENANT, "suspected_double")
        await self.world.answer(host, _TENANT, held, "same", by=_BO)
        self._note("", "answered", f"{_BO} answers same: nothing is booked twice")
        await self._all_exported(len(rows) - 1)

    async def _prove(self, host: Host) -> None:
        self.screen.scene(
            "The books are proved, and an auditor fetches the year",
            "What our events say was booked, against Fortnox's ledger; then one package, with an index of hashes.",
        )
        proved = await self._proved(host)
        self.facts["proof"] = "green" if proved.green else f"{proved.count} differences"
        said = f"{proved.posted} vouchers of ours among {proved.vouchers}: {self.facts['proof']}"
        self._note(f"year {CLOSED.year}", "proved", said)
        if not proved.green:
            self.problems.append(f"kliniken's books of {CLOSED.year} differ from what was posted")
        key, _ = await keys.make(self.place.engine, _TENANT, "senseworks", _AUDITOR, by=_ANNA, days=30)
        url = f"{self.url}/v1/{_TENANT}/senseworks/years/{CLOSED.year}/package"
        answer = await self.http.send("GET", url, headers={"authorization": f"Bearer {key}"})
        if answer.status != HTTPStatus.OK:
            raise Unexpected(f"{url} answered {answer.status}: {answer.text[:200]}")
        names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
        self.facts["package"] = len(names)
        self._note(f"year {CLOSED.year}", "package", f"{_AUDITOR} fetches it: {', '.join(names)}")

    async def _proved(self, host: Host) -> BooksProved:
        """Prove the books; what was booked a moment ago may not stand in the ledger's file yet."""

        async def settled() -> BooksProved | None:
            found = await comparing.compare(host, _TENANT, CLOSED.year, asked_by=_ANNA)
            return None if found.on_their_way else found

        found: BooksProved = await self.world.until(settled, "kliniken's closing vouchers to settle")
        return found

    # --- What they do -----------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Fill the company's books by hand, open its closing series, and choose settings."""
        number = KLINIKEN.database_number
        await self.world.control("series", {"company": number, "code": "I", "manual": True})
        for day, said, rows in BY_HAND:
            booked = [{"account": a, "debit" if kr > 0 else "credit": str(abs(kr))} for a, kr in rows]
            voucher = {"company": number, "series": "A", "date": day.isoformat(), "description": said, "rows": booked}
            await self.world.control("vouchers", voucher)
        await self.world.perform(Apply(KLINIKEN, KLINIKEN.settings, "closing entries in series I, with four eyes"))

    async def _post_entries(self) -> None:
        entries = [
            {"number": number, "date": CLOSED.isoformat(), "text": said, "rows": [_wire(a, kr) for a, kr in rows]}
            for number, said, rows in ENTRIES
        ]
        payload = {
            "format": "bokbuss.spiris.closing-entries/1",
            "batch": "2025-1",
            "company": {"organisationNumber": KLINIKEN.organisation_number, "databaseNumber": KLINIKEN.database_number},
            "year": {"from": "2025-01-01", "to": CLOSED.isoformat()},
            "submittedBy": _ANNA,
            "entries": entries,
        }
        raw = json.dumps(payload).encode()
        await self.world.post_signed(f"{_TENANT}/spiris", raw, "closing-2025-1", self.secret)
        self._note("batch 2025-1", "accepted", f"{len(entries)} closing entries over signed HTTP: 202, accepted")

    async def _plan(self) -> tuple[Any, list[ClosingRow]]:
        """Make a plan by the command that a person types, and show its rows."""
        made = await self._command("plan", "closing", _TENANT, "--by", _ANNA, "--json")
        plan = await planning.find(self.place.engine, made["plan_id"])
        rows: list[ClosingRow] = [row async for row in planning.rows(self.place.engine, plan)]
        for row in rows:
            warned = "; ".join(one.why for one in (*row.obstacles, *row.warnings))
            said = f"{row.action} in series {row.series}, {amount(row.amount or ZERO)}" + (
                f" ({warned})" if warned else ""
            )
            self._note(f"entry {row.number}", "planned", f"{row.text}: {said}")
        return plan, rows

    async def _command(self, *words: str) -> Any:
        """Run a command of bokbuss on the demo's folder, as a person would; return what it says."""
        ours = os.environ | {"BOKBUSS_DATA": str(self.place.settings.data)}
        run = (sys.executable, "-c", "from infra.cli import main; main()", *words)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*run, env=ours, stdout=pipe, stderr=pipe)
        said, complaint = await process.communicate()
        if process.returncode:
            raise Unexpected(f"bokbuss {' '.join(words)} ended with {process.returncode}: {complaint.decode()[-500:]}")
        return json.loads(said)

    async def _all_exported(self, number: int) -> None:
        async def booked() -> bool:
            ours = [r for t, r in self.world.told if t == _TENANT and r.outcome in DONE and r.voucher is not None]
            return len(ours) == number

        await self.world.until(booked, f"{number} closing entries to be booked")
        self.facts["closing_entries"] = number

    def _note(self, about: str, what: str, said: str) -> None:
        self.world.note(_TENANT, about, what, said)


def _wire(account: int, kronor: int) -> dict[str, object]:
    return {"account": account, "debit" if kronor > 0 else "credit": f"{Decimal(abs(kronor)):.2f}"}
