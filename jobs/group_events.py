"""What happened in a customer group. Its detail may be older than the event that tells of it (docs/wecom.md 2.6)."""

from datetime import timedelta

from sqlalchemy.orm import Session

from crm import groups
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.errors import Temporary
from wecom.events import Event

LAG = timedelta(seconds=5)  # so long after an event its detail may still be the one before it


def group_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """Learn the group; while its detail may be the one before the event it is applied, and the event comes again."""
    chat_id = _chat_id(event)
    if not chat_id:
        return None
    detail, at = lookups.group(chat_id)
    version = event.fields.get("CurMemVer")
    is_current = detail is not None and isinstance(version, str) and detail.member_version == version

    def effect(session: Session) -> str:
        if detail is None:
            groups.dismiss(session, chat_id, at=at)
            return "群已经没有了"
        groups.learn(session, detail, at=at)
        return ""

    if not is_current and at < event.create_time + LAG:
        if detail is not None:
            runtime.in_transaction(effect)
        raise Temporary("externalcontact/groupchat/get", None, "the detail may be older than the event")
    return effect


def group_dismissed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    chat_id = _chat_id(event)
    if not chat_id:
        return None

    def effect(session: Session) -> str:
        return "" if groups.dismiss(session, chat_id, at=event.create_time) else "早就知道了，或从没见过这个群"

    return effect


def _chat_id(event: Event) -> str:
    chat_id = event.fields.get("ChatId")
    return chat_id if isinstance(chat_id, str) else ""
