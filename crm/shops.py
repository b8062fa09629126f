"""Shops and the keys they sign with."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crm import audits
from crm.errors import BadInput, Conflict, NotFound
from models.database import changed, insert_if_absent
from models.shop import Nonce, Shop, SigningKey

LIVE_KEYS = 2
ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?", re.ASCII)


def named(session: Session, name: str, *, now: datetime) -> Shop:
    """The shop of this name, made when it is new."""
    check_name(name)
    found = of_name(session, name)
    if found is None:
        found = Shop(name=name, created_at=now)
        session.add(found)
        session.flush()
    return found


def of_name(session: Session, name: str) -> Shop | None:
    return session.scalar(select(Shop).where(Shop.name == name))


def check_name(name: str) -> None:
    if not name.strip() or len(name) > 64 or "\0" in name:
        raise BadInput("店铺名应为 1 到 64 个字符", field="shop")


def names(session: Session) -> list[str]:
    """Of every shop, by name."""
    return list(session.scalars(select(Shop.name).order_by(Shop.name)))


def every(session: Session) -> list[Shop]:
    """All of them, a handful, by name."""
    return list(session.scalars(select(Shop).order_by(Shop.name)))


def set_origins(session: Session, name: str, origins: Sequence[str], *, now: datetime) -> Shop:
    """The pages that may use the tracker from now on, by origin. Raises `NotFound` or `BadInput`."""
    shop = of_name(session, name)
    if shop is None:
        raise NotFound("没有这家店铺")
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise BadInput("写成 https://shop.example，不带路径", field="origins")
    shop.tracker_origins = sorted(set(origins))
    audits.note(session, actor="system", action="shop.origins", subject=f"shop:{shop.id}", now=now)
    return shop


def lists_origin(session: Session, origin: str) -> bool:
    """Whether any shop has pages there."""
    return any(origin in listed for listed in session.scalars(select(Shop.tracker_origins)))


def add_key(session: Session, name: str, *, key: str, secret_sealed: bytes, now: datetime) -> SigningKey:
    """A new signing key for a shop; at most two are live, so that a shop can rotate."""
    shop = named(session, name, now=now)
    live = session.scalar(select(func.count()).where(SigningKey.shop_id == shop.id, SigningKey.revoked_at.is_(None)))
    if (live or 0) >= LIVE_KEYS:
        raise Conflict(f"{name} 已有 {LIVE_KEYS} 把密钥在用。先用 app.py shop revoke 停用一把")
    made = SigningKey(shop_id=shop.id, key=key, secret_sealed=secret_sealed, created_at=now)
    session.add(made)
    return made


def live_key(session: Session, key: str) -> tuple[SigningKey, Shop] | None:
    """The key and its shop, while it is live."""
    row = session.execute(
        select(SigningKey, Shop)
        .join(Shop, Shop.id == SigningKey.shop_id)
        .where(SigningKey.key == key, SigningKey.revoked_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def revoke(session: Session, key: str, *, now: datetime) -> SigningKey:
    """End a key for good. Raises `NotFound` unless it is live."""
    found = live_key(session, key)
    if found is None:
        raise NotFound("没有这把密钥，或者已经停用了")
    signing_key, _ = found
    signing_key.revoked_at = now
    return signing_key


def use_nonce(session: Session, key: SigningKey, nonce: str, *, now: datetime) -> bool:
    """Record a nonce of this key; False when it was used before."""
    return insert_if_absent(session, Nonce, signing_key_id=key.id, nonce=nonce, used_at=now)


def forget_nonces(session: Session, *, before: datetime, limit: int = 500) -> int:
    """Delete the oldest nonces used before a moment, so many at a time; how many went."""
    oldest = select(Nonce.id).where(Nonce.used_at < before).order_by(Nonce.used_at).limit(limit)
    forget = delete(Nonce).where(Nonce.id.in_(oldest)).execution_options(synchronize_session=False)
    return changed(session, forget)
