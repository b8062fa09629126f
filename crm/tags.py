"""Corp tags mirrored from WeCom, and who carries them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm import webhooks
from crm.webhooks import Happening
from models.contact import Contact
from models.database import changed, insert_many_if_absent
from models.tag import Tag, TagAssignment
from wecom.types import FollowTag, TagGroup

Carried = Mapping[tuple[int, int], set[str]]
"""(identity id, staff id) → the WeCom tag ids that member gave that contact."""


def learn(session: Session, groups: Iterable[TagGroup], *, now: datetime, tally: Counter[str] | None = None) -> int:
    """The corp's tags as they are now: renamed where they were, gone where they are no longer shown."""
    tally = Counter() if tally is None else tally
    shown = {tag.id: (group, tag) for group in groups for tag in group.tag if not (group.deleted or tag.deleted)}
    fresh = insert_many_if_absent(
        session, Tag,
        [_row(tag_id, group.group_name, tag.name, tag.order) for tag_id, (group, tag) in sorted(shown.items())],
        Tag.id,
    )  # fmt: skip
    tally["fixed.tag_new"] += len(fresh)
    for row in session.scalars(select(Tag).where(Tag.wecom_id.is_not(None))):
        if row.wecom_id in shown:
            group, tag = shown[row.wecom_id]
            tally["fixed.tag_renamed"] += (row.group_name, row.name) != (group.group_name, tag.name)
            row.group_name, row.name, row.position, row.deleted_at = group.group_name, tag.name, tag.order, None
        elif row.deleted_at is None:
            row.deleted_at = now
            tally["fixed.tag_gone"] += 1
    return len(shown)


def ensure(session: Session, tags: Iterable[FollowTag], bare_ids: Iterable[str]) -> dict[str, int]:
    """WeCom's tag id → ours. A tag seen on a customer before the list of tags is made; a bare id alone is left out."""
    named = {tag.tag_id: tag for tag in tags if tag.tag_id}
    wanted = sorted(named.keys() | set(bare_ids))
    found = _ids(session, wanted)
    missing = [tag_id for tag_id in wanted if tag_id not in found and tag_id in named]
    rows = [_row(tag_id, named[tag_id].group_name, named[tag_id].tag_name, 0) for tag_id in missing]
    insert_many_if_absent(session, Tag, rows, Tag.id)
    return found | _ids(session, missing)


def mirror(
    session: Session, carried: Carried, owners: Mapping[int, Contact], tag_ids: Mapping[str, int], *, now: datetime
) -> set[tuple[int, int]]:
    """Make the assignments of these (contact, member) pairs what WeCom shows; returns the pairs that had others.

    `owners` are the contacts by identity id. An assignment with another source than WeCom is not taken away: ours
    may be on its way there.
    """
    pairs = [TagAssignment.identity_id.in_({identity_id for identity_id, _ in carried})]
    stored = session.execute(
        select(
            TagAssignment.id, TagAssignment.identity_id, TagAssignment.staff_id, TagAssignment.tag_id,
            TagAssignment.source, Tag.wecom_id,
        ).join(Tag, Tag.id == TagAssignment.tag_id).where(*pairs)
    ).all()  # fmt: skip
    has = {(row.identity_id, row.staff_id, row.tag_id) for row in stored}
    gone = [
        row
        for row in stored
        if row.source == "wecom"
        and (row.identity_id, row.staff_id) in carried
        and row.wecom_id not in carried[row.identity_id, row.staff_id]
    ]
    rows: list[dict[str, Any]] = [
        {
            "tag_id": tag_ids[tag], "identity_id": identity_id, "customer_id": owners[identity_id].customer_id,
            "staff_id": staff_id, "source": "wecom", "assigned_at": now,
        }
        for (identity_id, staff_id), tags in sorted(carried.items())
        for tag in sorted(tags)
        if tag in tag_ids and (identity_id, staff_id, tag_ids[tag]) not in has
    ]  # fmt: skip
    if gone:
        changed(session, delete(TagAssignment).where(TagAssignment.id.in_([row.id for row in gone])))
    added = insert_many_if_absent(session, TagAssignment, rows, TagAssignment.identity_id, TagAssignment.tag_id)
    removed = {(row.identity_id, row.tag_id) for row in gone}
    _tell(session, {(identity_id, tag_id) for identity_id, tag_id in added}, removed, now=now)
    return {(row.identity_id, row.staff_id) for row in gone} | {(row["identity_id"], row["staff_id"]) for row in rows}


def _tell(session: Session, added: set[tuple[int, int]], removed: set[tuple[int, int]], *, now: datetime) -> None:
    """Shops hear it once for each (identity id, tag id) set, with the tags by name."""
    if not (added or removed) or not webhooks.is_wanted(session, "tag_changed"):
        return
    wanted = {tag_id for _, tag_id in added | removed}
    rows = session.execute(select(Tag.id, Tag.group_name, Tag.name).where(Tag.id.in_(wanted)))
    named = {tag_id: {"group": group, "name": name} for tag_id, group, name in rows}
    happenings = []
    for identity_id in sorted({each for each, _ in added | removed}):
        gained = sorted(tag for each, tag in added if each == identity_id)
        lost = sorted(tag for each, tag in removed if each == identity_id)
        content = {"added": [named[tag] for tag in gained], "removed": [named[tag] for tag in lost]}
        key = f"tag_changed:{identity_id}:{now.isoformat()}:{gained}:{lost}"
        happenings.append(Happening("tag_changed", key, identity_id, content, now))
    webhooks.tell(session, happenings, now=now)


def _row(tag_id: str, group_name: str, name: str, position: int) -> dict[str, object]:
    return {"wecom_id": tag_id, "group_name": group_name, "name": name, "position": position}


def _ids(session: Session, tag_ids: list[str]) -> dict[str, int]:
    if not tag_ids:
        return {}
    rows = session.execute(select(Tag.wecom_id, Tag.id).where(Tag.wecom_id.in_(tag_ids)))
    return {wecom_id: tag_id for wecom_id, tag_id in rows if wecom_id is not None}
