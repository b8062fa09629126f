"""Going through everything that still carries the names of somebody who was erased, some rows at a time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, cast, func, null, or_, select, update
from sqlalchemy.orm import Session

from crm import erased, platforms, staff_words
from models.contact import Contact
from models.customer import ERASED, Identity
from models.erasure import Erasure
from models.event import Event
from models.group import GroupMember
from models.inbox import Inbox
from models.mass import MassRecipient
from models.order import Order
from models.quota import OtherDelivery, Quota
from models.touch import Touch
from models.webhook import WebhookDelivery

AT_ONCE = 500
NO_TEXT = ""
Names = dict[str, str]
"""The external_userids of somebody, and what stands in their place."""


def sweep(transaction: Callable[[], AbstractContextManager[Session]], customer_id: int) -> int:
    """Go through everything of this customer; how many rows were changed. One broken off is gone on with at night."""
    swept = 0
    while True:
        with transaction() as session:
            some = sweep_some(session, customer_id)
            if not some:
                done(session, customer_id)
                return swept
        swept += some


def waiting(session: Session) -> list[int]:
    """The customers who were erased and are not gone through yet."""
    return list(session.scalars(select(Erasure.customer_id).where(Erasure.value_sealed.is_not(None)).distinct()))


def sweep_some(session: Session, customer_id: int) -> int:
    """Go through at most `AT_ONCE` rows of what is left of this customer; 0 when nothing is. Safe to repeat."""
    rows = session.scalars(select(Erasure).where(Erasure.customer_id == customer_id)).all()
    ids = [row.identity_id for row in rows]
    names = _names(session, rows)
    steps: tuple[Callable[[], int], ...] = (
        lambda: _orders(session, ids),
        lambda: _touches(session, ids, names),
        lambda: _events(session, ids),
        lambda: _inbox(session, names),
        lambda: _recipients(session, ids),
        lambda: sum(_rename(session, column, names) for column in (Quota.target, OtherDelivery.target)),
        lambda: _rename(session, GroupMember.invitor, names),
        lambda: _deliveries(session, ids),
        lambda: platforms.forget_buyers(session, _buyers(session, rows)),
        lambda: staff_words.erase(session, ids),
    )
    for step in steps:
        if done := step():
            return done
    return 0


def done(session: Session, customer_id: int) -> None:
    """Nothing carries the values any more, and so nobody needs them."""
    session.execute(update(Erasure).where(Erasure.customer_id == customer_id).values(value_sealed=None))


def hush(session: Session, notices: Sequence[Inbox]) -> None:
    """Callbacks about somebody who was erased: what they said goes once they are applied."""
    told = {notice.external_userid for notice in notices if notice.external_userid}
    names = erased.external_userids(session, sorted(told)) if told else {}
    for notice in notices:
        if notice.external_userid in names:
            mine = update(Inbox).where(Inbox.id == notice.id)
            session.execute(mine.values(external_userid=names[notice.external_userid], body_sealed=None))


def forget_texts(session: Session, *, before: datetime, limit: int = AT_ONCE) -> int:
    """Empty the texts of touches that ended before a moment; how many."""
    vault = erased.vault_of(session)
    old = (
        select(Touch.id)
        .where(Touch.created_at < before, func.length(Touch.text_sealed) > len(vault.seal(NO_TEXT)))
        .where(Touch.state.not_in(("planned", "trying")))
        .limit(limit)
    )
    ids = session.scalars(old).all()
    session.execute(update(Touch).where(Touch.id.in_(ids)).values(text_sealed=vault.seal(NO_TEXT), code_sealed=None))
    return len(ids)


def _names(session: Session, rows: Sequence[Erasure]) -> Names:
    vault = erased.vault_of(session)
    faces = {row.identity_id: row for row in rows if row.kind == "external_userid" and row.value_sealed}
    values = select(Identity.id, Identity.value).where(Identity.id.in_(faces))
    return {vault.open_text(faces[each].value_sealed or b""): value for each, value in session.execute(values)}


def _buyers(session: Session, rows: Sequence[Erasure]) -> list[tuple[str, str]]:
    vault = erased.vault_of(session)
    return [
        (row.scope, vault.open_text(row.value_sealed)) for row in rows if row.kind == "buyer_id" and row.value_sealed
    ]


def _orders(session: Session, ids: Sequence[int]) -> int:
    """Their orders keep their money, their lines and their times."""
    vault = erased.vault_of(session)
    buyers = (Order.unionid, Order.openid, Order.buyer_id)
    has_name = or_(
        Order.phone_sealed.is_not(None), Order.claim_token.is_not(None), *(~name.startswith(ERASED) for name in buyers)
    )
    query = select(Order.id, *buyers).where(Order.identity_id.in_(ids), has_name).limit(AT_ONCE)
    rows = [
        {"row_id": row.id, **erased.order_names(vault, row._asdict()), **erased.NO_PHONE}
        for row in session.execute(query)
    ]
    if rows:
        stored: Any = Order.__table__
        session.connection().execute(update(stored).where(stored.c.id == bindparam("row_id")), rows)
    return len(rows)


def _touches(session: Session, ids: Sequence[int], names: Names) -> int:
    vault = erased.vault_of(session)
    theirs = or_(Touch.identity_id.in_(ids), Touch.external_userid.in_(names))
    query = select(Touch).where(theirs, ~Touch.external_userid.startswith(ERASED)).limit(AT_ONCE)
    touches = session.scalars(query).all()
    for touch in touches:
        known = names.get(touch.external_userid)
        touch.external_userid = known or erased.stand_in(vault, touch.external_userid)
        touch.text_sealed, touch.code_sealed = vault.seal(NO_TEXT), None
        if touch.state == "planned":
            touch.state = "cancelled"
    session.flush()
    return len(touches)


def _events(session: Session, ids: Sequence[int]) -> int:
    told = session.scalars(select(Event.id).where(Event.identity_id.in_(ids), Event.props.is_not(None)).limit(AT_ONCE))
    return _change(session, Event, told.all(), props=null())


def _inbox(session: Session, names: Names) -> int:
    """What still waits is applied first, and hushed then."""
    settled = Inbox.state.not_in(("received", "waiting"))
    found = select(Inbox.id, Inbox.external_userid).where(Inbox.external_userid.in_(names), settled).limit(AT_ONCE)
    rows = session.execute(found).all()
    for name in {row.external_userid for row in rows}:
        mine = [row.id for row in rows if row.external_userid == name]
        _change(session, Inbox, mine, external_userid=names[name], body_sealed=None)
    return len(rows)


def _recipients(session: Session, ids: Sequence[int]) -> int:
    """Who was to get a mass message and is not in WeCom's hands yet gets it no more."""
    query = (
        select(MassRecipient, Contact.external_userid)
        .join(Contact, Contact.id == MassRecipient.contact_id)
        .where(Contact.identity_id.in_(ids), MassRecipient.target != Contact.external_userid)
        .limit(AT_ONCE)
    )
    rows = session.execute(query).all()
    for recipient, value in rows:
        recipient.target = value
        if recipient.state == "planned":
            recipient.state, recipient.reason = "cancelled", ""
    session.flush()
    return len(rows)


def _deliveries(session: Session, ids: Sequence[int]) -> int:
    """What shops were told of them; what still waits goes out first."""
    told = WebhookDelivery.identity_id.in_(ids), cast(WebhookDelivery.content, String) != "{}"
    settled = WebhookDelivery.settled_at.is_not(None)
    found = session.scalars(select(WebhookDelivery.id).where(*told, settled).limit(AT_ONCE)).all()
    return _change(session, WebhookDelivery, found, content={})


def _rename(session: Session, column: Any, names: Names) -> int:
    table = column.class_
    rows = session.execute(select(table.id, column).where(column.in_(names)).limit(AT_ONCE)).all()
    for name in {row[1] for row in rows}:
        _change(session, table, [row.id for row in rows if row[1] == name], **{column.key: names[name]})
    return len(rows)


def _change(session: Session, table: Any, ids: Sequence[int], **values: Any) -> int:
    if ids:
        session.execute(
            update(table).where(table.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
        )
    return len(ids)
