"""What customers do with acquisition links, and what the platform says about them."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox import acquisition, people
from sandbox.acquisition_records import AcquisitionLink
from sandbox.control.console_forms import AlarmForm, QuotaForm, VisitForm
from sandbox.control.lookups import find_customer
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible

blueprint = Blueprint("acquisition", __name__)


@blueprint.get("/acquisition")
def links() -> ResponseReturnValue:
    mine = corp()
    with mine.state.lock:
        return {"links": [_link_json(mine, link) for link in mine.state.acquisition_links]}


@blueprint.get("/ca/<link_id>")
def link(link_id: str) -> ResponseReturnValue:
    """What the `url` of a link answers to whoever is no customer in WeChat."""
    mine = corp()
    with mine.state.lock:
        return _link_json(mine, _find(mine, link_id))


@blueprint.delete("/acquisition/<link_id>")
def delete(link_id: str) -> ResponseReturnValue:
    """An admin deletes it in the console."""
    mine = corp()
    with mine.state.writing():
        found = _find(mine, link_id)
        mine.state.acquisition_links.drop(found)
        acquisition.emit(mine, "delete_link", f"管理员删了获客链接「{found.name}」", LinkId=link_id)
    return links()


@blueprint.post("/acquisition/<link_id>/<step>")
def visit(link_id: str, step: str) -> ResponseReturnValue:
    """A customer opens the link, asks to add, is added, or says something."""
    form, mine = read_form(VisitForm), corp()
    state = acquisition.channel_of(form.customer_channel)
    with mine.state.writing():
        found = _find(mine, link_id)
        if step in ("open", "ask"):
            {"open": acquisition.open_link, "ask": acquisition.ask}[step](mine, found, state)
            return {"state": state}
        if step == "add":
            known = form.external_userid
            customer = find_customer(mine, known) if known else people.make_customer(mine)
            return acquisition.add(mine, found, customer, state)
        if step == "chat":
            customer = find_customer(mine, form.external_userid or "")
            return {"chat_key": acquisition.chat(mine, found, customer, form.text)}
    raise Impossible("no_such_step", "a customer can open, ask, add and chat", 404)


@blueprint.put("/acquisition/quota")
def set_quota() -> ResponseReturnValue:
    """What the corp has bought; nothing is pushed."""
    form, mine = read_form(QuotaForm), corp()
    with mine.state.writing():
        acquisition.set_quota(mine, form.total, [one.model_dump() for one in form.quota_list])
        return acquisition.quota(mine)


@blueprint.post("/acquisition/alarm")
def alarm() -> ResponseReturnValue:
    """The platform says something about the quota, or that a link cannot be used."""
    form, mine = read_form(AlarmForm), corp()
    about = {"ExpireTime": form.expire_time, "ExpireQuotaNum": form.expire_quota_num, "LinkId": form.link_id}
    with mine.state.writing():
        acquisition.emit(mine, form.change, "获客助手有提醒", **about)
    return form.model_dump()


def _find(mine: Corp, link_id: str) -> AcquisitionLink:
    found = mine.state.acquisition_links.get(link_id)
    if found is None:
        raise Impossible("no_such_link", f"no link is {link_id!r}", 404)
    return found


def _link_json(mine: Corp, link: AcquisitionLink) -> dict[str, Any]:
    names = ("link_id", "name", "create_time", "users", "departments", "skip_verify")
    counts = {"opened": len(link.opened_at), "customers": len(mine.state.acquired.of_link(link.link_id))}
    return {**{name: getattr(link, name) for name in names}, **counts}
