"""Who else is welcoming: WeCom's console or another app takes our welcome codes, and nothing says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.inbox import Inbox
from models.staff import Staff
from models.touch import Touch

NO_CODE = "没有欢迎码，没发欢迎语"  # the remark of an add without a code, as `jobs.contact_events` leaves it
ADD = "change_external_contact.add_external_contact"
TAKEN = 41051  # they are chatting already, or somebody else's welcome went out
FEWEST = 3  # adds or welcomes that prove nothing yet


@dataclass(frozen=True)
class Rivals:
    """Of so many adds by a code of ours some had no welcome code; of so many welcomes some came after another's."""

    adds: int
    without_code: int
    welcomes: int
    taken: int
    members: tuple[str, ...]  # names, most often first

    def are_there(self, share: float) -> bool:
        return any(
            some >= FEWEST and some >= share * of
            for some, of in ((self.without_code, self.adds), (self.taken, self.welcomes))
        )


def since(session: Session, *, at: datetime) -> Rivals:
    """What happened since that moment, and with whom."""
    adds = (
        select(Staff.id, func.count(), func.count().filter(Inbox.reason == NO_CODE))
        .select_from(Inbox)
        .join(Staff, Staff.userid_key == func.lower(Inbox.userid))
        .join(Contact, Contact.external_userid == Inbox.external_userid)
        .join(Follow, (Follow.contact_id == Contact.id) & (Follow.staff_id == Staff.id))
        .where(Inbox.received_at >= at, Inbox.kind == ADD, Inbox.state == "applied", Follow.channel_id.is_not(None))
        .group_by(Staff.id)
    )
    welcomes = (
        select(Staff.id, func.count(), func.count().filter(Touch.errcode == TAKEN))
        .select_from(Touch)
        .join(Staff, Staff.userid_key == func.lower(Touch.userid))
        .where(Touch.created_at >= at, Touch.kind == "welcome", Touch.state.in_(("sent", "failed")))
        .group_by(Staff.id)
    )
    by_add, by_welcome = session.execute(adds).all(), session.execute(welcomes).all()
    hit = {row[0]: row[2] for row in by_add}
    for staff_id, _, taken in by_welcome:
        hit[staff_id] = hit.get(staff_id, 0) + taken
    ids = sorted((each for each, number in hit.items() if number), key=lambda each: (-hit[each], each))
    names = dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids[:5]))).all())
    return Rivals(
        adds=sum(row[1] for row in by_add),
        without_code=sum(row[2] for row in by_add),
        welcomes=sum(row[1] for row in by_welcome),
        taken=sum(row[2] for row in by_welcome),
        members=tuple(names[each] for each in ids[:5]),
    )
