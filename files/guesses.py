"""What the columns of a file that no preset knows may mean, by the names platforms give them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from files.columns import Buyer, Mapping, OrderColumns, each, plain, preset, shipped

FIELDS = (
    "order_no", "name", "sku", "quantity", "price", "amount", "ordered_at", "status", "category", "paid", "shipping",
    "refunded", "paid_at", "shipped_at", "completed_at",
)  # fmt: skip
NEEDED = ("order_no", "name", "quantity", "price", "ordered_at")
ALSO = {
    "order_no": ("订单编号", "单号", "交易号", "order no", "order id", "order number"),
    "name": ("商品", "货品", "品名", "货品名称", "product", "item", "title"),
    "sku": ("sku", "货号", "条码", "规格编码", "商品编号", "product code"),
    "quantity": ("数量", "件数", "购买件数", "qty"),
    "price": ("单价", "价格", "成交价", "售价", "unit price"),
    "amount": ("小计", "金额", "商品总价"),
    "ordered_at": ("下单时间", "下单日期", "日期", "时间", "创建时间", "销售时间", "date", "order date"),
    "status": ("状态", "交易状态"),
    "category": ("类目", "分类", "品类"),
    "paid": ("实付", "实付款", "实收金额", "支付金额"),
    "unionid": ("unionid",),
    "openid": ("openid",),
    "buyer_id": ("会员号", "会员卡号", "买家昵称", "买家ID", "客户编号", "customer id"),
    "phone": ("手机", "手机号", "会员手机", "联系电话", "电话", "收货人手机", "mobile", "phone"),
}


@cache
def _names() -> dict[str, list[str]]:
    """Every name we know of each thing, the surest first, in plain letters."""
    found: dict[str, list[str]] = {name: [] for name in (*FIELDS, *Buyer.model_fields)}
    for mapping in map(preset, shipped()):
        told = mapping.columns.model_dump() | (mapping.orders_file or OrderColumns()).model_dump()
        for name in FIELDS:
            found[name] += each(mapping.columns.model_dump()[name]) + each(told[name])
        for name, template in mapping.buyer.model_dump().items():
            found[name].append(template.strip("{}"))
    return {
        name: list(dict.fromkeys(plain(each_name).lower() for each_name in (*names, *ALSO.get(name, ()))))
        for name, names in found.items()
    }


def columns_of(header: Sequence[str]) -> dict[str, str]:
    """The likely column of each thing; a column is taken once, a thing without one is left out."""
    free = {plain(name).lower(): name for name in reversed(header) if name}
    found: dict[str, str] = {}
    for name, words in _names().items():
        known = next((word for word in words if word in free), None)
        if known is not None:
            found[name] = free.pop(known)
    return found


def mapping_of(chosen: dict[str, str], *, shop: str, zone: str) -> Mapping:
    """A mapping out of columns somebody chose; the buyer's are taken as they stand."""
    buyer = {name: f"{{{chosen[name]}}}" for name in Buyer.model_fields if chosen.get(name)}
    parts: dict[str, Any] = {name: chosen[name] for name in FIELDS if chosen.get(name)}
    parts.setdefault("sku", parts.get("name", ""))
    parts.setdefault("name", parts.get("sku", ""))
    every_status = {text: status for known in map(preset, shipped()) for text, status in known.statuses.items()}
    return Mapping.model_validate(
        {"shop": shop, "time_zone": zone, "columns": parts, "buyer": buyer, "statuses": every_status}
    )


def chosen_in(mapping: Mapping) -> dict[str, str]:
    """The column of each thing in a mapping somebody made."""
    parts = {name: next(iter(each(names)), "") for name, names in mapping.columns.model_dump().items()}
    return parts | {name: template.strip("{}") for name, template in mapping.buyer.model_dump().items()}
