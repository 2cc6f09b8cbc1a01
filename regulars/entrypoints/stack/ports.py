"""Loopback ports: chosen once, kept while nobody else takes them."""

import errno
import socket

from regulars.entrypoints.stack.problems import StackProblem

LOOPBACK = "127.0.0.1"


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there now."""
    return _listen_error(host, port) is None


def _listen_error(host: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            return error
        return None


def require_free(host: str, port: int) -> None:
    """Raises: StackProblem: the web port cannot be had, and why."""
    match _listen_error(host, port):
        case None:
            return
        case OSError(errno=errno.EADDRINUSE):
            raise StackProblem(
                f"Port {port} is in use by another program; end that one, or choose another with --port."
            )
        case OSError(errno=errno.EACCES):
            raise StackProblem(f"This user may not listen on port {port}; choose one above 1023 with --port.")
        case error:
            raise StackProblem(f"Nothing can listen on {host}:{port}: {error.strerror}.")


def choose(kept: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    """A free port for each name: the kept one where it still is free."""
    chosen: dict[str, int] = {}
    held: list[socket.socket] = []
    try:
        for name in names:
            port = kept.get(name, 0)
            if not port or port in chosen.values() or not is_free(LOOPBACK, port):
                listener = socket.socket()
                held.append(listener)
                listener.bind((LOOPBACK, 0))
                port = listener.getsockname()[1]
            chosen[name] = port
    finally:
        for listener in held:
            listener.close()
    return chosen
