"""What a customer does who scans the code of a group."""

from sandbox import groups
from sandbox.corp import Corp
from sandbox.group_records import Group, JoinWay
from sandbox.impossible import Impossible
from sandbox.records import Customer
from sandbox.rules import rule
from sandbox.scale import refuse_beyond


def join_by_code(corp: Corp, way: JoinWay, customer: Customer) -> Group:
    """Into the first of the code's groups with room; when all are full into a new one, if the code makes them."""
    refuse_beyond(corp, customer)
    found = [corp.state.groups.get(chat_id) for chat_id in way.chat_id_list]
    rooms = [group for group in found if group is not None and not group.dismissed]
    if not rooms:
        raise Impossible("no_group", "no group is behind this code")
    group = next((group for group in rooms if len(group.members) < rule(corp, "group_size")), None)
    if group is None:
        group = _next_room(corp, way, rooms[-1])
    way.scans += 1
    corp.state.join_ways.put(way)
    groups.join(corp, group, customer, join_scene=groups.GROUP_CODE, state=way.state)
    return group


def _next_room(corp: Corp, way: JoinWay, full: Group) -> Group:
    owner = corp.state.member(full.owner)
    if not way.auto_create_room or owner is None:
        raise Impossible("group_full", "every group behind this code is full")
    made = groups.create(corp, f"{way.room_base_name or full.name}{way.room_base_id}", owner, [])
    way.room_base_id += 1
    way.chat_id_list = [*way.chat_id_list, made.chat_id]
    return made
