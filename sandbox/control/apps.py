"""What staff see of the app: its messages, and the pictures and files that were uploaded."""

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, request, send_file
from flask.typing import ResponseReturnValue

from sandbox.app_records import AppMessage
from sandbox.control.group_forms import TapForm
from sandbox.control.lookups import query_number
from sandbox.control.reading import read_form
from sandbox.corp import corp
from sandbox.impossible import Impossible
from sandbox.records import Media

blueprint = Blueprint("apps", __name__)
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
FOREIGN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


@blueprint.get("/app-messages")
def messages() -> ResponseReturnValue:
    userid, after, state = request.args.get("userid", ""), query_number("after", 0, 10**12), corp().state
    with state.lock:
        found = state.app_messages.of_member(userid) if userid else state.app_messages
        return {"messages": [_message_json(message) for message in found if message.id > after]}


@blueprint.post("/app-messages/<int:number>/tap")
def tap(number: int) -> ResponseReturnValue:
    """A member taps a button of a card: `template_card_event`."""
    form, mine = read_form(TapForm), corp()
    with mine.state.writing():
        message = mine.state.app_messages.get(str(number))
        if message is None:
            raise Impossible("no_such_message", f"no app message is {number}", 404)
        card = message.content
        if form.key not in [button.get("key") for button in card.get("button_list", [])]:
            raise Impossible("no_such_button", f"the card has no button {form.key!r}")
        mine.emit(
            "template_card_event",
            "template_card_event",
            f"{message.userid} 点了卡片上的按钮",
            {"userid": message.userid, "task_id": card.get("task_id"), "key": form.key},
            FromUserName=message.userid,
            ChangeType=None,
            EventKey=form.key,
            TaskId=card.get("task_id"),
            CardType=card.get("card_type"),
            ResponseCode=message.response_code,
            AgentID=mine.credentials.agent_id,
        )
        return _message_json(message)


@blueprint.get("/media/<media_id>")
def media(media_id: str) -> Response:
    state = corp().state
    with state.lock:
        return _shown(state.media.get(media_id))


@blueprint.get("/pictures/<picture>")
def picture(picture: str) -> Response:
    """Where `media/uploadimg` says that a picture is."""
    state = corp().state
    with state.lock:
        return _shown(next((media for media in state.media if media.url.endswith(f"/pictures/{picture}")), None))


def _shown(media: Media | None) -> Response:
    """A picture as one, anything else as a file to keep: it came from outside."""
    content = corp().state.bytes_of(media.media_id) if media else None
    if media is None or content is None:
        raise Impossible("no_such_media", "nothing was uploaded under this id", 404)
    kind = next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)
    plain = "application/octet-stream"
    answer = send_file(BytesIO(content), kind or plain, as_attachment=kind is None, download_name=media.name)
    answer.headers.update(FOREIGN)
    return answer


def _message_json(message: AppMessage) -> dict[str, Any]:
    names = ("id", "at", "userid", "msgtype", "content", "msgid", "dropped")
    return {name: getattr(message, name) for name in names}
