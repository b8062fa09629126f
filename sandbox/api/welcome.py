"""The welcome message: 20 seconds, once, text and up to nine attachments, each a message of its own."""

from typing import Any

from sandbox import people
from sandbox.api.attachments import check_attachments, message_text
from sandbox.api.dispatch import Call, api
from sandbox.errors import Refused
from sandbox.welcome import open_code


@api("externalcontact/send_welcome_msg", "POST")
def send_welcome_msg(call: Call) -> dict[str, Any]:
    corp, value = call.corp, call.text("welcome_code", missing=41049)
    text = message_text(call)
    attachments = check_attachments(corp, call.body.get("attachments") or [])
    if not text and not attachments:
        raise Refused(40063)
    code = open_code(corp, value)
    follow = corp.state.follow(code.holder["userid"], code.holder["external_userid"])
    if follow is None or follow.relation == "deleted_by_member" or follow.number != code.holder["follow"]:
        raise Refused(41050)
    code.used_at = corp.clock.now()
    corp.state.passes.put(code)
    if text:
        people.say(corp, follow, "staff", "text", {"content": text}, "welcome")
    for kind, content in attachments:
        people.say(corp, follow, "staff", kind, content, "welcome")
    waited = round(code.used_at - code.issued_at, 3)
    detail = {"userid": follow.userid, "external_userid": follow.external_userid, "after_seconds": waited}
    took = "不到 0.1 秒" if waited < 0.1 else f"用了 {waited:.1f} 秒"
    corp.note("api_welcome", f"应用发出欢迎语，{took}", **detail)
    return {}
