"""Planning a mass message: its recipients and the tasks per sender, some hundred at a time, nobody twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from crm import groups, quotas, senders, wordings
from crm.audiences import Conditions, matching
from crm.phrases import Phrase
from models.contact import Contact
from models.customer import Customer
from models.database import changed, insert_if_absent
from models.drop import DropEdition
from models.mass import MassMessage, MassRecipient, MassTask
from models.push import Push
from models.staff import Staff

AT_ONCE = 160
"""Customers a transaction: each may write a recipient, a quota and a task, and 500 rows are the most."""
LEASE = timedelta(seconds=60)
MOST = {"single": 10_000, "group": 2_000}
"""Recipients of one task (docs/wecom.md 6.3)."""

NO_SENDER = Phrase("没有同事能发给他").key
NO_QUOTA = Phrase("本月已达上限").key
NOBODY = Phrase("没有能发的人").key


class Target(NamedTuple):
    """A customer's contact, or a group, and who sends to it; nobody, with the reason, when `staff_id` is None."""

    target: str
    contact_id: int | None
    group_id: int | None
    staff_id: int | None
    reason: str = ""


class Chunk(NamedTuple):
    """The next targets of a message: those after `after`, up to and including `upto`."""

    message_id: int
    month: str
    after: int
    upto: int
    targets: list[Target]
    is_last: bool
    matched: int | None  # how many are meant in all, counted with the first chunk


def make(
    session: Session,
    *,
    chat_type: str,
    push: Push | None = None,
    edition: DropEdition | None = None,
    part: str = "",
    slot: datetime,
    month: str,
    text: str,
    attachments: list[dict[str, Any]],
    conditions: dict[str, Any],
    sentence: str,
    now: datetime,
    missed: str = "",
) -> MassMessage | None:
    """A message to be planned, once per slot of a push or part of an edition; None when there is one already.

    `conditions` are an audience's, or `{"group_ids": […]}` of our group rows. With `missed`, a reason, it is only
    recorded that its time went by.
    """
    values = {
        "chat_type": chat_type, "push_id": push.id if push else None, "edition_id": edition.id if edition else None,
        "part": part, "slot": slot, "month": month, "text": text, "attachments": attachments,
        "conditions": conditions, "sentence": sentence, "state": "missed" if missed else "planning", "reason": missed,
        "created_at": now, "settled_at": now if missed else None,
    }  # fmt: skip
    if not insert_if_absent(session, MassMessage, **values):
        return None
    mine = (MassMessage.push_id == push.id, MassMessage.slot == slot) if push else ()
    theirs = (MassMessage.edition_id == edition.id, MassMessage.part == part) if edition else ()
    return session.scalars(select(MassMessage).where(*mine, *theirs)).one()


def has_waiting(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(MassMessage.id).where(*_waiting(now)).limit(1)) is not None


def lease_planning(session: Session, *, now: datetime) -> int | None:
    """The oldest message nobody is planning; its id, leased. What a killed worker left comes back by itself."""
    for message_id in session.scalars(select(MassMessage.id).where(*_waiting(now)).order_by(MassMessage.id)).all():
        claim = update(MassMessage).where(MassMessage.id == message_id, *_waiting(now))
        if changed(session, claim.values(lease_until=now + LEASE)):
            return message_id
    return None


def give_back(session: Session, message_id: int) -> None:
    """Let somebody else go on with the planning; also when it was paused meanwhile."""
    unplanned = update(MassMessage).where(MassMessage.id == message_id, MassMessage.planned_at.is_(None))
    session.execute(unplanned.values(lease_until=None))


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    free = or_(
        MassMessage.lease_until.is_(None),
        MassMessage.lease_until <= now,
        MassMessage.lease_until > now + 2 * LEASE,  # nobody's: the clock was put back since
    )
    return MassMessage.state == "planning", free


def next_chunk(session: Session, message_id: int, *, limit: int = AT_ONCE) -> Chunk | None:
    """Who is planned next; None when the message is not being planned. Reads only: it may scan for long."""
    message = session.get(MassMessage, message_id, populate_existing=True)
    if message is None or message.state != "planning":
        return None
    if message.chat_type == "group":
        ids, targets = _groups(session, message, limit)
        matched = len(message.conditions.get("group_ids", []))
    else:
        conditions = Conditions.model_validate(message.conditions)
        meant = matching(conditions, now=message.created_at)
        ids, targets = _customers(session, message, meant, conditions.staff_ids, limit)
        matched = 0
        if message.resume_after == 0:
            matched = session.scalar(meant.with_only_columns(func.count())) or 0
    return Chunk(
        message_id=message_id,
        month=message.month,
        after=message.resume_after,
        upto=max([*ids, message.resume_after]),
        targets=targets,
        is_last=len(ids) < limit,
        matched=matched if message.resume_after == 0 else None,
    )


def _customers(
    session: Session, message: MassMessage, meant: Select[int], staff_ids: Sequence[int], limit: int
) -> tuple[list[int], list[Target]]:
    """The next by id; behind the last one those passed by, whose contact came to them from a customer not yet seen."""
    has_contact = exists().where(Contact.customer_id == Customer.id)
    got_it = exists().where(MassRecipient.message_id == message.id, MassRecipient.target == Contact.external_userid)
    is_known = has_contact.where(got_it.correlate(Contact))  # nested: of a join SQLite begins at the wrong end
    by_id = meant.where(has_contact.correlate(Customer)).order_by(Customer.id)
    ids = list(session.scalars(by_id.where(Customer.id > message.resume_after).limit(limit)))
    if len(ids) < limit:
        passed_by = by_id.where(Customer.id <= message.resume_after, ~is_known.correlate(Customer))
        ids += session.scalars(passed_by.limit(limit - len(ids)))
    chosen = senders.of(session, ids, staff_ids)
    left_out = [customer_id for customer_id in ids if customer_id not in chosen]
    targets = [Target(sender.external_userid, sender.contact_id, None, sender.staff_id) for sender in chosen.values()]
    if left_out:
        faces = select(Contact).where(Contact.customer_id.in_(left_out)).order_by(Contact.id.desc())
        first = {contact.customer_id: contact for contact in session.scalars(faces)}
        targets += [Target(face.external_userid, face.id, None, None, NO_SENDER) for face in first.values()]
    return ids, targets


def _groups(session: Session, message: MassMessage, limit: int) -> tuple[list[int], list[Target]]:
    wanted = sorted(each for each in message.conditions.get("group_ids", []) if each > message.resume_after)[:limit]
    found = groups.by_ids(session, wanted)
    targets = []
    for each in (found[group_id] for group_id in wanted if group_id in found):
        owner = each.owner.id if each.owner and not each.trouble else None
        targets.append(Target(each.group.chat_id, None, each.group.id, owner, each.trouble))
    return wanted, targets


def plan(session: Session, chunk: Chunk, *, limit: int, shop_name: str, now: datetime) -> bool:
    """Write a chunk: recipients, tasks, reserved places. True while there is more to plan.

    False when it was the last, or when the message was paused or cancelled, or somebody else planned this chunk: then
    nothing is written. `limit` is what each target may receive in the month.
    """
    mine = (MassMessage.id == chunk.message_id, MassMessage.state == "planning")
    on = update(MassMessage).where(*mine, MassMessage.resume_after == chunk.after)
    if not changed(session, on.values(resume_after=chunk.upto, lease_until=now + LEASE)):
        return False
    message = session.get_one(MassMessage, chunk.message_id, populate_existing=True)
    if chunk.matched is not None:
        message.matched = chunk.matched
    fresh = _without_known(session, chunk)
    reachable = sorted((each for each in fresh if each.staff_id is not None), key=lambda each: each.staff_id or 0)
    places = quotas.reserve(session, (each.target for each in reachable), message.month, limit=limit)
    planned = [each for each in reachable if each.target in places]
    task_ids = _fill(session, message, planned, shop_name)
    rows = [_row(message, each, task_ids.get(each.target), each.target in places) for each in fresh]
    if rows:
        session.execute(insert(MassRecipient), rows)
    message.planned += len(planned)
    if chunk.is_last:
        _finish(message, now)
    session.flush()
    return not chunk.is_last


def _without_known(session: Session, chunk: Chunk) -> list[Target]:
    """Whose customer is no recipient of this message yet: since it was read, two of them may have become one."""
    faces = [each.contact_id for each in chunk.targets if each.contact_id is not None]
    if not faces:
        return chunk.targets
    owner_of = dict(session.execute(select(Contact.id, Contact.customer_id).where(Contact.id.in_(faces))).all())
    names = select(Contact.external_userid, Contact.customer_id).where(Contact.customer_id.in_(set(owner_of.values())))
    of_name = dict(session.execute(names).all())
    known = select(MassRecipient.target).where(
        MassRecipient.message_id == chunk.message_id, MassRecipient.target.in_(of_name)
    )
    taken = {of_name[target] for target in session.scalars(known)}
    fresh: list[Target] = []
    for each in chunk.targets:
        owner = owner_of[each.contact_id or 0]
        if owner not in taken:
            taken.add(owner)
            fresh.append(each)
    return fresh


def _fill(session: Session, message: MassMessage, planned: Iterable[Target], shop_name: str) -> dict[str, int]:
    """Put each into the open task of its sender, opening another when one is full; target → task id."""
    by_staff: dict[int, list[Target]] = {}
    for each in planned:
        by_staff.setdefault(each.staff_id or 0, []).append(each)
    tasks: dict[int, MassTask] = {}
    mine = MassTask.message_id == message.id, MassTask.staff_id.in_(by_staff)
    for task in session.scalars(select(MassTask).where(*mine).order_by(MassTask.number)):
        tasks[task.staff_id] = task
    members = {staff.id: staff for staff in session.scalars(select(Staff).where(Staff.id.in_(by_staff)))}
    filled: list[tuple[MassTask, list[Target]]] = []
    for staff_id, theirs in by_staff.items():
        while theirs:
            last = tasks.get(staff_id)
            if last is None or last.state != "planned" or last.size >= MOST[message.chat_type]:
                number = last.number + 1 if last else 1
                last = tasks[staff_id] = _task(message, members[staff_id], number, shop_name)
                session.add(last)
            room = MOST[message.chat_type] - last.size
            some, theirs = theirs[:room], theirs[room:]
            last.size += len(some)
            filled.append((last, some))
    session.flush()
    return {each.target: task.id for task, some in filled for each in some}


def _task(message: MassMessage, staff: Staff, number: int, shop_name: str) -> MassTask:
    text = wordings.render(message.text, staff_name=staff.name, shop_name=shop_name)
    return MassTask(
        message_id=message.id, staff_id=staff.id, number=number, userid=staff.userid, text=text, size=0, state="planned"
    )  # fmt: skip


def _row(message: MassMessage, each: Target, task_id: int | None, has_place: bool) -> dict[str, Any]:
    state = "unreachable" if each.staff_id is None else "planned" if has_place else "quota"
    return {
        "message_id": message.id, "task_id": task_id, "target": each.target, "contact_id": each.contact_id,
        "group_id": each.group_id, "state": state,
        "reason": NO_QUOTA if state == "quota" else each.reason,
    }  # fmt: skip


def _finish(message: MassMessage, now: datetime) -> None:
    message.lease_until, message.planned_at = None, now
    if message.planned:
        message.state = "sending"
    else:
        message.state, message.settled_at, message.reason = "done", now, NOBODY
