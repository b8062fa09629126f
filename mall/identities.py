"""`POST /mall/identities`: a shop's server says which openid is which unionid's."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from flask import g

from bodies import Form, fit
from crm import identity_links
from crm.identities import Key
from crm.identity_links import Fact
from mall import blueprint
from mall.forms import Id, MaybeId, MaybeMoment
from mall.intake import Intake, Records
from mall.signatures import shop_signed
from models.shop import Shop
from runtime import runtime

AT_ONCE = 100  # each may write two identities, two customers and the link


class PairsForm(Form):
    shop: str
    pairs: Records


class PairForm(Form):
    """One pair, as WeChat told the shop's server."""

    unionid: Id
    openid: Id
    app: MaybeId = None
    stated_at: MaybeMoment = None

    def fact(self, shop: Shop, now: datetime) -> Fact:
        source = f"shop:{shop.id}"
        openid = Key("openid", self.app or shop.name, self.openid)
        return Fact(Key("unionid", "", self.unionid), openid, "shop_pair", self.stated_at or now, source, source)


@blueprint.post("/identities")
@shop_signed
def receive_identities() -> dict[str, Any]:
    """Take up to 1,000 pairs as strong proof; safe to repeat.

    Body `{"shop", "pairs": […]}`; answers what became of each: accepted or rejected.
    """
    now, shop = runtime().now(), g.shop

    def state(session: Any, facts: list[Fact]) -> list[str]:
        identity_links.state(session, facts, now=now)
        return ["accepted"] * len(facts)

    intake = Intake("openid", read=lambda sent: fit(PairForm, sent, now=now).fact(shop, now), batches=some, store=state)
    return intake.receive(PairsForm, "pairs")


def some(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    batch: list[Fact] = []
    for fact in facts:
        batch.append(fact)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
