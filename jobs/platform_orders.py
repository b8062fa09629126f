"""Storing what a connector brought: orders, who their buyers are, and what did not fit."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from connectors.errors import Misfit, PlatformError
from connectors.platforms import PLATFORMS
from connectors.shapes import ORDER, Connector, Page, PlatformOrder
from crm import identity_links, orders, platform_messages, platforms
from crm.identities import Key
from crm.identity_links import Fact
from crm.orders import Incoming, Item
from models.platform import PlatformAccount
from models.shop import Shop
from runtime import Runtime

AT_ONCE = 50  # orders a transaction, each with its buyer's identities and links


def open_account(runtime: Runtime, account: PlatformAccount) -> Connector:
    return runtime.connector(account.platform, platforms.credentials(account, runtime.vault))


def store(
    runtime: Runtime, shop: Shop, platform: str, page: Page, *, finish: Callable[[Session], None], now: datetime
) -> None:
    """Store a page; `finish` runs in the last transaction. Safe to repeat: an order is kept by its version."""
    some = [page.orders[start : start + AT_ONCE] for start in range(0, len(page.orders), AT_ONCE)]
    cut = [batch for each in some for batch in orders.batches(map(incoming, each))] or [[]]
    for number, batch in enumerate(cut, 1):

        def work(session: Session, batch: list[Incoming] = batch, is_last: bool = number == len(cut)) -> None:
            _store_batch(session, runtime, shop, platform, batch, now)
            if is_last:
                platform_messages.keep(session, _kept(runtime, shop, platform, page, now))
                finish(session)

        runtime.in_transaction(work)


def incoming(order: PlatformOrder) -> Incoming:
    items = tuple(Item(*item) for item in order.items)
    return Incoming(**order._asdict() | {"items": items, "coupon_codes": (), "claim_token": None})


def pair(own: Key, unionid: str, *, platform: str, at: datetime) -> Fact:
    """The platform itself says which unionid its own name for a buyer stands for."""
    return Fact(own, Key("unionid", "", unionid), "shop_pair", at, platform, platform)


def words(problem: PlatformError) -> str:
    """What is on record of an error: its class and the platform's code, or the field that does not fit."""
    if isinstance(problem, Misfit):
        return f"字段不对：{problem.code}"
    return f"{type(problem).__name__} {problem.code}".strip()


def _store_batch(
    session: Session, runtime: Runtime, shop: Shop, platform: str, batch: list[Incoming], now: datetime
) -> None:
    if not batch:
        return
    orders.store(session, shop, batch, vault=runtime.vault, now=now)
    identity_links.state(
        session,
        [
            pair(own, order.unionid, platform=platform, at=order.created_at)
            for order in batch
            if order.unionid
            for own in _own_names(order, shop)
        ],
        now=now,
    )
    if PLATFORMS[platform].knows_unionids:
        unknown = (order.buyer_id for order in batch if order.buyer_id and not order.unionid)
        platforms.ask_for(session, shop, platform, unknown, now=now)


def _own_names(order: Incoming, shop: Shop) -> list[Key]:
    """What the shop itself calls this buyer."""
    named = [("openid", order.openid), ("buyer_id", order.buyer_id)]
    return [Key(kind, shop.name, value) for kind, value in named if value]


def _kept(runtime: Runtime, shop: Shop, platform: str, page: Page, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "shop_id": shop.id,
            "platform": platform,
            "key": hashlib.sha256(each.body).hexdigest(),
            "kind": ORDER,
            "body_sealed": runtime.vault.seal(each.body),
            "received_at": now,
            "next_try_at": now,
            "state": "failed",
            "reason": words(Misfit(each.field)),
        }
        for each in page.failed
    ]
