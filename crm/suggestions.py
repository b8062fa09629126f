"""What a staff member might say to a customer today, and why: a pure function of what the first screen knows."""

from dataclasses import dataclass
from datetime import date

from crm.phrases import Phrase

GREETING_DAYS = 7  # a friend for so long, and nothing bought
CARE_DAYS = range(2, 11)  # after the goods came
DUE_FROM, LOST_FROM = 0.9, 3.0  # of one's own usual gap


@dataclass(frozen=True)
class Facts:
    """What is known of a customer who has this many orders."""

    order_count: int
    known_days: int | None
    days_since_order: int | None
    usual_gap_days: int | None
    last_product: str
    last_order_id: int | None
    received_days: int | None  # since the last order came; None while it is on its way
    days_to_birthday: int | None
    year: int


@dataclass(frozen=True)
class Suggestion:
    """`key` is the occasion: acted upon once, it is not suggested again."""

    key: str
    title: Phrase
    reason: Phrase
    text: Phrase


def best(facts: Facts, called: str) -> Suggestion | None:
    """The one thing to do, when there is a reason; `called` is how the text addresses them.

    The words never say that somebody was watched, and a greeting sells nothing.
    """
    if facts.days_to_birthday == 0:
        return Suggestion(
            f"birthday:{facts.year}", Phrase("祝生日快乐"), Phrase("今天是生日"),
            Phrase("%(who)s，生日快乐！愿您新的一岁平安顺遂。", who=called),
        )  # fmt: skip
    if not facts.order_count:
        return _greet(facts, called)
    about, product = f"order:{facts.last_order_id}", facts.last_product
    if facts.received_days in CARE_DAYS and product:
        return Suggestion(
            f"care:{about}", Phrase("问问用得怎么样"), Phrase("上一单收到 %(n)s 天了", n=facts.received_days),
            Phrase("%(who)s，上次的%(product)s用着还顺手吗？有什么不清楚的随时问我。", who=called, product=product),
        )  # fmt: skip
    return _come_back(facts, called, about)


def _greet(facts: Facts, called: str) -> Suggestion | None:
    if facts.known_days is None or facts.known_days > GREETING_DAYS:
        return None
    return Suggestion(
        "first:hello", Phrase("打个招呼"), Phrase("刚加上的新客户"),
        Phrase("%(who)s，您好！想找什么、用在什么场合，跟我说一声，我帮您挑。", who=called),
    )  # fmt: skip


def _come_back(facts: Facts, called: str, about: str) -> Suggestion | None:
    days, gap, product = facts.days_since_order, facts.usual_gap_days, facts.last_product
    if days is None or gap is None or days < max(gap * DUE_FROM, 3) or not product:
        return None
    reason = Phrase("%(days)s 天没下单，平时约 %(gap)s 天", days=days, gap=gap)
    if days >= gap * LOST_FROM:
        return Suggestion(
            f"back:{about}", Phrase("好久没来了，问候一声"), reason,
            Phrase("%(who)s，好久不见，最近都好吗？需要什么随时找我，我一直在。", who=called),
        )  # fmt: skip
    return Suggestion(
        f"due:{about}", Phrase("提醒该回购了"), reason,
        Phrase("%(who)s，上次的%(product)s该用得差不多了，需要的话我给您留一份。", who=called, product=product),
    )  # fmt: skip


def days_to(birthday: str | None, today: date) -> int | None:
    """Days until the next birthday, written MM-DD or YYYY-MM-DD; 29 February is kept on the 28th in common years."""
    if not birthday:
        return None
    month, day = int(birthday[-5:-3]), int(birthday[-2:])
    for year in (today.year, today.year + 1):
        try:
            on = date(year, month, day)
        except ValueError:
            on = date(year, 2, 28)
        if on >= today:
            return (on - today).days
    return None
