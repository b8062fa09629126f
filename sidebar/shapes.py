"""The JSON forms of the sidebar: money in fen, moments in RFC 3339."""

from datetime import datetime
from typing import Any, NamedTuple

from flask import g

from crm import customers
from crm.customers import Carried, Follower
from crm.offers import Offer
from crm.order_history import Bought
from models.order import OrderLine
from models.todo import Todo
from sidebar.cards import Card, HeldCoupon


class Whole(NamedTuple):
    """The card and what its sections show."""

    card: Card
    followers: list[Follower]
    tags: list[Carried]
    coupons: list[HeldCoupon]


def card_json(whole: Whole, quota_left: int) -> dict[str, Any]:
    """The documented machine form of one customer."""
    card, contact, totals = whole.card, whole.card.contact, whole.card.bill.totals
    channel = customers.came_by(whole.followers)
    return {
        "customer": {
            "id": contact.customer_id,
            "external_userid": contact.external_userid,
            "name": contact.name,
            "avatar": contact.avatar,
            "gender": contact.gender,
            "kind": contact.kind,
            "known": contact.known_at is not None,
            "known_since": at(card.who.known_since),
            "birthday": card.who.birthday,
        },
        "followers": [follower_json(follower) for follower in whole.followers],
        "channel": {"name": channel.name, "state": channel.state} if channel else None,
        "tags": [tag_json(carried) for carried in whole.tags],
        "spend_fen": totals.spend_fen,
        "order_count": totals.order_count,
        "last_order_at": at(totals.last_order_at),
        "usual_gap_days": card.bill.usual_gap_days,
        "orders_until": at(card.who.orders_until),
        "orders": [order_json(bought) for bought in card.bill.orders],
        "coupons": [coupon_json(held) for held in whole.coupons],
        "todos": [todo_json(todo) for todo in card.todos],
        "messages_left": quota_left,
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
