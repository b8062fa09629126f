"""Words that leave by staff's own hand in the open chat: on record before the page tries, whatever they are."""

from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form
from crm import audits, customers, touches
from models.contact import Contact
from models.touch import Touch
from runtime import runtime
from sidebar.touches import touch_json
from wecom.gates import Verdict
from words import gettext

HELD_BACK = {Verdict.REHEARSAL: "would_send", Verdict.STOPPED: "held"}


class Send(Form):
    """One tap: `occasion` is made by the page, `external_userid` is the open chat when a customer has several."""

    occasion: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    external_userid: str | None = Field(None, min_length=1, max_length=64)


def open_contact(session: Session, customer_id: int, external_userid: str | None) -> Contact:
    """The face of the customer whose chat is open; one of those this staff member follows."""
    customer = customers.followed_by(session, g.staff, customer_id)
    for contact in customers.contacts_followed(session, g.staff, customer.id):
        if external_userid in (None, contact.external_userid):
            return contact
    raise customers.not_yours()


def asked(contact: Contact) -> Verdict:
    """What the gate says about this contact; asked before the transaction that records the touch."""
    return runtime().gate([(g.staff.userid, contact.external_userid)])


def put_on_record(
    session: Session, verdict: Verdict, *, key: str, kind: str, contact: Contact, text: str
) -> tuple[Touch, bool]:
    """The touch, and whether the page is to send it now: not when this tap was had before, or the gate holds it."""
    touch, is_new = touches.begin(
        session,
        key=key,
        kind=kind,
        contact=contact,
        staff=g.staff,
        state=HELD_BACK.get(verdict, "trying"),
        text_sealed=runtime().vault.seal(text),
        coupon=None,
        now=runtime().now(),
    )
    send = is_new and verdict is Verdict.LIVE
    if send:
        audit(session, touch, f"customer:{touch.customer_id}")
    return touch, send


def audit(session: Session, touch: Touch, subject: str) -> None:
    """That it is handed to the chat now."""
    action, now = f"{touch.kind}.send", runtime().now()
    audits.note(session, actor=g.actor, action=action, subject=subject, now=now, touch=touch.id)


def answer(touch: Touch, *, send: bool, **more: Any) -> ResponseReturnValue:
    """What the page is to do: `send` the `text` (or `chat_message`) and say how it went, or show the `message`."""
    body: dict[str, Any] = {
        "send": send,
        "touch": touch_json(touch),
        "text": runtime().vault.open_text(touch.text_sealed),
        "message": "" if send else _words(touches.shown_state(touch, now=runtime().now())),
    }
    return body | more, 201 if send else 200


def _words(state: str) -> str:
    words: dict[str, str] = {
        "would_send": gettext("演练模式：记下来了，没有真的发"),
        "held": gettext("现在全部停发，客户没收到。问一下老板"),
        "sent": gettext("这条已经发到聊天里了"),
        "unknown": gettext("不知道发出去没有，看一眼聊天"),
    }
    return words.get(state, "")
