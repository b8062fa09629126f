"""A sync on the command line: where it is, how long it will still take, and what came of it."""

import sys
import time
from collections.abc import Iterator

from jobs.asking import Stopped
from models.sync import SyncRun

STAGE_WORDS = {
    "directory": "部门和同事", "tags": "标签", "channels": "渠道码", "serving": "服务客户的同事", "customers": "客户",
    "groups": "客户群",
}  # fmt: skip
FIXED_WORDS = {
    "follow_missed": "漏掉的添加", "follow_gone": "漏掉的删除", "remark": "改过的备注", "tags": "改过的客户标签",
    "unionid": "后来才有的 unionid", "profile": "改过的昵称头像", "staff_new": "新同事", "staff_renamed": "改名的同事",
    "staff_moved": "换部门的同事", "staff_left": "离职的同事", "tag_new": "新标签", "tag_renamed": "改名的标签",
    "tag_gone": "删掉的标签", "group_new": "新的群", "group_changed": "改过的群", "group_gone": "解散的群",
    "member_joined": "漏掉的进群", "member_left": "漏掉的退群", "member_changed": "改过的群成员",
}  # fmt: skip
WHY_UNSEEN = {
    None: "不在客户联系名单里了，名下客户看不到", 60011: "不在应用可见范围", 701008: "没有互通账号许可",
    84061: "没有客户", 60111: "没有这个成员", 41054: "还没激活", 84074: "没有客户联系权限",
}  # fmt: skip


class SyncBar:
    """Prints one line that changes on a terminal; elsewhere a line a stage. `stop` ends the sync after its page."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._stopping = False
        self._said = ""
        self._began: tuple[float, int] | None = None

    def stop(self) -> None:
        self._stopping = True

    def __call__(self, run: SyncRun) -> None:
        if self._stopping:
            raise Stopped
        words = self._words(run)
        if self._is_terminal:
            print(f"\r\033[K{words}", end="\n" if run.state == "done" else "", file=sys.stderr, flush=True)
        elif run.stage != self._said:
            print(words, file=sys.stderr, flush=True)
        self._said = run.stage

    def _words(self, run: SyncRun) -> str:
        seen = int(run.counts.get("follows", 0))
        line = f"{STAGE_WORDS[run.stage]}：同事 {run.position}/{len(run.members)}，客户关系 {seen}"
        if run.stage != "customers":
            return line
        if self._began is None:
            self._began = time.monotonic(), seen
        return f"{line}，{remaining(run, seen, self._began, time.monotonic())}"


def remaining(run: SyncRun, seen: int, began: tuple[float, int], now: float) -> str:
    """How long the customers will still take, from what we have known so far and the pace of this process."""
    at, before = began
    if run.expected <= seen or seen <= before or now - at < 3:
        return "还要多久现在说不准"
    seconds = (run.expected - seen) * (now - at) / (seen - before)
    return f"大约还要 {round(seconds)} 秒" if seconds < 120 else f"大约还要 {round(seconds / 60)} 分钟"


def sync_words(run: SyncRun) -> Iterator[str]:
    """The report: seen, new, put right, gone, and what could not be seen and why."""
    counts = run.counts
    yield (
        f"看了 {counts.get('follows', 0)} 条客户关系、{counts.get('groups', 0)} 个群；新客户 {counts.get('new', 0)}，"
        f"不再是好友 {counts.get('ended', 0)}"
    )
    if run.repaired and not run.is_first:
        parts = "，".join(f"{FIXED_WORDS.get(kind, kind)} {number}" for kind, number in run.repaired.items())
        yield f"补上了 {sum(run.repaired.values())} 处：{parts}"
    for row in run.unseen[:20]:
        yield f"没看到 {row['userid']}：{WHY_UNSEEN.get(row['errcode']) or '企业微信没答应'}（{row['errcode'] or '-'}）"
    if run.unseen_count > 20:
        yield f"……一共 {run.unseen_count} 个没看到"
