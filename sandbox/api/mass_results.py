"""What became of mass messages: the list of them, the task of each member, the result of each recipient."""

from typing import Any

from sandbox.api.dispatch import Call, api
from sandbox.api.mass import dispatched_message
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.errors import Refused
from sandbox.mass_records import NOT_SENT, SENT, MassMessage, MassTask

LONGEST_SPAN_SECONDS = 31 * 86400
BY_CORP, BY_MEMBER, BY_BOTH = 0, 1, 2
TASK_NOT_SENT, TASK_SENT = 0, 2


@api("externalcontact/get_groupmsg_list_v2", "POST", empty={"group_msg_list": []})
def list_messages(call: Call) -> dict[str, Any]:
    """Oldest first. A page starts behind the last message of the one before, so a new one shifts nothing."""
    chat_type = call.optional_text("chat_type") or "single"
    begin, end = call.number("start_time", -1), call.number("end_time", -1)
    if chat_type not in ("single", "group") or not begin <= end <= begin + LONGEST_SPAN_SECONDS:
        raise Refused(40058)
    kind, creator = call.number("filter_type", BY_BOTH, 0, 2), call.optional_text("creator") or ""
    limit = call.number("limit", 50, 1, 100)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    now = call.corp.clock.now()
    rows = [
        message
        for message in call.corp.state.mass_messages
        if message.number > after
        and message.chat_type == chat_type
        and begin <= int(message.created_at) <= end
        and message.dispatched_at <= now
        and kind in (BY_BOTH, message.create_type)
        and (not creator or (message.creator or "").lower() == creator.lower())
    ]
    page = rows[:limit]
    following = write_cursor(page[-1].number) if len(rows) > limit else ""
    return {"group_msg_list": [_message(message) for message in page], "next_cursor": following}


@api("externalcontact/get_groupmsg_task", "POST", empty={"task_list": []})
def list_tasks(call: Call) -> dict[str, Any]:
    message, limit = dispatched_message(call), call.number("limit", 500, 1, 1000)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    tasks = call.corp.state.mass_tasks.of_message(message.msgid)
    following = write_cursor(after + limit) if len(tasks) > after + limit else ""
    return {"task_list": [_task(task) for task in tasks[after : after + limit]], "next_cursor": following}


@api("externalcontact/get_groupmsg_send_result", "POST", empty={"send_list": []})
def list_results(call: Call) -> dict[str, Any]:
    message, limit = dispatched_message(call), call.number("limit", 500, 1, 1000)
    member = call.corp.state.member(call.text("userid", missing=40003))
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    if member is None:
        raise Refused(60111)
    task = call.corp.state.mass_task(message.msgid, member.userid)
    rows = _results(message, task) if task else []
    following = write_cursor(after + limit) if len(rows) > after + limit else ""
    return {"send_list": rows[after : after + limit], "next_cursor": following}


def _message(message: MassMessage) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "msgid": message.msgid,
        "create_time": int(message.created_at),
        "create_type": message.create_type,
        "attachments": message.attachments,
    }
    if message.creator:
        shown["creator"] = message.creator
    if message.text:
        shown["text"] = {"content": message.text}
    return shown


def _task(task: MassTask) -> dict[str, Any]:
    if task.sent_at is None:
        return {"userid": task.userid, "status": TASK_NOT_SENT}
    return {"userid": task.userid, "status": TASK_SENT, "send_time": int(task.sent_at)}


def _results(message: MassMessage, task: MassTask) -> list[dict[str, Any]]:
    """Every customer of a task; of the groups only those that got it."""
    name = "chat_id" if message.chat_type == "group" else "external_userid"
    statuses = task.statuses or [NOT_SENT] * len(task.targets)
    return [
        {name: target, "userid": task.userid, "status": status}
        | ({"send_time": int(task.sent_at)} if status == SENT and task.sent_at is not None else {})
        for target, status in zip(task.targets, statuses, strict=True)
        if message.chat_type == "single" or status == SENT
    ]
