"""The JSON forms of the sidebar: money in fen, moments in RFC 3339."""

import json
from datetime import datetime
from typing import Any

from flask import g

from crm import coupons, glances, touches
from crm.customers import Carried, Follower
from crm.glance_facts import Held, Told
from crm.offers import Offer
from crm.order_history import Bought
from models.coupon import TELL_USE
from models.order import OrderLine
from models.todo import Todo
from sidebar.cards import HeldCoupon


def card_json(told: Told, *, tonight: datetime, now: datetime, left: int) -> str:
    """The documented machine form of one customer, written out: what the database wrote goes in unread."""
    figures = json.loads(told.figures)
    facts = {
        "customer": {
            "id": told.customer_id,
            "external_userid": told.external_userid,
            "name": told.name,
            "avatar": told.avatar,
            "gender": told.gender,
            "kind": told.kind,
            "known": told.known_at is not None,
            "known_since": told.known_since,
            "birthday": told.birthday,
        },
        "spend_fen": figures["spend_fen"],
        "order_count": figures["order_count"],
        "last_order_at": figures["last_order_at"],
        "usual_gap_days": glances.usual_gap_days(told.moments),
        "orders_until": told.orders_until,
        "coupons": [_held_json(one, now) for one in glances.held(told)],
        "todos": glances.due(told, by=tonight),
        "messages_left": left,
    }
    lists = (
        f'"followers":{told.follows},"channel":{told.came_by or "null"},"tags":{told.carried},"orders":{told.orders}'
    )
    return f"{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))[:-1]},{lists}}}\n"


def _held_json(held: Held, now: datetime) -> dict[str, Any]:
    """As `coupon_json` says it of a coupon that was read."""
    shows_code = held.source in TELL_USE and held.claimed_at is not None
    return {
        "id": held.id,
        "batch": held.batch,
        "kind": held.kind,
        "value_fen": held.value_fen,
        "threshold_fen": held.threshold_fen,
        "code": held.code if shows_code else None,
        "state": coupons.state(held, now=now),
        "sending": touches.shown_state(held.touch, now=now) if held.touch else None,
        "staff": held.staff,
        "issued_at": held.issued_at,
        "expires_at": at(held.expires_at),
        "opened_at": held.opened_at,
        "claimed_at": held.claimed_at,
        "used_at": held.used_at,
    }


def tag_json(carried: Carried) -> dict[str, Any]:
    return {
        "id": carried.tag.id,
        "group": carried.tag.group_name,
        "name": carried.tag.name,
        "source": carried.source,
    }


def todo_json(todo: Todo) -> dict[str, Any]:
    names = ("id", "kind", "title", "text", "state", "result")
    moments = ("due_at", "done_at", "created_at")
    return {name: getattr(todo, name) for name in names} | {name: at(getattr(todo, name)) for name in moments}


def follower_json(follower: Follower) -> dict[str, Any]:
    return {
        "userid": follower.staff.userid,
        "name": follower.staff.name,
        "is_me": follower.staff.id == g.staff.id,
        "remark": follower.follow.remark,
        "description": follower.follow.description,
        "followed_at": at(follower.follow.followed_at),
        "channel": follower.channel.name if follower.channel else None,
    }


def order_json(bought: Bought) -> dict[str, Any]:
    order = bought.order
    money = ("total_fen", "discount_fen", "shipping_fen", "paid_fen", "refunded_fen", "spend_fen")
    moments = ("ordered_at", "paid_at", "shipped_at", "received_at", "completed_at")
    return {
        "id": order.id,
        "order_no": order.order_no,
        "shop": bought.shop.name,
        "status": order.status,
        **{name: getattr(order, name) for name in money},
        **{name: at(getattr(order, name)) for name in moments},
        "coupon_codes": order.coupon_codes,
        "lines": [_line(line) for line in order.lines],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    names = ("sku", "name", "quantity", "price_fen", "refunded_quantity", "refunded_fen")
    return {name: getattr(line, name) for name in names}


def coupon_json(held: HeldCoupon) -> dict[str, Any]:
    coupon = held.given.coupon
    return {
        "id": coupon.id,
        "batch": held.given.batch.name,
        "kind": held.given.batch.kind,
        "value_fen": coupon.value_fen,
        "threshold_fen": coupon.threshold_fen,
        "code": coupon.code if held.shows_code else None,
        "state": held.state,
        "sending": held.sending,
        "staff": held.given.staff.userid if held.given.staff else None,
        "issued_at": at(coupon.issued_at),
        "expires_at": at(coupon.expires_at),
        "opened_at": at(coupon.opened_at),
        "claimed_at": at(coupon.claimed_at),
        "used_at": at(coupon.used_at),
    }


def offer_json(offer: Offer) -> dict[str, Any]:
    batch = offer.batch
    return {
        "batch_id": batch.id,
        "name": batch.name,
        "kind": batch.kind,
        "value_fen": batch.value_fen,
        "pays_percent": batch.pays_percent,
        "gift": batch.gift,
        "threshold_fen": batch.threshold_fen,
        "valid_days": batch.valid_days,
        "valid_until": at(batch.valid_until),
        "left": offer.left,
        "left_today": offer.left_today,
        "in_hand": offer.in_hand,
        "refusal": offer.refusal,
        "is_best": offer.is_best,
    }


def at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
