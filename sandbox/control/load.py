"""Loads a whole corp at once, without a single callback; all of it or nothing."""

from collections.abc import Iterable

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox import corp_tags, groups, people
from sandbox.control.load_forms import FollowForm, LoadedGroup, LoadedMessage, LoadForm
from sandbox.control.lookups import find_group, find_member, find_person
from sandbox.control.reading import read_form
from sandbox.control.robots import make_robot
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import ContactWay, Department, Follow, Member, Tag, follow_key

blueprint = Blueprint("load", __name__)


@blueprint.post("/load")
def load() -> ResponseReturnValue:
    form = read_form(LoadForm)
    mine = corp()
    with mine.state.writing():
        _refuse_loose_ends(mine, form)
        _load(mine, form)
    return {"loaded": {kind: len(getattr(form, kind)) for kind in LoadForm.model_fields}}


def _refuse_loose_ends(mine: Corp, form: LoadForm) -> None:
    """Everything named must be there or be loaded with it. Raises `Impossible`."""
    state = mine.state
    staff = {member.userid.lower() for member in form.staff} | {member.key for member in state.members}
    given = [customer.external_userid for customer in form.customers if customer.external_userid]
    known = set(given) | {customer.external_userid for customer in state.customers}
    pairs = {follow_key(follow.userid, follow.external_userid) for follow in form.follows}
    _no_twice("userid", [member.userid.lower() for member in form.staff], [member.key for member in state.members])
    _no_twice("external_userid", given, [customer.external_userid for customer in state.customers])
    _no_twice("follow", [follow_key(f.userid, f.external_userid) for f in form.follows], [f.key for f in state.follows])
    _all_known("userid", (follow.userid.lower() for follow in form.follows), staff)
    _all_known("userid", (userid.lower() for way in form.contact_ways for userid in way.user), staff)
    _all_known("external_userid", (follow.external_userid for follow in form.follows), known)
    chats = (follow_key(message.userid, message.external_userid) for message in form.messages)
    _all_known("follow", chats, pairs | {follow.key for follow in state.follows})
    _refuse_loose_groups(mine, form, staff, known)


def _refuse_loose_groups(mine: Corp, form: LoadForm, staff: set[str], customers: set[str]) -> None:
    seats = [seat for group in form.groups for seat in group.members]
    named = [seat.userid or seat.invitor or "" for seat in seats]
    named += [userid for group in form.groups for userid in (group.owner, *group.admins)]
    _all_known("userid", (userid.lower() for userid in named if userid), staff)
    _all_known("external_userid", (seat.external_userid for seat in seats if seat.external_userid), customers)
    _no_twice("group", [group.chat_id for group in form.groups if group.chat_id], [g.key for g in mine.state.groups])
    _no_twice("robot", [robot.key for robot in form.robots if robot.key], [one.key for one in mine.state.robots])
    chats = {group.chat_id for group in form.groups} | {group.chat_id for group in mine.state.groups}
    _all_known("group", (line.chat_id for line in form.group_messages), {chat for chat in chats if chat})
    for group in form.groups:
        _no_twice("group member", [(seat.userid or seat.external_userid or "").lower() for seat in group.members], [])


def _no_twice(kind: str, new: list[str], old: list[str]) -> None:
    seen = set(old)
    for value in new:
        if value in seen:
            raise Impossible("loaded_twice", f"{kind} {value} is there already")
        seen.add(value)


def _all_known(kind: str, used: Iterable[str], known: set[str]) -> None:
    for value in used:
        if value not in known:
            raise Impossible("unknown_reference", f"{kind} {value} is not there", 400)


def _load(mine: Corp, form: LoadForm) -> None:
    state = mine.state
    for department in form.departments:
        state.departments.put(Department(**department.model_dump()))
    for member in form.staff:
        state.members.put(Member(**member.model_dump()))
    for customer in form.customers:
        people.make_customer(mine, **customer.given())
    for group in form.tag_groups:
        for name in group.tags:
            _tag(mine, group.name, name)
    for follow in form.follows:
        _load_follow(mine, follow)
    for way in form.contact_ways:
        _load_contact_way(mine, way.config_id, way.model_dump(exclude={"config_id"}))
    for message in sorted(form.messages, key=lambda message: message.at):
        _load_message(mine, message)
    for loaded in form.groups:
        _load_group(mine, loaded)
    for line in sorted(form.group_messages, key=lambda line: line.at):
        who = line.userid or line.external_userid or ""
        groups.say(mine, find_group(mine, line.chat_id), who, "text", {"content": line.text}, "chat", at=line.at)
    for robot in form.robots:
        make_robot(mine, robot)


def _tag(mine: Corp, group_name: str, name: str) -> Tag:
    group = corp_tags.find_group(mine, group_name) or corp_tags.add_group(mine, group_name, owner="admin")
    return corp_tags.find_tag(mine, group, name) or corp_tags.add_tag(mine, group, name, owner="admin")


def _load_follow(mine: Corp, form: FollowForm) -> None:
    member = mine.state.member(form.userid)
    userid = member.userid if member else form.userid
    follow = Follow(
        **{**form.model_dump(exclude={"tags"}), "userid": userid},
        number=mine.state.next_number("follow"),
        tag_ids=[_tag(mine, tag.group, tag.name).tag_id for tag in form.tags],
        oper_userid=form.external_userid if form.add_way == 1 else userid,
    )
    mine.state.follows.put(follow)


def _load_contact_way(mine: Corp, config_id: str | None, given: dict[str, object]) -> None:
    users = given["user"]
    kind = 1 if isinstance(users, list) and len(users) == 1 else 2
    way = ContactWay(
        config_id=config_id or mine.new_config_id(),
        type=kind,
        scene=2,
        created_at=int(mine.clock.now()),
    )
    for name, value in given.items():
        setattr(way, name, value)
    mine.state.contact_ways.put(way)


def _load_message(mine: Corp, form: LoadedMessage) -> None:
    follow = mine.state.follow(form.userid, form.external_userid)
    if follow:
        people.say(mine, follow, form.from_, "text", {"content": form.text}, "chat", at=form.at)


def _load_group(mine: Corp, form: LoadedGroup) -> None:
    """Members joined when the group was made, unless they say when."""
    created = form.create_time or int(mine.clock.now())
    seats = [
        groups.seat(
            mine,
            find_person(mine, seat.userid, seat.external_userid),
            at=seat.join_time or created,
            join_scene=seat.join_scene,
            invitor=seat.invitor,
            state=seat.state,
        )
        for seat in form.members
    ]
    given = {"chat_id": form.chat_id, "create_time": created, "notice": form.notice, "members": seats}
    owner, admins = find_member(mine, form.owner), [find_member(mine, userid).userid for userid in form.admins]
    groups.build(mine, form.name, owner, **given, admins=admins)
