"""People: the customers that identities make up, derived from the links around them and kept up to date.

The truth is the identities, the links and the orders somebody claimed; every `customer_id` follows and can be made
again (`rebuild`). `derive` looks only at what can be reached from where something changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from crm import audits, meetings
from crm.identity_graph import people
from crm.meetings import Member
from crm.neighbourhoods import Known, Neighbourhood, everything, read
from models.contact import Contact
from models.coupon import Coupon
from models.customer import ACCEPTED, REFUSED, Customer, Identity, IdentityLink
from models.order import Order
from models.tag import TagAssignment
from models.touch import Touch

FACTS = (Contact, Order, Coupon, Touch, TagAssignment)  # each keeps the identity it came by; its customer follows


def derive(session: Session, seeds: Iterable[int], *, now: datetime) -> int:
    """Whoever can be reached from these identities is who the facts say; returns how many identities moved.

    They stay locked until the transaction ends: whoever stores a fact about one of them holds its identity.
    """
    around = read(session, set(seeds))
    while True:
        _lock(session, around)
        again = read(session, set(around.known)) if session.get_bind().dialect.name == "postgresql" else around
        if again == around:
            return _apply(session, around, now=now)
        around = again


def partition(session: Session) -> list[frozenset[int]]:
    """The sets of identity ids that are one person each, from identities, links and orders alone."""
    whole = everything(session)
    ids = {known.key: known.id for known in whole.known.values()}
    sets = people(ids, (edge for edge, _ in whole.edges)).sets
    return sorted((frozenset(ids[key] for key in members) for members in sets), key=min)


def rebuild(session: Session, *, now: datetime) -> int:
    """Derive every `customer_id` again; returns how many identities had the wrong one.

    Reads all identities and links into memory and writes in one transaction: for a quiet hour.
    """
    moved = _apply(session, everything(session), now=now)
    for fact in FACTS:
        owner_now = select(Identity.customer_id).where(Identity.id == fact.identity_id).scalar_subquery()
        session.execute(
            update(fact)
            .where(fact.customer_id.is_distinct_from(owner_now))
            .values(customer_id=owner_now)
            .execution_options(synchronize_session=False)
        )
    session.expire_all()
    return moved


def _lock(session: Session, around: Neighbourhood) -> None:
    """In the order of their names, as everybody locks identities."""
    session.execute(
        select(Identity.id)
        .where(Identity.id.in_(around.known))
        .order_by(Identity.kind, Identity.scope, Identity.value)
        .with_for_update(key_share=True)
    )


def _apply(session: Session, around: Neighbourhood, *, now: datetime) -> int:
    found = people((known.key for known in around.known.values()), (edge for edge, _ in around.edges))
    _judge(session, around, {edge: found.refused.get(edge, "") for edge, _ in around.edges})
    by_key = {known.key: known for known in around.known.values()}
    sets = [[by_key[key] for key in members if key in by_key] for members in found.sets]
    return _settle(session, sorted((some for some in sets if some), key=min), now=now)


def _judge(session: Session, around: Neighbourhood, verdicts: dict[object, str]) -> None:
    """Write down where links came to stand differently than before."""
    changed: dict[str, list[int]] = defaultdict(list)
    for edge, link in around.edges:
        if link and (link.standing, link.refusal) != (REFUSED if verdicts[edge] else ACCEPTED, verdicts[edge]):
            changed[verdicts[edge]].append(link.id)
    for refusal, ids in changed.items():
        session.execute(
            update(IdentityLink)
            .where(IdentityLink.id.in_(ids))
            .values(standing=REFUSED if refusal else ACCEPTED, refusal=refusal)
        )


def _settle(session: Session, sets: Sequence[Sequence[Known]], *, now: datetime) -> int:
    """Give each set its customer: the oldest its members began with that no other set has."""
    owner_of: dict[int, list[Known]] = {}
    for members in sets:
        homes = sorted({known.home_id for known in members} - owner_of.keys())
        owner_of[homes[0] if homes else _new_customer(session, now)] = list(members)
    moves: dict[int, int] = {}
    for owner, members in owner_of.items():
        strays = [known.id for known in members if known.customer_id != owner]
        lost = [known.id for known in members if known.home_id != owner and known.home_id in owner_of]
        if strays:
            _move(session, strays, owner)
            moves |= dict.fromkeys(strays, owner)
        if lost:
            session.execute(update(Identity).where(Identity.id.in_(lost)).values(home_id=owner))
    if moves:
        _keep_customers(session, owner_of, now=now)
        met = [members for owner, members in owner_of.items() if {known.customer_id for known in members} != {owner}]
        people = [[Member(known.id, known.key, known.customer_id) for known in members] for members in met]
        meetings.tell(session, people, now=now)
        session.expire_all()
    return len(moves)


def _new_customer(session: Session, now: datetime) -> int:
    return session.scalars(insert(Customer).returning(Customer.id), [{"created_at": now}]).one()


def _move(session: Session, identity_ids: Sequence[int], owner: int) -> None:
    """Identities first: whoever stores a fact holds its identity, so the facts moved afterwards are all there are."""
    session.execute(update(Identity).where(Identity.id.in_(identity_ids)).values(customer_id=owner))
    for fact in FACTS:
        session.execute(
            update(fact)
            .where(fact.identity_id.in_(identity_ids))
            .values(customer_id=owner)
            .execution_options(synchronize_session=False)
        )


def _keep_customers(session: Session, owner_of: dict[int, list[Known]], *, now: datetime) -> None:
    """Who became somebody else leads on to them; who is somebody again leads nowhere. Both are on record."""
    became: dict[int, int] = {}
    for owner, members in owner_of.items():
        before = {known.customer_id for known in members} | {known.home_id for known in members}
        became |= {gone: owner for gone in before if gone not in owner_of}
        identities = sorted(known.id for known in members)[:20]
        if merged := sorted({known.customer_id for known in members} - {owner} - owner_of.keys()):
            audits.note(
                session, actor="system", action="customer.merge", subject=f"customer:{owner}", now=now,
                merged=merged[0] if len(merged) == 1 else merged, identities=identities,
            )  # fmt: skip
        if split := sorted({known.customer_id for known in members} & (owner_of.keys() - {owner})):
            audits.note(
                session, actor="system", action="customer.split", subject=f"customer:{owner}", now=now,
                split_from=split, identities=identities,
            )  # fmt: skip
    for gone, owner in became.items():
        session.execute(
            update(Customer)
            .where(Customer.id == gone, Customer.merged_into_id.is_distinct_from(owner))
            .values(merged_into_id=owner, merged_at=now)
        )
    back = update(Customer).where(Customer.id.in_(owner_of), Customer.merged_into_id.is_not(None))
    session.execute(back.values(merged_into_id=None, merged_at=None))
