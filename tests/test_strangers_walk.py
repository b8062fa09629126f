"""Routes are found by themselves: with a stranger's ids none says anything; a new one must say whose ids it takes."""

import re
from datetime import timedelta
from typing import Any

import pytest

from callers import caller_of
from models import ContactEdit, Coupon, Department, Identity, Note, OrderLine, QuickReply, TagAssignment, Todo, Touch
from tests.console.conftest import browser, signed_in  # noqa: F401
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401

SECRET = "阳光暖暖"  # the stranger's name, and in every text about them
TAP: dict[str, Any] = {"occasion": "tap-tap-tap"}
BODIES: dict[str, dict[str, Any]] = {
    "sidebar.bind_order": {"order_no": "NO000001"},
    "sidebar.change_profile": TAP | {"remark": "x"},
    "sidebar.change_words": {"group_name": "x", "title": "x", "text": "x"},
    "sidebar.delete_note": {},
    "sidebar.delete_words": {},
    "sidebar.finish_todo": {},
    "sidebar.give_coupon": TAP | {"batch_id": 1},
    "sidebar.hand_over_todo": {"userid": "lan"},
    "sidebar.hide_recommended": {},
    "sidebar.mark_tag": TAP | {"tag_id": 1, "on": True},
    "sidebar.plan_todo": TAP | {"kind": "call", "title": "x", "at": "2026-12-24T10:00"},
    "sidebar.put_off_todo": {"suggestion": "first:hello"},
    "sidebar.retry_edit": {},
    "sidebar.revoke_coupon": {},
    "sidebar.say": TAP | {"text": "x", "suggestion": "first:hello"},
    "sidebar.send_again": TAP,
    "sidebar.send_order_words": TAP,
    "sidebar.send_product": TAP | {"way": "page"},
    "sidebar.send_words": TAP,
    "sidebar.touch_outcome": {"outcome": "sent"},
    "sidebar.undo_binding": {},
    "sidebar.write_note": {"text": "x"},
    "sidebar.send_drop": TAP,
}


@pytest.fixture
def theirs(make, runtime):
    """Mei's customer, with everything a route could name; by the name of the parameter."""
    now = runtime.now()
    make.gate("live")
    for number in (1, 2):
        make._save(Department(wecom_id=number, parent_wecom_id=0, name=f"部门{number}"))
    mei = make.staff("mei", department_wecom_ids=[1])
    stranger = make.contact("wm_stranger", name=SECRET, followers=(), unionid="u-secret")
    make.follow(stranger, mei, remark=SECRET, description=SECRET)
    mine = {"identity_id": stranger.identity_id, "staff_id": mei.id}
    order = make.order(Identity(id=stranger.identity_id, customer_id=stranger.customer_id))
    with runtime.transaction() as session:
        session.query(OrderLine).update({"name": SECRET})
    batch = make.coupon_batch()
    coupon = make._save(
        Coupon(
            batch_id=batch.id, customer_id=stranger.customer_id, **mine, occasion="x", code="HT1", value_fen=1500,
            threshold_fen=0, issued_at=now, expires_at=now + timedelta(days=1),
        )
    )  # fmt: skip
    tag = make.tag("湿巾")  # of the shop, not of the customer
    assigned = {"tag_id": tag.id, "customer_id": stranger.customer_id, "source": "staff", "assigned_at": now}
    make._save(TagAssignment(**mine, **assigned))
    note = make._save(Note(**mine, text=SECRET, created_at=now))
    face = {"external_userid": stranger.external_userid, "created_at": now}
    facts = {"kind": "call", "title": SECRET, "text": SECRET, "made_by": "staff:mei", "due_at": now}
    todo = make._save(Todo(**mine, **face, **facts, key="todo"))
    edit = make._save(
        ContactEdit(**mine, **face, kind="tag", key="edit", tag_id=tag.id, state="failed", next_try_at=now)
    )
    touch = make._save(
        Touch(
            **face, key="touch", kind="coupon", identity_id=stranger.identity_id, customer_id=stranger.customer_id,
            userid="mei", text_sealed=runtime.vault.seal(SECRET), state="unknown",
        )
    )  # fmt: skip
    words = {"group_name": SECRET, "title": SECRET, "text": SECRET, "changed_at": now, "changed_by": "staff:mei"}
    reply = make._save(QuickReply(staff_id=mei.id, created_at=now, **words))
    group = make.group(owner=mei, name=SECRET)
    return {
        "customer_id": stranger.customer_id, "external_userid": "wm_stranger", "order_id": order.id,
        "coupon_id": coupon.id, "touch_id": touch.id, "todo_id": todo.id, "edit_id": edit.id, "note_id": note.id,
        "link_id": 1, "product_id": 1, "reply_id": reply.id, "chat_id": group.chat_id, "edition_id": 1,
        "about": "review", "batch_id": batch.id,
    }  # fmt: skip


def addressed(app, caller):
    """Every route of this caller, with the parameters in its address."""
    for rule in app.url_map.iter_rules():
        if caller_of(app.view_functions[rule.endpoint]) == caller:
            yield rule, re.findall(r"<(?:\w+:)?(\w+)>", rule.rule)


def path_of(rule, ids):
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found[1]]), rule.rule)


def test_staff_get_nothing_of_a_strangers_customer_by_any_id(app, theirs, at_the_chat):  # noqa: F811
    nobodys = {name: 99_999 if isinstance(value, int) else f"{value}x" for name, value in theirs.items()}
    walked = 0

    for rule, names in addressed(app, "staff"):
        for method in sorted(rule.methods & {"GET", "POST"}):
            for ids in (theirs, nobodys):
                assert set(names) <= ids.keys(), f"{rule}: say in `theirs` whose {names} is"
                path = path_of(rule, ids).removeprefix("/sidebar/")
                if method == "GET":
                    answers = [at_the_chat.get(path, part=part, query_string=QUERY) for part in (False, True)]
                elif names:
                    assert rule.endpoint in BODIES, f"{rule}: a body it accepts belongs into BODIES"
                    answers = [at_the_chat.post(path, BODIES[rule.endpoint])]
                else:
                    answers = [at_the_chat.post(path, {})]
                for answer in answers:
                    assert SECRET not in answer.text, rule
                    assert answer.status_code < 500 or answer.json["error"] == "try_again", rule
                    if names:
                        assert answer.status_code in (403, 404), (rule, answer.status_code, answer.text[:80])
            walked += 1

    assert walked > 45


QUERY = {"q": SECRET, "before": 1, "part": 1}


@pytest.mark.parametrize(("role", "department"), [("manager", 2), ("developer", None)])
def test_users_see_no_customer_their_role_does_not_show(app, theirs, signed_in, role, department):  # noqa: F811
    here = signed_in(role, department_wecom_id=department)
    walked = 0

    for rule, names in addressed(app, "user"):
        if "GET" not in rule.methods:
            continue
        ids = {name: theirs.get(name, 1) for name in names}
        answer = here.get(path_of(rule, ids))
        assert answer.status_code < 500, rule
        assert SECRET not in answer.get_data(as_text=True), rule
        walked += 1

    assert walked > 30


def test_every_page_has_the_headers_and_runs_nothing_of_its_own(app, theirs, signed_in, at_the_chat):  # noqa: F811
    here, pages = signed_in(), 0

    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        path = path_of(rule, {name: theirs.get(name, 1) for name in re.findall(r"<(?:\w+:)?(\w+)>", rule.rule)})
        ask = at_the_chat.client if path.startswith("/sidebar") else here.client
        answer = ask.get(path, headers={"Accept": "text/html"})
        if answer.mimetype != "text/html":
            continue
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, rule
        assert "unsafe" not in policy, rule
        assert answer.headers["X-Content-Type-Options"] == "nosniff", rule
        for script in re.findall(r"<script[^>]*>", answer.text):
            assert " src=" in script or " nonce=" in script or "application/json" in script, (rule, script)
        assert not re.search(r"<[^>]+\son\w+\s*=", answer.text), rule
        pages += 1

    assert pages > 40


def test_no_page_leads_to_somebody_elses_address(app, signed_in, at_the_chat):  # noqa: F811
    evil = "https://evil.example/x"
    query = dict.fromkeys(("next", "back", "to", "url", "return", "redirect", "redirect_uri", "r", "o", "s"), evil)
    clients = (app.test_client(), signed_in().client, at_the_chat.client)

    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(path:)?\w+>", "wm1", rule.rule))
        for client in clients:
            for sent in (query, dict.fromkeys(query, "//evil.example"), dict.fromkeys(query, "/\\evil.example")):
                answer = client.get(path, query_string=sent, headers={"Accept": "text/html"})
                assert not re.match(r"(https?:)?[/\\]{2}[^/]*evil", answer.headers.get("Location", "")), rule
