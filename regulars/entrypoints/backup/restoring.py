"""`regulars restore`: a backup into a new data folder, proved equal to what was backed up."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import asyncpg
import orjson

from regulars.backup_notes import note_proved
from regulars.db.migrate import scripts, upgrade
from regulars.db.session import Database, make_engine
from regulars.entrypoints.backup.dumping import fill
from regulars.entrypoints.backup.making import refuse_foreign_database
from regulars.entrypoints.backup.manifest import (
    Manifest,
    count_rows,
    differing,
    fingerprints,
    read_figures,
)
from regulars.entrypoints.backup.newfile import require_room
from regulars.entrypoints.backup.reopening import reopen_workflows
from regulars.entrypoints.backup.sealed import DATA, MANIFEST, BackupUnreadable, open_chunks
from regulars.entrypoints.backup.server import serving
from regulars.entrypoints.backup.teller import Teller
from regulars.entrypoints.stack import postgres
from regulars.entrypoints.stack.datadir import DataDir, try_lock
from regulars.entrypoints.stack.parts import DATABASE
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.verifying import Report, verify_url
from regulars.kernel import clock
from regulars.kernel.words import counted
from regulars.secret_keys import FILE_NAME as SECRETS_FILE
from regulars.secret_keys import MEANINGS, SecretKeys, variable
from regulars.settings import FILE_NAME as SETTINGS_FILE
from regulars.settings import Settings

MAY_LIE_THERE: Final = frozenset({SECRETS_FILE, SETTINGS_FILE, "lock", "lost+found"})
LOADING: Final = {"synchronous_commit": "off", "autovacuum": "off"}
"""Settings while a database is filled that is thrown away if this does not reach its end."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A data folder that `regulars up` can go on with.

    Attributes:
        revisions: of the schema that ran, oldest first; empty where the backup was of this version.
        report: of `regulars verify`.
        reopened: members whose workflows the next start begins anew.
    """

    data_dir: Path
    manifest: Manifest
    revisions: tuple[str, ...]
    report: Report
    reopened: int
    seconds: float


async def restore(settings: Settings, file: Path, secrets: Path | None, teller: Teller) -> Restored:
    """Restore a backup into a new data folder.

    Args:
        settings: of the new folder.
        file: that `regulars backup` made.
        secrets: keys file of the chain; None: that of the new folder, or the environment.
    Raises: StackProblem: the file, the keys or the folder will not do, or what was restored is not what was
        backed up; in one sentence. Before the first byte is restored the whole file has been checked.
    """
    started = time.monotonic()
    refuse_foreign_database(settings, "restored")
    data_dir = DataDir(settings.data_dir)
    _refuse_occupied(data_dir)
    keys = _keys(data_dir, secrets)
    with _opened(file) as source:
        teller.step(f"checking {file}")
        manifest = _checked(source, keys)
        with _claimed(data_dir, file, manifest, settings.disk_reserve_bytes):
            if secrets:
                _keep_secrets(data_dir, secrets)
            done = await _restore_into(data_dir, source, keys, manifest, teller)
    _, report, _ = done
    note_proved(file, clock.now(), sound=report.ok)
    return Restored(data_dir.root, manifest, *done, time.monotonic() - started)


def _refuse_occupied(data_dir: DataDir) -> None:
    if data_dir.half_restored.exists() or not data_dir.root.exists():
        return
    if not data_dir.root.is_dir():
        raise StackProblem(f"{data_dir.root} is not a folder; name a new one with --data-dir.")
    for entry in data_dir.root.iterdir():
        is_bare_folder = entry.is_dir() and not any(entry.iterdir())
        if entry.name not in MAY_LIE_THERE and not is_bare_folder:
            raise StackProblem(
                f"{data_dir.root} holds {entry.name} already, and a restore replaces nothing; "
                "name a new folder with --data-dir, and start that one once it is restored."
            )


def _keys(data_dir: DataDir, secrets: Path | None) -> SecretKeys:
    file = secrets or data_dir.root / SECRETS_FILE
    in_environment = all(os.environ.get(variable(name)) for name in MEANINGS)
    if not file.exists() and not in_environment:
        raise StackProblem(
            "A backup is of no use without the keys of its chain"
            + (f", and {secrets} does not exist" if secrets else "")
            + f": name the {SECRETS_FILE} that lay in its data folder with --secrets."
        )
    keys = SecretKeys.read(file)
    if keys.backup_key is None:
        raise StackProblem(f"{file} has no backup_key; name the {SECRETS_FILE} of the chain with --secrets.")
    return keys


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """The file; what is wrong with it is told with its name."""
    try:
        with file.open("rb") as source:
            yield source
    except BackupUnreadable as fault:
        raise StackProblem(f"{file} {fault}") from None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise StackProblem(f"{file} is not a file; name one that `regulars backup` made.") from None


def _checked(source: BinaryIO, keys: SecretKeys) -> Manifest:
    """The manifest of a backup that was read to its end."""
    assert keys.backup_key is not None
    content = b""
    for kind, piece in open_chunks(source, keys.backup_key):
        content = piece if kind == MANIFEST else content
    manifest = Manifest.from_json(content)
    known = {revision.revision for revision in scripts().walk_revisions()}
    if newer := set(manifest.revisions) - known:
        raise BackupUnreadable(
            f"was made by a newer version of Regulars (schema {', '.join(sorted(newer))}); "
            "restore it with that version."
        )
    found = fingerprints(keys)
    for name, mark in manifest.keys.items():
        if found.get(name, mark) != mark:
            raise BackupUnreadable(
                f"was made with another {name} than the one given. {MEANINGS[name]} "
                f"Name the {SECRETS_FILE} of that time with --secrets."
            )
    return manifest


@contextmanager
def _claimed(data_dir: DataDir, file: Path, manifest: Manifest, reserve_bytes: int) -> Iterator[None]:
    """The folder as ours alone, marked as half restored until all went well."""
    data_dir.prepare(reserve_bytes)
    held = try_lock(data_dir)
    if held is None:
        raise StackProblem(f"Another regulars command uses {data_dir.root}; name another folder.")
    try:
        _refuse_occupied(data_dir)
        data_dir.half_restored.write_text(f"{file}\n")
        _clear(data_dir)
        require_room(data_dir.root, manifest.database_bytes, reserve_bytes)
        yield
        data_dir.half_restored.unlink()
    except OSError as error:
        raise StackProblem(data_dir.explain(error)) from None
    finally:
        held.release()


def _clear(data_dir: DataDir) -> None:
    """Remove what an earlier restore left half done."""
    postgres.end_orphan(data_dir.postgres / "data", 10)
    shutil.rmtree(data_dir.postgres)
    data_dir.postgres.mkdir()


def _keep_secrets(data_dir: DataDir, secrets: Path) -> None:
    """Put the chain's keys where the stack looks for them, if they are not there already."""
    kept = data_dir.root / SECRETS_FILE
    content = secrets.read_bytes()
    if kept.exists():
        if orjson.loads(kept.read_bytes()) != orjson.loads(content):
            raise StackProblem(f"{kept} holds other keys than {secrets}; remove the wrong one.")
        return
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


async def _restore_into(
    data_dir: DataDir, source: BinaryIO, keys: SecretKeys, manifest: Manifest, teller: Teller
) -> tuple[tuple[str, ...], Report, int]:
    assert keys.backup_key is not None
    teller.step("laying out PostgreSQL")
    async with serving(data_dir, LOADING) as cluster:
        await postgres.ensure_database(cluster, DATABASE)
        url = cluster.url(DATABASE)
        purchases, members = counted(manifest.purchases, "purchase"), counted(manifest.members, "member")
        teller.step(f"restoring {purchases} of {members}")
        await fill(url, _data(source, keys.backup_key, teller))
        database = Database(make_engine(url, application="regulars-restore", pool_size=1))
        try:
            await _require_same_rows(database, manifest)
            revisions = tuple(await upgrade(url))
            await _analyze(url)
            teller.step("verifying the books")
            await _require_same_figures(database, manifest)
            report = await verify_url(url)
            teller.step("announcing the members to their workflows")
            return revisions, report, await reopen_workflows(database, clock.now())
        finally:
            await database.close()


def _data(source: BinaryIO, backup_key: bytes, teller: Teller) -> Iterator[bytes]:
    done = 0
    for kind, piece in open_chunks(source, backup_key):
        if kind == DATA:
            yield piece
            done += len(piece)
            teller.moved(done)


async def _require_same_rows(database: Database, manifest: Manifest) -> None:
    async with database.read() as session:
        _require_same(manifest.rows, await count_rows(session))


async def _require_same_figures(database: Database, manifest: Manifest) -> None:
    if manifest.figures is None:
        return
    async with database.read() as session:
        _require_same(manifest.figures, await read_figures(session))


def _require_same(expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    if differences := differing(expected, found):
        raise StackProblem(f"What was restored is not what was backed up: {'; '.join(differences[:5])}.")


async def _analyze(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("analyze")
    finally:
        await connection.close()
