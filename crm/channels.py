"""Channel codes: a `state` that came with somebody names the code they scanned."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.channel import Channel
from models.database import insert_many_if_absent
from wecom.types import ContactWay


def ensure(session: Session, states: Iterable[str], *, now: datetime) -> dict[str, Channel]:
    """The channels of these states; an unknown one is made under its state's name, to be named by hand. "" has none."""
    wanted = sorted({state for state in states if state})
    found = _by_state(session, wanted)
    missing = [state for state in wanted if state not in found]
    rows = [{"state": state, "name": state, "created_at": now} for state in missing]
    insert_many_if_absent(session, Channel, rows, Channel.id)
    return found | _by_state(session, missing)


def learn(session: Session, ways: Iterable[ContactWay], *, now: datetime) -> int:
    """Tie contact ways made in WeCom to their channels; a name given here is kept."""
    shown = [way for way in ways if way.state]
    known = ensure(session, [way.state for way in shown], now=now)
    taken = set(session.scalars(select(Channel.config_id).where(Channel.config_id.is_not(None))))
    for way in shown:
        channel = known[way.state]
        if channel.name == channel.state and way.remark:
            channel.name = way.remark
        if channel.config_id is None and way.config_id not in taken:
            channel.config_id = way.config_id
            taken.add(way.config_id)
        if channel.config_id == way.config_id and way.qr_code:
            channel.qr_code = way.qr_code
    return len(shown)


def qr_code(session: Session, state: str) -> str:
    """The address of the picture of this state's code; empty when there is none."""
    return session.scalar(select(Channel.qr_code).where(Channel.state == state)) or ""


def _by_state(session: Session, states: list[str]) -> dict[str, Channel]:
    if not states:
        return {}
    return {channel.state: channel for channel in session.scalars(select(Channel).where(Channel.state.in_(states)))}
