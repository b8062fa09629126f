"""Acquisition links (获客助手): made and read by the app that made them."""

from typing import Any

from flask import request

from sandbox import acquisition
from sandbox.acquisition_records import AcquisitionLink
from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.rules import rule

MOST_PEOPLE, MOST_LISTED, MOST_CUSTOMERS, LONGEST_NAME = 500, 100, 1000, 30
PLACE = "externalcontact/customer_acquisition"


@api(f"{PLACE}/create_link", "POST", empty={"link": {}})
def create_link(call: Call) -> dict[str, Any]:
    corp = call.corp
    if len(corp.state.acquisition_links) >= rule(corp, "acquisition_links"):
        raise Refused(41095)
    link = AcquisitionLink(
        link_id=corp.new_id("ca", 20),
        name=call.text("link_name", most=LONGEST_NAME),
        create_time=int(corp.clock.now()),
        number=corp.state.next_number("acquisition link"),
        owner=call.app,
    )
    if not isinstance(call.body.get("range"), dict):
        raise Refused(40058)
    _fill(call, link)
    corp.state.acquisition_links.put(link)
    corp.note("api_acquisition_link", f"应用建了获客链接「{link.name}」", link_id=link.link_id)
    return {"link": _link(link)}


@api(f"{PLACE}/get", "POST", empty={"link": {}})
def get(call: Call) -> dict[str, Any]:
    link = _find(call)
    reach = {"user_list": link.users, "department_list": link.departments}
    return {"link": _link(link), "range": reach, "skip_verify": link.skip_verify}


@api(f"{PLACE}/list_link", "POST", empty={"link_id_list": []})
def list_link(call: Call) -> dict[str, Any]:
    limit = call.number("limit", MOST_LISTED, 1, MOST_LISTED)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    links = call.corp.state.acquisition_links
    found = [link for link in links if link.owner == call.app and link.number > after]
    following = write_cursor(found[limit - 1].number) if len(found) > limit else ""
    return {"link_id_list": [link.link_id for link in found[:limit]], "next_cursor": following}


@api(f"{PLACE}/update_link", "POST")
def update_link(call: Call) -> dict[str, Any]:
    link = _find(call)
    name = call.optional_text("link_name", LONGEST_NAME)
    _fill(call, link)
    link.name = name or link.name
    call.corp.state.acquisition_links.put(link)
    return {}


@api(f"{PLACE}/delete_link", "POST")
def delete_link(call: Call) -> dict[str, Any]:
    call.corp.state.acquisition_links.drop(_find(call))
    return {}


@api(f"{PLACE}/customer", "POST", empty={"customer_list": []})
def customer(call: Call) -> dict[str, Any]:
    link, limit = _find(call), call.number("limit", MOST_CUSTOMERS, 1, MOST_CUSTOMERS)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    found = [one for one in call.corp.state.acquired.of_link(link.link_id) if one.number > after]
    following = write_cursor(found[limit - 1].number) if len(found) > limit else ""
    names = ("external_userid", "userid", "state")
    rows = [{**{name: getattr(one, name) for name in names}, "chat_status": int(one.chatted)} for one in found[:limit]]
    return {"customer_list": rows, "next_cursor": following}


@api(f"{PLACE}/statistic", "POST")
def statistic(call: Call) -> dict[str, Any]:
    link = _find(call)
    begin, end = call.number("start_time", -1), call.number("end_time", -1)
    if end < begin:
        raise Refused(40058)
    came = call.corp.state.acquired.of_link(link.link_id)
    return {
        "click_link_customer_cnt": sum(begin <= at <= end for at in link.opened_at),
        "new_customer_cnt": sum(begin <= one.at <= end for one in came),
    }


@api(f"{PLACE}/get_chat_info", "POST", empty={"chat_info": {}})
def get_chat_info(call: Call) -> dict[str, Any]:
    corp = call.corp
    key = corp.state.pass_("chat_key", call.text("chat_key"))
    if key is None or corp.clock.now() > key.expires_at:
        raise Refused(40058, "invalid chat_key")
    one = corp.state.acquired.get(key.holder["acquired"])
    if one is None:
        raise Refused(40058, "invalid chat_key")
    shown = {"recv_msg_cnt": one.messages, "link_id": one.link_id, "state": one.state}
    return {"userid": one.userid, "external_userid": one.external_userid, "chat_info": shown}


@api("externalcontact/customer_acquisition_quota")
def customer_acquisition_quota(call: Call) -> dict[str, Any]:
    return acquisition.quota(call.corp)


def _find(call: Call) -> AcquisitionLink:
    found = call.corp.state.acquisition_links.get(call.text("link_id"))
    if found is None or found.owner != call.app:
        raise Refused(40058, "invalid link_id")
    return found


def _fill(call: Call, link: AcquisitionLink) -> None:
    """Check the range, then overwrite what the body names."""
    reach, skip = call.body.get("range"), call.flag("skip_verify", link.skip_verify)
    if reach is not None:
        users, departments = _reach(call.corp, reach)
        link.users, link.departments = users, departments
    link.skip_verify = skip


def _reach(corp: Corp, given: Any) -> tuple[list[str], list[int]]:
    """Members as the directory spells them, and departments."""
    if not isinstance(given, dict):
        raise Refused(40058)
    users, parties = given.get("user_list") or [], given.get("department_list") or []
    if not all(isinstance(userid, str) for userid in users) or not all(isinstance(one, int) for one in parties):
        raise Refused(40035)
    if not users and not parties:
        raise Refused(40058)
    if any(corp.state.departments.get(str(one)) is None for one in parties):
        raise Refused(60003)
    members = [corp.state.member(userid) for userid in users]
    found = [member for member in members if member is not None]
    if len(found) != len(members):
        raise Refused(40003)
    if any(not member.customer_contact or member.status != 1 for member in found):
        raise Refused(41054)
    below = [member for member in corp.state.members if set(parties) & set(member.department)]
    if len(users) > MOST_PEOPLE or len(below) > MOST_PEOPLE:
        raise Refused(40032)
    return [member.userid for member in found], list(parties)


def _link(link: AcquisitionLink) -> dict[str, Any]:
    url = f"{request.host_url}sandbox/ca/{link.link_id}"
    return {"link_id": link.link_id, "link_name": link.name, "url": url, "create_time": link.create_time}
