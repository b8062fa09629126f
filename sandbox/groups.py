"""What people do with customer groups in their clients; each of these is pushed as `change_external_chat`."""

from hashlib import md5
from typing import Any

from sandbox.corp import Corp
from sandbox.group_records import Group, GroupMessage
from sandbox.impossible import Impossible
from sandbox.quota import rules
from sandbox.records import Customer, Member
from sandbox.rules import rule
from sandbox.scale import refuse_beyond

DIRECT_INVITE, GROUP_CODE = 1, 3


def build(corp: Corp, name: str, owner: Member, **given: Any) -> Group:
    """A group as it stands in the records; its owner is in it. Nothing is pushed."""
    created = given.get("create_time") or int(corp.clock.now())
    members = list(given.get("members", []))
    if not any(member["id"] == owner.userid for member in members):
        members.insert(0, seat(corp, owner, at=created))
    group = Group(
        chat_id=given.get("chat_id") or corp.new_id("wr"),
        name=name,
        owner=owner.userid,
        create_time=created,
        number=corp.state.next_number("group"),
        member_version=_new_version(corp),
        notice=given.get("notice", ""),
        admins=given.get("admins", []),
        members=members,
    )
    return corp.state.groups.put(group)


def seat(corp: Corp, person: Member | Customer, **given: Any) -> dict[str, Any]:
    """Somebody's place in a group."""
    staff = isinstance(person, Member)
    return {
        "id": person.userid if isinstance(person, Member) else person.external_userid,
        "type": 1 if staff else 2,
        "join_time": int(given.get("at") or corp.clock.now()),
        "join_scene": given.get("join_scene") or DIRECT_INVITE,
        "invitor": given.get("invitor") or "",
        "state": given.get("state") or "",
    }


def create(corp: Corp, name: str, owner: Member, people: list[Member | Customer]) -> Group:
    if not owner.customer_contact or owner.status != 1:
        raise Impossible("no_customer_contact", f"{owner.userid} may not have groups of customers")
    for person in people:
        _refuse_beyond(corp, person)
    members = [seat(corp, person, invitor=owner.userid) for person in people]
    group = build(corp, name, owner, members=members)
    _remember(corp, group, {**group.looks(), "members": [seat(corp, owner)]})
    corp.state.groups.put(group)
    _emit(corp, group, "create", f"{owner.name} 建了群「{name}」")
    return group


def join(corp: Corp, group: Group, person: Member | Customer, **given: Any) -> None:
    new = seat(corp, person, **given)
    if group.member(new["id"]):
        raise Impossible("already_in", f"{new['id']} is in the group already")
    _refuse_beyond(corp, person)
    _remember(corp, group)
    before = group.member_version
    group.members = [*group.members, new]
    _change_members(
        corp, group, before, "add_member", new["id"], f"{person.name} 进群「{group.name}」", new["join_scene"]
    )


def leave(corp: Corp, group: Group, person: Member | Customer, quit_scene: int) -> None:
    id = person.userid if isinstance(person, Member) else person.external_userid
    if group.member(id) is None:
        raise Impossible("not_in_group", f"{id} is not in the group", 404)
    if group.owner == id:
        raise Impossible("owner", "the owner hands the group over before leaving it")
    _remember(corp, group)
    before = group.member_version
    group.members = [member for member in group.members if member["id"] != id]
    group.admins = [admin for admin in group.admins if admin != id]
    _change_members(corp, group, before, "del_member", id, f"{person.name} 退群「{group.name}」", quit_scene)


def change(corp: Corp, group: Group, *, name: str | None, owner: Member | None, notice: str | None) -> None:
    if owner is not None and group.member(owner.userid) is None:
        raise Impossible("not_in_group", f"{owner.userid} is not in the group", 404)
    _remember(corp, group)
    done = []
    if name is not None:
        group.name = name
        done.append(("change_name", f"群改名为「{name}」"))
    if owner is not None:
        group.owner = owner.userid
        done.append(("change_owner", f"群「{group.name}」换群主：{owner.name}"))
    if notice is not None:
        group.notice = notice
        done.append(("change_notice", f"群「{group.name}」换了公告"))
    corp.state.groups.put(group)
    for detail, text in done:
        _emit(corp, group, "update", text, UpdateDetail=detail)


def hand_over(corp: Corp, group: Group, owner: Member, *, resigned: bool) -> None:
    """The app gives the group another owner, who comes in when they are not yet there. Nothing is pushed."""
    _remember(corp, group)
    if group.member(owner.userid) is None:
        group.members = [*group.members, seat(corp, owner, invitor=group.owner)]
        group.member_version = _new_version(corp)
    group.owner, group.inherited = owner.userid, resigned or group.inherited
    group.handed_over = [*group.handed_over, corp.clock.now()]
    corp.state.groups.put(group)


def dismiss(corp: Corp, group: Group) -> None:
    group.dismissed = True
    corp.state.groups.put(group)
    _emit(corp, group, "dismiss", f"群「{group.name}」解散了")


def say(
    corp: Corp,
    group: Group,
    userid: str,
    kind: str,
    content: dict[str, Any],
    source: str,
    at: float | None = None,
    msgid: str = "",
) -> GroupMessage:
    """One more line in a group."""
    number = corp.state.next_number("group message")
    moment = corp.clock.now() if at is None else at
    return corp.state.group_messages.put(
        GroupMessage(number, moment, group.chat_id, userid, kind, content, source, msgid)
    )


def _refuse_beyond(corp: Corp, person: Member | Customer) -> None:
    if isinstance(person, Customer):
        refuse_beyond(corp, person)


def _change_members(corp: Corp, group: Group, before: str, detail: str, id: str, text: str, scene: int) -> None:
    group.member_version = _new_version(corp)
    corp.state.groups.put(group)
    # A code is 3 wherever it is told; an invitation is 1 in the detail of a group, 0 in the event (1 in a sample).
    told = scene if scene == GROUP_CODE else rule(corp, "invited_join_scene")
    scenes = {"JoinScene": told} if detail == "add_member" else {"QuitScene": scene}
    _emit(
        corp,
        group,
        "update",
        text,
        UpdateDetail=detail,
        **scenes,
        MemChangeCnt=1,
        MemChangeList=[id] if rule(corp, "member_list") == "items" else id,
        LastMemVer=before,
        CurMemVer=group.member_version,
    )


def _remember(corp: Corp, group: Group, looks: dict[str, Any] | None = None) -> None:
    """How it looked until now, for those who ask within the lag."""
    now = corp.clock.now()
    group.past = [past for past in group.past if now < past["until"]]
    lag = rules(corp)["group_lag_seconds"]
    if lag > 0:
        group.past.append({**(looks or group.looks()), "until": now + lag})


def _new_version(corp: Corp) -> str:
    return md5(corp.new_id("version").encode(), usedforsecurity=False).hexdigest()


def _emit(corp: Corp, group: Group, change: str, text: str, **fields: Any) -> None:
    detail = {"chat_id": group.chat_id, "owner": group.owner}
    owner = corp.state.member(group.owner)
    pushed = owner is None or owner.visible
    corp.emit("change_external_chat", change, text, detail, pushed=pushed, ChatId=group.chat_id, **fields)
