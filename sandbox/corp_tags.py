"""Corp tags and their groups, and what admins do with them in the console; each of that is pushed."""

from collections.abc import Sequence

from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.records import Tag, TagGroup


def make_tag(corp: Corp, group_name: str, name: str) -> Tag:
    """An admin makes a tag, and its group when there is none."""
    group = find_group(corp, group_name)
    if group is None:
        group = add_group(corp, group_name, owner="admin")
        _emit_change(corp, "create", group, f"管理员建了标签组 {group_name}")
    known = find_tag(corp, group, name)
    if known:
        return known
    tag = add_tag(corp, group, name, owner="admin")
    _emit_change(corp, "create", tag, f"管理员建了标签 {name}")
    return tag


def find_group(corp: Corp, name: str) -> TagGroup | None:
    return next((group for group in corp.state.tag_groups if group.name == name and not group.deleted), None)


def find_tag(corp: Corp, group: TagGroup, name: str) -> Tag | None:
    return next((tag for tag in tags_of(corp, group) if tag.name == name), None)


def tags_of(corp: Corp, group: TagGroup) -> list[Tag]:
    """Larger order first, then the older."""
    found = [tag for tag in corp.state.tags if tag.group_id == group.group_id and not tag.deleted]
    return sorted(found, key=lambda tag: -tag.order)


def add_group(corp: Corp, name: str, *, owner: str, order: int = 0) -> TagGroup:
    made = TagGroup(corp.new_id("et"), name, order, int(corp.clock.now()), owner)
    return corp.state.tag_groups.put(made)


def add_tag(corp: Corp, group: TagGroup, name: str, *, owner: str, order: int = 0) -> Tag:
    return corp.state.tags.put(Tag(corp.new_id("et"), group.group_id, name, order, int(corp.clock.now()), owner))


def rename(corp: Corp, one: Tag | TagGroup, name: str) -> None:
    if is_taken(corp, one, name):
        raise Impossible("name_taken", f"another one is called {name!r}")
    one.name = name
    put(corp, one)
    _emit_change(corp, "update", one, f"管理员改名为「{name}」")


def delete(corp: Corp, one: Tag | TagGroup) -> None:
    """The last tag takes its group along; a group takes its tags, of which nothing more is told."""
    one.deleted = True
    put(corp, one)
    _emit_change(corp, "delete", one, f"管理员删了「{one.name}」")
    if isinstance(one, TagGroup):
        for tag in tags_of(corp, one):
            tag.deleted = True
            put(corp, tag)
        return
    group = corp.state.tag_groups.get(one.group_id)
    if group is not None and not group.deleted and not tags_of(corp, group):
        delete(corp, group)


def shuffle(corp: Corp, group: TagGroup | None, wanted: Sequence[Tag | TagGroup]) -> None:
    """Those named come first, in this order: the tags of a group, or the groups themselves."""
    for place, one in enumerate(wanted):
        one.order = len(wanted) - place
        put(corp, one)
    id = group.group_id if group else ""
    corp.emit("change_external_tag", "shuffle", "管理员排了标签", {"id": id}, Id=id)


def is_taken(corp: Corp, one: Tag | TagGroup, name: str) -> bool:
    if isinstance(one, TagGroup):
        return find_group(corp, name) not in (None, one)
    group = corp.state.tag_groups.get(one.group_id)
    return group is not None and find_tag(corp, group, name) not in (None, one)


def put(corp: Corp, one: Tag | TagGroup) -> None:
    if isinstance(one, TagGroup):
        corp.state.tag_groups.put(one)
    else:
        corp.state.tags.put(one)


def _emit_change(corp: Corp, change: str, one: Tag | TagGroup, text: str) -> None:
    kind = "tag_group" if isinstance(one, TagGroup) else "tag"
    corp.emit("change_external_tag", change, text, {"id": one.key}, Id=one.key, TagType=kind)
