"""The program as it runs: waitress, the worker, and the sandbox told where to push."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule
from whitenoise import WhiteNoise

from clocks import SandboxClock
from jobs.worker import Worker
from runtime import Runtime
from tests.sandboxes import Sandbox
from web import Running, serve_in_thread


class Compiled(BytecodeCache):
    """Templates compiled once for all the apps of a test process, not once for each."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


class CompiledRule(Rule):
    """A route whose address is compiled once for all the apps of a test process: of an app's 50 ms that is most."""

    _kept: ClassVar[dict[Any, tuple[Any, ...]]] = {}

    def compile(self) -> None:
        assert self.map
        converters = self.map.converters.get("int")
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults), converters)
        if key not in self._kept:
            super().compile()
            builders = self._build.__func__, self._build_unknown.__func__  # type: ignore[attr-defined]
            self._kept[key] = (self._parts, self._trace, self._converters, self.arguments, *builders)
        self._parts, self._trace, self._converters, self.arguments, build, unknown = self._kept[key]
        self._build, self._build_unknown = build.__get__(self, None), unknown.__get__(self, None)


Flask.url_rule_class = CompiledRule


SCANNED: dict[tuple[str, str], dict[str, Any]] = {}
scan = WhiteNoise.update_files_dictionary


def scan_once(files: Any, root: str, prefix: str) -> None:
    """The folder of static files is looked through once for all the apps of a test process."""
    if (root, prefix) not in SCANNED:
        scan(files, root, prefix)
        SCANNED[root, prefix] = dict(files.files)
    files.files.update(SCANNED[root, prefix])


WhiteNoise.update_files_dictionary = scan_once


@contextmanager
def running(app: Flask, runtime: Runtime, sandbox: Sandbox | None, *, worker: bool = True) -> Iterator[Running]:
    """The app on a free port with its worker; the sandbox pushes to it until the end."""
    stop_following = runtime.now.follow() if isinstance(runtime.now, SandboxClock) else None
    server = serve_in_thread(app, worker=Worker(runtime) if worker else None)
    try:
        if sandbox:
            sandbox.put("/sandbox/callback", {"url": f"{server.url}/bot/callback"})
        yield server
    finally:
        if sandbox:
            sandbox.put("/sandbox/callback", {"url": None})
        server.close()
        if stop_following:
            stop_following()


def until(look: Callable[[], Any], *, seconds: float = 10) -> Any:
    """What `look` answers as soon as it is true; an assertion when it is not by then."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        time.sleep(0.05)
    return found
