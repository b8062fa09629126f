"""Platforms that are connected: their credentials, how far their orders are pulled, and whose unionid to ask for."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm import erased, shops
from crm.errors import NotFound
from models.database import changed, insert_many_if_absent
from models.platform import PlatformAccount, PlatformBuyer
from models.shop import Shop
from models.vault import Vault

LEASE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
FIRST_PULL = timedelta(days=30)
ASK_AGAIN = timedelta(days=30)


def ensure(
    session: Session,
    shop_name: str,
    platform: str,
    credentials: dict[str, Any],
    *,
    is_pulled: bool,
    since: datetime | None,
    vault: Vault,
    now: datetime,
) -> PlatformAccount:
    """A shop's account on a platform, or its new credentials; what was pulled already is not pulled again."""
    shop = shops.named(session, shop_name, now=now)
    found = of_shop(session, shop.id, platform)
    sealed = vault.seal(json.dumps(credentials))
    if found is None:
        found = PlatformAccount(shop_id=shop.id, platform=platform, credentials_sealed=sealed, created_at=now)
        found.pulled_until = now - FIRST_PULL
        session.add(found)
    found.credentials_sealed, found.tries, found.last_error = sealed, 0, ""
    found.next_pull_at = now if is_pulled else None
    if since is not None:
        found.pulled_until, found.window_until, found.cursor = since, None, None
    session.flush()
    return found


def of_shop(session: Session, shop_id: int, platform: str) -> PlatformAccount | None:
    wanted = PlatformAccount.shop_id == shop_id, PlatformAccount.platform == platform
    return session.scalar(select(PlatformAccount).where(*wanted))


def named(session: Session, shop_name: str, platform: str) -> PlatformAccount:
    """Raises `NotFound`."""
    shop_id = session.scalar(select(Shop.id).where(Shop.name == shop_name))
    found = of_shop(session, shop_id, platform) if shop_id is not None else None
    if found is None:
        raise NotFound("这家店没有接这个平台")
    return found


def listed(session: Session) -> Sequence[tuple[PlatformAccount, str]]:
    """Every account and its shop's name."""
    rows = select(PlatformAccount, Shop.name).join(Shop, Shop.id == PlatformAccount.shop_id)
    return [(row[0], row[1]) for row in session.execute(rows.order_by(Shop.name, PlatformAccount.platform))]


def disconnect(session: Session, account: PlatformAccount) -> None:
    """Forget the credentials; orders and messages stay."""
    session.execute(delete(PlatformAccount).where(PlatformAccount.id == account.id))


def credentials(account: PlatformAccount, vault: Vault) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(vault.open_text(account.credentials_sealed))
    return found


def lease_due(session: Session, *, now: datetime) -> PlatformAccount | None:
    """The account that waits longest, held until `LEASE` from now; a worker that dies gives it back by then."""
    due = PlatformAccount.next_pull_at <= now
    longest = select(PlatformAccount.id).where(due).order_by(PlatformAccount.next_pull_at).limit(1)
    found = session.scalar(longest.with_for_update(skip_locked=True))
    if found is None:
        return None
    claim = update(PlatformAccount).where(PlatformAccount.id == found, due).values(next_pull_at=now + LEASE)
    return session.scalar(claim.returning(PlatformAccount))


def pull_now(session: Session, account: PlatformAccount, *, now: datetime) -> None:
    """Whatever the pause it is in."""
    session.execute(update(PlatformAccount).where(PlatformAccount.id == account.id).values(next_pull_at=now))


def has_due(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(PlatformAccount.id).where(PlatformAccount.next_pull_at <= now).limit(1)) is not None


def pulled(
    session: Session,
    account: PlatformAccount,
    *,
    until: datetime,
    cursor: str | None,
    next_pull_at: datetime,
    now: datetime,
) -> bool:
    """A page is stored: the next one of this window, or with no cursor the window is done. False: no longer ours."""
    done = {"pulled_until": until, "window_until": None} if cursor is None else {"window_until": until}
    return _change(
        session, account, cursor=cursor, next_pull_at=next_pull_at, tries=0, last_ok_at=now, last_error="", **done
    )


def put_off(session: Session, account: PlatformAccount, *, pause: timedelta, reason: str, now: datetime) -> bool:
    """Not now: wait so long, twice longer each time."""
    wait = min(pause * 2 ** min(account.tries, 10), max(pause, LONGEST_PAUSE))
    return _change(session, account, tries=account.tries + 1, next_pull_at=now + wait, last_error=reason[:200])


def shorten(session: Session, account: PlatformAccount, *, until: datetime, now: datetime) -> bool:
    """The window held more than the platform shows: begin a shorter one at once."""
    return _change(session, account, window_until=until, cursor=None, next_pull_at=now)


def _change(session: Session, account: PlatformAccount, **values: object) -> bool:
    ours = PlatformAccount.id == account.id, PlatformAccount.next_pull_at == account.next_pull_at
    return changed(session, update(PlatformAccount).where(*ours).values(**values)) > 0


def ask_for(session: Session, shop: Shop, platform: str, buyer_ids: Iterable[str], *, now: datetime) -> None:
    """Have the unionids of these buyers asked for; those asked for before, or erased, are left alone."""
    names = {buyer_id: ("buyer_id", shop.name, buyer_id) for buyer_id in sorted(set(buyer_ids))}
    gone = erased.identities_of(session, names.values())
    rows = [
        {"shop_id": shop.id, "platform": platform, "buyer_id": buyer_id, "next_ask_at": now}
        for buyer_id, name in names.items()
        if name not in gone
    ]
    insert_many_if_absent(session, PlatformBuyer, rows, PlatformBuyer.id)


def forget_buyers(session: Session, names: Iterable[tuple[str, str]]) -> int:
    """A platform is not asked about these any more: shop and buyer id; how many."""
    gone = 0
    for shop_name, buyer_id in names:
        shop = select(Shop.id).where(Shop.name == shop_name).scalar_subquery()
        theirs = PlatformBuyer.shop_id == shop, PlatformBuyer.buyer_id == buyer_id
        gone += changed(session, delete(PlatformBuyer).where(*theirs).execution_options(synchronize_session=False))
    return gone


def due_buyers(session: Session, *, limit: int, now: datetime) -> Sequence[PlatformBuyer]:
    """Those to ask for, held until `LEASE` from now."""
    due = PlatformBuyer.next_ask_at <= now
    some = select(PlatformBuyer.id).where(due).order_by(PlatformBuyer.next_ask_at).limit(limit)
    ids = list(session.scalars(some.with_for_update(skip_locked=True)))
    claim = update(PlatformBuyer).where(PlatformBuyer.id.in_(ids), due).values(next_ask_at=now + LEASE)
    return list(session.scalars(claim.returning(PlatformBuyer))) if ids else []


def has_due_buyers(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(PlatformBuyer.id).where(PlatformBuyer.next_ask_at <= now).limit(1)) is not None


def answered(session: Session, buyer: PlatformBuyer, *, is_known: bool, now: datetime) -> None:
    """Asked; who has no unionid yet is asked for again in a month."""
    again = None if is_known else now + ASK_AGAIN
    session.execute(update(PlatformBuyer).where(PlatformBuyer.id == buyer.id).values(asked_at=now, next_ask_at=again))


def ask_later(session: Session, buyers: Iterable[PlatformBuyer], *, at: datetime) -> None:
    """Not now."""
    ids = [buyer.id for buyer in buyers]
    session.execute(update(PlatformBuyer).where(PlatformBuyer.id.in_(ids)).values(next_ask_at=at))
