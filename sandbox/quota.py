"""How many mass messages one customer or one group may receive, and the other rules an admin sets."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.clock import SHANGHAI
from sandbox.corp import Corp

DEFAULTS: dict[str, Any] = {"quota": "month", "routing": "chosen", "dispatch_seconds": 3.0, "group_lag_seconds": 0.0}
A_WEEK, A_DAY = 7, 1


def rules(corp: Corp) -> dict[str, Any]:
    return {**DEFAULTS, **corp.state.setting("mass rules", {})}


def set_rules(corp: Corp, **given: Any) -> None:
    corp.state.set("mass rules", {**rules(corp), **given})


def received(corp: Corp, target: str) -> dict[str, Any]:
    """What a customer or group got in the day, week and month of now, in Shanghai."""
    today = _day(corp.clock.now())
    monday = today - timedelta(days=today.weekday())
    days = [_day(moment) for moment in corp.state.mass_tasks.received_by(target)]
    return {
        "target": target,
        "this_month": sum((day.year, day.month) == (today.year, today.month) for day in days),
        "limit": monthrange(today.year, today.month)[1],
        "today": days.count(today),
        "this_week": sum(monday <= day < monday + timedelta(days=7) for day in days),
    }


def is_used_up(corp: Corp, target: str) -> bool:
    if not corp.state.mass_tasks.received_by(target):
        return False
    mode, got = rules(corp)["quota"], received(corp, target)
    too_many = {"week": got["this_week"] >= A_WEEK, "day": got["today"] >= A_DAY}
    return got["this_month"] >= got["limit"] or bool(too_many.get(mode, False))


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, SHANGHAI).date()
