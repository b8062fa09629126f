"""People and what they do: customers scan, chat and delete, members chat, tag and delete."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox import people
from sandbox.control.forms import (
    CustomerForm,
    CustomerPatch,
    DeleteForm,
    EditForm,
    ScanForm,
    TagManyForm,
)
from sandbox.control.lookups import find_customer, find_follow, find_member, find_tag, query_number
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import ContactWay, Customer, Member

blueprint = Blueprint("people", __name__)


@blueprint.get("/customers")
def customers() -> ResponseReturnValue:
    wanted, limit, after = request.args.get("q", ""), query_number("limit", 50, 1000), query_number("cursor", 0, 10**9)
    state = corp().state
    with state.lock:
        found = [customer for customer in state.customers if wanted in customer.name or wanted == customer.key]
        page = found[after : after + limit]
        following = str(after + limit) if len(found) > after + limit else ""
        return {"customers": [_customer_json(corp(), customer) for customer in page], "next_cursor": following}


@blueprint.post("/customers")
def make_customer() -> ResponseReturnValue:
    form = read_form(CustomerForm)
    with corp().state.writing():
        made = people.make_customer(corp(), **form.given())
    return {"external_userid": made.external_userid, "unionid": made.unionid, "openid": made.openid}, 201


@blueprint.patch("/customers/<external_userid>")
def change_customer(external_userid: str) -> ResponseReturnValue:
    form = read_form(CustomerPatch)
    with corp().state.writing():
        customer = find_customer(corp(), external_userid)
        for name in form.model_fields_set:
            if getattr(form, name) is None and name != "unionid":
                raise Impossible("bad_request", f"{name} may not be null", 400)
            setattr(customer, name, getattr(form, name))
        corp().state.customers.put(customer)
        return _customer_json(corp(), customer)


@blueprint.post("/scan")
def scan() -> ResponseReturnValue:
    form = read_form(ScanForm)
    mine = corp()
    with mine.state.writing():
        way = _scanned_way(mine, form)
        member = find_member(mine, form.userid) if form.userid else _member_behind(mine, way)
        known = form.external_userid
        customer = find_customer(mine, known) if known else people.make_customer(mine, avatar="")
        return people.scan(mine, customer, member, way, half=form.half)


@blueprint.post("/follows/edit")
def edit() -> ResponseReturnValue:
    form = read_form(EditForm)
    mine = corp()
    with mine.state.writing():
        follow = find_follow(mine, form)
        if not follow.is_contact():
            raise Impossible("not_contacts", "they are not contacts")
        people.edit(
            mine,
            follow,
            remark=form.remark,
            remark_mobiles=form.remark_mobiles,
            add_tags=[find_tag(mine, named) for named in form.add_tags],
            remove_tags=[find_tag(mine, named) for named in form.remove_tags],
        )
        return {"userid": follow.userid, "external_userid": follow.external_userid, "tag_ids": follow.tag_ids}


@blueprint.post("/follows/tag")
def tag_many() -> ResponseReturnValue:
    """A member tags many customers at once: an event for each of them."""
    form, mine = read_form(TagManyForm), corp()
    with mine.state.writing():
        member = find_member(mine, form.userid)
        wanted = form.external_userids
        follows = [one for one in mine.state.follows.of_member(member.userid) if one.is_contact()]
        chosen = follows if wanted is None else [one for one in follows if one.external_userid in set(wanted)]
        adding = [find_tag(mine, named) for named in form.add_tags]
        removing = [find_tag(mine, named) for named in form.remove_tags]
        for follow in chosen:
            people.edit(mine, follow, add_tags=adding, remove_tags=removing)
        return {"edited": len(chosen)}


@blueprint.post("/follows/delete")
def delete() -> ResponseReturnValue:
    form = read_form(DeleteForm)
    with corp().state.writing():
        follow = find_follow(corp(), form)
        people.delete(corp(), follow, by=form.by)
        return {"userid": follow.userid, "external_userid": follow.external_userid, "relation": follow.relation}


@blueprint.get("/contact-ways")
def contact_ways() -> ResponseReturnValue:
    state = corp().state
    with state.lock:
        names = ("config_id", "type", "user", "state", "remark", "scans")
        return {"contact_ways": [{name: getattr(way, name) for name in names} for way in state.contact_ways]}


@blueprint.get("/events")
def events() -> ResponseReturnValue:
    after, limit, state = query_number("after", 0, 10**12), query_number("limit", 100, 10_000), corp().state
    with state.lock:
        found = [event for event in state.events if event.id > after][-limit:]
        return {
            "events": [
                {
                    **{name: getattr(event, name) for name in ("id", "at", "kind", "text", "detail")},
                    "delivery": {"state": event.delivery, "tries": event.tries} if event.delivery else None,
                }
                for event in reversed(found)
            ]
        }


def _scanned_way(mine: Corp, form: ScanForm) -> ContactWay | None:
    if form.userid:
        return None
    ways = mine.state.contact_ways
    found = [way for way in ways if form.config_id in (None, way.config_id) and form.state in (None, way.state)]
    if not found:
        raise Impossible("no_such_code", "no contact way has this config_id or state", 404)
    return found[-1]


def _member_behind(mine: Corp, way: ContactWay | None) -> Member:
    """The members of a code in turn."""
    users = way.user if way else []
    parties = set(way.party if way else [])
    reachable = [m for m in mine.state.members if parties & set(m.department) and m.customer_contact]
    members = [find_member(mine, userid) for userid in users] + reachable
    if way is None or not members:
        raise Impossible("no_member", "nobody is behind this code")
    return members[way.scans % len(members)]


def _customer_json(mine: Corp, customer: Customer) -> dict[str, Any]:
    follows = mine.state.follows.of_customer(customer.external_userid)
    return {**vars(customer), "follows": [follow.userid for follow in follows if follow.is_contact()]}
