"""The backup file: a clear header, then chunks that only the backup key opens, in this order and whole.

    magic · header length (4 bytes) · header (JSON) · chunk …
    chunk = kind (1 byte) · length (4 bytes) · AES-256-GCM of the content, with its tag

The key of a file comes from the backup key and the file's salt by HKDF. The nonce is the chunk's number; what
is authenticated with each chunk is the header and the chunk's kind. So a chunk that was changed, moved, left
out or taken from another file does not open, and a file that was cut has no last chunk.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel import ids
from regulars.secret_keys import KEY_BYTES, fingerprint

MAGIC: Final = b"REGULARS BACKUP\n"
FORMAT: Final = 1
CHUNK_BYTES: Final = 1 << 20
MANIFEST: Final = b"M"
DATA: Final = b"D"
END: Final = b"E"

_LENGTH_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_SALT_BYTES: Final = 32
_HEADER_LIMIT_BYTES: Final = 65_536
_PURPOSE: Final = b"regulars backup file 1"


class BackupUnreadable(StackProblem):
    """The file is no whole backup, or not one that this key opens."""


@dataclass(frozen=True, slots=True)
class Header:
    """What anyone may read.

    Attributes:
        made_at: when the backup was begun, ISO 8601 in UTC.
        key: fingerprint of the backup key.
        salt: makes the file's own key from the backup key.
        raw: the bytes as they stand in the file.
    """

    made_at: str
    key: str
    salt: bytes
    raw: bytes

    def cipher(self, backup_key: bytes) -> AESGCM:
        return AESGCM(
            HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=self.salt, info=_PURPOSE).derive(backup_key)
        )

    def bound_to(self, kind: bytes) -> bytes:
        """What is authenticated with each chunk of this kind."""
        return hashlib.sha256(self.raw).digest() + kind


class SealedWriter:
    """Writes one backup: the manifest, then data, then the end, without which it is none."""

    def __init__(self, output: BinaryIO, backup_key: bytes, made_at: datetime) -> None:
        salt = ids.random_bytes(_SALT_BYTES)
        made, mark = made_at.isoformat(timespec="seconds"), fingerprint(backup_key)
        clear = {
            "format": FORMAT,
            "made_at": made,
            "key": mark,
            "salt": salt.hex(),
        }
        raw = orjson.dumps(clear)
        self._header = Header(made, mark, salt, raw)
        self._cipher = self._header.cipher(backup_key)
        self._output = output
        self._chunks = 0
        self._checksum = hashlib.sha256()
        self.data_bytes = 0
        output.write(MAGIC + len(raw).to_bytes(_LENGTH_BYTES, "big") + raw)

    def manifest(self, content: bytes) -> None:
        """Write what the backup holds; before all data."""
        self._chunk(MANIFEST, content)

    def data(self, content: bytes) -> None:
        """Write the next piece, at most `CHUNK_BYTES`."""
        self._checksum.update(content)
        self.data_bytes += len(content)
        self._chunk(DATA, content)

    def end(self) -> None:
        """Say that this is all."""
        self._chunk(END, orjson.dumps({"data_bytes": self.data_bytes, "sha256": self._checksum.hexdigest()}))

    def _chunk(self, kind: bytes, content: bytes) -> None:
        assert len(content) <= CHUNK_BYTES
        sealed = self._cipher.encrypt(_nonce(self._chunks), content, self._header.bound_to(kind))
        self._output.write(kind + len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)
        self._chunks += 1


def read_header(source: BinaryIO) -> Header:
    """The header, and the source set to the first chunk.

    Raises: BackupUnreadable: not a backup, or of a format that this version does not know.
    """
    source.seek(0)
    if source.read(len(MAGIC)) != MAGIC:
        raise BackupUnreadable("is not a Regulars backup; name a file that `regulars backup` made.")
    length = int.from_bytes(source.read(_LENGTH_BYTES), "big")
    raw = source.read(min(length, _HEADER_LIMIT_BYTES))
    try:
        clear = orjson.loads(raw)
        header = Header(str(clear["made_at"]), str(clear["key"]), bytes.fromhex(clear["salt"]), raw)
        known = int(clear["format"]) <= FORMAT
    except (ValueError, TypeError, KeyError):
        raise _damaged("its header") from None
    if not known:
        raise BackupUnreadable("was made by a newer version of Regulars; restore it with that version.")
    return header


def open_chunks(source: BinaryIO, backup_key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's kind and content: the manifest first, the end last and checked.

    Args:
        source: at any place; it is read from its start.
        backup_key: that it was sealed with.
    Raises: BackupUnreadable: the first chunk that is not as it was written ends it, and so does a file that
        ends too early or goes on after its end. What came before it was genuine.
    """
    header = read_header(source)
    if header.key != fingerprint(backup_key):
        raise BackupUnreadable(
            f"was sealed with another backup_key (fingerprint {header.key}) than the one given "
            f"({fingerprint(backup_key)}); name the secrets.json of the chain it was made of with --secrets."
        )
    cipher, checksum, data_bytes, number = header.cipher(backup_key), hashlib.sha256(), 0, 0
    while True:
        kind, sealed = _next_chunk(source)
        try:
            content = cipher.decrypt(_nonce(number), sealed, header.bound_to(kind))
        except InvalidTag:
            raise _damaged(f"chunk {number}") from None
        if (kind == MANIFEST) != (number == 0):
            raise _damaged(f"chunk {number}")
        if kind == END:
            break
        if kind == DATA:
            checksum.update(content)
            data_bytes += len(content)
        yield kind, content
        number += 1
    if orjson.loads(content) != {"data_bytes": data_bytes, "sha256": checksum.hexdigest()}:
        raise _damaged("its checksum")
    if source.read(1):
        raise BackupUnreadable("goes on after its end, so somebody has changed it; use another backup.")
    yield END, content


def _next_chunk(source: BinaryIO) -> tuple[bytes, bytes]:
    head = source.read(1 + _LENGTH_BYTES)
    length = int.from_bytes(head[1:], "big")
    if length > CHUNK_BYTES + _TAG_BYTES:
        raise _damaged("the length of a chunk")
    sealed = source.read(length)
    if len(head) < 1 + _LENGTH_BYTES or len(sealed) < length:
        raise BackupUnreadable("ends too early: it was cut, or was never finished; use another backup.")
    return head[:1], sealed


def _damaged(what: str) -> BackupUnreadable:
    return BackupUnreadable(f"is damaged ({what} is not as it was written); use another backup.")


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
