"""The gate every outbound effect passes: live, rehearsal (演练模式) or stopped (全部停发)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import audits
from crm.errors import BadInput
from models.database import insert_if_absent
from models.gate import MODES, Gate
from models.touch import Touch
from models.user import User

LONGEST_LIST = 200
NOT_SENT = ("would_send", "held", "unknown", "failed", "expired")


def gate(session: Session) -> Gate | None:
    """The one row; None before anybody has switched, which is rehearsal."""
    return session.get(Gate, 1)


def mode(session: Session) -> str:
    row = gate(session)
    return row.mode if row else "rehearsal"


def changed_by(session: Session) -> str:
    """The name of who switched last; "system" before anybody did."""
    row = gate(session)
    kind, _, number = (row.changed_by if row else "system").partition(":")
    user = session.get(User, int(number)) if kind == "user" and number.isdigit() else None
    return user.name if user else kind


def switch(session: Session, mode: str, *, by: str, now: datetime) -> None:
    """Let effects out, record them only, or hold all of them back; what was held is not sent later."""
    if mode not in MODES:
        raise BadInput("没有这种状态", field="mode")
    row = _row(session, now=now)
    was, row.mode, row.changed_at, row.changed_by = row.mode, mode, now, by
    audits.note(session, actor=by, action=f"gate.{mode}", now=now, was=was)


def allow(session: Session, ids: list[str], *, by: str, now: datetime) -> None:
    """Who does receive in rehearsal: userids and external_userids."""
    listed = list(dict.fromkeys(word.strip() for word in ids if word.strip()))
    if len(listed) > LONGEST_LIST or any(len(word) > 64 for word in listed):
        raise BadInput("名单最多 200 行，每行最多 64 个字符", field="ids")
    row = _row(session, now=now)
    row.allow_list, row.changed_at, row.changed_by = listed, now, by
    audits.note(session, actor=by, action="gate.allow", now=now, count=len(listed))


def _row(session: Session, *, now: datetime) -> Gate:
    insert_if_absent(session, Gate, id=1, mode="rehearsal", allow_list=[], changed_at=now, changed_by="system")
    return session.scalars(select(Gate).where(Gate.id == 1).with_for_update()).one()


def recent_touches(
    session: Session, *, state: str | None = None, before: int | None = None, limit: int = 50
) -> list[Touch]:
    """The newest touches first, all or of one state."""
    newest = select(Touch).order_by(Touch.id.desc()).limit(limit)
    if state is not None:
        newest = newest.where(Touch.state == state)
    if before is not None:
        newest = newest.where(Touch.id < before)
    return list(session.scalars(newest))


def touches_by_state(session: Session) -> dict[str, int]:
    return dict(session.execute(select(Touch.state, func.count()).group_by(Touch.state)).all())
