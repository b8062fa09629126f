"""What the gateway sends: mass messages, app messages to staff, robots, media. Sections are those of docs/wecom.md."""

import mimetypes
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from wecom.answers import error_for
from wecom.errors import Permanent, Stopped, Unanswered, WeComError
from wecom.gated import NOBODY, Gated, members
from wecom.gates import Verdict
from wecom.mass_types import AppMessage, MassMessageCreated, UploadedMedia
from wecom.reads import typed
from wecom.types import Answer

A = TypeVar("A", bound=Answer)
MediaKind = Literal["image", "voice", "video", "file"]
NO_RECIPIENT = 81013  # message/send: all of its recipients are invalid


class Sends(Gated):
    """Calls that reach people, or bring what will. None of them comes out the same when done twice.

    `Temporary`, `Throttled` and the errors about a message say that nothing happened; `Unanswered` that it may have.
    """

    def create_mass_message(
        self,
        *,
        sender: str,
        external_userids: Sequence[str] = (),
        chat_ids: Sequence[str] = (),
        text: str,
        attachments: Sequence[dict[str, Any]] = (),
    ) -> MassMessageCreated:
        """POST externalcontact/add_msg_template (6.3): a task for `sender` to confirm; it sends nothing by itself.

        To at most 10,000 customers or 2,000 groups, never both and never nobody (WeCom takes that for everybody). Text
        of at most 4,000 bytes, at most 9 attachments (6.2). `NobodyToSend` when no recipient can be reached. After
        `Unanswered` it may exist: look it up with `mass_messages` before trying again.
        """
        if not sender or bool(external_userids) == bool(chat_ids):
            raise ValueError("a mass message goes from one member to customers or to groups")
        endpoint = "externalcontact/add_msg_template"
        body: dict[str, Any] = {"sender": sender} | (
            {"chat_type": "group", "chat_id_list": list(chat_ids)}
            if chat_ids
            else {"chat_type": "single", "external_userid": list(external_userids)}
        )
        body |= {"text": {"content": text}} if text else {}
        body |= {"attachments": list(attachments)} if attachments else {}
        with self._passing(endpoint, *[(sender, target) for target in chat_ids or external_userids]):
            answer = self._api.external_contact.ask(endpoint, body)
        return _done(MassMessageCreated, endpoint, answer)

    def remind_mass_message(self, msgid: str, userids: Sequence[str]) -> None:
        """POST externalcontact/remind_groupmsg_send (6.5): nudge whoever has not confirmed, 3 times in 24 hours.

        WeCom picks whom: `userids`, those with an open task, are for the gate. `RemindedEnough`, `MassCancelled`.
        """
        endpoint = "externalcontact/remind_groupmsg_send"
        with self._passing(endpoint, *members(userids)):
            self._api.external_contact.ask(endpoint, {"msgid": msgid})

    def cancel_mass_message(self, msgid: str) -> None:
        """POST externalcontact/cancel_groupmsg_send (6.5): nobody can confirm it any more; what went out stays.

        Asks no gate: to take back is how one stops. Safe to repeat; `MassCancelled` when it was done before.
        """
        self._api.external_contact.ask("externalcontact/cancel_groupmsg_send", {"msgid": msgid})

    def send_card(self, userid: str, *, title: str, description: str, url: str, button: str = "") -> AppMessage:
        """POST message/send (7.1): a card from the app to one member, tapped to open `url`.

        Title ≤ 128 characters, description ≤ 512 and not empty, button ≤ 4. Beyond 30 a minute WeCom drops silently.
        """
        card = {"title": title, "description": description, "url": url} | ({"btntxt": button} if button else {})
        return self._send_app_message(userid, {"msgtype": "textcard", "textcard": card})

    def send_app_text(self, userid: str, text: str) -> AppMessage:
        """POST message/send (7.1): a text from the app to one member, cut at 2,048 bytes. Limits as `send_card`."""
        return self._send_app_message(userid, {"msgtype": "text", "text": {"content": text}})

    def upload_media(self, kind: MediaKind, filename: str, content: bytes) -> UploadedMedia:
        """POST media/upload (9): keep a picture (≤ 10 MB), mp4 (≤ 10 MB) or file (≤ 20 MB) for three days.

        Reaches nobody: goes through in rehearsal, not when stopped. Done twice it is there twice, which harms nobody.
        """
        endpoint = "media/upload"
        file = (filename, content, mimetypes.guess_type(filename)[0] or "application/octet-stream")
        with self._holding(lambda: self._unless_stopped(endpoint)):
            answer = self._api.post(endpoint, params={"type": kind}, files={"media": file})
        return _done(UploadedMedia, endpoint, answer)

    def send_robot(self, key: str, *, text: str = "", markdown: str = "") -> None:
        """POST webhook/send (8): a text (≤ 2,048 bytes) or markdown (≤ 4,096) into a robot's internal group.

        20 a minute and robot, then `Throttled`; `RobotGone` when it was removed. Never in rehearsal. The key is all
        the right there is: it goes into the query and nowhere else.
        """
        if bool(text) == bool(markdown):
            raise ValueError("a robot says a text or a markdown")
        endpoint = "webhook/send"
        kind, content = ("text", text) if text else ("markdown", markdown)
        self._ask_the_gate(endpoint, (NOBODY,))
        answer = self._api.exchange(
            "post", endpoint, params={"key": key}, data={"msgtype": kind, kind: {"content": content}}
        )
        if answer.get("errcode", 0) != 0:
            raise error_for(endpoint, answer["errcode"])

    def _send_app_message(self, userid: str, message: dict[str, Any]) -> AppMessage:
        endpoint = "message/send"
        if "|" in userid or userid.casefold() == "@all":
            raise ValueError("an app message goes to one member")
        try:
            with self._passing(endpoint, (userid, "")):
                answer = self._api.post(endpoint, data=message | {"touser": userid, "agentid": self._agent_id})
        except Permanent as problem:
            if problem.errcode != NO_RECIPIENT:
                raise
            return AppMessage(invalid=True)
        missed = bool(answer.get("invaliduser") or answer.get("unlicenseduser"))
        return AppMessage(msgid=str(answer.get("msgid") or ""), invalid=missed)

    def _unless_stopped(self, endpoint: str) -> None:
        if self._gate((NOBODY,)) == Verdict.STOPPED:
            raise Stopped(endpoint)


def _done(kind: type[A], endpoint: str, answer: dict[str, Any]) -> A:
    """What WeCom says it did. An answer of another shape does not say that it did nothing."""
    try:
        return typed(kind, endpoint, answer)
    except Permanent as problem:
        failure: WeComError = Unanswered(endpoint, None, problem.reason)
    raise failure
