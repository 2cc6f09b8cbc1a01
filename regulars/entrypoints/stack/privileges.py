"""Which user a server runs as: PostgreSQL refuses root, and root's own folders refuse everyone else."""

import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path

from regulars.entrypoints.stack.problems import StackProblem

SERVER_USER = "embedded_postgres"
_CROSSING_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""What lets a process cross closed folders, weakest first, with the bit in the kernel's sets."""
_SETPCAP = 8
_LOOKING_COUNTS_TOO = ["--securebits", "+no_setuid_fixup"]
"""access(2) counts a plain user's capabilities only with this; PostgreSQL asks it of its own files."""


def server_user(data: Path) -> pwd.struct_passwd | None:
    """Who PostgreSQL runs as: the present user (None), but when that is root, whoever owns the data.

    New data gets a user of its own, who is made if missing.
    """
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    if owner == 0:
        return _existing_user() or _make_user()
    try:
        return pwd.getpwuid(owner)
    except KeyError:
        raise StackProblem(f"{data} belongs to user {owner}, whom this machine does not know.") from None


def _existing_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        return None


def _make_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
        subprocess.run(command, check=False, capture_output=True)
    for _ in range(20):  # another start may be making the same user right now
        if made := _existing_user():
            return made
        time.sleep(0.1)
    raise StackProblem(
        f"PostgreSQL must not run as root, and the user {SERVER_USER} could not be made; "
        f"make it with `useradd --system {SERVER_USER}`, or run Regulars as a plain user."
    )


NICENESS = "15"
"""Of what no till waits for: with the cores all busy, a till's process gets some thirty times its share.

It counts only among processes of one session: Linux shares the cores out among sessions first, where no
service manager does that by its own groups. So the parts are groups of their own, and not sessions.
"""


def yielding(line: list[str]) -> list[str]:
    """The command line that lets tills go first when the machine is busy."""
    nice = shutil.which("nice")
    return line if nice is None else [nice, "-n", NICENESS, *line]


def run_as(
    user: pwd.struct_passwd | None, command: list[str], *, reaching: list[Path], dies_by: str
) -> list[str]:
    """The command line that runs `command` as `user`, and ends it when the process that started it dies.

    Args:
        user: None for the present user.
        command: program by absolute path, with its arguments.
        reaching: folders and files that it must be able to reach, though closed folders lie on the way.
        dies_by: signal name for the death of the parent, e.g. "INT".
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if user is None:
            return command
        raise StackProblem("`setpriv` is missing: install util-linux, or run Regulars as a plain user.")
    line = [setpriv, "--pdeathsig", dies_by]
    if user is not None:
        line += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        if any(_is_closed(path) for path in reaching):
            capability = _crossing_capability()
            line += ["--inh-caps", f"-all,+{capability}", "--ambient-caps", f"-all,+{capability}"]
            line += _LOOKING_COUNTS_TOO if _holds(_SETPCAP) else []
    return [*line, *command]


def _is_closed(path: Path) -> bool:
    """Whether a stranger cannot pass through some folder above `path`."""
    return any(not folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _crossing_capability() -> str:
    for name, bit in _CROSSING_CAPABILITIES.items():
        if _holds(bit):
            return name
    raise StackProblem(
        f"PostgreSQL runs as the user {SERVER_USER}, who may not pass the folders above the data or the "
        "installation; put both below folders that everyone may pass, or run Regulars as a plain user."
    )


def _holds(capability: int) -> bool:
    """Whether this process may pass a capability on, by its bit in the kernel's sets."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False
