"""The directory: members and departments."""

from typing import Any

from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Department, Member

BOTH = ("agent", "contacts")


@api("user/get", apps=BOTH, empty={"department": [], "order": []})
def user_get(call: Call) -> dict[str, Any]:
    userid = call.query.get("userid", "")
    if not userid:
        raise Refused(40003)
    member = call.corp.state.member(userid)
    if member is None:
        raise Refused(60111)
    if not _may_see(call, member):
        raise Refused(60011)
    return _detail(member)


@api("user/simplelist", apps=BOTH, empty={"userlist": []})
def user_simplelist(call: Call) -> dict[str, Any]:
    names = ("userid", "name", "department")
    return {"userlist": [{name: getattr(member, name) for name in names} for member in _members_in(call)]}


@api("user/list", apps=BOTH, empty={"userlist": []})
def user_list(call: Call) -> dict[str, Any]:
    return {"userlist": [_detail(member) for member in _members_in(call)]}


@api("user/list_id", "POST", apps=("contacts",), empty={"dept_user": []})
def user_list_id(call: Call) -> dict[str, Any]:
    limit = call.number("limit", 10_000, 1, 10_000)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    rows = [{"userid": m.userid, "department": number} for m in call.corp.state.members for number in m.department]
    following = {"next_cursor": write_cursor(after + limit)} if len(rows) > after + limit else {}
    return {"dept_user": rows[after : after + limit], **following}


@api("department/list", apps=BOTH, empty={"department": []})
def department_list(call: Call) -> dict[str, Any]:
    return {"department": [_department(one) for one in _departments_under(call)]}


@api("department/simplelist", apps=BOTH, empty={"department_id": []})
def department_simplelist(call: Call) -> dict[str, Any]:
    names = ("id", "parentid", "order")
    return {"department_id": [{name: getattr(one, name) for name in names} for one in _departments_under(call)]}


@api("department/get", apps=BOTH)
def department_get(call: Call) -> dict[str, Any]:
    return {"department": _department(_department_of(call.corp, call.query.get("id", "")))}


def _members_in(call: Call) -> list[Member]:
    """The members of one department; those of the departments below it with the older `fetch_child=1`."""
    top = _department_of(call.corp, call.query.get("department_id", ""))
    wanted = {top.id}
    if call.query.get("fetch_child") == "1":
        wanted = {one.id for one in tree(call.corp, top)}
    members = call.corp.state.members
    return [member for member in members if wanted & set(member.department) and _may_see(call, member)]


def _may_see(call: Call, member: Member) -> bool:
    """The contacts-sync app sees everybody, another those in its visible range."""
    return member.visible or call.app == "contacts"


def _departments_under(call: Call) -> list[Department]:
    number = call.query.get("id", "")
    if not number:
        return list(call.corp.state.departments)
    return tree(call.corp, _department_of(call.corp, number))


def _department_of(corp: Corp, number: str) -> Department:
    if not number.isascii() or not number.isdigit() or len(number) > 10:
        raise Refused(40066)
    found = corp.state.departments.get(str(int(number)))
    if found is None:
        raise Refused(60003)
    return found


def tree(corp: Corp, top: Department) -> list[Department]:
    found, reached = [top], {top.id}
    for parent in found:  # grows while it is walked
        below = [one for one in corp.state.departments if one.parentid == parent.id and one.id not in reached]
        found.extend(below)
        reached.update(one.id for one in below)
    return found


def _department(one: Department) -> dict[str, Any]:
    return {**vars(one), "name_en": "", "department_leader": []}


def _detail(member: Member) -> dict[str, Any]:
    """Without the sensitive fields (mobile, email, avatar of others …) that newer apps do not get."""
    return {
        "userid": member.userid,
        "name": member.name,
        "department": member.department,
        "order": [0] * len(member.department),
        "is_leader_in_dept": [0] * len(member.department),
        "direct_leader": [],
        "main_department": member.department[0] if member.department else 0,
        "position": member.position,
        "status": member.status,
        "isleader": 0,
        "enable": 1 if member.status != 2 else 0,
        "alias": "",
        "extattr": {"attrs": []},
    }
