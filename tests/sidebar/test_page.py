"""The shell, the signatures it asks for, and the demo's bridge, which only the demo has."""

import hashlib
import html
import json
import re
from datetime import timedelta

import pytest

from app import create_app
from callers import caller_of
from models import Identity, OrderLine, Staff
from tests.sidebar.conftest import Seat

PAGE = "http://localhost/sidebar/"


def ask_signature(seat, url=PAGE, kind="agent"):
    return seat.get("signature", query_string={"url": url, "kind": kind})


@pytest.mark.parametrize(("kind", "ticket"), [("agent", "agent_jsapi"), ("config", "jsapi")])
def test_our_own_pages_are_signed_with_the_ticket_on_record(runtime, at_the_chat, kind, ticket):
    runtime.wecom.warm()
    url = PAGE + "?code=x&state=%E4%B8%AD"

    answer = ask_signature(at_the_chat, url, kind).json

    text = f"jsapi_ticket={runtime.wecom.cached_ticket(ticket)}&noncestr={answer['nonceStr']}"
    text += f"&timestamp={answer['timestamp']}&url={url}"
    assert answer["signature"] == hashlib.sha1(text.encode()).hexdigest()


def test_the_page_brings_the_signatures_of_its_own_address_once_there_are_tickets(runtime, at_the_chat):
    asked = "/sidebar/?to=wm_x&from=%E4%B8%AD"

    cold = at_the_chat.client.get(asked).text
    runtime.wecom.warm()
    [told] = re.findall(r'data-signed="([^"]+)"', at_the_chat.client.get(asked).text)

    signed = json.loads(html.unescape(told))
    assert "data-signed" not in cold
    assert signed["url"] == f"http://localhost{asked}"
    for kind, ticket in (("agent", "agent_jsapi"), ("config", "jsapi")):
        text = f"jsapi_ticket={runtime.wecom.cached_ticket(ticket)}&noncestr={signed[kind]['nonceStr']}"
        text += f"&timestamp={signed[kind]['timestamp']}&url={signed['url']}"
        assert signed[kind]["signature"] == hashlib.sha1(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "https://localhost/sidebar/", "http://localhost:8000/sidebar/", "http://evil.example/sidebar/",
        "http://localhost@evil.example/sidebar/", "http://localhost.evil.example/sidebar/", "//localhost/sidebar/",
        "http://localhost/console/", "http://localhost/sidebarx/", "http://localhost/sidebar/../console/",
        "http://localhost\\@evil.example/sidebar/", "javascript:alert(1)", "http://[/sidebar/",
        "http://localhost/sidebar/#x", "http://localhost/sidebar/\n", PAGE + "x" * 2000,
    ],
)  # fmt: skip
def test_other_addresses_are_not_signed(runtime, at_the_chat, url):
    runtime.wecom.warm()

    assert ask_signature(at_the_chat, url).status_code == 422


def test_a_kind_nobody_knows_is_refused(at_the_chat):
    assert ask_signature(at_the_chat, kind="corp").status_code == 422


def test_a_cold_ticket_says_try_again_wakes_the_job_and_never_asks_wecom(runtime, sandbox, at_the_chat):
    sandbox.faults({"on": "call", "path": "*", "http": 503})

    answer = ask_signature(at_the_chat)

    assert (answer.status_code, answer.json["error"]) == (503, "try_again")
    assert runtime.wait("tokens", 0)
    assert sandbox.get("/sandbox/faults")["faults"][0].get("fired", 0) == 0


def test_the_page_runs_only_files_of_its_own(at_the_chat):
    page = at_the_chat.client.get("/sidebar/")
    policy = page.headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]* src=)", page.text)
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page.text)
    assert page.headers["X-Frame-Options"] == "DENY"


def test_only_an_app_made_with_a_bridge_has_its_tag_header_and_frame(runtime, at_the_chat, lan, app):
    plain = at_the_chat.client.get("/sidebar/")
    demo_app = create_app(runtime, bridge_origin="http://127.0.0.1:8001")
    demo = Seat(demo_app, lan).client.get("/sidebar/")

    assert '<script defer src="http://127.0.0.1:8001/sandbox/bridge.js">' in demo.text
    assert demo.text.index("bridge.js") < demo.text.index("wecom-jssdk")
    assert "frame-ancestors http://127.0.0.1:8001" in demo.headers["Content-Security-Policy"]
    assert "bridge" not in plain.text
    assert "127.0.0.1:8001" not in str(plain.headers)
    assert "frame-ancestors 'none'" in plain.headers["Content-Security-Policy"]
    assert {rule.rule for rule in app.url_map.iter_rules()} == {rule.rule for rule in demo_app.url_map.iter_rules()}
    assert not any("sandbox" in rule.rule or "bridge" in rule.rule for rule in app.url_map.iter_rules())


def test_every_route_says_who_may_call_it(app):
    callers = {
        rule.endpoint: caller_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("sidebar.")
    }

    assert {name for name, caller in callers.items() if caller != "staff"} == {"sidebar.signed_in"}
    assert callers["sidebar.signed_in"] == "anyone"


def test_the_page_is_small(at_the_chat):
    from runtime import ROOT

    assert len((ROOT / "static/sidebar.css").read_bytes()) <= 12 * 1024
    assert len(at_the_chat.client.get("/sidebar/").data) <= 24 * 1024


def test_every_screen_speaks_english_where_the_shop_does(make, runtime, lan, at_the_chat):
    business = runtime.settings.business.model_copy(update={"language": "en", "name": "Shop"})
    runtime.settings = runtime.settings.model_copy(update={"business": business})
    wang = make.contact("wm_wang", name="Wang", unionid="u1", gender=2)
    make.follow(wang, lan, remark="Old friend", followed_at=runtime.now() - timedelta(days=500))
    make._save(Staff(userid="mei", userid_key="mei", name="Mei", created_at=runtime.now()))
    with runtime.transaction() as session:
        session.get(Staff, lan.id).name = "Lan"
    identity = Identity(id=wang.identity_id, customer_id=wang.customer_id)
    order = make.order(identity, make.shop("Mini"), refunded_fen=100)
    make.coupon_batch(name="Ten off")
    with runtime.transaction() as session:
        session.query(OrderLine).update({"name": "Wipes"})

    parts = ["contacts/wm_wang", *(f"customers/{wang.customer_id}/{rest}" for rest in ("orders", "coupons"))]
    parts.append(f"customers/{wang.customer_id}/orders/{order.id}")
    pages = {path: at_the_chat.get(path, part=True).text for path in parts} | {"": at_the_chat.get("").text}

    for path, page in pages.items():
        assert (path, re.findall("[\u4e00-\u9fff，。：、（）]+", page)) == (path, [])
