"""Customers at our pages: a phone with WeChat, the sandbox as WeCom."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 Language/zh_CN"
WXWORK = f"{WECHAT} wxwork/4.1.36"


class Phone:
    """One person's browser; `customer` is the sandbox's name of whose WeChat it is."""

    def __init__(self, app, customer="", agent=WECHAT):
        self.client = app.test_client()
        self.customer = customer
        self.token = ""
        self.headers = {"User-Agent": agent, "Accept": "text/html"}

    def get(self, path, **more):
        return self.client.get(path, headers=self.headers, **more)

    def post(self, path, **fields):
        """Send a form of the page last opened."""
        return self.client.post(path, data={"csrf_token": self.token, **fields}, headers=self.headers)

    def open(self, path):
        """Tap a link: through WeCom's sign-in, when the page asks for it, back to the page."""
        answer = self.get(path)
        while answer.status_code == 302:
            location = answer.headers["Location"]
            answer = self.get(self.through(location) if "/connect/oauth2/authorize" in location else location)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found.group(1) if found else ""
        return answer

    def through(self, location, **query):
        """The authorize page lets this person through; the path and query it sends the browser back to."""
        who = {"sandbox_external_userid": self.customer} | query
        answer = requests.get(location.partition("#")[0], params=who, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"


def query_of(location):
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def phone(app, sandbox):
    """The phone of a WeChat user, whom nobody has added yet."""

    def pick_up(customer=None, agent=WECHAT):
        customer = customer or sandbox.post("/sandbox/customers")["external_userid"]
        return Phone(app, customer, agent)

    return pick_up


@pytest.fixture
def corp(sandbox, runtime):
    """One member of staff who can be added."""
    sandbox.post(
        "/sandbox/load",
        {
            "departments": [{"id": 1, "name": "店", "parentid": 0}],
            "staff": [{"userid": "lan", "name": "林岚", "department": [1]}],
        },
    )
    runtime.wecom.warm()
