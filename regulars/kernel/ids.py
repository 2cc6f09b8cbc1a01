"""The only place that draws identifiers and secrets."""

import os
import secrets  # noqa: TID251 — the one door to chance
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID of version 7: opaque, unique, and growing with time so that indexes stay dense."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10))
    value = (
        (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (noise >> 68) << 64 | 0b10 << 62 | noise & (1 << 62) - 1
    )
    return UUID(int=value)


def new_token(nbytes: int = 32) -> str:
    """A URL-safe secret of `nbytes` random bytes."""
    return secrets.token_urlsafe(nbytes)


def random_below(limit: int) -> int:
    """A whole number from 0 to `limit` − 1, unpredictable."""
    return secrets.randbelow(limit)


def random_bytes(nbytes: int) -> bytes:
    """`nbytes` bytes that nobody can predict, e.g. a nonce."""
    return secrets.token_bytes(nbytes)
