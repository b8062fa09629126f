"""What staff and customers of the demo shop said to each other lately."""

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.demo_goods import BABY, FLOWERS, HOME, SNACKS
from sandbox.demo_people import Person

# One talk a line, "客" the customer and "店" the member of staff, oldest first.
OF_REGULARS = {
    "苏婉清": "店:苏苏，上次的湿巾宝宝用着还好吗|客:挺好的，不刺激|客:在吗，上次那个湿巾还有货不",
    "陈雨桐": "客:芒果干到哪了|店:昨天发的顺丰，明天能到|客:好的，明天到对吧",
    "王芳": "店:芳姐，凝珠放阴凉处就行，受潮会粘|客:谢谢晓雯",
    "李梦": "客:洋桔梗醒花要多久|店:斜剪 45 度，深水醒 4 小时，叶子去掉水下的部分|客:学到了",
    "周雅": "客:拉拉裤 L 码还有吗|店:有的，46 片装，今天下单明天发|客:我晚点看看",
}
TALKS = {
    FLOWERS: (
        "客:花收到了，好香|店:开心，记得每天换水",
        "客:周五送到可以吗|店:可以，周四晚上给您剪好发出",
        "店:您的月套餐这周是郁金香|客:期待",
        "客:百合有一支没开|店:给您退一支的钱，订单里能看到",
    ),
    BABY: (
        "客:宝宝 10 公斤穿 M 还是 L|店:L 更合适，腰围宽松些",
        "客:奶粉日期新鲜吗|店:上个月的，罐底有喷码",
        "店:湿巾快用完可以跟我说一声|客:好",
        "客:棉柔巾掉毛吗|店:不掉，可以先拿一包试试",
    ),
    SNACKS: (
        "客:坚果开封能放多久|店:两周内吃完最香，记得夹好",
        "客:有没有糖少一点的|店:低糖燕麦曲奇，每份 3 克糖",
        "客:海苔脆被压碎了几片|店:给您补一罐，跟下一单一起发",
        "客:[强]|店:喜欢就好",
    ),
    HOME: (
        "客:毛巾第一次用要洗吗|店:要的，清水过一遍",
        "客:蜡烛是什么味道|店:白茶，很淡，睡前点两小时",
        "店:花瓶包了三层，放心|客:收到，完好",
        "客:发票怎么开|店:订单里点开票，填抬头就行",
    ),
}
TALKED_LATELY = 0.16
SIDES = {"客": "customer", "店": "staff"}


def talk(rng: random.Random, person: Person, follow: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The last lines between the two, or none; never before they were friends, never in the last ten minutes."""
    known = OF_REGULARS.get(person.name) if person.regular and follow["remark"] else None
    if not known and rng.random() > TALKED_LATELY:
        return []
    lines = (known or rng.choice(TALKS[rng.choice(person.likes)])).split("|")
    days = 0.4 + rng.random() ** 2 * 30
    if known:  # these are on top of the list
        days = list(OF_REGULARS).index(person.name) * 0.05
    last = now - timedelta(days=days, minutes=10)
    if last.timestamp() - 86400 < follow["createtime"]:
        return []
    moments = [last]
    for _ in lines[1:]:
        moments.insert(0, moments[0] - timedelta(seconds=rng.uniform(20, 900)))
    return [
        {
            "userid": follow["userid"],
            "external_userid": follow["external_userid"],
            "from": SIDES[side],
            "text": text,
            "at": round(moment.timestamp(), 2),
        }
        for moment, (side, text) in zip(moments, (line.split(":", 1) for line in lines), strict=True)
    ]
