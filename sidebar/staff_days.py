"""How fast one answers oneself: one's own days with customers."""

from datetime import timedelta

from flask import g
from flask.typing import ResponseReturnValue

from crm import staff_days
from runtime import runtime
from sidebar.door import blueprint, staff_only

LOOKED_BACK = timedelta(days=30)


@blueprint.get("/my-days")
@staff_only
def my_days() -> ResponseReturnValue:
    """`{days: [{on, chats, messages, gained, lost, reply_percent, first_reply_minutes}]}` of 30 days, newest first."""
    since = (runtime().now() - LOOKED_BACK).astimezone(staff_days.WECOM).date()
    with runtime().reading() as session:
        days = staff_days.of_staff(session, g.staff.id, since=since)
    names = ("chats", "messages", "gained", "lost", "reply_percent", "first_reply_minutes")
    return {"days": [{"on": day.on_day.isoformat(), **{name: getattr(day, name) for name in names}} for day in days]}
