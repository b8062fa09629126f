"""What happened in the directory, and what members do with the app."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from crm import staff, staff_renames
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.events import Event


def staff_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """Often the event says only which member and in which departments; the name comes with the next sync."""
    userid, new_userid = event.userid, event.fields.get("NewUserID")
    if not userid:
        return None
    if event.kind.endswith("delete_user"):
        return partial(_leave, userid=userid, at=event.create_time)
    if isinstance(new_userid, str) and new_userid:
        while runtime.in_transaction(partial(staff_renames.move_some, old=userid, new=new_userid)):
            pass
    known_as = new_userid if isinstance(new_userid, str) and new_userid else userid
    name, departments = event.fields.get("Name"), _numbers(event.fields.get("Department"))

    def effect(session: Session) -> str:
        if known_as != userid:
            staff_renames.rename(session, userid, known_as)
        member = staff.ensure(session, [known_as], now=runtime.now())[known_as.lower()]
        if isinstance(name, str) and name:
            member.name = name
        if departments:
            member.department_wecom_ids = list(departments)
        return ""

    return effect


def _leave(session: Session, *, userid: str, at: datetime) -> str:
    staff.leave(session, userid, at=at)
    return ""


def departments_changed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect:
    """All departments are asked for: they are few, and a removed one takes its place in the tree with it."""
    shown = lookups.departments()

    def effect(session: Session) -> str:
        staff.learn_departments(session, shown)
        return ""

    return effect


def member_did(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """A member opened the app, wrote to it, pressed a card, came into its range or fell out of it."""
    userid = event.userid
    if not userid:
        return None

    def effect(session: Session) -> str:
        member = staff.ensure(session, [userid], now=runtime.now())[userid.lower()]
        staff.seen_in_app(member, event.kind, at=event.create_time)
        return ""

    return effect


def noted(runtime: Runtime, event: Event, lookups: Lookups) -> Effect:
    """We know this event, and there is nothing to do about it."""
    return lambda session: ""


def _numbers(given: object) -> Sequence[int]:
    parts = given.split(",") if isinstance(given, str) else []
    return [int(part) for part in parts if part.strip().isdecimal() and len(part) < 10]
