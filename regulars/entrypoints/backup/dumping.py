"""PostgreSQL's own dump as a stream, out of a database and into another; nothing readable is on a disk."""

import asyncio
import os
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO, Final

from regulars.entrypoints.backup.sealed import CHUNK_BYTES
from regulars.entrypoints.stack.postgres import program
from regulars.entrypoints.stack.privileges import run_as
from regulars.entrypoints.stack.problems import StackProblem

LEFT_OUT: Final = ("operator_session", "sign_in_failure", "relay_status", "workflow_told")
"""Tables whose rows mean nothing elsewhere or later: a session that was ended since must not come back to
life, and what the workflows had been told is not known to the ones that begin anew."""

COMPRESSION: Final = "gzip:3"
_POLITENESS: Final = 10  # the tills go first


async def dump(url: str, snapshot: str) -> AsyncGenerator[bytes, None]:
    """The database as of an exported snapshot, in pieces of `CHUNK_BYTES`, the last one shorter.

    Args:
        url: through the socket, without a password, for a command line can be read by others.
        snapshot: exported by a transaction that stays open until the end.
    Raises: StackProblem: the dump ended before its end, and why.
    """
    command = [program("pg_dump"), "--format=custom", f"--compress={COMPRESSION}", "--no-owner"]
    command += [f"--snapshot={snapshot}", f"--dbname={url}"]
    command += [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
    async with _running(command, stdin=DEVNULL, stdout=PIPE) as (process, said):
        os.setpriority(os.PRIO_PROCESS, process.pid, _POLITENESS)
        assert process.stdout is not None
        while piece := await _read(process.stdout):
            yield piece
        await _require_success(process, said, "The dump of the database ended early")


async def fill(url: str, pieces: Iterable[bytes]) -> None:
    """Fill an empty database from a dump.

    Args:
        url: of the database.
        pieces: of a dump, in order.
    Raises: StackProblem: PostgreSQL would not take it, and why; the database is then of no use.
    """
    command = [program("pg_restore"), "--exit-on-error", "--no-owner", f"--dbname={url}"]
    async with _running(command, stdin=PIPE, stdout=DEVNULL) as (process, said):
        assert process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended; its code says why
            for piece in pieces:
                process.stdin.write(piece)
                await process.stdin.drain()
            process.stdin.close()
            await process.stdin.wait_closed()
        await _require_success(process, said, "PostgreSQL did not take the backup")


@asynccontextmanager
async def _running(command: list[str], *, stdin: int, stdout: int) -> AsyncIterator[tuple[Process, BinaryIO]]:
    """A program of PostgreSQL, which ends with us, with what it says on its error output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *run_as(None, command, reaching=[], dies_by="TERM"),
            stdin=stdin,
            stdout=stdout,
            stderr=said,
            env=environment,
            limit=2 * CHUNK_BYTES,
        )
        try:
            yield process, said
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _read(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(CHUNK_BYTES)
    except asyncio.IncompleteReadError as rest:
        return rest.partial


async def _require_success(process: Process, said: BinaryIO, what: str) -> None:
    if await process.wait() == 0:
        return
    said.seek(0)
    lines = said.read(4096).decode(errors="replace").splitlines()
    # The first line names the fault; what follows may quote a row, which may be personal.
    raise StackProblem(f"{what}: {lines[0] if lines else f'code {process.returncode}'}.")
