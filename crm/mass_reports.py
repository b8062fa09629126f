"""How mass messages stand: figures down to each sender, and who is behind a figure. A fixed number of statements."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.contact import Contact
from models.group import Group
from models.mass import MassMessage, MassRecipient, MassTask, MassTaskMember
from models.staff import Staff

AT_WECOM = ("created", "sent", "quota", "not_friend", "cancelled", "failed")
"""States that a recipient whose task WeCom has may be in; `unreachable` ones got no task from it."""


@dataclass(frozen=True)
class Figures:
    """People (or groups) of one message, or of one of its senders, by where they are.

    `planned` had a place in the plan, `created` have a task at WeCom, of those `waiting` for staff (待员工发送). The
    others are where they stay: `sent` says WeCom's result. `no_place` and `no_sender` were left out by the plan.
    """

    by_state: Counter[str] = field(default_factory=Counter)
    created: int = 0
    no_place: int = 0
    no_sender: int = 0

    @property
    def planned(self) -> int:
        return self.by_state.total()

    @property
    def waiting(self) -> int:
        return self.by_state["created"]

    @property
    def sent(self) -> int:
        return self.by_state["sent"]

    def of(self, state: str) -> int:
        """How many are in a state of `models.mass.RECIPIENT_STATES`."""
        return self.by_state[state]


@dataclass(frozen=True)
class SenderLine:
    """One sender of a message: their tasks in order, the people of these, and who holds them at WeCom."""

    staff_id: int
    userid: str
    name: str
    tasks: list[MassTask]
    figures: Figures
    holders: list[MassTaskMember]

    @property
    def is_confirmed(self) -> bool:
        """Everybody who holds a task of theirs has sent it."""
        return bool(self.holders) and all(holder.status == 2 for holder in self.holders)


@dataclass(frozen=True)
class Report:
    message: MassMessage
    figures: Figures
    senders: list[SenderLine]


@dataclass(frozen=True)
class Person:
    """A recipient as a list shows them; a group has its name, too."""

    recipient: MassRecipient
    name: str
    sender: str


def report(session: Session, message: MassMessage) -> Report:
    """Everything the page of one message shows; four statements, however many people there are."""
    counts = _count(session, [message.id])
    tasks = session.execute(
        select(MassTask, Staff.name)
        .join(Staff, Staff.id == MassTask.staff_id)
        .where(MassTask.message_id == message.id)
        .order_by(MassTask.staff_id, MassTask.number)
    ).all()
    members: dict[int, list[MassTaskMember]] = {}
    of_message = select(MassTaskMember).join(MassTask, MassTask.id == MassTaskMember.task_id)
    for member in session.scalars(of_message.where(MassTask.message_id == message.id).order_by(MassTaskMember.id)):
        members.setdefault(member.task_id, []).append(member)
    lines: dict[int, SenderLine] = {}
    for task, name in tasks:
        line = lines.setdefault(
            task.staff_id,
            SenderLine(task.staff_id, task.userid, name, [], counts.get((message.id, task.staff_id), Figures()), []),
        )
        line.tasks.append(task)
        line.holders.extend(members.get(task.id, []))
    return Report(message, _total(counts, message.id), sorted(lines.values(), key=lambda line: -line.figures.planned))


def figures(session: Session, message_ids: Collection[int]) -> dict[int, Figures]:
    """The figures of each of these messages, for a list of them; one statement."""
    counts = _count(session, message_ids)
    return {message_id: _total(counts, message_id) for message_id in message_ids}


def people(
    session: Session, message_id: int, states: Collection[str], *, after: int = 0, limit: int = 50
) -> list[Person]:
    """Who is in one of these states (would_send: the rehearsal's list); the next page is after the last id."""
    found = session.execute(
        select(MassRecipient, func.coalesce(Contact.name, Group.name, ""), func.coalesce(Staff.name, ""))
        .outerjoin(Contact, Contact.id == MassRecipient.contact_id)
        .outerjoin(Group, Group.id == MassRecipient.group_id)
        .outerjoin(MassTask, MassTask.id == MassRecipient.task_id)
        .outerjoin(Staff, Staff.id == MassTask.staff_id)
        .where(MassRecipient.message_id == message_id, MassRecipient.state.in_(states), MassRecipient.id > after)
        .order_by(MassRecipient.id)
        .limit(limit)
    ).all()
    return [Person(recipient, name, sender) for recipient, name, sender in found]


def _count(session: Session, message_ids: Collection[int]) -> dict[tuple[int, int | None], Figures]:
    """Figures by message and sender; those without a sender were left out by the plan."""
    rows = session.execute(
        select(
            MassRecipient.message_id,
            MassTask.staff_id,
            MassTask.msgid.is_not(None).label("is_at_wecom"),
            MassRecipient.state,
            func.count().label("many"),
        )
        .outerjoin(MassTask, MassTask.id == MassRecipient.task_id)
        .where(MassRecipient.message_id.in_(list(message_ids)))
        .group_by(MassRecipient.message_id, MassTask.staff_id, MassTask.msgid.is_not(None), MassRecipient.state)
    ).all()
    found: dict[tuple[int, int | None], Figures] = {}
    for row in rows:
        key = row.message_id, row.staff_id
        here = found.get(key, Figures())
        if row.staff_id is None:
            is_full = row.state == "quota"
            found[key] = Figures(
                no_place=here.no_place + (row.many if is_full else 0),
                no_sender=here.no_sender + (0 if is_full else row.many),
            )
            continue
        created = row.many if row.is_at_wecom and row.state in AT_WECOM else 0
        found[key] = Figures(here.by_state + Counter({row.state: row.many}), here.created + created)
    return found


def _total(counts: dict[tuple[int, int | None], Figures], message_id: int) -> Figures:
    ours = [each for (of, _), each in counts.items() if of == message_id]
    by_state: Counter[str] = Counter()
    for each in ours:
        by_state.update(each.by_state)
    return Figures(
        by_state,
        sum(each.created for each in ours),
        sum(each.no_place for each in ours),
        sum(each.no_sender for each in ours),
    )
