"""What is remembered of backups beside them: when the last was made, and which was proved by a restore.

Notes help people to look; nothing depends on them. What cannot be read or written is as if it were not there.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FOLDER: Final = "backups"
ENDING: Final = ".regulars-backup"
PROVED: Final = ".proved"
MADE: Final = "last-backup.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """The last backup that was made.

    Attributes:
        made_at: as of when it holds everything.
    """

    file: Path
    made_at: datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A restore that read a backup to its end, counted every row and recomputed the books.

    Attributes:
        name: of the backup's file.
        sound: the books added up.
    """

    name: str
    at: datetime
    sound: bool


def note_made(data_dir: Path, backup: Backup) -> None:
    """Remember in the data folder that a backup was made, and where it was put."""
    _write(
        data_dir / MADE,
        {"file": str(backup.file), "made_at": backup.made_at.isoformat(), "bytes": backup.bytes},
    )


def note_proved(file: Path, at: datetime, *, sound: bool) -> None:
    """Remember beside a backup that it was restored, and whether its books added up."""
    _write(_beside(file.absolute()), {"at": at.isoformat(), "sound": sound})


def newest_backup(data_dir: Path) -> Backup | None:
    """The last backup: as it was noted, or a later file in the data folder's own folder of backups."""
    noted = _noted(data_dir)
    found = [_of_file(file) for file in _files(data_dir / FOLDER)]
    return max((each for each in (noted, *found) if each), key=lambda each: each.made_at, default=None)


def newest_proof(data_dir: Path) -> Proof | None:
    """The last restore of a backup that lies where backups of this data folder were put."""
    noted = _noted(data_dir)
    files = _files(data_dir / FOLDER, PROVED)
    if noted:
        files += [_beside(noted.file), *_files(noted.file.parent, PROVED)]
    proofs = (_proof(file) for file in files)
    return max((each for each in proofs if each), key=lambda each: each.at, default=None)


def _beside(file: Path) -> Path:
    return file.with_name(file.name + PROVED)


def _noted(data_dir: Path) -> Backup | None:
    match _read(data_dir / MADE):
        case {"file": str(file), "made_at": str(made_at), "bytes": int(size)}:
            at = _instant(made_at)
            return Backup(Path(file), at, size) if at else None
    return None


def _proof(file: Path) -> Proof | None:
    match _read(file):
        case {"at": str(said), "sound": bool(sound)}:
            at = _instant(said)
            return Proof(file.name.removesuffix(PROVED), at, sound) if at else None
    return None


def _of_file(file: Path) -> Backup | None:
    try:
        known = file.stat()
    except OSError:
        return None
    return Backup(file, datetime.fromtimestamp(known.st_mtime, UTC), known.st_size)


def _files(folder: Path, more: str = "") -> list[Path]:
    try:
        return list(folder.glob(f"*{ENDING}{more}"))
    except OSError:
        return []


def _read(file: Path) -> object:
    try:
        content: object = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return content


def _instant(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _write(file: Path, content: object) -> None:
    """Whole or not at all; a disk that takes nothing keeps nobody from backing up."""
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        unfinished.write_text(json.dumps(content) + "\n")
        unfinished.replace(file)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
