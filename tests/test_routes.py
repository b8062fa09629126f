"""Every route: who may call it is declared, and a stranger gets neither content nor an error of ours."""

import re

import pytest
from flask import Flask

from app import create_app
from callers import caller_of
from tests.factories import Make

FOR_ANYONE = {
    "health.healthz", "health.readyz", "health.metrics", "console.sign_in_page", "console.sign_in",
    "console.first_page", "console.first", "console.enter_page", "console.enter", "console.choose",
    "mall.preflight", "mall.tracker_script",
}  # fmt: skip
FOR_CUSTOMERS = {"landing.privacy"}  # whoever they are
SECRET = "阳光暖暖"


def test_every_route_declares_its_caller(app):
    undeclared = [name for name, view in app.view_functions.items() if caller_of(view) is None]

    assert undeclared == []


def test_only_a_few_routes_are_for_anyone(app):
    """A new one belongs on the list above: on purpose, not by a forgotten decorator."""
    open_to_all = {name for name, view in app.view_functions.items() if caller_of(view) == "anyone"}

    assert {name for name in open_to_all if name.startswith(("console.", "health.", "mall."))} == FOR_ANYONE


def test_a_route_that_declares_nobody_is_refused(runtime):
    app: Flask = create_app(runtime)
    app.add_url_rule("/forgotten", "forgotten", lambda: "content")

    assert app.test_client().get("/forgotten").status_code == 403


def test_a_stranger_gets_neither_content_nor_an_error_of_ours(app, make: Make):
    contact = make.contact("wm1", followers=(make.staff("lan"),), name=SECRET)
    make.notice(external_userid=contact.external_userid)
    make.touch("unknown", external_userid=contact.external_userid)
    make.user()
    client = app.test_client()

    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<\w+>", "wm1", rule.rule))
        for method in sorted(rule.methods & {"GET", "POST", "PUT", "DELETE"}):
            answer = client.open(path, method=method)
            assert answer.status_code < 500 or (rule.endpoint, answer.status_code) == ("health.readyz", 503), path
            assert SECRET not in answer.get_data(as_text=True), path
            if rule.endpoint not in FOR_ANYONE | FOR_CUSTOMERS:
                assert answer.status_code >= 300, path
                assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/console/sign-in", "/healthz", "/nowhere"])
def test_every_answer_carries_the_headers(app, path):
    headers = app.test_client().get(path).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
