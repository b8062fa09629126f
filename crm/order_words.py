"""What may be said about an order next: that it is on its way, how to use what came, and would they review it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.phrases import Phrase
from models.order import Order
from models.product import Product

MOST_NOTES = 2


def ready(session: Session, order: Order, called: str) -> list[tuple[str, Phrase]]:
    """(about, words), the most useful first; one statement when the goods have come."""
    if not order.lines or order.status in ("created", "cancelled", "refunded"):
        return []
    product = order.lines[0].name
    if order.status in ("paid", "shipped"):
        if order.status == "paid":
            return []
        said = Phrase("%(who)s，您的%(product)s已经发出，在路上了，到了告诉我一声。", who=called, product=product)
        return [("shipped", said)]
    notes = session.scalars(
        select(Product.care_note)
        .where(Product.shop_id == order.shop_id, Product.sku.in_({line.sku for line in order.lines}))
        .where(Product.care_note.is_not(None), Product.care_note != "")
        .order_by(Product.sku)
        .limit(MOST_NOTES)
    ).all()
    found = [("care", Phrase("%(who)s，%(notes)s", who=called, notes=" ".join(filter(None, notes))))] if notes else []
    review = Phrase("%(who)s，%(product)s用着还满意的话，方便时帮忙写个评价，谢谢您。", who=called, product=product)
    return [*found, ("review", review)]
