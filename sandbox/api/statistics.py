"""What members did with their customers, by day (联系客户统计)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.api.dispatch import Call, api
from sandbox.api.staff import tree
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Message

ZONE = ZoneInfo("Asia/Shanghai")
MOST_ASKED, LONGEST_SPAN, OLDEST = 100, timedelta(days=30), timedelta(days=180)
OWN_WORDS = ("chat", "sidebar")  # what arrives in masses and welcomes is not said by hand


@api("externalcontact/get_user_behavior_data", "POST", empty={"behavior_data": []})
def get_user_behavior_data(call: Call) -> dict[str, Any]:
    """Several members are summed; today is not counted yet, and a day without anything is a row of zeros."""
    members = _asked(call)
    first, last = _days(call)
    messages = [message for message in call.corp.state.messages if message.userid.lower() in members]
    by_day: dict[date, list[Message]] = defaultdict(list)
    for message in messages:
        if message.source in OWN_WORDS:
            by_day[_day(message.at)].append(message)
    rows = [_row(call.corp, members, day, by_day[day]) for day in _each(first, last)]
    return {"behavior_data": rows}


def _asked(call: Call) -> set[str]:
    """Lower-case userids of the members asked for, by name or by department."""
    corp, userids, parties = call.corp, call.texts("userid"), call.body.get("partyid") or []
    if not isinstance(parties, list) or not all(type(one) is int for one in parties):
        raise Refused(40035)
    if not userids and not parties:
        raise Refused(40058)
    if len(userids) > MOST_ASKED or len(parties) > MOST_ASKED:
        raise Refused(40032)
    found = set()
    for userid in userids:
        member = corp.state.member(userid)
        if member is None:
            raise Refused(60111)
        if not member.visible:
            raise Refused(60011)
        found.add(member.userid.lower())
    tops = [corp.state.departments.get(str(number)) for number in parties]
    if None in tops:
        raise Refused(60003)
    wanted = {one.id for top in tops if top for one in tree(corp, top)}
    found |= {member.userid.lower() for member in corp.state.members if wanted & set(member.department)}
    return found


def _days(call: Call) -> tuple[date, date]:
    """The first and the last day asked for, both counted."""
    start, end = call.number("start_time", -1), call.number("end_time", -1)
    now = call.corp.clock.now()
    first, last, today = _day(start), _day(end), _day(now)
    if end < start or last - first >= LONGEST_SPAN or first < today - OLDEST:
        raise Refused(40058)
    return first, min(last, today - timedelta(days=1))


def _each(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _row(corp: Corp, members: set[str], day: date, said: list[Message]) -> dict[str, Any]:
    chats: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in said:
        chats[message.userid.lower(), message.external_userid].append(message)
    by_staff = [message for message in said if message.sender == "staff"]
    begun = [found for chat in chats.values() if (found := _first_reply(chat)) is not None]
    waits = [seconds for seconds in begun if seconds >= 0]
    news = [
        follow for follow in corp.state.follows if follow.userid.lower() in members and _day(follow.createtime) == day
    ]
    row: dict[str, Any] = {
        "stat_time": int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()),
        "chat_cnt": len({(message.userid.lower(), message.external_userid) for message in by_staff}),
        "message_cnt": len(by_staff),
        "negative_feedback_cnt": sum(_day(event.at) == day for event in _lost(corp, members)),
        "new_apply_cnt": sum(follow.oper_userid.lower() in members for follow in news),
        "new_contact_cnt": sum(follow.relation != "half" for follow in news),
    }
    if begun:
        row["reply_percentage"] = round(100 * len(waits) / len(begun), 2)
        row["avg_reply_time"] = round(sum(waits) / len(waits) / 60) if waits else 0
    return row


def _first_reply(chat: list[Message]) -> float | None:
    """Seconds from the customer's first words of the day to the answer; -1 without one, None when staff began."""
    if chat[0].sender == "staff":
        return None
    return next((message.at - chat[0].at for message in chat if message.sender == "staff"), -1)


def _lost(corp: Corp, members: set[str]) -> Iterator[Any]:
    for event in corp.state.events:
        if event.kind == "del_follow_user" and str(event.detail.get("userid", "")).lower() in members:
            yield event


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, ZONE).date()
