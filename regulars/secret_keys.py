"""The keys that protect phones, look-ups, tills, quotes and sessions: made once, kept apart from the data."""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from regulars.kernel import ids
from regulars.kernel.errors import FieldProblem, InvalidInput

FILE_NAME = "secrets.json"
KEY_BYTES = 32
_VARIABLE_PREFIX = "REGULARS_SECRET_"
_FINGERPRINT_DIGITS = 16

MEANINGS: Mapping[str, str] = {
    "phone_key": "Encrypts members' phone numbers (AES-256-GCM). Lost: the numbers cannot be read any more.",
    "blind_index_key": "Finds a member by phone, undecrypted (HMAC-SHA-256). Lost: no look-up by phone.",
    "terminal_key_pepper": "Verifies the keys of terminals (HMAC-SHA-256). Lost: every till needs a new key.",
    "quote_signing_key": "Signs quotes (HMAC-SHA-256). Lost: quotes given so far are refused.",
    "session_key": "Signs what browsers carry (HMAC-SHA-256). Lost: operators sign in again.",
    "backup_key": "Encrypts backups (AES-256-GCM). Lost: backups made with it cannot be read. "
    "Only `regulars backup` and `regulars restore` need it.",
}
NOT_OF_EVERY_PART = frozenset({"backup_key"})
"""Keys that a part may run without; what a process does not need it should not be given."""


@dataclass(frozen=True, slots=True, repr=False)
class SecretKeys:
    """Keys of 32 bytes; `MEANINGS` says what each protects."""

    phone_key: bytes
    blind_index_key: bytes
    terminal_key_pepper: bytes
    quote_signing_key: bytes
    session_key: bytes
    backup_key: bytes | None = None

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """The keys from REGULARS_SECRET_<NAME>, else from the data folder's file.

        Raises: InvalidInput: a key is missing or is not 32 bytes; names which, never its value.
        """
        return cls.read(data_dir / FILE_NAME)

    @classmethod
    def read(cls, file: Path) -> Self:
        """The keys from REGULARS_SECRET_<NAME>, else from this file.

        Raises: InvalidInput: as `load`.
        """
        kept = _read(file)
        texts = {name: os.environ.get(variable(name)) or kept.get(name, "") for name in MEANINGS}
        given = {name: text for name, text in texts.items() if text or name not in NOT_OF_EVERY_PART}
        problems = [_problem(name, text) for name, text in given.items() if len(_decode(text)) != KEY_BYTES]
        if problems:
            raise InvalidInput(problems)
        return cls(**{name: _decode(text) for name, text in given.items()})

    def __repr__(self) -> str:
        return f"SecretKeys({', '.join(f'{field.name}=…' for field in fields(self))})"


def variable(name: str) -> str:
    """The environment variable that gives a key, as base64url text."""
    return _VARIABLE_PREFIX + name.upper()


def fingerprint(key: bytes) -> str:
    """What tells keys apart and gives nothing of them away."""
    return hmac.new(key, b"regulars fingerprint", hashlib.sha256).hexdigest()[:_FINGERPRINT_DIGITS]


def ensure_secrets(data_dir: Path) -> None:
    """Make the keys that the data folder's file lacks; existing ones stay. Only its owner can read it."""
    file = data_dir / FILE_NAME
    kept = _read(file)
    missing = {name: ids.new_token(KEY_BYTES) for name in MEANINGS if name not in kept}
    if not missing:
        return
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump({**kept, **missing}, output, indent=2)
        output.flush()
        os.fsync(output.fileno())
    if kept and os.geteuid() == 0:
        owner = file.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)  # root may act on the folder of a plain user's stack
    draft.replace(file)


def _read(file: Path) -> dict[str, str]:
    try:
        kept = json.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise InvalidInput([FieldProblem("cannot be read by this user", field=str(file))]) from None
    except IsADirectoryError:
        raise InvalidInput([FieldProblem("is a folder; name the file in it", field=str(file))]) from None
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise InvalidInput([FieldProblem("is damaged; put it back from a copy", field=str(file))])
    return {str(name): str(text) for name, text in kept.items()}


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""


def _problem(name: str, text: str) -> FieldProblem:
    what = "is not 32 bytes in base64url" if text else "is missing"
    return FieldProblem(
        f"{what}; `regulars up` makes it, or give {KEY_BYTES} random bytes", field=variable(name)
    )
