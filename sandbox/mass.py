"""Mass messages: who gets the task, and what comes of it once a member confirms."""

from typing import Any

from sandbox import groups, people
from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.mass_records import NOT_FRIEND, OVER_QUOTA, SENT, MassMessage, MassTask
from sandbox.quota import is_used_up, rules
from sandbox.records import Follow, Member

CORP_MADE, MEMBER_MADE = 0, 1


def serves(member: Member | None) -> bool:
    return member is not None and member.status == 1 and member.customer_contact


def reachable_by(corp: Corp, external_userid: str, sender: Member | None) -> list[Follow]:
    """The follows by which a customer can be sent to: the sender's, or those of everybody who serves."""
    found = [follow for follow in corp.state.follows.of_customer(external_userid) if follow.is_contact()]
    if sender is not None and not any(follow.userid == sender.userid for follow in found):
        return []
    return [follow for follow in found if serves(corp.state.member(follow.userid))]


def route(corp: Corp, follows: list[Follow], sender: Member | None) -> str:
    """Whose task a customer falls into: the chosen sender's, or that of who last talked with them."""
    chosen = sender.userid if sender else follows[0].userid
    if rules(corp)["routing"] == "chosen" and sender is not None:
        return chosen
    talks = [(corp.state.messages.last_talk(follow.userid, follow.external_userid), follow) for follow in follows]
    talked = [(moment, follow.userid) for moment, follow in talks if moment is not None]
    return max(talked)[1] if talked else chosen


def create(
    corp: Corp,
    chat_type: str,
    targets_of: dict[str, list[str]],
    text: str,
    attachments: list[dict[str, Any]],
    creator: Member | None = None,
    create_type: int = CORP_MADE,
) -> MassMessage:
    """The message and one task a sender; the members see it once it is dispatched, at once when a person made it."""
    now = corp.clock.now()
    message = MassMessage(
        msgid=corp.new_id("msg"),
        number=corp.state.next_number("mass message"),
        chat_type=chat_type,
        created_at=now,
        dispatched_at=now if creator else now + rules(corp)["dispatch_seconds"],
        creator=creator.userid if creator else None,
        create_type=create_type,
        text=text,
        attachments=attachments,
        senders=list(targets_of),
    )
    corp.state.mass_messages.put(message)
    for userid, targets in targets_of.items():
        corp.state.mass_tasks.put(MassTask(message.msgid, userid, targets))
    count = sum(len(targets) for targets in targets_of.values())
    who = f"{creator.name} " if creator else "应用"
    what = "个群" if chat_type == "group" else "位客户"
    corp.note(
        "api_mass_message" if creator is None else "mass_message", f"{who}建了群发，{count} {what}", msgid=message.msgid
    )
    return message


def confirm(corp: Corp, message: MassMessage, task: MassTask) -> dict[str, int]:
    """The member sends it. Everybody in the task gets it, is over the quota, or is no friend any more."""
    member, now = corp.state.member(task.userid), corp.clock.now()
    if member is None or not serves(member):
        raise Impossible("not_serving", f"{task.userid} serves no customers any more")
    if message.cancelled_at is not None:
        raise Impossible("cancelled", f"{message.msgid} was cancelled")
    if task.sent_at is not None:
        raise Impossible("sent_already", f"{task.userid} has sent {message.msgid}")
    if now < message.dispatched_at:
        raise Impossible("dispatching", f"{message.msgid} has not reached its members yet")
    lines = [("text", {"content": message.text})] if message.text else []
    lines += [(one["msgtype"], one[one["msgtype"]]) for one in message.attachments]
    deliver = _to_group if message.chat_type == "group" else _to_customer
    task.statuses = [deliver(corp, message.msgid, member, target, lines) for target in task.targets]
    task.sent_at = now
    corp.state.mass_tasks.put(task)
    counted = counts(task)
    corp.note(
        "mass_confirmed", f"{member.name} 发出群发，送达 {counted['sent']}", msgid=message.msgid, userid=member.userid
    )
    return counted


def counts(task: MassTask) -> dict[str, int]:
    names = {"sent": SENT, "not_friend": NOT_FRIEND, "quota": OVER_QUOTA}
    return {name: task.statuses.count(status) for name, status in names.items()}


Lines = list[tuple[str, dict[str, Any]]]


def _to_customer(corp: Corp, msgid: str, member: Member, target: str, lines: Lines) -> int:
    follow = corp.state.follow(member.userid, target)
    if follow is None or follow.relation != "mutual":
        return NOT_FRIEND
    if is_used_up(corp, target):
        return OVER_QUOTA
    for kind, content in lines:
        people.say(corp, follow, "staff", kind, content, "mass", msgid=msgid)
    return SENT


def _to_group(corp: Corp, msgid: str, member: Member, target: str, lines: Lines) -> int:
    group = corp.state.groups.get(target)
    if group is None or group.dismissed or group.owner != member.userid:
        return NOT_FRIEND
    if is_used_up(corp, target):
        return OVER_QUOTA
    for kind, content in lines:
        groups.say(corp, group, member.userid, kind, content, "mass", msgid=msgid)
    return SENT
