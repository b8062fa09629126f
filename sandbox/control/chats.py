"""Chats: what members and customers say to each other."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox import people
from sandbox.control.forms import MessageForm
from sandbox.control.lookups import find_customer, find_follow, find_member, query_number
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import Follow, Message

blueprint = Blueprint("chats", __name__)


@blueprint.post("/messages")
def say() -> ResponseReturnValue:
    form = read_form(MessageForm)
    with corp().state.writing():
        follow = find_follow(corp(), form)
        if follow.relation != "mutual":
            raise Impossible("not_contacts", "one of them deleted the other, or has not accepted yet")
        message = people.say(corp(), follow, form.from_, "text", {"content": form.text}, "chat")
        return {"id": message.id}, 201


@blueprint.get("/messages")
def messages() -> ResponseReturnValue:
    """Of one chat, of all chats of a customer, or of everybody."""
    userid, external_userid = request.args.get("userid", ""), request.args.get("external_userid", "")
    after, state = query_number("after", 0, 10**12), corp().state
    with state.lock:
        if external_userid:
            followers = [follow.userid for follow in state.follows.of_customer(external_userid)]
            chosen = [userid] if userid else followers
            found = [message for one in chosen for message in state.messages.of_chat(one, external_userid)]
            found.sort(key=lambda message: message.id)
        else:
            found = [message for message in state.messages if userid.lower() in ("", message.userid.lower())]
        return {"messages": [_message_json(message) for message in found if message.id > after]}


@blueprint.get("/conversations")
def conversations() -> ResponseReturnValue:
    wanted, limit, mine = request.args.get("q", ""), query_number("limit", 200, 10_000), corp()
    with mine.state.lock:
        member = find_member(mine, request.args.get("userid", ""))
        follows = [follow for follow in mine.state.follows.of_member(member.userid) if follow.is_contact()]
        found = [_conversation(mine, follow) for follow in follows]
    found = [one for one in found if wanted in one["name"] or wanted in one["remark"]]
    return {"conversations": sorted(found, key=lambda one: -one["at"])[:limit]}


def _message_json(message: Message) -> dict[str, Any]:
    names = ("id", "at", "kind", "content", "source", "userid", "external_userid", "msgid")
    return {**{name: getattr(message, name) for name in names}, "from": message.sender}


def _conversation(mine: Corp, follow: Follow) -> dict[str, Any]:
    """`unread` counts what the customer has said since the member last did."""
    customer = find_customer(mine, follow.external_userid)
    chat = mine.state.messages.of_chat(follow.userid, follow.external_userid)
    unread = next((n for n, message in enumerate(reversed(chat)) if message.sender == "staff"), len(chat))
    return {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "remark": follow.remark,
        "tag_ids": follow.tag_ids,
        "avatar": customer.avatar,
        "type": customer.type,
        "relation": follow.relation,
        "last": _message_json(chat[-1]) if chat else None,
        "at": chat[-1].at if chat else float(follow.createtime),
        "unread": unread,
    }
