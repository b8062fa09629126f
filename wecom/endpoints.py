"""The endpoints wechatpy lacks or gets wrong, and which of all endpoints change something."""

from typing import Any

from wechatpy.client.api.base import BaseWeChatAPI
from wechatpy.work.client.api import WeChatExternalContact

EFFECTS = frozenset(
    {
        "externalcontact/send_welcome_msg",
        "externalcontact/remark",
        "externalcontact/mark_tag",
        "externalcontact/add_contact_way",
        "externalcontact/update_contact_way",
        "externalcontact/del_contact_way",
        "externalcontact/add_msg_template",
        "externalcontact/remind_groupmsg_send",
        "externalcontact/cancel_groupmsg_send",
        "message/send",
        "media/upload",
        "webhook/send",
    }
)
"""A call of these that went out and was not answered may have happened: `Unanswered`, never `Temporary`."""


class ExternalContact(WeChatExternalContact):  # type: ignore[misc]  # wechatpy has no types
    """Customer contact (docs/wecom.md 3, 4, 6)."""

    def ask(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """One that wechatpy lacks, or whose arguments it fixes."""
        answer: dict[str, Any] = self._post(endpoint, data=body)
        return answer

    def page_by_user(self, userids: list[str], cursor: str, limit: int) -> dict[str, Any]:
        """wechatpy's own batch_get_by_user posts `userid`; the endpoint takes `userid_list`."""
        body = {"userid_list": userids, "cursor": cursor, "limit": limit}
        answer: dict[str, Any] = self._post("externalcontact/batch/get_by_user", data=body)
        return answer

    def page(self, external_userid: str, cursor: str) -> dict[str, Any]:
        """wechatpy's own get cannot ask for the next page of followers."""
        params = {"external_userid": external_userid} | ({"cursor": cursor} if cursor else {})
        answer: dict[str, Any] = self._get("externalcontact/get", params=params)
        return answer

    def remark(self, body: dict[str, Any]) -> None:
        self._post("externalcontact/remark", data=body)

    def list_contact_way(self, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._post("externalcontact/list_contact_way", data=body)
        return answer

    def change_contact_way(self, body: dict[str, Any]) -> None:
        """wechatpy's own update sends only fields it was made with; ours sends what it is given."""
        self._post("externalcontact/update_contact_way", data=body)


class Identity(BaseWeChatAPI):  # type: ignore[misc]  # wechatpy has no types
    """Who signed in (docs/wecom.md 10.1); wechatpy calls the older user/getuserinfo."""

    def by_code(self, code: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._get("auth/getuserinfo", params={"code": code})
        return answer
