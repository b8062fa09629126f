"""Customer groups: who is in them, what their people do, what is said in them."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox import groups, join_ways
from sandbox.control.group_forms import ChangeForm, GroupForm, GroupLineForm, JoinForm, JoinScanForm, LeaveForm
from sandbox.control.lookups import find_customer, find_group, find_member, find_person, query_number
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.group_records import Group, GroupMessage
from sandbox.impossible import Impossible
from sandbox.people import make_customer

blueprint = Blueprint("groups", __name__)


@blueprint.get("/groups")
def list_groups() -> ResponseReturnValue:
    """`userid` or `external_userid` choose the groups somebody is in."""
    somebody, mine = request.args.get("userid") or request.args.get("external_userid"), corp()
    with mine.state.lock:
        found = [group for group in mine.state.groups if not somebody or group.member(somebody)]
        return {"groups": [_group_json(mine, group) for group in found]}


@blueprint.get("/groups/<chat_id>")
def group(chat_id: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.lock:
        return _detail(mine, find_group(mine, chat_id))


@blueprint.post("/groups")
def create() -> ResponseReturnValue:
    form, mine = read_form(GroupForm), corp()
    with mine.state.writing():
        owner = find_member(mine, form.owner)
        people = [find_person(mine, seat.userid, seat.external_userid) for seat in form.members]
        made = groups.create(mine, form.name, owner, [person for person in people if person is not owner])
        return _detail(mine, made), 201


@blueprint.post("/groups/<chat_id>/join")
def join(chat_id: str) -> ResponseReturnValue:
    form, mine = read_form(JoinForm), corp()
    with mine.state.writing():
        found = _open_group(mine, chat_id)
        person = find_person(mine, form.userid, form.external_userid)
        given = {"join_scene": form.join_scene, "invitor": form.invitor, "state": form.state, "at": form.join_time}
        groups.join(mine, found, person, **given)
        return _detail(mine, found)


@blueprint.post("/groups/scan")
def scan() -> ResponseReturnValue:
    """A customer scans the code of a join way."""
    form, mine = read_form(JoinScanForm), corp()
    with mine.state.writing():
        ways = [way for way in mine.state.join_ways if form.config_id == way.config_id or form.state == way.state]
        if not ways:
            raise Impossible("no_such_code", "no join way has this config_id or state", 404)
        known = form.external_userid
        customer = find_customer(mine, known) if known else make_customer(mine)
        found = join_ways.join_by_code(mine, ways[-1], customer)
        return {"external_userid": customer.external_userid, **_detail(mine, found)}


@blueprint.post("/groups/<chat_id>/leave")
def leave(chat_id: str) -> ResponseReturnValue:
    form, mine = read_form(LeaveForm), corp()
    with mine.state.writing():
        found = _open_group(mine, chat_id)
        groups.leave(mine, found, find_person(mine, form.userid, form.external_userid), form.quit_scene)
        return _detail(mine, found)


@blueprint.post("/groups/<chat_id>/change")
def change(chat_id: str) -> ResponseReturnValue:
    form, mine = read_form(ChangeForm), corp()
    with mine.state.writing():
        found = _open_group(mine, chat_id)
        owner = find_member(mine, form.owner) if form.owner else None
        groups.change(mine, found, name=form.name, owner=owner, notice=form.notice)
        return _detail(mine, found)


@blueprint.post("/groups/<chat_id>/dismiss")
def dismiss(chat_id: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.writing():
        found = _open_group(mine, chat_id)
        groups.dismiss(mine, found)
        return _detail(mine, found)


@blueprint.get("/group-messages")
def messages() -> ResponseReturnValue:
    chat_id, after, state = request.args.get("chat_id"), query_number("after", 0, 10**12), corp().state
    with state.lock:
        found = state.group_messages.of_group(chat_id) if chat_id else state.group_messages
        return {"messages": [_message_json(message) for message in found if message.id > after]}


@blueprint.post("/group-messages")
def say() -> ResponseReturnValue:
    form, mine = read_form(GroupLineForm), corp()
    with mine.state.writing():
        found = _open_group(mine, form.chat_id)
        person = find_person(mine, form.userid, form.external_userid)
        if found.member(form.userid or form.external_userid or "") is None:
            raise Impossible("not_in_group", f"{person.name} is not in the group")
        said = groups.say(mine, found, id_of(person), "text", {"content": form.text}, "chat")
        return {"id": said.id}, 201


def id_of(person: Any) -> str:
    return str(getattr(person, "external_userid", None) or person.userid)


def _open_group(mine: Corp, chat_id: str) -> Group:
    found = find_group(mine, chat_id)
    if found.dismissed:
        raise Impossible("dismissed", f"{chat_id} was dismissed")
    return found


def _group_json(mine: Corp, group: Group) -> dict[str, Any]:
    owner, said = mine.state.member(group.owner), mine.state.group_messages.of_group(group.chat_id)
    names = ("chat_id", "name", "owner", "create_time", "notice", "admins", "member_version", "dismissed")
    return {
        **{name: getattr(group, name) for name in names},
        "owner_name": owner.name if owner else group.owner,
        "members": len(group.members),
        "customers": sum(member["type"] == 2 for member in group.members),
        "last": _message_json(said[-1]) if said else None,
    }


def _detail(mine: Corp, group: Group) -> dict[str, Any]:
    return {**_group_json(mine, group), "member_list": [_seat_json(mine, member) for member in group.members]}


def _seat_json(mine: Corp, member: dict[str, Any]) -> dict[str, Any]:
    person = mine.state.member(member["id"]) or mine.state.customers.get(member["id"])
    return {**member, "name": person.name if person else "", "avatar": person.avatar if person else ""}


def _message_json(message: GroupMessage) -> dict[str, Any]:
    return dict(vars(message))
