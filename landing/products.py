"""One product's page: records who looked, then leads to where it is bought."""

from urllib.parse import quote

from flask import render_template, request
from flask.typing import ResponseReturnValue

from crm import events, product_shares, products
from crm.errors import NotFound
from crm.events import Incoming
from crm.identities import Key
from landing.door import blueprint, count, customer, place, visitor
from landing.ladder import ask_who_it_is
from models.product import Product
from models.shop import Shop
from runtime import runtime


@blueprint.get("/g/<path:sku>")
@customer
def product(sku: str) -> ResponseReturnValue:
    """`?k=<shop id>` where several shops have the SKU; 404 with words for one that is unknown or off sale.

    `&t=<token>`: one that a member of staff sent; the first look of the customer it was sent to is kept.
    """
    number = request.args.get("k", "")
    shop_id = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    with runtime().reading() as session:
        found = products.of_sku(session, sku, shop_id=shop_id)
        shop = session.get(Shop, found.shop_id) if found else None
    if found is None or shop is None or not found.on_sale:
        count("product", "gone")
        raise NotFound("这件商品下架了，或者换了地方。看看别的，或者问问客服")
    away = ask_who_it_is()
    if away is not None:
        return away
    who = visitor()
    if who is not None and who.key is not None:
        _saw(who.key, found, shop)
        _opened(request.args.get("t", ""), who.key)
    count("product", place() if who is None else "seen" if who.key else "staff")
    return render_template("landing/product.html", product=found, shop=shop, mini_program=_mini_program(found))


def _saw(key: Key, found: Product, shop: Shop) -> None:
    """One view a minute: a page that is drawn again has not been looked at again."""
    now, vault = runtime().now(), runtime().vault
    name = vault.digest(f"view\n{key}\n{found.id}\n{int(now.timestamp()) // 60}")[:32]
    view = Incoming.at(runtime().zone, f"landing:{name}", "view", key, now, sku=found.sku, props={"source": "landing"})
    runtime().in_transaction(lambda session: events.store(session, shop, [view], now=now))


def _opened(token: str, who: Key) -> None:
    if len(token) == product_shares.TOKEN_LETTERS:
        digest, now = product_shares.digest_of(token, vault=runtime().vault), runtime().now()
        runtime().in_transaction(lambda session: product_shares.opened(session, digest, who, now=now))


def _mini_program(found: Product) -> str:
    """The address that opens the mini-program from outside of WeChat; inside only a tag of a bound account could."""
    app_id = runtime().settings.landing.mini_program_app_id
    if not app_id or not found.mini_program_path or place() == "wechat":
        return ""
    path, _, query = found.mini_program_path.partition("?")
    address = f"weixin://dl/business/?appid={app_id}&path={quote(path, safe='/')}"
    return f"{address}&query={quote(query)}" if query else address
