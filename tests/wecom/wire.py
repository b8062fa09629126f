"""A server on a real socket that answers as a test tells it to, and remembers what it was asked."""

import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    endpoint: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Page:
    """An answer that is no JSON envelope."""

    status: int = 200
    body: bytes = b"<html>maintenance</html>"
    headers: tuple[tuple[str, str], ...] = ()
    hangs_up: bool = False  # close the connection afterwards, as a server does with idle ones, without saying so


@dataclass(frozen=True)
class Drop:
    """Read the request, then close the connection without a word."""


@dataclass(frozen=True)
class Hang:
    """Read the request, then say nothing until the test is over."""


class Wire:
    """`says(endpoint, *answers)`: the answers in turn, the last one for ever; a dict is JSON, a callable is called."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self._answers: dict[str, list[Any]] = defaultdict(list)
        self._lock = threading.Lock()
        self._tokens = 0
        self.says("gettoken", self.new_token)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def says(self, endpoint: str, *answers: Any) -> None:
        self._answers[endpoint] = list(answers)

    def new_token(self) -> dict[str, Any]:
        self._tokens += 1
        return {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self._tokens}", "expires_in": 7200}

    def times(self, endpoint: str) -> int:
        return sum(asked.endpoint == endpoint for asked in self.asked)

    def next_answer(self, asked: Asked) -> Any:
        with self._lock:
            self.asked.append(asked)
            answers = self._answers[asked.endpoint]
            answer: Any = answers[0] if answers else Page(404, b"")
            if len(answers) > 1:
                answers.pop(0)
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer()
        return answer

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            answer = wire.next_answer(
                Asked(self.command, parts.path.removeprefix("/cgi-bin/"), query, body, dict(self.headers))
            )
            if isinstance(answer, Hang):
                wire.over.wait(20)
            if isinstance(answer, Hang | Drop):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            page = answer if isinstance(answer, Page) else Page(200, json.dumps(answer).encode())
            self.send_response(page.status)
            for name, value in (*page.headers, ("Content-Length", str(len(page.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.body)
            self.close_connection = self.close_connection or page.hangs_up

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
