"""Today's drop in one group: how far it is, what became of its messages here, and its card for the chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from models.drop import DropEdition, DropSeries
from models.group import Group
from models.mass import MassMessage, MassRecipient

State = Literal["coming", "launched", "left_out"]


@dataclass(frozen=True)
class GroupDrop:
    """An edition of today; `sent` is how each part's message to this group went, by part."""

    edition: DropEdition
    name: str
    state: State
    sent: Mapping[str, str]


def today(session: Session, group: Group, *, now: datetime, zone: ZoneInfo) -> list[GroupDrop]:
    """The editions for this group that launch today, the earliest first; two statements."""
    begin = datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)
    rows = session.execute(
        select(DropEdition, DropSeries.name)
        .join(DropSeries, DropSeries.id == DropEdition.series_id)
        .where(DropEdition.launch_at >= begin, DropEdition.launch_at < begin + timedelta(days=1))
        .order_by(DropEdition.launch_at, DropEdition.id)
    ).all()
    here = [(edition, name) for edition, name in rows if group.id in edition.group_ids]
    sent = _sent(session, group, [edition.id for edition, _ in here])
    return [GroupDrop(edition, name, _state(edition, now), sent.get(edition.id, {})) for edition, name in here]


def one(session: Session, group: Group, edition_id: int, *, now: datetime, zone: ZoneInfo) -> GroupDrop:
    """One of today's that is not left out. Raises `NotFound`."""
    for drop in today(session, group, now=now, zone=zone):
        if drop.edition.id == edition_id and drop.state != "left_out":
            return drop
    raise NotFound("这个群今天没有这一期")


def words(drop: GroupDrop, zone: ZoneInfo) -> str:
    """What the card says; true whenever it is read that day: the time, never "now"."""
    edition, at = drop.edition, f"{drop.edition.launch_at.astimezone(zone):%H:%M}"
    price = f"¥{edition.price_fen / 100:.2f}".removesuffix(".00")
    return "\n".join(filter(None, (f"{edition.product} {price}，今天 {at} 开抢", edition.url)))


def chat_message(drop: GroupDrop, zone: ZoneInfo) -> dict[str, Any]:
    """A link card where the edition has a page, else its words."""
    if not drop.edition.url:
        return {"msgtype": "text", "text": {"content": words(drop, zone)}}
    said = words(drop, zone).partition("\n")[0]
    return {
        "msgtype": "news",
        "news": {"link": drop.edition.url, "title": drop.edition.product[:40], "desc": said[:120]},
    }


def _state(edition: DropEdition, now: datetime) -> State:
    if edition.state == "cancelled":
        return "left_out"
    return "launched" if edition.launch_at <= now else "coming"


def _sent(session: Session, group: Group, edition_ids: list[int]) -> dict[int, dict[str, str]]:
    rows = session.execute(
        select(MassMessage.edition_id, MassMessage.part, MassRecipient.state)
        .join(MassRecipient, MassRecipient.message_id == MassMessage.id)
        .where(MassMessage.edition_id.in_(edition_ids), MassRecipient.group_id == group.id)
    )
    found: dict[int, dict[str, str]] = {}
    for edition_id, part, state in rows:
        if edition_id is not None and part:
            found.setdefault(edition_id, {})[part] = state
    return found
