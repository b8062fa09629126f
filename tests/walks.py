"""What a walk through every route needs: the ids in addresses, the forms that views read, and whose ids to try."""

import inspect
import re
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

import pytest

from bodies import Form
from callers import caller_of
from crm import claims
from crm.identities import Key
from models import ContactEdit, Coupon, Department, IdentityLink, Note, OrderLine, TagAssignment, Todo

SECRET = "阳光暖暖"  # the stranger's name, and in every text about them
PHONE = "13812345678"
NAMED = re.compile(r"<(?:\w+:)?(\w+)>")
WRITTEN: dict[str, Any] = {"occasion": "tap-tap-tap", "at": "2026-12-24T10:00", "way": "page"}


def addressed(app, caller):
    """Every route of this caller, with the parameters in its address."""
    for rule in app.url_map.iter_rules():
        if caller_of(app.view_functions[rule.endpoint]) == caller:
            yield rule, NAMED.findall(rule.rule)


def path_of(rule, ids):
    return NAMED.sub(lambda found: str(ids[found[1]]), rule.rule)


def forms_of(view):
    """The forms a view reads: itself, or through a function of its own module."""
    waiting, found = [inspect.unwrap(view)], []
    seen = set(waiting)
    while waiting:
        function = waiting.pop()
        for name in _names(function.__code__):
            known = function.__globals__.get(name)
            if isinstance(known, type) and issubclass(known, Form) and known is not Form:
                found.append(known)
            elif inspect.isfunction(known) and known.__module__ == function.__module__ and known not in seen:
                seen.add(known)
                waiting.append(known)
    return found


def _names(code):
    return {*code.co_names, *(name for inner in code.co_consts if inspect.iscode(inner) for name in _names(inner))}


def body_of(form, ids):
    """A body this form takes: what it must have, and every id it may have."""
    body = {}
    for name, field in form.model_fields.items():
        if name in ids:
            body[name] = ids[name]
        elif field.is_required():
            body[name] = WRITTEN[name] if name in WRITTEN else _sample(field.annotation)
    form.model_validate(body)  # else: say in WRITTEN how it is written
    return body


def _sample(annotation):
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    return {bool: True, int: 1, str: "x"}[annotation]


@pytest.fixture
def everything(make, runtime):
    """A customer of this member, with everything a route could name; by the name of the parameter."""
    now = runtime.now()

    def of(staff, external_userid, name):
        contact = make.contact(external_userid, name=name, followers=(), unionid=f"u-{external_userid}")
        make.follow(contact, staff, remark=name, description=name)
        whose, owner = {"identity_id": contact.identity_id}, {"customer_id": contact.customer_id}
        by, face = {"staff_id": staff.id}, {"external_userid": external_userid, "created_at": now}
        shop = make.shop(f"{staff.userid}的店")
        order = make.order(
            make.identity("buyer_id", "b1", shop.name), shop, phone_sealed=runtime.vault.seal(PHONE),
            phone_digest=external_userid, phone_kind="real",
        )  # fmt: skip
        key = Key("external_userid", "", external_userid)
        with runtime.transaction() as session:
            session.query(OrderLine).filter_by(order_id=order.id).update({"name": name})
            claims.bind(session, key, shop, order.order_no, "staff_order", by=f"staff:{staff.userid}", now=now)
        batch, tag, product = make.coupon_batch(), make.tag(), make.product(shop=shop)
        coupon = make._save(
            Coupon(
                batch_id=batch.id, **whose, **owner, **by, occasion="x", code=f"HT{staff.id}", value_fen=1500,
                threshold_fen=0, issued_at=now, expires_at=now + timedelta(days=1),
            )
        )  # fmt: skip
        make._save(TagAssignment(**whose, **owner, **by, tag_id=tag.id, source="staff", assigned_at=now))
        note = make._save(Note(**whose, **by, text=name, created_at=now))
        facts = {"kind": "call", "title": name, "text": name, "made_by": f"staff:{staff.userid}", "due_at": now}
        todo = make._save(Todo(**whose, **by, **face, **facts, key=f"todo{staff.id}"))
        edit = make._save(
            ContactEdit(
                **whose, **by, **face, kind="tag", key=f"edit{staff.id}", tag_id=tag.id, state="failed", next_try_at=now
            )
        )
        touch = make.touch(
            "unknown", **whose, **owner, **face, userid=staff.userid, text_sealed=runtime.vault.seal(name)
        )
        reply = make.quick_reply(staff, group_name=name, title=name, text=name)
        return {
            "customer_id": contact.customer_id, "external_userid": external_userid, "order_id": order.id,
            "coupon_id": coupon.id, "touch_id": touch.id, "todo_id": todo.id, "edit_id": edit.id, "note_id": note.id,
            "link_id": make.rows(IdentityLink)[-1].id, "product_id": product.id, "reply_id": reply.id,
            "chat_id": make.group(owner=staff, name=name).chat_id, "edition_id": 1, "about": "review",
            "batch_id": batch.id, "tag_id": tag.id, "shop_id": shop.id, "order_no": order.order_no,
            "userid": staff.userid,
        }  # fmt: skip

    make.gate("live")
    for number in (1, 2):
        make._save(Department(wecom_id=number, parent_wecom_id=0, name=f"部门{number}"))
    return of


@pytest.fixture
def theirs(make, everything):
    """Mei's customer."""
    return everything(make.staff("mei", department_wecom_ids=[1]), "wm_stranger", SECRET)


@pytest.fixture
def mine(lan, everything):
    """Lan's own."""
    return everything(lan, "wm_mine", "自己人")
