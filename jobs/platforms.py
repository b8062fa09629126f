"""Applying what platforms pushed: ask the platform with no transaction open, then orders and settling in one."""

import logging
from datetime import timedelta

from sqlalchemy.orm import Session

from connectors.errors import Misfit, PlatformError, Temporary, Throttled, Unauthorized
from connectors.shapes import Page
from crm import platform_messages, platforms
from crm.platform_messages import LeaseLost
from jobs.platform_orders import open_account, store, words
from models.platform import PlatformMessage
from models.shop import Shop
from models.vault import Unopenable
from runtime import Runtime

log = logging.getLogger("huitou.jobs")
AT_ONCE = 20
BUG_PAUSE = timedelta(seconds=30)


def apply_platform_messages(runtime: Runtime) -> int:
    """Apply the messages that are due; returns how many were leased. One that is never settled comes back."""
    with runtime.reading() as session:
        if not platform_messages.has_due(session, now=runtime.now()):
            return 0
    with runtime.transaction() as session:
        due = platform_messages.lease_due(session, limit=AT_ONCE, now=runtime.now())
    for message in due:
        try:
            _apply(runtime, message)
        except LeaseLost:
            log.info("platform message %s was settled by somebody else", message.id)
    return len(due)


def _apply(runtime: Runtime, message: PlatformMessage) -> None:
    try:
        page, shop = _read(runtime, message)

        def settle(session: Session) -> None:
            state = "applied" if page.orders or page.failed else "ignored"
            platform_messages.settle(session, message, state, now=runtime.now())

        store(runtime, shop, message.platform, page, finish=settle, now=runtime.now())
    except LeaseLost:
        raise
    except PlatformError as problem:
        _put_off(runtime, message, pause_of(problem), words(problem))
    except Unopenable:
        _put_off(runtime, message, None, "原文打不开")
    except Exception as problem:  # a bug must not stop the others; its text may quote what must not be logged
        log.error("platform message %s could not be applied: %s", message.id, type(problem).__name__)
        _put_off(runtime, message, BUG_PAUSE, type(problem).__name__)


def _read(runtime: Runtime, message: PlatformMessage) -> tuple[Page, Shop]:
    with runtime.reading() as session:
        account = platforms.of_shop(session, message.shop_id, message.platform)
        shop = session.get_one(Shop, message.shop_id)
    if account is None:
        raise Unauthorized("not_connected")
    if message.body_sealed is None:
        raise Unopenable
    return open_account(runtime, account).orders_of(message.kind, runtime.vault.open(message.body_sealed)), shop


def _put_off(runtime: Runtime, message: PlatformMessage, pause: timedelta | None, reason: str) -> None:
    with runtime.transaction() as session:
        platform_messages.put_off(session, message, pause=pause, reason=reason, now=runtime.now())


def pause_of(problem: PlatformError) -> timedelta | None:
    """How long before the next try; None when only a person can help."""
    if isinstance(problem, Throttled):
        return timedelta(seconds=problem.retry_after_seconds)
    if isinstance(problem, Temporary):
        return timedelta(seconds=10)
    if isinstance(problem, Unauthorized):
        return timedelta(minutes=10)
    return None if isinstance(problem, Misfit) else timedelta(seconds=60)
