"""What happened between a member and a customer: added, half added, edited, ended, not handed over."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm import contacts, follows
from crm.contacts import Add
from crm.follows import EndedBy
from jobs.lookups import Effect, Lookups
from runtime import Runtime
from wecom.events import Event


@dataclass(frozen=True)
class Adding:
    """The effect of an add: alone it is one like any other, and many take about as many statements as one."""

    add: Add

    def __call__(self, session: Session) -> str:
        return together(session, [self])[0]

    def remark(self) -> str:
        if self.add.event.welcome_code is None:
            return "没有欢迎码，没发欢迎语"
        return "" if self.add.detail or self.add.is_half else "已不是好友"


def together(session: Session, addings: Sequence[Adding]) -> list[str]:
    """The effects of these; what there is to remark on each."""
    contacts.added(session, [adding.add for adding in addings])
    return [adding.remark() for adding in addings]


def added(runtime: Runtime, event: Event, lookups: Lookups, *, is_half: bool) -> Effect | None:
    if not (event.userid and event.external_userid):
        return None
    detail, at = lookups.customer(event.external_userid)
    return Adding(Add(event, detail, is_half, at))


def edited(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    if not event.external_userid:
        return None
    detail, at = lookups.customer(event.external_userid)

    def effect(session: Session) -> str:
        if detail is None:
            return "已不是好友"
        contacts.learn(session, [detail], at=at)
        return ""

    return effect


def ended(runtime: Runtime, event: Event, lookups: Lookups, *, by: EndedBy) -> Effect | None:
    """One deleted the other; a member's customers who were handed over are deleted, too, and that is said."""
    if not (event.userid and event.external_userid):
        return None
    now = runtime.now()
    how: EndedBy = "transfer" if event.fields.get("Source") == "DELETE_BY_TRANSFER" else by

    def effect(session: Session) -> str:
        contacts.ended(session, event, by=how, now=now)
        return "转给了别的同事" if how == "transfer" else ""

    return effect


def transfer_failed(runtime: Runtime, event: Event, lookups: Lookups) -> Effect | None:
    """The customer stays where they were, and their follow says that handing over was tried and why it failed."""
    if not (event.userid and event.external_userid):
        return None
    given, external_userid = event.fields.get("FailReason"), event.external_userid
    reason = given[:LONGEST_REASON] if isinstance(given, str) else ""

    def effect(session: Session) -> str:
        found = follows.to_hand_over(session, event.userid or "", external_userid)
        for follow in found:
            follows.transfer_failed(follow, reason, at=event.create_time)
        return FAILED_TRANSFERS.get(reason, "没转成") if found else "没见过这位客户"

    return effect


LONGEST_REASON = 40
FAILED_TRANSFERS = {"customer_refused": "客户拒绝了转接", "customer_limit_exceed": "接手同事的客户数满了"}
EDIT = "change_external_contact.edit_external_contact"
