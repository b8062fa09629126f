"""Groups handed over to another owner, of somebody who left and of somebody who serves."""

from typing import Any

from sandbox import groups
from sandbox.api.customers import find_member
from sandbox.api.dispatch import Call, api
from sandbox.api.transfers import refuse_unfit
from sandbox.corp import Corp
from sandbox.directory import LEFT
from sandbox.errors import TEXTS, Refused
from sandbox.group_records import Group
from sandbox.records import Member

MOST_AT_ONCE, MOST_A_DAY, MOST_TRANSFERS = 100, 300, 2
DAY = 86400


@api("externalcontact/groupchat/transfer", "POST", empty={"failed_chat_list": []})
def transfer(call: Call) -> dict[str, Any]:
    return _transfer(call, resigned=True)


@api("externalcontact/groupchat/onjob_transfer", "POST", empty={"failed_chat_list": []})
def onjob_transfer(call: Call) -> dict[str, Any]:
    return _transfer(call, resigned=False)


def _transfer(call: Call, *, resigned: bool) -> dict[str, Any]:
    corp, chat_ids = call.corp, call.texts("chat_id_list")
    if not 1 <= len(chat_ids) <= MOST_AT_ONCE:
        raise Refused(40058)
    owner = find_member(corp, call.text("new_owner", missing=40003))
    refuse_unfit(owner)
    failed = []
    for chat_id in chat_ids:
        group = corp.state.groups.get(chat_id)
        code = _obstacle(corp, group, owner, resigned=resigned)
        if group is None or code:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": TEXTS[code]})
        else:
            groups.hand_over(corp, group, owner, resigned=resigned)
    corp.note("api_group_transfer", f"应用把 {len(chat_ids) - len(failed)} 个群转给 {owner.name}", owner=owner.userid)
    return {"failed_chat_list": failed}


def _obstacle(corp: Corp, group: Group | None, owner: Member, *, resigned: bool) -> int:
    """Why the group cannot be handed over, or 0."""
    if group is None or group.dismissed:
        return 90501
    now, old = corp.clock.now(), corp.state.member(group.owner)
    left = old is None or old.status == LEFT
    if group.owner.lower() == owner.key:
        return 90504
    if resigned and not left:
        return 90508 if group.inherited else 90500
    if not resigned and left:
        return 90502
    if not resigned and sum(now - 90 * DAY < at for at in group.handed_over) >= MOST_TRANSFERS:
        return 40128
    got = [at for one in corp.state.groups if one.owner.lower() == owner.key for at in one.handed_over[-1:]]
    return 45009 if sum(now - DAY < at for at in got) >= MOST_A_DAY else 0
