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

    def mass_messages(self, **query: Any) -> list[dict[str, Any]]:
        """All of them, or those with `userid`, `chat_type`, `after`."""
        found: list[dict[str, Any]] = self.get("/sandbox/mass-messages", **query)["mass_messages"]
        return found

    def confirm(self, msgid: str, userid: str) -> dict[str, int]:
        """A member sends their part of a mass message; how many got it, were over the quota, were no friends."""
        counts: dict[str, int] = self.post("/sandbox/mass-messages/confirm", {"msgid": msgid, "userid": userid})
        return counts

    def mass_rules(self, **rules: Any) -> None:
        self.put("/sandbox/mass-rules", rules)

    def messages_to(self, target: str) -> list[dict[str, Any]]:
        """What one customer or one group has been sent and told, oldest first."""
        if target.startswith("wr"):
            return list(self.get("/sandbox/group-messages", chat_id=target)["messages"])
        everything = self.get("/sandbox/messages", external_userid=target)["messages"]
        return [message for message in everything if message["from"] == "staff"]

    def app_messages(self, userid: str) -> list[dict[str, Any]]:
        return list(self.get("/sandbox/app-messages", userid=userid)["messages"])

    def advance_to(self, time: str, weekday: int | None = None) -> float:
        """Move the sandbox's clock to the next such moment in Shanghai; the moment it is then."""
        to: dict[str, Any] = {"time": time} | ({"weekday": weekday} if weekday else {})
        return float(self.put("/sandbox/clock", {"to": to})["now"])


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    running = server.start(port=0, seed=7, state_path=None)
    try:
        yield Sandbox(running.url)
    finally:
        running.close()
