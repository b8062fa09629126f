"""The customer groups of the demo shop, and the robot of staff's own group."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sandbox.demo_goods import BABY, FLOWERS, HOME, SNACKS
from sandbox.demo_people import Person, token

# name, owner, who else of the staff is in it, what its people like, how many customers at most, notice
GROUPS = (
    ("小满花友福利群", "linxiaowen", ("zhouting",), FLOWERS, 96, "每周五 20:00 上新花束，拍下周六送到"),
    ("小满宝妈优选群", "zhouting", ("linxiaowen",), BABY, 78, "每周五 20:00 爆款日，尺码不合可换"),
    ("小满零食尝鲜群", "hejing", ("sunyue",), SNACKS, 64, "每周五 20:00 尝鲜价，售完为止"),
    ("小满好物老客群", "sunyue", ("chenhao", "hejing"), HOME, 41, "老客专享，每周五 20:00"),
)
BY_CODE = 0.6  # the others were invited by the owner
TALKS = {
    FLOWERS: ("上周的向日葵开了一桌子", "明天送货几点前下单", "[图片]养了两周还这么精神"),
    BABY: ("湿巾这次有活动吗", "L 码昨天到了，很合适", "想要大包的棉柔巾"),
    SNACKS: ("芒果干求补货", "上次那个曲奇还有吗", "坚果比超市新鲜"),
    HOME: ("白茶蜡烛补了没", "毛巾洗了三次没掉毛", "周五有什么好东西"),
}


def groups(
    seed: int, followed: list[tuple[Person, dict[str, Any]]], opened: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Customers whom the owner follows, those who like its goods first; nobody joined before they were added."""
    rng = random.Random(f"{seed}/groups")
    return [_group(rng, group, followed, opened, now) for group in GROUPS]


def group_messages(seed: int, made: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """A few lines of their customers from the last days."""
    rng, lines = random.Random(f"{seed}/group messages"), []
    for group, (_, _, _, likes, _, _) in zip(made, GROUPS, strict=True):
        customers = [seat for seat in group["members"] if "external_userid" in seat]
        for text in TALKS[likes]:
            at = (now - timedelta(hours=rng.uniform(1, 60))).timestamp()
            who = rng.choice([seat["external_userid"] for seat in customers if seat["join_time"] < at])
            lines.append({"chat_id": group["chat_id"], "external_userid": who, "text": text, "at": at})
    return sorted(lines, key=lambda line: line["at"])


def robots(seed: int) -> list[dict[str, str]]:
    rng = random.Random(f"{seed}/robots")
    return [{"name": "小满提醒", "key": str(UUID(int=rng.getrandbits(128), version=4))}]


def _group(
    rng: random.Random,
    group: tuple[str, str, tuple[str, ...], str, int, str],
    followed: list[tuple[Person, dict[str, Any]]],
    opened: datetime,
    now: datetime,
) -> dict[str, Any]:
    name, owner, staff, likes, most, notice = group
    made = opened + timedelta(days=rng.uniform(120, 300))
    of_owner = [(person, follow) for person, follow in followed if follow["userid"] == owner]
    of_owner.sort(key=lambda pair: (not pair[0].regular, likes not in pair[0].likes))
    seats: list[dict[str, Any]] = [{"userid": userid, "join_time": int(made.timestamp())} for userid in (owner, *staff)]
    for person, follow in of_owner[:most]:
        since = max(made.timestamp(), float(follow["createtime"]))
        joined = int(since + (now.timestamp() - since) * rng.random() * 0.9)
        seat = {"external_userid": person.external_userid, "join_time": joined}
        by_code = rng.random() < BY_CODE
        seats.append(seat | ({"join_scene": 3} if by_code else {"join_scene": 1, "invitor": owner}))
    return {
        "chat_id": token(rng, "wr", 32),
        "name": name,
        "owner": owner,
        "admins": list(staff[:1]),
        "create_time": int(made.timestamp()),
        "notice": notice,
        "members": seats,
    }
