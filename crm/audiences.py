"""Audiences (人群): who is meant, as conditions that are evaluated anew whenever they are used."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import audits
from crm.errors import BadInput, Conflict, NotFound
from models.audience import Audience
from models.contact import Contact, Follow
from models.coupon import CouponBatch
from models.customer import Customer
from models.order import Order
from models.push import Push
from models.staff import Staff
from models.tag import Tag, TagAssignment

MOST = 10**12
LONGEST_LIST = 100
SPEND = case(
    (and_(Order.paid_at.is_not(None), Order.status != "cancelled"), Order.paid_fen - Order.refunded_fen), else_=0
)


class Range(BaseModel):
    """From `least` to `most`, both included; without one of them there is no end on that side."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    least: int | None = Field(default=None, ge=0, le=MOST)
    most: int | None = Field(default=None, ge=0, le=MOST)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("最少和最多至少填一个")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("最少不能大于最多")
        return self

    def holds(self, value: ColumnElement[int]) -> list[ColumnElement[bool]]:
        least = [value >= self.least] if self.least is not None else []
        return least + ([value <= self.most] if self.most is not None else [])


class Conditions(BaseModel):
    """All of these together; none at all is everybody. Tags and staff by our own ids.

    `days_since_last` counts whole days since the last order that adds to spend was paid: whoever never ordered has no
    such day and is not meant. `staff_ids`: followed by any of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tags_all: list[int] = Field(default=[], max_length=LONGEST_LIST)
    tags_any: list[int] = Field(default=[], max_length=LONGEST_LIST)
    tags_none: list[int] = Field(default=[], max_length=LONGEST_LIST)
    spend_fen: Range | None = None
    orders: Range | None = None
    days_since_last: Range | None = None
    staff_ids: list[int] = Field(default=[], max_length=LONGEST_LIST)

    def is_everybody(self) -> bool:
        return self == Conditions()


def matching(conditions: Conditions, *, now: datetime) -> Select[int]:
    """The ids of the customers who are meant; one SELECT, each condition found by the customer's index.

    Correlated on purpose: planning reads the customers by id, some hundred at a time, and no part of it is read twice.
    """
    rules = [Customer.merged_into_id.is_(None), *_tag_rules(conditions), *_order_rules(conditions, now)]
    if conditions.staff_ids:
        rules.append(
            exists()
            .where(
                Contact.customer_id == Customer.id,
                Follow.contact_id == Contact.id,
                Follow.staff_id.in_(conditions.staff_ids),
                Follow.ended_at.is_(None),
                ~Follow.is_half,
            )
            .correlate(Customer)
        )
    return select(Customer.id).where(*rules)


def _tag_rules(conditions: Conditions) -> list[ColumnElement[bool]]:
    def carries(tag_ids: list[int]) -> ColumnElement[bool]:
        carried = exists().where(TagAssignment.customer_id == Customer.id, TagAssignment.tag_id.in_(tag_ids))
        return carried.correlate(Customer)

    rules = [carries([tag_id]) for tag_id in conditions.tags_all]
    rules += [carries(conditions.tags_any)] if conditions.tags_any else []
    return rules + ([~carries(conditions.tags_none)] if conditions.tags_none else [])


def _order_rules(conditions: Conditions, now: datetime) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = []
    theirs = Order.customer_id == Customer.id

    def of_theirs(what: ColumnElement[int]) -> ColumnElement[int]:
        return select(what).where(theirs).correlate(Customer).scalar_subquery()

    if conditions.spend_fen:
        rules += conditions.spend_fen.holds(of_theirs(func.coalesce(func.sum(SPEND), 0)))
    if conditions.orders:
        rules += conditions.orders.holds(of_theirs(func.count(case((SPEND > 0, 1)))))
    if days := conditions.days_since_last:
        buys = exists().where(theirs, SPEND > 0)
        if days.least is not None:
            since = now - timedelta(days=min(days.least, 36500))
            rules += [buys.correlate(Customer), ~buys.where(Order.paid_at > since).correlate(Customer)]
        if days.most is not None:
            since = now - timedelta(days=min(days.most, 36500) + 1)
            rules.append(buys.where(Order.paid_at > since).correlate(Customer))
    return rules


def audience(session: Session, audience_id: int) -> Audience:
    """One audience. Raises `NotFound`."""
    found = session.get(Audience, audience_id)
    if found is None:
        raise NotFound("没有这个人群")
    return found


def audiences(session: Session) -> list[Audience]:
    """Every audience, the last changed first."""
    return list(session.scalars(select(Audience).order_by(Audience.changed_at.desc(), Audience.id.desc())))


def conditions_of(kept: Audience) -> Conditions:
    return Conditions.model_validate(kept.conditions)


def create(session: Session, *, name: str, conditions: Conditions, by: str, now: datetime) -> Audience:
    """Save who is meant under a name. Raises `BadInput` naming the field, or `Conflict` on a taken name."""
    made = Audience(
        name=_checked(session, name, conditions),
        conditions=conditions.model_dump(exclude_defaults=True),
        created_at=now, changed_at=now, changed_by=by,
    )  # fmt: skip
    session.add(made)
    try:
        session.flush()
    except IntegrityError:  # a second press of the same button was first
        raise _taken() from None
    audits.note(session, actor=by, action="audience.create", subject=f"audience:{made.id}", now=now)
    return made


def update(
    session: Session, audience_id: int, *, revision: int, name: str, conditions: Conditions, by: str, now: datetime
) -> Audience:
    """Change it, from the revision the form was opened with. Raises `Conflict` when somebody saved meanwhile."""
    kept = session.get(Audience, audience_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound("没有这个人群")
    if kept.revision != revision:
        raise Conflict("您打开之后，别人改过并保存了这个人群。您写的还在下面，对照一下再保存", field="revision")
    kept.name = _checked(session, name, conditions, besides=audience_id)
    kept.conditions = conditions.model_dump(exclude_defaults=True)
    kept.revision, kept.changed_at, kept.changed_by = revision + 1, now, by
    try:
        session.flush()
    except IntegrityError:
        raise _taken() from None
    audits.note(session, actor=by, action="audience.update", subject=f"audience:{kept.id}", now=now)
    return kept


def delete(session: Session, audience_id: int, *, by: str, now: datetime) -> None:
    """Remove it for good. Raises `Conflict` while a push or a coupon batch uses it."""
    kept = session.get(Audience, audience_id, with_for_update=True)
    if kept is None:
        raise NotFound("没有这个人群")
    users = session.scalar(select(func.count()).where(Push.audience_id == audience_id))
    if users:
        raise Conflict("有 %(n)s 个群发用着这个人群，删不了", n=users)
    if offers := session.scalar(select(func.count()).where(CouponBatch.audience_id == audience_id)):
        raise Conflict("有 %(n)s 批券只给这个人群，删不了", n=offers)
    session.delete(kept)
    audits.note(session, actor=by, action="audience.delete", subject=f"audience:{audience_id}", now=now)


def _taken() -> Conflict:
    return Conflict("已经有一个人群叫这个名字，换一个", field="name")


def _checked(session: Session, name: str, conditions: Conditions, *, besides: int | None = None) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 30:
        raise BadInput("名字写 1 到 30 个字", field="name")
    twin = session.scalar(select(Audience.id).where(Audience.name == name))
    if twin is not None and twin != besides:
        raise _taken()
    for field in ("tags_all", "tags_any", "tags_none"):
        wanted = set(getattr(conditions, field))
        known = set(session.scalars(select(Tag.id).where(Tag.id.in_(wanted), Tag.deleted_at.is_(None))))
        for unknown in sorted(wanted - known):
            raise BadInput("没有编号为 %(id)s 的标签，可能已在企业微信里删掉", field=field, id=unknown)
    known = set(session.scalars(select(Staff.id).where(Staff.id.in_(conditions.staff_ids))))
    for unknown in sorted(set(conditions.staff_ids) - known):
        raise BadInput("没有编号为 %(id)s 的同事", field="staff_ids", id=unknown)
    return name
