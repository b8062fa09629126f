"""How many of an audience can be sent to, why the others cannot, who they are, and the audience in words."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from crm import senders
from crm.audiences import Conditions, Range, matching
from crm.phrases import Phrase
from models.contact import Contact
from models.customer import Customer
from models.quota import Quota
from models.staff import Staff
from models.tag import Tag


class Share(NamedTuple):
    """A member, how many of the audience they are the sender of, and how many of these can get another message."""

    staff: Staff
    customers: int
    reachable: int


class Reach(NamedTuple):
    """matched = reachable + no_contact (never added anybody) + no_sender + no_quota (nothing left this month)."""

    matched: int
    reachable: int
    no_contact: int
    no_sender: int
    no_quota: int
    senders: list[Share]


class Sample(NamedTuple):
    """One of the audience; `staff` would send to them, None when nobody can."""

    customer_id: int
    name: str
    staff: Staff | None


def reach(session: Session, conditions: Conditions, *, now: datetime, month: str, limit: int) -> Reach:
    """Count who is meant and who can be sent to in that month, when each may get `limit`; two statements.

    Who is meant is worked out once, and everything is counted over that: it is what takes the time.
    """
    meant = matching(conditions, now=now).cte("meant")
    has_contact = exists().where(Contact.customer_id == meant.c.id).correlate(meant)
    chosen = senders.chosen(Contact.customer_id.in_(select(meant.c.id)), conditions.staff_ids)
    taken = func.coalesce(Quota.reserved + Quota.used + Quota.others, 0)
    counted = (
        select(
            chosen.c.staff_id, func.count(), func.count(case((taken < limit, 1))), func.count(case((has_contact, 1)))
        )
        .select_from(meant)
        .outerjoin(chosen, chosen.c.customer_id == meant.c.id)
        .outerjoin(Quota, (Quota.target == chosen.c.external_userid) & (Quota.month == month))
        .group_by(chosen.c.staff_id)
        .order_by(func.count().desc(), chosen.c.staff_id)
    )
    rows = session.execute(counted).all()
    shares = [row for row in rows if row[0] is not None]
    members = {
        staff.id: staff for staff in session.scalars(select(Staff).where(Staff.id.in_([row[0] for row in shares])))
    }
    matched, with_contact = sum(row[1] for row in rows), sum(row[3] for row in rows)
    with_sender, reachable = sum(row[1] for row in shares), sum(row[2] for row in shares)
    return Reach(
        matched=matched,
        reachable=reachable,
        no_contact=matched - with_contact,
        no_sender=with_contact - with_sender,
        no_quota=with_sender - reachable,
        senders=[Share(members[row[0]], row[1], row[2]) for row in shares],
    )


def sample(session: Session, conditions: Conditions, *, now: datetime, limit: int = 10) -> list[Sample]:
    """The newest customers of the audience who are contacts."""
    has_contact = exists().where(Contact.customer_id == Customer.id).correlate(Customer)
    newest = matching(conditions, now=now).where(has_contact).order_by(Customer.id.desc()).limit(limit)
    ids = list(session.scalars(newest))
    names = dict(
        session.execute(
            select(Contact.customer_id, Contact.name).where(Contact.customer_id.in_(ids)).order_by(Contact.id.desc())
        ).all()
    )
    chosen = senders.of(session, ids, conditions.staff_ids)
    wanted = {sender.staff_id for sender in chosen.values()}
    members = {staff.id: staff for staff in session.scalars(select(Staff).where(Staff.id.in_(wanted)))}
    return [
        Sample(
            customer_id,
            names.get(customer_id, ""),
            members[chosen[customer_id].staff_id] if customer_id in chosen else None,
        )
        for customer_id in ids
    ]


def sentence(session: Session, conditions: Conditions) -> list[Phrase]:
    """Who is meant, piece by piece; the pieces are joined by "，"."""
    if conditions.is_everybody():
        return [Phrase("所有客户")]
    tags = _names(session, Tag, [*conditions.tags_all, *conditions.tags_any, *conditions.tags_none])
    staff = _names(session, Staff, conditions.staff_ids)
    said = [Phrase("有标签 %(tags)s", tags=_listed(tags, conditions.tags_all))] if conditions.tags_all else []
    if conditions.tags_any:
        said.append(Phrase("至少有一个标签：%(tags)s", tags=_listed(tags, conditions.tags_any)))
    if conditions.tags_none:
        said.append(Phrase("没有标签 %(tags)s", tags=_listed(tags, conditions.tags_none)))
    said += _about_orders(conditions)
    if conditions.staff_ids:
        said.append(Phrase("由 %(staff)s 跟进", staff=_listed(staff, conditions.staff_ids)))
    return said


def in_words(phrases: list[Phrase]) -> str:
    """The sentence in Chinese, as it is kept with a mass message."""
    return "，".join(map(str, phrases))


def _about_orders(conditions: Conditions) -> list[Phrase]:
    said: list[Phrase] = []
    if spend := conditions.spend_fen:
        least, most = (
            None if fen is None else f"{fen / 100:.2f}".removesuffix(".00") for fen in (spend.least, spend.most)
        )
        if most is None:
            said.append(Phrase("累计消费 %(least)s 元以上", least=least))
        elif least is None:
            said.append(Phrase("累计消费不超过 %(most)s 元", most=most))
        else:
            said.append(Phrase("累计消费 %(least)s 到 %(most)s 元", least=least, most=most))
    if orders := conditions.orders:
        said.append(_ranged(orders, _ORDERS))
    if days := conditions.days_since_last:
        said.append(_ranged(days, _DAYS))
    return said


_ORDERS = (
    Phrase("买过 %(least)s 次以上"), Phrase("买过不超过 %(most)s 次"), Phrase("买过 %(least)s 到 %(most)s 次"),
)  # fmt: skip
_DAYS = (
    Phrase("至少 %(least)s 天没有下单"),
    Phrase("%(most)s 天内下过单"),
    Phrase("最后一单在 %(least)s 到 %(most)s 天前"),
)


def _ranged(shown: Range, words: tuple[Phrase, Phrase, Phrase]) -> Phrase:
    if shown.most is None:
        return Phrase(words[0].key, least=shown.least)
    if shown.least is None:
        return Phrase(words[1].key, most=shown.most)
    return Phrase(words[2].key, least=shown.least, most=shown.most)


def _names(session: Session, table: Any, ids: list[int]) -> dict[int, str]:
    return dict(session.execute(select(table.id, table.name).where(table.id.in_(ids))).all())


def _listed(names: dict[int, str], ids: list[int]) -> str:
    return "、".join(f"“{names.get(each, each)}”" for each in ids)
