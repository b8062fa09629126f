"""The JSON forms of the sidebar: money in fen, moments in RFC 3339."""

from datetime import datetime
from typing import Any

from flask import g

from crm.customers import Follower
from crm.offers import Offer
from crm.order_history import Bought
from models.order import OrderLine
from sidebar.cards import Card, HeldCoupon


def card_json(card: Card) -> dict[str, Any]:
    """The documented machine form of one customer."""
    return {
        "customer": {
            "id": card.contact.customer_id,
            "external_userid": card.contact.external_userid,
            "name": card.contact.name,
            "avatar": card.contact.avatar,
            "gender": card.contact.gender,
            "kind": card.contact.kind,
            "known": card.contact.known_at is not None,
            "known_since": at(card.known_since),
        },
        "followers": [_follower(follower) for follower in card.followers],
        "channel": {"name": card.channel.name, "state": card.channel.state} if card.channel else None,
        "tags": [
            {"id": carried.tag.id, "group": carried.tag.group_name, "name": carried.tag.name, "source": carried.source}
            for carried in card.tags
        ],
        "spend_fen": card.totals.spend_fen,
        "order_count": card.totals.order_count,
        "last_order_at": at(card.totals.last_order_at),
        "usual_gap_days": card.usual_gap_days,
        "orders": [order_json(bought) for bought in card.orders],
        "coupons": [coupon_json(held) for held in card.coupons],
    }


def _follower(follower: Follower) -> dict[str, Any]:
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
