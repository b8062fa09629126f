"""What people do in the sandbox, and what goes wrong there."""

from typing import Any

import requests

from tests.sandboxes import Sandbox
from wecom.oauth import authorize_url

SHOP: dict[str, Any] = {
    "departments": [{"id": 1, "name": "小满生活馆"}, {"id": 2, "name": "成都店", "parentid": 1}],
    "staff": [
        {"userid": "lan", "name": "林晓雯", "department": [1, 2], "position": "导购"},
        {"userid": "mei", "name": "周梅", "department": [2]},
        {"userid": "boss", "name": "店长", "department": [1], "customer_contact": False},
    ],
    "tag_groups": [{"name": "口味", "tags": ["茶", "咖啡"]}],
}


class Shop:
    """A small corp with three members, and hands to move it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url
        self.credentials = sandbox.credentials
        self.keys = {name: sandbox.credentials[name] for name in ("corp_id", "agent_id", "secret")}
        self.ask("POST", "load", **SHOP)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        return self.sandbox.request(method, f"/sandbox/{path}", body if method != "GET" else None)

    def add(self, userid: str = "lan", **customer: Any) -> Any:
        made = self.ask("POST", "customers", **customer)
        return made | self.ask("POST", "scan", userid=userid, external_userid=made["external_userid"])

    def faults(self, *faults: dict[str, Any]) -> None:
        self.ask("PUT", "faults", faults=list(faults))

    def fired(self) -> list[int]:
        return [fault["fired"] for fault in self.ask("GET", "faults")["faults"]]

    def code_for(self, **who: str) -> str:
        url = authorize_url(
            f"{self.url}/connect/oauth2/authorize",
            app_id=self.credentials["corp_id"],
            agent_id=self.credentials["agent_id"],
            redirect_uri="http://127.0.0.1:1/back",
            state="abc",
        )
        answer = requests.get(url, params=who, allow_redirects=False, timeout=5)
        return answer.headers["Location"].split("code=")[1].split("&")[0]
