"""The demo shop 小满生活馆 as its WeCom knows it: staff, customers, who follows whom, tags, channel codes.

`corp` is the body of `POST /sandbox/load`, `orders` what the shop posts to `/mall/orders`,
`newcomers` the past buyers who have added nobody yet. Same seed and moment, same shop.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox import avatars
from sandbox.demo_chats import talk
from sandbox.demo_goods import BABY, FLOWERS, SNACKS
from sandbox.demo_groups import group_messages, groups, robots
from sandbox.demo_orders import orders
from sandbox.demo_people import Person, people

__all__ = ["corp", "newcomers", "orders"]

DEPARTMENTS = ((1, "小满生活馆", 0), (2, "门店导购", 1), (3, "线上客服", 1), (4, "运营", 1))
# userid, name, department, position, gender, share of the customers
STAFF = (
    ("linxiaowen", "林晓雯", 2, "导购", 2, 30),
    ("zhouting", "周婷", 2, "导购", 2, 25),
    ("chenhao", "陈浩", 2, "店长", 1, 9),
    ("hejing", "何静", 3, "客服", 2, 20),
    ("sunyue", "孙悦", 3, "客服", 2, 14),
    ("zhoulan", "周岚", 4, "运营", 2, 2),
)
CHANNELS = (
    ("parcel", "包裹卡", ("linxiaowen",)),
    ("store", "门店", ("zhouting", "chenhao")),
    ("live", "直播间", ("hejing", "sunyue")),
    ("friend", "老带新", ("linxiaowen", "zhouting", "hejing")),
)
TAGS = (
    ("喜好", ("爱买鲜花", "爱吃零食", "低糖零食", "喜欢粉色系")),
    ("宝宝", ("0–6 个月", "6–12 个月", "1–3 岁")),
    ("来源", tuple(name for _, name, _ in CHANNELS)),
)
# Who looks how in the pictures.
PICTURES = {
    "苏苏": avatars.path("tulip", 0),
    "雨桐": avatars.path("dawn", 2),
    "王芳": avatars.path("sea", 3),
    "阿梦": avatars.path("leaf", 4),
    "周雅🌸": avatars.path("cat", 5),
    "阳光暖暖": avatars.path("sun", 1),
}
FOLLOWED_BY_TWO = 0.12
TAGGED = 0.55


def corp(seed: int, now: datetime) -> dict[str, Any]:
    """Everything `POST /sandbox/load` takes; times are Unix seconds, nobody was added after `now`."""
    rng = random.Random(f"{seed}/corp")
    opened = now - timedelta(days=760)
    everybody = [person for person in people(seed) if person.contact or person.newcomer]
    pairs = [
        (person, follow) for person in everybody if person.contact for follow in _follows(rng, person, opened, now)
    ]
    messages = [line for person, follow in pairs for line in talk(rng, person, follow, now)]
    made = groups(seed, pairs, opened, now)
    return {
        "departments": [
            {"id": id, "name": name, "parentid": parent, "order": 100 - id} for id, name, parent in DEPARTMENTS
        ],
        "staff": [
            {"userid": userid, "name": name, "department": [department], "position": position, "gender": gender}
            | {"avatar": avatars.path("man" if gender == 1 else "woman", face)}
            for face, (userid, name, department, position, gender, _) in enumerate(STAFF)
        ],
        "customers": [_customer(person) for person in everybody],
        "follows": [follow for _, follow in pairs],
        "tag_groups": [{"name": group, "tags": list(names)} for group, names in TAGS],
        "contact_ways": [
            {"config_id": f"{rng.getrandbits(128):032x}", "remark": remark, "state": state, "user": list(users)}
            for state, remark, users in CHANNELS
        ],
        "messages": sorted(messages, key=lambda line: line["at"]),
        "groups": made,
        "group_messages": group_messages(seed, made, now),
        "robots": robots(seed),
    }


def newcomers(seed: int) -> list[dict[str, Any]]:
    """Past buyers without a follow, in the order in which they should scan, with the number of their good orders."""
    return [_customer(person) | {"orders": person.orders} for person in people(seed) if person.newcomer]


def _customer(person: Person) -> dict[str, Any]:
    face = {"external_userid": person.external_userid, "name": person.nickname, "gender": person.gender}
    motif = PICTURES.get(person.nickname) or avatars.path(
        avatars.CUSTOMER_MOTIFS[person.index % 12], person.index // 12
    )
    if person.works_in_wecom:
        return face | {"avatar": motif, "type": 2, "unionid": None}
    return face | {"avatar": motif, "type": 1, "unionid": person.unionid}


def _follows(rng: random.Random, person: Person, opened: datetime, now: datetime) -> list[dict[str, Any]]:
    """One row per member who follows them; the regulars of the pictures belong to 林晓雯."""
    userids = [userid for userid, *_ in STAFF]
    shares = [share for *_, share in STAFF]
    known = person.regular
    owner = "linxiaowen" if known else rng.choices(userids, shares)[0]
    state, channel, _ = next((way for way in rng.sample(CHANNELS, 4) if owner in way[2]), ("", "", ()))
    added = opened + (now - opened) * (rng.uniform(0.05, 0.35) if known else rng.random() ** 0.85)
    follow: dict[str, Any] = {
        "userid": owner,
        "external_userid": person.external_userid,
        "createtime": int(added.timestamp()),
        "remark": person.name if known or rng.random() < 0.3 else "",
        "state": state,
        "add_way": 1 if state else 3,
        "tags": _tags(rng, person, channel),
    }
    if not known and rng.random() >= FOLLOWED_BY_TWO:
        return [follow]
    second = rng.choices([u for u in userids if u != owner], [s for u, *_, s in STAFF if u != owner])[0]
    later = added + (now - added) * rng.random()
    return [
        follow,
        follow
        | {"userid": second, "createtime": int(later.timestamp()), "state": "", "add_way": 201}
        | {"remark": "", "tags": []},
    ]


def _tags(rng: random.Random, person: Person, channel: str) -> list[dict[str, str]]:
    if rng.random() > TAGGED:
        return []
    wanted = {channel}
    if FLOWERS in person.likes:
        wanted.add(rng.choice(("爱买鲜花", "喜欢粉色系")))
    if SNACKS in person.likes:
        wanted.add(rng.choice(("爱吃零食", "低糖零食")))
    if BABY in person.likes:
        wanted.add(rng.choice(TAGS[1][1]))
    return [{"group": group, "name": name} for group, names in TAGS for name in names if name in wanted]
