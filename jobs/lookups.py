"""What WeCom shows to a batch of events, each thing asked for once."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from runtime import Runtime
from wecom.errors import GroupGone, NotAContact
from wecom.group_types import GroupChat
from wecom.types import CustomerDetail, Department, TagGroup

Effect = Callable[[Session], str]
"""What an event does inside the transaction; returns what there is to remark."""


class Lookups:
    """What WeCom showed to this batch: all its events were there before we asked, so one answer serves them all."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._customers: dict[str, tuple[CustomerDetail | None, datetime]] = {}
        self._groups: dict[str, tuple[GroupChat | None, datetime]] = {}
        self._tags: tuple[list[TagGroup], datetime] | None = None
        self._departments: list[Department] | None = None

    def customer(self, external_userid: str) -> tuple[CustomerDetail | None, datetime]:
        """The customer and when we asked; None when nobody's contact."""
        if external_userid not in self._customers:
            at = self._runtime.now()
            try:
                found: CustomerDetail | None = self._runtime.wecom.customer(external_userid)
            except NotAContact:
                found = None
            self._customers[external_userid] = found, at
        return self._customers[external_userid]

    def group(self, chat_id: str) -> tuple[GroupChat | None, datetime]:
        """The group and when we asked; None when there is none, or none any more."""
        if chat_id not in self._groups:
            at = self._runtime.now()
            try:
                found: GroupChat | None = self._runtime.wecom.group_chat(chat_id)
            except GroupGone:
                found = None
            self._groups[chat_id] = found, at
        return self._groups[chat_id]

    def tags(self) -> tuple[list[TagGroup], datetime]:
        if self._tags is None:
            at = self._runtime.now()
            self._tags = self._runtime.wecom.corp_tags(), at
        return self._tags

    def departments(self) -> list[Department]:
        if self._departments is None:
            self._departments = self._runtime.wecom.departments()
        return self._departments
