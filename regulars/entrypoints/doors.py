"""Several processes that serve one port, each listening at a door of its own."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from regulars.entrypoints.stack.ports import require_free
from regulars.settings import Settings

_FAMILIES: Final = {False: socket.AF_INET, True: socket.AF_INET6}
HUNG_SECONDS: Final = 10
"""A process that says nothing for so long is replaced. One that died is noticed at once."""
STARTING_SECONDS: Final = 300
"""But it says nothing either while it imports the program, which takes many seconds on a busy or a cold
machine: who kills it for that begins the same again."""


class ServingProcesses(Multiprocess):
    """Processes among which the kernel shares out the connections; one that dies or hangs is replaced.

    At a door that all share, whoever wakes first takes everybody who knocks: the tills of a whole chain,
    which keep their connections, then sit with one process while the others idle. What knocks at the door
    of a process that has just died waits there for its successor.
    """

    def __init__(
        self, config: uvicorn.Config, settings: Settings, apps: Sequence[Callable[[], object]] = ()
    ) -> None:
        """The processes, not yet started.

        Args:
            config: of each process.
            settings: where to listen.
            apps: what makes each process's own application; none where all have the configuration's.
        Raises: StackProblem: another program listens there. Without this look another Regulars, on another
            database even, would share the tills with us.
        """
        require_free(settings.host, settings.port)
        config.timeout_worker_healthcheck = HUNG_SECONDS
        self._doors = [_door(settings) for _ in range(config.workers)]
        self._configs = [_with_app(config, app) for app in apps] or [config] * config.workers
        self._began: WeakKeyDictionary[Process, float] = WeakKeyDictionary()
        self._have_answered: WeakSet[Process] = WeakSet()
        super().__init__(config, sockets=self._doors)

    def init_processes(self) -> None:
        """Start one process for each door."""
        self.processes_num = 1
        for door, config in zip(self._doors, self._configs, strict=True):
            self.sockets, self.config = [door], config
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """See to each process; a successor gets the door of the one that it follows."""
        see_to = super().keep_subprocess_alive
        self._door_by_door(lambda: None if self._is_starting(self.processes[0]) else see_to())

    def restart_all(self) -> None:
        """Replace each process, on SIGHUP, at its own door: nobody would answer at one that is left."""
        replace_all = super().restart_all

        def replace() -> None:
            self.config.timeout_worker_healthcheck = STARTING_SECONDS
            replace_all()
            self.config.timeout_worker_healthcheck = HUNG_SECONDS

        self._door_by_door(replace)

    def _is_starting(self, process: Process) -> bool:
        """Whether it lives, has never answered, and may take its time still; it is not waited for."""
        if process in self._have_answered:
            return False
        if process not in self._began:
            self._began[process] = time.monotonic()
            with suppress(OSError):
                process.parent_conn.send(b"ping")
        if process.parent_conn.poll():
            process.parent_conn.recv()
            self._have_answered.add(process)
            return False
        return process.process.is_alive() and time.monotonic() < self._began[process] + STARTING_SECONDS

    def handle_ttin(self) -> None:
        """Take no more processes than there are doors: their number is a setting."""

    def handle_ttou(self) -> None:
        """Leave no door without its process: whoever knocks there would wait for ever."""

    def _door_by_door(self, see_to: Callable[[], None]) -> None:
        everybody = self.processes
        for number, (door, config) in enumerate(zip(self._doors, self._configs, strict=True)):
            self.processes, self.sockets, self.config = everybody[number : number + 1], [door], config
            see_to()
            everybody[number : number + 1] = self.processes
        self.processes = everybody


def end_with_parent() -> None:
    """In a process that serves: end when its parent was killed, or it would hold the port for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _with_app(config: uvicorn.Config, app: Callable[[], object]) -> uvicorn.Config:
    own = copy(config)
    own.app = app
    return own


def _door(settings: Settings) -> socket.socket:
    door = socket.socket(_FAMILIES[":" in settings.host])
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    door.bind((settings.host, settings.port))
    return door
