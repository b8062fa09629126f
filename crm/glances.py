"""The customer at a glance: who they are to this staff member, three figures and the last orders, in one statement.

`look` is the first paint of the page, `tell` all there is, for the JSON; `crm.glance_columns` has what they ask for.
"""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from crm import calendars, customers, erased
from crm.errors import Refused
from crm.glance_columns import statement
from crm.glance_facts import Bill, Bought, Face, Glance, Held, Line, Mine, Sending, Told, Who
from crm.order_history import ENOUGH_FOR_A_RHYTHM
from crm.orders import Totals
from models.bulk import stored
from models.staff import Staff

BIRTHDAY = "birthday"
WEEK, LATELY, LATE = timedelta(days=7), timedelta(days=30), timedelta(hours=1)
LOOKED_AT = (*Face._fields, *Who._fields, "figures", "moments", "orders", "pictures", "mine")
MOMENTS = {"known_since", "noted_at", "orders_until"}


def look(session: Session, staff: Staff, external_userid: str, *, latest: int, now: datetime, zone: ZoneInfo) -> Glance:
    """The first paint; `Refused` when this staff member does not follow them, or nobody has the id."""
    row = _asked(session, LOOKED_AT, staff, external_userid, latest, now, zone)
    facts = dict(row._mapping)
    who: dict[str, Any] = {name: _moment(facts[name]) if name in MOMENTS else facts[name] for name in Who._fields}
    face: dict[str, Any] = {name: facts[name] for name in Face._fields}
    return Glance(Face(**face), Who(**who), _bill(row), [_mine(one) for one in json.loads(row.mine)])


def tell(session: Session, staff: Staff, external_userid: str, *, latest: int, now: datetime, zone: ZoneInfo) -> Told:
    """Everything the card and its sections hold; refuses as `look` does."""
    return Told._make(_asked(session, Told._fields, staff, external_userid, latest, now, zone))


def _asked(
    session: Session,
    names: tuple[str, ...],
    staff: Staff,
    external_userid: str,
    latest: int,
    now: datetime,
    zone: ZoneInfo,
) -> Row[Any]:
    connection = session.connection()
    dialect, week_ago = connection.dialect.name, now.astimezone(zone).date() - WEEK
    given = {
        "external_userid": external_userid,
        "staff": staff.id,
        "latest": latest,
        "month": calendars.month_of(now, zone),
        "week_ago": week_ago.isoformat() if dialect == "sqlite" else week_ago,
        "lately": stored(now - LATELY, dialect),
        "late": stored(now - LATE, dialect),
    }
    row = connection.execute(statement(dialect, names), given).one_or_none()
    if row is None:
        if erased.external_userids(session, [external_userid]):
            raise Refused("这位客户的资料已抹除。重新添加之后才会再认识")
        raise customers.not_yours()
    return row


def held(told: Told) -> list[Held]:
    """The newest first."""
    return [_held(**one) for one in json.loads(told.held)]


def due(told: Told, *, by: datetime) -> list[dict[str, Any]]:
    """This staff member's open to-dos due before that moment, the first due first."""
    mine = [todo for todo in json.loads(told.mine) if todo["state"] == "open"]
    return [_without_key(**todo) for todo in mine if datetime.fromisoformat(todo["due_at"]) < by]


def _without_key(*, key: str, **facts: Any) -> dict[str, Any]:
    return facts


def _held(*, expires_at: str, sending: str | None, tried_at: str | None, **facts: Any) -> Held:
    touch = Sending(sending, _moment(tried_at)) if sending else None
    return Held(**facts, expires_at=datetime.fromisoformat(expires_at), touch=touch)


def _totals(figures: dict[str, Any]) -> Totals:
    return Totals(figures["spend_fen"], figures["order_count"], _moment(figures["last_order_at"]))


def usual_gap_days(moments: str) -> int | None:
    """The median number of days between one order and the next; None with too few orders to say."""
    newest_first = [datetime.fromisoformat(each) for each in json.loads(moments)]
    if len(newest_first) < ENOUGH_FOR_A_RHYTHM:
        return None
    return round(median((later - earlier) / timedelta(days=1) for later, earlier in pairwise(newest_first)))


def _bill(row: Row[Any]) -> Bill:
    figures = json.loads(row.figures)
    both = zip(json.loads(row.orders), json.loads(row.pictures), strict=True)
    orders = [_bought(order, picture) for order, picture in both]
    return Bill(_totals(figures), figures["in_all"], usual_gap_days(row.moments), orders)


def _bought(order: dict[str, Any], picture: str | None) -> Bought:
    moments = {name: _moment(order[name]) for name in ("ordered_at", "paid_at", "received_at", "completed_at")}
    facts = {name: order[name] for name in ("id", "status", "paid_fen", "refunded_fen", "shop")}
    lines = [Line(line["name"], line["quantity"]) for line in order["lines"]]
    return Bought(**facts, **moments, lines=lines, picture=picture)  # type: ignore[arg-type]


def _mine(todo: dict[str, Any]) -> Mine:
    return Mine(**{name: todo[name] for name in Mine._fields[:-1]}, due_at=datetime.fromisoformat(todo["due_at"]))


def _moment(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None
