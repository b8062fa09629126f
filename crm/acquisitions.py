"""Acquisition links (获客助手): what WeCom told of them, on record and tied to the channel its state names."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm import channels, identities, staff
from models.acquisition import AcquisitionEvent
from models.database import insert_if_absent
from wecom.events import Event

KEPT = ("ExpireTime", "ExpireQuotaNum")  # a chat's key is good for half an hour and opens a chat: it is not kept


def note(session: Session, event: Event, *, now: datetime) -> bool:
    """Put the event on record, once; False when it was there."""
    state, link_id = event.state or "", event.fields.get("LinkId")
    channel = channels.ensure(session, [state], now=now).get(state)
    member = staff.ensure(session, [event.userid], now=now)[event.userid.lower()] if event.userid else None
    person = None
    if event.external_userid:
        person = identities.ensure(session, "external_userid", "", event.external_userid, now=now)
    return insert_if_absent(
        session,
        AcquisitionEvent,
        key=event.key,
        change=event.kind.partition(".")[2],
        link_id=link_id if isinstance(link_id, str) else "",
        state=state,
        channel_id=channel.id if channel else None,
        staff_id=member.id if member else None,
        identity_id=person.id if person else None,
        details={name: value for name in KEPT if isinstance(value := event.fields.get(name), str)},
        happened_at=event.create_time,
    )
