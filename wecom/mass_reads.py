"""What the gateway reads about groups and mass messages. Sections are those of docs/wecom.md."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from wecom.errors import Temporary
from wecom.group_types import GroupChat, GroupChatPage
from wecom.mass_types import MassMessagePage, MassResultPage, MassTaskPage
from wecom.reads import typed
from wecom.transport import Transport

ChatType = Literal["single", "group"]
ALL_CREATORS = 2  # filter_type: 0 the corp's, 1 the members'


class MassReads:
    """Calls that change nothing; safe to repeat. A page's `next_cursor` is empty on the last one."""

    _api: Transport

    def group_chats(self, owners: Sequence[str] = (), cursor: str = "") -> GroupChatPage:
        """POST externalcontact/groupchat/list (5): 1,000 a page, of all owners or of at most 100.

        Beyond 1,000 visible members WeCom wants owners named (81017).
        """
        endpoint = "externalcontact/groupchat/list"
        body: dict[str, Any] = {"status_filter": 0} | (
            {"owner_filter": {"userid_list": list(owners)}} if owners else {}
        )
        answer = self._page(endpoint, body, cursor, 1000)
        return typed(GroupChatPage, endpoint, answer | {"chats": answer.get("group_chat_list")})

    def group_chat(self, chat_id: str) -> GroupChat:
        """POST externalcontact/groupchat/get (5): name, owner and everybody in it; a join shows some seconds later.

        `GroupGone` when there is none, or none any more.
        """
        endpoint = "externalcontact/groupchat/get"
        answer = self._api.external_contact.ask(endpoint, {"chat_id": chat_id, "need_name": 1})
        return typed(GroupChat, endpoint, answer.get("group_chat"))

    def mass_messages(self, chat_type: ChatType, since: datetime, until: datetime, cursor: str = "") -> MassMessagePage:
        """POST externalcontact/get_groupmsg_list_v2 (6.5): everybody's, also those made by hand; 100 a page.

        At most a month from `since` to `until`. One made a moment ago may not be listed yet.
        """
        endpoint = "externalcontact/get_groupmsg_list_v2"
        body = {
            "chat_type": chat_type,
            "start_time": int(since.timestamp()),
            "end_time": int(until.timestamp()),
            "filter_type": ALL_CREATORS,
        }
        answer = self._page(endpoint, body, cursor, 100)
        return typed(MassMessagePage, endpoint, answer | {"messages": answer.get("group_msg_list")})

    def mass_tasks(self, msgid: str, cursor: str = "") -> MassTaskPage:
        """POST externalcontact/get_groupmsg_task (6.5): who has to confirm it and who has, 1,000 a page.

        `Dispatching` for some seconds after its creation.
        """
        endpoint = "externalcontact/get_groupmsg_task"
        answer = self._page(endpoint, {"msgid": msgid}, cursor, 1000)
        return typed(MassTaskPage, endpoint, answer | {"tasks": answer.get("task_list")})

    def mass_results(self, msgid: str, userid: str, cursor: str = "") -> MassResultPage:
        """POST externalcontact/get_groupmsg_send_result (6.5): what became of one member's recipients, 1,000 a page.

        Of groups only those it was sent to are listed. `Dispatching` for some seconds after its creation.
        """
        endpoint = "externalcontact/get_groupmsg_send_result"
        answer = self._page(endpoint, {"msgid": msgid, "userid": userid}, cursor, 1000)
        return typed(MassResultPage, endpoint, answer | {"results": answer.get("send_list")})

    def _page(self, endpoint: str, body: dict[str, Any], cursor: str, limit: int) -> dict[str, Any]:
        more = {"cursor": cursor} if cursor else {}
        answer = self._api.external_contact.ask(endpoint, body | {"limit": limit} | more)
        if cursor and answer.get("next_cursor") == cursor:  # whoever reads page after page would never end
            raise Temporary(endpoint, None, "the cursor stands still")
        return answer
