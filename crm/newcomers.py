"""Customers nobody knew before, a page at a time: the same rows as `crm.contacts` makes, in a handful of statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from crm import channels, contact_phones, erased, staff, tags
from crm.contacts import PROOF, adopt_touches
from models.bulk import insert_rows, new_ids, stored, values_known
from models.contact import Contact, Follow
from models.customer import Customer, Identity, IdentityLink
from models.tag import TagAssignment
from wecom.types import CustomerDetail, FollowInfo

KNOWN = "SELECT value FROM identity WHERE kind = :other AND scope = '' AND value IN :values"


class Directory:
    """Ids of members, channels and tags, each asked for once in a sync: a page would ask for the same again."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a rollback: ids it made are nobody's."""
        self._staff: dict[str, int] = {}
        self._channels: dict[str, int] = {"": 0}
        self._tags: dict[str, int] = {}

    def staff(self, session: Session, infos: Sequence[FollowInfo], *, at: datetime) -> Mapping[str, int]:
        """By lower case."""
        if missing := {info.userid for info in infos if info.userid.lower() not in self._staff}:
            found = staff.ensure(session, missing, serves_customers=True, now=at)
            self._staff |= {key: member.id for key, member in found.items()}
        return self._staff

    def channels(self, session: Session, infos: Sequence[FollowInfo], *, at: datetime) -> Mapping[str, int]:
        if missing := {info.state for info in infos} - self._channels.keys():
            self._channels |= {state: way.id for state, way in channels.ensure(session, missing, now=at).items()}
        return self._channels

    def tags(self, session: Session, infos: Sequence[FollowInfo]) -> Mapping[str, int]:
        """A tag nobody told us about is not among them."""
        if missing := {tag for info in infos for tag in info.tag_ids} - self._tags.keys():
            named = [tag for info in infos for tag in info.tags if tag.tag_id in missing]
            self._tags |= tags.ensure(session, named, missing)
        return self._tags


def among(session: Session, details: Sequence[CustomerDetail]) -> tuple[list[CustomerDetail], list[CustomerDetail]]:
    """(those of whom nothing is on record, the others). Two faces of one new person are among the others."""
    faces = [detail.external_contact.external_userid for detail in details]
    persons = Counter(detail.external_contact.unionid for detail in details if detail.external_contact.unionid)
    known = values_known(session, KNOWN, faces, "external_userid")
    known |= values_known(session, KNOWN, list(persons), "unionid")
    names = [("external_userid", "", face) for face in faces] + [("unionid", "", person) for person in persons]
    known |= {value for _, _, value in erased.identities_of(session, names)}
    known |= {person for person, number in persons.items() if number > 1}
    new: list[CustomerDetail] = []
    others: list[CustomerDetail] = []
    for detail in details:
        shown = detail.external_contact
        is_known = shown.external_userid in known or (shown.unionid or "") in known or contact_phones.noted(detail)
        (others if is_known else new).append(detail)
    return new, others


def store(
    session: Session, details: Sequence[CustomerDetail], directory: Directory, *, at: datetime, tally: Counter[str]
) -> None:
    """Make contacts, identities, follows and tags of people `among` said are new.

    Raises `IntegrityError` when somebody else stored one of them meanwhile: roll back, and let `contacts.learn` do it.
    """
    if not details:
        return
    dialect = session.get_bind().dialect.name
    now, count = stored(at, dialect), len(details)
    shown = [detail.external_contact for detail in details]
    customers, faces = new_ids(session, Customer, count), new_ids(session, Identity, 2 * count)
    contacts = new_ids(session, Contact, count)
    persons = faces[count:]
    insert_rows(session, Customer, ("id", "created_at"), [(owner, now) for owner in customers])
    identity = ("id", "kind", "scope", "value", "customer_id", "home_id", "first_seen_at")
    insert_rows(
        session, Identity, identity,
        [
            (face, "external_userid", "", one.external_userid, owner, owner, now)
            for face, one, owner in zip(faces, shown, customers, strict=False)
        ] + [
            (person, "unionid", "", one.unionid, owner, owner, now)
            for person, one, owner in zip(persons, shown, customers, strict=True)
            if one.unionid
        ],
    )  # fmt: skip
    link = ("identity_id", "other_identity_id", "proof", "source", "stated_by", "stated_at", "learnt_at")
    insert_rows(
        session, IdentityLink, link,
        [
            (face, person, PROOF, "wecom", "system", now, now)
            for face, person, one in zip(faces, persons, shown, strict=False)
            if one.unionid
        ],
    )  # fmt: skip
    columns = (
        "id", "external_userid", "identity_id", "customer_id", "name", "avatar", "kind", "gender", "corp_name",
        "unionid", "created_at", "known_at",
    )  # fmt: skip
    insert_rows(
        session, Contact, columns,
        [
            (number, one.external_userid, face, owner, one.name, one.avatar, one.type, one.gender, one.corp_name,
             one.unionid or None, now, now)
            for number, one, face, owner in zip(contacts, shown, faces, customers, strict=False)
        ],
    )  # fmt: skip
    adopt_touches(session, [one.external_userid for one in shown])
    tally["new"] += count
    tally["fixed.follow_missed"] += _store_follows(session, details, contacts, directory, at=at)
    _store_tags(session, details, faces, customers, directory, at=at)


def _store_follows(
    session: Session,
    details: Sequence[CustomerDetail],
    contacts: Sequence[int],
    directory: Directory,
    *,
    at: datetime,
) -> int:
    dialect = session.get_bind().dialect.name
    infos, now = [info for detail in details for info in detail.follow_user], stored(at, dialect)
    members, ways = directory.staff(session, infos, at=at), directory.channels(session, infos, at=at)
    rows = {
        (contact_id, members[info.userid.lower()]): (
            ways[info.state] or None, info.state, info.add_way, info.remark, info.description,
            stored(info.followed_at, dialect), now,
        )
        for contact_id, detail in zip(contacts, details, strict=True)
        for info in detail.follow_user
    }  # fmt: skip
    columns = (
        "contact_id", "staff_id", "channel_id", "state", "add_way", "remark", "description", "followed_at",
        "changed_at",
    )  # fmt: skip
    insert_rows(session, Follow, columns, [(*pair, *row) for pair, row in rows.items()])
    return len(rows)


def _store_tags(
    session: Session,
    details: Sequence[CustomerDetail],
    faces: Sequence[int],
    owners: Sequence[int],
    directory: Directory,
    *,
    at: datetime,
) -> None:
    given = [
        (face, owner, info)
        for face, owner, detail in zip(faces, owners, details, strict=False)
        for info in detail.follow_user
        if info.tag_ids
    ]
    infos = [info for _, _, info in given]
    tag_ids, members = directory.tags(session, infos), directory.staff(session, infos, at=at)
    now = stored(at, session.get_bind().dialect.name)
    rows = {
        (tag_ids[tag], face, members[info.userid.lower()]): owner
        for face, owner, info in given
        for tag in info.tag_ids
        if tag in tag_ids
    }
    columns = ("tag_id", "identity_id", "staff_id", "customer_id", "source", "assigned_at")
    insert_rows(session, TagAssignment, columns, [(*key, owner, "wecom", now) for key, owner in rows.items()])
