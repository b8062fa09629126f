"""Where records stand: by key, in the order in which they came, some also by what they belong to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from sandbox.acquisition_records import Acquired
from sandbox.app_records import AppMessage, RobotMessage
from sandbox.group_records import Group, GroupMessage
from sandbox.mass_records import SENT, MassTask
from sandbox.records import Message, follow_key
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
        self._clear()
        for body in self._file.read(self._kind.__name__):
            self._arrange(self._kind(**body))

    def rename(self, records: Iterable[R], change: Callable[[R], None]) -> None:
        """Change what the keys and places of some are made of."""
        for record in list(records):
            self._file.drop(self._kind.__name__, record.key)
            change(record)
            self._file.keep(self._kind.__name__, record)
        kept = list(self)
        self._clear()
        for record in kept:
            self._arrange(record)

    def _clear(self) -> None:
        self._records.clear()

    def _arrange(self, record: R) -> None:
        self._records[record.key] = record


class Messages(Shelf[Message]):
    def __init__(self, file: File) -> None:
        super().__init__(Message, file)
        self._by_chat: dict[str, list[Message]] = defaultdict(list)

    def _clear(self) -> None:
        self._by_chat.clear()
        super()._clear()

    def of_chat(self, userid: str, external_userid: str) -> list[Message]:
        return self._by_chat[follow_key(userid, external_userid)]

    def last_talk(self, userid: str, external_userid: str) -> float | None:
        """When the two last talked themselves; what was sent in masses and welcomes is no talk."""
        chat = reversed(self._by_chat.get(follow_key(userid, external_userid), []))
        return next((message.at for message in chat if message.source in ("chat", "sidebar")), None)

    def _arrange(self, record: Message) -> None:
        super()._arrange(record)
        self._by_chat[follow_key(record.userid, record.external_userid)].append(record)


class Acquisitions(Shelf[Acquired]):
    def __init__(self, file: File) -> None:
        super().__init__(Acquired, file)
        self._by_link: dict[str, dict[str, Acquired]] = defaultdict(dict)

    def _clear(self) -> None:
        self._by_link.clear()
        super()._clear()

    def of_link(self, link_id: str) -> list[Acquired]:
        return list(self._by_link.get(link_id, {}).values())

    def _arrange(self, record: Acquired) -> None:
        super()._arrange(record)
        self._by_link[record.link_id][record.key] = record


class Groups(Shelf[Group]):
    def __init__(self, file: File) -> None:
        super().__init__(Group, file)

    def owned_by(self, userid: str) -> list[Group]:
        return [group for group in self if not group.dismissed and group.owner.lower() == userid.lower()]


class GroupMessages(Shelf[GroupMessage]):
    def __init__(self, file: File) -> None:
        super().__init__(GroupMessage, file)
        self._by_group: dict[str, list[GroupMessage]] = defaultdict(list)

    def _clear(self) -> None:
        self._by_group.clear()
        super()._clear()

    def of_group(self, chat_id: str) -> list[GroupMessage]:
        return self._by_group.get(chat_id, [])

    def _arrange(self, record: GroupMessage) -> None:
        super()._arrange(record)
        self._by_group[record.chat_id].append(record)


class MassTasks(Shelf[MassTask]):
    """Also counts what each recipient got, for the quota."""

    def __init__(self, file: File) -> None:
        super().__init__(MassTask, file)
        self._by_message: dict[str, list[MassTask]] = defaultdict(list)
        self._received: dict[str, list[float]] = defaultdict(list)
        self._counted: set[str] = set()

    def _clear(self) -> None:
        self._by_message.clear()
        self._received.clear()
        self._counted.clear()
        super()._clear()

    def of_message(self, msgid: str) -> list[MassTask]:
        return self._by_message.get(msgid, [])

    def received_by(self, target: str) -> list[float]:
        """The moments at which a customer or group got a mass message."""
        return self._received.get(target, [])

    def _arrange(self, record: MassTask) -> None:
        if record.key not in self._records:
            self._by_message[record.msgid].append(record)
        super()._arrange(record)
        if record.sent_at is None or record.key in self._counted:
            return
        self._counted.add(record.key)
        for target, status in zip(record.targets, record.statuses, strict=True):
            if status == SENT:
                self._received[target].append(record.sent_at)


class AppMessages(Shelf[AppMessage]):
    def __init__(self, file: File) -> None:
        super().__init__(AppMessage, file)
        self._by_member: dict[str, list[AppMessage]] = defaultdict(list)

    def _clear(self) -> None:
        self._by_member.clear()
        super()._clear()

    def of_member(self, userid: str) -> list[AppMessage]:
        return self._by_member.get(userid.lower(), [])

    def _arrange(self, record: AppMessage) -> None:
        if record.key not in self._records:
            self._by_member[record.userid.lower()].append(record)
        super()._arrange(record)


class RobotMessages(Shelf[RobotMessage]):
    def __init__(self, file: File) -> None:
        super().__init__(RobotMessage, file)

    def of_robot(self, key: str) -> list[RobotMessage]:
        return [message for message in self if message.robot == key]
