"""``bokbuss demo`` as a newcomer starts it: a process of its own, with nothing configured."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from infra import store
from infra.embedded.found import running
from infra.postgres import text
from infra.settings import Settings

pytestmark = pytest.mark.acceptance

BOKBUSS = Path(sys.executable).with_name("bokbuss")
PATIENCE = 240
"""Seconds for a whole demo; about 60 are enough on two idle cores."""


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return this process's environment without settings of bokbuss and a terminal's width, but for these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOKBUSS_") or "CACHE" in name}
    kept.pop("COLUMNS", None)
    return kept | {"BOKBUSS_DATA": str(data)} | more


def demo(data: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a whole demo."""
    return subprocess.run(
        [BOKBUSS, "demo", *options],
        env=environment(data, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def staying(data: Path) -> Iterator[tuple[subprocess.Popen[str], Iterator[dict[str, Any]]]]:
    """Start a demo that stays up; yield it and the lines that it prints."""
    with subprocess.Popen(
        [BOKBUSS, "demo", "--json"], env=environment(data), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, map(json.loads, process.stdout)
        finally:
            process.kill()


def until(lines: Iterator[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    """Return the first line that says this."""
    return next(line for line in lines if wanted.items() <= line.items())


def test_every_event_of_the_demo_is_accounted_for(tmp_path: Path) -> None:
    """One voucher each with the right amounts, or the expected hold, while Fortnox's answers are lost."""
    done = demo(tmp_path, "--once", "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == ""
    *effects, last = map(json.loads, done.stdout.splitlines())
    assert (last["what"], last["accounted_for"], last["problems"]) == ("tie_out", True, [])

    table, counts = last["table"], last["counts"]
    assert {row["difference"] for row in [*table, *last["companies"]]} == {"0.00"}
    assert all(row["ended"] == row["expected"] for row in table)
    booked = [row for row in table if row["ended"] == "booked"]
    assert sum((Decimal(row["sales"]) for row in booked), Decimal()) == sum(
        Decimal(company["in_books"]) + Decimal(company["to_invoice"]) for company in last["companies"]
    )
    reversals = [row for row in table if row["ended"] == "reversed"]
    assert [len(row["vouchers"]) for row in reversals] == [2]
    invoice, order = last["on_account"]
    assert (invoice["documents"], invoice["booked"], invoice["tip"]) == (["invoice 1"], ["B 1"], "150.00")
    assert (order["documents"], order["booked"], order["left_day"]) == (["order 1"], [], order["total"])
    assert {company["clearing"] for company in last["companies"]} == {"0.00"}
    assert counts["vouchers"] == len(booked) + 2 * len(reversals) + 3, "two beside documents, and the invoice's own"
    assert sorted(row["ended"] for row in table if row["ended"].startswith("held")) == [
        "held amended_after_booking",
        "held unbalanced",
    ]
    expected = {"duplicates": 2, "refused": 2, "doubles": 0, "throttled": 0, "open_holds": 2}
    assert expected.items() <= counts.items()
    assert counts["lost"] >= 7, "as the scenes have it"
    assert counts["found"] + counts["sent_again"] == counts["lost"]
    assert "19900101" not in done.stdout
    assert "9001012385" not in done.stdout.replace("-", "")
    kinds = {effect["what"] for effect in effects}
    assert {"booked", "held", "released", "reversed", "booked_anew", "answer_lost", "not_there", "refused"} <= kinds
    [simulated] = (effect["text"] for effect in effects if effect["what"] == "simulated")
    assert "reports and sales otherwise: 1580 +" in simulated
    assert simulated.endswith("nothing is sent")
    assert running(Settings(data=tmp_path / "demo", _env_file=None)) is None
    _everybody_is_where_they_should_be(effects, last["staff"])


def _everybody_is_where_they_should_be(effects: list[dict[str, Any]], staff: dict[str, Any]) -> None:
    """Each state of a plan was there, nothing was written before it was applied, and both sides agree at the end."""
    first, second = (effect for effect in effects if effect["what"] == "plan")
    states = {row["state"] for row in first["rows"]}
    assert states == {"hr_only", "fortnox_only", "linked", "conflict", "duplicate", "invalid"}
    assert [row["name"] for row in second["rows"] if row["state"] == "conflict"] == ["Ivar Lika"]
    assert staff["applied"] == {"done": 3, "refused": 1}
    assert (staff["writes_before"], staff["writes_after_unlink"]) == (0, 0)
    assert staff["writes"] == 9, "two created, three changed, three days and one taken back"
    assert Decimal(staff["live_seconds"]) < 30
    table = {row["name"]: row for row in staff["table"]}
    assert all(row["ended"] == row["expected"] for row in table.values())
    assert table["Anna Exempelsson"]["days"] == 2
    assert table["Bo Testberg"]["differ"] == ["title"]
    assert {"employee", "person", "absence", "held", "released"} <= {
        effect["what"] for effect in effects if effect.get("company") == "kontoret"
    }


def test_the_demo_stays_up_for_the_commands_that_it_names(tmp_path: Path) -> None:
    """Each works from another terminal, its effect is told, a second demo is refused, and Ctrl-C ends it all."""
    with staying(tmp_path) as (process, lines):
        commands = until(lines, what="next")["try"]
        answers = [command for command in commands if "held answer" in command]
        assert len(answers) == 1
        for command in commands:
            if "--follow" not in command:
                subprocess.run(
                    [BOKBUSS, *shlex.split(command)[1:]],
                    env=environment(tmp_path / "demo"),
                    capture_output=True,
                    timeout=60,
                    check=True,
                )
        assert until(lines, what="booked_anew", company="krogen")["voucher"]
        _another_terminal(tmp_path / "demo")
        assert until(lines, what="disconnected", company="kontoret")["about"] == ""
        assert process.poll() is None

        second = demo(tmp_path, "--once")
        assert second.returncode == 2
        assert "a demo runs in" in second.stderr

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert running(Settings(data=tmp_path / "demo", _env_file=None)) is None


def _another_terminal(data: Path) -> None:
    """Do to the demo's companies what people do, with its folder named and nothing else: no real system is asked."""

    def bokbuss(*words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [BOKBUSS, *words], env=environment(data), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode in codes, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    assert "127.0.0.1" in json.loads((data / "pinned.json").read_text())["alexishr"]["api_url"]
    bokbuss("tenant", "pause", "krogen")
    bokbuss("tenant", "resume", "krogen")
    (data / "kept.yaml").write_text(bokbuss("settings", "show", "kontoret"))
    bokbuss("settings", "apply", "kontoret", str(data / "kept.yaml"), "--wait", "30")
    link = json.loads(bokbuss("connect", "bageriet", "--json"))["link"]
    with urlopen(link, timeout=20) as page:  # noqa: S310 - the demo's own desk
        assert page.status == 200
    assert "green        The right company" in bokbuss("doctor", "bageriet", codes=(0, 1))
    bokbuss("plan", "employees", "kontoret")
    bokbuss("disconnect", "bageriet")
    bokbuss("disconnect", "kontoret")


async def test_a_demo_does_not_write_to_a_database_in_use(database_url: str, tmp_path: Path) -> None:
    """Made-up companies have no place among real ones: it says so and ends."""
    engine = store.engine(database_url, 2)
    await store.prepare(engine)
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('real', now())"))
    await engine.dispose()
    done = demo(tmp_path, "--once", BOKBUSS_DATABASE__URL=database_url)
    assert done.returncode == 2
    assert "is not empty, and a demo must not write to it" in done.stderr
