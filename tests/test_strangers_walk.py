"""Routes are found by themselves: with a stranger's ids none says or does anything; a new one is walked as well."""

import json
import logging
import re

import pytest

from bodies import Form
from models import (
    Audit,
    Contact,
    ContactEdit,
    Coupon,
    Follow,
    Note,
    Order,
    QuickReply,
    Shop,
    TagAssignment,
    Todo,
    Touch,
)
from models.user import ROLES
from tests.console.conftest import browser, signed_in  # noqa: F401
from tests.mall.conftest import new_shop  # noqa: F401
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401
from tests.walks import (  # noqa: F401
    NAMED,
    PHONE,
    SECRET,
    addressed,
    body_of,
    everything,
    forms_of,
    mine,
    path_of,
    theirs,
)

UNTOLD = {"sidebar.touch_outcome", "sidebar.bind_order"}  # a record itself; bound before
SHOPS = {"about", "batch_id", "edition_id", "product_id", "shop_id", "tag_id"}  # ids of things all staff share
QUERY = {"q": SECRET, "before": 1, "part": 1}
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is asked is no SQL's matter


def test_staff_read_nothing_of_a_strangers_customer_by_any_id(app, theirs, mine, at_the_chat):  # noqa: F811
    nobodys = {name: 99_999 if isinstance(value, int) else f"{value}x" for name, value in theirs.items()}
    walked = 0

    for rule, names in addressed(app, "staff"):
        if "GET" not in rule.methods:
            continue
        assert set(names) <= theirs.keys(), f"{rule}: say in `everything` whose {names} is"
        foreign = [{**mine, name: theirs[name]} for name in names if name not in SHOPS]
        for ids in (theirs, nobodys, *foreign):
            path = path_of(rule, ids).removeprefix("/sidebar/")
            for answer in (at_the_chat.get(path, part=part, query_string=QUERY) for part in (False, True)):
                assert SECRET not in answer.text, rule
                assert answer.status_code < 500 or answer.json["error"] == "try_again", rule
                if names:
                    assert answer.status_code in (403, 404), (path, answer.status_code, answer.text[:80])
        walked += 1

    assert walked > 20


def test_staff_do_nothing_to_a_strangers_customer_by_any_id(app, make, theirs, mine, at_the_chat, caplog):  # noqa: F811
    """One id of the stranger's at a time, in the address or in the body, among one's own: refused, nothing changed."""
    before, tried, done = rows_of(make, theirs), 0, 0
    caplog.set_level(logging.DEBUG)

    for rule, names in addressed(app, "staff"):
        if "POST" not in rule.methods:
            continue
        assert set(names) <= theirs.keys(), f"{rule}: say in `everything` whose {names} is"
        for form in forms_of(app.view_functions[rule.endpoint]) or [Form]:
            for name in {*names, *form.model_fields} & theirs.keys() - SHOPS:
                ids = {**mine, name: theirs[name]} | ({"shop_id": theirs["shop_id"]} if name == "order_no" else {})
                path = path_of(rule, ids)
                answer = at_the_chat.post(path.removeprefix("/sidebar/"), body_of(form, ids))
                assert answer.status_code in (403, 404, 409), (path, name, answer.status_code, answer.text[:80])
                assert SECRET not in answer.text, (path, name)
                tried += 1
    for rule, _ in addressed(app, "staff"):
        for form in forms_of(app.view_functions[rule.endpoint]) or [Form]:
            if "POST" in rule.methods:
                deeds = len(make.rows(Audit))
                answer = at_the_chat.post(path_of(rule, mine).removeprefix("/sidebar/"), body_of(form, mine))
                done += answer.status_code < 300
                is_told = len(make.rows(Audit)) > deeds or rule.endpoint in UNTOLD
                assert answer.status_code >= 300 or is_told, f"{rule}: every write is audited"

    assert tried > 40
    assert done > 15  # one's own are done: it was the id that was refused
    assert rows_of(make, theirs) == before
    assert SECRET not in caplog.text
    assert "自己人" not in caplog.text


def test_whom_one_follows_no_more_is_a_stranger(app, make, mine, at_the_chat):  # noqa: F811
    """Their to-dos, notes and edits too; only how one's own sending went may still be told."""
    with make.runtime.transaction() as session:
        session.query(Follow).update({"ended_at": make.runtime.now()})
    ones_own = {"reply_id", "chat_id", "touch_id", "userid"}

    for rule, names in addressed(app, "staff"):
        path = path_of(rule, mine).removeprefix("/sidebar/")
        if "GET" in rule.methods:
            answers = [at_the_chat.get(path, part=part) for part in (False, True)]
        else:
            forms = forms_of(app.view_functions[rule.endpoint]) or [Form]
            answers = [at_the_chat.post(path, body_of(form, mine)) for form in forms]
        for answer in answers:
            assert set(names) <= ones_own | SHOPS or answer.status_code in (403, 404), (path, answer.status_code)
            assert "chat_id" in names or "reply_id" in names or "自己人" not in answer.text, path
    assert [row.deleted_at for row in make.rows(Note)] == [None]


@on_one_database
def test_whatever_stands_in_one_field_is_taken_or_refused(app, mine, at_the_chat):  # noqa: F811
    odd = ("0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30", " \n\u202e", "%(x)s{0}{{7*7}}")

    for rule, _ in addressed(app, "staff"):
        for form in forms_of(app.view_functions[rule.endpoint]) if "POST" in rule.methods else ():
            for name, field in form.model_fields.items():
                for value in odd if "str" in str(field.annotation) else (0, 2**63 - 1):
                    path = path_of(rule, mine).removeprefix("/sidebar/")
                    answer = at_the_chat.post(path, {**body_of(form, mine), name: value})
                    assert answer.status_code < 500, (path, name, value)


def rows_of(make, theirs):  # noqa: F811
    tables = (Coupon, ContactEdit, Note, TagAssignment, Todo, Touch)
    [contact] = [row for row in make.rows(Contact) if row.external_userid == theirs["external_userid"]]
    rows = [row for table in tables for row in make.rows(table) if row.identity_id == contact.identity_id]
    rows += [row for row in make.rows(QuickReply) if row.id == theirs["reply_id"]]
    rows += [row for row in make.rows(Order) if row.id == theirs["order_id"]]
    return [vars(row) | {"_sa_instance_state": type(row).__name__} for row in rows]


@on_one_database
def test_users_see_no_customer_their_role_does_not_show(app, theirs, signed_in):  # noqa: F811
    """Nobody sees a whole phone number on a page: that is a deed of its own."""
    blind, walked = {"manager", "developer", "finance"}, 0

    for role in ROLES:
        here = signed_in(role, department_wecom_id=2 if role == "manager" else None)
        for rule, names in addressed(app, "user"):
            if "GET" not in rule.methods:
                continue
            path = path_of(rule, {name: theirs.get(name, 1) for name in names})
            answer = here.get(path, query_string={"q": SECRET[:2], "before": 99_999})
            assert answer.status_code < 500, (role, path)
            assert PHONE not in answer.text, (role, path)
            assert role not in blind or SECRET not in answer.text, (role, path)
            walked += SECRET in answer.text

    assert walked > 5  # who may see them does


def test_a_shop_gets_nothing_of_another_shops_by_its_name_or_with_its_key(app, make, theirs, new_shop):  # noqa: F811
    [robbed] = make.rows(Shop)
    rogue, key = new_shop("另一家"), new_shop(robbed.name).key
    done = len(make.rows(Audit))

    for rule, _ in addressed(app, "shop"):
        ids = theirs | {"unionid": "u-wm_stranger", "platform": "youzan", "shop": robbed.name}
        path, method = path_of(rule, ids), "POST" if "POST" in rule.methods else "GET"
        [form] = [form for form in forms_of(app.view_functions[rule.endpoint]) if "shop" in form.model_fields] or [None]
        if form is not None:
            empty = {name: [] for name in form.model_fields} | {"order_nos": ["A1"], "shop": robbed.name}
            body = {name: empty[name] for name in form.model_fields}
            answer = rogue.send(json.dumps(body).encode(), target=path)
            assert (answer.status_code, answer.json["field"]) == (403, "shop"), rule
        unsigned = app.test_client().open(path, method=method, json={} if method == "POST" else None)
        assert unsigned.status_code == 401, rule
        headers = rogue.headers(b"{}", target=path) | {"X-Huitou-Key": key}
        assert rogue.send(b"{}", target=path, headers=headers).status_code in (401, 405), rule
        if method == "GET":
            assert SECRET not in rogue.get(path).text, rule
    assert len(make.rows(Audit)) > done


def test_every_page_has_the_headers_and_runs_nothing_of_its_own(app, theirs, signed_in, at_the_chat):  # noqa: F811
    here, pages = signed_in(), 0

    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        path = path_of(rule, {name: theirs.get(name, 1) for name in NAMED.findall(rule.rule)})
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


@on_one_database
def test_no_page_leads_to_somebody_elses_address(app, signed_in, at_the_chat):  # noqa: F811
    evil = "https://evil.example/x"
    query = dict.fromkeys(("next", "back", "to", "url", "return", "redirect", "redirect_uri", "r", "o", "s"), evil)
    doors = {"console": signed_in().client, "sidebar": at_the_chat.client}

    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        path = re.sub(r"<int:\w+>", "1", re.sub(r"<(path:)?\w+>", "wm1", rule.rule))
        door = doors.get(path.split("/")[1])  # elsewhere its cookie is not sent
        for client in filter(None, (app.test_client(), door)):
            for sent in (query, dict.fromkeys(query, "//evil.example"), dict.fromkeys(query, "/\\evil.example")):
                answer = client.get(path, query_string=sent, headers={"Accept": "text/html"})
                assert not re.match(r"(https?:)?[/\\]{2}[^/]*evil", answer.headers.get("Location", "")), rule
