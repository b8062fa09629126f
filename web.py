"""How the web program is served: waitress on threads, with a worker beside it, until a signal ends both."""

import copy
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn, Protocol

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server

from config import Server

# A sidebar with a large answer and a bench client share the loop; the defaults' 100 connections are a small shop's.
CONNECTIONS = 1000
# Bodies are taken in whole before the app sees them. Up to here the app says in its own words that one is too large.
LARGEST_BODY = 16 * 1024 * 1024
UPLOADS, LARGEST_UPLOAD = "/console/media", 24 * 1024 * 1024  # a file of 20 MB fits; past half a MB it waits on disk


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """One path takes larger bodies than the rest."""

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.path == UPLOADS:
            adjustments: Any = copy.copy(self.adj)
            adjustments.max_request_body_size = LARGEST_UPLOAD
            self.adj = adjustments


class Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = Parser


class Background(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass
class Running:
    """A server in a thread of this process."""

    url: str
    close: Callable[[], None]


def serve_forever(
    app: Flask, server: Server, worker: Background | None, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; the requests in hand and the job in hand are finished first.

    `ready` is told the address once the port is ours.
    """
    listening = _bind(app, server.host, server.port, server.threads)
    leave_on_sigterm()
    if ready:
        ready(f"http://{server.host}:{server.port}")
    if worker:
        worker.start()
    try:
        listening.run()
    finally:
        listening.close()
        if worker:
            worker.stop()


def serve_in_thread(app: Flask, *, threads: int = 16, worker: Background | None = None) -> Running:
    """Serve on a free loopback port in the background."""
    listening = _bind(app, "127.0.0.1", 0, threads)

    def run() -> None:
        with suppress(OSError):  # its socket is closed under it
            listening.run()

    thread = threading.Thread(target=run, name="web", daemon=True)
    thread.start()
    if worker:
        worker.start()

    def close() -> None:
        if worker:
            worker.stop()
        listening.task_dispatcher.shutdown()
        listening.close()
        thread.join(5)

    return Running(f"http://127.0.0.1:{listening.effective_port}", close)


def leave_on_sigterm() -> None:
    """SIGTERM ends the program as Ctrl-C does: what is in hand is finished."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


def _bind(app: Flask, host: str, port: int, threads: int) -> Any:
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=threads,
        ident=None,
        connection_limit=CONNECTIONS,
        backlog=socket.SOMAXCONN,
        max_request_body_size=LARGEST_BODY,
        clear_untrusted_proxy_headers=False,  # `server.behind_proxy` decides whether the app believes them
    )
    for each in sockets.values():
        if isinstance(each, BaseWSGIServer):
            each.channel_class = Channel
    return server
