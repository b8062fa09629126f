"""A callback address that keeps what it is sent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from sandbox import crypto

Answer = Callable[["Pushed"], tuple[int, bytes]]


@dataclass
class Pushed:
    query: dict[str, str]
    body: bytes
    fields: dict[str, str] = field(default_factory=dict)


class Receiver:
    """Passes the address check, then answers as `answer` says."""

    def __init__(self, credentials: dict[str, str]) -> None:
        self.credentials = credentials
        self.pushed: list[Pushed] = []
        self.answer: Answer = lambda pushed: (200, b"success")
        self.echo: Callable[[str], bytes] = str.encode
        self.url = ""
        self._came = threading.Condition()

    def verify(self, query: dict[str, str], encrypted: str) -> str:
        sign = crypto.signature(self.credentials["callback_token"], query["timestamp"], query["nonce"], encrypted)
        assert sign == query["msg_signature"]
        message, receiver = crypto.decrypt(self.credentials["callback_aes_key"], encrypted)
        assert receiver == self.credentials["corp_id"]
        return message

    def take(self, pushed: Pushed) -> tuple[int, bytes]:
        encrypted = ElementTree.fromstring(pushed.body).findtext("Encrypt") or ""
        root = ElementTree.fromstring(self.verify(pushed.query, encrypted))
        pushed.fields = {one.tag: "".join(one.itertext()) for one in root}
        with self._came:
            self.pushed.append(pushed)
            self._came.notify_all()
        return self.answer(pushed)

    def wait_for(self, count: int, seconds: float = 10) -> list[Pushed]:
        """What has come once that many have."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.pushed) >= count, seconds), self.pushed
            return list(self.pushed)

    def stays_at(self, count: int, seconds: float = 0.3) -> bool:
        time.sleep(seconds)
        return len(self.pushed) == count


@contextmanager
def receiving(credentials: dict[str, str]) -> Iterator[Receiver]:
    receiver = Receiver(credentials)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            self._say(200, receiver.echo(receiver.verify(query, query["echostr"])))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(*receiver.take(Pushed(dict(parse_qsl(urlsplit(self.path).query)), body)))

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/bot/callback"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
