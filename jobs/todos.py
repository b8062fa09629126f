"""Telling staff, by a message of the app, that a to-do is due; its card opens the chat's page."""

import json
from datetime import timedelta

from sqlalchemy.orm import Session

from crm import staff_messages, todos
from models.staff import Staff
from models.todo import Todo
from runtime import Runtime

LASTS = timedelta(hours=12)


def remind_of_todos(runtime: Runtime) -> int:
    """Put a card on record for each to-do that is due; returns how many. Sending them is `send_staff_messages`."""
    told = runtime.in_transaction(lambda session: _tell(session, runtime))
    if told:
        runtime.wake("sending")
    return told


def _tell(session: Session, runtime: Runtime) -> int:
    now = runtime.now()
    due = todos.claim_due(session, now=now)
    for todo in due:
        staff = session.get_one(Staff, todo.staff_id)
        staff_messages.plan(
            session, key=f"todo:{todo.id}:{staff.id}:{todo.due_at.isoformat()}", kind="card", userid=staff.userid,
            edition_id=None, deadline_at=now + LASTS, now=now, body_sealed=_card(runtime, todo),
        )  # fmt: skip
    return len(due)


def _card(runtime: Runtime, todo: Todo) -> bytes:
    url = f"{runtime.settings.server.public_url}/sidebar/?to={todo.external_userid}"
    card = {"title": todo.title, "description": todo.text[:500] or "点开看客户资料", "url": url, "button": "去看"}
    return runtime.vault.seal(json.dumps(card))
