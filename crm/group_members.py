"""Who is in a group: WeCom's detail compared with what is on record, and stored some at a time.

A member's leaving may be told before the detail shows it: for `LAG` after such an event the event counts, later the
detail. Nobody's friend but with a unionid, a member becomes an identity linked to that person all the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import erased, identities, identity_links, staff
from crm.identities import Key
from crm.identity_links import Fact
from models.customer import Identity
from models.database import changed, insert_many_if_absent
from models.group import Group, GroupMember
from wecom.group_types import GroupChat
from wecom.group_types import GroupMember as Shown

PROOF = "wecom_group"  # WeCom showed this unionid for this external_userid in a group
EXTERNAL = 2  # WeCom's type of a group's member who is not staff
AT_ONCE = 50  # members a transaction: one who is new to us is up to five rows
LAG = timedelta(seconds=60)  # so long after a leaving the detail may still show them


@dataclass(frozen=True)
class Difference:
    """What a detail shows otherwise than it is on record."""

    shown: list[Shown] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)  # ids of rows
    joined: int = 0  # of those shown: they were not in it, as far as we knew

    def tally(self) -> dict[str, int]:
        changed = len(self.shown) - self.joined
        return {"member_joined": self.joined, "member_left": len(self.gone), "member_changed": changed}

    def __len__(self) -> int:
        return len(self.shown) + len(self.gone)

    def parts(self) -> Iterator["Difference"]:
        """In portions of one transaction each."""
        for start in range(0, len(self.shown), AT_ONCE):
            yield Difference(shown=self.shown[start : start + AT_ONCE])
        for start in range(0, len(self.gone), AT_ONCE):
            yield Difference(gone=self.gone[start : start + AT_ONCE])


def compare(session: Session, detail: GroupChat, *, at: datetime) -> Difference:
    """Whom the detail, asked for at `at`, shows anew, changed, or no longer."""
    query = select(GroupMember).join(Group, Group.id == GroupMember.group_id).where(Group.chat_id == detail.chat_id)
    known = {row.member: row for row in session.scalars(query)}
    outside = (member.userid for member in detail.member_list if member.type == EXTERNAL)
    unknown = [userid for userid in outside if userid not in known]
    members = _unnamed(detail.member_list, erased.external_userids(session, unknown) if unknown else {})
    shown = {_name(member): member for member in members}
    fresh = [member for name, member in shown.items() if name not in known or _differs(known[name], member, at=at)]
    gone = [row.id for name, row in known.items() if name not in shown and row.left_at is None and row.joined_at < at]
    joined = sum((row := known.get(_name(member))) is None or row.left_at is not None for member in fresh)
    return Difference(fresh, gone, joined)


def store(session: Session, chat_id: str, some: Difference, *, at: datetime) -> bool:
    """Store a portion; False when a newer answer about this group has come meanwhile, and nothing was stored."""
    query = select(Group.id).where(Group.chat_id == chat_id, Group.known_at == at).with_for_update()
    group_id = session.scalar(query)
    if group_id is None:
        return False
    gone = update(GroupMember).where(GroupMember.id.in_(some.gone), GroupMember.left_at.is_(None))
    if some.gone:
        changed(session, gone.values(left_at=at).execution_options(synchronize_session=False))
    if some.shown:
        _store_shown(session, group_id, some.shown, at=at)
    return True


def left(session: Session, chat_id: str, names: Collection[str], *, at: datetime, scene: int | None) -> int:
    """An event said that these left or were removed; one who joined again since is not touched."""
    group_id = select(Group.id).where(Group.chat_id == chat_id).scalar_subquery()
    members = {*names, *(name.lower() for name in names), *erased.external_userids(session, names).values()}
    gone = (
        update(GroupMember)
        .where(GroupMember.group_id == group_id, GroupMember.member.in_(members), GroupMember.joined_at <= at)
        .values(left_at=at, quit_scene=scene)
    )
    return changed(session, gone.execution_options(synchronize_session=False))


def complete(session: Session, chat_id: str, *, at: datetime) -> None:
    """All members of the answer that was asked for at `at` are stored."""
    query = update(Group).where(Group.chat_id == chat_id, Group.known_at == at).values(members_known_at=at)
    changed(session, query.execution_options(synchronize_session=False))


def _unnamed(members: Sequence[Shown], gone: Mapping[str, str]) -> list[Shown]:
    """Those who were erased are there, and nobody."""
    return [
        member.model_copy(update={"userid": gone[member.userid], "name": "", "unionid": None})
        if member.userid in gone
        else member
        for member in members
    ]


def _name(member: Shown) -> str:
    return member.userid if member.type == EXTERNAL else member.userid.lower()


def _differs(row: GroupMember, member: Shown, *, at: datetime) -> bool:
    if row.left_at is not None:
        return member.joined_at > row.left_at or at > row.left_at + LAG
    shown = (member.join_scene, member.invitor, member.state, member.name, member.unionid or row.unionid)
    stored = (row.join_scene, row.invitor, row.state, row.name, row.unionid)
    return row.joined_at != member.joined_at or shown != stored


def _store_shown(session: Session, group_id: int, shown: Sequence[Shown], *, at: datetime) -> None:
    persons = _identities(session, [member for member in shown if member.type == EXTERNAL], at=at)
    gone = {name: person for name, person in persons.items() if person.is_erased}  # maybe since they were compared
    shown = _unnamed(shown, {name: person.value for name, person in gone.items()})
    persons |= {person.value: person for person in gone.values()}
    colleagues = staff.ensure(session, [member.userid for member in shown if member.type != EXTERNAL], now=at)
    rows: list[dict[str, Any]] = [
        {
            "group_id": group_id, "member": _name(member), "joined_at": member.joined_at,
            "staff_id": None if member.type == EXTERNAL else colleagues[member.userid.lower()].id,
            "identity_id": persons[member.userid].id if member.type == EXTERNAL else None,
            "join_scene": member.join_scene, "invitor": member.invitor, "state": member.state, "name": member.name,
            "unionid": member.unionid or None,
        }
        for member in shown
    ]  # fmt: skip
    names = [row["member"] for row in rows]
    query = select(GroupMember).where(GroupMember.group_id == group_id, GroupMember.member.in_(names))
    known = {row.member: row for row in session.scalars(query)}
    insert_many_if_absent(session, GroupMember, [row for row in rows if row["member"] not in known], GroupMember.id)
    for row in rows:
        if old := known.get(row["member"]):
            old.joined_at, old.join_scene, old.invitor = row["joined_at"], row["join_scene"], row["invitor"]
            old.state, old.name, old.unionid = row["state"], row["name"], row["unionid"] or old.unionid
            old.left_at = old.quit_scene = None


def _identities(session: Session, members: Sequence[Shown], *, at: datetime) -> dict[str, Identity]:
    faces = {member.userid: Key("external_userid", "", member.userid) for member in members}
    links = {faces[member.userid]: Key("unionid", "", member.unionid) for member in members if member.unionid}
    identities.hold_many(session, {*faces.values(), *links.values()})  # at once, in one order
    facts = [Fact(face, person, PROOF, at, "wecom", "system") for face, person in links.items()]
    known = identity_links.state(session, facts, now=at)
    known |= identities.ensure_many(session, [face for face in faces.values() if face not in known], now=at)
    return {name: known[face] for name, face in faces.items()}
