"""Facts that two identities are one person: stated, taken back, decided; and who is who after each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crm import claimed_orders, identities, meetings, persons
from crm.errors import BadInput
from crm.identities import Key
from crm.identity_graph import CROWD, FACES, RANKS, STRONG, ordered
from crm.meetings import Member
from models.customer import ACCEPTED, NEW, Identity, IdentityLink
from models.database import insert_many_if_absent, take_turns
from models.order import Order

PLAIN = (STRONG - {"order", "operator"}) | {"order_named"}
"""Proofs that, between identities nobody has linked before, need no weighing."""


class Fact(NamedTuple):
    """Two identities are said to be one person: on what proof, when, learnt where (`source`) and from whom (`by`)."""

    one: Key
    other: Key
    proof: str
    stated_at: datetime
    source: str
    by: str

    @property
    def name(self) -> tuple[Key, Key, str]:
        return (*ordered(self.one, self.other), self.proof)


Name = tuple[Key, Key, str]


def state(
    session: Session, facts: Iterable[Fact], *, now: datetime, held: Mapping[Key, Identity] | None = None
) -> dict[Key, Identity]:
    """Record these facts and make everybody they touch who they are now; the identities they name, locked.

    `held` is what `identities.hold_many` just answered about all these names, when it was asked already.
    Safe to repeat; of one fact told twice the earliest moment stays. A batch of newcomers takes a handful of
    statements; where people were known before, everything that can be reached from them is weighed again.
    """
    facts = list(facts)
    if not facts:
        return {}
    told = _earliest(facts)
    keys = sorted({key for fact in facts for key in fact[:2]})
    held = identities.hold_many(session, keys) if held is None else held
    known = {key: held[key] for key in keys if key in held}
    told = {name: fact for name, fact in told.items() if not _names_the_erased(name, known)}
    stored = _stored(session, known, told)
    new = {name: fact for name, fact in told.items() if name not in stored}
    plain = _plain_groups(session, new, known)
    owner_before = {key: identity.customer_id for key, identity in known.items()}
    known = _make_missing(session, keys, plain, known, now=now)
    _insert(session, new, known, plain, now=now)
    people = [[Member(known[key].id, key, owner_before.get(key)) for key in group] for group in plain]
    meetings.tell(session, people, now=now)
    moved = _update_earlier(session, told, stored)
    placed = {key for group in plain for key in group}
    seeds = {known[key].id for name in (*new, *moved) for key in name[:2] if key not in placed}
    if seeds:
        persons.derive(session, seeds, now=now)
        known = identities.hold_many(session, keys)
    return known


def decide(session: Session, name: Name, *, retracted: bool, by: str, now: datetime) -> None:
    """An operator takes a fact back (拆分客户), or lets it count again; the later decision counts.

    A decision may come before the fact it is about. Safe to repeat.
    """
    one, other = ordered(*name[:2])
    known = _make_missing(session, [one, other], [], identities.hold_many(session, [one, other]), now=now)
    first, second = sorted((known[one].id, known[other].id))
    row: dict[str, Any] = {
        "identity_id": first, "other_identity_id": second, "proof": name[2], "learnt_at": now,
        "standing": NEW,
    }  # fmt: skip
    insert_many_if_absent(session, IdentityLink, [row], IdentityLink.id)
    older = IdentityLink.decided_at <= now if retracted else IdentityLink.decided_at < now
    session.execute(
        update(IdentityLink)
        .where(
            *(getattr(IdentityLink, column) == row[column] for column in list(row)[:3]),
            or_(IdentityLink.decided_at.is_(None), older),
        )
        .values(retracted_at=now if retracted else None, decided_at=now, decided_by=by, standing=NEW)
    )
    persons.derive(session, [first, second], now=now)


def name_of(session: Session, link_id: int) -> Name:
    """What names a fact, from its row number; `BadInput` when there is none."""
    link = session.get(IdentityLink, link_id)
    if link is None:
        raise BadInput("没有这条依据")
    rows = [session.get_one(Identity, end) for end in (link.identity_id, link.other_identity_id)]
    one, other = (Key(row.kind, row.scope, row.value) for row in rows)
    return (*ordered(one, other), link.proof)


def _names_the_erased(name: Name, known: Mapping[Key, Identity]) -> bool:
    """Nothing joins somebody who was erased to somebody who is known."""
    ends = [known.get(key) for key in name[:2]]
    return len({end is not None and end.is_erased for end in ends}) > 1


def _earliest(facts: Iterable[Fact]) -> dict[Name, Fact]:
    """Each fact once, as it was told first."""
    told: dict[Name, Fact] = {}
    for fact in facts:
        if fact.proof not in STRONG and fact.proof not in RANKS:
            raise ValueError(f"no such proof: {fact.proof}")
        if fact.one == fact.other:
            continue
        before = told.get(fact.name)
        if before is None or fact[3:] < before[3:]:
            told[fact.name] = fact
    return told


def _stored(session: Session, known: Mapping[Key, Identity], told: Iterable[Name]) -> dict[Name, IdentityLink]:
    """Those of these facts that somebody stated before."""
    key_of = {identity.id: key for key, identity in known.items()}
    ends = {known[key].id for name in told for key in name[:2] if key in known}
    both = [name for name in told if name[0] in known and name[1] in known]
    if not both:
        return {}
    rows = session.scalars(
        select(IdentityLink)
        .where(
            IdentityLink.identity_id.in_({min(known[name[0]].id, known[name[1]].id) for name in both}),
            IdentityLink.other_identity_id.in_(ends),
            IdentityLink.stated_at.is_not(None),
        )
        .execution_options(populate_existing=True)
    )
    found = {}
    for row in rows:
        one, other = ordered(key_of[row.identity_id], key_of[row.other_identity_id])
        found[one, other, row.proof] = row
    return {name: found[name] for name in both if name in found}


def _plain_groups(session: Session, new: Mapping[Name, Fact], known: Mapping[Key, Identity]) -> list[list[Key]]:
    """Sets of identities that become one person without weighing: all but the first are new, and the first is bare."""
    groups: dict[Key, list[Key]] = {}
    unfit: set[Key] = set()
    for name, fact in new.items():
        one, other = (groups.setdefault(key, [key]) for key in name[:2])
        if one is not other:
            one += other
            groups |= dict.fromkeys(other, one)
        if fact.proof not in PLAIN or any(key.kind in claimed_orders.KINDS for key in name[:2]):
            unfit.add(name[0])
    spoilt = {id(groups[key]) for key in unfit}
    fit = [group for group in {id(group): group for group in groups.values()}.values() if id(group) not in spoilt]
    fit = [group for group in fit if _is_one_face(group) and sum(key in known for key in group) <= 1]
    fit = [sorted(group, key=lambda key: (key not in known, key)) for group in fit]
    bare = _bare(session, [known[group[0]].id for group in fit if group[0] in known])
    return [group for group in fit if group[0] not in known or known[group[0]].id in bare]


def _is_one_face(group: Sequence[Key]) -> bool:
    counts = Counter(key.kind for key in group)
    return len(group) <= CROWD and all(counts[kind] <= 1 for kind in FACES)


def _bare(session: Session, ids: Sequence[int]) -> set[int]:
    """Those that no link and no claimed order says anything about."""
    if not ids:
        return set()
    linked = [select(end).where(end.in_(ids)) for end in (IdentityLink.identity_id, IdentityLink.other_identity_id)]
    claimed = select(Order.identity_id).where(
        Order.identity_id.in_(ids), or_(Order.claim_id.is_not(None), Order.phone_id.is_not(None))
    )
    return set(ids) - set(session.scalars(linked[0].union(linked[1], claimed)))


def _make_missing(
    session: Session, keys: Sequence[Key], plain: list[list[Key]], known: dict[Key, Identity], *, now: datetime
) -> dict[Key, Identity]:
    """Identities for the names that have none. A group somebody else was first with is plain no more."""
    missing = [key for key in keys if key not in known]
    if not missing:
        return known
    claimed = [key for key in missing if key.kind in claimed_orders.KINDS]
    if claimed:
        take_turns(session, claimed_orders.TURN)
    grouped = {key for group in plain for key in group}
    wanted = [group if group[0] not in known else group[1:] for group in plain]
    owners = {group[1]: known[group[0]].customer_id for group in plain if group[0] in known and len(group) > 1}
    fresh = identities.add(session, [*wanted, *([key] for key in missing if key not in grouped)], owners, now=now)
    plain[:] = [group for group in plain if all(key in fresh or key in known for key in group)]
    known = known | identities.hold_many(session, missing)
    if claimed:
        claimed_orders.attach(session, [known[key] for key in claimed])
    return known


def _insert(
    session: Session, new: Mapping[Name, Fact], known: Mapping[Key, Identity], plain: list[list[Key]], *, now: datetime
) -> None:
    placed = {key for group in plain for key in group}
    rows = []
    for name, fact in new.items():
        first, second = sorted((known[name[0]].id, known[name[1]].id))
        rows.append({
            "identity_id": first, "other_identity_id": second, "proof": fact.proof, "source": fact.source,
            "stated_by": fact.by, "stated_at": fact.stated_at, "learnt_at": now,
            "standing": ACCEPTED if name[0] in placed else NEW,
        })  # fmt: skip
    rows.sort(key=lambda row: (row["identity_id"], row["other_identity_id"], row["proof"]))
    columns = IdentityLink.identity_id, IdentityLink.other_identity_id, IdentityLink.proof
    kept = {tuple(row) for row in insert_many_if_absent(session, IdentityLink, rows, *columns)}
    for row in rows:
        name_there = row["identity_id"], row["other_identity_id"], row["proof"]
        if name_there not in kept:  # decided before it was stated, or stated by somebody else meanwhile
            _state_again(session, row)


def _state_again(session: Session, row: dict[str, Any]) -> None:
    there = [getattr(IdentityLink, column) == row[column] for column in ("identity_id", "other_identity_id", "proof")]
    later = or_(IdentityLink.stated_at.is_(None), IdentityLink.stated_at > row["stated_at"])
    told = {column: row[column] for column in ("source", "stated_by", "stated_at")}
    session.execute(update(IdentityLink).where(*there, later).values(**told))


def _update_earlier(session: Session, told: Mapping[Name, Fact], stored: Mapping[Name, IdentityLink]) -> list[Name]:
    """Facts that were known, and are now said to be older; who they touch is weighed again."""
    moved = []
    for name, link in stored.items():
        fact = told[name]
        if link.stated_at is not None and fact[3:] < (link.stated_at, link.source, link.stated_by):
            link.stated_at, link.source, link.stated_by = fact.stated_at, fact.source, fact.by
            moved.append(name)
    session.flush()
    return moved
