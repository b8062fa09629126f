"""Erasing a customer (抹除): nobody can tell any more who they were, and every total stays.

WeCom's own record is not ours: whoever is still a friend there stays one, and staff see them in WeCom as before.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import audits, claimed_orders, erased, identities
from crm.errors import Conflict, NotFound
from models.contact import Contact, Follow
from models.customer import ERASED, Identity
from models.database import take_turns
from models.erasure import Erasure
from models.group import GroupMember

MOST = 100  # identities of one person; more is no person


def erase(session: Session, customer_id: int, *, by: str, now: datetime) -> list[int]:
    """Take every name of this customer away and remember it as a digest; their erasures' ids.

    From its commit on nobody is known by these names: whatever still carries one is `erasure_sweeps`' to go through.
    Raises `NotFound`, and `Conflict` when there is nothing to erase.
    """
    take_turns(session, claimed_orders.TURN)  # no order is being stored meanwhile
    customer = identities.resolve(session, customer_id)
    if customer is None:
        raise NotFound("没有这位客户")
    people = [identity for identity in _held(session, customer.id) if not identity.is_erased]
    if not people:
        raise Conflict("这位客户的资料已经抹除了")
    if len(people) > MOST:
        raise Conflict("这位客户名下有 %(n)s 个账号，不像一个人。先拆分，再抹除", n=len(people))
    rows = _remember(session, people, customer.id, now)
    _unname(session, people, now=now)
    audits.note(
        session, actor=by, action="customer.erase", subject=f"customer:{customer.id}", now=now, identities=len(people)
    )
    return [row.id for row in rows]


def is_erased(session: Session, customer_id: int) -> bool:
    """Whether this customer has no name left."""
    values = session.scalars(select(Identity.value).where(Identity.customer_id == customer_id)).all()
    return bool(values) and all(value.startswith(ERASED) for value in values)


def _held(session: Session, customer_id: int) -> Sequence[Identity]:
    """All identities of the customer, locked: whoever stores a fact about one of them holds it first."""
    query = (
        select(Identity)
        .where(Identity.customer_id == customer_id)
        .order_by(Identity.kind, Identity.scope, Identity.value)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(query).all()
    while len(again := session.scalars(query).all()) != len(found):  # somebody was merged in while we waited
        found = again
    return again


def _remember(session: Session, people: Sequence[Identity], customer_id: int, now: datetime) -> list[Erasure]:
    vault = erased.vault_of(session)
    rows = [
        Erasure(
            kind=identity.kind, scope=identity.scope, identity_id=identity.id, customer_id=customer_id, erased_at=now,
            value_digest=erased.digest(vault, (identity.kind, identity.scope, identity.value)),
            value_sealed=vault.seal(identity.value),
        )
        for identity in people
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows


def _unname(session: Session, people: Sequence[Identity], *, now: datetime) -> None:
    vault = erased.vault_of(session)
    was = {identity.id: identity.value for identity in people}
    for identity in people:
        identity.value = erased.stand_in(vault, identity.value, identity.id)
    named = {identity.id: identity.value for identity in people}
    for contact in session.scalars(select(Contact).where(Contact.identity_id.in_(was))):
        contact.external_userid, contact.name = named[contact.identity_id], erased.NAME
        contact.avatar = contact.corp_name = ""
        contact.gender, contact.unionid = 0, contact.unionid and erased.stand_in(vault, contact.unionid)
        session.execute(update(Follow).where(Follow.contact_id == contact.id).values(remark="", description=""))
        session.execute(
            update(Follow)
            .where(Follow.contact_id == contact.id, Follow.ended_at.is_(None))
            .values(ended_at=now, ended_by="erased")
        )
    for member in session.scalars(select(GroupMember).where(GroupMember.identity_id.in_(was))):
        member.member, member.name = named[member.identity_id or 0], ""
        member.unionid = member.unionid and erased.stand_in(vault, member.unionid)
    session.flush()
