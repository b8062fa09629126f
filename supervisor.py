"""Processes that are started together, started again when they die, and ended together."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import click

RESTARTS = 5  # of one process, before giving up
# A forked process starts at once; a spawned one imports everything anew. Fork only where it is safe, before threads.
FORKS = sys.platform == "linux"
processes: Any = multiprocessing.get_context("fork" if FORKS else "spawn")


class Fallen(Exception):
    """A process does not stay up; the message says which, in words."""


def _begin(
    life: Connection, inherited: tuple[Connection, ...], target: Callable[..., None], args: tuple[Any, ...]
) -> None:
    for end in inherited:  # a forked process holds the supervisor's ends, too: they would never close
        end.close()
    _end_with_parent(life)
    target(*args)


def _end_with_parent(life: Connection) -> None:
    """Leave when the supervisor does, however it ends: its end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        with contextlib.suppress(EOFError, OSError):
            life.recv()
        os._exit(0)

    threading.Thread(target=wait, name="life", daemon=True).start()


class Supervisor:
    """Starts processes, starts one again that dies, ends them all at the end."""

    def __init__(self) -> None:
        self._targets: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {}
        self._running: dict[str, tuple[Any, Connection]] = {}
        self._restarts: dict[str, int] = {}

    def __enter__(self) -> "Supervisor":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        return self

    def __exit__(self, *_: object) -> None:
        for process, life in self._running.values():
            life.close()
            process.terminate()
        for process, _life in self._running.values():
            process.join(10)
            if process.is_alive():
                process.kill()

    def start(self, name: str, target: Callable[..., None], *args: Any) -> None:
        self._targets[name] = (target, args)
        theirs, ours = processes.Pipe(duplex=False)
        others = [end for other, (_, end) in self._running.items() if other != name]
        inherited = (ours, *others) if FORKS else ()
        process = processes.Process(target=_begin, args=(theirs, inherited, target, args), name=f"huitou-{name}")
        process.start()
        theirs.close()
        self._running[name] = (process, ours)

    def fallen(self) -> list[str]:
        return [name for name, (process, _) in self._running.items() if not process.is_alive()]

    def watch(self) -> None:
        """Until interrupted. Raises `Fallen` when a process will not stay up."""
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(0.5)
                for name in self.fallen():
                    self._restart(name)

    def _restart(self, name: str) -> None:
        process, life = self._running[name]
        self._restarts[name] = self._restarts.get(name, 0) + 1
        if self._restarts[name] > RESTARTS:
            raise Fallen(f"{name} 一再停下（退出码 {process.exitcode}），不再重启 / {name} keeps stopping")
        click.echo(f"{name} 停了（退出码 {process.exitcode}），正在重启 / {name} stopped, starting it again", err=True)
        life.close()
        target, args = self._targets[name]
        self.start(name, target, *args)
