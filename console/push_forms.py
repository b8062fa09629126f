"""The editor's form: what was typed, when it is to go out, and what is attached, as the page shows it."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from bodies import Form, parse_json
from console.media import media_json
from crm import attachments, calendars, media
from crm.errors import BadInput
from models.push import Push
from runtime import runtime
from words import gettext

WHENS = ("now", "once", "weekly")
FURTHEST = timedelta(days=400)


class Fields(Form):
    """The editor's fields, all texts; `attachments` is their JSON, in order."""

    name: str = Field(default="", max_length=60)
    revision: str = Field(default="", max_length=12)
    form_key: str = Field(default="", max_length=32)
    audience_id: str = Field(default="", max_length=18)
    text: str = Field(default="", max_length=8000)
    attachments: str = Field(default="[]", max_length=60_000)
    when: str = Field(default="once", max_length=8)
    on: str = Field(default="", max_length=10)
    at: str = Field(default="", max_length=5)
    weekday: str = Field(default="", max_length=1)
    at_time: str = Field(default="", max_length=5)
    action: str = Field(default="save", max_length=12)

    @property
    def audience(self) -> int:
        return int(self.audience_id) if self.audience_id.isascii() and self.audience_id.isdigit() else 0


@dataclass(frozen=True)
class Attached:
    """One attachment as the editor and the preview show it: its fields, and its file when it has one."""

    kind: str
    values: dict[str, Any]
    file: dict[str, object] | None

    @property
    def json(self) -> str:
        return json.dumps(self.values, ensure_ascii=False)


def attachments_in(form: Fields) -> list[dict[str, Any]]:
    """What is attached, of the right shape. Raises `BadInput` naming which one is not."""
    asked = parse_json(form.attachments.encode())
    if not isinstance(asked, list) or not all(isinstance(each, dict) for each in asked):
        raise BadInput("附件的写法不对，刷新一下页面再试", field="attachments")
    return [each.model_dump() for each in attachments.parse(asked)]


def shown(session: Session, kept: list[Any]) -> list[Attached]:
    """Attachments for the page; a file that is gone shows as one without."""
    found = []
    for values in kept:
        if not isinstance(values, dict) or values.get("kind") not in KINDS:
            continue
        number = values.get("media")
        row = media.found(session, number) if type(number) is int and 0 < number < 2**63 else None
        found.append(Attached(values["kind"], values, media_json(row) if row else None))
    return found


KINDS = ("image", "video", "file", "link", "miniprogram")


def kind_name(kind: str) -> str:
    return {
        "image": gettext("图片"),
        "video": gettext("视频"),
        "file": gettext("文件"),
        "link": gettext("链接"),
        "miniprogram": gettext("小程序"),
    }[kind]


def moment_in(form: Fields) -> datetime:
    """When a push that goes out once is due: at once, or at that date and time of the shop's zone."""
    if form.when == "now":
        return runtime().now() + timedelta(seconds=1)
    try:
        day = date.fromisoformat(form.on)
    except ValueError:
        raise BadInput("选一个日期", field="on") from None
    if not calendars.CLOCK.fullmatch(form.at):
        raise BadInput("时间写成 20:00 这样", field="on")
    ahead = day - runtime().now().astimezone(runtime().zone).date()
    if ahead > FURTHEST:
        raise BadInput("最远排到一年以后。近一点再排", field="on")
    if ahead < timedelta():  # the first days of the calendar are no moments, either
        raise BadInput("时间已经过了，选一个将来的时间", field="on")
    return calendars.at_local(day, form.at, runtime().zone)


def weekly_in(form: Fields) -> tuple[int, str]:
    """The weekday (1 Monday … 7) and time of a weekly push."""
    if form.weekday not in tuple("1234567"):
        raise BadInput("选一个星期几", field="weekday")
    if not calendars.CLOCK.fullmatch(form.at_time):
        raise BadInput("时间写成 20:00 这样", field="weekday")
    return int(form.weekday), form.at_time


def fields_of(push: Push) -> Fields:
    """The form that says what a push says."""
    local = push.next_at.astimezone(runtime().zone) if push.next_at else None
    weekly = push.weekday is not None
    return Fields.model_construct(
        name=push.name,
        revision=str(push.revision),
        audience_id=str(push.audience_id),
        text=push.text,
        attachments=json.dumps(push.attachments, ensure_ascii=False),
        when="weekly" if weekly else "once",
        on=f"{local:%Y-%m-%d}" if local and not weekly else "",
        at=f"{local:%H:%M}" if local and not weekly else "",
        weekday=str(push.weekday) if weekly else "",
        at_time=push.at_time or "",
    )


def weekday_names() -> list[str]:
    return [
        gettext("周一"), gettext("周二"), gettext("周三"), gettext("周四"), gettext("周五"), gettext("周六"),
        gettext("周日"),
    ]  # fmt: skip


def typed(form: Fields) -> list[Any]:
    """What the attachments' field holds, right or not, so that nothing typed is lost."""
    try:
        asked = parse_json(form.attachments.encode())
    except BadInput:
        return []
    return asked if isinstance(asked, list) else []
