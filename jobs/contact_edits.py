"""Writing tags, remarks and descriptions to WeCom."""

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from crm import contact_edits
from models.contact_edit import ContactEdit
from models.tag import Tag
from runtime import Runtime
from wecom.errors import Rehearsed, Stopped, Temporary, Throttled, TokenInvalid, Unanswered, WeComError

PAUSE = timedelta(seconds=3)


def write_contact_edits(runtime: Runtime) -> int:
    """Write what is due; returns how many were tried. Safe in many threads and processes.

    Each is on record before it is tried. An answer that never came is tried again: twice comes out the same.
    """
    tried = 0
    while edit := runtime.in_transaction(lambda session: _next(session, runtime)):
        _write(runtime, *edit)
        tried += 1
    return tried


def _next(session: Session, runtime: Runtime) -> tuple[ContactEdit, str, str] | None:
    """The edit, the member's userid and the tag's id at WeCom."""
    contact_edits.revive(session, now=runtime.now())
    edit = contact_edits.claim(session, now=runtime.now())
    if edit is None:
        return None
    tag = session.get(Tag, edit.tag_id) if edit.tag_id else None
    return edit, contact_edits.userid_of(session, edit), (tag.wecom_id or "") if tag else ""


def _write(runtime: Runtime, edit: ContactEdit, userid: str, tag_id: str) -> None:
    now = runtime.now()
    settle = partial(contact_edits.done, edit=edit, now=now)
    try:
        _say(runtime, edit, userid, tag_id)
    except (Temporary, TokenInvalid, Throttled, Unanswered) as problem:
        pause = timedelta(seconds=problem.retry_after_seconds) if isinstance(problem, Throttled) else PAUSE
        settle = partial(contact_edits.put_off, edit=edit, pause=pause, errcode=problem.errcode, now=now)
    except WeComError as problem:
        state = {Rehearsed: "would_send", Stopped: "held"}.get(type(problem), "failed")
        settle = partial(contact_edits.refuse, edit=edit, state=state, errcode=problem.errcode, now=now)
    runtime.in_transaction(settle)


def _say(runtime: Runtime, edit: ContactEdit, userid: str, tag_id: str) -> None:
    if edit.kind == "remark":
        runtime.wecom.remark(userid=userid, external_userid=edit.external_userid, **edit.words)
        return
    add, remove = ([tag_id], []) if edit.kind == "tag" else ([], [tag_id])
    runtime.wecom.mark_tags(userid=userid, external_userid=edit.external_userid, add=add, remove=remove)
