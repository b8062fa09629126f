"""Where the relations of members and customers stand, and those that are being handed over."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterator

from sandbox.records import Follow
from sandbox.shelves import Shelf
from sandbox.storage import File
from sandbox.transfer_records import WAITING, Transfer


class Follows(Shelf[Follow]):
    """Also in rows by number, so that a page is cut without looking at what stands before it."""

    def __init__(self, file: File) -> None:
        super().__init__(Follow, file)
        self.friends: dict[str, set[str]] = {}  # the members that a customer is a contact of; nobody has none
        self._rows: dict[str, list[Follow]] = defaultdict(list)  # of a member; of everybody under ""
        self._by_customer: dict[str, dict[str, Follow]] = defaultdict(dict)
        self._counts: Counter[str] = Counter()

    def _clear(self) -> None:
        for index in (self.friends, self._rows, self._by_customer, self._counts):
            index.clear()
        super()._clear()

    def of_member(self, userid: str, after: int = 0) -> Iterator[Follow]:
        """Oldest first, from the one after that number."""
        return self._after(userid.lower(), after)

    def all_after(self, after: int) -> Iterator[Follow]:
        return self._after("", after)

    def of_customer(self, external_userid: str) -> list[Follow]:
        found = self._by_customer.get(external_userid, {})
        return sorted(found.values(), key=lambda follow: follow.number)

    def count_of(self, userid: str) -> int:
        """How many customers a member has."""
        return self._counts[userid.lower()]

    def drop(self, record: Follow) -> None:
        self._unplace(record)
        del self._by_customer[record.external_userid][record.userid.lower()]
        super().drop(record)

    def _arrange(self, record: Follow) -> None:
        known = self._records.get(record.key)
        if known is not record:
            if known is not None:
                self._unplace(known)
            for row in (self._rows[record.userid.lower()], self._rows[""]):
                insort(row, record, key=_number)
        super()._arrange(record)
        self._by_customer[record.external_userid][record.userid.lower()] = record
        self._count(record)

    def _unplace(self, record: Follow) -> None:
        for row in (self._rows[record.userid.lower()], self._rows[""]):
            del row[bisect_left(row, record.number, key=_number)]
        self._count(record, gone=True)

    def _count(self, record: Follow, *, gone: bool = False) -> None:
        member, members = record.userid.lower(), self.friends.setdefault(record.external_userid, set())
        counted, counts = member in members, record.is_contact() and not gone
        if counts and not counted:
            members.add(member)
            self._counts[member] += 1
        elif counted and not counts:
            members.remove(member)
            self._counts[member] -= 1
        if not members:
            del self.friends[record.external_userid]

    def _after(self, place: str, after: int) -> Iterator[Follow]:
        row = self._rows.get(place, [])
        return (row[at] for at in range(bisect_right(row, after, key=_number), len(row)))


def _number(follow: Follow) -> int:
    return follow.number


class Transfers(Shelf[Transfer]):
    def __init__(self, file: File) -> None:
        super().__init__(Transfer, file)
        self._by_customer: dict[str, dict[str, Transfer]] = defaultdict(dict)
        self._waiting: dict[str, Transfer] = {}

    def _clear(self) -> None:
        self._by_customer.clear()
        self._waiting.clear()
        super()._clear()

    def waiting(self) -> list[Transfer]:
        return list(self._waiting.values())

    def running(self, external_userid: str) -> Transfer | None:
        return next((one for one in self.of_customer(external_userid) if one.status == WAITING), None)

    def of_customer(self, external_userid: str) -> list[Transfer]:
        return list(self._by_customer.get(external_userid, {}).values())

    def _arrange(self, record: Transfer) -> None:
        super()._arrange(record)
        self._by_customer[record.external_userid][record.key] = record
        if record.status == WAITING:
            self._waiting[record.key] = record
        else:
            self._waiting.pop(record.key, None)
