"""What the app sends to staff: to those who can be reached, and beyond a limit silently to nobody."""

import json
from typing import Any

from sandbox.api.content import check_content
from sandbox.api.dispatch import Call, api
from sandbox.api.staff import tree
from sandbox.app_records import AppMessage
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Member

MOST_MEMBERS, MOST_PARTIES = 1000, 100
PER_MEMBER = ((60.0, 30), (3600.0, 1000))
LONGEST_CHECK_SECONDS = 4 * 3600
INTERACTIVE = ("button_interaction",)


@api("message/send", "POST")
def send(call: Call) -> dict[str, Any]:
    corp, agent_id = call.corp, call.body.get("agentid")
    if isinstance(agent_id, bool) or str(agent_id) != str(corp.credentials.agent_id):
        raise Refused(301002)
    members, answer = _receivers(call)
    kind = call.text("msgtype", missing=40008)
    content = check_content(corp, kind, call.body.get(kind), to_staff=True)
    interval = call.number("duplicate_check_interval", 1800, 1, LONGEST_CHECK_SECONDS)
    checked = call.number("enable_duplicate_check", 0, 0, 1) == 1
    msgid = corp.new_id("app", 44)
    interactive = content.get("card_type") in INTERACTIVE
    response_code = corp.new_id("rc", 72) if interactive else ""
    for member in members:
        if not (checked and _was_sent(corp, member, kind, content, interval)):
            _deliver(corp, member, kind, content, msgid, response_code)
    return {**answer, "msgid": msgid, **({"response_code": response_code} if interactive else {})}


def _receivers(call: Call) -> tuple[list[Member], dict[str, str]]:
    """Whom it reaches, and what the answer says of the others, folded. Raises 82001, 40032, 81012 or 81013."""
    users, parties, tags = (_named(call, name) for name in ("touser", "toparty", "totag"))
    if not (users or parties or tags):
        raise Refused(82001)
    if len(users) > MOST_MEMBERS or len(parties) > MOST_PARTIES or len(tags) > MOST_PARTIES:
        raise Refused(40032)
    corp = call.corp
    everybody = {member.key: member for member in corp.state.members if member.status == 1}
    found = dict(everybody) if users == ["@all"] else {u: everybody[u] for u in users if u in everybody}
    wrong = {
        "invaliduser": [user for user in users if user not in everybody and user != "@all"],
        "invalidparty": [party for party in parties if corp.state.departments.get(party) is None],
        "invalidtag": tags,  # there are no tags of staff here
    }
    for party in parties:
        top = corp.state.departments.get(party)
        below = {one.id for one in tree(corp, top)} if top else set()
        found |= {key: member for key, member in everybody.items() if below & set(member.department)}
    wrong["unlicenseduser"] = [member.key for member in found.values() if not member.licensed]
    reached = [member for member in found.values() if member.licensed]
    if not reached:
        raise Refused(81013 if any(wrong.values()) else 81012)
    return reached, {name: "|".join(ids) for name, ids in wrong.items() if ids}


def _named(call: Call, name: str) -> list[str]:
    given = call.optional_text(name) or ""
    return list(dict.fromkeys(one.strip().lower() for one in given.split("|") if one.strip()))


def _deliver(corp: Corp, member: Member, kind: str, content: dict[str, Any], msgid: str, response_code: str) -> None:
    now = corp.clock.now()
    got = [message.at for message in corp.state.app_messages.of_member(member.userid) if not message.dropped]
    dropped = any(sum(now - at < window for at in got[-most:]) >= most for window, most in PER_MEMBER)
    number = corp.state.next_number("app message")
    made = AppMessage(number, now, member.userid, kind, content, msgid, dropped, response_code)
    corp.state.app_messages.put(made)


def _was_sent(corp: Corp, member: Member, kind: str, content: dict[str, Any], interval: int) -> bool:
    shown, since = json.dumps(content, sort_keys=True), corp.clock.now() - interval
    return any(
        message.at > since and message.msgtype == kind and json.dumps(message.content, sort_keys=True) == shown
        for message in corp.state.app_messages.of_member(member.userid)
    )
