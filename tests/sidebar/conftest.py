"""Staff at the sidebar's door."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from callers import Window
from models import Staff
from sidebar.limits import MINUTE
from tests.sidebar.chats import client_at, opened_chat, shop  # noqa: F401


class Seat:
    """One member of staff at the sidebar: signed in, with the token of their page."""

    def __init__(self, app, staff=None):
        self.client = app.test_client()
        self.token = ""
        for name in ("writes", "refusals"):  # no test taps as slowly as people
            app.extensions.setdefault(f"huitou_sidebar_{name}", Window(100_000, MINUTE))
        if staff is not None:
            self.sign_in(staff)

    def sign_in(self, staff):
        runtime = self.client.application.extensions["huitou"]
        with self.client.session_transaction("/sidebar/") as session:
            session.update(staff_id=staff.id, at=runtime.now().timestamp())
        [self.token] = re.findall(r'csrf-token" content="([^"]+)', self.client.get("/sidebar/").text)

    def get(self, path, *, part=False, **more):
        headers = {"HX-Request": "true"} if part else {"Accept": "application/json"}
        return self.client.get(f"/sidebar/{path}", headers=headers, **more)

    def post(self, path, json=None, **more):
        headers = {"X-CSRF-Token": self.token, "Accept": "application/json"}
        return self.client.post(f"/sidebar/{path}", json=json, headers=headers, **more)


@pytest.fixture
def seat(app):
    def sit(staff: Staff | None = None) -> Seat:
        return Seat(app, staff)

    return sit


@pytest.fixture
def lan(make):
    return make.staff("lan", name="兰")


@pytest.fixture
def at_the_chat(lan, seat):
    """Lan, signed in."""
    return seat(lan)


@pytest.fixture
def authorize(sandbox):
    """Follow a redirect to the authorize page as this member; returns the query WeCom sends back."""

    def go(location, userid):
        answer = requests.get(f"{location.partition('#')[0]}&sandbox_userid={userid}", allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    return go
