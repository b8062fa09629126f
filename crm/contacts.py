"""Contacts: what callbacks and WeCom's answers tell about a customer's WeCom face, and whom it turns out to be."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import channels, contact_phones, erased, follows, identities, identity_links, staff, tags
from crm.follows import EndedBy
from crm.identities import Key
from crm.identity_links import Fact
from models.bulk import values_known
from models.channel import Channel
from models.contact import Contact, Follow
from models.customer import Identity
from models.database import insert_many_if_absent
from models.touch import Touch
from wecom.events import Event
from wecom.types import CustomerDetail, Followed

PROOF = "wecom_contact"  # WeCom showed this unionid for this external_userid
ASSIGNED = 202  # an administrator gave the customer to this member: the customer added nobody


def learn(
    session: Session, details: Sequence[CustomerDetail], *, at: datetime, tally: Counter[str] | None = None
) -> dict[str, Contact]:
    """Store what WeCom showed of these customers when it was asked at `at`; a page in a handful of statements.

    `tally` counts what is new and what was otherwise on record, by kind.

    Contacts and follows are made or brought up to date, never put back to an older answer; identities are linked by
    unionid, and the orders that had it before come with them. Who was erased stays so, and is left out, unless they
    have added somebody since.
    """
    return _learn(session, details, {}, at=at, tally=Counter() if tally is None else tally).contacts


def of_page(page: Iterable[Followed]) -> list[CustomerDetail]:
    """A page that has a row a follow, as details that have every follow of a customer."""
    found: dict[str, CustomerDetail] = {}
    for row in page:
        contact = row.external_contact
        known = found.get(contact.external_userid)
        before = known.follow_user if known else ()
        found[contact.external_userid] = CustomerDetail.model_construct(  # its parts are checked already
            external_contact=contact, follow_user=(*before, row.follow_info)
        )
    return list(found.values())


class Add(NamedTuple):
    """An add that was told; `detail` is what WeCom showed at `at`, None when they are contacts no more."""

    event: Event
    detail: CustomerDetail | None
    is_half: bool
    at: datetime


def added(session: Session, adds: Sequence[Add]) -> list[Follow | None]:
    """Customers were added; the follow of each. None of one who was erased, later than this add.

    However many they are, they take about as many statements as one.
    """
    told = {add.event.external_userid or "": add for add in sorted(adds, key=lambda add: add.event.create_time)}
    at = min(add.at for add in adds)  # of answers a moment apart the older moment: nothing newer is put back
    details = [add.detail for add in told.values() if add.detail]
    others = {name: add.event.create_time for name, add in told.items() if not add.detail}
    learnt = _learn(session, details, others, at=at, tally=Counter())
    return [_added(session, add, learnt) for add in adds]


def _added(session: Session, add: Add, learnt: "_Learnt") -> Follow | None:
    event, at = add.event, add.at
    pair = event.external_userid or "", (event.userid or "").lower()
    follow = learnt.follows.get(pair) or _follow(session, event, learnt.contacts, at=at)
    if follow is None:
        return None
    state = event.state or ""
    channel = learnt.ways.get(state) or channels.ensure(session, [state], now=at).get(state)
    follows.added(follow, at=event.create_time, is_half=add.is_half, state=state, channel=channel)
    return follow


def ended(session: Session, event: Event, *, by: EndedBy, now: datetime) -> Follow | None:
    """One of the two deleted the other; None of one who was erased."""
    name = event.external_userid or ""
    follow = _follow(session, event, _ensure(session, {name: None}, {name: None}, at=now), at=now)
    if follow is not None:
        follows.ended(follow, at=event.create_time, by=by)
    return follow


class _Learnt(NamedTuple):
    """What was stored of what WeCom showed: contacts, follows by both names (the member's in lower case), channels."""

    contacts: dict[str, Contact]
    follows: dict[tuple[str, str], Follow]
    ways: dict[str, Channel]


def _learn(
    session: Session,
    details: Sequence[CustomerDetail],
    others: Mapping[str, datetime],
    *,
    at: datetime,
    tally: Counter[str],
) -> _Learnt:
    """`others` are contacts WeCom shows no more, and when they were added."""
    asked = {detail.external_contact.external_userid: detail for detail in details}
    shown_or_not: dict[str, CustomerDetail | None] = dict.fromkeys(others) | asked
    moments = dict(others) | {name: _last_added(detail) for name, detail in asked.items()}
    contacts = _ensure(session, shown_or_not, moments, at=at)
    shown = {name: detail for name, detail in asked.items() if name in contacts}
    for external_userid, detail in shown.items():
        _describe(contacts[external_userid], detail, at=at, tally=tally)
    kept, ways = _learn_follows(session, [(contacts[name], shown[name]) for name in shown], at=at, tally=tally)
    contact_phones.state(session, shown.values(), at=at)
    return _Learnt(contacts, kept, ways)


def _follow(session: Session, event: Event, contacts: Mapping[str, Contact], *, at: datetime) -> Follow | None:
    userid, external_userid = event.userid or "", event.external_userid or ""
    if external_userid not in contacts:
        return None
    members = staff.ensure(session, [userid], serves_customers=True, now=at)
    pair = contacts[external_userid].id, members[userid.lower()].id
    return follows.ensure(session, [pair])[pair]


def _last_added(detail: CustomerDetail) -> datetime | None:
    return max((info.followed_at for info in detail.follow_user if info.add_way != ASSIGNED), default=None)


def _ensure(
    session: Session,
    shown: Mapping[str, CustomerDetail | None],
    added: Mapping[str, datetime | None],
    *,
    at: datetime,
) -> dict[str, Contact]:
    """The contacts of these external_userids, their identities linked and held until the transaction ends.

    `added` is when each was added last: of those who were erased, only who was added since is here.
    """
    faces = {name: Key("external_userid", "", name) for name in shown}
    persons = {
        name: Key("unionid", "", detail.external_contact.unionid)
        for name, detail in shown.items()
        if detail and detail.external_contact.unionid
    }
    stored = select(Contact.external_userid, Contact.unionid).where(Contact.external_userid.in_(shown))
    linked = dict(session.execute(stored).all())
    strangers = {faces[name]: person for name, person in persons.items() if linked.get(name) != person.value}
    held = identities.hold_many(session, {*faces.values(), *strangers.values()})  # at once, in one order
    for name in _still_erased(session, faces, persons, held, added):
        strangers.pop(faces[name], None)
        del faces[name]
    facts = [Fact(face, person, PROOF, at, "wecom", "system") for face, person in strangers.items()]
    as_held = not any(identity.is_erased for identity in held.values())
    known = identity_links.state(session, facts, now=at, held=held if as_held else None)
    known |= identities.ensure_many(session, [face for face in faces.values() if face not in known], now=at)
    rows: list[dict[str, Any]] = [
        {
            "external_userid": name, "identity_id": known[face].id, "customer_id": known[face].customer_id,
            "created_at": at,
        }
        for name, face in sorted(faces.items())
        if name not in linked
    ]  # fmt: skip
    if insert_many_if_absent(session, Contact, rows, Contact.id):
        adopt_touches(session, [row["external_userid"] for row in rows])
    found = select(Contact).where(Contact.external_userid.in_(faces)).execution_options(populate_existing=True)
    return {contact.external_userid: contact for contact in session.scalars(found)}


def _still_erased(
    session: Session,
    faces: Mapping[str, Key],
    persons: Mapping[str, Key],
    held: Mapping[Key, Identity],
    added: Mapping[str, datetime | None],
) -> list[str]:
    ends = {name: [face, *([persons[name]] if name in persons else [])] for name, face in faces.items()}
    names_of = {name: [held[key] for key in some if key in held and held[key].is_erased] for name, some in ends.items()}
    moments = {identity.id: added[name] for name, some in names_of.items() for identity in some}
    if not moments:
        return []
    gone = erased.let_back(session, moments)
    return [name for name, some in names_of.items() if any(identity.id in gone for identity in some)]


ORPHANS = "SELECT external_userid FROM touch WHERE identity_id IS NULL AND external_userid IN :values"


def adopt_touches(session: Session, external_userids: list[str]) -> None:
    """A welcome is often on its way before we know the contact."""
    if not (named := values_known(session, ORPHANS, external_userids)):
        return
    orphans = session.execute(
        select(Touch, Contact)
        .join(Contact, Contact.external_userid == Touch.external_userid)
        .where(Touch.external_userid.in_(named), Touch.identity_id.is_(None))
    )
    for touch, contact in orphans:
        touch.identity_id, touch.customer_id = contact.identity_id, contact.customer_id


def _describe(contact: Contact, detail: CustomerDetail, *, at: datetime, tally: Counter[str]) -> None:
    if contact.known_at is not None and contact.known_at > at:
        return
    shown = detail.external_contact
    if contact.known_at is None:
        tally["new"] += 1
    else:
        tally["fixed.profile"] += (contact.name, contact.avatar) != (shown.name, shown.avatar)
        tally["fixed.unionid"] += bool(shown.unionid and contact.unionid != shown.unionid)
    contact.name, contact.avatar, contact.kind = shown.name, shown.avatar, shown.type
    contact.gender, contact.corp_name = shown.gender, shown.corp_name
    contact.unionid = shown.unionid or contact.unionid  # a binding that was removed takes back nothing we know
    contact.known_at = at


def _learn_follows(
    session: Session, shown: list[tuple[Contact, CustomerDetail]], *, at: datetime, tally: Counter[str]
) -> tuple[dict[tuple[str, str], Follow], dict[str, Channel]]:
    infos = [(contact, info) for contact, detail in shown for info in detail.follow_user]
    if not infos:
        return {}, {}
    members = staff.ensure(session, [info.userid for _, info in infos], serves_customers=True, now=at)
    ways = channels.ensure(session, [info.state for _, info in infos], now=at)
    kept = follows.ensure(session, [(contact.id, members[info.userid.lower()].id) for contact, info in infos])
    carried: dict[tuple[int, int], set[str]] = {}
    were_open: set[tuple[int, int]] = set()
    for contact, info in infos:
        member = members[info.userid.lower()]
        follow = kept[contact.id, member.id]
        was_open = follow.is_open() and follow.followed_at > follows.NEVER and not follow.is_half
        said = follow.remark, follow.description
        if follows.seen(follow, info, ways.get(info.state), at=at):
            if was_open:
                were_open.add((contact.identity_id, member.id))
                tally["fixed.remark"] += said != (follow.remark, follow.description)
            else:
                tally["fixed.follow_missed"] += follow.is_open()
            carried[contact.identity_id, member.id] = set(info.tag_ids)
    named = [tag for _, info in infos for tag in info.tags]
    tag_ids = tags.ensure(session, named, [tag_id for given in carried.values() for tag_id in given])
    others = tags.mirror(session, carried, {contact.identity_id: contact for contact, _ in infos}, tag_ids, now=at)
    tally["fixed.tags"] += len(others & were_open)
    by_name = {
        (contact.external_userid, info.userid.lower()): kept[contact.id, members[info.userid.lower()].id]
        for contact, info in infos
    }
    return by_name, ways
