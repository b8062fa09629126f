"""Everything the corp remembers: records in memory under one lock, written through to one file."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from sandbox.records import (
    ContactWay,
    Customer,
    Department,
    Event,
    Follow,
    Media,
    Member,
    Message,
    Pass,
    Setting,
    Tag,
    TagGroup,
    follow_key,
)
from sandbox.storage import File, Record

R = TypeVar("R", bound=Record)


class Shelf(Generic[R]):
    """The records of one kind, in the order in which they came."""

    def __init__(self, kind: type[R], file: File) -> None:
        self._kind = kind
        self._file = file
        self._records: dict[str, R] = {}

    def __iter__(self) -> Iterator[R]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: str) -> R | None:
        return self._records.get(key)

    def put(self, record: R) -> R:
        """Keep a new record, or an old one's changes."""
        self._arrange(record)
        self._file.keep(self._kind.__name__, record)
        return record

    def drop(self, record: R) -> None:
        del self._records[record.key]
        self._file.drop(self._kind.__name__, record.key)

    def read(self) -> None:
        self._records.clear()
        for body in self._file.read(self._kind.__name__):
            self._arrange(self._kind(**body))

    def _arrange(self, record: R) -> None:
        self._records[record.key] = record


class Follows(Shelf[Follow]):
    def __init__(self, file: File) -> None:
        super().__init__(Follow, file)
        self._by_member: dict[str, dict[str, Follow]] = defaultdict(dict)
        self._by_customer: dict[str, dict[str, Follow]] = defaultdict(dict)

    def read(self) -> None:
        self._by_member.clear()
        self._by_customer.clear()
        super().read()

    def of_member(self, userid: str) -> list[Follow]:
        return sorted(self._by_member[userid.lower()].values(), key=lambda follow: follow.number)

    def of_customer(self, external_userid: str) -> list[Follow]:
        return sorted(self._by_customer[external_userid].values(), key=lambda follow: follow.number)

    def _arrange(self, record: Follow) -> None:
        super()._arrange(record)
        self._by_member[record.userid.lower()][record.external_userid] = record
        self._by_customer[record.external_userid][record.userid.lower()] = record


class Messages(Shelf[Message]):
    def __init__(self, file: File) -> None:
        super().__init__(Message, file)
        self._by_chat: dict[str, list[Message]] = defaultdict(list)

    def read(self) -> None:
        self._by_chat.clear()
        super().read()

    def of_chat(self, userid: str, external_userid: str) -> list[Message]:
        return self._by_chat[follow_key(userid, external_userid)]

    def _arrange(self, record: Message) -> None:
        super()._arrange(record)
        self._by_chat[follow_key(record.userid, record.external_userid)].append(record)


class State:
    def __init__(self, path: Path | None) -> None:
        self.lock = threading.RLock()
        self._file = File(path)
        self.departments = Shelf(Department, self._file)
        self.members = Shelf(Member, self._file)
        self.customers = Shelf(Customer, self._file)
        self.follows = Follows(self._file)
        self.tag_groups = Shelf(TagGroup, self._file)
        self.tags = Shelf(Tag, self._file)
        self.contact_ways = Shelf(ContactWay, self._file)
        self.passes = Shelf(Pass, self._file)
        self.media = Shelf(Media, self._file)
        self.messages = Messages(self._file)
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

    def pass_(self, kind: str, value: str) -> Pass | None:
        return self.passes.get(f"{kind}|{value}")

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
