"""Where a bench works: a folder of its own with servers of its own, gone afterwards whatever happens."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.ports import choose
from regulars.entrypoints.stack.postgres import Cluster
from regulars.entrypoints.stack.problems import StackProblem
from regulars.settings import Settings, load_settings

PREFIX: Final = "regulars-bench-"
_TRAVERSABLE: Final = 0o711  # PostgreSQL may run as another user, and must reach its data


@contextmanager
def workplace(base: Path | None) -> Iterator[Settings]:
    """Settings of an empty folder of the bench's own; servers that the environment names are left alone.

    Args:
        base: where the folder is made; a chain in it is not touched. None: where temporary files go.
    Yields: the settings with that folder, a free web port, and no servers elsewhere.
    Raises: StackProblem: the folder cannot be made.
    """
    made = _missing_parents(base)
    try:
        if base is not None:
            base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    except OSError as error:
        raise StackProblem(DataDir(base or Path(tempfile.gettempdir())).explain(error)) from None
    try:
        for one in [folder, *made]:
            one.chmod(_TRAVERSABLE)
        yield inside(load_settings(folder), folder)
    finally:
        _remove(folder)
        for parent in made:
            _remove_if_empty(parent)


def inside(settings: Settings, folder: Path) -> Settings:
    """The settings turned to a folder in which nothing has been made yet."""
    own = {
        "data_dir": folder,
        "host": "127.0.0.1",
        "port": choose({}, ("web",))["web"],
        "database_url": None,
        "temporal_address": None,
        "temporal_ui_address": None,
    }
    # Validated anew rather than copied, so that no secrets read earlier come along.
    return settings.model_validate({**settings.model_dump(), **own})


def _missing_parents(base: Path | None) -> list[Path]:
    """The folders that have to be made for `base`, the innermost first."""
    return [] if base is None else [one for one in (base, *base.parents) if not one.exists()]


def _remove(folder: Path) -> None:
    """Remove a folder, and the sockets that PostgreSQL keeps elsewhere where a path is long."""
    for data in [folder, *folder.glob("**/postgres")]:
        sockets = Cluster(data if data.name == "postgres" else data / "postgres", 1).socket_folder
        if sockets.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(sockets, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
