"""What customers do with an acquisition link; each step is pushed as `customer_acquisition`."""

from typing import Any

from sandbox import people
from sandbox.acquisition_records import Acquired, AcquisitionLink
from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.records import Customer, Member

BY_LINK = 16
LONGEST_CHANNEL = 64  # bytes; the rest is cut
CHAT_KEY_SECONDS = 1800.0
NO_QUOTA: dict[str, Any] = {"total": 0, "quota_list": []}


def behind(corp: Corp, link: AcquisitionLink) -> list[Member]:
    """The members whom the link leads to, those of its departments too."""
    named = [corp.state.member(userid) for userid in link.users]
    parties = set(link.departments)
    below = [member for member in corp.state.members if parties & set(member.department)]
    found = {member.key: member for member in [*named, *below] if member is not None}
    return [member for member in found.values() if member.customer_contact and member.status == 1]


def channel_of(text: str) -> str:
    """A `customer_channel` as WeCom keeps it."""
    return text.encode()[:LONGEST_CHANNEL].decode(errors="ignore")


def open_link(corp: Corp, link: AcquisitionLink, state: str) -> None:
    link.opened_at = [*link.opened_at, corp.clock.now()]
    corp.state.acquisition_links.put(link)
    emit(corp, "open_profile", f"有人打开了获客链接「{link.name}」", LinkId=link.link_id, State=state or None)


def ask(corp: Corp, link: AcquisitionLink, state: str) -> None:
    emit(corp, "friend_request", f"有人通过「{link.name}」申请加好友", LinkId=link.link_id, State=state or None)


def add(corp: Corp, link: AcquisitionLink, customer: Customer, state: str) -> dict[str, Any]:
    """The customer becomes a contact of one of the members, who take turns."""
    members, came = behind(corp, link), corp.state.acquired.of_link(link.link_id)
    if not members:
        raise Impossible("no_member", "nobody is behind this link")
    member = members[len(came) % len(members)]
    answer = people.scan(corp, customer, member, None, half=False, state=state, add_way=BY_LINK)
    if not answer["already"]:
        number = corp.state.next_number("acquired")
        row = (number, link.link_id, member.userid, customer.external_userid, state, corp.clock.now())
        corp.state.acquired.put(Acquired(*row))
    return answer


def chat(corp: Corp, link: AcquisitionLink, customer: Customer, text: str) -> str | None:
    """The customer says something: the first line starts the chat, later ones come with a key to look it up."""
    came = [one for one in corp.state.acquired.of_link(link.link_id) if one.external_userid == customer.external_userid]
    if not came:
        raise Impossible("not_acquired", "the customer did not come by this link")
    acquired = came[-1]
    follow = corp.state.follow(acquired.userid, acquired.external_userid)
    if follow is None or follow.relation != "mutual":
        raise Impossible("not_contacts", "they are not contacts")
    people.say(corp, follow, "customer", "text", {"content": text}, "chat")
    first, acquired.chatted, acquired.messages = not acquired.chatted, True, acquired.messages + 1
    corp.state.acquired.put(acquired)
    if first:
        _spend(corp)
        pair = {"UserID": acquired.userid, "ExternalUserID": acquired.external_userid}
        told = {"LinkId": link.link_id, **pair, "State": acquired.state or None}
        emit(corp, "customer_start_chat", f"「{link.name}」来的客户开口了", **told)
        return None
    key = corp.issue("chat_key", CHAT_KEY_SECONDS, {"acquired": acquired.key}).value
    emit(corp, "message_from_customer", f"「{link.name}」来的客户又说话了", ChatKey=key, LinkId=link.link_id)
    return key


def quota(corp: Corp) -> dict[str, Any]:
    found = {**NO_QUOTA, **corp.state.setting("acquisition quota", {})}
    return {**found, "balance": sum(one["balance"] for one in found["quota_list"])}


def set_quota(corp: Corp, total: int, quota_list: list[dict[str, int]]) -> None:
    corp.state.set("acquisition quota", {"total": total, "quota_list": quota_list})


def emit(corp: Corp, change: str, text: str, **fields: Any) -> None:
    corp.emit("customer_acquisition", change, text, {"link_id": fields.get("LinkId", "")}, **fields)


def _spend(corp: Corp) -> None:
    """A started chat takes one, of what expires first; the last one is told of."""
    left = quota(corp)
    rows = sorted(left["quota_list"], key=lambda one: one["expire_date"])
    row = next((one for one in rows if one["balance"] > 0), None)
    if row is None:
        return
    row["balance"] -= 1
    set_quota(corp, left["total"], rows)
    if left["balance"] == 1:
        emit(corp, "balance_exhausted", "获客助手的额度用完了")
