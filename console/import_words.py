"""Imports in words: states, steps, figures and what the columns are called."""

from datetime import datetime

from crm.products import Incoming
from files import columns
from models.file_import import FileImport
from words import gettext


def pill(row: FileImport) -> tuple[str, str]:
    """The colour and the word of a state."""
    if row.stop_asked_at is not None and row.state in ("waiting", "running"):
        return "warm", gettext("正在停下")
    return {
        "uploading": ("quiet", gettext("没传完")),
        "draft": ("quiet", gettext("还没开始")),
        "waiting": ("warm", gettext("排队中")),
        "running": ("warm", gettext("正在试算") if row.is_dry else gettext("正在导入")),
        "checked": ("plainfact", gettext("试算好了")),
        "done": ("good", gettext("导入完了")),
        "stopped": ("quiet", gettext("停下了")),
        "failed": ("bad", gettext("没成功")),
    }[row.state]


def step(row: FileImport) -> str:
    """What it is doing, how far, and how long it will still take as far as that can be told."""
    words = {
        "read": gettext("正在读文件：%(n)s 行", n=f"{row.did:,}"),
        "check": gettext("正在核对：%(n)s / %(all)s 单", n=f"{row.did:,}", all=f"{row.total:,}"),
        "store": gettext("正在写入：%(n)s / %(all)s 单", n=f"{row.did:,}", all=f"{row.total:,}"),
        "products": gettext("正在处理商品：%(n)s 行", n=f"{row.did:,}"),
    }
    return words.get(row.step) or gettext("马上开始")


def remaining(row: FileImport) -> str:
    """Seconds are not promised: rates change, and reading is followed by storing."""
    if not row.a_second:
        return gettext("还算不出要多久")
    rate = (
        gettext("每秒 %(n)s 行", n=f"{row.a_second:,}")
        if row.step in ("read", "products")
        else gettext("每秒 %(n)s 单", n=f"{row.a_second:,}")
    )
    if not row.total:
        return rate
    seconds = max(0, row.total - row.did) / row.a_second
    left = gettext("不到 1 分钟") if seconds < 60 else gettext("约 %(n)s 分钟", n=round(seconds / 60))
    return gettext("%(rate)s，这一步还要%(left)s", rate=rate, left=left)


def preset_titles() -> list[tuple[str, str]]:
    """The presets, the platforms first."""
    own = {"orders": gettext("回头自己的格式"), "online_retail": gettext("Online Retail（示例数据）")}
    titles = [(name, columns.preset(name).title or own.get(name, name)) for name in columns.shipped()]
    return sorted(titles, key=lambda pair: (pair[0] in own, pair[0]))


def field_names(kind: str) -> list[tuple[str, str]]:
    """What a column can mean, in the order of the form."""
    return _product_fields() if kind == "products" else _order_fields()


def _product_fields() -> list[tuple[str, str]]:
    return [
        ("sku", gettext("商品编码")),
        ("name", gettext("商品名")),
        ("price", gettext("价格（元）")),
        ("category", gettext("类目")),
        ("image_url", gettext("图片网址")),
        ("mini_program_path", gettext("小程序路径")),
        ("link_url", gettext("商品链接")),
        ("share_text", gettext("口令")),
        ("launch_on", gettext("上市日期")),
        ("cycle_days", gettext("回购周期（天）")),
        ("care_note", gettext("使用提示")),
        ("on_sale", gettext("是否在售")),
        ("updated_at", gettext("更新时间")),
    ]


def ways_in(product: Incoming) -> str:
    """By what a customer gets to it."""
    ways = [
        (product.image_url, gettext("图片")),
        (product.mini_program_path, gettext("小程序")),
        (product.link_url, gettext("链接")),
        (product.share_text, gettext("口令")),
    ]
    return "、".join(word for value, word in ways if value) or "–"


def _order_fields() -> list[tuple[str, str]]:
    return [
        ("order_no", gettext("订单号")),
        ("name", gettext("商品名")),
        ("sku", gettext("商品编码")),
        ("quantity", gettext("件数")),
        ("price", gettext("单价（元）")),
        ("amount", gettext("这一行的总价（元）")),
        ("ordered_at", gettext("下单时间")),
        ("status", gettext("订单状态")),
        ("paid", gettext("整单实付（元）")),
        ("refunded", gettext("整单退款（元）")),
        ("paid_at", gettext("付款时间")),
        ("completed_at", gettext("完成时间")),
        ("category", gettext("类目")),
        ("unionid", "UnionID"),
        ("buyer_id", gettext("买家账号")),
        ("phone", gettext("手机号")),
    ]


def status(code: str) -> str:
    return {
        "": gettext("交易成功"),
        "created": gettext("待付款"),
        "paid": gettext("已付款"),
        "shipped": gettext("已发货"),
        "received": gettext("已收货"),
        "completed": gettext("交易成功"),
        "cancelled": gettext("已取消"),
        "refunded": gettext("已退款"),
    }[code]


def outcome(name: str) -> str:
    """What became, or would become, of orders."""
    return {
        "new": gettext("新的"),
        "known": gettext("已经有了，有变化才更新"),
        "accepted": gettext("写入"),
        "unchanged": gettext("没有变化"),
        "stale": gettext("我们的更新，没动"),
        "rejected": gettext("不合要求"),
    }[name]


def took(row: FileImport, now: datetime) -> str:
    if row.started_at is None:
        return "–"
    seconds = ((row.ended_at or now) - row.started_at).total_seconds()
    return gettext("%(n)s 秒", n=round(seconds)) if seconds < 120 else gettext("%(n)s 分钟", n=round(seconds / 60))
