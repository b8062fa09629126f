"""Products as the shops send them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm.versions import Result, keep_newest
from models.product import Product
from models.shop import Shop

BATCH_ROWS = 500


class Incoming(NamedTuple):
    """One version of one product, as its shop sent it."""

    sku: str
    name: str
    category: str | None
    price_fen: int
    image_url: str | None
    mini_program_path: str | None
    link_url: str | None
    share_text: str | None
    launch_on: date | None
    cycle_days: int | None
    care_note: str | None
    on_sale: bool
    updated_at: datetime

    def fingerprint(self) -> str:
        """The same content has the same one."""
        content = self._replace(updated_at=self.updated_at.astimezone(UTC))
        return sha256(json.dumps(content, default=lambda moment: moment.isoformat()).encode()).hexdigest()


def batches(incoming: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    """Cut into what one transaction may write: 500 rows, no SKU twice."""
    batch: dict[str, Incoming] = {}
    for product in incoming:
        if len(batch) == BATCH_ROWS or product.sku in batch:
            yield list(batch.values())
            batch = {}
        batch[product.sku] = product
    if batch:
        yield list(batch.values())


def store(session: Session, shop: Shop, batch: Sequence[Incoming], *, now: datetime) -> list[Result]:
    """Keep the newest version of each product of a batch (see `batches`); what became of each."""
    kept = keep_newest(
        session, Product, Product.sku, shop.id, {product.sku: _row(product, shop, now) for product in batch}
    )
    return [kept.results[product.sku] for product in batch]


def count_known(session: Session, shop: Shop, skus: Sequence[str]) -> int:
    """How many of these products we have, in whatever version."""
    here = select(func.count()).where(Product.shop_id == shop.id, Product.sku.in_(skus))
    return session.scalar(here) or 0


def of_sku(session: Session, sku: str, *, shop_id: int | None = None) -> Product | None:
    """The product of this SKU; where several shops have one, that of the shop, or the one that changed last."""
    found = select(Product).where(Product.sku == sku)
    if shop_id is not None:
        found = found.where(Product.shop_id == shop_id)
    return session.scalar(found.order_by(Product.on_sale.desc(), Product.changed_at.desc(), Product.id).limit(1))


def named(session: Session, skus: Sequence[str], categories: Sequence[str], *, limit: int) -> list[Product]:
    """Products on sale that are among these, the dearest first; none when nothing is named."""
    if not skus and not categories:
        return []
    among = or_(Product.sku.in_(skus), Product.category.in_(categories))
    found = select(Product).where(among, Product.on_sale.is_(True)).order_by(Product.price_fen.desc(), Product.id)
    return list(session.scalars(found.limit(limit)))


def _row(product: Incoming, shop: Shop, now: datetime) -> dict[str, object]:
    kept = product._asdict()
    del kept["updated_at"]
    return kept | {
        "shop_id": shop.id,
        "changed_at": product.updated_at,
        "fingerprint": product.fingerprint(),
        "stored_at": now,
    }
