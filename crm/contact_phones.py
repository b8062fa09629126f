"""Mobile numbers that staff noted at a contact: a weak proof that whoever ordered with one is the same person."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from crm import erased, identity_links, phones
from crm.identities import Key
from crm.identity_links import Fact
from wecom.types import CustomerDetail


def state(session: Session, details: Iterable[CustomerDetail], *, at: datetime) -> None:
    """Say which of these contacts have which number; masked, virtual and other numbers lead to nobody.

    Whoever calls has seen to it that none of them was erased. A number that staff take away again stays a fact: an
    operator takes it back.
    """
    vault = erased.vault_of(session)
    facts = []
    for detail in details:
        face = Key("external_userid", "", detail.external_contact.external_userid)
        for info in detail.follow_user:
            found = sorted({digest for noted in info.remark_mobiles if (digest := phones.digest(noted, vault))})
            facts += [
                Fact(face, Key("phone", "", digest), "phone", info.followed_at, "wecom", f"staff:{info.userid.lower()}")
                for digest in found
            ]
    identity_links.state(session, facts, now=at)


def noted(detail: CustomerDetail) -> bool:
    return any(info.remark_mobiles for info in detail.follow_user)
