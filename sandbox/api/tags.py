"""Corp tags: made and changed by their owner, put on a member's customer."""

from typing import Any

from sandbox import corp_tags
from sandbox.api.customers import find_contact
from sandbox.api.dispatch import Call, api
from sandbox.corp import Corp
from sandbox.errors import Refused
from sandbox.records import Tag, TagGroup

MOST_TAGS = 10_000
LONGEST_NAME = 30


@api("externalcontact/get_corp_tag_list", "POST", empty={"tag_group": []})
def get_corp_tag_list(call: Call) -> dict[str, Any]:
    """All of them; or those of the groups; or the tags. A deleted one shows only to whom asks for it by id."""
    corp, group_ids, tag_ids = call.corp, set(call.texts("group_id")), set(call.texts("tag_id"))
    shown = []
    for group in corp.state.tag_groups:
        tags = [tag for tag in corp.state.tags if tag.group_id == group.group_id]
        if group_ids:
            wanted = tags if group.group_id in group_ids else []
        elif tag_ids:
            wanted = [tag for tag in tags if tag.tag_id in tag_ids]
        else:
            wanted = [tag for tag in tags if not tag.deleted]
        if wanted:
            shown.append(_group_json(group, wanted))
    return {"tag_group": sorted(shown, key=lambda one: -one["order"])}


@api("externalcontact/add_corp_tag", "POST", empty={"tag_group": {}})
def add_corp_tag(call: Call) -> dict[str, Any]:
    corp = call.corp
    wanted = _wanted_tags(call)
    if len(corp.state.tags) + len(wanted) > MOST_TAGS:
        raise Refused(40126)
    group = _group_to_fill(call)
    made = []
    for name, order in wanted.items():
        known = corp_tags.find_tag(corp, group, name)
        made.append(known or corp_tags.add_tag(corp, group, name, owner=call.app, order=order))
    corp.note("api_add_tag", f"应用在「{group.name}」里建了 {len(made)} 个标签", group_id=group.group_id)
    return {"tag_group": _group_json(group, made)}


@api("externalcontact/edit_corp_tag", "POST")
def edit_corp_tag(call: Call) -> dict[str, Any]:
    corp, found = call.corp, _owned(call, call.text("id", missing=40068))
    name = call.optional_text("name", LONGEST_NAME)
    order = call.number("order", found.order)
    if name and name != found.name:
        if corp_tags.is_taken(corp, found, name):
            raise Refused(40071)
        found.name = name
    found.order = order
    corp_tags.put(corp, found)
    return {}


@api("externalcontact/del_corp_tag", "POST")
def del_corp_tag(call: Call) -> dict[str, Any]:
    corp = call.corp
    ids = call.texts("tag_id") + call.texts("group_id")
    if not ids:
        raise Refused(40063)
    found = [_owned(call, one) for one in ids]
    for one in found:
        one.deleted = True
        corp_tags.put(corp, one)
        for tag in _tags_below(corp, one):
            tag.deleted = True
            corp_tags.put(corp, tag)
    for group in corp.state.tag_groups:
        if not group.deleted and not corp_tags.tags_of(corp, group):
            group.deleted = True
            corp_tags.put(corp, group)
    return {}


@api("externalcontact/mark_tag", "POST", on_get=40003)
def mark_tag(call: Call) -> dict[str, Any]:
    corp, follow = call.corp, find_contact(call)
    adding, removing = call.texts("add_tag"), call.texts("remove_tag")
    if not adding and not removing:
        raise Refused(40063)
    for tag_id in adding:
        _tag(corp, tag_id)
    kept = [tag_id for tag_id in follow.tag_ids if tag_id not in set(removing)]
    follow.tag_ids = list(dict.fromkeys(kept + adding))
    corp.state.follows.put(follow)
    corp.note("api_mark_tag", "应用给客户打了标签", userid=follow.userid, external_userid=follow.external_userid)
    return {}


def _wanted_tags(call: Call) -> dict[str, int]:
    """Order by name; the same name twice is one tag."""
    tags = call.body.get("tag")
    if not isinstance(tags, list) or not tags:
        raise Refused(40063)
    wanted: dict[str, int] = {}
    for tag in tags:
        name, order = (tag.get("name"), tag.get("order", 0)) if isinstance(tag, dict) else (None, 0)
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
            raise Refused(40058)
        if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order < 2**32:
            raise Refused(40058)
        wanted.setdefault(name, order)
    return wanted


def _group_to_fill(call: Call) -> TagGroup:
    """By id, else the one of that name, else a new one."""
    corp, group_id = call.corp, call.optional_text("group_id")
    if group_id:
        group = corp.state.tag_groups.get(group_id)
        if group is None or group.deleted:
            raise Refused(40068)
        return group
    name, order = call.text("group_name", most=LONGEST_NAME), call.number("order", 0)
    return corp_tags.find_group(corp, name) or corp_tags.add_group(corp, name, owner=call.app, order=order)


def _tag(corp: Corp, tag_id: str) -> Tag:
    found = corp.state.tags.get(tag_id)
    if found is None or found.deleted:
        raise Refused(40068)
    return found


def _owned(call: Call, one_id: str) -> Tag | TagGroup:
    """A tag or a group that this app made; others are not its to change."""
    found = call.corp.state.tags.get(one_id) or call.corp.state.tag_groups.get(one_id)
    if found is None or found.deleted:
        raise Refused(40068)
    if found.owner != call.app:
        raise Refused(81011)
    return found


def _tags_below(corp: Corp, one: Tag | TagGroup) -> list[Tag]:
    return corp_tags.tags_of(corp, one) if isinstance(one, TagGroup) else []


def _group_json(group: TagGroup, tags: list[Tag]) -> dict[str, Any]:
    names = ("name", "create_time", "order", "deleted")
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": group.create_time,
        "order": group.order,
        "deleted": group.deleted,
        "tag": [{"id": tag.tag_id, **{name: getattr(tag, name) for name in names}} for tag in tags],
    }
