"""`POST /mall/tracker-tokens`: a shop's server says who is in front of its page, which may track them for an hour."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import g

from bodies import Form, fit, parse_json
from crm import identity_links
from crm.errors import NotSignedIn
from crm.identities import Key
from crm.identity_links import Fact
from mall import blueprint
from mall.forms import Id, MaybeId
from mall.signatures import shop_signed
from models.vault import Unopenable, Vault
from runtime import runtime

LASTS = timedelta(hours=1)
PURPOSE = "tracker"


class TokenForm(Form):
    openid: Id
    app: MaybeId = None
    unionid: MaybeId = None


class Tracked(NamedTuple):
    """Whom a token speaks for, and in which shop."""

    shop_id: int
    key: Key


@blueprint.post("/tracker-tokens")
@shop_signed
def mint_token() -> dict[str, Any]:
    """A token for one person, good for an hour.

    Body `{"openid", "app"?, "unionid"?}`; a unionid given with the openid is proof that they are one person.
    """
    form, now, shop = fit(TokenForm, parse_json(g.body)), runtime().now(), g.shop
    key = openid = Key("openid", form.app or shop.name, form.openid)
    if form.unionid:
        key, source = Key("unionid", "", form.unionid), f"shop:{shop.id}"
        fact = Fact(key, openid, "shop_pair", now, source, source)
        runtime().in_transaction(lambda session: identity_links.state(session, [fact], now=now) and None)
    token = seal(runtime().vault, Tracked(shop.id, key), until=now + LASTS)
    return {"token": token, "expires_in": int(LASTS.total_seconds())}


def seal(vault: Vault, tracked: Tracked, *, until: datetime) -> str:
    """Sealed, not only signed: who is meant is nobody's business on the way."""
    told = [PURPOSE, tracked.shop_id, list(tracked.key), int(until.timestamp())]
    return base64.urlsafe_b64encode(vault.seal(json.dumps(told))).decode()


def unseal(vault: Vault, token: str, *, now: datetime) -> Tracked:
    """Raises `NotSignedIn` for a token that is not ours, was changed, or is over."""
    try:
        told = json.loads(vault.open_text(base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)))
        purpose, shop_id, key, until = told
        if purpose == PURPOSE and now < datetime.fromtimestamp(until, UTC):
            return Tracked(shop_id, Key(*key))
    except (Unopenable, binascii.Error, ValueError, TypeError):
        pass
    raise NotSignedIn("token 不对，或者过期了。请让店铺的服务器再要一个")
