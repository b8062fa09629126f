"""Customers handed over to another member, while the old one serves and after they left."""

from typing import Any

from sandbox import transfers
from sandbox.api.customers import contacts_after, find_member
from sandbox.api.dispatch import Call, api
from sandbox.api.paging import read_cursor, write_cursor
from sandbox.corp import Corp
from sandbox.directory import LEFT
from sandbox.errors import Refused
from sandbox.records import Follow, Member
from sandbox.scale import is_full
from sandbox.transfer_records import COUNTED_SECONDS, REFUSED

MOST_AT_ONCE, A_PAGE, MOST_TRANSFERS = 100, 1000, 2


@api("externalcontact/transfer_customer", "POST", empty={"customer": []})
def transfer_customer(call: Call) -> dict[str, Any]:
    return _transfer(call, resigned=False)


@api("externalcontact/resigned/transfer_customer", "POST", empty={"customer": []})
def resigned_transfer_customer(call: Call) -> dict[str, Any]:
    return _transfer(call, resigned=True)


@api("externalcontact/transfer_result", "POST", empty={"customer": []})
def transfer_result(call: Call) -> dict[str, Any]:
    return _result(call, resigned=False)


@api("externalcontact/resigned/transfer_result", "POST", empty={"customer": []})
def resigned_transfer_result(call: Call) -> dict[str, Any]:
    return _result(call, resigned=True)


@api("externalcontact/get_unassigned_list", "POST", empty={"info": []})
def get_unassigned_list(call: Call) -> dict[str, Any]:
    """By `cursor`, or by the older `page_id`, which counts pages."""
    corp, size = call.corp, call.number("page_size", A_PAGE, 1, A_PAGE)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    after = after or call.number("page_id", 0) * size
    rows = [
        {"handover_userid": member.userid, "external_userid": follow.external_userid, "dimission_time": member.left_at}
        for member in corp.state.members
        if member.status == LEFT
        for follow in contacts_after(corp, member)
        if corp.state.transfers.running(follow.external_userid) is None
    ]
    last = len(rows) <= after + size
    following = "" if last else write_cursor(after + size)
    return {"info": rows[after : after + size], "is_last": last, "next_cursor": following}


def _transfer(call: Call, *, resigned: bool) -> dict[str, Any]:
    """0 for a customer means that it has begun; a customer who cannot be handed over has a code of their own."""
    corp, wanted = call.corp, call.texts("external_userid")
    handover = find_member(corp, call.text("handover_userid", missing=40003))
    takeover = find_member(corp, call.text("takeover_userid", missing=40003))
    message = "" if resigned else call.optional_text("transfer_success_msg", 200) or ""
    if not wanted:
        raise Refused(41035)
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(40032)
    if handover.key == takeover.key:
        raise Refused(40130)
    if resigned and handover.status != LEFT:
        raise Refused(40097)
    if not resigned and handover.status == LEFT:
        raise Refused(40003)
    refuse_unfit(takeover)
    answers = []
    for external_userid in wanted:
        code = _obstacle(corp, handover, takeover, external_userid, resigned=resigned)
        follow = corp.state.follow(handover.userid, external_userid)
        if code == 0 and follow is not None:
            transfers.start(corp, follow, takeover.userid, resigned=resigned, message=message)
        answers.append({"external_userid": external_userid, "errcode": code})
    corp.note("api_transfer", f"应用把 {handover.name} 的客户转给 {takeover.name}", count=len(wanted))
    return {"customer": answers}


def refuse_unfit(takeover: Member) -> None:
    """Whoever takes over works here and may have customers."""
    if takeover.status != 1:
        raise Refused(41054)
    if not takeover.customer_contact:
        raise Refused(84074)


def _obstacle(corp: Corp, handover: Member, takeover: Member, external_userid: str, *, resigned: bool) -> int:
    """Why this customer cannot be handed over, or 0."""
    if corp.state.customers.get(external_userid) is None:
        return 40096
    follow = corp.state.follow(handover.userid, external_userid)
    if follow is None or not follow.is_contact():
        return 40131
    if corp.state.transfers.running(external_userid) is not None:
        return 40100 if resigned else 40129
    since = corp.clock.now() - COUNTED_SECONDS
    counted = [one for one in corp.state.transfers.of_customer(external_userid) if one.status != REFUSED]
    if sum(one.started_at > since for one in counted) >= MOST_TRANSFERS:
        return 40128
    return 40099 if is_full(corp, takeover) and not _knows(corp, takeover, follow) else 0


def _knows(corp: Corp, takeover: Member, follow: Follow) -> bool:
    known = corp.state.follow(takeover.userid, follow.external_userid)
    return known is not None and known.is_contact()


def _result(call: Call, *, resigned: bool) -> dict[str, Any]:
    """How each customer between the two stands; the latest transfer of each."""
    corp = call.corp
    handover, takeover = call.text("handover_userid", missing=40003), call.text("takeover_userid", missing=40003)
    if corp.state.member(handover) is None or corp.state.member(takeover) is None:
        raise Refused(60111)
    (after,) = read_cursor(call.optional_text("cursor"), 1)
    latest = {
        one.external_userid: one
        for one in corp.state.transfers
        if one.resigned == resigned and one.is_between(handover, takeover)
    }
    found = sorted((one for one in latest.values() if one.number > after), key=lambda one: one.number)
    page = found[:A_PAGE]
    following = write_cursor(page[-1].number) if len(found) > A_PAGE else ""
    rows = [
        {
            "external_userid": one.external_userid,
            "status": one.status,
            "takeover_time": int(one.due_at if one.ended_at is None else one.ended_at),
        }
        for one in page
    ]
    return {"customer": rows, "next_cursor": following}
