"""The customer at a glance: who they are to this staff member, three figures and the last orders, in two statements."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager

from crm import customers, erased
from crm.errors import Refused
from crm.order_history import COUNTS, ENOUGH_FOR_A_RHYTHM, GAPS_LOOKED_AT, Bought
from crm.orders import Totals
from models.channel import Channel
from models.contact import Contact, Follow
from models.coupon import Coupon
from models.customer import Identity
from models.event import Behaviour
from models.note import Note, ProfileField
from models.order import Order, OrderLine
from models.platform import PlatformAccount
from models.quota import Quota
from models.shop import Shop
from models.staff import Staff
from models.tag import Tag, TagAssignment
from models.touch import Touch

BIRTHDAY = "birthday"
LATELY = timedelta(days=30)
LATE = timedelta(hours=1)


class Who(NamedTuple):
    """The contact in the chat and how much there is to see of them; the sections load what it is."""

    contact: Contact
    remark: str
    description: str
    known_since: datetime | None
    channel: str | None
    followers: int  # who follow them now, the viewer among them
    tag: str | None  # the first they carry
    tags: int
    coupons: int
    notes: int
    noted_at: datetime | None
    touches: int  # of the last 30 days
    taken: int  # of this month's quota
    views: int  # of the last 7 days
    birthday: str | None
    orders_until: datetime | None  # a platform that cannot be reached: its orders are known up to then


@dataclass(frozen=True)
class Bill:
    """What their orders add up to, and the last of them."""

    totals: Totals
    in_all: int
    usual_gap_days: int | None
    orders: list[Bought]


def who(session: Session, staff: Staff, external_userid: str, *, today: date, month: str, now: datetime) -> Who:
    """The contact in the open chat; `Refused` when this staff member does not follow them, or nobody has the id."""
    row = session.execute(_who(staff, external_userid, today, month, now)).one_or_none()
    if row is None:
        if erased.external_userids(session, [external_userid]):
            raise Refused("这位客户的资料已抹除。重新添加之后才会再认识")
        raise customers.not_yours()
    return Who(*row)


def _who(staff: Staff, external_userid: str, today: date, month: str, now: datetime) -> Select[Any]:
    face, theirs = aliased(Contact), aliased(Follow)
    follows = (
        select(theirs)
        .join(face, face.id == theirs.contact_id)
        .where(face.customer_id == Contact.customer_id, theirs.ended_at.is_(None))
        .correlate(Contact)
    )
    identities = select(Identity.id).where(Identity.customer_id == Contact.customer_id).correlate(Contact)
    carried = (
        select(Tag)
        .join(TagAssignment, TagAssignment.tag_id == Tag.id)
        .where(TagAssignment.customer_id == Contact.customer_id, Tag.deleted_at.is_(None))
        .correlate(Contact)
    )
    notes = select(Note).where(
        Note.identity_id.in_(identities), Note.deleted_at.is_(None), or_(~Note.is_private, Note.staff_id == staff.id)
    )
    touched = select(func.count()).where(Touch.customer_id == Contact.customer_id, Touch.created_at >= now - LATELY)
    viewed = select(func.coalesce(func.sum(Behaviour.views), 0)).where(
        Behaviour.identity_id.in_(identities), Behaviour.on_day > today - timedelta(days=7), Behaviour.sku != ""
    )
    taken = select(Quota.reserved + Quota.used + Quota.others).where(
        Quota.target == Contact.external_userid, Quota.month == month
    )
    return (
        select(
            Contact,
            Follow.remark,
            Follow.description,
            follows.with_only_columns(func.min(theirs.followed_at, type_=theirs.followed_at.type)).scalar_subquery(),
            follows.join(Channel, Channel.id == theirs.channel_id)
            .with_only_columns(Channel.name)
            .order_by(theirs.followed_at, theirs.id)
            .limit(1)
            .scalar_subquery(),
            follows.with_only_columns(func.count()).scalar_subquery(),
            carried.with_only_columns(Tag.name)
            .order_by(Tag.group_name, Tag.position, Tag.id)
            .limit(1)
            .scalar_subquery(),
            carried.with_only_columns(func.count(Tag.id.distinct())).scalar_subquery(),
            select(func.count()).where(Coupon.customer_id == Contact.customer_id).correlate(Contact).scalar_subquery(),
            notes.with_only_columns(func.count()).scalar_subquery(),
            notes.with_only_columns(func.max(Note.created_at, type_=Note.created_at.type)).scalar_subquery(),
            touched.correlate(Contact).scalar_subquery(),
            func.coalesce(taken.correlate(Contact).scalar_subquery(), 0),
            viewed.scalar_subquery(),
            select(func.max(ProfileField.value))
            .where(ProfileField.identity_id.in_(identities), ProfileField.name == BIRTHDAY)
            .scalar_subquery(),
            select(func.min(PlatformAccount.pulled_until, type_=PlatformAccount.pulled_until.type))
            .where(PlatformAccount.next_pull_at.is_not(None), PlatformAccount.tries > 0)
            .where(PlatformAccount.pulled_until < now - LATE)
            .scalar_subquery(),
        )
        .join(Follow, Follow.contact_id == Contact.id)
        .where(Contact.external_userid == external_userid, Follow.staff_id == staff.id, Follow.ended_at.is_(None))
    )


def bill(session: Session, customer_id: int, *, latest: int) -> Bill:
    """Figures over every order, by the definitions of `orders.totals`, and the newest of them with their lines."""
    spend = case((and_(Order.paid_at.is_not(None), Order.status != "cancelled"), Order.paid_fen - Order.refunded_fen))
    newest = (Order.ordered_at.desc(), Order.id.desc())
    ranked = (
        select(
            Order.id,
            Order.ordered_at,
            func.row_number().over(order_by=newest).label("place"),
            case((COUNTS, 1), else_=0).label("counts"),
            func.count().over().label("in_all"),
            func.coalesce(func.sum(spend).over(), 0).label("spend_fen"),
            func.count(case((spend > 0, 1))).over().label("order_count"),
            func.max(case((spend > 0, Order.paid_at)), type_=Order.paid_at.type).over().label("last_order_at"),
        )
        .where(Order.customer_id == customer_id)
        .subquery()
    )
    rows = (
        session.execute(
            select(Order, Shop, ranked)
            .select_from(ranked)
            .outerjoin(Order, and_(Order.id == ranked.c.id, ranked.c.place <= latest))
            .outerjoin(Shop, Shop.id == Order.shop_id)
            .outerjoin(OrderLine, OrderLine.order_id == Order.id)
            .where(ranked.c.place <= GAPS_LOOKED_AT + 1)
            .options(contains_eager(Order.lines))
            .order_by(ranked.c.place, OrderLine.position)
        )
        .unique()
        .all()
    )
    if not rows:
        return Bill(Totals(0, 0, None), 0, None, [])
    first = rows[0]
    return Bill(
        Totals(int(first.spend_fen), first.order_count, first.last_order_at),
        first.in_all,
        _gap([row.ordered_at for row in rows if row.counts]),
        [Bought(row.Order, row.Shop) for row in rows if row.Order is not None],
    )


def _gap(moments: list[datetime]) -> int | None:
    """The median number of days between one order and the next; None with too few orders to say."""
    if len(moments) < ENOUGH_FOR_A_RHYTHM:
        return None
    return round(median((later - earlier) / timedelta(days=1) for later, earlier in pairwise(moments)))
