"""What staff are told about a drop: a card to each owner who has not confirmed, a robot's message to everybody."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.staff import Staff

PARTS = {"teaser": "预热", "launch": "开抢", "recap": "战报"}
STATES = {"quota": "本月次数用完", "held": "全部停发", "cancelled": "取消了"}
TITLE, WORDS, MARKDOWN = 128, 512, 4096  # characters, characters, bytes (docs/wecom.md 7.1, 8)
SHOWN = 8


@dataclass(frozen=True)
class Notice:
    series: str
    number: int
    part: str

    @property
    def what(self) -> str:
        return f"{self.series} 第 {self.number} 期 {PARTS[self.part]}"


def card(notice: Notice, group_names: Sequence[str], *, url: str) -> str:
    """JSON: the card to one owner; which groups wait for them, and what to do."""
    lines = [f"等你发的群：{_some(group_names)}", "打开 群发助手 点发送。"]
    title = f"{notice.what}还没发"
    return json.dumps({"title": title[:TITLE], "description": "\n".join(lines)[:WORDS], "url": url, "button": "知道了"})


def robot(
    notice: Notice, owners: Sequence[str], waiting: int, missing: Sequence[tuple[str, str, str]], *, key: str
) -> str:
    """JSON: the robot's message, and its key. How many groups wait for whom, and which get nothing and why."""
    lines = [f"**{_plain(notice.what)}**"]
    if owners:
        lines.append(f"{waiting} 个群等 {len(owners)} 位群主发送：{_some(owners)}")
        lines.append("打开 群发助手 点发送。")
    else:
        lines.append("没有群在等群主发送。")
    if missing:
        each = [f"{name}（{reason or STATES.get(state) or '没发成'}）" for name, state, reason in missing]
        lines.append(f"{len(missing)} 个群发不了：{_some(each)}")
    said = "\n".join(lines).encode()[:MARKDOWN].decode(errors="ignore")
    return json.dumps({"markdown": said, "key": key})


def names_of(session: Session, userids: Collection[str]) -> list[str]:
    """The names of these members, in the order of their userids."""
    keys = sorted(userid.lower() for userid in userids)
    known = dict(session.execute(select(Staff.userid_key, Staff.name).where(Staff.userid_key.in_(keys))).all())
    return [known.get(key, key) for key in keys]


def _some(names: Sequence[str]) -> str:
    shown = "、".join(_plain(name) for name in names[:SHOWN])
    return f"{shown} 等 {len(names)} 个" if len(names) > SHOWN else shown


def _plain(text: str) -> str:
    """Names are people's own words: none of them formats, mentions or links anything."""
    return "".join(letter for letter in text if letter not in "*_`<>[]()#\n\r")[:40]
