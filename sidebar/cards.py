"""Everything the first screen shows of one customer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm import calendars, coupons, glances, suggestions, todos, touches
from crm.coupons import Given
from crm.glance_facts import Bill, Face, Mine, Who
from crm.suggestions import Facts, Suggestion
from models.staff import Staff
from models.touch import Touch

DAY = timedelta(days=1)


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
    """What the first paint holds."""

    contact: Face
    who: Who
    bill: Bill
    todos: list[Mine]  # this staff member's, due by tonight
    suggestion: Suggestion | None  # something to say, when no to-do is due
    days_to_birthday: int | None


def read(session: Session, staff: Staff, external_userid: str, *, latest: int, now: datetime, zone: ZoneInfo) -> Card:
    """One statement, however much there is."""
    contact, who, bill, mine = glances.look(session, staff, external_userid, latest=latest, now=now, zone=zone)
    tonight, left = tonight_of(now, zone), suggestions.days_to(who.birthday, now.astimezone(zone).date())
    due = [todo for todo in mine if todo.state == "open" and todo.due_at < tonight]
    called = who.remark or contact.name  # a text addresses them as this staff member calls them
    suggestion = None if due else suggestions.best(_facts(who, bill, left, now, zone), called)
    known = {todo.key for todo in mine}
    if suggestion and todos.suggestion_key(contact.identity_id, staff, suggestion.key) in known:
        suggestion = None
    return Card(contact, who, bill, due, suggestion, left)


def tonight_of(now: datetime, zone: ZoneInfo) -> datetime:
    """When the shop's day ends: what is due by then is today's."""
    return calendars.at_local(now.astimezone(zone).date() + DAY, "00:00", zone)


def _facts(who: Who, bill: Bill, days_to_birthday: int | None, now: datetime, zone: ZoneInfo) -> Facts:
    last = next((order for order in bill.orders if order.counts()), None)
    came = (last.received_at or last.completed_at) if last else None

    def days(moment: datetime | None) -> int | None:
        return (now.astimezone(zone).date() - moment.astimezone(zone).date()).days if moment else None

    return Facts(
        order_count=bill.totals.order_count,
        known_days=days(who.known_since),
        days_since_order=days(bill.totals.last_order_at),
        usual_gap_days=bill.usual_gap_days,
        last_product=last.lines[0].name if last and last.lines else "",
        last_order_id=last.id if last else None,
        received_days=days(came),
        days_to_birthday=days_to_birthday,
        year=now.astimezone(zone).year,
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
