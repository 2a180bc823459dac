"""The demo's folder: one demo's at a time, and empty at its beginning."""

from pathlib import Path

import pytest

from connectors.demo import stage
from infra.commanding import WrongUsage


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


async def test_what_an_earlier_demo_left_is_removed(tmp_path: Path) -> None:
    """Folders and files, and not what says whose the folder is now."""
    with stage._claimed(tmp_path):
        (tmp_path / "postgres" / "cluster").mkdir(parents=True)
        (tmp_path / "log.jsonl").write_text("{}\n")
        await stage._emptied(tmp_path)
        assert not stage._left(tmp_path, must_go=True)
