"""The whole truth about the corp, for those who check what was learnt of it."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox.control.lookups import query_number
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.scale import external_contacts
from sandbox.transfers import settle

blueprint = Blueprint("truth", __name__)
Rows = Callable[[Corp], Iterator[dict[str, Any]]]
MOST = 10_000


@blueprint.get("/truth")
def whole() -> ResponseReturnValue:
    """Everything in one answer; a corp that is large is read in pages."""
    mine = corp()
    with mine.state.writing():
        settle(mine)
        return {**{kind: list(rows(mine)) for kind, rows in KINDS.items()}, "paid_scale": external_contacts(mine)}


@blueprint.get("/truth/<kind>")
def page(kind: str) -> ResponseReturnValue:
    if kind not in KINDS:
        raise Impossible("no_such_kind", f"{kind!r} is none of {', '.join(KINDS)}", 404)
    after, limit, mine = query_number("cursor", 0, 10**9), query_number("limit", 1000, MOST), corp()
    with mine.state.writing():
        settle(mine)
        rows = list(islice(KINDS[kind](mine), after, after + limit + 1))
        return {kind: rows[:limit], "next_cursor": str(after + limit) if len(rows) > limit else ""}


def _staff(mine: Corp) -> Iterator[dict[str, Any]]:
    names = ("userid", "name", "department", "customer_contact", "licensed", "visible", "status")
    return ({name: getattr(member, name) for name in names} for member in mine.state.members)


def _follows(mine: Corp) -> Iterator[dict[str, Any]]:
    """The open relations; tags that were deleted since are none."""
    names = ("userid", "external_userid", "relation", "createtime", "add_way", "state", "remark", "remark_mobiles")
    dead = {tag.tag_id for tag in mine.state.tags if tag.deleted}
    for follow in mine.state.follows.all_after(0):
        if follow.relation != "deleted_by_member":
            tag_ids = [tag_id for tag_id in follow.tag_ids if tag_id not in dead]
            yield {**{name: getattr(follow, name) for name in names}, "tag_ids": tag_ids}


def _customers(mine: Corp) -> Iterator[dict[str, Any]]:
    for one in mine.state.customers:
        shown = {"unionid": one.shown_unionid(), "name": one.name, "type": one.type}
        yield {"external_userid": one.external_userid, **shown}


def _groups(mine: Corp) -> Iterator[dict[str, Any]]:
    names = ("chat_id", "name", "owner", "dismissed", "member_version")
    for group in mine.state.groups:
        members = [member["id"] for member in group.members]
        yield {**{name: getattr(group, name) for name in names}, "members": members}


def _tags(mine: Corp) -> Iterator[dict[str, Any]]:
    groups = mine.state.tag_groups
    for tag in mine.state.tags:
        group = groups.get(tag.group_id)
        if group and not tag.deleted:
            yield {"tag_id": tag.tag_id, "name": tag.name, "group_id": group.group_id, "group_name": group.name}


KINDS: dict[str, Rows] = {
    "staff": _staff,
    "follows": _follows,
    "customers": _customers,
    "groups": _groups,
    "tags": _tags,
}
