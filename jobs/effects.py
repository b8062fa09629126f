"""What each event of WeCom's does (docs/wecom.md 2.6); one that is not here stays unknown in the inbox."""

from collections.abc import Callable
from functools import partial

from jobs.acquisition_events import link_did
from jobs.contact_events import added, edited, ended, transfer_failed
from jobs.group_events import group_changed, group_dismissed
from jobs.lookups import Effect, Lookups
from jobs.staff_events import departments_changed, member_did, noted, staff_changed
from jobs.tag_events import tags_changed
from runtime import Runtime
from wecom.events import Event

Prepare = Callable[[Runtime, Event, Lookups], Effect | None]

EFFECTS: dict[str, Prepare] = {
    "change_external_contact.add_external_contact": partial(added, is_half=False),
    "change_external_contact.add_half_external_contact": partial(added, is_half=True),
    "change_external_contact.edit_external_contact": edited,
    "change_external_contact.del_external_contact": partial(ended, by="staff"),
    "change_external_contact.del_follow_user": partial(ended, by="customer"),
    "change_external_contact.transfer_fail": transfer_failed,
    "change_external_contact.msg_audit_approved": noted,
    "change_external_chat.create": group_changed,
    "change_external_chat.update": group_changed,
    "change_external_chat.dismiss": group_dismissed,
    "change_external_tag.create": tags_changed,
    "change_external_tag.update": tags_changed,
    "change_external_tag.delete": tags_changed,
    "change_external_tag.shuffle": tags_changed,
    "change_contact.create_user": staff_changed,
    "change_contact.update_user": staff_changed,
    "change_contact.delete_user": staff_changed,
    "change_contact.create_party": departments_changed,
    "change_contact.update_party": departments_changed,
    "change_contact.delete_party": departments_changed,
    "change_contact.update_tag": noted,
    "subscribe": member_did,
    "unsubscribe": member_did,
    "enter_agent": member_did,
    "template_card_event": member_did,
    "template_card_menu_event": member_did,
    "click": member_did,
    "view": member_did,
    "text": member_did,
    "image": member_did,
    "voice": member_did,
    "video": member_did,
    "location": member_did,
    "link": member_did,
}
ACQUISITION = (
    "balance_low", "balance_exhausted", "balance_increased", "quota_expire_soon", "link_unavailable", "delete_link",
    "open_profile", "friend_request", "customer_start_chat", "message_from_customer",
)  # fmt: skip
EFFECTS |= {f"customer_acquisition.{change}": link_did for change in ACQUISITION}
