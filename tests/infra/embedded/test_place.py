"""A data folder that was copied does not run beside the first, and one that was put back looks before it writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import installation, store
from infra.embedded.found import running
from infra.embedded.place import Place
from infra.embedded.runtime import services
from infra.installation import WrongInstallation
from infra.settings import KafkaSettings, Settings

HERE = Place("machine", "/here", 7)
BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (HERE, set()),
        (Place("machine", "/there", 7), set()),  # moved on one disk: it is there no more
        (Place("machine", "/there", 8), {"copied", "put back"}),
        (Place("machine", "/there", 0), {"copied"}),  # whether it was moved, nobody can tell
        (Place("machine", "/here", 8), {"put back"}),
        (Place("machine", "/here", 0), set()),
        (Place("another", "/here", 7), {"copied"}),  # the disk was cloned
        (Place("", "/here", 7), set()),  # a container, over the same files
    ],
)
def test_what_lies_here_is_told_from_what_lay_there(there: Place, told: set[str]) -> None:
    """A file's birth is no copy's; a machine has its own id."""
    said = {"copied": HERE.is_copied(there), "put back": HERE.is_put_back(there)}
    assert {what for what, true in said.items() if true} == told


async def starts(data: Path, kafka: str, *, begins: bool = False) -> bool:
    """Start what is embedded there, and end it; tell whether a role would go on as it left."""
    async with services(settings(data, kafka)) as found:
        engine = store.engine(found.database_url, 1)
        await store.prepare(engine)
        async with engine.begin() as connection:
            if begins:
                await installation.begin(connection, {})
            known = await installation.read(connection)
        await engine.dispose()
    assert known is not None
    return known.ours


def settings(data: Path, kafka: str) -> Settings:
    """Return settings that name a broker alone: of two, the copy's would be another one's."""
    return Settings(data=data, kafka=KafkaSettings(bootstrap=kafka), _env_file=None)


def copied(one: Path, other: Path) -> None:
    """Copy it as people do, owners and times kept."""
    subprocess.run(["/bin/cp", "-a", one, other], check=True)


def raised(data: Path, kafka: str) -> str:
    """Say that no other one runs; return what is said."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "BOKBUSS_CACHE") if name in os.environ}
    environment = kept | {"BOKBUSS_DATA": str(data), "BOKBUSS_KAFKA__BOOTSTRAP": kafka}
    command = [BOKBUSS, "fence", "raise", "--yes"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


async def test_a_copy_starts_only_once_a_person_says_that_the_first_is_ended(tmp_path: Path, kafka: str) -> None:
    """Both would book the same days. The first goes on, whatever was tried with the copy."""
    first, copy = tmp_path / "first", tmp_path / "copy"
    assert await starts(first, kafka, begins=True)
    copied(first, copy)
    for _ in range(2):
        with pytest.raises(WrongInstallation, match=rf"{copy} was copied here, or moved, from {first}\."):
            await starts(copy, kafka)
    assert await starts(first, kafka)
    assert "Fenced off" in raised(copy, kafka)
    async with services(settings(copy, kafka)) as found:
        engine = store.engine(found.database_url, 1)
        async with engine.connect() as connection:
            known = await installation.read(connection)
        await engine.dispose()
    assert known is not None
    assert (known.writing, known.since is not None) == (False, True)


async def test_a_copy_made_while_the_first_runs_does_not_work_with_its_servers(tmp_path: Path, kafka: str) -> None:
    """The file that leads to them is copied, too."""
    first, copy = tmp_path / "first", tmp_path / "copy"
    async with services(settings(first, kafka)):
        copied(first, copy)
        assert running(settings(first, kafka)) is not None
        assert running(settings(copy, kafka)) is None
        with pytest.raises(WrongInstallation, match="was copied here"):
            await starts(copy, kafka)


async def test_what_was_put_back_is_fenced_off_and_what_was_moved_is_not(tmp_path: Path, kafka: str) -> None:
    """A copy in the first's place may be older than what was sent."""
    first, aside = tmp_path / "first", tmp_path / "aside"
    assert await starts(first, kafka, begins=True)
    copied(first, aside)
    shutil.rmtree(first)
    aside.rename(first)
    assert not await starts(first, kafka)
    first.rename(aside)
    assert not await starts(aside, kafka)  # nobody has looked yet: no role has started
