"""The console as a browser uses it: pages are fetched, forms posted with their token."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import PASSWORD, Make


class Browser:
    """One visitor with their cookies."""

    def __init__(self, client: FlaskClient, address: str = "203.0.113.7") -> None:
        self.client = client
        self.address = address

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.address}, headers=self._headers(more), **more)

    def post(self, path: str, fields: dict[str, Any] | None = None, *, page: str = "", **more: Any) -> TestResponse:
        """Post a form with the token of `page` (or of the sign-in page)."""
        token = self.token(page or "/console/sign-in")
        return self.client.post(
            path,
            data={"csrf_token": token} | (fields or {}),
            environ_base={"REMOTE_ADDR": self.address},
            headers=self._headers(more),
            **more,
        )

    def token(self, page: str = "/console/sign-in") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).get_data(as_text=True))
        assert found
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.post("/console/sign-in", {"login": login, "password": password, **fields})

    @staticmethod
    def _headers(more: dict[str, Any]) -> dict[str, str]:
        return {"Accept": "text/html", **more.pop("headers", {})}


def text_of(answer: TestResponse) -> str:
    """What a reader sees: without tags, spaces as one."""
    bare = re.sub(r"<(script|style).*?</\1>", "", answer.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


@pytest.fixture
def browser(app: Flask) -> Callable[..., Browser]:
    return lambda address="203.0.113.7": Browser(app.test_client(), address)


@pytest.fixture
def visitor(browser: Callable[..., Browser]) -> Browser:
    return browser()


@pytest.fixture
def signed_in(make: Make, browser: Callable[..., Browser]) -> Callable[..., Browser]:
    """A browser with a user of this role in it; the user stands at `.user`."""

    def enter(role: str = "owner", **more: Any) -> Browser:
        made = browser()
        made.user = make.user(role=role, **more)  # type: ignore[attr-defined]
        assert made.sign_in(made.user.login).status_code == 303  # type: ignore[attr-defined]
        return made

    return enter
