"""Pulling orders: window by window, page by page, each page on disk before the next; goes on where it was killed."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from connectors.errors import PlatformError, TooMany
from connectors.shapes import Page
from crm import platforms
from jobs.platform_orders import open_account, store, words
from jobs.platforms import pause_of
from models.platform import PlatformAccount
from models.shop import Shop
from models.vault import Unopenable
from runtime import Runtime

log = logging.getLogger("huitou.jobs")
LONGEST_WINDOW = timedelta(days=1)
SHORTEST_WINDOW = timedelta(minutes=1)
PERSON_PAUSE = timedelta(minutes=30)


class _NotOurs(Exception):
    """Another worker holds the account by now: what this page stored rolls back."""


def pull_orders(runtime: Runtime) -> int:
    """One page of the account that waits longest; returns whether there was one."""
    with runtime.reading() as session:
        if not platforms.has_due(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        account = platforms.lease_due(session, now=runtime.now())
        shop = session.get(Shop, account.shop_id) if account else None
    if account is None or shop is None:
        return 0
    try:
        _pull(runtime, account, shop)
    except _NotOurs:
        log.info("platform account %s was pulled by somebody else", account.id)
    except TooMany as problem:
        _shorten(runtime, account, problem)
    except PlatformError as problem:
        _put_off(runtime, account, pause_of(problem) or PERSON_PAUSE, words(problem))
    except Unopenable:
        _put_off(runtime, account, PERSON_PAUSE, "密钥打不开")
    except Exception as problem:  # a bug must not stop the other accounts; its text may quote what must not be logged
        log.error("platform account %s could not be pulled: %s", account.id, type(problem).__name__)
        _put_off(runtime, account, PERSON_PAUSE, type(problem).__name__)
    return 1


def _pull(runtime: Runtime, account: PlatformAccount, shop: Shop) -> None:
    settings, started = runtime.settings.connect, runtime.now()
    every = timedelta(minutes=settings.pull_minutes)
    until = _window_end(account, started)
    if until <= account.pulled_until:  # the clock was put back
        _put_off(runtime, account, every, account.last_error)
        return
    since = account.pulled_until - timedelta(minutes=settings.overlap_minutes)
    page: Page = open_account(runtime, account).pull(since, until, account.cursor)
    has_more = page.cursor is not None or until < started - every
    now = runtime.now()

    def finish(session: Session) -> None:
        following = now if has_more else now + every
        if not platforms.pulled(session, account, until=until, cursor=page.cursor, next_pull_at=following, now=now):
            raise _NotOurs

    store(runtime, shop, account.platform, page, finish=finish, now=now)


def _window_end(account: PlatformAccount, now: datetime) -> datetime:
    if account.window_until is not None:
        return account.window_until
    return min(account.pulled_until + LONGEST_WINDOW, now.replace(microsecond=0))


def _shorten(runtime: Runtime, account: PlatformAccount, problem: TooMany) -> None:
    now = runtime.now()
    length = (_window_end(account, now) - account.pulled_until) / 2
    if length < SHORTEST_WINDOW:
        _put_off(runtime, account, PERSON_PAUSE, words(problem))
        return
    until = (account.pulled_until + length).replace(microsecond=0)
    with runtime.transaction() as session:
        platforms.shorten(session, account, until=until, now=now)


def _put_off(runtime: Runtime, account: PlatformAccount, pause: timedelta, reason: str) -> None:
    with runtime.transaction() as session:
        platforms.put_off(session, account, pause=pause, reason=reason, now=runtime.now())
