"""Products beside the chat: searched, and sent as a card, our page or the platform's link."""

from typing import Any

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from bodies import Form, fit, read_form
from crm import product_shares, touches
from crm.errors import Conflict
from crm.product_shares import A_PAGE, TOKEN_LETTERS, Way
from models.product import Product
from runtime import runtime
from sidebar import sendings
from sidebar.door import blueprint, staff_only, wants_part
from sidebar.sendings import Send

KIND = "product"


class Asked(Form):
    q: str = Field("", max_length=64)


class SendProduct(Send):
    way: Way


@blueprint.get("/customers/<int:customer_id>/products")
@staff_only
def customer_products(customer_id: int) -> ResponseReturnValue:
    """`{products: [{id, sku, name, price_fen, image_url, ways, text}], more}`, those on sale, the newest first.

    `?q=`: words of the name, or the beginning of the SKU.
    """
    form = fit(Asked, {"q": request.args.get("q", "").strip()})
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, None)
        found = product_shares.search(session, form.q)
    shown, more = found[:A_PAGE], len(found) > A_PAGE
    if wants_part():
        template = "sidebar/products_rows.html" if "part" in request.args else "sidebar/products.html"
        facts = {"products": shown, "more": more, "customer_id": contact.customer_id, "asked": form}
        answer = make_response(render_template(template, **facts))
    else:
        answer = make_response({"products": [product_json(product) for product in shown], "more": more})
    answer.vary.add("HX-Request")
    return answer


@blueprint.post("/customers/<int:customer_id>/products/<int:product_id>")
@staff_only
def send_product(customer_id: int, product_id: int) -> ResponseReturnValue:
    """Put one on record; the page hands `chat_message` to the chat, or lets the `text` be copied.

    Body `{"way": card|page|link, "occasion", "external_userid"?}`; otherwise as everything sent by hand. 404 for one
    that is off sale or unknown, 409 for a way this product does not have.
    """
    form = read_form(SendProduct)
    with runtime().reading() as session:
        contact = sendings.open_contact(session, customer_id, form.external_userid)
    verdict = sendings.asked(contact)
    key = f"product:{product_id}:{contact.identity_id}:{form.occasion}"
    app_id, token = runtime().settings.landing.mini_program_app_id, runtime().new_code(TOKEN_LETTERS)
    with runtime().transaction() as session:
        contact = sendings.open_contact(session, customer_id, contact.external_userid)
        before = touches.by_key(session, key)
        if before is not None:
            return sendings.answer(before, send=False)
        product = product_shares.on_sale(session, product_id)
        if form.way not in product_shares.ways(product, mini_program_app_id=app_id):
            raise Conflict("这件商品不能这样发，换一种")
        url = product_shares.address(product, landing_url=runtime().settings.landing_url, token=token)
        text = product_shares.text(product, url)
        touch, send = sendings.put_on_record(session, verdict, key=key, kind=KIND, contact=contact, text=text)
        if send:
            digest = product_shares.digest_of(token, vault=runtime().vault)
            product_shares.begin(session, touch, product, g.staff, contact, form.way, digest, now=runtime().now())
        message = product_shares.chat_message(product, form.way, url, mini_program_app_id=app_id)
        return sendings.answer(touch, send=send, chat_message=message)


@blueprint.context_processor
def product_words() -> dict[str, Any]:
    return {"product_ways": product_ways, "product_text": product_text}


def product_ways(product: Product) -> list[Way]:
    return product_shares.ways(product, mini_program_app_id=runtime().settings.landing.mini_program_app_id)


def product_text(product: Product) -> str:
    """What copying gives: the page without a token, since nobody knows whom it is pasted to."""
    return product_shares.text(product, product_shares.address(product, landing_url=runtime().settings.landing_url))


def product_json(product: Product) -> dict[str, Any]:
    names = ("id", "sku", "name", "price_fen", "image_url")
    facts = {name: getattr(product, name) for name in names}
    return {**facts, "ways": product_ways(product), "text": product_text(product)}
