"""The server: Flask under waitress, on loopback only, for itself and its registered client only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from waitress import wasyncore
from waitress.server import create_server

from sandbox import api, codes, control, pages, sign_in
from sandbox.callbacks import LOOPBACK
from sandbox.corp import Corp, corp

HOST = "127.0.0.1"
THREADS = 24
LARGEST_BODY = 64 * 1024 * 1024


def create_app(served: Corp) -> Flask:
    app = Flask("sandbox", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["corp"] = served
    app.before_request(_refuse_strangers)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(api.sns.blueprint)
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(codes.blueprint)
    app.register_blueprint(control.blueprint)
    app.register_blueprint(pages.blueprint)
    return app


@dataclass
class Running:
    """A sandbox that serves from a thread of this process."""

    url: str
    close: Callable[[], None]


def start(port: int = 0, seed: int = 7, state_path: Path | None = None) -> Running:
    """Serve in the background; port 0 takes any free one. `close()` ends it."""
    served = Corp(seed, state_path)
    sockets: dict[int, Any] = {}
    server = _bind(served, port, map=sockets)
    ending = threading.Event()

    def serve() -> None:
        while not ending.is_set():
            wasyncore.loop(timeout=1, map=sockets, count=1)

    thread = threading.Thread(target=serve, name="sandbox", daemon=True)
    thread.start()

    def close() -> None:
        ending.set()
        served.faults.replace([])  # lets those who hang go
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        for socket in list(sockets.values()):
            socket.close()
        served.close()

    return Running(f"http://{HOST}:{server.effective_port}", close)


def run(port: int, seed: int, state_path: Path | None, ready: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted. Prints one line, unless `ready` is given to be told the address instead."""
    served = Corp(seed, state_path)
    server = _bind(served, port)
    (ready or _print_ready)(f"http://{HOST}:{server.effective_port}")
    try:
        server.run()
    finally:
        server.close()
        served.close()


def _bind(served: Corp, port: int, **more: Any) -> Any:
    return create_server(create_app(served), host=HOST, port=port, threads=THREADS, ident=None, **more)


def _print_ready(url: str) -> None:
    print(f"ready sandbox={url}", flush=True)


def _refuse_strangers() -> Response | None:
    """A page of another site must not reach this server through the browser, nor by a name it points here."""
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        return Response("the sandbox is for this machine only\n", 403, mimetype="text/plain")
    origin = request.headers.get("Origin")
    if origin is not None and origin not in _own_origins():
        return Response("not from this origin\n", 403, mimetype="text/plain")
    return None


def _own_origins() -> set[str]:
    client = corp().state.setting("client", {})
    addresses = [client.get(name) for name in ("sidebar_url", "start_url", "console_url")]
    parts = [urlsplit(address) for address in addresses if address]
    return {request.host_url.rstrip("/")} | {f"{part.scheme}://{part.netloc}" for part in parts}
