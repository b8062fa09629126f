"""Names, tags, remarks and whatever else people write: shown as it is on every page, run on none."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from crm import drop_editions, drops
from demo_programme import FLOWERS
from models import (
    Audit,
    Channel,
    Contact,
    Identity,
    MassMessage,
    MassRecipient,
    MassTask,
    MassTaskMember,
    Staff,
    Tag,
    TagAssignment,
)
from tests.console.conftest import browser, signed_in  # noqa: F401
from tests.landing.conftest import WECHAT
from tests.sidebar.conftest import at_the_chat, lan, seat  # noqa: F401
from tests.walks import addressed, everything, path_of  # noqa: F401

EVIL = "\"'><img src=x onerror=alert(1)></textarea></script><script>alert(1)</script>{{7*7}}%(x)s\u202e"
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.open, self.texts = [], []  # the elements we stand in, and the text each holds itself
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.texts.append([])
            self.open.append(self.texts[-1])

    def handle_endtag(self, tag):
        if tag not in VOID and self.open:
            self.open.pop()

    def handle_data(self, data):
        self.words.append(data)
        if self.open:
            self.open[-1].append(data.strip())

    @property
    def turned(self):
        """Words that run backwards together with somebody's name: it shares its element with them."""
        texts = ["".join(text) for text in self.texts]
        return [text for text in texts if "\u202e" in text and text.replace(EVIL, "", 1)]

    @property
    def dangerous(self):
        return [
            (tag, attrs)
            for tag, attrs in self.tags
            if any(name.startswith(("on", "hx-on", "hx-vals")) for name in attrs)
            or (tag == "script" and not (attrs.get("src") or "").startswith("/static/"))
            or (
                tag in ("img", "iframe", "base", "object")
                and not (attrs.get("src", "https://") or "").startswith(("https://", "http://", "/console/media/"))
            )
            or str(attrs.get("href", "")).lower().startswith("javascript:")
        ]


@pytest.fixture
def mine(everything, lan):  # noqa: F811
    return everything(lan, "wm_evil", EVIL)


@pytest.fixture
def customer(make, runtime, lan):  # noqa: F811
    """A customer whose every word is hostile."""
    now = runtime.now()
    with runtime.transaction() as session:
        session.get(Staff, lan.id).name = EVIL
    contact = make.contact("wm_evil", name=EVIL, avatar=f"javascript:{EVIL}", corp_name=EVIL, kind=2)
    channel = make._save(Channel(state=EVIL, name=EVIL, created_at=now))
    make.follow(contact, lan, remark=EVIL, description=EVIL, channel_id=channel.id)
    tag = make._save(Tag(wecom_id="t1", group_name=EVIL, name=EVIL))
    owner = {"identity_id": contact.identity_id, "customer_id": contact.customer_id}
    make._save(TagAssignment(tag_id=tag.id, staff_id=lan.id, source=EVIL, assigned_at=now, **owner))
    order = make.order(
        Identity(id=contact.identity_id, customer_id=contact.customer_id),
        shop=make.shop(EVIL),
        order_no=EVIL,
        coupon_codes=[EVIL],
    )
    with runtime.transaction() as session:
        session.merge(order).lines[0].name = EVIL
    make.coupon_batch(name=EVIL)
    make.gate("live")
    return contact


def test_in_the_sidebar_nothing_anybody_wrote_is_run_or_turns_the_words_around_it(app, mine, at_the_chat):  # noqa: F811
    shown = 0

    for rule, _ in addressed(app, "staff"):
        if "GET" in rule.methods:
            path = path_of(rule, mine).removeprefix("/sidebar/")
            answer = at_the_chat.get(path, part=True, query_string={"q": EVIL[:60]})
            page = Page(answer.text)
            assert page.dangerous == [], path
            assert page.turned == [], path
            assert answer.status_code < 500, path
            shown += EVIL[:40] in "".join(page.words)

    assert shown > 10


def test_on_customers_pages_nothing_anybody_wrote_is_run(customer, make, runtime, at_the_chat, client):  # noqa: F811
    known = runtime.settings.wecom.model_copy(update={"corp_id": ""})  # whoever has the link is shown what it is
    runtime.settings = runtime.settings.model_copy(update={"wecom": known})
    make.product("EVIL", shop=make.shop(f"{EVIL}2"), name=EVIL, care_note=EVIL, share_text=EVIL)
    gift = make.coupon_batch(name=f"{EVIL}2", kind="gift", value_fen=0, gift=EVIL, categories=[EVIL], skus=["EVIL"])
    body = {"batch_id": gift.id, "occasion": "at-the-counter"}
    given = at_the_chat.post(f"customers/{customer.customer_id}/coupons", body).json
    coupon = given["chat_message"]["news"]["link"].removeprefix("http://localhost")
    wechat, words = {"User-Agent": WECHAT, "Accept": "text/html"}, []

    for path in (coupon, "/g/EVIL", f"/g/{quote(EVIL)}", "/bind", f"/p?k=1&o={quote(EVIL)}&s=x", f"/c/{quote(EVIL)}"):
        answer = client.get(path, headers=wechat)
        page = Page(answer.text)
        assert answer.status_code in (200, 403, 404), path
        assert page.dangerous == [], path
        words += page.words

    assert "".join(words).count(EVIL) >= 6  # the gift, the category, who gives it, the product and its words


def test_in_the_console_nothing_anybody_wrote_is_run(customer, make, runtime, signed_in):  # noqa: F811
    here = signed_in(name=EVIL)
    facts = {"userid": "lan", "external_userid": "wm_evil"}
    notice = make.notice(EVIL, reason=EVIL, body_sealed=runtime.vault.seal(EVIL), **facts)
    make.notice(**dict.fromkeys(facts, EVIL))
    make.touch("unknown", kind=EVIL, **facts)
    make._save(Audit(at=runtime.now(), actor=f"staff:{EVIL}", action=EVIL, subject=EVIL, outcome=EVIL, details={}))
    of = "/console/account"
    tag = make.rows(Tag)[0]
    audience = make.audience(name=EVIL, conditions={"tags_any": [tag.id], "staff_ids": [1]})
    link = {"kind": "link", "title": EVIL, "desc": EVIL, "url": "https://x/", "picurl": ""}
    push = make.push(audience, name=EVIL, text=EVIL, attachments=[link])
    message = sending(make, push)
    series(make, runtime)
    typed = dict.fromkeys(("name", "product", "sku", "url", "teaser", "launch", "recap", "robot"), EVIL)
    typed |= {"price": "1", "stock": "1"}
    written = {"name": EVIL[:30], "text": EVIL, "audience_id": str(audience.id), "attachments": json.dumps([link])}
    pages = {
        path: here.get(path)
        for path in (
            "/console/", "/console/inbox", f"/console/inbox/{notice.id}", "/console/outbound", "/console/audit",
            "/console/users", "/console/coupons", of, f"/console/audit?action={quote(EVIL)}",
            f"/console/sign-in?next={quote(EVIL)}", f"/console/{quote(EVIL)}",
            "/console/audiences", f"/console/audiences/{audience.id}", "/console/pushes", f"/console/pushes/{push.id}",
            f"/console/pushes/new?copy={push.id}", f"/console/messages/{message.id}",
            f"/console/messages/{message.id}/people?state=would_send",
            "/console/customers", f"/console/customers?q={quote(EVIL[:60])}", "/console/conflicts",
            "/console/match-rate",
            *(f"/console/customers/{customer.customer_id}?tab={tab}" for tab in ("orders", "follows", "identity")),
            "/console/drops", "/console/drops?edition=1", "/console/drops/new", "/console/drops/1",
            "/console/drops/editions/1",
            f"/console/audiences/choices/tags?q={quote(EVIL[:20])}", "/console/audiences/choices/staff",
        )
    } | {
        "audience": here.post("/console/audiences", {"name": EVIL[:60], "tags_all": EVIL[:60]}, page=of),
        "preview": here.post("/console/audiences/preview", {"tags_all": str(tag.id)}, page=of),
        "push": here.post("/console/pushes", written, page=of),
        "stale": here.post(f"/console/pushes/{push.id}", written, page=of),
        "drop": here.post("/console/drops", typed, page=of),
        "drop preview": here.post("/console/drops/preview", typed, page=of),
        "body": here.post(f"/console/inbox/{notice.id}/body", page=of),
        "users": here.post("/console/users", {"login": EVIL[:60], "name": EVIL[:60], "role": EVIL[:9]}, page=of),
        "coupons": here.post("/console/coupons", {**dict.fromkeys(BATCH, EVIL[:12]), "name": EVIL[:60]}, page=of),
        "a field": here.post("/console/users", {EVIL: "1"}, page=of),
        "sign-in": here.post("/console/sign-in", {"login": EVIL[:60], "password": EVIL}),
    }  # fmt: skip

    for path, answer in pages.items():
        assert answer.status_code < 500, path
        assert Page(answer.text).dangerous == [], path
    shown = [path for path, answer in pages.items() if EVIL[:40] in "".join(Page(answer.text).words)]
    assert {"push", "stale", "/console/pushes", f"/console/messages/{message.id}", "/console/audiences"} <= set(shown)
    assert {"/console/", "/console/inbox", "/console/audit", "/console/users", "/console/coupons", "body"} <= set(shown)
    assert {
        "/console/customers",
        f"/console/customers/{customer.customer_id}?tab=orders",
        "/console/match-rate",
    } <= set(shown)
    assert {"/console/drops", "/console/drops/1", "drop", "drop preview"} <= set(shown)


def sending(make, push):
    """Hostile words all the way down to a recipient."""
    now = make.runtime.now()
    message = make._save(
        MassMessage(
            chat_type="single", push_id=push.id, slot=now, month="2026-11", text=EVIL, attachments=push.attachments,
            sentence=EVIL, state="done", reason=EVIL, created_at=now,
        )
    )  # fmt: skip
    task = make._save(
        MassTask(message_id=message.id, staff_id=1, number=1, userid=EVIL, text=EVIL, state="would_send", reason=EVIL)
    )
    make._save(MassTaskMember(task_id=task.id, userid=EVIL))
    contact = make.rows(Contact)[0]
    make._save(
        MassRecipient(
            message_id=message.id, task_id=task.id, target=contact.external_userid, contact_id=contact.id,
            state="would_send", reason=EVIL,
        )
    )  # fmt: skip
    return message


BATCH = ("value", "threshold", "total", "per_customer", "valid_days")


@pytest.mark.parametrize("name", [EVIL, "\r\nSet-Cookie: a=b", "\u202eevil"])
def test_nothing_anybody_wrote_becomes_a_header(customer, at_the_chat, client, name):  # noqa: F811
    for answer in (
        client.get("/console/sign-in", query_string={"next": name}),
        client.get("/console/inbox", query_string={"result": name}, headers={"Accept": "text/html"}),
        client.get(f"/console/{quote(name, safe='')}", headers={"Accept": "text/html"}),
        at_the_chat.get(f"customers/{customer.customer_id}/orders?q={quote(name[:60])}", part=True),
    ):
        said = str(answer.headers)
        assert "a=b" not in said
        assert "onerror" not in said


def series(make, runtime):
    """A drop and its first edition whose every word is hostile, in a group with a hostile name."""
    now, zone, short, words = runtime.now(), runtime.zone, EVIL[:40], EVIL.replace("{{7*7}}", "")
    group = make.group(owner=make.rows(Staff)[0], name=EVIL)
    plan = replace(
        FLOWERS, name=short, product=short, sku=EVIL[:64], group_ids=(group.id,),
        teaser=words, launch=words, recap=words,
    )  # fmt: skip
    with runtime.transaction() as session:
        made = drops.create(session, plan, robot_key_sealed=None, by="user:1", now=now, zone=zone)
        drop_editions.make_due(session, made.id, now=now, zone=zone)
