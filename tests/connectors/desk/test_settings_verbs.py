"""What a company can choose, and what would come of it: told and tried with nothing that runs."""

import json
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors.desk import settings_files, settings_words
from infra import cli, commanding
from infra.commanding import Failed, WrongUsage
from schemas.bas import BAS_DAY_SALES
from schemas.settings import EmployeesSettings, InvoicingSettings, TenantSettings

REPORTS = Path(__file__).parents[3] / "connectors" / "openpos" / "samples"
CHOSEN = TenantSettings(
    daysales=BAS_DAY_SALES, employees=EmployeesSettings(system="alexishr", source_of_truth="hr", street_line=2)
)


def typed(*words: str) -> Result:
    """Type a command where no database and no broker is."""
    return CliRunner().invoke(cli.app, [*words])


def test_every_setting_has_a_meaning_and_is_explained_once() -> None:
    """From the models' own descriptions, so that a new setting cannot be left out."""
    found = settings_words.explained(CHOSEN)
    paths = [one.path for one in found]

    assert [one.path for one in found if not one.meaning or not one.takes] == []
    assert len(set(paths)) == len(paths)
    assert {"daysales.sync_sales", "daysales.payments[].method", "employees.fields[].on_missing"} <= set(paths)
    street = next(one for one in found if one.path == "employees.street_line")
    assert (street.takes, street.default, street.now, street.required) == ("1, 2", 1, 2, False)


def test_settings_are_explained_within_a_terminal() -> None:
    """No line is wider than 80 columns, with a company's values or without."""
    for of_company in (True, False):
        lines = [*settings_words.lines(settings_words.explained(CHOSEN), of_company=of_company)]
        assert max(map(len, lines)) <= 80


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a right settings file."""
    path = tmp_path / "acme.yaml"
    path.write_text(settings_files.to_yaml(CHOSEN))
    return path


def test_a_file_is_checked_without_a_company(file: Path) -> None:
    """Right says what it has settings for; wrong names line, field and what was meant."""
    assert json.loads(typed("settings", "validate", str(file), "--json").stdout)["sections"] == [
        "daysales",
        "employees",
    ]
    wrong = file.read_text().replace("unmapped: hold", "unmaped: hold")
    file.write_text(wrong)
    line = wrong.splitlines().index("  unmaped: hold") + 1
    result = typed("settings", "validate", str(file))
    assert isinstance(result.exception, WrongUsage)
    assert f"line {line}: daysales.unmaped: there is no such setting; did you mean unmapped?" in str(result.exception)


def test_what_is_missing_is_told_with_the_line_that_should_hold_it(file: Path) -> None:
    """The section's own line."""
    file.write_text("employees:\n  system: huma\n")
    result = typed("settings", "validate", str(file))
    assert "line 1: employees.source_of_truth: is missing" in str(result.exception)


def test_an_own_field_that_the_hr_system_lacks_is_told_with_those_that_it_has(file: Path) -> None:
    """In its line; nobody is asked for it."""
    file.write_text(
        "employees:\n  system: huma\n  source_of_truth: hr\n  fields:\n  - field: email\n    hr_field: mail\n"
    )
    result = typed("settings", "validate", str(file))
    assert isinstance(result.exception, WrongUsage)
    assert (
        "line 6: employees.fields[0].hr_field: it says 'mail'; did you mean email? it can be: email, privateEmail"
        in (str(result.exception))
    )


def tried(*words: str) -> Any:
    """Return what ``settings try`` says to programs."""
    return json.loads(typed("settings", "try", *words, "--json").stdout)


def test_a_report_is_tried_on_the_rules_themselves(file: Path) -> None:
    """Report in, voucher out; the same again says the same, so that it can be kept beside the report."""
    report = str(REPORTS / "tips-by-card.json")
    found = tried(str(file), report)

    assert found == tried(str(file), report)
    [fact] = found[report]
    [order] = fact["orders"]
    assert (fact["key"], order["order"]) == ("openpos/SODER/KASSA2/57/2026-04-12", "bokbuss.post-voucher.v1")
    assert [(r["account"], r["debit"], r["credit"]) for r in order["rows"]] == [
        (1686, "6645.00", "0.00"),
        (3002, "0.00", "3678.57"),
        (3001, "0.00", "1588.00"),
        (2621, "0.00", "441.43"),
        (2611, "0.00", "397.00"),
        (2820, "0.00", "540.00"),
    ]
    assert "revision" not in order


def test_a_report_that_would_wait_says_so_and_fails(file: Path) -> None:
    """Another company's, for instance; what is no report is wrong usage."""
    report = REPORTS / "tips-by-card.json"
    result = typed("settings", "try", str(file), str(report), "--org", "556016-0680")
    assert isinstance(result.exception, Failed)
    assert "held as another_company" in result.stdout
    broken = file.with_name("broken.json")
    broken.write_text(report.read_text().replace("zNumber", "zNummer"))
    result = typed("settings", "try", str(file), str(broken))
    assert isinstance(result.exception, WrongUsage)
    assert "zNummer" in str(result.exception)


def test_a_sale_on_account_is_tried_to_its_end(file: Path) -> None:
    """The invoice with its rows and tip, and the voucher beside it once the invoice stands; or the order instead."""
    report = str(REPORTS / "sale-on-account.json")
    chosen = {"allow_tip_on_invoice": True}
    for instead, document in ((False, "invoice"), (True, "order")):
        invoicing = InvoicingSettings(order_instead_of_invoice=instead, **chosen)
        file.write_text(settings_files.to_yaml(TenantSettings(daysales=BAS_DAY_SALES, invoicing=invoicing)))
        [fact] = tried(str(file), report)[report]
        made, beside = fact["orders"]
        assert (made["order"], made["document"], made["rows"][-1]["text"]) == (
            "bokbuss.create-invoice.v1",
            document,
            "Dricks",
        )
        assert (beside["order"], beside["rows"][-1]["account"], beside["rows"][-1]["credit"]) == (
            "bokbuss.post-voucher.v1",
            1518,
            "1649.71",
        )
    said = typed("settings", "try", str(file), report).stdout
    assert "order to customer 1042, dated 2026-04-10" in said
    assert "till order 1" in said
    assert max(map(len, said.replace(report, "").splitlines())) <= 110, "the receipt's own texts"


@contextmanager
def limited_memory() -> Iterator[None]:
    """Let this process take no more than 2 GB beside what it has: reading without end fails, and takes no machine."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + (2 << 30), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_file_without_an_end_is_refused_in_a_sentence() -> None:
    """Not read until the machine's memory is full."""
    with limited_memory():
        refused = typed("settings", "validate", "/dev/zero")
    assert isinstance(refused.exception, WrongUsage)
    assert str(refused.exception) == (
        "/dev/zero is larger than the 16777216 bytes that are read of it: name the right file, or divide it"
    )


def test_a_pipe_is_read_and_one_that_nobody_writes_into_is_no_wait_without_end(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another program makes of a file can be named like a file."""
    pipe, content = tmp_path / "pipe", file.read_bytes()
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[content], daemon=True)
    writer.start()
    assert commanding.read_file(pipe) == content
    writer.join(10)

    monkeypatch.setattr(commanding, "_PATIENCE", 0)
    refused = typed("settings", "validate", str(pipe))
    assert isinstance(refused.exception, WrongUsage)
    assert "nothing has come out of it" in str(refused.exception)


def test_a_backup_is_no_pipe(tmp_path: Path) -> None:
    """It is read twice."""
    os.mkfifo(pipe := tmp_path / "pipe")
    for other in (pipe, Path("/dev/zero")):
        refused = typed("restore", str(other))
        assert isinstance(refused.exception, WrongUsage)
        assert str(refused.exception).startswith(f"{other} is a pipe, a device or a folder")
