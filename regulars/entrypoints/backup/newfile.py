"""A file that is there whole and on the disk, or not there at all, and that never replaces another."""

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel import ids

UNFINISHED = ".unfinished"
_MB = 1_048_576


@contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
    """A file to write, which gets its name at the end; after an error nothing is left of it.

    Args:
        file: in a folder that exists; only its owner will be able to read it.
    Raises: StackProblem: the name is taken, or the system refuses the writing, in one sentence.
    """
    draft = file.with_name(f"{file.name}.{ids.new_token(6)}{UNFINISHED}")
    try:
        if file.exists():
            raise _taken(file)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        _name(draft, file)
        _sync_folder(file.parent)
    except ConnectionError:  # of whoever gave what was to be written
        raise
    except OSError as error:
        raise StackProblem(_explain(error, file)) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def require_room(folder: Path, needed_bytes: int, reserve_bytes: int) -> None:
    """Raises: StackProblem: writing so much would leave less than the reserve on the folder's disk."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < needed_bytes + reserve_bytes:
        raise StackProblem(
            f"No space: {free // _MB} MB are free on the disk of {folder}, and "
            f"{(needed_bytes + reserve_bytes) // _MB} MB are needed "
            f"({reserve_bytes // _MB} MB of them stay free for the stack); make room, or name another disk."
        )


def _name(draft: Path, file: Path) -> None:
    """Give a finished draft its name; a link, unlike a rename, never replaces what is there."""
    try:
        os.link(draft, file)
    except FileExistsError:
        raise _taken(file) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if file.exists():  # a disk without links
            raise _taken(file) from None
        draft.rename(file)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(file: Path) -> StackProblem:
    return StackProblem(f"{file} exists already, and a backup never replaces a file; name another with --to.")


def _explain(error: OSError, file: Path) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"No space for {file}: its disk is full, and nothing was kept; make room, or name another."
        case errno.ENOENT | errno.ENOTDIR:
            return f"The folder {file.parent} does not exist; make it, or name another with --to."
        case _:
            return f"{file} cannot be written: {os.strerror(error.errno or 0)}."
