"""Who acts from the command line where no operator signs in: the command, and whoever runs it here."""

import os
import pwd

from regulars.security.actor import Actor


def command_actor(command: str) -> Actor:
    """The command itself, by a name that tells the audit log whose login on the machine ran it.

    Args:
        command: as it is typed, e.g. "packs publish".
    """
    return Actor.command(f"{command} ({_login()})")


def _login() -> str:
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # in a container there may be no name for it
        return f"user {user}"
