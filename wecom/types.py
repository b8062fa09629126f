"""What WeCom answers, typed. Missing, null and unknown fields are all normal; names keep WeCom's spelling."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

LAST_MOMENT = datetime(9999, 12, 31, tzinfo=UTC)


def moment(seconds: int | float | str | None) -> datetime:
    """A moment from Unix seconds; outside of the years 1970 to 9999 the nearest end, 1970 when it is no number."""
    try:
        return datetime.fromtimestamp(min(max(float(seconds or 0), 0.0), LAST_MOMENT.timestamp()), UTC)
    except (ValueError, TypeError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


class Answer(BaseModel):
    """Frozen; a null counts as absent; errors never quote what was received."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, found: Any) -> Any:
        if not isinstance(found, dict) or None not in found.values():
            return found
        return {key: value for key, value in found.items() if value is not None}


class Department(Answer):
    id: int
    name: str = ""
    parentid: int = 0
    order: int = 0


class StaffMember(Answer):
    """A member of the corp as user/list shows them; status 1 active, 2 disabled, 4 not activated, 5 left."""

    userid: str
    name: str = ""
    department: tuple[int, ...] = ()
    main_department: int | None = None
    position: str = ""
    avatar: str = ""
    alias: str = ""
    status: int = 1
    is_leader_in_dept: tuple[int, ...] = ()
    direct_leader: tuple[str, ...] = ()


class StaffDay(Answer):
    """A day of one member with customers; the last two are missing on a day no customer spoke first."""

    stat_time: int
    chat_cnt: int = 0
    message_cnt: int = 0
    negative_feedback_cnt: int = 0
    new_apply_cnt: int = 0
    new_contact_cnt: int = 0
    reply_percentage: float | None = None
    avg_reply_time: float | None = None  # minutes


class Customer(Answer):
    """external_contact: type 1 WeChat, 2 WeCom. Without a unionid is normal (docs/wecom.md 3.2)."""

    external_userid: str
    name: str = ""
    type: int = 1
    gender: int = 0
    avatar: str = ""
    unionid: str | None = None
    position: str = ""
    corp_name: str = ""
    corp_full_name: str = ""


class FollowTag(Answer):
    """A tag one member gave: type 1 corp tag, 2 the member's own (no tag_id), 3 strategy tag."""

    tag_id: str = ""
    tag_name: str = ""
    group_name: str = ""
    type: int = 1


class FollowInfo(Answer):
    """One member's relation to a customer: `tags` from externalcontact/get, `tag_id` from the batch call."""

    userid: str
    remark: str = ""
    description: str = ""
    createtime: int = 0
    tags: tuple[FollowTag, ...] = ()
    tag_id: tuple[str, ...] = ()
    remark_corp_name: str = ""
    remark_mobiles: tuple[str, ...] = ()
    oper_userid: str = ""
    add_way: int = 0
    state: str = ""

    @property
    def tag_ids(self) -> tuple[str, ...]:
        """Corp and strategy tags, whichever call this came from."""
        return self.tag_id or tuple(tag.tag_id for tag in self.tags if tag.tag_id)

    @property
    def followed_at(self) -> datetime:
        return moment(self.createtime)


class CustomerDetail(Answer):
    """One customer and every member who follows them."""

    external_contact: Customer
    follow_user: tuple[FollowInfo, ...] = ()


class Followed(Answer):
    """One customer as one of the members asked for follows them."""

    external_contact: Customer
    follow_info: FollowInfo


class CustomerPage(Answer):
    """A page of customers; `next_cursor` is empty on the last one. `unlicensed` members were left out by WeCom."""

    customers: tuple[Followed, ...] = ()
    next_cursor: str = ""
    unlicensed: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, found: Any) -> Any:
        if not isinstance(found, dict):
            return found
        failed = found.get("fail_info") or {}
        unlicensed = failed.get("unlicensed_userid_list") if isinstance(failed, dict) else None
        return found | {"customers": found.get("external_contact_list"), "unlicensed": unlicensed}


class Tag(Answer):
    id: str
    name: str = ""
    order: int = 0
    create_time: int = 0
    deleted: bool = False


class TagGroup(Answer):
    group_id: str
    group_name: str = ""
    order: int = 0
    create_time: int = 0
    deleted: bool = False
    tag: tuple[Tag, ...] = ()


class ContactWay(Answer):
    """A channel QR code (联系我); `qr_code` is the picture's address."""

    config_id: str
    type: int = 1
    scene: int = 2
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    qr_code: str = ""
    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()


class ContactWayPage(Answer):
    config_ids: tuple[str, ...] = ()
    next_cursor: str = ""


class Member(Answer):
    """Somebody of the corp signed in."""

    userid: str


class Visitor(Answer):
    """Somebody else signed in: a customer when `external_userid` is known, else an openid unique to the corp."""

    openid: str = ""
    external_userid: str = ""
