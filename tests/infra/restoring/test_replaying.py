"""What Kafka knows more than a restored database is taken in, however often that is cut off."""

from datetime import UTC, datetime

from infra.companies import _last_word
from infra.postgres import Engine, text
from infra.restoring.replaying import Replay, TakenIn
from infra.trail import Published, put_on_record
from schemas.audit import AuditRecord


async def test_that_a_company_was_removed_is_still_known_when_taking_in_is_taken_up_again(engine: Engine) -> None:
    """Its trail was taken back, and the process killed before it could say what stood there."""
    async with engine.begin() as connection:
        await put_on_record(connection, [_last_word("a", "anna")])
        [body] = await connection.scalars(text("select body::text from audit"))
        for table in ("audit", "audit_heads"):
            await connection.execute(text(f"delete from {table}"))  # noqa: S608 - our own names
    record = AuditRecord.model_validate_json(body)
    published = Published("a", record, "", datetime.now(UTC))  # noqa: TID251 - the clock of Kafka
    for records in (1, 0):
        taken = TakenIn()
        async with engine.begin() as connection:
            await Replay._append(connection, [published], taken)
        assert (taken.records["a"], taken.removed, taken.forked["a"]) == (records, {"a"}, 0)
