"""The demo's folder: one demo's at a time, nobody else's, and empty at its beginning."""

import json
import os
from pathlib import Path

import pytest

from connectors.demo import stage
from infra.commanding import WrongUsage
from infra.embedded import found


def test_the_folder_is_one_demos_from_its_first_moment(tmp_path: Path) -> None:
    """Also while it is only starting; a second one that emptied it then would take away what the first one runs on."""
    data = tmp_path / "data" / "demo"
    with stage._claimed(data):
        (data / "kafka").mkdir()
        with pytest.raises(WrongUsage, match="a demo runs in"), stage._claimed(data):
            pass
        assert (data / "kafka").is_dir()
    with stage._claimed(data):
        pass


def test_what_runs_there_is_left_alone(tmp_path: Path) -> None:
    """A demo of another version has no claim, and an installation has none either."""
    (tmp_path / stage._LOG).touch()
    (tmp_path / found.KNOWN).write_text(json.dumps({"owner": os.getpid(), "bootstrap": None, "database_url": None}))
    with pytest.raises(WrongUsage, match="a demo runs in"), stage._claimed(tmp_path):
        pass


def test_a_folder_that_is_no_demos_is_not_emptied(tmp_path: Path) -> None:
    """Nor one that a link leads to."""
    mine = tmp_path / "photos"
    mine.mkdir()
    (mine / "a.jpg").touch()
    (tmp_path / "demo").symlink_to(mine)
    for data in (mine, tmp_path / "demo"):
        with pytest.raises(WrongUsage, match="which is not a demo's"), stage._claimed(data):
            pass
    assert [each.name for each in mine.iterdir()] == ["a.jpg"]


async def test_what_an_earlier_demo_left_is_removed(tmp_path: Path) -> None:
    """Folders and files, and not what says whose the folder is now; where a link leads nothing is removed."""
    data, elsewhere = tmp_path / "demo", tmp_path / "elsewhere"
    (elsewhere / "kept").mkdir(parents=True)
    with stage._claimed(data):
        (data / "postgres" / "cluster").mkdir(parents=True)
        (data / "log.jsonl").write_text("{}\n")
        (data / "link").symlink_to(elsewhere)
        await stage._emptied(data)
        assert not stage._left(data, must_go=True)
        assert (elsewhere / "kept").is_dir()
