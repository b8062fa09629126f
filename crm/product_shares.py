"""Sending a product: found by name or SKU, as a card, our page or the platform's link, each sending with its token."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.identities import Key
from models.contact import Contact
from models.customer import Identity
from models.database import changed, insert_if_absent
from models.product import Product
from models.product_share import ProductShare
from models.staff import Staff
from models.touch import Touch
from models.vault import Vault

Way = Literal["card", "page", "link"]


A_PAGE = 20
TOKEN_LETTERS = 26  # of 32 to choose from: 130 bits
LONGEST_TITLE, LONGEST_DESCRIPTION = 128, 512  # bytes, of a link card in the chat (docs/wecom.md 6.2)


class Opening(NamedTuple):
    """`tells` is false of a mini-program's card and a platform's link: nobody says whether they were opened."""

    tells: bool
    opened_at: datetime | None


def search(session: Session, words: str) -> Sequence[Product]:
    """On sale and of this name or SKU, the newest first; `A_PAGE` and one more when there are more."""
    query = select(Product).where(Product.on_sale)
    for word in words.split():
        query = query.where(
            or_(Product.name.icontains(word, autoescape=True), Product.sku.istartswith(word, autoescape=True))
        )
    return session.scalars(query.order_by(Product.changed_at.desc(), Product.id.desc()).limit(A_PAGE + 1)).all()


def on_sale(session: Session, product_id: int) -> Product:
    """Raises `NotFound` when it is gone, or never was."""
    product = session.get(Product, product_id)
    if product is None or not product.on_sale:
        raise NotFound("这件商品下架了，换一件")
    return product


def ways(product: Product, *, mini_program_app_id: str) -> list[Way]:
    """How it can be sent, the best first."""
    found: list[Way] = ["card"] if mini_program_app_id and product.mini_program_path else []
    found.append("page")
    return [*found, "link"] if product.link_url else found


def address(product: Product, *, landing_url: str, token: str = "") -> str:
    """Our page of it; with a token, of one sending."""
    query = urlencode({"k": product.shop_id} | ({"t": token} if token else {}))
    return f"{landing_url}/g/{quote(product.sku, safe='')}?{query}"


def text(product: Product, url: str) -> str:
    """What can be said of it in plain words: to copy when the chat does not take the card."""
    price = f"¥{product.price_fen / 100:.2f}".removesuffix(".00")
    return "\n".join(filter(None, (f"{product.name} {price}", url, product.share_text)))


def chat_message(product: Product, way: Way, url: str, *, mini_program_app_id: str) -> dict[str, Any]:
    """What the page hands to `sendChatMessage` (docs/wecom.md 10.4)."""
    picture = {"imgUrl": product.image_url} if _is_web(product.image_url) else {}
    title = _cut(product.name, LONGEST_TITLE)
    if way == "card":
        card = {"appid": mini_program_app_id, "title": title, "page": _html_page(product.mini_program_path or "")}
        return {"msgtype": "miniprogram", "miniprogram": card | picture}
    said = {"link": product.link_url if way == "link" else url, "title": title, "desc": _description(product)}
    return {"msgtype": "news", "news": said | picture}


def begin(
    session: Session,
    touch: Touch,
    product: Product,
    staff: Staff,
    contact: Contact,
    way: Way,
    digest: str,
    *,
    now: datetime,
) -> None:
    """On record together with its touch."""
    insert_if_absent(
        session, ProductShare, product_id=product.id, staff_id=staff.id, identity_id=contact.identity_id,
        touch_id=touch.id, way=way, token_digest=digest, created_at=now, opens=0,
    )  # fmt: skip


def digest_of(token: str, *, vault: Vault) -> str:
    return vault.digest(f"product link\n{token}")


def opened(session: Session, digest: str, visitor: Key, *, now: datetime) -> bool:
    """Whom it was sent to opened the page of this sending; False when there is none, or it was somebody else."""
    first = func.coalesce(ProductShare.opened_at, now, type_=ProductShare.opened_at.type)
    kind, scope, value = visitor
    who = select(Identity.customer_id).where(Identity.kind == kind, Identity.scope == scope, Identity.value == value)
    theirs = select(Identity.id).where(Identity.customer_id == who.scalar_subquery())
    found = update(ProductShare).where(ProductShare.token_digest == digest, ProductShare.identity_id.in_(theirs))
    values = {"opened_at": first, "opens": ProductShare.opens + 1}
    return changed(session, found.values(**values).execution_options(synchronize_session=False)) > 0


def openings(session: Session, touch_ids: Collection[int]) -> dict[int, Opening]:
    """Of each touch that sent a product whether it was opened, by its id; what is no page of ours cannot tell."""
    rows = session.execute(
        select(ProductShare.touch_id, ProductShare.way, ProductShare.opened_at).where(
            ProductShare.touch_id.in_(touch_ids)
        )
    )
    return {touch_id: Opening(way == "page", opened_at) for touch_id, way, opened_at in rows}


def _description(product: Product) -> str:
    price = f"¥{product.price_fen / 100:.2f}".removesuffix(".00")
    return _cut(f"{price} {product.care_note or ''}".strip(), LONGEST_DESCRIPTION)


def _html_page(path: str) -> str:
    """A mini-program's path as the chat wants it: with `.html` before the question mark."""
    page, mark, query = path.partition("?")
    return f"{page if page.endswith('.html') else page + '.html'}{mark}{query}"


def _is_web(address: str | None) -> bool:
    return bool(address) and str(address).startswith(("https://", "http://"))


def _cut(words: str, most: int) -> str:
    return words.encode()[:most].decode(errors="ignore")
