"""The tracker: who somebody is says the token, and the script survives whatever happens to its host."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from callers import Daily, Window
from crm import shops
from mall.track import A_PERSON, MINUTE, SCRIPT
from models import Event, Identity
from tests.sandbox.nodejs import CARRIED, missing
from web import serve_in_thread

ORIGIN = "https://shop.example"


def mint(shop, openid="o1", **more):
    answer = shop.send(json.dumps({"openid": openid} | more).encode(), target="/mall/tracker-tokens")
    assert answer.json["expires_in"] == 3600, answer.json
    return answer.json["token"]


@pytest.fixture
def track(client, runtime):
    def send(token, *events, **headers):
        body = {"events": [{"kind": "view", "sku": "S1", "at": runtime.now().isoformat()} | event for event in events]}
        return client.post("/mall/track", json=body, headers={"Authorization": f"Bearer {token}"} | headers)

    return send


def test_who_it_was_comes_from_the_token_and_never_from_the_body(shop, track, make):
    answer = track(
        mint(shop, unionid="oU1"), {"id": "e1"}, {"id": "e2", "unionid": "oOther"}, {"id": "e3", "kind": "pay"}
    )

    assert [result["result"] for result in answer.json["results"]] == ["accepted", "rejected", "rejected"]
    assert [result.get("field") for result in answer.json["results"]] == [None, "unionid", "kind"]
    [kept] = make.rows(Event)
    names = {row.id: (row.kind, row.value, row.customer_id) for row in make.rows(Identity)}
    assert names[kept.identity_id][:2] == ("unionid", "oU1")
    assert len({owner for _, _, owner in names.values()}) == 1  # the openid is theirs, too


def test_an_id_is_ones_own_so_that_nobody_uses_up_anothers(shop, track, make, runtime):
    answers = [track(mint(shop, openid), {"id": "e1"}) for openid in ("o1", "o2", "o1")]
    event = {"id": "e1", "kind": "pay", "openid": "o1", "at": runtime.now().isoformat()}

    assert [answer.json["accepted"] for answer in answers] == [1, 1, 0]
    assert shop.post_to("events", event).json["accepted"] == 1
    assert len(make.rows(Event)) == 3


def test_a_token_that_is_over_changed_or_something_else_of_ours_is_refused(shop, track, make, runtime, clock):
    token = mint(shop)
    changed = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
    ours = base64.urlsafe_b64encode(
        runtime.vault.seal(json.dumps(["session", 1, ["openid", "", "o1"], 2**33]))
    ).decode()
    refused = [track(wrong, {"id": "e1"}) for wrong in (changed, ours, "", "é", token + "=")]
    clock.tick(hours=1.01)

    assert [answer.status_code for answer in (*refused, track(token, {"id": "e1"}))] == [401] * 6
    assert make.rows(Event) == []


def test_a_page_may_track_only_where_its_shop_lists_it(shop, new_shop, client, track, runtime):
    other = new_shop("另一家")
    with runtime.transaction() as session:
        shops.set_origins(session, shop.name, [ORIGIN], now=runtime.now())

    asked = {
        origin: client.options("/mall/track", headers={"Origin": origin}) for origin in (ORIGIN, "https://evil.example")
    }
    fine, theirs = (track(mint(program), {"id": "e1"}, Origin=ORIGIN) for program in (shop, other))
    over = track("over", {"id": "e1"}, Origin=ORIGIN)

    allowed = [answer.headers.get("Access-Control-Allow-Origin") for answer in (*asked.values(), fine, theirs, over)]
    assert allowed == [ORIGIN, None, ORIGIN, ORIGIN, ORIGIN]
    assert [answer.status_code for answer in (fine, theirs, over)] == [200, 403, 401]


def test_too_much_and_too_often_are_refused(shop, track, clock):
    clock.freeze()
    token = mint(shop)

    assert track(token, {"id": "e1", "props": {"x": "x" * 65 * 1024}}).status_code == 413
    statuses = [track(token).status_code for _ in range(A_PERSON)]
    assert (set(statuses[:-1]), statuses[-1]) == ({200}, 429)
    assert track(mint(shop, "o2")).status_code == 200
    clock.tick(minutes=1.1)
    assert track(token).status_code == 200


def test_a_network_of_ipv6_is_one_address(shop, client, app, clock):
    app.extensions["huitou_rates"] = Window(60, MINUTE), Window(2, MINUTE)

    answers = [
        client.post("/mall/track", json={"events": []}, environ_base={"REMOTE_ADDR": f"2001:db8::{number}"})
        for number in range(3)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_a_person_does_so_much_a_day_and_no_more(shop, track, app, make, clock):
    app.extensions["huitou_days"] = Daily(3)
    sent = [{"id": f"e{number}", "sku": f"S{number}"} for number in range(4)]

    answers = [
        track(mint(shop, openid), *some) for openid, some in (("o1", sent[:2]), ("o1", sent[2:]), ("o2", sent[:2]))
    ]
    clock.tick(days=1)

    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert track(mint(shop, "o1"), *sent[2:]).status_code == 200


def test_the_script_keeps_what_it_cannot_send_and_sends_it_later(shop, app, make):
    node = shutil.which("node") or (str(CARRIED) if CARRIED.exists() else None)
    if node is None:
        missing("Node.js")
    running = serve_in_thread(app)
    token = mint(shop)
    told = {"script": str(SCRIPT), "online": f"{running.url}/mall/track", "token": token}
    told["offline"] = "http://127.0.0.1:9/mall/track"

    try:
        ran = subprocess.run(
            [node, Path(__file__).with_name("tracker.js")],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        running.close()

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"left": [], "sent": [["Bearer b", "B"]]}  # never with the one's token the other's
    kept = sorted((row.kind, row.sku, row.dwell_seconds, row.props) for row in make.rows(Event))
    assert kept == [("cart", "S1", None, None), ("share", "S2", None, {"to": "group"}), ("view", "S1", 4, None)]
