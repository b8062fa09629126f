"""Makes tasks for members to send something; it never sends. Reminds them, and cancels."""

from collections import defaultdict
from typing import Any

from sandbox import mass
from sandbox.api.attachments import check_attachments, message_text
from sandbox.api.dispatch import Call, api
from sandbox.corp import Corp
from sandbox.directory import LEFT
from sandbox.errors import Refused
from sandbox.mass_records import MassMessage
from sandbox.quota import is_used_up
from sandbox.records import Member

MOST_CUSTOMERS, MOST_GROUPS, MOST_TAGS_A_GROUP = 10_000, 2_000, 100
REMINDERS, REMINDERS_WITHIN_SECONDS = 3, 86400.0


@api("externalcontact/add_msg_template", "POST", empty={"fail_list": [], "msgid": ""})
def add_msg_template(call: Call) -> dict[str, Any]:
    chat_type = call.optional_text("chat_type") or "single"
    if chat_type not in ("single", "group"):
        raise Refused(40058)
    call.flag("allow_select", False)
    sender = _sender(call, required=chat_type == "group")
    asked = _customers(call, sender) if chat_type == "single" else _groups(call, sender)
    text = message_text(call)
    attachments = call.body.get("attachments") or []
    check_attachments(call.corp, attachments)
    if not text and not attachments:
        raise Refused(40063)
    tasks, failed = _split(call.corp, chat_type, asked, sender)
    if not tasks or all(is_used_up(call.corp, target) for targets in tasks.values() for target in targets):
        raise Refused(41048)
    message = mass.create(call.corp, chat_type, tasks, text, attachments)
    return {"fail_list": failed, "msgid": message.msgid}


@api("externalcontact/remind_groupmsg_send", "POST")
def remind(call: Call) -> dict[str, Any]:
    message = open_message(call)
    now = call.corp.clock.now()
    lately = [moment for moment in message.reminded_at if now - moment < REMINDERS_WITHIN_SECONDS]
    if len(lately) >= REMINDERS:
        raise Refused(41094)
    message.reminded_at = [*message.reminded_at, now]
    call.corp.state.mass_messages.put(message)
    call.corp.note("api_mass_remind", "应用提醒员工发送群发", msgid=message.msgid)
    return {}


@api("externalcontact/cancel_groupmsg_send", "POST")
def cancel(call: Call) -> dict[str, Any]:
    message = open_message(call)
    message.cancelled_at = call.corp.clock.now()
    call.corp.state.mass_messages.put(message)
    call.corp.note("api_mass_cancel", "应用取消了群发", msgid=message.msgid)
    return {}


def open_message(call: Call) -> MassMessage:
    """A dispatched message that is not cancelled."""
    found = dispatched_message(call)
    if found.cancelled_at is not None:
        raise Refused(41093)
    return found


def dispatched_message(call: Call) -> MassMessage:
    """The message a body's `msgid` names. Raises 41046, 41047, or 41063 while it is being dispatched."""
    found = call.corp.state.mass_messages.get(call.text("msgid", missing=41046))
    if found is None:
        raise Refused(41047)
    if call.corp.clock.now() < found.dispatched_at:
        raise Refused(41063)
    return found


def _sender(call: Call, *, required: bool) -> Member | None:
    userid = call.optional_text("sender")
    if not userid:
        if required:
            raise Refused(40058)
        return None
    member = call.corp.state.member(userid)
    if member is None or member.status == LEFT:
        raise Refused(60111)
    if member.status != 1:
        raise Refused(41054)
    if not member.customer_contact:
        raise Refused(84074)
    return member


def _customers(call: Call, sender: Member | None) -> list[str]:
    """Those named, else those with the tags, else everybody whom the sender follows."""
    named = call.texts("external_userid")
    if len(named) > MOST_CUSTOMERS:
        raise Refused(40032)
    if named:
        return list(dict.fromkeys(named))
    wanted = _tag_filter(call)
    if sender is None and not wanted:
        raise Refused(40058)
    follows = call.corp.state.follows.of_member(sender.userid) if sender else call.corp.state.follows
    found = [
        follow.external_userid
        for follow in follows
        if follow.is_contact() and all(set(follow.tag_ids) & tags for tags in wanted)
    ]
    return list(dict.fromkeys(found))


def _tag_filter(call: Call) -> list[set[str]]:
    """One set a group: any of a set, all of the sets."""
    given = call.body.get("tag_filter") or {}
    groups = given.get("group_list", []) if isinstance(given, dict) else None
    lists = [group.get("tag_list") if isinstance(group, dict) else None for group in groups or []]
    for tags in lists:
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags) or len(tags) > MOST_TAGS_A_GROUP:
            raise Refused(40035)
        if any(call.corp.state.tags.get(tag) is None for tag in tags):
            raise Refused(40068)
    if groups is None or not isinstance(groups, list):
        raise Refused(40035)
    return [set(tags) for tags in lists if tags]


def _groups(call: Call, sender: Member | None) -> list[str]:
    named = call.texts("chat_id_list")
    if len(named) > MOST_GROUPS:
        raise Refused(40032)
    owned = call.corp.state.groups.owned_by(sender.userid) if sender else []
    return list(dict.fromkeys(named)) or [group.chat_id for group in owned]


def _split(
    corp: Corp, chat_type: str, asked: list[str], sender: Member | None
) -> tuple[dict[str, list[str]], list[str]]:
    """Who is sent to by whom, and who cannot be reached."""
    tasks: dict[str, list[str]] = defaultdict(list)
    failed = []
    owned = {group.chat_id for group in corp.state.groups.owned_by(sender.userid)} if sender else set()
    for target in asked:
        follows = mass.reachable_by(corp, target, sender) if chat_type == "single" else []
        if follows:
            tasks[mass.route(corp, follows, sender)].append(target)
        elif chat_type == "group" and sender and target in owned:
            tasks[sender.userid].append(target)
        else:
            failed.append(target)
    return dict(tasks), failed
