"""Conflicts: facts that do not count because something speaks against them, value by value, and who claims each."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from crm import identity_reports
from crm.identity_graph import CROWD, RANKS
from crm.identity_reports import ENDS, Evidence
from models.contact import Contact
from models.customer import REFUSED, Identity, IdentityLink

AT_ONCE = 50  # claims that one page shows, and one press decides


@dataclass(frozen=True)
class Conflict:
    """One value that is claimed in vain, however often, for one reason; `newest` is the latest claim."""

    value: Identity
    refusal: str
    claims: int
    newest: Evidence

    @property
    def place(self) -> int:
        """Where a page goes on."""
        return self.newest.link.id


def page(session: Session, *, before: int | None = None, limit: int) -> list[Conflict]:
    """The newest first; two statements. Reads every refused fact, by its index."""
    one, other = aliased(Identity), aliased(Identity)
    claimed = case((_weight(one) > _weight(other), one.id), else_=other.id).label("value_id")
    refused = (
        select(claimed, IdentityLink.refusal, IdentityLink.id)
        .join(one, one.id == IdentityLink.identity_id)
        .join(other, other.id == IdentityLink.other_identity_id)
        .where(
            IdentityLink.standing == REFUSED, IdentityLink.stated_at.is_not(None), IdentityLink.retracted_at.is_(None)
        )
        .subquery()
    )  # fmt: skip
    newest = func.max(refused.c.id)
    query = select(refused.c.value_id, refused.c.refusal, func.count(), newest)
    query = query.group_by(refused.c.value_id, refused.c.refusal).order_by(newest.desc()).limit(limit)
    rows = session.execute(query if before is None else query.having(newest < before)).all()
    latest = {
        fact.link.id: fact
        for fact in identity_reports.facts(session, IdentityLink.id.in_(row[3] for row in rows), limit=limit)
    }
    found = []
    for value_id, refusal, count, link_id in rows:
        fact = latest[link_id]
        found.append(Conflict(fact.one if fact.one.id == value_id else fact.other, refusal, count, fact))
    return found


def _weight(end: type[Identity]) -> ColumnElement[int]:
    """Which end is what is claimed; as `crm.identity_graph.Edge.value`."""
    return case(
        (end.kind == "phone", 3), (end.kind == "order_no", 2), (end.kind.in_(("buyer_id", "openid")), 1), else_=0
    )


def claims(session: Session, value_id: int) -> list[Evidence]:
    """Who claims this value and on what, those that hold or held first as the earliest; at most fifty."""
    found = identity_reports.facts(session, *_claims(value_id), limit=AT_ONCE)
    return sorted(found, key=lambda fact: (fact.link.stated_at, fact.link.id))


def count(session: Session, value_id: int) -> int:
    return session.scalar(select(func.count()).select_from(IdentityLink).where(*_claims(value_id))) or 0


def _claims(value_id: int) -> tuple[ColumnElement[bool], ...]:
    """What was weighed; who is certain (a shop's own word, WeCom's) is not up for decision here."""
    return (
        or_(*(end == value_id for end in ENDS)),
        IdentityLink.proof.in_(RANKS),
        IdentityLink.stated_at.is_not(None),
        IdentityLink.retracted_at.is_(None),
    )


def is_crowd(number: int) -> bool:
    return number > CROWD


def names(session: Session, customer_ids: Collection[int]) -> dict[int, str]:
    """What the contacts among these customers are called."""
    rows = session.execute(
        select(Contact.customer_id, Contact.name).where(Contact.customer_id.in_(customer_ids)).order_by(Contact.id)
    )
    return {customer_id: name for customer_id, name in rows if name}
