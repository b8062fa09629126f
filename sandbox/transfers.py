"""Customers handed over: done a day later by itself, unless the customer refuses or the new member is full."""

from sandbox import people
from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.records import Follow
from sandbox.rules import rule
from sandbox.scale import is_full
from sandbox.transfer_records import DONE, FULL, REFUSED, Transfer

ASSIGNED_BY_ADMIN = 202
NOTES = ("remark", "description", "remark_corp_name", "remark_mobiles", "tag_ids", "state")


def start(corp: Corp, follow: Follow, takeover: str, *, resigned: bool, message: str = "") -> Transfer:
    made = Transfer(
        number=corp.state.next_number("transfer"),
        handover=follow.userid,
        takeover=takeover,
        external_userid=follow.external_userid,
        resigned=resigned,
        started_at=corp.clock.now(),
        message=message,
    )
    return corp.state.transfers.put(made)


def settle(corp: Corp) -> None:
    """End those whose day is over."""
    for transfer in corp.state.transfers.waiting():
        if corp.clock.now() >= transfer.due_at:
            _complete(corp, transfer)


def refuse(corp: Corp, external_userid: str) -> Transfer:
    """The customer says no to the new member."""
    found = corp.state.transfers.running(external_userid)
    if found is None:
        raise Impossible("no_transfer", "nobody is handing this customer over")
    _fail(corp, found, REFUSED, "customer_refused")
    return found


def _complete(corp: Corp, transfer: Transfer) -> None:
    old = corp.state.follow(transfer.handover, transfer.external_userid)
    new = corp.state.follow(transfer.takeover, transfer.external_userid)
    takeover, known = corp.state.member(transfer.takeover), new is not None and new.is_contact()
    if takeover is not None and not known and is_full(corp, takeover):
        _fail(corp, transfer, FULL, "customer_limit_exceed")
        return
    _end(corp, transfer, DONE)
    if old is not None and old.is_contact():
        old.relation = "deleted_by_member"
        corp.state.follows.put(old)
        if not transfer.resigned:  # of somebody who left nothing more is told
            people.emit(corp, "del_external_contact", "客户转给了同事", old, Source="DELETE_BY_TRANSFER")
    if not known:
        made = _follow(corp, transfer, old)
        people.emit(corp, "add_external_contact", "接手了同事的客户", made, State=made.state or None)


def _follow(corp: Corp, transfer: Transfer, old: Follow | None) -> Follow:
    made = Follow(
        userid=transfer.takeover,
        external_userid=transfer.external_userid,
        createtime=int(corp.clock.now()),
        number=corp.state.next_number("follow"),
        add_way=ASSIGNED_BY_ADMIN,
        oper_userid=transfer.handover,
    )
    if old is not None and rule(corp, "transfer_keeps_notes"):
        for name in NOTES:
            value = getattr(old, name)
            setattr(made, name, list(value) if isinstance(value, list) else value)
    return corp.state.follows.put(made)


def _fail(corp: Corp, transfer: Transfer, status: int, reason: str) -> None:
    _end(corp, transfer, status)
    pair = Follow(transfer.takeover, transfer.external_userid, 0, 0)
    people.emit(corp, "transfer_fail", "客户没有转成", pair, FailReason=reason)


def _end(corp: Corp, transfer: Transfer, status: int) -> None:
    transfer.status, transfer.ended_at = status, max(transfer.started_at, corp.clock.now())
    corp.state.transfers.put(transfer)
