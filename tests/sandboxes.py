"""The sandbox as the tests use it: over HTTP, like anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from sandbox import server


class Sandbox:
    """A running sandbox; every call is one of docs/sandbox.md."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self.credentials: dict[str, Any] = self.get("/sandbox/credentials")

    def request(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self._session.request(method, self.url + path, json=body, params=query or None, timeout=20)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", path, **query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.request("POST", path, body if body is not None else {})

    def put(self, path: str, body: Any) -> Any:
        return self.request("PUT", path, body)

    def reset(self) -> None:
        self.post("/sandbox/reset")

    def faults(self, *faults: dict[str, Any]) -> None:
        self.put("/sandbox/faults", {"faults": list(faults)})

    def messages(self, userid: str, external_userid: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/sandbox/messages", userid=userid, external_userid=external_userid)[
            "messages"
        ]
        return found


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    running = server.start(port=0, seed=7, state_path=None)
    try:
        yield Sandbox(running.url)
    finally:
        running.close()
