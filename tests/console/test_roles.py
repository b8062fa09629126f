"""Which role may open and do what: every page and every button, yes and no."""

import re
from dataclasses import replace

import pytest

from crm import drop_editions, drops, file_imports, identity_links, media
from crm.identities import Key
from crm.identity_links import Fact
from demo_programme import FLOWERS
from files import errors
from files.uploads import Uploads
from models import Audit, CouponBatch, DropSeries, Gate, Inbox, MassMessage
from models.user import ROLES
from runtime import ROOT
from tests.console.conftest import text_of
from tests.drop_weeks import PNG

PAGES = {
    "/console/": set(ROLES),
    "/console/account": set(ROLES),
    "/console/inbox": {"owner", "operator", "developer"},
    "/console/jobs": {"owner", "operator", "developer"},
    "/console/sync": {"owner", "operator", "developer"},
    "/console/outbound": {"owner", "operator", "developer"},
    "/console/coupons": {"owner", "operator", "finance"},
    "/console/quick-replies": {"owner", "operator"},
    "/console/audit": {"owner", "developer"},
    "/console/verification": {"owner", "developer"},
    "/console/staff-figures": {"owner", "operator", "manager"},
    "/console/audiences": {"owner", "operator", "manager"},
    "/console/conflicts": {"owner", "operator"},
    "/console/match-rate": {"owner", "operator", "developer"},
    "/console/customers": {"owner", "operator", "manager"},
    "/console/pushes": {"owner", "operator", "manager"},
    "/console/drops": {"owner", "operator", "manager"},
    "/console/imports": {"owner", "operator"},
    "/console/users": {"owner"},
}
BEHIND = {  # where the menu does not lead
    "/console/quick-replies/1": {"owner", "operator"},
    "/console/coupons/1": {"owner", "operator", "finance"},
    "/console/conflicts/1": {"owner", "operator"},
    "/console/identity-links/1?deed=retract": {"owner", "operator"},
    "/console/customers/1": {"owner", "operator"},  # a manager those of their department
    "/console/customers/1/privacy": {"owner"},  # a right on top of the role
    "/console/audiences/1": {"owner", "operator", "manager"},
    "/console/audiences/1/count": {"owner", "operator", "manager"},
    "/console/audiences/choices/tags": {"owner", "operator", "manager"},
    "/console/audiences/choices/staff": {"owner", "operator", "manager"},
    "/console/audiences/new": {"owner", "operator"},
    "/console/pushes/1": {"owner", "operator", "manager"},
    "/console/pushes/new": {"owner", "operator"},
    "/console/pushes/new?copy=1": {"owner", "operator"},
    "/console/pushes/reach?audience_id=1": {"owner", "operator", "manager"},
    "/console/messages/1": {"owner", "operator", "manager"},
    "/console/messages/1/people?state=would_send": {"owner", "operator"},
    "/console/media/1": {"owner", "operator", "manager"},
    "/console/imports/1": {"owner", "operator"},
    "/console/imports/1/errors": {"owner", "operator"},
    "/console/drops?edition=1": {"owner", "operator", "manager"},
    "/console/drops/new": {"owner", "operator"},
    "/console/drops/1": {"owner", "operator"},
    "/console/drops/editions/1": {"owner", "operator"},
}
BATCH = {"name": "回头券", "value": "15", "threshold": "99", "total": "10", "per_customer": "1", "valid_days": "7"}
BUTTONS = {
    "/console/inbox/1/replay": ({}, {"owner", "operator", "developer"}),
    "/console/inbox/1/body": ({}, {"owner", "developer"}),
    "/console/jobs/sync/run": ({}, {"owner", "developer"}),
    "/console/sync/stop": ({}, {"owner", "developer"}),
    "/console/coupons": (BATCH, {"owner", "operator"}),
    "/console/coupons/1/close": ({}, {"owner", "operator"}),
    "/console/quick-replies": ({"group_name": "售前"}, {"owner", "operator"}),
    "/console/quick-replies/1": ({"group_name": "售前"}, {"owner", "operator"}),
    "/console/quick-replies/1/delete": ({}, {"owner", "operator"}),
    "/console/verification": ({}, {"owner", "developer"}),
    "/console/verification/1/delete": ({}, {"owner", "developer"}),
    "/console/coupons/1/codes": ({"codes": "A1"}, {"owner", "operator"}),
    "/console/coupons/1/link": ({}, {"owner", "operator"}),
    "/console/outbound/mode": ({"mode": "stopped"}, {"owner"}),
    "/console/outbound/allow-list": ({"ids": "wm1"}, {"owner"}),
    "/console/audiences": ({"name": "x"}, {"owner", "operator"}),
    "/console/audiences/1": ({"name": "x", "revision": "1"}, {"owner", "operator"}),
    "/console/audiences/1/delete": ({}, {"owner", "operator"}),
    "/console/audiences/preview": ({}, {"owner", "operator", "manager"}),
    "/console/pushes": ({"name": "x"}, {"owner", "operator"}),
    "/console/pushes/1": ({"name": "x", "revision": "1"}, {"owner", "operator"}),
    "/console/pushes/1/cancel": ({}, {"owner", "operator"}),
    "/console/messages/1/state": ({"action": "cancel"}, {"owner", "operator"}),
    "/console/messages/1/reminders": ({"staff_id": "1"}, {"owner", "operator"}),
    "/console/media": ({"kind": "image"}, {"owner", "operator"}),
    "/console/drops": ({"name": "x"}, {"owner", "operator"}),
    "/console/drops/1": ({"name": "x", "revision": "1"}, {"owner", "operator"}),
    "/console/drops/1/state": ({"state": "paused", "revision": "1"}, {"owner", "operator"}),
    "/console/drops/preview": ({}, {"owner", "operator"}),
    "/console/drops/editions/1": ({"revision": "1"}, {"owner", "operator"}),
    "/console/drops/editions/1/preview": ({}, {"owner", "operator"}),
    "/console/drops/editions/1/skip": ({"revision": "9"}, {"owner", "operator"}),
    "/console/drops/editions/1/remind": ({"part": "teaser"}, {"owner", "operator"}),
    "/console/drops/editions/1/resume": ({"part": "teaser"}, {"owner", "operator"}),
    "/console/imports": ({}, {"owner", "operator"}),
    "/console/imports/1": ({"shop": "店"}, {"owner", "operator"}),
    "/console/imports/1/files/0": ({}, {"owner", "operator"}),
    "/console/imports/1/arrived": ({}, {"owner", "operator"}),
    "/console/imports/1/start": ({"how": "try"}, {"owner", "operator"}),
    "/console/imports/1/stop": ({}, {"owner", "operator"}),
    "/console/users": ({"login": "x1", "name": "x", "role": "staff"}, {"owner"}),
    "/console/customers/1/phone": ({"order": "1"}, {"owner"}),  # a right on top of the role
    "/console/customers/1/export": ({}, {"owner"}),  # a right on top of the role
    "/console/customers/1/erase": ({"sure": "抹除"}, {"owner"}),
    "/console/privacy/record": ({}, {"owner"}),
    "/console/conflicts/1": ({"keep": ""}, {"owner", "operator"}),
    "/console/identity-links/1": ({"deed": "retract"}, {"owner", "operator"}),
    "/console/users/1/rights": ({}, {"owner"}),
    "/console/users/1/link": ({}, {"owner"}),
    "/console/users/1/disable": ({}, {"owner"}),
}


@pytest.fixture
def settings(settings, tmp_path):
    imports = settings.imports.model_copy(update={"folder": str(tmp_path / "imports")})
    return settings.model_copy(update={"imports": imports})


@pytest.fixture
def programme(make, runtime):
    """A push that was sent, its picture, a drop with its first edition, and an upload; each with the id 1."""
    make.mass_message(make.push())
    make.order(make.identity("unionid", "u1"))
    make.coupon_batch()
    now, zone = runtime.now(), runtime.zone
    plan = replace(FLOWERS, group_ids=(make.group().id,))
    make.quick_reply()
    with runtime.transaction() as session:
        pair = Key("openid", "店", "o1"), Key("unionid", "", "u1")
        identity_links.state(session, [Fact(*pair, "shop_pair", now, "shop:1", "shop:1")], now=now)
        media.store(session, "image", "a.png", PNG, by="user:1", now=now)
        series = drops.create(session, plan, robot_key_sealed=None, by="user:1", now=now, zone=zone)
        drop_editions.make_due(session, series.id, now=now, zone=zone)
        begun = file_imports.begin(session, [("a.csv", 1)], most_bytes=1, by="user:1", now=now)
        errors.write_cells(Uploads(ROOT / runtime.settings.imports.folder).errors(begun), ("原因",), ())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_pages_and_no_others(signed_in, programme, role):
    here = signed_in(role)
    pages = PAGES | BEHIND

    answers = {path: here.get(path).status_code for path in pages}

    assert answers == {path: 200 if role in roles else 403 for path, roles in pages.items()}


def test_no_page_and_no_button_is_left_out_here(app):
    listed = {re.sub(r"/\d+", "/<>", path.split("?")[0]) for path in PAGES | BEHIND | BUTTONS}
    anybodys = {"/console/sign-in", "/console/first", "/console/enter", "/console/language"}
    own = {"/console/sign-out", "/console/account/password"}
    same = {"/console/inbox/<>", "/console/choices/<>"}

    rules = {
        re.sub(r"<[^>]+>", "<>", rule.rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")
    }

    named = {re.sub(r"/(choices|jobs)/[a-z_]+", r"/\1/<>", path) for path in listed}
    assert rules - named - anybodys - own - same == set()


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_has_only_what_the_role_can_open(signed_in, role):
    home = signed_in(role).get("/console/").get_data(as_text=True)

    linked = {path for path in PAGES if f'href="{path}"' in home}

    assert linked == {path for path, roles in PAGES.items() if role in roles}


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_each_role_presses_its_buttons_and_no_others(signed_in, programme, make, role):
    make.notice()
    here = signed_in(role)
    token = here.token("/console/account")

    refused = set()
    for path, (fields, _) in BUTTONS.items():
        answer = here.client.post(path, data={"csrf_token": token} | fields, headers={"Accept": "text/html"})
        if answer.status_code == 403:
            refused.add(path)
        assert answer.status_code < 500

    assert refused == {path for path, (_, roles) in BUTTONS.items() if role not in roles}
    noted = [row.action for row in make.rows(Audit) if row.outcome == "refused"]
    assert len(noted) == len(refused)


def test_without_signing_in_no_button_does_anything(visitor, programme, make):
    make.notice()

    for path, (fields, _) in BUTTONS.items():
        assert visitor.post(path, fields).status_code == 401

    assert make.rows(Gate) == []
    assert [row.state for row in make.rows(Inbox)] == ["applied"]
    assert [batch.closed_at for batch in make.rows(CouponBatch)] == [None]
    assert [row.state for row in make.rows(DropSeries)] == ["active"]
    assert [row.state for row in make.rows(MassMessage)] == ["waiting"]


def test_a_developer_sees_ids_where_an_operator_sees_names(signed_in, make):
    contact = make.contact("wm-sunshine", name="阳光暖暖")
    make.staff("lan", name="林晓雯")
    notice = make.notice(external_userid=contact.external_userid)
    make.touch("unknown", external_userid=contact.external_userid)

    for path in ("/console/inbox", f"/console/inbox/{notice.id}", "/console/outbound"):
        assert "阳光暖暖 → 林晓雯" in text_of(signed_in("operator").get(path))
        developers = text_of(signed_in("developer").get(path))
        assert "阳光暖暖" not in developers
        assert "wm-sunshine" in developers


def test_a_developer_reads_events_but_not_what_people_wrote(signed_in, make, runtime):
    sealed = runtime.vault.seal("<xml><Content>王小雨的电话 13812345678</Content></xml>")
    event, message = make.notice(), make.notice("text", key="msg:7", body_sealed=sealed)
    developer, owner = signed_in("developer"), signed_in("owner")

    def read(who, notice):
        return who.post(f"/console/inbox/{notice.id}/body", page="/console/account")

    assert (read(developer, event).status_code, read(owner, message).status_code) == (200, 200)
    assert "看原文" not in developer.get(f"/console/inbox/{message.id}").text
    refused = read(developer, message)
    assert refused.status_code == 403
    assert "13812345678" not in refused.text


def test_a_batch_nobody_made_is_not_closed(signed_in, make):
    here = signed_in("operator")
    done = len(make.rows(Audit))

    assert here.post("/console/coupons/9999/close", page="/console/account").status_code == 404
    assert len(make.rows(Audit)) == done
