"""The presets: a row as each platform exports it becomes the order it was."""

# ruff: noqa: E501 - rows as the platforms export them
from datetime import UTC, datetime

import pytest

from bodies import fit
from files import columns
from files.assembling import order_of
from files.guesses import columns_of, mapping_of
from files.heads import head_reader
from files.imports import Source, fill, source_of
from files.refusals import FileRefused
from files.staging import Staging
from files.tables import Table
from mall.forms import OrderForm

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ONE_FILE = {
    "jingmai": (
        "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,应付金额,订单状态,下单帐号,客户姓名,联系电话,运费金额,付款确认时间,商家SKUID",
        [
            "3012345,100,湿巾,2,在线支付,2026-11-20 20:15:00,19.90,79.6,70,75.6,完成,jd_mei,梅*,138****8000,6,2026-11-20 20:16:00,W80",
            "3012345,101,冻干,1,在线支付,2026-11-20 20:15:00,39.80,79.6,70,75.6,完成,jd_mei,梅*,138****8000,6,2026-11-20 20:16:00,B50",
        ],
        {"order_no": "3012345", "status": "completed", "paid_fen": 7560, "shipping_fen": 600, "total_fen": 7960,
         "discount_fen": 1000, "buyer_id": "jd_mei", "phone": "138****8000"},
        ["W80", "B50"],
    ),
    "pinduoduo": (
        "商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),用户实付金额(元),商家实收金额(元),商品数量(件),拼单成功时间,发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-SKU维度,售后状态",
        ["湿巾,261120-1\t,已发货，待签收,39.80,0,5,0,34.80,34.80,2,2026-11-20 20:15:00,2026-11-21 09:00:00,,1,80抽,2,W80,退款成功".replace("已发货，待签收", '"已发货,待签收"')],
        {"order_no": "261120-1", "status": "refunded", "paid_fen": 3480, "refunded_fen": 3480, "buyer_id": None},
        ["W80"],
    ),
    "doudian": (
        "主订单编号,子订单编号,选购商品,商品规格,商品数量,商品ID,商家编码,商品单价,订单应付金额,运费,优惠总金额,收件人,收件人手机号,订单提交时间,订单完成时间,支付完成时间,订单状态,售后状态",
        [
            "'692,'693,湿巾,80抽,2,1,W80,19.9,35.80,0,4,*,138****8000,2026/11/20 20:15:00,,2026/11/20 20:15:30,已发货,-",
            "'692,'694,冻干,50g,1,2,B50,39.8,39.80,0,0,*,138****8000,2026/11/20 20:15:00,,2026/11/20 20:15:30,已发货,退款成功",
        ],
        {"order_no": "692", "status": "shipped", "paid_fen": 7560, "refunded_fen": 3980, "discount_fen": 400},
        ["W80", "B50"],
    ),
    "youzan": (
        "订单号,订单状态,商品名称,商品类目,规格编码,商品单价,商品数量,运费,订单实付金额,订单已退款金额,买家姓名,买家手机号,订单创建时间,买家付款时间,交易成功时间",
        ["E2026,交易关闭,湿巾,护理,W80,19.90,2,0,39.80,39.80,梅,13800138000,2026-11-20 20:15:00,2026-11-20 20:16:00,"],
        {"order_no": "E2026", "status": "refunded", "paid_fen": 3980, "refunded_fen": 3980, "phone": "13800138000"},
        ["W80"],
    ),
    "jushuitan": (
        "内部订单号,线上订单号,店铺,订单状态,买家账号,下单时间,付款日期,发货日期,应付金额,已付金额,运费,商品编码,商品名称,数量,单价,手机",
        ["88,T77,天猫店,已发货,m**i,2026-11-20 20:15:00,2026-11-20 20:16:00,2026-11-21 09:00:00,39.8,39.8,0,W80,湿巾,2,19.9,138****8000-1234"],
        {"order_no": "T77", "status": "shipped", "paid_fen": 3980, "buyer_id": None, "phone": "138****8000-1234"},
        ["W80"],
    ),
}  # fmt: skip
ORDERS = "订单编号,买家会员名,买家应付邮费,总金额,买家实际支付金额,订单状态,联系手机,订单创建时间,订单付款时间 ,确认收货时间,退款金额"
ITEMS = "订单编号,标题,价格,购买数量,外部系统编号,商品属性,订单状态,商家编码"


def read(tmp_path, source, name):
    """The orders in these files, as the mall's form takes them, and the lines that were skipped."""
    mapping = columns.load(name)
    with Staging(tmp_path / "staging.db") as staging:
        fill(source, mapping, staging, lambda *_: None)
        orders = [fit(OrderForm, order_of(lines, mapping), now=NOW).incoming() for lines in staging.orders("")]
        return orders, [tuple(line) for line in staging.skipped()], staging.figures(100)


def write(path, header, rows):
    path.write_bytes("\n".join([header, *rows]).encode("gb18030"))
    return path


@pytest.mark.parametrize("name", ONE_FILE)
def test_a_platforms_export_is_known_by_its_header_and_read_as_the_order_it_was(tmp_path, name):
    header, rows, expected, skus = ONE_FILE[name]
    path = write(tmp_path / "export.csv", header, rows)

    guessed = columns.matching(Table(path).header())
    [order], skipped, _ = read(tmp_path, Source(path), guessed)

    assert guessed == name
    assert skipped == []
    assert {key: getattr(order, key) for key in expected} == expected
    assert [item.sku for item in order.items] == skus
    assert order.created_at == datetime(2026, 11, 20, 12, 15, tzinfo=UTC)


def test_the_two_files_of_qianniu_are_joined_and_who_has_no_partner_is_told(tmp_path):
    orders = write(
        tmp_path / "orders.csv",
        ORDERS,
        [
            '="2154240000000000001",tb_mei,6,45.8,40.8,交易成功,\'13800138000,2026-11-20 20:15:00,2026-11-20 20:16:00,2026-11-25 10:00:00,0.00',
            '="2154240000000000002",tb_mei,0,39.8,39.8,"买家已付款,等待卖家发货",\'13800138000,2026-11-21 20:15:00,2026-11-21 20:16:00,,0',
            '="2154240000000000003",tb_lan,0,1,1,交易成功,,2026-11-21 20:15:00,2026-11-21 20:16:00,,0',
            "2.15424E+18,tb_lan,0,1,1,交易成功,,2026-11-21 20:15:00,2026-11-21 20:16:00,,0",
        ],
    )
    items = write(
        tmp_path / "items.csv",
        ITEMS,
        [
            '="2154240000000000001",湿巾,19.90,2,,80抽,交易成功,W80',
            '="2154240000000000001",小样,0.00,1,,,交易成功,GIFT',
            '="2154240000000000002",冻干,39.80,1,,50g,交易成功,B50',
            '="2154240000000000009",冻干,39.80,1,,50g,交易成功,B50',
        ],
    )

    found, skipped, figures = read(tmp_path, source_of([orders, items]), "qianniu")

    first, second = found
    assert (first.order_no, first.buyer_id, first.status) == ("2154240000000000001", "tb_mei", "completed")
    assert (first.paid_fen, first.shipping_fen, first.discount_fen) == (4080, 600, 500)
    assert [(item.sku, item.price_fen) for item in first.items] == [("W80", 1990), ("GIFT", 0)]
    assert (second.status, second.paid_fen) == ("paid", 3980)
    assert {kind: lines for kind, (lines, _) in figures.items()} == {
        "sale": 3, "no_order": 1, "no_items": 1, "ruined_number": 1
    }  # fmt: skip
    assert any("后几位被表格软件丢了" in str(line) for line in skipped)
    with pytest.raises(FileRefused, match="两个一起给"):
        read(tmp_path / "alone", Source(items), "qianniu")
    with pytest.raises(FileRefused, match="没有商品"):
        columns.matching(Table(orders).header())


def test_an_unknown_status_is_skipped_and_says_which(tmp_path):
    header, rows, _, _ = ONE_FILE["youzan"]
    path = write(tmp_path / "export.csv", header, [rows[0].replace("交易关闭", "飞走了")])

    found, skipped, _ = read(tmp_path, Source(path), "youzan")

    assert found == []
    assert "不认识的订单状态：飞走了" in skipped[0]


def test_a_later_state_of_an_order_is_a_later_version_though_no_time_says_so(tmp_path):
    header, rows, _, _ = ONE_FILE["doudian"]
    versions = []
    for number, (status, back) in enumerate([("待发货", "-"), ("已发货", "-"), ("已发货", "退款成功")]):
        row = rows[0].replace("已发货,-", f"{status},{back}")
        folder = tmp_path / str(number)
        folder.mkdir()
        [order], _, _ = read(folder, Source(write(folder / "a.csv", header, [row])), "doudian")
        versions.append(order.updated_at)

    assert versions == sorted(set(versions))


def test_the_columns_of_a_file_nobody_knows_are_guessed(tmp_path):
    header = ["单号", "货品", "货号", "数量", "成交价", "下单日期", "会员手机", "备注"]

    assert columns_of(header) == {
        "order_no": "单号", "name": "货品", "sku": "货号", "quantity": "数量", "price": "成交价", "ordered_at": "下单日期",
        "phone": "会员手机",
    }  # fmt: skip


@pytest.mark.parametrize("column", ["买家:昵称", "买家[0]", "x:>2000000000", "a}b{", "会员!r"])
def test_a_chosen_column_is_read_as_it_stands_whatever_its_name(column):
    """As a template it was nobody's, an error, or two gigabytes of spaces."""
    header = ["单号", "数量", "时间", "价", "x", column]
    mapping = mapping_of(
        {"order_no": "单号", "name": "x", "quantity": "数量", "price": "价", "ordered_at": "时间", "buyer_id": column},
        shop="门店", zone="Asia/Shanghai",
    )  # fmt: skip

    read = head_reader(mapping.columns.model_dump(), header, mapping)

    assert [read(["T1", "1", "2026-11-20", "1", "x", buyer]).buyer_id for buyer in ("b1", "b2", "")] == [
        "b1",
        "b2",
        None,
    ]
