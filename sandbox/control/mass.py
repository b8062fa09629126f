"""The group-send assistant: what members are asked to send, and what they send by themselves."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox import mass, quota
from sandbox.control.group_forms import ConfirmForm, MassForm, RulesForm
from sandbox.control.lookups import find_customer, find_group, find_member, query_number
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.mass_records import SENT, MassMessage, MassTask

blueprint = Blueprint("mass", __name__)


@blueprint.get("/mass-messages")
def list_messages() -> ResponseReturnValue:
    userid, chat_type = request.args.get("userid", "").lower(), request.args.get("chat_type")
    after, mine = query_number("after", 0, 10**12), corp()
    with mine.state.lock:
        found = [
            message
            for message in mine.state.mass_messages
            if message.number > after
            and chat_type in (None, message.chat_type)
            and (not userid or userid in [sender.lower() for sender in message.senders])
        ]
        return {"mass_messages": [_message_json(mine, message) for message in found]}


@blueprint.get("/mass-messages/<msgid>")
def message(msgid: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.lock:
        found = _find(mine, msgid)
        tasks = mine.state.mass_tasks.of_message(msgid)
        rows = [{**_task_json(found, task), "recipients": _recipients(mine, task)} for task in tasks]
        return {**_message_json(mine, found), "tasks": rows}


@blueprint.post("/mass-messages/confirm")
def confirm() -> ResponseReturnValue:
    form, mine = read_form(ConfirmForm), corp()
    with mine.state.writing():
        found = _find(mine, form.msgid)
        task = mine.state.mass_task(found.msgid, form.userid)
        if task is None:
            raise Impossible("not_theirs", f"{form.userid} has no part in {form.msgid}")
        return {**mass.confirm(mine, found, task)}


@blueprint.post("/mass-messages")
def send() -> ResponseReturnValue:
    form, mine = read_form(MassForm), corp()
    with mine.state.writing():
        member = find_member(mine, form.userid)
        if not mass.serves(member):
            raise Impossible("not_serving", f"{member.userid} serves no customers")
        customers = [find_customer(mine, one).external_userid for one in form.external_userids]
        targets = list(dict.fromkeys(customers or [find_group(mine, one).chat_id for one in form.chat_ids]))
        chat_type = "group" if form.chat_ids else "single"
        admin = find_member(mine, form.creator) if form.creator else None
        kind = mass.CORP_MADE if admin else mass.MEMBER_MADE
        made = mass.create(mine, chat_type, {member.userid: targets}, form.text, [], admin or member, kind)
        if admin:  # the member has yet to confirm
            return {"msgid": made.msgid, "sent": 0, "not_friend": 0, "quota": 0}, 201
        (task,) = mine.state.mass_tasks.of_message(made.msgid)
        return {"msgid": made.msgid, **mass.confirm(mine, made, task)}, 201


@blueprint.get("/mass-rules")
def rules() -> ResponseReturnValue:
    return quota.rules(corp())


@blueprint.put("/mass-rules")
def set_rules() -> ResponseReturnValue:
    form, mine = read_form(RulesForm), corp()
    with mine.state.writing():
        quota.set_rules(mine, **form.model_dump(exclude_none=True))
        return quota.rules(mine)


@blueprint.get("/quota")
def received() -> ResponseReturnValue:
    target, mine = request.args.get("target", ""), corp()
    with mine.state.lock:
        if mine.state.customers.get(target) is None and mine.state.groups.get(target) is None:
            raise Impossible("no_such_target", f"no customer and no group is {target!r}", 404)
        return quota.received(mine, target)


def _find(mine: Corp, msgid: str) -> MassMessage:
    found = mine.state.mass_messages.get(msgid)
    if found is None:
        raise Impossible("no_such_message", f"no mass message is {msgid!r}", 404)
    return found


def _message_json(mine: Corp, message: MassMessage) -> dict[str, Any]:
    names = ("msgid", "chat_type", "created_at", "dispatched_at", "creator", "create_type", "text", "attachments")
    tasks = mine.state.mass_tasks.of_message(message.msgid)
    return {
        "id": message.number,
        **{name: getattr(message, name) for name in names},
        "cancelled": message.cancelled_at is not None,
        "tasks": [_task_json(message, task) for task in tasks],
    }


def _task_json(message: MassMessage, task: MassTask) -> dict[str, Any]:
    return {
        "userid": task.userid,
        "status": 0 if task.sent_at is None else 2,
        "send_time": task.sent_at,
        "recipients": len(task.targets),
        **mass.counts(task),
        "reminded": sum(task.sent_at is None or moment < task.sent_at for moment in message.reminded_at),
    }


def _recipients(mine: Corp, task: MassTask) -> list[dict[str, Any]]:
    rows = []
    for place, target in enumerate(task.targets):
        named = mine.state.customers.get(target) or mine.state.groups.get(target)
        status = task.status_of(place)
        sent_at = task.sent_at if status == SENT else None
        rows.append({"target": target, "name": named.name if named else "", "status": status, "send_time": sent_at})
    return rows
