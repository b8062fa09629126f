"""Who sends a mass message to a customer: one member, to one of their contacts."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from models.contact import Contact, Follow
from models.staff import Staff


class Sender(NamedTuple):
    """The member who sends to a customer, and to which of the customer's contacts."""

    customer_id: int
    contact_id: int
    external_userid: str
    staff_id: int


def can_send(staff_ids: Sequence[int] = ()) -> list[ColumnElement[bool]]:
    """What makes a follow and its member able to send: a whole one that is open, of somebody who still serves.

    When staff are named, only theirs.
    """
    rules: list[ColumnElement[bool]] = [
        Follow.ended_at.is_(None),
        ~Follow.is_half,
        Staff.left_at.is_(None),
        Staff.serves_customers.is_(True),
    ]
    return [*rules, Follow.staff_id.in_(staff_ids)] if staff_ids else rules


def chosen(among: ColumnElement[bool], staff_ids: Sequence[int] = ()) -> Subquery:
    """The sender of each customer, as rows of `Sender`; customers nobody can send to have none.

    Of those who can send, the member who added the customer last; of two in one second the lower staff id. WeCom gives
    the task to the member who last talked with the customer, which it never tells: this is the nearest we know.
    """
    latest_first = (Follow.followed_at.desc(), Follow.staff_id, Follow.contact_id)
    ranked = (
        select(
            Contact.customer_id,
            Contact.id.label("contact_id"),
            Contact.external_userid,
            Follow.staff_id,
            func.row_number().over(partition_by=Contact.customer_id, order_by=latest_first).label("place"),
        )
        .join(Follow, Follow.contact_id == Contact.id)
        .join(Staff, Staff.id == Follow.staff_id)
        .where(among, *can_send(staff_ids))
        .subquery()
    )
    return select(*(ranked.c[name] for name in Sender._fields)).where(ranked.c.place == 1).subquery()


def of(session: Session, customer_ids: Sequence[int], staff_ids: Sequence[int] = ()) -> dict[int, Sender]:
    """The senders of these customers; one statement."""
    found: Select[int, int, str, int] = select(*chosen(Contact.customer_id.in_(customer_ids), staff_ids).c)
    return {row.customer_id: Sender(*row) for row in session.execute(found)}
