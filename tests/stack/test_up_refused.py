"""What keeps a stack from starting is told in one sentence, with a non-zero exit and no traceback."""

import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from regulars.entrypoints.stack.datadir import DataDir, try_lock
from regulars.entrypoints.stack.privileges import run_as

STRANGER = pwd.getpwnam("nobody")


def _up(*arguments: str, user: pwd.struct_passwd | None = None, **environment: str) -> str:
    """What `regulars up` says when it refuses."""
    command = [sys.executable, "-m", "regulars.entrypoints.cli", "up", *arguments]
    line = run_as(user, command, reaching=[Path(sys.executable)], dies_by="KILL")
    done = subprocess.run(
        line, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_second_up_on_the_same_data_is_refused(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    held = try_lock(data_dir)
    assert held is not None
    assert f"already runs on {tmp_path}" in _up("--data-dir", str(tmp_path))
    held.release()


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        said = _up("--data-dir", str(tmp_path / "data"), "--port", port)
    assert f"Port {port} is in use" in said
    assert "--port" in said


def test_a_file_in_the_place_of_the_data_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert "is not a folder" in _up("--data-dir", str(tmp_path / "data"))


@pytest.mark.parametrize("mode", [0o000, 0o500], ids=["unreadable", "unwritable"])
def test_a_data_folder_of_somebody_else_is_named(tmp_path: Path, mode: int) -> None:
    closed = tmp_path / "data"
    closed.mkdir()
    closed.chmod(mode)
    said = _up("--data-dir", str(closed), user=STRANGER if os.geteuid() == 0 else None)
    closed.chmod(0o700)
    assert "cannot be read and written by this user" in said
    assert str(closed) in said


def test_too_little_disk_is_told_with_figures(tmp_path: Path) -> None:
    said = _up("--data-dir", str(tmp_path), REGULARS_DISK_RESERVE_BYTES=str(10**18))
    assert "MB are free" in said
    assert "make room" in said


def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "regulars.toml").write_text("prot = 8700\n")
    said = _up("--data-dir", str(tmp_path))
    assert f"prot in {tmp_path}/regulars.toml: is not a setting" in said
