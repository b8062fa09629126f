"""A sandbox to speak HTTP to, with a small shop in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox import demo_shop
from sandbox.server import Running, start
from tests.sandbox.receivers import Receiver, receiving

SHOP: dict[str, Any] = {
    "departments": [{"id": 1, "name": "小满生活馆"}, {"id": 2, "name": "成都店", "parentid": 1}],
    "staff": [
        {"userid": "Lan", "name": "林晓雯", "department": [2], "position": "导购"},
        {"userid": "zhou", "name": "周岚", "department": [1]},
        {"userid": "boss", "name": "店长", "department": [1], "customer_contact": False},
    ],
}


class Client:
    """Speaks to a sandbox as an app does, and as its page does."""

    def __init__(self, running: Running) -> None:
        self.url = running.url
        self.http = requests.Session()
        self.http.trust_env = False
        self.credentials = self.ask("GET", "credentials")
        self.token = ""

    def ask(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.http.request(method, f"{self.url}/sandbox/{path}", json=body if method != "GET" else None)
        assert answer.status_code == status, answer.text
        return answer.json()

    def gettoken(self, **params: str) -> Any:
        return self.http.get(f"{self.url}/cgi-bin/gettoken", params=params).json()

    def sign_in(self) -> None:
        corp = self.credentials
        self.token = self.gettoken(corpid=corp["corp_id"], corpsecret=corp["secret"])["access_token"]

    def get(self, path: str, **params: Any) -> Any:
        return self.http.get(f"{self.url}/cgi-bin/{path}", params={"access_token": self.token, **params}).json()

    def post(self, path: str, **body: Any) -> Any:
        return self.http.post(f"{self.url}/cgi-bin/{path}", params={"access_token": self.token}, json=body).json()

    def add(self, userid: str = "Lan", **customer: Any) -> Any:
        """A customer who scans that member's code."""
        made = self.ask("POST", "customers", status=201, **customer)
        return {**made, **self.ask("POST", "scan", userid=userid, external_userid=made["external_userid"])}

    def change_staff(self, userid: str, **body: Any) -> Any:
        answer = self.http.patch(f"{self.url}/sandbox/staff/{userid}", json=body)
        assert answer.ok, answer.text
        return answer.json()

    def faults(self, *faults: dict[str, Any]) -> None:
        self.ask("PUT", "faults", faults=list(faults))

    def advance(self, seconds: float) -> None:
        self.ask("PUT", "clock", advance=seconds)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    started = start()
    yield started
    started.close()


@pytest.fixture
def wecom(running: Running) -> Client:
    """An emptied sandbox with three members, and a token for it."""
    client = Client(running)
    client.ask("POST", "reset")
    client.ask("POST", "load", **SHOP)
    client.sign_in()
    return client


@pytest.fixture
def receiver(wecom: Client) -> Iterator[Receiver]:
    with receiving(wecom.credentials) as started:
        yield started


@pytest.fixture(scope="session")
def demo_corp() -> dict[str, Any]:
    return demo_shop.corp(7, datetime.now(UTC))


@pytest.fixture
def shop(demo_corp: dict[str, Any]) -> Iterator[Running]:
    running = start(port=0, seed=7, state_path=None)
    loaded = requests.post(f"{running.url}/sandbox/load", json=demo_corp, timeout=10)
    assert loaded.status_code == 200, loaded.text
    yield running
    running.close()
