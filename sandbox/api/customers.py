"""Customers as the members who follow them see them."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import request

from sandbox import avatars
from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.directory import LEFT
from sandbox.errors import Refused
from sandbox.records import Customer, Follow, Member

FOLLOWERS_A_PAGE = 500
LONGEST = {"remark": 20, "description": 150, "remark_company": 20}


@api("externalcontact/get_follow_user_list", empty={"follow_user": []})
def get_follow_user_list(call: Call) -> dict[str, Any]:
    members = call.corp.state.members
    serving = [one for one in members if one.customer_contact and one.visible and one.status != LEFT]
    return {"follow_user": [member.userid for member in serving]}


@api("externalcontact/list", empty={"external_userid": []})
def list_customers(call: Call) -> dict[str, Any]:
    member = find_member(call.corp, call.query.get("userid", ""))
    found = [follow.external_userid for follow in contacts_after(call.corp, member)]
    if not found:
        raise Refused(84061)
    return {"external_userid": found}


@api("externalcontact/get", empty={"external_contact": {}, "follow_user": []})
def get(call: Call) -> dict[str, Any]:
    corp = call.corp
    customer = find_customer(corp, call.query.get("external_userid", ""))
    (after,) = read_cursor(call.query.get("cursor"), 1)
    follows = corp.state.follows.of_customer(customer.external_userid)
    found = [follow for follow in follows if follow.is_contact() and _is_visible(corp, follow)]
    if not found:
        raise Refused(84061)
    page = [follow for follow in found if follow.number > after][:FOLLOWERS_A_PAGE]
    last = page[-1].number if page else after
    following = {"next_cursor": write_cursor(last)} if any(follow.number > last for follow in found) else {}
    users = [{**_follow_base(follow), "tags": _tags(corp, follow)} for follow in page]
    return {"external_contact": _customer(customer), "follow_user": users, **following}


@api("externalcontact/batch/get_by_user", "POST", empty={"external_contact_list": []})
def batch_get_by_user(call: Call) -> dict[str, Any]:
    """Pages over (member in the order asked, number of the follow), so an add between pages shifts nothing.

    84061 when nobody asked has a customer.
    """
    corp, userids = call.corp, call.texts("userid_list")
    if not userids:
        raise Refused(40031)
    if len(userids) > 100:
        raise Refused(40032)
    limit = call.number("limit", 50, 1, 100)
    place, number = read_cursor(call.optional_text("cursor"), 2)
    members = [find_member(corp, userid) for userid in userids]
    unlicensed = [member.userid for member in members if not member.licensed]
    if len(unlicensed) == len(members):
        raise Refused(701008)
    if not any(member.licensed and corp.state.follows.count_of(member.userid) for member in members):
        raise Refused(84061)
    rows = (
        (index, follow)
        for index, member in enumerate(members[place:], place)
        if member.licensed
        for follow in contacts_after(corp, member, number if index == place else 0)
    )
    page = list(islice(rows, limit))
    more = any(True for _ in rows)
    following = write_cursor(page[-1][0], page[-1][1].number) if more else ""
    fail = {"fail_info": {"unlicensed_userid_list": unlicensed}} if unlicensed else {}
    return {"external_contact_list": [_row(corp, follow) for _, follow in page], "next_cursor": following, **fail}


@api("externalcontact/remark", "POST", on_get=40003)
def remark(call: Call) -> dict[str, Any]:
    """Overwrites what is given; an empty text and a list of one empty text clear."""
    follow = find_contact(call)
    customer = call.corp.state.customers.get(follow.external_userid)
    given = {name: call.optional_text(name, most) for name, most in LONGEST.items()}
    mobiles = call.texts("remark_mobiles") if "remark_mobiles" in call.body else None
    picture = call.optional_text("remark_pic_mediaid")
    if mobiles is None and not picture and all(value is None for value in given.values()):
        raise Refused(40058)
    if given["remark"] is not None:
        follow.remark = given["remark"]
    if given["description"] is not None:
        follow.description = given["description"]
    if given["remark_company"] is not None and customer and customer.type == 1:
        follow.remark_corp_name = given["remark_company"]
    if mobiles is not None:
        follow.remark_mobiles = [mobile for mobile in mobiles if mobile]
    call.corp.state.follows.put(follow)
    call.corp.note("api_remark", "应用改了备注", userid=follow.userid, external_userid=follow.external_userid)
    return {}


def find_customer(corp: Corp, external_userid: str) -> Customer:
    if not external_userid:
        raise Refused(41035)
    found = corp.state.customers.get(external_userid)
    if found is None:
        raise Refused(40096)
    return found


def find_contact(call: Call) -> Follow:
    """The pair that a body's `userid` and `external_userid` name."""
    member = find_member(call.corp, call.text("userid", missing=40003))
    customer = find_customer(call.corp, call.text("external_userid", missing=41035))
    follow = call.corp.state.follow(member.userid, customer.external_userid)
    if follow is None or not follow.is_contact():
        raise Refused(84061)
    return follow


def find_member(corp: Corp, userid: str) -> Member:
    if not userid:
        raise Refused(40003)
    found = corp.state.member(userid)
    if found is None:
        raise Refused(60111)
    if not found.visible:
        raise Refused(60011)
    return found


def _is_visible(corp: Corp, follow: Follow) -> bool:
    member = corp.state.member(follow.userid)
    return member is not None and member.visible


def contacts_after(corp: Corp, member: Member, number: int = 0) -> Iterator[Follow]:
    return (follow for follow in corp.state.follows.of_member(member.userid, number) if follow.is_contact())


def _customer(customer: Customer) -> dict[str, Any]:
    shown = {
        "external_userid": customer.external_userid,
        "name": customer.name,
        "type": customer.type,
        "gender": customer.gender,
        "avatar": avatars.address(request.host_url, customer.avatar, customer.external_userid),
    }
    unionid = customer.shown_unionid()
    return {**shown, "unionid": unionid} if unionid else shown


def _follow_base(follow: Follow) -> dict[str, Any]:
    base = {
        "userid": follow.userid,
        "remark": follow.remark,
        "description": follow.description,
        "createtime": follow.createtime,
        "remark_corp_name": follow.remark_corp_name,
        "remark_mobiles": follow.remark_mobiles,
        "add_way": follow.add_way,
        "oper_userid": follow.oper_userid,
    }
    return {**base, "state": follow.state} if follow.state else base


def _row(corp: Corp, follow: Follow) -> dict[str, Any]:
    customer = find_customer(corp, follow.external_userid)
    tags = (corp.state.tags.get(tag_id) for tag_id in follow.tag_ids)
    tag_ids = [tag.tag_id for tag in tags if tag and not tag.deleted]
    return {"external_contact": _customer(customer), "follow_info": {**_follow_base(follow), "tag_id": tag_ids}}


def _tags(corp: Corp, follow: Follow) -> list[dict[str, Any]]:
    tags = [corp.state.tags.get(tag_id) for tag_id in follow.tag_ids]
    groups = corp.state.tag_groups
    found = [(tag, groups.get(tag.group_id)) for tag in tags if tag and not tag.deleted]
    return [
        {"group_name": group.name, "tag_name": tag.name, "tag_id": tag.tag_id, "type": 1}
        for tag, group in found
        if group
    ]
