"""Stand-ins for the platforms: each a small HTTP server that behaves as its public documentation says, and no more."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from crm import platform_messages, platforms
from jobs.platforms import apply_platform_messages
from models import Order
from runtime import Runtime


class StandIn:
    """A platform on loopback; a subclass answers `reply(path, query, body, headers)` with a status and an object."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answers_next: list[tuple[int, Any]] = []  # instead of what it would say, once each
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = stand_in.answer(parts.path, dict(parse_qsl(parts.query)), body)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        status, said = self.reply(path, query, body)
        if self.answers_next and not path.endswith("token"):
            status, said = self.answers_next.pop(0)
        return status, said

    def reply(self, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stand_in() -> Iterator[Callable[[type[StandIn]], StandIn]]:
    made: list[StandIn] = []

    def start(kind: type[StandIn]) -> StandIn:
        made.append(kind())
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture
def replayed(runtime: Runtime) -> Callable[[int, str], list[tuple[str, str]]]:
    """Applies what failed of an account again; answers the order numbers and states there are then."""

    def replay(shop_id: int, platform: str) -> list[tuple[str, str]]:
        with runtime.transaction() as session:
            platform_messages.replay_failed(session, shop_id, platform, now=runtime.now())
        apply_platform_messages(runtime)
        with runtime.reading() as session:
            return [(row.order_no, row.status) for row in session.scalars(select(Order).order_by(Order.order_no))]

    return replay


@pytest.fixture
def connect(runtime: Runtime) -> Callable[..., int]:
    """Connects a shop to a platform; answers the shop's number."""

    def add(platform: str, *, shop: str = "我的小店", url: str = "", since: Any = None, **credentials: Any) -> int:
        if url:
            told = runtime.settings.connect.model_copy(update={f"{platform}_url": url})
            runtime.settings = runtime.settings.model_copy(update={"connect": told})
        with runtime.transaction() as session:
            account = platforms.ensure(
                session, shop, platform, credentials, is_pulled=bool(url), since=since, vault=runtime.vault,
                now=runtime.now(),
            )  # fmt: skip
            return account.shop_id

    return add
