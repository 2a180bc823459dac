"""After a restore a company is opened by itself only where its books were compared, and agree."""

from datetime import UTC, datetime
from pathlib import Path

from connectors.fortnox.settings import FortnoxSettings
from infra import installation
from infra.postgres import Engine, text
from infra.proving.nightly import prove_company
from infra.restoring import sweeping
from tests.connectors.fortnox.doctor_driver import DoctorDriver, company, doctor_driver, voucher

BACKUP = datetime(2026, 4, 11, tzinfo=UTC)


class Owned:
    """A lease that is ours."""

    def check(self) -> None:
        """Raise nothing."""


async def restored(visit: DoctorDriver) -> None:
    """Let the database have been restored, and what Kafka had be taken in."""
    async with visit.host.engine.begin() as connection:
        await installation.begin(connection, {})
        await installation.close(connection, why="a test", since=BACKUP)
        await installation.go_on(connection)


async def looked_at(visit: DoctorDriver) -> tuple[str, list[str]]:
    """Look at the company; return how it stands then, and why it is for a person to say."""
    await sweeping._look_at(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
    [(state, found)] = await visit.ask("select state, found from fenced where tenant = :t")
    return state, [why.partition(":")[0] for why in found["unclear"]]


async def gone_from_the_books(visit: DoctorDriver, number: int, key: int) -> None:
    """Have a voucher on record that the books have not got."""
    outcome = {"voucher": {"series": "F", "number": number, "year_id": 4}}
    await visit.journal(voucher(key=key), "delivered", outcome, 3600.0)


async def test_what_a_proof_has_named_since_the_restore_is_still_for_a_person_to_say(
    engine: Engine, tmp_path: Path
) -> None:
    """Each look keeps its proof, and breaks off where Fortnox is away; and the night's round may come first."""
    async with doctor_driver(engine, tmp_path, company(4720)) as visit:
        await gone_from_the_books(visit, 1, key=1)
        await prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        await restored(visit)
        await gone_from_the_books(visit, 2, key=2)
        await prove_company(visit.host, visit.tenant, Owned())  # type: ignore[arg-type]
        assert await looked_at(visit) == ("held", ["deleted"])  # and not the one of before the restore


async def test_what_was_found_after_a_restore_is_found_again_after_the_next(engine: Engine, tmp_path: Path) -> None:
    """A standby takes over before anybody has opened the company: that is no answer."""
    async with doctor_driver(engine, tmp_path, company(4721)) as visit:
        await restored(visit)
        await gone_from_the_books(visit, 1, key=1)
        assert await looked_at(visit) == ("held", ["deleted"])
        await visit.execute(text("update fenced set found = found || '{\"removed\": true}'"))
        await restored(visit)
        assert await looked_at(visit) == ("held", ["deleted", "it was removed after the backup"])
        assert await sweeping.open_company(engine, visit.tenant, "anna")
        await restored(visit)
        assert await looked_at(visit) == ("open", [])


async def test_a_company_whose_books_cannot_be_compared_is_not_opened_by_itself(engine: Engine, tmp_path: Path) -> None:
    """Too large, broken, another company's: nobody knows whether they agree."""
    async with doctor_driver(engine, tmp_path, company(4722)) as visit:
        await restored(visit)
        visit.host.settings.of(FortnoxSettings).ledger_bytes = 10
        state, why = await looked_at(visit)
        assert (state, set(why)) == ("held", {"not compared"})  # each year of those that it has
