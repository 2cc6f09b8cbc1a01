"""The command line in a process of its own, the keys of a chain, and members that must not be found."""

import asyncio
import base64
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_chain import KEYS, SmallChain

from regulars.entrypoints.backup.making import Made
from regulars.entrypoints.stack.datadir import DataDir
from regulars.secret_keys import FILE_NAME, SecretKeys, ensure_secrets

CLI = (sys.executable, "-m", "regulars.entrypoints.cli")
NAMES = ("欧阳雪见", "Wilhelmina Thistlewood")
PHONES = ("+8613800138042", "+8613900139017")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    code: int
    said: str
    complained: str

    def json(self) -> dict[str, Any]:
        assert self.code == 0, self.complained
        answer: dict[str, Any] = json.loads(self.said)
        return answer


async def regulars(*words: str | Path, **environment: str) -> Ran:
    """Run `regulars` and wait for its end, while the test's own loop goes on."""
    process = await asyncio.create_subprocess_exec(
        *CLI,
        *map(str, words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    said, complained = await process.communicate()
    return Ran(process.returncode or 0, said.decode(), complained.decode())


def make_keys(data_dir: Path) -> SecretKeys:
    """The keys of a chain whose phones `SmallChain` seals."""
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o711)
    kept = {"phone_key": KEYS.cipher, "blind_index_key": KEYS.index}
    texts = {name: base64.urlsafe_b64encode(key).decode() for name, key in kept.items()}
    (data_dir / FILE_NAME).write_text(json.dumps(texts))
    ensure_secrets(data_dir)
    return SecretKeys.load(data_dir)


async def enrol_the_named(chain: SmallChain) -> None:
    """Members whose names and phones must not be found in a backup."""
    for name, phone in zip(NAMES, PHONES, strict=True):
        await chain.join(name, phone=phone, references=[f"ref-{phone[-4:]}"])


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A chain at rest, and its backup."""

    data_dir: DataDir
    keys: SecretKeys
    made: Made

    @property
    def secrets(self) -> Path:
        return self.data_dir.root / FILE_NAME
