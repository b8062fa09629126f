"""Where shops want to be told of changes, and putting on record what they are told, together with its reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import audits, shops
from crm.errors import BadInput, NotFound
from models.database import changed, insert_many_if_absent
from models.shop import Shop
from models.webhook import KINDS, Webhook, WebhookDelivery


class Happening(NamedTuple):
    """Something shops may want to hear: of whom (the identity it came by), and a name of its own."""

    kind: str
    key: str
    identity_id: int
    content: dict[str, Any]
    at: datetime


def add(
    session: Session, shop_name: str, url: str, kinds: Sequence[str], *,
    key: str, secret_sealed: bytes, plain_http: bool, now: datetime,
) -> Webhook:  # fmt: skip
    """A new address of a shop that must be there. Raises `BadInput` or `NotFound`."""
    shop = shops.of_name(session, shop_name)
    if shop is None:
        raise NotFound("没有这家店铺")
    parts = urlsplit(url)
    allowed = ("http", "https") if plain_http else ("https",)
    if parts.scheme not in allowed or not parts.hostname or parts.username is not None or parts.fragment:
        raise BadInput("地址应以 https:// 开头，不带用户名和 #", field="url")
    if len(url) > 1024 or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput("地址最多 1024 个 ASCII 字符，没有空格", field="url")
    if not kinds or set(kinds) - set(KINDS):
        raise BadInput("通知的种类应是 %(kinds)s 中的", field="kinds", kinds="、".join(KINDS))
    made = Webhook(
        shop_id=shop.id, url=url, kinds=sorted(set(kinds)), key=key, secret_sealed=secret_sealed, created_at=now
    )
    session.add(made)
    session.flush()
    audits.note(session, actor="system", action="webhook.add", subject=f"webhook:{made.id}", now=now)
    return made


def revoke(session: Session, webhook_id: int, *, now: datetime) -> None:
    """End it for good; what still waits for it is given up. Raises `NotFound` unless it is live."""
    ended = update(Webhook).where(Webhook.id == webhook_id, Webhook.revoked_at.is_(None)).values(revoked_at=now)
    if not changed(session, ended):
        raise NotFound("没有这个通知地址，或者已经停用了")
    audits.note(session, actor="system", action="webhook.revoke", subject=f"webhook:{webhook_id}", now=now)


def live(session: Session) -> list[tuple[Webhook, Shop]]:
    rows = session.execute(
        select(Webhook, Shop).join(Shop, Shop.id == Webhook.shop_id).where(Webhook.revoked_at.is_(None))
        .order_by(Webhook.id)
    )  # fmt: skip
    return [(webhook, shop) for webhook, shop in rows]


def is_wanted(session: Session, kind: str) -> bool:
    """Whether anybody wants to hear it: asked first where it costs to know what happened."""
    kinds = session.scalars(select(Webhook.kinds).where(Webhook.revoked_at.is_(None)))
    return any(kind in wanted for wanted in kinds)


def tell(session: Session, happenings: Iterable[Happening], *, now: datetime) -> None:
    """Record what is to be told, in the transaction of its reason; the same again is the same delivery."""
    happenings = list(happenings)
    if not happenings:
        return
    listeners = session.execute(select(Webhook.id, Webhook.kinds).where(Webhook.revoked_at.is_(None))).all()
    rows = [
        {
            "webhook_id": webhook_id, "key": each.key, "kind": each.kind, "identity_id": each.identity_id,
            "content": each.content, "happened_at": each.at, "next_try_at": now,
        }
        for webhook_id, kinds in listeners
        for each in sorted(happenings, key=lambda each: each.key)
        if each.kind in kinds
    ]  # fmt: skip
    insert_many_if_absent(session, WebhookDelivery, rows, WebhookDelivery.id)
