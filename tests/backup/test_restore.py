"""What cannot be restored is refused in a sentence, before the first byte; what was half done starts over."""

import asyncio
import io
import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from backup_world import CLI, NAMES, PHONES, BackedUp, make_keys, regulars
from sqlalchemy import Connection
from traces import traces

from regulars.backup_notes import newest_backup
from regulars.db.base import metadata
from regulars.db.migrate import scripts
from regulars.db.session import make_engine
from regulars.entrypoints.backup.dumping import LEFT_OUT, dump
from regulars.entrypoints.backup.making import make_backup, write_backup
from regulars.entrypoints.backup.manifest import Manifest
from regulars.entrypoints.backup.restoring import Restored, restore
from regulars.entrypoints.backup.sealed import DATA, MANIFEST, SealedWriter, open_chunks
from regulars.entrypoints.backup.server import serving
from regulars.entrypoints.backup.teller import Silence
from regulars.entrypoints.stack.datadir import DataDir, try_lock
from regulars.entrypoints.stack.parts import DATABASE
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import running
from regulars.entrypoints.verifying import verify_url
from regulars.kernel import clock
from regulars.kernel.errors import InvalidInput
from regulars.secret_keys import variable
from regulars.settings import load_settings

PATIENCE_SECONDS = 60


async def restored(file: Path, folder: Path, secrets: Path | None) -> Restored:
    return await restore(load_settings(folder, disk_reserve_bytes=0), file, secrets, Silence())


def everything_in(folder: Path) -> list[Path] | None:
    return sorted(folder.rglob("*")) if folder.exists() else None


async def refusal(file: Path, folder: Path, secrets: Path | None) -> str:
    """Why a restore is refused; the folder is then as it was."""
    before = everything_in(folder)
    with pytest.raises(StackProblem) as refused:
        await restored(file, folder, secrets)
    assert everything_in(folder) == before
    return str(refused.value)


def unsealed(backed_up: BackedUp) -> tuple[Manifest, bytes]:
    """What the backup holds, in the clear."""
    assert backed_up.keys.backup_key is not None
    kept = list(open_chunks(io.BytesIO(backed_up.made.file.read_bytes()), backed_up.keys.backup_key))
    data = b"".join(piece for kind, piece in kept if kind == DATA)
    return Manifest.from_json(next(piece for kind, piece in kept if kind == MANIFEST)), data


def resealed(backed_up: BackedUp, file: Path, manifest: Manifest, data: bytes) -> Path:
    """A genuine backup of another content."""
    assert backed_up.keys.backup_key is not None
    with file.open("wb") as output:
        writer = SealedWriter(output, backed_up.keys.backup_key, clock.now())
        writer.manifest(manifest.to_json())
        writer.data(data)
        writer.end()
    return file


async def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    """What a restored database answers."""
    data_dir = DataDir(folder)
    held = try_lock(data_dir)
    assert held is not None
    try:
        async with serving(data_dir) as cluster:
            connection = await asyncpg.connect(cluster.url(DATABASE))
            try:
                return [tuple(row) for row in await connection.fetch(query)]
            finally:
                await connection.close()
    finally:
        held.release()


def test_the_backup_gives_nobody_away(backed_up: BackedUp) -> None:
    words = [*NAMES, *PHONES, *(phone[3:] for phone in PHONES), "ref-8042", "purchase"]
    manifest, data = unsealed(backed_up)
    assert {*NAMES, "ref-8042", "purchase"} <= traces(data, words)  # these are what is looked for
    assert traces(backed_up.made.file.read_bytes(), words) == set()
    assert traces(manifest.to_json(), [*NAMES, *PHONES]) == set()
    assert traces(backed_up.made.file.read_bytes(), [backed_up.secrets.read_text()[20:50]]) == set()


async def test_a_restore_equals_the_backup_and_leaves_out_what_must_not_come_back(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    done = await restored(backed_up.made.file, tmp_path / "new", backed_up.secrets)
    assert (done.report.ok, done.revisions, done.reopened) == (True, (), 2)
    assert done.manifest == backed_up.made.manifest
    proved = json.loads(backed_up.made.file.with_name("made.proved").read_bytes())
    assert (proved["sound"], clock.now().isoformat() > proved["at"]) == (True, True)
    assert (done.manifest.purchases, done.manifest.members) == (6, 2)
    assert (tmp_path / "new" / "secrets.json").read_bytes() == backed_up.secrets.read_bytes()
    assert (tmp_path / "new" / "secrets.json").stat().st_mode & 0o777 == 0o600
    told = await rows(tmp_path / "new", "select bulk, seq, claimed_by from outbox")
    assert told == [(True, 3, None), (True, 3, None)]
    counts = ", ".join(f"(select count(*) from {table})" for table in LEFT_OUT)
    assert await rows(tmp_path / "new", f"select {counts}") == [(0,) * len(LEFT_OUT)]
    again = await refusal(backed_up.made.file, tmp_path / "new", backed_up.secrets)
    assert "already, and a restore replaces nothing; name a new folder with --data-dir" in again


async def test_a_wrong_key_is_refused(backed_up: BackedUp, tmp_path: Path) -> None:
    make_keys(tmp_path / "other")
    said = await refusal(backed_up.made.file, tmp_path / "new", tmp_path / "other" / "secrets.json")
    assert "was sealed with another backup_key" in said


async def test_the_keys_of_the_data_must_fit_too(backed_up: BackedUp, tmp_path: Path) -> None:
    kept = json.loads(backed_up.secrets.read_text())
    file = tmp_path / "mixed.json"
    file.write_text(json.dumps({**kept, "terminal_key_pepper": "A" * 43}))
    said = await refusal(backed_up.made.file, tmp_path / "new", file)
    assert "another terminal_key_pepper than the one given" in said
    assert "every till needs a new key" in said


async def test_keys_are_asked_for_where_there_are_none(backed_up: BackedUp, tmp_path: Path) -> None:
    said = await refusal(backed_up.made.file, tmp_path / "new", None)
    assert "name the secrets.json that lay in its data folder with --secrets" in said
    said = await refusal(backed_up.made.file, tmp_path / "new", tmp_path / "nowhere.json")
    assert f"{tmp_path / 'nowhere.json'} does not exist" in said


async def test_keys_may_lie_in_the_folder_or_in_the_environment(
    backed_up: BackedUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut"  # the keys fit, so it is the file that is found wanting
    cut.write_bytes(backed_up.made.file.read_bytes()[:-1])
    folder = tmp_path / "with-keys"
    folder.mkdir()
    shutil.copy(backed_up.secrets, folder)
    assert "ends too early" in await refusal(cut, folder, None)
    for name, text in json.loads(backed_up.secrets.read_text()).items():
        monkeypatch.setenv(variable(name), text)
    assert "ends too early" in await refusal(cut, tmp_path / "new", None)


async def test_a_keys_file_that_is_none_is_told_in_a_sentence(backed_up: BackedUp, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text("[]")
    for wrong, why in ((damaged, "is damaged"), (tmp_path, "is a folder; name the file in it")):
        with pytest.raises(InvalidInput, match=why):
            await restored(backed_up.made.file, tmp_path / "new", wrong)
    older = tmp_path / "older.json"
    kept = json.loads(backed_up.secrets.read_text())
    older.write_text(json.dumps({name: text for name, text in kept.items() if name != "backup_key"}))
    assert "has no backup_key" in await refusal(backed_up.made.file, tmp_path / "new", older)


@pytest.mark.parametrize("harm", ["cut", "flipped"])
async def test_a_damaged_file_is_refused_before_anything_is_made(
    backed_up: BackedUp, tmp_path: Path, harm: str
) -> None:
    content = bytearray(backed_up.made.file.read_bytes())
    content[len(content) // 2] ^= harm == "flipped"
    (tmp_path / "bad").write_bytes(content[: -100 if harm == "cut" else None])
    said = await refusal(tmp_path / "bad", tmp_path / "new", backed_up.secrets)
    assert said.startswith(f"{tmp_path / 'bad'} ")
    assert said.endswith("use another backup.")


async def test_what_is_no_file_is_refused(backed_up: BackedUp, tmp_path: Path) -> None:
    for wrong in (tmp_path, tmp_path / "nowhere"):
        said = await refusal(wrong, tmp_path / "new", backed_up.secrets)
        assert "is not a file; name one that `regulars backup` made" in said


async def test_a_backup_of_a_newer_schema_asks_for_the_newer_version(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    manifest, data = unsealed(backed_up)
    newer = replace(manifest, revisions=("2031_01_01_flying",))
    file = resealed(backed_up, tmp_path / "newer", newer, data)
    said = await refusal(file, tmp_path / "new", backed_up.secrets)
    assert "made by a newer version of Regulars (schema 2031_01_01_flying)" in said


async def test_a_folder_in_use_is_left_alone(backed_up: BackedUp, tmp_path: Path) -> None:
    said = await refusal(backed_up.made.file, backed_up.data_dir.root, None)
    assert f"{backed_up.data_dir.root} holds " in said
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    said = await refusal(backed_up.made.file, tmp_path, backed_up.secrets)
    assert f"{tmp_path} holds photos already" in said
    said = await refusal(backed_up.made.file, tmp_path / "photos" / "cat.jpg", backed_up.secrets)
    assert "is not a folder" in said


async def test_other_keys_in_the_folder_are_not_replaced(backed_up: BackedUp, tmp_path: Path) -> None:
    make_keys(tmp_path / "new")
    before = (tmp_path / "new" / "secrets.json").read_bytes()
    with pytest.raises(StackProblem, match="holds other keys than"):
        await restored(backed_up.made.file, tmp_path / "new", backed_up.secrets)
    assert (tmp_path / "new" / "secrets.json").read_bytes() == before


async def test_a_disk_without_room_is_told_before_postgresql_fills_it(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    manifest, data = unsealed(backed_up)
    file = resealed(backed_up, tmp_path / "huge", replace(manifest, database_bytes=1 << 60), data)
    with pytest.raises(StackProblem, match=r"^No space: "):
        await restored(file, tmp_path / "new", backed_up.secrets)


async def test_fewer_rows_than_the_manifest_says_are_noticed(backed_up: BackedUp, tmp_path: Path) -> None:
    manifest, data = unsealed(backed_up)
    more = replace(manifest, rows={**manifest.rows, "purchase": 7})
    file = resealed(backed_up, tmp_path / "more", more, data)
    with pytest.raises(StackProblem, match="not what was backed up: purchase is 6 and was 7"):
        await restored(file, tmp_path / "new", backed_up.secrets)
    assert DataDir(tmp_path / "new").half_restored.exists()


async def test_a_killed_restore_says_so_and_starts_over(backed_up: BackedUp, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    words = ("restore", backed_up.made.file, "--data-dir", folder, "--secrets", backed_up.secrets)
    process = await asyncio.create_subprocess_exec(*CLI, *map(str, words), stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while b"restoring 6 purchases" not in await process.stderr.readline():
            assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await process.wait()
    refused = await regulars("totals", "--data-dir", folder)
    assert (refused.code, refused.said) == (1, "")
    assert f"A restore into {folder} was not finished; run `regulars restore`" in refused.complained
    with pytest.raises(StackProblem, match="was not finished"):
        await make_backup(load_settings(folder), None, Silence())
    done = await restored(backed_up.made.file, folder, None)
    assert (done.report.ok, done.reopened) == (True, 2)
    async with running(load_settings(folder), ("postgres",)) as stack:
        assert (await verify_url(stack.database_url)).ok


async def test_a_backup_that_would_take_the_tills_last_space_ends_without_a_file(
    database_url: str, tmp_path: Path
) -> None:
    keys = make_keys(tmp_path / "keys")
    with pytest.raises(StackProblem, match=r"^No space: "):
        await write_backup(database_url, keys, tmp_path / "made", 1 << 60, Silence())
    assert everything_in(tmp_path) == [tmp_path / "keys", tmp_path / "keys" / "secrets.json"]


async def test_an_empty_database_is_nothing_to_back_up(empty_database_url: str, tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "keys")
    with pytest.raises(StackProblem, match="nothing to back up yet"):
        await write_backup(empty_database_url, keys, tmp_path / "made", 0, Silence())
    assert everything_in(tmp_path) == [tmp_path / "keys", tmp_path / "keys" / "secrets.json"]


async def test_a_dump_that_ends_early_says_why(database_url: str) -> None:
    with pytest.raises(StackProblem, match=r"^The dump of the database ended early: .*snapshot"):
        async for _ in dump(database_url, "00000001-00000001-1"):
            pass


async def test_a_database_of_the_chains_own_is_not_ours_to_back_up(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    settings = load_settings(tmp_path / "new", database_url="postgresql://user:hunter2@there/db")
    with pytest.raises(StackProblem, match="names a PostgreSQL of your own") as refused:
        await make_backup(settings, None, Silence())
    assert "hunter2" not in str(refused.value)
    with pytest.raises(StackProblem, match="names a PostgreSQL of your own"):
        await restore(settings, backed_up.made.file, backed_up.secrets, Silence())


async def test_a_stopped_chain_is_backed_up_and_told_where_its_keys_are(backed_up: BackedUp) -> None:
    root = backed_up.data_dir.root
    ran = await regulars("backup", "--data-dir", root)
    assert ran.code == 0, ran.complained
    assert "Backed up 6 purchases of 2 members as of " in ran.said
    assert f"keep a copy of {root / 'secrets.json'} apart from the backups" in ran.said
    (file,) = everything_in(root / "backups") or []
    assert f"{file} (" in ran.said
    noted = newest_backup(root)
    assert noted is not None
    assert (noted.file, noted.bytes) == (file, file.stat().st_size)
    with pytest.raises(StackProblem, match="exists already, and a backup never replaces a file"):
        await make_backup(load_settings(root), file, Silence())
    assert everything_in(root / "backups") == [file]


async def test_a_folder_without_a_chain_is_not_backed_up_nor_made_one(tmp_path: Path) -> None:
    with pytest.raises(StackProblem, match=r"^Nothing to back up lies in"):
        await make_backup(load_settings(tmp_path / "nothing"), None, Silence())
    assert everything_in(tmp_path) == []


async def migrate_to(url: str, revision: str) -> None:
    """Bring an empty database to a revision that need not be the newest."""
    directory = scripts()

    def run(connection: Connection) -> None:
        with EnvironmentContext(
            Config(),
            directory,
            fn=lambda now, _: directory._upgrade_revs(revision, now),
            destination_rev=revision,
        ) as environment:
            environment.configure(connection=connection, target_metadata=metadata)
            with environment.begin_transaction():
                environment.run_migrations()

    engine = make_engine(url, application="regulars-test", pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


async def test_a_backup_of_an_older_schema_goes_forward(empty_database_url: str, tmp_path: Path) -> None:
    first, *later = [step.revision for step in scripts().walk_revisions()][::-1]
    await migrate_to(empty_database_url, first)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(
        "insert into outbox (member_id, seq, events, bulk, created_at) "
        "values (gen_random_uuid(), 1, 0, false, now())"
    )
    await connection.close()
    keys = make_keys(tmp_path)
    made = await write_backup(empty_database_url, keys, tmp_path / "older", 0, Silence())
    assert made.manifest.revisions == (first,)
    assert made.manifest.rows["outbox"] == 1
    done = await restored(made.file, tmp_path / "new", tmp_path / "secrets.json")
    assert done.revisions == tuple(later)
    assert done.report.ok
