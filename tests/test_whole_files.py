"""Files that appear whole or not at all."""

import errno
import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from s2s_ref.whole_files import open_whole, whole_folder, write_once, write_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """A usual umask: the group reads, others do not."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("data", "bytes_"), [(b"\x00\r\n", b"\x00\r\n"), ("책\n", b"\xec\xb1\x85\n")]
)
def test_bytes_and_text_are_written_as_they_are(tmp_path, data, bytes_):
    write_whole(tmp_path / "a" / "b" / "file", data)
    assert (tmp_path / "a" / "b" / "file").read_bytes() == bytes_
    assert names(tmp_path / "a" / "b") == ["file"]


def test_a_file_is_replaced(tmp_path):
    write_whole(tmp_path / "file", "before")
    write_whole(tmp_path / "file", "after")
    assert (tmp_path / "file").read_text() == "after"


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_usual_permissions_and_an_old_one_its_own(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "new")
    assert mode(path) == 0o640
    path.chmod(0o604)
    write_whole(path, "newer")
    assert mode(path) == 0o604


def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere" / "file")
    write_whole(tmp_path / "file", "text")
    assert (tmp_path / "file").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_text() == "text"


def test_a_name_may_be_as_long_as_a_name_can_be(tmp_path):
    write_whole(tmp_path / ("김" * 85), "text")
    assert names(tmp_path) == ["김" * 85]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_whole(tmp_path / "file", "before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "file", "after, and longer")
    with pytest.raises(OSError, match="No space"):
        write_once(tmp_path / "other", b"data")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "before"


def test_text_that_cannot_be_written_leaves_what_was_there(tmp_path):
    write_whole(tmp_path / "file", "before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "file", "\ud800")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "before"


def test_an_opened_file_is_elsewhere_until_it_is_complete(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "before")
    with open_whole(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_text() == "before"
        assert Path(file.name).read_text() == "after"
    assert path.read_text() == "after"


def test_an_error_while_it_is_open_leaves_what_was_there(tmp_path):
    def interrupted():
        with open_whole(tmp_path / "file") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_what_is_written_once_stays_and_is_for_its_owner_only(tmp_path):
    path = tmp_path / "new" / "key"
    write_once(path, b"first")
    write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert mode(path) == 0o600
    assert names(path.parent) == ["key"]


def test_writers_at_the_same_time_do_not_mix(tmp_path):
    path, texts = tmp_path / "file", ["a" * 10_000, "b" * 10_000]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        written = [pool.submit(write_whole, path, text) for text in texts * 50]
        while not all(each.done() for each in written):
            assert not path.exists() or path.read_text() in texts
    assert path.read_text() in texts
    assert names(tmp_path) == ["file"]


def test_a_folder_has_its_name_when_it_is_full(tmp_path):
    folder = tmp_path / "new" / "folder"
    with whole_folder(folder) as part:
        (part / "file").write_text("text", encoding="utf-8")
        assert not folder.exists()
    assert (folder / "file").read_text(encoding="utf-8") == "text"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_that_failed_is_filled_from_the_beginning(tmp_path):
    folder = tmp_path / "folder"
    with pytest.raises(FileNotFoundError), whole_folder(folder) as part:
        (part / "missing" / "file").touch()
    (part / "half").touch()
    assert not folder.exists()
    with whole_folder(folder) as part:
        (part / "whole").touch()
    assert [file.name for file in folder.iterdir()] == ["whole"]
