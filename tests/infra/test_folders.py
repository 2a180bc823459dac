"""What lies in a data folder is its owner's alone, whatever umask bokbuss was started with."""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from infra import folders
from infra.access.vault import made_key


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return S_IMODE(path.stat().st_mode)


def test_folders_and_files_of_ours_are_made_for_their_owner(tmp_path: Path) -> None:
    """The key is one of them."""
    data = tmp_path / "data"
    made_key(data)
    kept = folders.private(data, "kept")
    folders.put(kept / "file", "before")
    folders.put(kept / "file", "now")

    assert _mode(data) == 0o711, "others pass through to the inbox, and see no names"
    assert (_mode(kept), _mode(kept / "file"), (kept / "file").read_text()) == (0o700, 0o600, "now")
    assert _mode(folders.private(data, "passed", passed=True)) == 0o711


def test_what_an_earlier_version_has_left_open_is_closed(tmp_path: Path) -> None:
    """A folder that others could write in would let them put another key, or another server's address, there."""
    data = tmp_path / "data"
    (data / "kept").mkdir(parents=True)
    (data / "file.new").touch()

    folders.writable(data)
    folders.put(data / "file", "text")

    assert _mode(data) == 0o775, "whom else its owner lets in is theirs to say"
    assert _mode(folders.private(data, "kept")) == 0o700
    assert _mode(data / "file") == 0o600
