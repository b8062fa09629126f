"""What is known of a customer at a glance, as plain values: no records, nothing that could be written."""

from datetime import datetime
from typing import NamedTuple

from crm.orders import Totals


class Face(NamedTuple):
    """The contact in the chat."""

    identity_id: int
    customer_id: int
    external_userid: str
    name: str
    avatar: str
    gender: int
    kind: int
    corp_name: str
    unionid: str | None
    known_at: str | None  # None until WeCom has told us who it is


class Who(NamedTuple):
    """What they are to this staff member and how much there is to see; the sections load what it is."""

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


class Line(NamedTuple):
    name: str
    quantity: int


class Bought(NamedTuple):
    """One order as the first paint shows it."""

    id: int
    status: str
    paid_fen: int
    refunded_fen: int
    shop: str
    ordered_at: datetime
    paid_at: datetime | None
    received_at: datetime | None
    completed_at: datetime | None
    lines: list[Line]
    picture: str | None  # of the first product, where its shop sent one

    def counts(self) -> bool:
        """Whether it adds to spend: paid and not cancelled."""
        return self.paid_at is not None and self.status != "cancelled"


class Bill(NamedTuple):
    """What their orders add up to, and the last of them."""

    totals: Totals
    in_all: int
    usual_gap_days: int | None
    orders: list[Bought]


class Mine(NamedTuple):
    """A to-do of this staff member's with them: an open one, or a suggestion they acted upon."""

    id: int
    key: str
    kind: str
    title: str
    text: str
    state: str
    due_at: datetime


class Glance(NamedTuple):
    contact: Face
    who: Who
    bill: Bill
    mine: list[Mine]


class Told(NamedTuple):
    """What there is to tell of a customer; lists are JSON as the database wrote it, moments RFC 3339."""

    customer_id: int
    external_userid: str
    name: str
    avatar: str
    gender: int
    kind: int
    known_at: str | None
    known_since: str | None
    birthday: str | None
    orders_until: str | None
    taken: int
    figures: str
    moments: str
    orders: str
    mine: str
    follows: str
    came_by: str | None
    carried: str
    held: str


class Sending(NamedTuple):
    """The last touch that carried a coupon."""

    state: str
    tried_at: datetime | None


class Held(NamedTuple):
    """A copy of a coupon the customer was given, and how sending it went."""

    id: int
    batch: str
    kind: str
    source: str
    staff: str | None
    value_fen: int
    threshold_fen: int
    code: str
    issued_at: str
    expires_at: datetime
    opened_at: str | None
    claimed_at: str | None
    used_at: str | None
    revoked_at: str | None
    touch: Sending | None
