"""Makes pictures of pages small: as few colours as they need, in the format that has them in a table."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

COLOURS: Final = 64
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def shrunk(picture: bytes) -> bytes:
    """A picture of eight bits a channel without transparency, in at most `COLOURS` colours."""
    width, height = struct.unpack(">II", picture[16:24])
    channels = {2: 3, 6: 4}[picture[25]]
    packed = b"".join(body for kind, body in _chunks(picture) if kind == b"IDAT")
    rows = list(_rows(zlib.decompress(packed), width * channels, channels))
    pixels = [[bytes(pixel[:3]) for pixel in _in_turn(row, channels)] for row in rows]
    seen = Counter(pixel for row in pixels for pixel in row)
    table = [colour for colour, _ in seen.most_common(COLOURS)]
    place = {colour: _nearest(table, colour) for colour in seen}
    indexed = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in pixels)
    return _SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(table)),
            _chunk(b"IDAT", zlib.compress(indexed, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _in_turn(row: bytearray, channels: int) -> Iterator[tuple[int, ...]]:
    return zip(*(row[place::channels] for place in range(channels)), strict=True)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _rows(raw: bytes, stride: int, step: int) -> Iterator[bytearray]:
    """Undo what each row was filtered by."""
    above = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for at in range(stride) if kind else ():
            left = row[at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            row[at] = (row[at] + _foreseen(kind, left, above[at], corner)) & 255
        yield row
        above = row


def _foreseen(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _nearest(table: list[bytes], colour: bytes) -> int:
    def apart(place: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(table[place], colour, strict=True))

    return min(range(len(table)), key=apart)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
