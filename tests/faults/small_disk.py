"""A disk small enough to be filled."""

import asyncio
import os
import shutil
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
    assert process.returncode == 0, f"{command[0]}: {said.decode().strip()} (a full disk is made as root)"
