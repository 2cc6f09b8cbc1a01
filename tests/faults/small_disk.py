"""A disk small enough to be filled."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

BALLAST = "ballast"
CHUNK = b"\0" * 65_536


def fill(folder: Path) -> None:
    """Take all the room there is."""
    with (folder / BALLAST).open("ab", buffering=0) as ballast:
        while shutil.disk_usage(folder).free > 0:
            try:
                ballast.write(CHUNK)
                os.fsync(ballast.fileno())
            except OSError:
                return


def make_room(folder: Path) -> None:
    """Give it back."""
    (folder / BALLAST).unlink(missing_ok=True)


INSIDE = "FAULTS_MAY_MOUNT"
NAMESPACE = ("unshare", "--user", "--map-current-user", "--mount", "--keep-caps")
"""Where a plain user may mount, without being anybody else; in a process of its own."""


def may_mount() -> bool:
    """Whether this process may make a file system: as root, or in a namespace of its own."""
    return os.geteuid() == 0 or INSIDE in os.environ


def run_where_one_may_mount(file: str, test: str) -> None:
    """Run one test again in a process that may mount.

    Raises: AssertionError: it failed, or this machine lets plain users make no namespaces.
    """
    again = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", f"{file}::{test}")
    inside = {**os.environ, INSIDE: "1"}
    done = subprocess.run([*NAMESPACE, *again], env=inside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run as root, or allow user namespaces: {done.stdout}{done.stderr}"


@asynccontextmanager
async def small_disk(folder: Path, megabytes: int) -> AsyncIterator[Path]:
    """A file system of its own size, gone afterwards."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    assert mount, "mount is missing: install util-linux"
    assert umount, "umount is missing: install util-linux"
    await _run(mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        await _run(umount, str(folder))


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 0, f"{command[0]}: {said.decode().strip()}"
