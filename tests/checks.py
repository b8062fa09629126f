"""Both sides read and compared: what the sandbox's customers and groups received, and what our records say."""

from collections import Counter
from typing import Any

from models import MassMessage, MassRecipient, MassTask, Touch
from tests.factories import Make
from tests.sandboxes import Sandbox

TOUCHES = {"welcome": "welcome", "coupon": "sidebar"}
"""Kinds of touches, and what the sandbox calls where such a message came from."""

Delivery = tuple[str, str]
"""A msgid, and the customer or group."""


def everything_received_is_on_record(make: Make, sandbox: Sandbox, *, settled: bool = True) -> int:
    """Everything a customer or group received equals what our records say was delivered; how many deliveries.

    Mass messages by msgid, recipient and every line of them; welcomes and coupons by the pair. With `settled` False
    records may still be behind (results unread), never ahead. What is `unknown` may have arrived.
    """
    lines = received_lines(sandbox)
    tasks = {task.id: task for task in make.rows(MassTask)}
    rows = make.rows(MassRecipient)
    delivered = {(tasks[row.task_id].msgid, row.target): tasks[row.task_id] for row in rows if row.state == "sent"}
    assert delivered.keys() <= lines.keys(), "on record as delivered, and never received"
    may_have = {row.target for row in rows if row.state == "unknown" or (not settled and row.state == "created")}
    assert {target for _, target in lines.keys() - delivered.keys()} <= may_have, "received, and not on record"
    messages = {message.id: message for message in make.rows(MassMessage)}
    for delivery, task in delivered.items():
        assert lines[delivery] == _said(task, messages[task.message_id]), "received in other words"
    nobody_twice(make, lines.keys())
    touches_arrived(make, sandbox)
    return len(delivered)


def received_lines(sandbox: Sandbox) -> dict[Delivery, list[str]]:
    """What arrived of mass messages that no member made: the text, then the kinds of what is attached."""
    by_members = {
        shown["msgid"] for shown in sandbox.get("/sandbox/mass-messages")["mass_messages"] if shown["create_type"] == 1
    }
    found: dict[Delivery, list[str]] = {}
    for path, name in (("/sandbox/messages", "external_userid"), ("/sandbox/group-messages", "chat_id")):
        for line in sandbox.get(path)["messages"]:
            if line["source"] == "mass" and line["msgid"] not in by_members:
                found.setdefault((line["msgid"], line[name]), []).append(_line(line))
    return found


def nobody_twice(make: Make, received: Any) -> None:
    """No customer received one mass message of ours twice, whatever its tasks."""
    of_msgid = {task.msgid: task.message_id for task in make.rows(MassTask) if task.msgid}
    times = Counter((of_msgid[msgid], target) for msgid, target in received if msgid in of_msgid)
    assert {key for key, many in times.items() if many > 1} == set()


def touches_arrived(make: Make, sandbox: Sandbox) -> None:
    """Every welcome and coupon on record as sent was received, and none besides but those that are unknown."""
    lines = sandbox.get("/sandbox/messages")["messages"]
    touches: list[Touch] = make.rows(Touch)
    for kind, source in TOUCHES.items():
        received = Counter(
            (line["userid"].lower(), line["external_userid"]) for line in lines if line["source"] == source
        )
        sent, unknown = (
            Counter(
                (row.userid.lower(), row.external_userid) for row in touches if row.kind == kind and row.state == state
            )
            for state in ("sent", "unknown")
        )
        assert sent <= received, f"a {kind} on record as sent, and never received"
        assert received - sent <= unknown, f"a {kind} received, and not on record"


def _line(line: dict[str, Any]) -> str:
    return str(line["content"]["content"]) if line["kind"] == "text" else f"[{line['kind']}]"


def _said(task: MassTask, message: MassMessage) -> list[str]:
    return ([task.text] if task.text else []) + [f"[{each['kind']}]" for each in message.attachments]
