"""To-dos: what staff are to do about a customer; asked for, put off, handed over, done."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm import identities
from crm.customers import still_followed
from crm.errors import Conflict, Refused
from models.contact import Contact, Follow
from models.customer import Identity
from models.database import changed, insert_if_absent
from models.staff import Staff
from models.todo import Todo
from models.touch import Touch

MOST = 50
AHEAD = timedelta(days=366)


def suggestion_key(identity_id: int, staff: Staff, occasion: str) -> str:
    """A suggestion acted upon leaves a row under this key: it is not made again."""
    return f"suggestion:{identity_id}:{staff.id}:{occasion}"


def with_customer(session: Session, staff: Staff, customer_id: int) -> list[Todo]:
    """This staff member's with the customer, the first due first: open ones, and suggestions they acted upon."""
    return list(
        session.scalars(
            select(Todo)
            .join(Identity, Identity.id == Todo.identity_id)
            .where(Identity.customer_id == customer_id, Todo.staff_id == staff.id)
            .where((Todo.state == "open") | (Todo.kind == "suggestion"))
            .order_by(Todo.state != "open", Todo.due_at, Todo.id.desc())
            .limit(MOST)
        )
    )


def of_staff(session: Session, staff: Staff, *, limit: int = MOST) -> Sequence[tuple[Todo, Contact]]:
    """What this staff member has open about those they follow now, the first due first, with whom."""
    rows = session.execute(
        select(Todo, Contact)
        .join(Contact, Contact.identity_id == Todo.identity_id)
        .where(Todo.staff_id == staff.id, Todo.state == "open", still_followed(staff.id, Todo.identity_id))
        .order_by(Todo.due_at, Todo.id)
        .limit(limit)
    )
    return [(todo, contact) for todo, contact in rows]


def count_open(session: Session, staff: Staff) -> int:
    return session.scalar(select(func.count()).where(Todo.staff_id == staff.id, Todo.state == "open")) or 0


def plan(
    session: Session,
    contact: Contact,
    staff: Staff,
    *,
    key: str,
    kind: str,
    title: str,
    text: str,
    due_at: datetime,
    by: str,
    now: datetime,
) -> Todo:
    """Put it on record; asking again with the key returns the first one unchanged."""
    if not now - timedelta(minutes=5) <= due_at <= now + AHEAD:
        raise Conflict("提醒的时间要在今天之后、一年之内")
    identity = identities.hold(session, contact.identity_id)
    if identity.is_erased:
        raise Refused("这位客户的资料已抹除，不能再联系")
    insert_if_absent(
        session, Todo,
        key=key, kind=kind, identity_id=identity.id, staff_id=staff.id, external_userid=contact.external_userid,
        title=title, text=text, state="open", result="", made_by=by, created_at=now, due_at=due_at,
    )  # fmt: skip
    found = by_key(session, key)
    assert found is not None
    return found


def by_key(session: Session, key: str) -> Todo | None:
    return session.scalar(select(Todo).where(Todo.key == key))


def sent(session: Session, touch: Touch, *, now: datetime) -> None:
    """The words of a to-do went out: it is done."""
    _, todo_id, _ = touch.key.split(":")
    todo = session.get(Todo, int(todo_id))
    if todo is not None:
        finish(session, todo, state="done", result="", now=now)


def may_take(session: Session, todo: Todo, userid: str) -> Staff | None:
    """The colleague of this userid, when they follow the customer now and have not left."""
    return session.scalar(
        select(Staff)
        .join(Follow, Follow.staff_id == Staff.id)
        .join(Contact, Contact.id == Follow.contact_id)
        .where(Staff.userid == userid, Staff.left_at.is_(None), Follow.ended_at.is_(None))
        .where(Contact.external_userid == todo.external_userid)
    )


def of(session: Session, staff: Staff, todo_id: int) -> Todo:
    """One's own to-do about somebody one follows now; all others and nobody's look the same."""
    mine = select(Todo).where(Todo.id == todo_id, Todo.staff_id == staff.id)
    todo = session.scalar(mine.where(still_followed(staff.id, Todo.identity_id)))
    if todo is None:
        raise Refused("这件事不是你的")
    return todo


def finish(session: Session, todo: Todo, *, state: str, result: str, now: datetime) -> bool:
    """Done or dropped, once; whether this caller's word was the one."""
    ours = update(Todo).where(Todo.id == todo.id, Todo.state == "open")
    return bool(changed(session, ours.values(state=state, result=result, done_at=now)))


def put_off(session: Session, todo: Todo, *, until: datetime) -> None:
    """Due later; the app tells again then."""
    ours = update(Todo).where(Todo.id == todo.id, Todo.state == "open")
    session.execute(ours.values(due_at=until, told_at=None))


def hand_over(session: Session, todo: Todo, staff: Staff) -> None:
    """A colleague who follows the customer does it; they are told at its time."""
    ours = update(Todo).where(Todo.id == todo.id, Todo.state == "open")
    if not changed(session, ours.values(staff_id=staff.id, told_at=None)):
        raise Conflict("这件事已经办完了")


def claim_due(session: Session, *, now: datetime, limit: int = 100) -> list[Todo]:
    """Those to be told of now: each for this caller alone."""
    due = select(Todo.id).where(
        Todo.state == "open", Todo.told_at.is_(None), Todo.due_at <= now, Todo.kind.in_(("reminder", "call")),
        still_followed(Todo.staff_id, Todo.identity_id),
    )  # fmt: skip
    ids = session.scalars(due.order_by(Todo.due_at).limit(limit)).all()
    mine = (
        update(Todo)
        .where(Todo.id.in_(ids), Todo.state == "open", Todo.told_at.is_(None))
        .values(told_at=now)
        .returning(Todo)
    )
    return list(session.scalars(mine)) if ids else []
