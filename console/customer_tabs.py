"""The parts under a customer's figures, each read only when it is looked at."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from console import customer_words
from console.inbox import number_asked
from crm import coupons, customer_reports, follows, identity_reports, order_history, touches
from runtime import runtime
from words import gettext

PAGE = 20


def names() -> dict[str, str]:
    return {
        "orders": gettext("订单"),
        "behaviour": gettext("浏览"),
        "coupons": gettext("券"),
        "touches": gettext("联系记录"),
        "follows": gettext("跟进"),
        "identity": gettext("身份"),
    }


def _orders(session: Session, customer_id: int) -> dict[str, Any]:
    page = order_history.history(session, customer_id, limit=PAGE, before=number_asked("before"))
    return {"page": page, "order_state": customer_words.order_state}


def _behaviour(session: Session, customer_id: int) -> dict[str, Any]:
    return {
        "days": customer_reports.days(session, customer_id),
        "looked_at": customer_reports.looked_at(session, customer_id),
    }


def _coupons(session: Session, customer_id: int) -> dict[str, Any]:
    given, now = coupons.given(session, customer_id), runtime().now()
    return {"given": [(one, customer_words.coupon_state(coupons.state(one.coupon, now=now))) for one in given]}


def _touches(session: Session, customer_id: int) -> dict[str, Any]:
    found, now = customer_reports.touches(session, customer_id), runtime().now()
    states = [customer_words.touch_state(touches.shown_state(touch, now=now)) for touch, _ in found]
    return {
        "touched": [
            (touch, name, customer_words.touch_kind(touch), state)
            for (touch, name), state in zip(found, states, strict=True)
        ]
    }


def _follows(session: Session, customer_id: int) -> dict[str, Any]:
    return {
        "relations": customer_reports.relations(session, customer_id),
        "added_by": customer_words.added_by,
        "ended": customer_words.ended,
        "happened": customer_words.happened,
        "history": follows.history,
    }


def _identity(session: Session, customer_id: int) -> dict[str, Any]:
    story = identity_reports.story(session, customer_id)
    actors = {fact.link.stated_by for fact in story.evidence} | {fact.link.decided_by for fact in story.evidence}
    certain = [one for one in story.identities if (one.best.is_certain if one.best else not one.by_order)]
    return {
        "story": story,
        "certain": certain[:6],
        "likely": [one for one in story.identities if one not in certain][:6],
        "names": identity_reports.names(session, actors),
    }


READERS: dict[str, Callable[[Session, int], dict[str, Any]]] = {
    "orders": _orders,
    "behaviour": _behaviour,
    "coupons": _coupons,
    "touches": _touches,
    "follows": _follows,
    "identity": _identity,
}
