"""Both sides read and compared: what the sandbox's customers and groups received, and what our records say."""

from collections import Counter

from models import MassRecipient, MassTask
from tests.factories import Make
from tests.sandboxes import Sandbox


def everything_received_is_on_record(make: Make, sandbox: Sandbox, *, settled: bool = True) -> int:
    """Everything a customer or group received equals what our records say was delivered; how many deliveries.

    Each delivery is one msgid and one recipient. With `settled` False, records may still be behind (results unread),
    never ahead; what is `unknown` may have arrived.
    """
    received = {
        (line["msgid"], line["external_userid"])
        for line in sandbox.get("/sandbox/messages")["messages"]
        if line["source"] == "mass"
    } | {
        (line["msgid"], line["chat_id"])
        for line in sandbox.get("/sandbox/group-messages")["messages"]
        if line["source"] == "mass"
    }
    by_members = {
        shown["msgid"] for shown in sandbox.get("/sandbox/mass-messages")["mass_messages"] if shown["create_type"] == 1
    }
    received = {(msgid, target) for msgid, target in received if msgid not in by_members}
    tasks = {task.id: task for task in make.rows(MassTask)}
    rows = make.rows(MassRecipient)
    delivered = {(tasks[row.task_id].msgid, row.target) for row in rows if row.state == "sent"}
    assert delivered <= received, "on record as delivered, and never received"
    unrecorded = received - delivered
    may_have = {row.target for row in rows if row.state == "unknown" or (not settled and row.state == "created")}
    assert {target for _, target in unrecorded} <= may_have, "received, and not on record"
    nobody_twice(make, received)
    return len(delivered)


def nobody_twice(make: Make, received: set[tuple[str, str]]) -> None:
    """No customer received one mass message of ours twice, whatever its tasks."""
    of_msgid = {task.msgid: task.message_id for task in make.rows(MassTask) if task.msgid}
    times = Counter((of_msgid[msgid], target) for msgid, target in received if msgid in of_msgid)
    assert {key for key, many in times.items() if many > 1} == set()
