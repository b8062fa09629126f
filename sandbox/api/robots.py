"""Robots of staff's internal groups: the key in the address is all the right they need."""

from typing import Any

from sandbox.api.content import check_content
from sandbox.api.dispatch import Call, api
from sandbox.api.media import LARGEST, keep_upload, received
from sandbox.app_records import Robot, RobotMessage
from sandbox.errors import Refused
from sandbox.limits import MINUTE

PER_ROBOT = ((MINUTE, 20),)


@api("webhook/send", "POST", needs_token=False)
def send(call: Call) -> dict[str, Any]:
    robot = _robot(call)
    call.corp.limits.count(f"robot {robot.key}", PER_ROBOT)
    kind = call.text("msgtype", missing=40008)
    content = check_content(call.corp, kind, call.body.get(kind), to_staff=False, robot=robot.key)
    number = call.corp.state.next_number("robot message")
    call.corp.state.robot_messages.put(RobotMessage(number, call.corp.clock.now(), robot.key, kind, content))
    return {}


@api("webhook/upload_media", "POST", needs_token=False)
def upload_media(call: Call) -> dict[str, Any]:
    """The file is looked at before the key."""
    kind = call.query.get("type", "")
    if kind not in ("file", "voice"):
        raise Refused(40058)
    name, content = received(LARGEST[kind])
    return keep_upload(call.corp, kind, name, content, _robot(call).key)


def _robot(call: Call) -> Robot:
    found = call.corp.state.robots.get(call.query.get("key", ""))
    if found is None or found.removed:
        raise Refused(93000)
    return found
