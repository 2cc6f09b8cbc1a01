"""The data folder: where each thing lies, who may use it, and that only one stack does."""

import errno
import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from regulars.entrypoints.stack.problems import StackProblem


@dataclass(frozen=True, slots=True)
class DataDir:
    """The folder that `--data-dir` names."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def state(self) -> Path:
        return self.root / "stack.json"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def temporal(self) -> Path:
        return self.root / "temporal"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def half_restored(self) -> Path:
        """A file that lies here from the first step of a restore to its last."""
        return self.root / "restore-unfinished"

    def refuse_half_restored(self) -> None:
        """Raises: StackProblem: a restore into this folder was begun and not finished."""
        if self.half_restored.exists():
            raise StackProblem(
                f"A restore into {self.root} was not finished; run `regulars restore` with this folder "
                "again, and it starts over."
            )

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def ready_file(self, part: str) -> Path:
        """Where a part writes its process number once it is ready."""
        return self.run / f"{part}.ready"

    def prepare(self, reserve_bytes: int) -> None:
        """Make the folders, or say in one sentence why that cannot be.

        Raises: StackProblem: not a folder, not ours to read and write, or less than `reserve_bytes` free.
        """
        try:
            new = not self.root.exists()
            self.root.mkdir(parents=True, exist_ok=True)
            if new:
                self.root.chmod(0o711)  # what is private inside has modes of its own
            self.postgres.mkdir(exist_ok=True)
            for folder in (self.logs, self.run, self.temporal):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.lock.touch()
            os.scandir(self.root).close()
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            raise StackProblem(self.explain(error)) from None
        if free < reserve_bytes:
            raise StackProblem(
                f"Only {free // 1_048_576} MB are free on the disk of {self.root}, and a start needs "
                f"{reserve_bytes // 1_048_576} MB; make room, or name another folder with --data-dir."
            )

    def explain(self, error: OSError) -> str:
        """One sentence for what the system said about a file of ours."""
        where = error.filename or self.root
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                return f"The disk of {self.root} is full; make room, or name another folder with --data-dir."
            case errno.EACCES | errno.EPERM:
                return (
                    f"{where} cannot be read and written by this user; "
                    "give it to this user, or name another folder with --data-dir."
                )
            case errno.EROFS:
                return f"{where} lies on a read-only disk; name another folder with --data-dir."
            case errno.EEXIST | errno.ENOTDIR:
                return f"{where} is not a folder; name another with --data-dir."
            case _:
                return f"{where}: {os.strerror(error.errno or 0)}."


class Held:
    """The lock on a data folder; freed by `release`, or by the kernel when the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        os.close(self._descriptor)


def try_lock(data_dir: DataDir) -> Held | None:
    """Take the data folder; None when another process has it."""
    try:
        descriptor = os.open(data_dir.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StackProblem(data_dir.explain(error)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Held(descriptor)
