"""Corp tags as an admin changes them in the console."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox import corp_tags
from sandbox.control.console_forms import NameForm, ShuffleForm
from sandbox.control.forms import TagRef
from sandbox.control.reading import read_form
from sandbox.corp import Corp, corp
from sandbox.impossible import Impossible
from sandbox.records import Tag, TagGroup

blueprint = Blueprint("tags", __name__)


@blueprint.get("/tags")
def tags() -> ResponseReturnValue:
    state = corp().state
    with state.lock:
        groups = [group for group in state.tag_groups if not group.deleted]
        return {
            "groups": [
                {
                    "group_id": group.group_id,
                    "name": group.name,
                    "tags": [{"id": tag.tag_id, "name": tag.name} for tag in corp_tags.tags_of(corp(), group)],
                }
                for group in sorted(groups, key=lambda group: -group.order)
            ]
        }


@blueprint.post("/tags")
def make_tag() -> ResponseReturnValue:
    form = read_form(TagRef)
    with corp().state.writing():
        tag = corp_tags.make_tag(corp(), form.group, form.name)
        return {"id": tag.tag_id, "group_id": tag.group_id}, 201


@blueprint.patch("/tags/<id>")
def rename(id: str) -> ResponseReturnValue:
    """A tag or a group."""
    form, mine = read_form(NameForm), corp()
    with mine.state.writing():
        corp_tags.rename(mine, _tag_or_group(mine, id), form.name)
    return tags()


@blueprint.delete("/tags/<id>")
def delete(id: str) -> ResponseReturnValue:
    mine = corp()
    with mine.state.writing():
        corp_tags.delete(mine, _tag_or_group(mine, id))
    return tags()


@blueprint.post("/tags/shuffle")
def shuffle() -> ResponseReturnValue:
    """The tags of a group in this order, or the groups."""
    form, mine = read_form(ShuffleForm), corp()
    with mine.state.writing():
        found = [_tag_or_group(mine, id) for id in form.ids]
        if form.group_id is None:
            corp_tags.shuffle(mine, None, [one for one in found if isinstance(one, TagGroup)])
        else:
            group = mine.state.tag_groups.get(form.group_id)
            mates = [one for one in found if isinstance(one, Tag) and one.group_id == form.group_id]
            corp_tags.shuffle(mine, group, mates)
    return tags()


def _tag_or_group(mine: Corp, id: str) -> Tag | TagGroup:
    found = mine.state.tags.get(id) or mine.state.tag_groups.get(id)
    if found is None or found.deleted:
        raise Impossible("no_such_tag", f"no tag and no group is {id!r}", 404)
    return found
