"""What an import says while it runs and at its end."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import click

REASONS = {
    "bad_debt": "坏账调整",
    "no_items": "宝贝文件里没有这一单的商品",
    "no_order": "订单文件里没有这一单",
    "no_price": "没有价格",
    "order_rejected": "订单不合要求",
    "return_beyond_orders": "退货多于任何一张订单能退的",
    "return_of_guest": "不知是谁的退货",
    "return_of_rejected_order": "退的订单不合要求",
    "return_without_order": "没有原订单的退货",
    "return_without_pieces": "退货没有件数或价格",
    "ruined_number": "订单号被表格软件改成了科学计数",
    "stock_correction": "库存调整（件数不大于 0）",
    "unknown_status": "不认识的订单状态",
    "unreadable": "读不出来的行",
}


STEPS = {"read": "读取", "store": "写入", "products": "商品"}


@dataclass
class Part:
    """Some lines of a file and what they add up to, in the file's unit and before rounding."""

    lines: int = 0
    amount: str = "0"

    def __str__(self) -> str:
        return f"{self.lines:>9,} 行  {Decimal(self.amount):>18,}"


@dataclass
class Report:
    """What became of a file: every line is imported or skipped for a reason."""

    shop: str
    file: Part
    imported: Part
    sales: Part
    refunds: Part
    skipped: dict[str, Part]
    rounded: Part  # lines whose price lay between two fen; the amount is what rounding added
    orders: dict[str, int]
    rejected: list[dict[str, str]] = field(default_factory=list)  # the first hundred, with reasons

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def words(self) -> Iterator[str]:
        yield f"店铺 {self.shop}"
        yield f"{self.file}  文件"
        yield f"{self.imported}  已导入"
        yield f"{self.sales}    销售"
        yield f"{self.refunds}    退货，记在原订单上"
        for reason, part in self.skipped.items():
            yield f"{part}  跳过：{REASONS.get(reason, reason)}（{reason}）"
        yield f"{self.rounded}  单价不是整分，四舍五入的差额"
        yield (
            "订单：写入 {accepted:,}，没有变化 {unchanged:,}，已有更新的版本 {stale:,}，不合要求 {rejected:,}".format(
                **self.orders
            )
        )
        for refusal in self.rejected[:10]:
            yield f"  {refusal['order_no']}：{refusal['reason']}"


class Progress:
    """A bar on a terminal, a plain line every tenth elsewhere; on standard error, so that the report stays clean."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._told = ("", -1)

    def __call__(self, what: str, done: int, total: int) -> None:
        tenth = done * 10 // total if total else done // 100_000
        if self._is_terminal:
            bar = f" [{'#' * (done * 30 // total):30}] {done * 100 // total:3} %" if total else ""
            click.echo(f"\r{STEPS[what]} {done:>9,}{bar}", err=True, nl=bool(total and done == total))
        elif self._told != (what, tenth):
            click.echo(f"{STEPS[what]} {done:,}{f' / {total:,}' if total else ''}", err=True)
        self._told = (what, tenth)
