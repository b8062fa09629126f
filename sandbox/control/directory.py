"""Members and departments as an admin changes them in the console, and what members do with the app."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox import directory
from sandbox.control.console_forms import AppEventForm, ContactTagForm, DepartmentPatch, StaffPatch
from sandbox.control.load_forms import DepartmentForm, MemberForm
from sandbox.control.lookups import find_member
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import Department, Member

blueprint = Blueprint("directory", __name__)
KEYED = {"enter": "enter_agent", "click": "click", "view": "view"}


@blueprint.get("/staff")
def staff() -> ResponseReturnValue:
    state = corp().state
    with state.lock:
        return {"staff": [_member_json(corp(), member) for member in state.members]}


@blueprint.post("/staff")
def hire() -> ResponseReturnValue:
    form, mine = read_form(MemberForm), corp()
    with mine.state.writing():
        return _member_json(mine, directory.hire(mine, Member(**form.model_dump()))), 201


@blueprint.patch("/staff/<userid>")
def change_member(userid: str) -> ResponseReturnValue:
    form, mine = read_form(StaffPatch), corp()
    with mine.state.writing():
        member = find_member(mine, userid)
        directory.change_member(mine, member, **form.model_dump(exclude_none=True))
        return _member_json(mine, member)


@blueprint.delete("/staff/<userid>")
def dismiss(userid: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.writing():
        member = find_member(mine, userid)
        directory.change_member(mine, member, status=directory.LEFT)
        return _member_json(mine, member)


@blueprint.get("/departments")
def departments() -> ResponseReturnValue:
    state = corp().state
    with state.lock:
        return {"departments": [dict(vars(one)) for one in state.departments]}


@blueprint.post("/departments")
def add_department() -> ResponseReturnValue:
    form, mine = read_form(DepartmentForm), corp()
    with mine.state.writing():
        directory.add_department(mine, Department(**form.model_dump()))
    return form.model_dump(), 201


@blueprint.patch("/departments/<int:number>")
def change_department(number: int) -> ResponseReturnValue:
    form, mine = read_form(DepartmentPatch), corp()
    with mine.state.writing():
        one = _department(mine, number)
        directory.change_department(mine, one, **form.model_dump(exclude_none=True))
        return dict(vars(one))


@blueprint.delete("/departments/<int:number>")
def delete_department(number: int) -> ResponseReturnValue:
    mine = corp()
    with mine.state.writing():
        directory.delete_department(mine, _department(mine, number))
    return departments()


@blueprint.post("/contact-tags")
def change_contact_tag() -> ResponseReturnValue:
    """Somebody is put under a directory tag or taken out; the tags themselves are not kept."""
    form, mine = read_form(ContactTagForm), corp()
    lists: dict[str, list[Any]] = {
        "AddUserItems": form.add_users,
        "DelUserItems": form.remove_users,
        "AddPartyItems": form.add_parties,
        "DelPartyItems": form.remove_parties,
    }
    items = {name: ",".join(str(one) for one in found) for name, found in lists.items() if found}
    with mine.state.writing():
        directory.emit(mine, "update_tag", "管理员改了通讯录标签", {"id": form.tag_id}, TagId=form.tag_id, **items)
    return form.model_dump()


@blueprint.post("/app-events")
def app_event() -> ResponseReturnValue:
    """A member writes to the app, opens it, or uses its menu."""
    form, mine = read_form(AppEventForm), corp()
    with mine.state.writing():
        member = find_member(mine, form.userid)
        sender = directory.from_member(mine, member)
        if form.do == "text":
            number = mine.state.next_number("text to the app")
            words = {"MsgType": "text", "Event": None, "Content": form.text, "MsgId": str(10**18 + number)}
            text = f"{member.name} 给应用发了消息"
            happened = mine.emit("text", "app_text", text, {"userid": member.userid}, **{**sender, **words})
        else:
            event, key = KEYED[form.do], {"EventKey": form.key or ""}
            text = f"{member.name} 打开了应用" if form.do == "enter" else f"{member.name} 点了应用的菜单"
            happened = mine.emit(event, event, text, {"userid": member.userid}, **{**sender, **key})
        return {"id": happened.id}, 201


def _department(mine: Corp, number: int) -> Department:
    found = mine.state.departments.get(str(number))
    if found is None:
        raise Impossible("no_such_department", f"no department is {number}", 404)
    return found


def _member_json(mine: Corp, member: Member) -> dict[str, Any]:
    names = ("userid", "name", "avatar", "department", "position", "customer_contact", "licensed", "status", "visible")
    shown = {name: getattr(member, name) for name in names}
    return {**shown, "customers": mine.state.follows.count_of(member.userid)}
