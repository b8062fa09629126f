"""Mass messages somebody else made (staff, WeCom's own console, another app): they use up the same quota."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from crm import quotas
from models.database import insert_many_if_absent
from models.mass import MassMessage, MassTask
from models.quota import OtherDelivery, OtherMessage
from wecom.mass_types import MassMessageShown

IN_DOUBT = ("trying", "lost")
AGAIN = timedelta(hours=1)
GIVEN_UP = timedelta(days=45)
"""What nobody has confirmed for so long is not looked at any more."""


def learn(session: Session, shown: Sequence[MassMessageShown], chat_type: str, *, now: datetime) -> int:
    """Remember those that are not ours; returns how many are new.

    One that says what a creation of ours in doubt says may be ours: it is left for later, when that is known.
    """
    doubts = set(  # before those that are known: one that is answered in between is at least one of the two
        session.scalars(
            select(MassTask.text)
            .join(MassMessage, MassMessage.id == MassTask.message_id)
            .where(MassTask.state.in_(IN_DOUBT), MassMessage.chat_type == chat_type)
        )
    )
    ours = set(session.scalars(select(MassTask.msgid).where(MassTask.msgid.in_([each.msgid for each in shown]))))
    rows = [
        {
            "msgid": each.msgid, "chat_type": chat_type, "creator": each.creator or None, "made_at": each.created_at,
            "seen_at": now, "next_look_at": now,
        }
        for each in shown
        if each.msgid not in ours and not (each.text in doubts and not each.creator)
    ]  # fmt: skip
    return len(insert_many_if_absent(session, OtherMessage, rows, OtherMessage.id))


def due(session: Session, *, now: datetime, limit: int = 20) -> list[OtherMessage]:
    """Those whose results are to be read, the longest waiting first."""
    waiting = select(OtherMessage).where(OtherMessage.next_look_at <= now)
    return list(session.scalars(waiting.order_by(OtherMessage.next_look_at, OtherMessage.id).limit(limit)))


def delivered(session: Session, msgid: str, sent_at: Mapping[str, datetime], *, zone: ZoneInfo) -> int:
    """Count whom it reached; nothing when it turned out ours meanwhile. At most some hundred a call."""
    row = session.scalar(select(OtherMessage.id).where(OtherMessage.msgid == msgid).with_for_update())
    return quotas.count_others(session, msgid, sent_at, zone=zone) if row is not None else 0


def looked(session: Session, other: OtherMessage, *, is_complete: bool, now: datetime) -> None:
    """All its pages were read; while somebody has still to confirm it is looked at again."""
    over = is_complete or now - other.made_at > GIVEN_UP
    session.execute(
        update(OtherMessage).where(OtherMessage.id == other.id).values(next_look_at=None if over else now + AGAIN)
    )


def turned_out_ours(session: Session) -> list[str]:
    """The msgids that were counted as somebody else's and are tasks of ours."""
    msgid = MassTask.msgid
    counted = or_(
        exists().where(OtherMessage.msgid == msgid).correlate(MassTask),
        exists().where(OtherDelivery.msgid == msgid).correlate(MassTask),
    )
    return [found for found in session.scalars(select(msgid).where(msgid.is_not(None), counted)) if found]
