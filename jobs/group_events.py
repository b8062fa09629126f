"""What happened in a customer group. Its detail may be older than the event that tells of it (docs/wecom.md 2.6)."""

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from crm import group_members, groups
from jobs.groups import learn_detail
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.errors import Temporary
from wecom.events import Event

LAG = timedelta(seconds=5)  # so long after an event its detail may still be the one before it
MOST_ROWS = 500  # a transaction


def group_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """Learn the group and who is in it; while its detail may be the one before the event, the event comes again.

    A detail is stored before the event is settled, in transactions of its own: it may have thousands of members, and
    storing it twice changes nothing.
    """
    chat_id = _chat_id(event)
    if not chat_id:
        return None
    detail, at = lookups.group(chat_id)
    version = event.fields.get("CurMemVer")
    is_current = detail is not None and isinstance(version, str) and detail.member_version == version
    if detail is not None:
        learn_detail(runtime, detail, at=at)
    _note_who_left(runtime, event, chat_id)
    if not is_current and at < event.create_time + LAG:
        raise Temporary("externalcontact/groupchat/get", None, "the detail may be older than the event")

    def effect(session: Session) -> str:
        if detail is None:
            groups.dismiss(session, chat_id, at=at)
            return "群已经没有了"
        return ""

    return effect


def _note_who_left(runtime: Runtime, event: Event, chat_id: str) -> None:
    """Only the event says whether somebody left or was removed."""
    if event.fields.get("UpdateDetail") != "del_member":
        return
    scene, names = event.fields.get("QuitScene"), changed_members(event)
    quit_scene = int(scene) if isinstance(scene, str) and scene in ("0", "1") else None
    for start in range(0, len(names), MOST_ROWS):
        some = names[start : start + MOST_ROWS]
        runtime.in_transaction(
            partial(group_members.left, chat_id=chat_id, names=some, at=event.create_time, scene=quit_scene)
        )


def changed_members(event: Event) -> list[str]:
    """Who joined or left, each once: `<Item>`s, or in an older form one text with commas (docs/wecom.md 2.6)."""
    found = event.fields.get("MemChangeList")
    if isinstance(found, dict):
        found = found.get("Item")
    parts = found.split(",") if isinstance(found, str) else found if isinstance(found, list) else []
    return list(dict.fromkeys(part.strip() for part in parts if isinstance(part, str) and part.strip()))


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
