"""What the gateway reads: staff, customers, tags, contact ways, who signed in. Sections are those of docs/wecom.md."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from wecom.errors import NotAContact, Permanent
from wecom.transport import Transport
from wecom.types import (
    Answer,
    ContactWay,
    ContactWayPage,
    CustomerDetail,
    CustomerPage,
    Department,
    Member,
    StaffDay,
    StaffMember,
    TagGroup,
    Visitor,
)

A = TypeVar("A", bound=Answer)
PAGE = 100  # the most externalcontact/batch/get_by_user gives
MOST_PAGES = 1000  # of one answer that pages: a cursor that never ends is a fault, not a reason to run for ever


class Reads:
    """Calls that change nothing; safe to repeat."""

    _api: Transport

    def departments(self) -> list[Department]:
        """GET department/list (13): all the app sees; root is 1, at most 30,000."""
        return [typed(Department, "department/list", each) for each in self._api.department.list()]

    def staff_of(self, department_id: int) -> list[StaffMember]:
        """GET user/list (13): the members of one department, those of its sub-departments not among them."""
        found = self._api.department.get_users(department_id, simple=False)
        return [typed(StaffMember, "user/list", each) for each in found]

    def staff_list(self) -> list[StaffMember]:
        """Every member the app sees, once each: `departments`, then `staff_of` for each of them (13)."""
        found: dict[str, StaffMember] = {}
        for department in self.departments():
            for member in self.staff_of(department.id):
                found.setdefault(member.userid, member)
        return list(found.values())

    def followers(self) -> list[str]:
        """GET externalcontact/get_follow_user_list (3.1): userids with customer contact inside the visible range."""
        found = self._api.external_contact.get_follow_user_list().get("follow_user") or []
        return [str(userid) for userid in found]

    def customers_of(self, userids: Sequence[str], cursor: str = "") -> CustomerPage:
        """POST externalcontact/batch/get_by_user (3.1): the next 100 customers of at most 100 members.

        Members without any customer give an empty page.
        """
        endpoint = "externalcontact/batch/get_by_user"
        try:
            answer = self._api.external_contact.page_by_user(list(userids), cursor, PAGE)
        except NotAContact:
            return CustomerPage()
        return typed(CustomerPage, endpoint, answer)

    def customer(self, external_userid: str) -> CustomerDetail:
        """GET externalcontact/get (3.1): one customer and all followers, 500 a page. `NotAContact` when nobody's."""
        endpoint = "externalcontact/get"
        first = self._api.external_contact.page(external_userid, "")
        followers, cursor = list(first.get("follow_user") or []), first.get("next_cursor")
        for _ in range(MOST_PAGES):
            if not cursor:
                break
            page = self._api.external_contact.page(external_userid, cursor)
            followers += page.get("follow_user") or []
            cursor = page.get("next_cursor")
        return typed(CustomerDetail, endpoint, first | {"follow_user": followers})

    def corp_tags(self) -> list[TagGroup]:
        """POST externalcontact/get_corp_tag_list (4): every tag group with its tags; at most 10,000 tags."""
        endpoint = "externalcontact/get_corp_tag_list"
        found = self._api.external_contact.get_corp_tag_list().get("tag_group") or []
        return [typed(TagGroup, endpoint, each) for each in found]

    def contact_way(self, config_id: str) -> ContactWay:
        """POST externalcontact/get_contact_way (3.4)."""
        endpoint = "externalcontact/get_contact_way"
        return typed(ContactWay, endpoint, self._api.external_contact.get_contact_way(config_id).get("contact_way"))

    def contact_ways(self, cursor: str = "") -> ContactWayPage:
        """POST externalcontact/list_contact_way (3.4): ids of the last 90 days' contact ways, 1,000 a page."""
        body = {"limit": 1000} | ({"cursor": cursor} if cursor else {})
        answer = self._api.external_contact.list_contact_way(body)
        ids = tuple(str(each.get("config_id", "")) for each in answer.get("contact_way") or [])
        return ContactWayPage(config_ids=ids, next_cursor=answer.get("next_cursor") or "")

    def staff_days(self, userid: str, since: datetime, until: datetime) -> list[StaffDay]:
        """POST externalcontact/get_user_behavior_data (3.7): one member's days, both ends counted; at most 30.

        Of the last 180 days; today has none. Several members at once would be summed, so one is asked at a time.
        """
        endpoint = "externalcontact/get_user_behavior_data"
        answer = self._api.external_contact.get_user_behavior_data(
            [userid], int(since.timestamp()), int(until.timestamp())
        )
        return [typed(StaffDay, endpoint, each) for each in answer.get("behavior_data") or []]

    def callback_ips(self) -> list[str]:
        """GET getcallbackip (1.5): where callbacks come from; addresses, ranges, or prefixes that end in `*`."""
        return [str(each) for each in self._api.misc.get_wechat_ips() or []]

    def staff_by_code(self, code: str, *, within_seconds: float = 3.0) -> Member | Visitor:
        """GET auth/getuserinfo (10.1): who came back from the authorize page; a code is good once, for 5 minutes.

        `CodeSpent` when it no longer is. The only call allowed inside a web request: all of it, a cold token included,
        takes at most `within_seconds`, else `Temporary`.
        """
        with self._api.within(within_seconds):
            answer = self._api.identity.by_code(code)
        userid = answer.get("userid") or answer.get("UserId")
        if userid:
            return typed(Member, "auth/getuserinfo", {"userid": userid})
        openid = answer.get("openid") or answer.get("OpenId")
        return typed(Visitor, "auth/getuserinfo", {"openid": openid, "external_userid": answer.get("external_userid")})


def typed(kind: type[A], endpoint: str, found: Any) -> A:
    """An answer in its type; one of another shape is `Permanent`, without a word of its content."""
    try:
        return kind.model_validate(found)
    except ValidationError as problem:
        fields = ", ".join(sorted({".".join(map(str, each["loc"])) for each in problem.errors(include_input=False)}))
    raise Permanent(endpoint, None, f"the answer has another shape: {fields or kind.__name__}")
