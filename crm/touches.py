"""Touches: on record before they are tried, settled once, and never tried again when nobody can say."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import identities
from crm.errors import Refused
from models.contact import Contact
from models.coupon import Coupon
from models.database import changed, insert_if_absent
from models.staff import Staff
from models.touch import Touch

Outcome = Literal["sent", "failed", "unknown", "cancelled"]

BY_HAND = ("coupon", "words", "product", "group", "todo")
"""The kinds a page sends by staff's own hand, and tells the end of; the others are a job's."""

SILENCE = timedelta(minutes=1)
"""A page that has not said for so long how its sending went will not say it any more."""

BEFORE: dict[Outcome, tuple[str, ...]] = {
    "sent": ("trying", "unknown"),  # a late answer, or a look into the chat, settles what nobody could say
    "failed": ("trying", "unknown"),
    "cancelled": ("trying", "unknown"),
    "unknown": ("trying",),
}


def begin(
    session: Session,
    *,
    key: str,
    kind: str,
    contact: Contact,
    staff: Staff,
    state: str,
    text_sealed: bytes,
    coupon: Coupon | None,
    now: datetime,
) -> tuple[Touch, bool]:
    """Record a touch by a staff member's own hand; asking again with the key returns the first one and False."""
    identity = identities.hold(session, contact.identity_id)
    if identity.is_erased:
        raise Refused("这位客户的资料已抹除，不能再联系")
    is_new = insert_if_absent(
        session,
        Touch,
        key=key,
        kind=kind,
        identity_id=identity.id,
        customer_id=identity.customer_id,
        userid=staff.userid,
        external_userid=contact.external_userid,
        coupon_id=coupon.id if coupon else None,
        text_sealed=text_sealed,
        state=state,
        tries=1 if state == "trying" else 0,
        reason="",
        created_at=now,
        tried_at=now if state == "trying" else None,
        settled_at=None if state == "trying" else now,
    )
    touch = by_key(session, key)
    assert touch is not None
    return touch, is_new


def begin_in_group(
    session: Session, *, key: str, kind: str, chat_id: str, staff: Staff, state: str, text_sealed: bytes, now: datetime
) -> tuple[Touch, bool]:
    """As `begin`, for words into a group: they are about nobody in particular."""
    is_tried = state == "trying"
    is_new = insert_if_absent(
        session, Touch, key=key, kind=kind, userid=staff.userid, external_userid=chat_id, text_sealed=text_sealed,
        state=state, tries=int(is_tried), reason="", created_at=now, tried_at=now if is_tried else None,
        settled_at=None if is_tried else now,
    )  # fmt: skip
    touch = by_key(session, key)
    assert touch is not None
    return touch, is_new


def by_key(session: Session, key: str) -> Touch | None:
    return session.scalar(select(Touch).where(Touch.key == key))


def settle(session: Session, touch_id: int, staff: Staff, outcome: Outcome, *, reason: str, now: datetime) -> Touch:
    """Record how a touch went. What is settled stays so; the touch comes back as it stands. Not theirs is `Refused`."""
    session.execute(
        update(Touch)
        .where(
            Touch.id == touch_id,
            Touch.kind.in_(BY_HAND),
            Touch.userid == staff.userid,
            Touch.state.in_(BEFORE[outcome]),
        )
        .values(state=outcome, reason=reason, settled_at=now)
        .execution_options(synchronize_session=False)
    )
    touch = session.scalar(select(Touch).where(Touch.id == touch_id).execution_options(populate_existing=True))
    if touch is None or touch.userid != staff.userid or touch.kind not in BY_HAND:
        raise Refused("不是你发的")
    return touch


class Tried(Protocol):
    """What is true now of a touch follows from."""

    @property
    def state(self) -> str: ...
    @property
    def tried_at(self) -> datetime | None: ...


def shown_state(touch: Tried, *, now: datetime) -> str:
    """The state as it is true now: a page that fell silent leaves `unknown`, whether or not the job came by."""
    silent = touch.state == "trying" and touch.tried_at is not None and touch.tried_at + SILENCE <= now
    return "unknown" if silent else touch.state


def settle_silent(session: Session, *kinds: str, now: datetime) -> int:
    """Mark as unknown what was tried and never answered; returns how many."""
    return changed(
        session,
        update(Touch)
        .where(Touch.kind.in_(kinds), Touch.state == "trying", Touch.tried_at <= now - SILENCE)
        .values(state="unknown", reason="no answer", settled_at=now)
        .execution_options(synchronize_session=False),
    )


def latest_of_coupons(session: Session, coupon_ids: Collection[int]) -> dict[int, Touch]:
    """The newest touch of each coupon."""
    found = session.scalars(select(Touch).where(Touch.coupon_id.in_(coupon_ids)).order_by(Touch.id))
    return {touch.coupon_id: touch for touch in found if touch.coupon_id is not None}
