"""The text of a mass message and the places in it that are filled in for each sender."""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.attachments import TEXT_BYTES
from crm.errors import BadInput
from models.staff import Staff

PLACE = re.compile(r"\{([^{}]*)\}")
VARIABLES = ("同事", "店名")


def render(text: str, *, staff_name: str, shop_name: str) -> str:
    """The text as one sender sends it."""
    values = {"同事": staff_name, "店名": shop_name}
    return PLACE.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def check(session: Session, text: str, *, shop_name: str) -> None:
    """Refuse a place nobody fills in, and a text that is too long with the longest name among those who serve."""
    for found in PLACE.finditer(text):
        if found[1].strip() not in VARIABLES:
            raise BadInput(
                "没有叫 %(name)s 的变量，能用的是 {同事} 和 {店名}", field="text", name=f"{{{found[1][:20]}}}"
            )
    longest = longest_name(session)
    size = len(render(text, staff_name=longest, shop_name=shop_name).encode())
    if size > TEXT_BYTES:
        raise BadInput(
            "文字太长：最多 %(most)s 字节（约 %(letters)s 个汉字），填上最长的名字后有 %(size)s 字节",
            field="text", most=TEXT_BYTES, letters=TEXT_BYTES // 3, size=size,
        )  # fmt: skip


def longest_name(session: Session) -> str:
    """Of those who serve, the name that takes the most bytes."""
    longest_first = func.length(Staff.name).desc()
    names = session.scalars(
        select(Staff.name).where(Staff.serves_customers, Staff.left_at.is_(None)).order_by(longest_first).limit(50)
    )
    return max(names, key=lambda name: len(name.encode()), default="")
