"""What people do in their clients: scan, add, chat, tag, delete. Each of these is pushed; API writes never are."""

from typing import Any

from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.records import ContactWay, Customer, Follow, Member, Message, Tag
from sandbox.scale import refuse_beyond
from sandbox.welcome import issue_welcome_code

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = "晓雨婷欣怡佳琪梦洁静敏思远子涵浩然宇轩明月清婉若兰一诺安然书瑶小满知夏"


def make_customer(corp: Corp, **given: Any) -> Customer:
    """A new person outside the corp; what is not given is made up."""
    kind = given.get("type", 1)
    made = Customer(
        external_userid=given.get("external_userid") or corp.new_id("wm" if kind == 1 else "wo"),
        name=given.get("name") or _made_up_name(corp),
        unionid=given["unionid"] if "unionid" in given else corp.new_id("o6", 28),
        openid=corp.new_id("oA", 28),
        type=kind,
        gender=given.get("gender", 0),
        avatar=given.get("avatar", ""),
        bound=given.get("bound", True),
    )
    if corp.state.customers.get(made.external_userid):
        raise Impossible("customer_exists", f"{made.external_userid} is taken")
    return corp.state.customers.put(made)


def scan(
    corp: Corp,
    customer: Customer,
    member: Member,
    way: ContactWay | None,
    *,
    half: bool,
    state: str = "",
    add_way: int = 1,
) -> dict[str, Any]:
    """The customer scans a code and the two become contacts, or half so until they scan again."""
    if not member.customer_contact:
        raise Impossible("no_customer_contact", f"{member.userid} may not have customers")
    state = way.state if way else state
    follow = corp.state.follow(member.userid, customer.external_userid)
    answer = {"external_userid": customer.external_userid, "userid": member.userid, "state": state}
    if follow and (follow.relation == "mutual" or (half and follow.relation == "half")):
        return {**answer, "welcome_code": None, "already": True}
    if not half and (follow is None or not follow.is_contact()):
        refuse_beyond(corp, customer, member)
    from_half = follow is not None and follow.relation == "half"
    if follow is None or not from_half:
        follow = Follow(
            userid=member.userid,
            external_userid=customer.external_userid,
            createtime=int(corp.clock.now()),
            number=corp.state.next_number("follow"),
            add_way=add_way,
            state=state,
            oper_userid=customer.external_userid,
        )
    follow.relation = "half" if half else "mutual"
    corp.state.follows.put(follow)
    if way:
        way.scans += 1
        corp.state.contact_ways.put(way)
    code = issue_welcome_code(corp, follow, customer, from_half=from_half)
    change = "add_half_external_contact" if half else "add_external_contact"
    text = f"{customer.name} 扫码加了 {member.name}" + ("，等员工通过" if half else "")
    emit(corp, change, text, follow, State=follow.state or None, WelcomeCode=code)
    return {**answer, "state": follow.state, "welcome_code": code, "already": False}


def edit(
    corp: Corp,
    follow: Follow,
    *,
    remark: str | None = None,
    remark_mobiles: list[str] | None = None,
    add_tags: list[Tag],
    remove_tags: list[Tag],
) -> None:
    """A member changes what they wrote about a customer."""
    if remark is not None:
        follow.remark = remark
    if remark_mobiles is not None:
        follow.remark_mobiles = remark_mobiles
    gone = {tag.tag_id for tag in remove_tags}
    kept = [tag_id for tag_id in follow.tag_ids if tag_id not in gone]
    follow.tag_ids = list(dict.fromkeys(kept + [tag.tag_id for tag in add_tags]))
    corp.state.follows.put(follow)
    emit(corp, "edit_external_contact", "员工改了备注或标签", follow, State=follow.state or None)


def delete(corp: Corp, follow: Follow, *, by: str) -> None:
    """One side deletes the other; the follower who deletes loses the customer, a customer who deletes is still one."""
    if follow.relation not in ("mutual", "deleted_by_customer") or (
        by == "customer" and follow.relation == "deleted_by_customer"
    ):
        raise Impossible("not_contacts", "they are not contacts")
    follow.relation = "deleted_by_member" if by == "staff" else "deleted_by_customer"
    corp.state.follows.put(follow)
    if by == "staff":
        emit(corp, "del_external_contact", "员工删了客户", follow)
    else:
        emit(corp, "del_follow_user", "客户删了员工", follow)


def say(
    corp: Corp,
    follow: Follow,
    sender: str,
    kind: str,
    content: dict[str, Any],
    source: str,
    at: float | None = None,
    msgid: str = "",
) -> Message:
    """One more line in the chat of a member and a customer."""
    number = corp.state.next_number("message")
    moment = corp.clock.now() if at is None else at
    return corp.state.messages.put(
        Message(number, moment, follow.userid, follow.external_userid, sender, kind, content, source, msgid)
    )


def emit(corp: Corp, change: str, text: str, follow: Follow, **more: str | None) -> None:
    """Push what happened between a member and a customer, when the app may see the member."""
    detail = {"userid": follow.userid, "external_userid": follow.external_userid}
    fields = {"UserID": follow.userid, "ExternalUserID": follow.external_userid, **more}
    member = corp.state.member(follow.userid)
    pushed = member is None or member.visible
    corp.emit("change_external_contact", change, text, detail, pushed=pushed, **fields)


def _made_up_name(corp: Corp) -> str:
    return corp.rng.choice(SURNAMES) + "".join(corp.rng.sample(GIVEN, corp.rng.choice((1, 2, 2))))
