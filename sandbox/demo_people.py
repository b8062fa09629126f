"""Everybody the demo shop has ever dealt with, as a pure function of a seed."""

import random
import string
from dataclasses import dataclass
from enum import Enum

from sandbox.demo_goods import BABY, CATEGORIES, FLOWERS, HOME, SNACKS
from sandbox.demo_names import MEN, NICKNAMES, SUFFIXES, SURNAMES, WOMEN

CONTACTS = 500
BOUGHT_IN_WECHAT = 372  # contacts whose orders carry a unionid
BOUGHT_ELSEWHERE = 66  # contacts who bought, but in a place that gives no unionid
STRANGERS = 484  # buyers elsewhere who are nobody's contact
GUESTS = 100  # orders at the counter that say nothing about the buyer

# How many orders each of a hundred buyers made: most came once, a few keep coming.
ORDERS_OF_A_HUNDRED = sorted([1] * 62 + [2] * 16 + [3] * 8 + [4] * 5 + [5] * 3 + [6] * 2 + [8, 9, 12, 17])


# Contacts of 林晓雯 that the pictures and the walk-through know by name: name, WeChat name, likes, orders.
REGULARS = (
    ("苏婉清", "苏苏", (BABY, FLOWERS), 17),
    ("陈雨桐", "雨桐", (SNACKS, BABY), 9),
    ("王芳", "王芳", (HOME, SNACKS), 5),
    ("李梦", "阿梦", (FLOWERS, HOME), 2),
    ("周雅", "周雅🌸", (BABY, SNACKS), 1),
)
# Past buyers who have not added anybody yet: the next ones to scan a code.
NEWCOMERS = (
    ("沈暖", "阳光暖暖", (SNACKS, FLOWERS), 3),
    ("顾小米", "米粒妈", (BABY, SNACKS), 5),
    ("许静", "静静的下午", (FLOWERS, HOME), 2),
    ("韩冬", "冬冬", (SNACKS, HOME), 1),
    ("蒋思思", "思思不想上班", (FLOWERS, SNACKS), 8),
    ("叶知秋", "一叶知秋", (HOME, FLOWERS), 4),
    ("曹雪", "雪糕化了", (BABY, HOME), 2),
    ("罗佳", "Jia", (SNACKS, BABY), 6),
)


class Place(Enum):
    """Where somebody buys, which decides what an order tells about them."""

    WECHAT = "wechat"  # the mini-program: unionid and openid
    ELSEWHERE = "elsewhere"  # a marketplace: its buyer id and a masked phone
    COUNTER = "counter"  # nothing


@dataclass(frozen=True)
class Person:
    index: int
    name: str
    nickname: str
    gender: int  # 1 man, 2 woman
    likes: tuple[str, str]
    place: Place
    orders: int
    contact: bool  # somebody follows them
    newcomer: bool
    external_userid: str
    unionid: str
    openid: str
    buyer_id: str
    masked_phone: str

    @property
    def regular(self) -> bool:
        return 0 <= self.index - len(NEWCOMERS) < len(REGULARS)

    @property
    def works_in_wecom(self) -> bool:
        return self.external_userid.startswith("wo")


def token(rng: random.Random, prefix: str, length: int) -> str:
    letters = string.ascii_letters + string.digits + "_-"
    return prefix + "".join(rng.choices(letters, k=length - len(prefix)))


def people(seed: int) -> list[Person]:
    """Newcomers, regulars, other contacts, strangers and guests, in this order."""
    rng = random.Random(f"{seed}/people")
    named = [(*entry, Place.WECHAT) for entry in NEWCOMERS + REGULARS]
    others = [(*_stranger(rng), count, place) for place, count in _places_and_counts(rng)]
    everybody = []
    for index, (name, nickname, likes, orders, place) in enumerate(named + others):
        newcomer = index < len(NEWCOMERS)
        contact = not newcomer and index < len(NEWCOMERS) + CONTACTS
        in_wecom = contact and orders == 0 and index % 10 == 0  # a WeCom user has no unionid
        everybody.append(
            Person(
                index=index,
                name=name,
                nickname=nickname,
                gender=1 if name[1:] in MEN else 2,
                likes=likes,
                place=place,
                orders=orders,
                contact=contact,
                newcomer=newcomer,
                external_userid=token(rng, "wo" if in_wecom else "wm", 32),
                unionid=token(rng, "o", 28),
                openid=token(rng, "o", 28),
                buyer_id=f"b{rng.randrange(10**9, 10**10)}",
                masked_phone=f"1{rng.choice('35789')}{rng.randrange(10)}****{rng.randrange(10**4):04d}",
            )
        )
    return everybody


def _places_and_counts(rng: random.Random) -> list[tuple[Place, int]]:
    """The contacts first (shuffled), then everybody else; the sums hardly depend on the seed."""
    in_wechat = [(Place.WECHAT, n) for n in _order_counts(BOUGHT_IN_WECHAT - len(REGULARS))]
    elsewhere = [(Place.ELSEWHERE, n) for n in _order_counts(BOUGHT_ELSEWHERE)]
    never = [(Place.WECHAT, 0)] * (CONTACTS - BOUGHT_IN_WECHAT - BOUGHT_ELSEWHERE)
    contacts = in_wechat + elsewhere + never
    rng.shuffle(contacts)
    strangers = [(Place.ELSEWHERE, n) for n in _order_counts(STRANGERS)]
    rng.shuffle(strangers)
    return contacts + strangers + [(Place.COUNTER, 1)] * GUESTS


def _order_counts(buyers: int) -> list[int]:
    return [ORDERS_OF_A_HUNDRED[int((i + 0.5) * 100 / buyers)] for i in range(buyers)]


def _stranger(rng: random.Random) -> tuple[str, str, tuple[str, str]]:
    given = rng.choice(WOMEN if rng.random() < 0.78 else MEN)
    name = rng.choice(SURNAMES) + given
    if name in {known for known, *_ in REGULARS + NEWCOMERS}:  # one of each in the demo
        return _stranger(rng)
    roll = rng.random()
    if roll < 0.35:
        nickname = name
    elif roll < 0.45:
        nickname = given if len(given) == 2 else f"小{given}"
    else:
        nickname = rng.choice(NICKNAMES) + rng.choice(SUFFIXES)
    first, second = rng.sample(CATEGORIES, 2)
    return name, nickname, (first, second)
