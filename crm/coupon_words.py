"""What a coupon says to the customer who gets it in the chat."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.coupon import CouponBatch


def yuan(fen: int) -> str:
    """15, 15.50: fen only when there are any."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"


def tenths(percent: int) -> str:
    """88 → 8.8, 80 → 8: what is left to pay, as 折 are spoken."""
    return f"{percent // 10}" if percent % 10 == 0 else f"{percent // 10}.{percent % 10}"


def worth(batch: CouponBatch) -> str:
    """满 99 元减 15 元, 8.8 折, 送一瓶洗手液, 免运费."""
    threshold = f"满 {yuan(batch.threshold_fen)} 元" if batch.threshold_fen else ""
    if batch.kind == "percentage":
        return f"{threshold}打 {tenths(batch.pays_percent or 100)} 折"
    if batch.kind == "gift":
        return f"{threshold}送{batch.gift}"
    if batch.kind == "free_shipping":
        return f"{threshold}免运费"
    off = f"减 {yuan(batch.value_fen)} 元"
    return f"{threshold}{off}" if threshold else f"不限金额，立{off}"


def until(expires_at: datetime, *, zone: ZoneInfo) -> str:
    last = (expires_at - timedelta(seconds=1)).astimezone(zone)
    return f"{last.month} 月 {last.day} 日"


def message(batch: CouponBatch, expires_at: datetime, link: str, *, zone: ZoneInfo) -> str:
    """What the customer reads where no card can be sent: how much, until when, and where it is claimed."""
    return f"给您留了一张券：{worth(batch)}，有效到 {until(expires_at, zone=zone)}。点开就能领：{link}"


def card(batch: CouponBatch, expires_at: datetime, link: str, *, zone: ZoneInfo) -> dict[str, str]:
    """The same as a link card, as `sendChatMessage` takes one."""
    desc = f"有效到 {until(expires_at, zone=zone)}，点开就能领"
    return {"link": link, "title": f"给您留了一张券：{worth(batch)}"[:40], "desc": desc, "imgUrl": ""}
