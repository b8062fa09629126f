"""What the demo shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    category: str
    price_fen: int
    lasts_days: int  # how long one buy usually lasts, so when the next is due


FLOWERS, BABY, SNACKS, HOME = "鲜花", "母婴", "零食", "家居"

PRODUCTS = (
    Product("XM-1001", "郁金香 鲜花月套餐（4 束）", FLOWERS, 19900, 32),
    Product("XM-1002", "洋桔梗混合花束", FLOWERS, 6900, 21),
    Product("XM-1003", "玫瑰花束 19 枝", FLOWERS, 21900, 90),
    Product("XM-1004", "向日葵小束 5 枝", FLOWERS, 3990, 18),
    Product("XM-1005", "尤加利叶 一把", FLOWERS, 1990, 25),
    Product("XM-1006", "康乃馨礼盒", FLOWERS, 12900, 120),
    Product("XM-2001", "婴儿湿巾 80 抽 × 6 包", BABY, 8400, 30),
    Product("XM-2002", "拉拉裤 L 码 46 片", BABY, 8900, 24),
    Product("XM-2003", "有机奶粉 3 段 800 g", BABY, 26800, 28),
    Product("XM-2004", "宝宝棉柔巾 100 抽 × 6 包", BABY, 5990, 35),
    Product("XM-2005", "护臀膏 60 g", BABY, 4590, 60),
    Product("XM-2006", "有机蔬菜面 200 g × 3 盒", BABY, 3980, 20),
    Product("XM-3001", "芒果干 150 g", SNACKS, 1690, 20),
    Product("XM-3002", "每日坚果 30 袋礼盒", SNACKS, 12800, 30),
    Product("XM-3003", "海苔脆 罐装", SNACKS, 2500, 22),
    Product("XM-3004", "低糖燕麦曲奇 300 g", SNACKS, 3290, 25),
    Product("XM-3005", "冻干草莓 50 g", SNACKS, 2680, 22),
    Product("XM-3006", "无糖黑芝麻丸 20 颗", SNACKS, 4990, 30),
    Product("XM-4001", "香薰蜡烛 白茶", HOME, 7900, 75),
    Product("XM-4002", "洗衣凝珠 52 颗", HOME, 4990, 50),
    Product("XM-4003", "玻璃花瓶 竖纹", HOME, 5900, 180),
    Product("XM-4004", "亚麻围裙", HOME, 8900, 240),
    Product("XM-4005", "厨房湿巾 60 抽 × 4 包", HOME, 2990, 40),
    Product("XM-4006", "竹纤维毛巾 3 条装", HOME, 4590, 120),
)

CATEGORIES = (FLOWERS, BABY, SNACKS, HOME)


def of_category(category: str) -> list[Product]:
    return [product for product in PRODUCTS if product.category == category]
