"""Asking platforms for the unionids of buyers their orders name by an id of their own."""

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from connectors.errors import PlatformError
from crm import identity_links, platforms
from crm.identities import Key
from jobs.platform_orders import open_account, pair
from jobs.platforms import pause_of
from models.platform import PlatformBuyer
from models.shop import Shop
from runtime import Runtime

AT_ONCE = 20
PERSON_PAUSE = timedelta(hours=1)
NO_ACCOUNT_PAUSE = timedelta(days=30)


def ask_unionids(runtime: Runtime) -> int:
    """Ask for the buyers that are due; returns how many. An answer is a fact: this buyer id is that unionid."""
    with runtime.reading() as session:
        if not platforms.has_due_buyers(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        due = platforms.due_buyers(session, limit=AT_ONCE, now=runtime.now())
    for shop_id, platform in sorted({(buyer.shop_id, buyer.platform) for buyer in due}):
        theirs = [buyer for buyer in due if (buyer.shop_id, buyer.platform) == (shop_id, platform)]
        _ask(runtime, shop_id, platform, theirs)
    return len(due)


def _ask(runtime: Runtime, shop_id: int, platform: str, buyers: list[PlatformBuyer]) -> None:
    with runtime.reading() as session:
        account = platforms.of_shop(session, shop_id, platform)
        shop = session.get_one(Shop, shop_id)
    if account is None:
        _later(runtime, buyers, NO_ACCOUNT_PAUSE)
        return
    connector = open_account(runtime, account)
    for number, buyer in enumerate(buyers):
        try:
            unionid = connector.unionid_of(buyer.buyer_id)
        except PlatformError as problem:
            _later(runtime, buyers[number:], pause_of(problem) or PERSON_PAUSE)
            return
        runtime.in_transaction(partial(_learn, runtime=runtime, shop=shop, buyer=buyer, unionid=unionid))


def _learn(session: Session, *, runtime: Runtime, shop: Shop, buyer: PlatformBuyer, unionid: str | None) -> None:
    now = runtime.now()
    if unionid:
        own = Key("buyer_id", shop.name, buyer.buyer_id)
        identity_links.state(session, [pair(own, unionid, platform=buyer.platform, at=now)], now=now)
    platforms.answered(session, buyer, is_known=unionid is not None, now=now)


def _later(runtime: Runtime, buyers: list[PlatformBuyer], pause: timedelta) -> None:
    with runtime.transaction() as session:
        platforms.ask_later(session, buyers, at=runtime.now() + pause)
