"""What the gateway changes about customers and codes. Every method asks the gate right before its call."""

from collections.abc import Iterable, Sequence
from typing import Any

from wecom.gated import Gated, members
from wecom.reads import typed
from wecom.types import ContactWay


class Effects(Gated):
    """Welcomes, remarks, tags and contact ways; sections are those of docs/wecom.md.

    `Unanswered` means it may have happened. Remarks, tags, changed and deleted contact ways come out the same when done
    twice, and a welcome code works once; after an unanswered `add_contact_way` look at `contact_ways`.
    """

    def send_welcome(self, welcome_code: str, text: str, *, userid: str, external_userid: str) -> None:
        """POST externalcontact/send_welcome_msg (6.1): text of at most 4,000 bytes, within 20 s of the add, once.

        `WelcomeSpent` (41050), `ChatStarted` (41051): over. `WelcomeBusy` (41096): again after a second.
        """
        with self._passing("externalcontact/send_welcome_msg", (userid, external_userid)):
            self._api.external_contact.send_welcome_msg({"welcome_code": welcome_code, "text": {"content": text}})

    def remark(
        self,
        *,
        userid: str,
        external_userid: str,
        remark: str | None = None,
        description: str | None = None,
        remark_company: str | None = None,
        remark_mobiles: Sequence[str] | None = None,
    ) -> None:
        """POST externalcontact/remark (3.1): at least one field; remark and company ≤ 20 characters, description ≤ 150.

        Phones replace what was there. No callback follows: update our own record.
        """
        body = {
            "userid": userid,
            "external_userid": external_userid,
            "remark": remark,
            "description": description,
            "remark_company": remark_company,
            "remark_mobiles": None if remark_mobiles is None else list(remark_mobiles),
        }
        with self._passing("externalcontact/remark", (userid, external_userid)):
            self._api.external_contact.remark({key: value for key, value in body.items() if value is not None})

    def mark_tags(
        self, *, userid: str, external_userid: str, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """POST externalcontact/mark_tag (4): at least one tag, 100 a call is safe; two calls at once on a pair: 45035.

        No callback follows: update our own record.
        """
        with self._passing("externalcontact/mark_tag", (userid, external_userid)):
            self._api.external_contact.mark_tag(userid, external_userid, list(add), list(remove))

    def add_contact_way(
        self, userids: Sequence[str], *, state: str, remark: str = "", skip_verify: bool = True
    ) -> ContactWay:
        """POST externalcontact/add_contact_way (3.4): a QR code for up to 100 members, `state` ≤ 30 characters.

        Answers its config_id and the picture's address. 500,000 a corp; made by API they don't show in WeCom's console.
        """
        endpoint = "externalcontact/add_contact_way"
        kind = 1 if len(userids) == 1 else 2
        with self._passing(endpoint, *members(userids)):
            answer = self._api.external_contact.add_contact_way(
                type=kind, scene=2, remark=remark, skip_verify=skip_verify, state=state, user=list(userids)
            )
        known = {"type": kind, "state": state, "remark": remark, "skip_verify": skip_verify, "user": list(userids)}
        return typed(ContactWay, endpoint, known | answer)

    def update_contact_way(
        self, config_id: str, userids: Sequence[str], *, state: str, remark: str = "", skip_verify: bool = True
    ) -> None:
        """POST externalcontact/update_contact_way (3.4): members, state and remark are replaced as a whole."""
        body: dict[str, Any] = {"config_id": config_id, "remark": remark, "skip_verify": skip_verify, "state": state}
        with self._passing("externalcontact/update_contact_way", *members(userids)):
            self._api.external_contact.change_contact_way(body | {"user": list(userids)})

    def delete_contact_way(self, config_id: str, userids: Sequence[str]) -> None:
        """POST externalcontact/del_contact_way (3.4): the printed code stops working. `userids`: whom it led to."""
        with self._passing("externalcontact/del_contact_way", *members(userids)):
            self._api.external_contact.del_contact_way(config_id)
