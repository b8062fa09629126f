"""Everything the corp remembers: records in memory under one lock, written through to one file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.acquisition_records import AcquisitionLink
from sandbox.app_records import Robot
from sandbox.follow_shelves import Follows, Transfers
from sandbox.group_records import JoinWay
from sandbox.mass_records import MassMessage, MassTask, task_key
from sandbox.records import (
    ContactWay,
    Customer,
    Department,
    Event,
    Follow,
    Media,
    Member,
    Pass,
    Setting,
    Tag,
    TagGroup,
    follow_key,
)
from sandbox.shelves import Acquisitions, AppMessages, GroupMessages, Groups, MassTasks, Messages, RobotMessages, Shelf
from sandbox.storage import File


class State:
    def __init__(self, path: Path | None) -> None:
        self.lock = threading.RLock()
        self._file = File(path)
        self.departments = Shelf(Department, self._file)
        self.members = Shelf(Member, self._file)
        self.customers = Shelf(Customer, self._file)
        self.follows = Follows(self._file)
        self.transfers = Transfers(self._file)
        self.tag_groups = Shelf(TagGroup, self._file)
        self.tags = Shelf(Tag, self._file)
        self.contact_ways = Shelf(ContactWay, self._file)
        self.acquisition_links = Shelf(AcquisitionLink, self._file)
        self.acquired = Acquisitions(self._file)
        self.passes = Shelf(Pass, self._file)
        self.media = Shelf(Media, self._file)
        self.messages = Messages(self._file)
        self.groups = Groups(self._file)
        self.join_ways = Shelf(JoinWay, self._file)
        self.group_messages = GroupMessages(self._file)
        self.mass_messages = Shelf(MassMessage, self._file)
        self.mass_tasks = MassTasks(self._file)
        self.app_messages = AppMessages(self._file)
        self.robots = Shelf(Robot, self._file)
        self.robot_messages = RobotMessages(self._file)
        self.events = Shelf(Event, self._file)
        self._settings = Shelf(Setting, self._file)
        self._read()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, and put on disk what has changed when it ends."""
        with self.lock:
            try:
                yield
            finally:
                self._file.commit()

    def member(self, userid: str) -> Member | None:
        return self.members.get(userid.lower())

    def follow(self, userid: str, external_userid: str) -> Follow | None:
        return self.follows.get(follow_key(userid, external_userid))

    def mass_task(self, msgid: str, userid: str) -> MassTask | None:
        return self.mass_tasks.get(task_key(msgid, userid))

    def pass_(self, kind: str, value: str) -> Pass | None:
        return self.passes.get(f"{kind}|{value}")

    def keep_bytes(self, media_id: str, content: bytes) -> None:
        self._file.keep_bytes(media_id, content)

    def bytes_of(self, media_id: str) -> bytes | None:
        return self._file.bytes_of(media_id)

    def setting(self, name: str, default: Any = None) -> Any:
        found = self._settings.get(name)
        return default if found is None else found.value

    def set(self, name: str, value: Any) -> None:
        self._settings.put(Setting(name, value))

    def next_number(self, of: str) -> int:
        """1, 2, 3, …, never the same again, also after a restart."""
        number: int = self.setting(f"last {of}", 0) + 1
        self.set(f"last {of}", number)
        return number

    def empty(self) -> None:
        with self.lock:
            self._file.empty()
            self._read()

    def close(self) -> None:
        with self.lock:
            self._file.close()

    def _read(self) -> None:
        shelves = [value for value in vars(self).values() if isinstance(value, Shelf)]
        for shelf in shelves:
            shelf.read()
