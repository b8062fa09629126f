"""Everything the first screen shows of one customer, read in a handful of statements."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from crm import coupons, customers, order_history, orders, touches
from crm.coupons import Given
from crm.customers import Carried, Follower
from crm.order_history import Bought
from crm.orders import Totals
from models.channel import Channel
from models.contact import Contact
from models.touch import Touch

LATEST_ORDERS = 10


@dataclass(frozen=True)
class HeldCoupon:
    """A copy the customer was given, and how sending it went."""

    given: Given
    touch: Touch | None
    state: str  # `crm.coupons.state`
    sending: str | None  # the last touch's state as it is true now; None when it was never sent

    @property
    def is_open(self) -> bool:
        return self.state in ("issued", "opened", "claimed")

    @property
    def shows_code(self) -> bool:
        """Once the customer has it; what a platform hands out has a code of the platform's."""
        return self.given.batch.tells_use and self.given.coupon.claimed_at is not None

    @property
    def may_be_sent_again(self) -> bool:
        return self.state == "issued" and self.sending in (None, "failed", "cancelled", "would_send", "held")


@dataclass(frozen=True)
class Card:
    contact: Contact
    followers: list[Follower]
    tags: list[Carried]
    totals: Totals
    in_all: int  # orders on record, whatever became of them
    usual_gap_days: int | None
    orders: list[Bought]
    coupons: list[HeldCoupon]

    @property
    def channel(self) -> Channel | None:
        return customers.came_by(self.followers)

    @property
    def known_since(self) -> datetime | None:
        return customers.known_since(self.followers)


def read(session: Session, contact: Contact, *, now: datetime) -> Card:
    customer_id = contact.customer_id
    return Card(
        contact=contact,
        followers=customers.followers(session, customer_id),
        tags=customers.tags(session, customer_id),
        totals=orders.totals(session, customer_id),
        in_all=order_history.in_all(session, customer_id),
        usual_gap_days=order_history.usual_gap_days(session, customer_id),
        orders=order_history.history(session, customer_id, limit=LATEST_ORDERS).orders,
        coupons=held(session, customer_id, now=now),
    )


def held(session: Session, customer_id: int, *, now: datetime) -> list[HeldCoupon]:
    """The coupons of a customer with how each was sent; two statements."""
    given = coupons.given(session, customer_id)
    latest = touches.latest_of_coupons(session, [one.coupon.id for one in given]) if given else {}
    made = []
    for one in given:
        touch = latest.get(one.coupon.id)
        sending = touches.shown_state(touch, now=now) if touch else None
        made.append(HeldCoupon(one, touch, coupons.state(one.coupon, now=now), sending))
    return made
