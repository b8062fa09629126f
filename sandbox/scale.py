"""How many customers there may be: of one member, and of the corp before it pays for more."""

from sandbox.corp import Corp
from sandbox.impossible import Impossible
from sandbox.records import Customer, Member
from sandbox.rules import rule


def external_contacts(corp: Corp) -> int:
    """Who counts for the paid scale: friends and people who are only in groups, each once."""
    seated = {
        member["id"]
        for group in corp.state.groups
        if not group.dismissed
        for member in group.members
        if member["type"] == 2
    }
    friends = corp.state.follows.friends
    return len(friends) + len(seated - friends.keys())


def counts_already(corp: Corp, external_userid: str) -> bool:
    if external_userid in corp.state.follows.friends:
        return True
    return any(group.member(external_userid) for group in corp.state.groups if not group.dismissed)


def is_full(corp: Corp, member: Member) -> bool:
    return corp.state.follows.count_of(member.userid) >= int(rule(corp, "customers_per_member"))


def refuse_beyond(corp: Corp, customer: Customer, member: Member | None = None) -> None:
    """Raises `Impossible` when the member is full, or the corp may have nobody more without paying."""
    if member is not None and is_full(corp, member):
        raise Impossible("customer_limit", f"{member.userid} has as many customers as a member may")
    most = rule(corp, "paid_scale")
    if most is None or counts_already(corp, customer.external_userid):
        return
    if external_contacts(corp) >= most:
        raise Impossible("paid_scale", f"the corp has {most} external contacts, and pays for no more")
