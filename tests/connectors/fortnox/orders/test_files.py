"""Files in Fortnox, against the sandbox: uploaded once and joined once to the right voucher."""

import hashlib
import io
from datetime import date
from pathlib import Path

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import Fault, Faults
from infra import clock, contents
from infra.postgres import Engine
from infra.settings import DocumentsSettings, Settings
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater
from schemas.commands import VoucherRef
from tests.connectors.fortnox.lane_driver import SCOPES, TENANT, attachment, attempt, carry_out, connected, voucher

UPLOAD, JOIN = "POST /3/inbox", "POST /3/voucherfileconnections"
FAULTS = [
    *(Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML, Fault.LATE_COMMIT),
    *(Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT, Fault.FAIL_WITHOUT_COMMIT),
]


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox."""
    return sandbox.Company(123456, scopes=SCOPES)


def joined(company: sandbox.Company) -> list[tuple[str, int, str, int]]:
    """Return the names of the files that vouchers have, and which."""
    return [(company.files[one.file].name, one.year, one.series, one.number) for one in company.attached.values()]


async def test_a_file_is_uploaded_and_joined_to_the_voucher_of_its_year(
    engine: Engine, company: sandbox.Company
) -> None:
    """F 1 is in two years; the same file again is there already, whoever asks; another file is another one."""
    async with connected(engine, company) as connection:
        for year in (2025, 2026):
            await connection.write(voucher(voucher_date=date(year, 3, 31)), attempt())
        order = attachment(name="Kvitto «7» [a/b].pdf".replace("/", "|"))
        assert await connection.probe(order, attempt()) == Absent()
        done = attempt()
        verdict = await connection.write(order, done)
        assert isinstance(verdict, Delivered)
        assert [call.request.partition("?")[0] for call in done.calls] == [
            "GET /3/voucherfileconnections",
            "GET /3/inbox/inbox_v",
            "POST /3/inbox",
            "POST /3/voucherfileconnections",
        ]
        assert await connection.probe(order, attempt()) == AlreadyThere(record=verdict.record)
        again = await connection.write(attachment("file/2", name=order.data.name), attempt())
        assert (type(again), again.record) == (AlreadyThere, verdict.record)
        other = attachment("file/3", voucher=VoucherRef(series="F", number=1, year_id=3))
        assert await connection.probe(other, attempt()) == Absent()
        assert isinstance(await connection.write(other, attempt()), Delivered)
    assert [(year, series, number) for _, year, series, number in joined(company)] == [(4, "F", 1), (3, "F", 1)]
    name = f"Kvitto ´7´ (a-b) F1-4 {order.data.sha256[:12]}.pdf"  # noqa: RUF001 - what stands for quotation marks
    assert joined(company)[0][0] == name
    assert verdict.note == f"as {name}"
    assert company.files[verdict.record].content == order.data.content
    assert company.files[verdict.record].folder == "inbox_v"


@pytest.mark.parametrize("content", [b"\r\n--bokbuss\r\n", bytes(range(256)) * 100, b"\r\n", b"--\r\n\r\n--"])
async def test_any_content_arrives_byte_for_byte(engine: Engine, company: sandbox.Company, content: bytes) -> None:
    """The boundary of the form cannot be in the content."""
    async with connected(engine, company) as connection:
        await connection.write(voucher(), attempt())
        verdict = await connection.write(attachment(content=content), attempt())
    assert company.files[verdict.record].content == content


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", [UPLOAD, JOIN])
async def test_a_lost_answer_at_either_step_doubles_neither(
    engine: Engine, company: sandbox.Company, step: str, fault: Fault
) -> None:
    """Each step is looked for before it is done."""
    async with connected(engine, company) as connection:
        await connection.write(voucher(), attempt())
        company.faults = Faults(script=[fault], only=step, seconds={fault: 0.2})
        verdict = await carry_out(connection, attachment())
        assert isinstance(verdict, Delivered | AlreadyThere)
        await clock.sleep(0.1)
        company.settle(clock.now())
    assert (len(company.files), len(joined(company))) == (1, 1)


async def test_a_throttled_second_step_is_no_second_upload(engine: Engine, company: sandbox.Company) -> None:
    """What is uploaded is not uploaded again, even where the folder shows it late: it settles first."""
    async with connected(engine, company) as connection:
        await connection.write(voucher(), attempt())
        company.faults = Faults(script=[Fault.THROTTLED], only=JOIN, seconds={Fault.THROTTLED: 0.2})
        verdict = await carry_out(connection, attachment())
    assert isinstance(verdict, Delivered)
    assert (len(company.files), len(joined(company))) == (1, 1)


async def test_a_voucher_that_is_missing_is_the_accountants_move(engine: Engine, company: sandbox.Company) -> None:
    """The refusal says where the file is now; given again, it is not uploaded again."""
    async with connected(engine, company) as connection:
        verdict = await connection.write(attachment(), attempt())
        assert isinstance(verdict, Rejected)
        assert (verdict.code, verdict.who) == ("voucher_missing", "accountant")
        assert "waits in Fortnox's inbox" in verdict.why
        await connection.write(voucher(), attempt())
        assert isinstance(await connection.write(attachment("file/2"), attempt()), Delivered)
    assert len(company.files) == 1


async def test_a_file_whose_content_is_stored_is_read_there(engine: Engine, company: sandbox.Company) -> None:
    """What the store does not have is refused, and says what to look at; stored by then, it goes."""
    content = b"%PDF-1.7 as the till makes it %%EOF"
    order = attachment(content=b"", sha256=hashlib.sha256(content).hexdigest())
    async with connected(engine, company, documents=DocumentsSettings(url=contents.MEMORY)) as connection:
        await connection.write(voucher(), attempt())
        refused = await connection.write(order, attempt())
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.who) == ("document_missing", "operator")
        assert "BOKBUSS_DOCUMENTS__URL" in refused.why
        store = contents.opened(Settings(documents=DocumentsSettings(url=contents.MEMORY)))
        await store.keep(TENANT, order.data.sha256, io.BytesIO(content))
        assert isinstance(await connection.write(order, attempt()), Delivered)
    [file] = company.files.values()
    assert file.content == content


async def test_a_file_waits_for_a_place_of_documents_that_cannot_be_used(
    engine: Engine, company: sandbox.Company, tmp_path: Path
) -> None:
    """It is whoever runs bokbuss who sets that right; it was our own failure."""
    (tmp_path / "documents").touch()
    order = attachment(content=b"", sha256=hashlib.sha256(b"").hexdigest())
    async with connected(
        engine, company, documents=DocumentsSettings(url=f"file://{tmp_path}/documents")
    ) as connection:
        await connection.write(voucher(), attempt())
        waits = await connection.write(order, attempt())
    assert isinstance(waits, RetryLater)
    assert (waits.code, waits.who) == ("documents_away", "operator")
