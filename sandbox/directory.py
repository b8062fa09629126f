"""What admins do with members and departments in the console; `change_contact` carries the reduced fields."""

from typing import Any

from sandbox.corp import Corp
from sandbox.events import Value
from sandbox.impossible import Impossible
from sandbox.records import Department, Member
from sandbox.shelves import Shelf

LEFT = 5
HOLD_USERIDS = (
    *("userid", "oper_userid", "handover", "takeover"),
    *("owner", "admins", "members", "user", "users", "senders", "creator", "holder"),
)


def hire(corp: Corp, member: Member) -> Member:
    if corp.state.member(member.userid):
        raise Impossible("member_exists", f"{member.userid} is taken")
    _refuse_unknown(corp, member.department)
    corp.state.members.put(member)
    _emit_member(corp, "create_user", f"{member.name} 入职了", member, Department=_comma(member.department))
    return member


def change_member(corp: Corp, member: Member, **given: Any) -> None:
    """Pushed: that they leave, change department or id, and that the app may see them or not."""
    _refuse_unknown(corp, given.get("department", []))
    leaves = given.get("status") == LEFT and member.status != LEFT
    was_visible, department, userid = member.visible, member.department, member.userid
    new_userid = given.pop("new_userid", None)
    if new_userid is not None and corp.state.member(new_userid) not in (None, member):
        raise Impossible("member_exists", f"{new_userid} is taken")
    for name, value in given.items():
        setattr(member, name, value)
    if leaves:
        member.left_at = int(corp.clock.now())
    corp.state.members.put(member)
    if new_userid is not None and new_userid != userid:
        _rename(corp, member, new_userid)
    if member.visible != was_visible:
        _emit_sight(corp, member)
    if leaves:
        _emit_member(corp, "delete_user", f"{member.name} 离职了", member)
    elif (member.department, member.userid) != (department, userid):
        changed: dict[str, Value] = {"UserID": userid, "Department": _comma(member.department)}
        changed["NewUserID"] = member.userid if member.userid != userid else None
        _emit_member(corp, "update_user", f"管理员改了 {member.name} 的资料", member, **changed)


def add_department(corp: Corp, department: Department) -> None:
    if corp.state.departments.get(department.key):
        raise Impossible("department_exists", f"{department.id} is taken")
    if department.parentid:
        _refuse_unknown(corp, [department.parentid])
    corp.state.departments.put(department)
    _emit_department(corp, "create_party", f"管理员建了部门「{department.name}」", department)


def change_department(corp: Corp, department: Department, **given: Any) -> None:
    if given.get("parentid"):
        _refuse_unknown(corp, [given["parentid"]])
    for name, value in given.items():
        setattr(department, name, value)
    corp.state.departments.put(department)
    _emit_department(corp, "update_party", f"管理员改了部门「{department.name}」", department)


def delete_department(corp: Corp, department: Department) -> None:
    """Only one with nobody and nothing in it."""
    used = any(department.id in member.department and member.status != LEFT for member in corp.state.members)
    if used or any(one.parentid == department.id for one in corp.state.departments):
        raise Impossible("not_empty", f"somebody is in department {department.id}")
    corp.state.departments.drop(department)
    text = f"管理员删了部门「{department.name}」"
    corp.emit("change_contact", "delete_party", text, {"id": department.id}, Id=department.id)


def from_member(corp: Corp, member: Member) -> dict[str, Any]:
    """What the events that a member causes have in place of a system's."""
    return {"FromUserName": member.userid, "ChangeType": None, "AgentID": corp.credentials.agent_id}


def _rename(corp: Corp, member: Member, new: str) -> None:
    """Everything that names the member goes on under the new name."""
    state, old = corp.state, member.userid

    def change(record: Any) -> None:
        for name in HOLD_USERIDS:
            if name in vars(record):
                setattr(record, name, _renamed(getattr(record, name), old, new))

    state.members.rename([member], change)
    state.follows.rename(list(state.follows.of_member(old)), change)
    shelves: list[Shelf[Any]] = [state.transfers, state.groups, state.contact_ways, state.messages, state.passes]
    shelves += [state.group_messages, state.mass_messages, state.mass_tasks, state.app_messages]
    shelves += [state.acquisition_links, state.acquired]
    for shelf in shelves:
        shelf.rename((one for one in shelf if _names(vars(one), old)), change)


def _names(fields: dict[str, Any], old: str) -> bool:
    return any(fields.get(name) != _renamed(fields.get(name), old, "") for name in HOLD_USERIDS)


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return new if value.lower() == old.lower() else value
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    if isinstance(value, dict):
        return {name: _renamed(one, old, new) for name, one in value.items()}
    return value


def _refuse_unknown(corp: Corp, numbers: list[int]) -> None:
    known = corp.state.departments
    for number in numbers:
        if len(known) and known.get(str(number)) is None:
            raise Impossible("no_such_department", f"no department is {number}", 404)


def _comma(numbers: list[int]) -> str:
    return ",".join(str(number) for number in numbers)


def emit(corp: Corp, change: str, text: str, detail: dict[str, Any], **fields: Any) -> None:
    corp.emit("change_contact", change, text, detail, **fields)


def _emit_member(corp: Corp, change: str, text: str, member: Member, **fields: Value) -> None:
    emit(corp, change, text, {"userid": member.userid}, **{"UserID": member.userid, **fields})


def _emit_sight(corp: Corp, member: Member) -> None:
    event = "subscribe" if member.visible else "unsubscribe"
    text = f"{member.name} {'进入' if member.visible else '离开'}应用的可见范围"
    corp.emit(event, event, text, {"userid": member.userid}, **from_member(corp, member))


def _emit_department(corp: Corp, change: str, text: str, one: Department) -> None:
    corp.emit("change_contact", change, text, {"id": one.id}, Id=one.id, ParentId=one.parentid)
