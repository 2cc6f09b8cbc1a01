"""The backup file opens whole, with its key, as it was written; or not at all."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import orjson
import pytest

from regulars.entrypoints.backup.sealed import (
    CHUNK_BYTES,
    DATA,
    END,
    MAGIC,
    MANIFEST,
    BackupUnreadable,
    SealedWriter,
    open_chunks,
    read_header,
)

KEY = b"k" * 32
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
PIECES = (b"first" * 100, b"second" * 100, b"third" * 100)


def sealed(pieces: tuple[bytes, ...] = PIECES, key: bytes = KEY) -> bytes:
    """A whole backup."""
    output = io.BytesIO()
    writer = SealedWriter(output, key, AT)
    writer.manifest(b'{"about": "it"}')
    for piece in pieces:
        writer.data(piece)
    writer.end()
    return output.getvalue()


def opened(content: bytes, key: bytes = KEY) -> list[tuple[bytes, bytes]]:
    return list(open_chunks(io.BytesIO(content), key))


def cuts(content: bytes) -> list[int]:
    """Where each chunk begins, and where the last one ends."""

    def walk() -> Iterator[int]:
        at = len(MAGIC) + 4 + len(read_header(io.BytesIO(content)).raw)
        while at < len(content):
            yield at
            at += 5 + int.from_bytes(content[at + 1 : at + 5], "big")
        yield at

    return list(walk())


def chunks(content: bytes) -> list[bytes]:
    return [content[start:end] for start, end in pairwise(cuts(content))]


def head(content: bytes) -> bytes:
    return content[: cuts(content)[0]]


def test_what_was_sealed_comes_back_in_order() -> None:
    kinds_and_pieces = opened(sealed())
    assert kinds_and_pieces[0] == (MANIFEST, b'{"about": "it"}')
    assert kinds_and_pieces[1:-1] == [(DATA, piece) for piece in PIECES]
    assert kinds_and_pieces[-1][0] == END


def test_a_chunk_of_the_greatest_size_fits() -> None:
    piece = bytes(CHUNK_BYTES)
    assert opened(sealed((piece, piece)))[2] == (DATA, piece)


def test_nothing_readable_stands_in_the_file_but_the_header() -> None:
    content = sealed()
    assert not any(word in content for word in (b"first", b"about", b"third", KEY))


def test_two_files_of_the_same_content_share_nothing() -> None:
    assert not set(chunks(sealed())) & set(chunks(sealed()))


def test_another_key_is_refused_by_its_fingerprint() -> None:
    with pytest.raises(BackupUnreadable, match="sealed with another backup_key"):
        opened(sealed(), b"x" * 32)


def test_a_forged_fingerprint_does_not_help() -> None:
    mine, theirs = (read_header(io.BytesIO(sealed(key=key))).key for key in (b"x" * 32, KEY))
    forged = sealed().replace(theirs.encode(), mine.encode())
    with pytest.raises(BackupUnreadable, match="damaged"):
        opened(forged, b"x" * 32)


def test_a_file_cut_anywhere_is_refused() -> None:
    content = sealed()
    for length in range(len(content)):
        with pytest.raises(BackupUnreadable):
            opened(content[:length])


def test_a_file_cut_between_chunks_ends_too_early() -> None:
    content = sealed()
    for length in cuts(content)[:-1]:
        with pytest.raises(BackupUnreadable, match="ends too early"):
            opened(content[:length])


def test_a_changed_byte_anywhere_is_refused() -> None:
    content = sealed()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(BackupUnreadable):
            opened(bytes(changed))


@pytest.mark.parametrize(
    "order",
    [(0, 2, 1, 3, 4), (0, 1, 3, 4), (0, 1, 1, 2, 3, 4), (1, 0, 2, 3, 4), (0, 4), (4,), (0, 1, 2, 3, 4, 4)],
    ids=["swapped", "one left out", "one twice", "manifest later", "no data", "end only", "end twice"],
)
def test_chunks_in_another_order_are_refused(order: tuple[int, ...]) -> None:
    content = sealed()
    kept = chunks(content)
    with pytest.raises(BackupUnreadable):
        opened(head(content) + b"".join(kept[place] for place in order))


def test_a_chunk_of_another_backup_is_refused() -> None:
    one, other = sealed(), sealed()
    mixed = [*chunks(one)[:2], chunks(other)[2], *chunks(one)[3:]]
    with pytest.raises(BackupUnreadable, match="chunk 2"):
        opened(head(one) + b"".join(mixed))


def test_what_follows_the_end_is_refused() -> None:
    with pytest.raises(BackupUnreadable, match="goes on after its end"):
        opened(sealed() + b"\0")


@pytest.mark.parametrize("content", [b"", b"PGDMP", b"\x1f\x8b" + bytes(100), MAGIC[:-1]])
def test_another_kind_of_file_is_named_as_such(content: bytes) -> None:
    with pytest.raises(BackupUnreadable, match="is not a Regulars backup"):
        opened(content)


def test_a_later_format_asks_for_a_later_version() -> None:
    content = sealed()
    raw = read_header(io.BytesIO(content)).raw
    later = orjson.dumps({**orjson.loads(raw), "format": 2})
    with pytest.raises(BackupUnreadable, match="newer version"):
        opened(MAGIC + len(later).to_bytes(4, "big") + later + content[cuts(content)[0] :])
