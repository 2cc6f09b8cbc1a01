"""Looks for words in bytes the way someone would who found a backup: plain, wide, base64, and inflated."""

import base64
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

_DEFLATED: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
_MOST_INFLATED_BYTES: Final = 1 << 24


def traces(content: bytes, words: Sequence[str]) -> set[str]:
    """The words that are found."""
    looked_at = [content, *_inflated(content)]
    return {word for word in words if any(form in piece for form in _forms(word) for piece in looked_at)}


def _forms(word: str) -> Iterator[bytes]:
    for plain in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield plain
        yield plain.hex().encode()
        for shift in range(3):  # where the word begins within the three bytes that base64 takes together
            coded = base64.b64encode(bytes(shift) + plain)
            yield coded[(0, 2, 3)[shift] : -4]


def _inflated(content: bytes) -> Iterator[bytes]:
    for found in _DEFLATED.finditer(content):
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        try:
            piece = stream.decompress(content[found.start() :], _MOST_INFLATED_BYTES)
        except zlib.error:
            continue
        if piece:
            yield piece
