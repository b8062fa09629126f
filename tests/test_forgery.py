"""Cookies and tokens of one door open no other, and nothing is done that the page itself did not ask for."""

import pytest
from pydantic import SecretStr

from app import create_app
from callers import caller_of
from models import Audit, CouponBatch, Gate, Touch, User
from tests.console.conftest import browser, signed_in  # noqa: F401
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401
from tests.test_bad_input import path_of

TABLES = (Audit, CouponBatch, Gate, Touch, User)


def unsafe(app):
    """Every route that changes something, of the doors people come in by."""
    for rule in app.url_map.iter_rules():
        if caller_of(app.view_functions[rule.endpoint]) in ("shop", "wecom"):  # they sign what they send
            continue
        if not rule.rule.startswith("/mall/") and rule.methods - {"GET", "HEAD", "OPTIONS"}:
            yield rule, path_of(rule)


def rows(make):
    return {table.__name__: [vars(row) | {"_sa_instance_state": None} for row in make.rows(table)] for table in TABLES}


@pytest.mark.parametrize("how", ["none", "the other door's", "made up", "another session's"])
def test_no_form_is_taken_without_the_token_of_its_own_session(app, make, lan, at_the_chat, signed_in, how):  # noqa: F811
    here, elsewhere = signed_in(), signed_in()
    make.contact("wm1", followers=(lan,))
    make.coupon_batch()
    console, sidebar = here.token("/console/account"), at_the_chat.token
    tokens = {
        "none": ("", ""),
        "the other door's": (sidebar, console),
        "made up": ("IjEyMyI.aaaa.bbbb", "IjEyMyI.aaaa.bbbb"),
        "another session's": (elsewhere.token("/console/account"), ""),
    }[how]
    before = rows(make)
    forms = list(unsafe(app))

    for rule, path in forms:
        seats = {"console": (here.client, tokens[0]), "sidebar": (at_the_chat.client, tokens[1])}
        client, token = seats.get(path.split("/")[1], (app.test_client(), tokens[0]))
        for sent in ({"data": {"csrf_token": token}}, {"json": {}, "headers": {"X-CSRF-Token": token}}):
            answer = client.post(path, **sent)
            assert (answer.status_code, answer.json["error"]) == (400, "csrf"), rule

    assert len(forms) > 15
    assert rows(make) == before


def test_a_cookie_opens_its_own_door_only(app, at_the_chat, signed_in):  # noqa: F811
    staff = at_the_chat.client.get_cookie("huitou_staff", path="/sidebar").value
    user = signed_in().client.get_cookie("huitou_console", path="/console").value
    swapped = app.test_client()
    swapped.set_cookie("huitou_console", staff, path="/console")
    swapped.set_cookie("huitou_staff", user, path="/sidebar")

    for rule in app.url_map.iter_rules():
        if caller_of(app.view_functions[rule.endpoint]) in ("staff", "user") and "GET" in rule.methods:
            answer = swapped.get(path_of(rule), headers={"Accept": "application/json"})
            assert answer.status_code == (302 if rule.endpoint == "sidebar.show" else 401), rule


def test_the_visitors_cookie_goes_by_the_domain_of_the_customers_pages(runtime, settings, make):
    landing = settings.landing.model_copy(update={"public_url": "https://shop.example"})
    wecom = settings.wecom.model_copy(update={"corp_id": "ww1"})
    runtime.settings = settings.model_copy(update={"landing": landing, "wecom": wecom})

    answer = create_app(runtime).test_client().get("/privacy", headers={"User-Agent": "MicroMessenger"})

    assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(("url", "is_secure"), [("https://crm.example", True), ("http://127.0.0.1:8000", False)])
def test_cookies_are_out_of_reach_of_scripts_other_sites_and_plain_http(runtime, settings, make, url, is_secure):
    server = settings.server.model_copy(update={"public_url": url, "metrics_token": SecretStr("x" * 20)})
    runtime.settings = settings.model_copy(update={"server": server})
    client = create_app(runtime).test_client()

    for path in ("/console/sign-in", "/sidebar/"):
        cookie = client.get(path, headers={"Accept": "text/html"}).headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert f"Path={path[:8]}" in cookie
        assert ("Secure" in cookie) is is_secure
