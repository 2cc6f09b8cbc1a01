"""What is remembered of backups: the last one wherever it was put, the last proof, nothing that is spoilt."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from regulars.backup_notes import (
    FOLDER,
    MADE,
    Backup,
    Proof,
    newest_backup,
    newest_proof,
    note_made,
    note_proved,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_file(folder: Path, name: str, at: datetime) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_bytes(b"sealed")
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def test_a_backup_that_was_put_elsewhere_is_remembered_and_a_later_file_here_is_the_newer(
    tmp_path: Path,
) -> None:
    elsewhere = a_file(tmp_path / "other-disk", "monday.regulars-backup", NOON)
    noted = Backup(elsewhere, NOON, 6)
    note_made(tmp_path, noted)
    a_file(tmp_path / FOLDER, "early.regulars-backup", NOON - HOUR)
    assert newest_backup(tmp_path) == noted
    elsewhere.unlink()
    assert newest_backup(tmp_path) == noted, "it was made, wherever it was moved to"
    late = a_file(tmp_path / FOLDER, "late.regulars-backup", NOON + HOUR)
    assert newest_backup(tmp_path) == Backup(late, NOON + HOUR, 6)


def test_the_last_proof_counts_whether_it_was_sound_or_not(tmp_path: Path) -> None:
    first = a_file(tmp_path / FOLDER, "first.regulars-backup", NOON)
    note_proved(first, NOON, sound=True)
    assert newest_proof(tmp_path) == Proof("first.regulars-backup", NOON, sound=True)
    by_hand = a_file(tmp_path / "other-disk", "named-by-hand", NOON)
    note_made(tmp_path, Backup(by_hand, NOON, 6))
    note_proved(by_hand, NOON + HOUR, sound=False)
    assert newest_proof(tmp_path) == Proof("named-by-hand", NOON + HOUR, sound=False)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"file": 1}', '{"file": "x", "made_at": "soon", "bytes": 1}', '"2026"', "\x00"],
)
def test_a_spoilt_note_is_as_if_it_were_not_there(tmp_path: Path, content: str) -> None:
    (tmp_path / MADE).write_text(content)
    proof = a_file(tmp_path / FOLDER, "a.regulars-backup.proved", NOON)
    proof.write_text(content)
    assert (newest_backup(tmp_path), newest_proof(tmp_path)) == (None, None)


def test_where_nothing_can_be_written_nobody_is_kept_from_backing_up(tmp_path: Path) -> None:
    note_made(tmp_path / "nowhere", Backup(tmp_path / "x", NOON, 1))
    note_proved(tmp_path / "nowhere" / "x", NOON, sound=True)
    assert list(tmp_path.iterdir()) == []
