"""Which column of a file of products means what: guessed by its names, or chosen."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from files.columns import Section, check_zone, plain
from files.refusals import FileRefused

KNOWN = {
    "sku": ("商品编码", "商家编码", "SKU编码", "规格编码", "货号", "商品编号", "条码", "product code"),
    "name": ("商品名", "商品名称", "商品标题", "宝贝标题", "货品名称", "品名", "标题", "名称", "product", "title"),
    "category": ("类目", "商品类目", "商品分类", "分类", "品类"),
    "price": ("价格", "售价", "价格（元）", "售价（元）", "销售价", "一口价", "单价", "基本售价"),
    "image_url": ("图片", "主图", "商品图片", "商品主图", "图片地址", "图片链接", "image"),
    "mini_program_path": ("小程序路径", "小程序页面", "小程序链接"),
    "link_url": ("链接", "商品链接", "宝贝链接", "商品地址", "link", "url"),
    "share_text": ("口令", "淘口令", "分享口令"),
    "launch_on": ("上市日期", "上新日期", "首发日期", "上架日期", "launch date"),
    "cycle_days": ("回购周期", "回购周期（天）", "周期", "周期（天）", "用多少天", "使用天数"),
    "care_note": ("使用提示", "护理提示", "使用说明", "养护说明"),
    "on_sale": ("是否在售", "在售", "商品状态", "上架状态", "状态"),
    "updated_at": ("更新时间", "最后更新时间", "修改时间", "最后修改时间"),
}
"""Every name we know of each thing, the surest first."""

Name = Annotated[str, Field(max_length=200)]
Needed = Annotated[str, Field(min_length=1, max_length=200)]


class ProductColumns(Section):
    """The header of each thing's column; "" where the file has none."""

    sku: Needed
    name: Needed
    category: Name = ""
    price: Needed
    image_url: Name = ""
    mini_program_path: Name = ""
    link_url: Name = ""
    share_text: Name = ""
    launch_on: Name = ""
    cycle_days: Name = ""
    care_note: Name = ""
    on_sale: Name = ""
    updated_at: Name = ""


class ProductMapping(Section):
    """How to read one file of products. Times without a zone are of `time_zone`."""

    columns: ProductColumns
    time_zone: Annotated[str, AfterValidator(check_zone)] = "Asia/Shanghai"


def product_columns_of(header: Sequence[str]) -> dict[str, str]:
    """The likely column of each thing; a column is taken once, a thing without one is left out."""
    free = {plain(name).lower(): name for name in reversed(header) if name}
    found: dict[str, str] = {}
    for field, names in KNOWN.items():
        words = (plain(name).lower() for name in (field, *names))
        known = next((word for word in words if word in free), None)
        if known is not None:
            found[field] = free.pop(known)
    return found


def product_mapping(header: Sequence[str], zone: str) -> ProductMapping:
    """The mapping that fits this header. Raises `FileRefused` naming what is missing."""
    found = product_columns_of(header)
    if missing := [KNOWN[name][0] for name in ("sku", "name", "price") if name not in found]:
        raise FileRefused(
            f"认不出这些列：{'、'.join(missing)}。文件里有：{'、'.join(header)[:200]}。改列名的写法见 docs/imports.md"
        )
    return ProductMapping(columns=ProductColumns(**found), time_zone=zone)
