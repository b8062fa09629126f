"""Deliveries to shops: claimed, tried, put off, and told again when somebody asks."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from crm import audits
from crm.errors import NotFound
from models.customer import Identity
from models.database import changed
from models.shop import Shop
from models.webhook import Webhook, WebhookDelivery

PAUSES = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 21_600, 86_400, 86_400))
SILENCE = timedelta(minutes=1)  # tried, and nobody told how it went: its process is gone
AT_ONCE = 10


def has_waiting(session: Session, *, now: datetime) -> bool:
    return session.scalar(_due(now).limit(1)) is not None


def claim(session: Session, *, now: datetime) -> WebhookDelivery | None:
    """One delivery to be tried now, for this caller alone; one that was tried and never settled is tried again."""
    for delivery_id in session.scalars(_due(now).order_by(WebhookDelivery.next_try_at).limit(AT_ONCE)).all():
        won: WebhookDelivery | None = session.scalar(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == delivery_id, _is_due(now))
            .values(state="trying", tries=WebhookDelivery.tries + 1, tried_at=now)
            .returning(WebhookDelivery)
        )
        if won is not None:
            return won
    return None


def webhook_of(session: Session, delivery: WebhookDelivery) -> tuple[Webhook, Shop]:
    return session.get_one(Webhook, delivery.webhook_id), session.execute(
        select(Shop).join(Webhook, Webhook.shop_id == Shop.id).where(Webhook.id == delivery.webhook_id)
    ).scalar_one()


def names_for(session: Session, shop: Shop, identity_id: int) -> dict[str, list[str]]:
    """The names by which this shop knows the customer: unionids, and its own openids and buyer ids."""
    whose = select(Identity.customer_id).where(Identity.id == identity_id).scalar_subquery()
    rows = session.execute(
        select(Identity.kind, Identity.value)
        .where(
            Identity.customer_id == whose,
            or_(
                Identity.kind == "unionid",
                Identity.kind.in_(("openid", "buyer_id")) & (Identity.scope == shop.name),
            ),
        )
        .order_by(Identity.kind, Identity.value)
        .limit(100)
    )
    names: dict[str, list[str]] = {"unionids": [], "openids": [], "buyer_ids": []}
    for kind, value in rows:
        names[f"{kind}s"].append(value)
    return names


def settle(
    session: Session, delivery: WebhookDelivery, state: str, *, status: int | None, reason: str, now: datetime
) -> None:
    """How the try went that this caller claimed; a later claim's word stands."""
    changed(session, _ours(delivery).values(state=state, status=status, reason=reason, settled_at=now))


def put_off(
    session: Session, delivery: WebhookDelivery, *, status: int | None, reason: str, least: timedelta, now: datetime
) -> None:
    """Again after a pause that grows to a day, or failed when there were enough; its webhook rests meanwhile."""
    if delivery.tries > len(PAUSES):
        settle(session, delivery, "failed", status=status, reason=reason, now=now)
        return
    pause = min(max(PAUSES[delivery.tries - 1], least), PAUSES[-1])
    put = _ours(delivery).values(state="waiting", status=status, reason=reason, next_try_at=now + pause)
    if changed(session, put):
        rest = now + min(pause, PAUSES[2])
        session.execute(update(Webhook).where(Webhook.id == delivery.webhook_id).values(paused_until=rest))


def answered(session: Session, webhook_id: int) -> None:
    session.execute(
        update(Webhook).where(Webhook.id == webhook_id, Webhook.paused_until.is_not(None)).values(paused_until=None)
    )


def by_state(session: Session, webhook_id: int) -> dict[str, int]:
    counted = select(WebhookDelivery.state, func.count()).where(WebhookDelivery.webhook_id == webhook_id)
    return dict(session.execute(counted.group_by(WebhookDelivery.state)).all())


def replay(session: Session, delivery_id: int, *, now: datetime) -> WebhookDelivery:
    """Tell it again, whatever became of it. Raises `NotFound`."""
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound("没有这条通知")
    delivery.state, delivery.tries, delivery.next_try_at, delivery.settled_at = "waiting", 0, now, None
    session.execute(update(Webhook).where(Webhook.id == delivery.webhook_id).values(paused_until=None))
    audits.note(session, actor="system", action="webhook.replay", subject=f"webhook_delivery:{delivery_id}", now=now)
    return delivery


def forget(session: Session, *, before: datetime, limit: int = 500) -> int:
    """Delete what was settled before a moment, so many at a time; how many went."""
    old = select(WebhookDelivery.id).where(WebhookDelivery.settled_at < before).limit(limit)
    gone = delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)).execution_options(synchronize_session=False)
    return changed(session, gone)


def _is_due(now: datetime) -> Any:
    waiting = (WebhookDelivery.state == "waiting") & (WebhookDelivery.next_try_at <= now)
    silent = (WebhookDelivery.state == "trying") & (WebhookDelivery.tried_at <= now - SILENCE)
    return waiting | silent


def _due(now: datetime) -> Any:
    rests = Webhook.paused_until.is_not(None) & (Webhook.paused_until > now)
    return (
        select(WebhookDelivery.id)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(Webhook.revoked_at.is_(None), ~rests, _is_due(now))
    )


def _ours(delivery: WebhookDelivery) -> Any:
    return update(WebhookDelivery).where(
        WebhookDelivery.id == delivery.id, WebhookDelivery.state == "trying", WebhookDelivery.tries == delivery.tries
    )
