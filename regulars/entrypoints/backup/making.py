"""`regulars backup`: everything in PostgreSQL as of one instant, sealed into one file, while tills go on."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from regulars.backup_notes import ENDING, FOLDER, Backup, note_made
from regulars.db.session import Database, make_engine
from regulars.entrypoints.backup.dumping import dump
from regulars.entrypoints.backup.manifest import Manifest, read_manifest
from regulars.entrypoints.backup.newfile import new_file, require_room
from regulars.entrypoints.backup.sealed import SealedWriter
from regulars.entrypoints.backup.server import serving
from regulars.entrypoints.backup.teller import Teller
from regulars.entrypoints.stack.datadir import DataDir, try_lock
from regulars.entrypoints.stack.parts import DATABASE
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import running
from regulars.kernel import clock
from regulars.secret_keys import SecretKeys, ensure_secrets
from regulars.settings import Settings

_STAY_OPEN: Final = text("set local idle_in_transaction_session_timeout = 0")
_EXPORT: Final = text("select pg_export_snapshot()")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole and on the disk."""

    file: Path
    file_bytes: int
    seconds: float
    manifest: Manifest


async def make_backup(settings: Settings, to: Path | None, teller: Teller) -> Made:
    """Back up the chain of a data folder, whether its stack runs or not.

    Args:
        settings: of the data folder.
        to: file to make, or a folder that gets one of a telling name; None: `backups` in the data folder.
    Raises: StackProblem: nothing to back up, no space, name taken; no file is left then.
    """
    refuse_foreign_database(settings, "backed up")
    data_dir = DataDir(settings.data_dir)
    data_dir.refuse_half_restored()
    if not (data_dir.postgres / "data" / "PG_VERSION").exists():
        raise StackProblem(f"Nothing to back up lies in {data_dir.root}; name the folder with --data-dir.")
    file = _target(settings, to)
    ensure_secrets(settings.data_dir)
    keys = SecretKeys.load(settings.data_dir)
    async with _database_url(settings) as url:
        made = await write_backup(url, keys, file, settings.disk_reserve_bytes, teller)
    as_of = datetime.fromisoformat(made.manifest.as_of)
    note_made(settings.data_dir, Backup(made.file, as_of, made.file_bytes))
    return made


async def write_backup(url: str, keys: SecretKeys, file: Path, reserve_bytes: int, teller: Teller) -> Made:
    """Back up one database.

    Args:
        url: through the socket.
        keys: with a backup key.
        file: that does not exist, in a folder that does.
        reserve_bytes: stay free on the file's disk, since the tills may need them.
    """
    assert keys.backup_key is not None
    started, as_of = time.monotonic(), clock.now()
    database = Database(make_engine(url, application="regulars-backup", pool_size=1))
    try:
        with new_file(file) as output:
            sealed = SealedWriter(output, keys.backup_key, as_of)
            async with database.read() as session:
                await session.execute(_STAY_OPEN)
                snapshot = await session.scalar(_EXPORT)
                assert isinstance(snapshot, str)
                teller.step("counting what the backup will hold")
                manifest = await read_manifest(session, keys, as_of)
                sealed.manifest(manifest.to_json())
                teller.step("writing the backup")
                async with aclosing(dump(url, snapshot)) as pieces:
                    async for piece in pieces:
                        require_room(file.parent, len(piece), reserve_bytes)
                        sealed.data(piece)
                        teller.moved(sealed.data_bytes)
            sealed.end()
            file_bytes = output.tell()
    finally:
        await database.close()
    return Made(file, file_bytes, time.monotonic() - started, manifest)


def refuse_foreign_database(settings: Settings, done: str) -> None:
    """Raises: StackProblem: the settings name a server of the chain's own."""
    if settings.database_url:
        raise StackProblem(
            "REGULARS_DATABASE_URL names a PostgreSQL of your own, which is "
            f"{done} by its own means (docs/backup.md says how); unset it to mean the one in the data folder."
        )


def _target(settings: Settings, to: Path | None) -> Path:
    if to is None:
        folder = settings.data_dir / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / _name(clock.now())
    target = to.absolute()
    return target / _name(clock.now()) if target.is_dir() else target


def _name(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H-%M-%SZ}{ENDING}"


@asynccontextmanager
async def _database_url(settings: Settings) -> AsyncIterator[str]:
    """The database of the stack that runs here, else of PostgreSQL started alone and unchanged."""
    data_dir = DataDir(settings.data_dir)
    held = try_lock(data_dir)
    if held is None:  # a disk that is nearly full is a reason to back up, not against it
        async with running(settings.model_copy(update={"disk_reserve_bytes": 0}), ("postgres",)) as stack:
            yield stack.database_url
        return
    try:
        async with serving(data_dir) as cluster:
            yield cluster.url(DATABASE)
    finally:
        held.release()
