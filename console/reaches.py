"""How far an audience reaches, in the words and colours of the screen."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask_babel import get_locale
from sqlalchemy.orm import Session

from crm import calendars, quotas, reaches
from crm.audiences import Conditions
from crm.errors import TryAgain
from runtime import runtime
from words import gettext, with_commas

MOST_SENDERS = 8
MOST_PEOPLE = 8
MOST_AT_ONCE = 4
"""Counts of one web process: each may take seconds in a large shop, and WeCom waits five for a free thread."""
_counting = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Piece:
    """One share of the matched: its colour, its words, and where its bar begins and how long it is in per cent."""

    tone: str
    words: str
    note: str
    count: int
    start: float
    length: float


@dataclass(frozen=True)
class Measured:
    reach: reaches.Reach
    pieces: list[Piece]
    people: list[reaches.Sample]
    more_senders: int
    more_customers: int

    @property
    def senders(self) -> list[reaches.Share]:
        return self.reach.senders[:MOST_SENDERS]


def said_of(session: Session, conditions: Conditions) -> str:
    """The audience in a sentence, in the reader's language."""
    return joined(gettext(part.key, **with_commas(part.values)) for part in reaches.sentence(session, conditions))


def joined(parts: Iterable[str]) -> str:
    """Pieces of one sentence, with the comma of the reader's language between them."""
    return (", " if str(get_locale()) == "en" else "，").join(parts)


def measured(session: Session, conditions: Conditions, *, people: bool = False) -> Measured:
    """Its figures this month; with some of its people when the reader may see them. Raises `TryAgain` when busy."""
    now, month, limit = runtime().now(), *this_month()
    with one_of_few():
        reach = reaches.reach(session, conditions, now=now, month=month, limit=limit)
        some = reaches.sample(session, conditions, now=now, limit=MOST_PEOPLE) if people else []
    rest = reach.senders[MOST_SENDERS:]
    return Measured(reach, _pieces(reach), some, len(rest), sum(share.reachable for share in rest))


@contextmanager
def one_of_few() -> Iterator[None]:
    """Refused at once rather than kept waiting: who waits holds a thread, too."""
    if not _counting.acquire(blocking=False):
        raise TryAgain("好几个人在算，排一下队，马上就算")
    try:
        yield
    finally:
        _counting.release()


def this_month() -> tuple[str, int]:
    """The month whose quota counts now, and how many one customer may receive in it."""
    month = calendars.month_of(runtime().now(), runtime().zone)
    return month, quotas.limit_of(month, runtime().settings.quota.per_month)


def month_after() -> datetime:
    """When this month's quota is over."""
    return quotas.bounds(this_month()[0], runtime().zone)[1]


def _pieces(reach: reaches.Reach) -> list[Piece]:
    until = month_after().astimezone(runtime().zone)
    known = [
        ("reachable", gettext("现在能发"), "", reach.reachable),
        ("stranger", gettext("还没加过好友"), gettext("只在订单里见过"), reach.no_contact),
        ("alone", gettext("没有同事能发"), gettext("删了好友，或跟进的同事走了"), reach.no_sender),
        (
            "spent",
            gettext("本月次数用完"),
            gettext("%(m)s 月 %(d)s 日恢复", m=until.month, d=until.day),
            reach.no_quota,
        ),
    ]
    pieces, start = [], 0.0
    for tone, words, note, count in known:
        length = 100 * count / reach.matched if reach.matched else 0.0
        pieces.append(Piece(tone, words, note, count, round(start, 3), round(length, 3)))
        start += length
    return pieces
