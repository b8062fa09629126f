"""The moment a person a shop knows turns out to be a contact in WeCom: shops hear of it (`linked`)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from crm import webhooks
from crm.identities import Key
from crm.webhooks import Happening

FACE = "external_userid"
SHOPS_NAMES = {"unionid", "openid", "buyer_id"}


class Member(NamedTuple):
    """An identity of somebody as they are now, and whose it was before: None when it is new."""

    identity_id: int
    key: Key
    customer_before: int | None


def tell(session: Session, people: Iterable[list[Member]], *, now: datetime) -> None:
    """Each name that was known without a contact and is now one person with one, once for each such pair."""
    happenings = []
    for members in people:
        faces = [member for member in members if member.key.kind == FACE]
        if not faces:
            continue
        before: dict[int, list[Member]] = defaultdict(list)
        for member in members:
            if member.customer_before is not None:
                before[member.customer_before].append(member)
        face = min(faces, key=lambda member: member.key)
        for together in before.values():
            names = [member for member in together if member.key.kind in SHOPS_NAMES]
            if names and not any(member.key.kind == FACE for member in together):
                name = min(names, key=lambda member: member.key)
                key = f"linked:{name.identity_id}:{face.identity_id}"
                happenings.append(Happening("linked", key, name.identity_id, {}, now))
    webhooks.tell(session, happenings, now=now)
