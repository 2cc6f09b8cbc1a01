"""A file that is whole or not there, and never in another's place."""

import errno
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from regulars.entrypoints.backup.newfile import new_file, require_room
from regulars.entrypoints.stack.problems import StackProblem

DIE_HALF_WAY = """
import os, signal, sys
from pathlib import Path
from regulars.entrypoints.backup.newfile import new_file

with new_file(Path(sys.argv[1])) as output:
    output.write(b"half")
    output.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_file_gets_its_name_when_it_is_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with new_file(file) as output:
        output.write(b"whole")
        output.flush()
        assert not file.exists()
    assert file.read_bytes() == b"whole"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"mine")
    with pytest.raises(StackProblem, match="never replaces a file"), new_file(file) as output:
        output.write(b"yours")
    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with pytest.raises(StackProblem, match="never replaces a file"), new_file(file):
        file.write_bytes(b"mine")
    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]


def test_of_several_at_once_one_wins_and_its_file_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    refused: list[BaseException] = []

    def write(name: bytes) -> None:
        try:
            with new_file(file) as output:
                output.write(name * 1000)
        except StackProblem as problem:
            refused.append(problem)

    writers = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(refused) == 2
    assert len(file.read_bytes()) == 1000
    assert len(set(file.read_bytes())) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_after_an_error_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(TypeError), new_file(tmp_path / "backup") as output:
        output.write("half")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_nothing_that_looks_like_a_backup(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    killed = subprocess.run([sys.executable, "-c", DIE_HALF_WAY, str(file)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not file.exists()
    assert [left.name.endswith(".unfinished") for left in tmp_path.iterdir()] == [True]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(StackProblem, match=r"^No space for .*its disk is full"),
        new_file(tmp_path / "backup"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")  # the kernel's own ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "unmounted" / "backup"
    with pytest.raises(StackProblem, match=f"The folder {file.parent} does not exist"), new_file(file):
        pass
    assert not file.parent.exists()


def test_what_the_system_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(StackProblem, match="cannot be written: Input/output error"), new_file(tmp_path / "b"):
        raise OSError(errno.EIO, "whatever")


def test_room_is_kept_for_the_stack(tmp_path: Path) -> None:
    require_room(tmp_path, 1, 1)
    with pytest.raises(StackProblem, match=r"^No space: .* MB are free on the disk of"):
        require_room(tmp_path, 1, 1 << 60)
