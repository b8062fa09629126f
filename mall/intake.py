"""What a shop sends in bulk: a JSON body with a list, or one record a line; what became of each."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from flask import g, request
from pydantic import Field
from sqlalchemy.orm import Session

from bodies import LONGEST_NAME, Form, fit, parse_json
from crm.errors import BadInput, Refused, TooLarge
from mall.signatures import NDJSON
from runtime import runtime

MOST = 1000  # records of a JSON body
MOST_LINES = 130_000  # of 8 MB, the shortest event takes 65 bytes; each line has its result, and that is longer
Incoming = TypeVar("Incoming")
Records = Annotated[list[Any], Field(max_length=MOST)]
"""Each is checked by itself, so that a bad one does not lose the others."""


@dataclass(frozen=True)
class Intake(Generic[Incoming]):
    """How records of one kind are read and stored; `named` is the field a result repeats.

    `warn` says what is odd about one that is taken all the same: (field, words).
    """

    named: str
    read: Callable[[Any], Incoming]
    batches: Callable[[Iterable[Incoming]], Iterator[list[Incoming]]]
    store: Callable[[Session, list[Incoming]], Sequence[str]]
    warn: Callable[[Incoming], list[tuple[str, str]]] = lambda _: []

    def receive(self, envelope: type[Form], field: str) -> dict[str, Any]:
        """Take what this request's body holds."""
        return self.take(_sent(envelope, field))

    def take(self, sent: Iterator[Any]) -> dict[str, Any]:
        """Read and store batch after batch, each in a transaction of its own; an answered batch is on disk."""
        results: list[dict[str, Any]] = []
        waiting: deque[dict[str, Any]] = deque()
        for batch in self.batches(self._good(sent, results, waiting)):
            for outcome in runtime().in_transaction(lambda session, batch=batch: self.store(session, batch)):  # type: ignore[misc]
                waiting.popleft()["result"] = outcome
        counts = Counter(result["result"] for result in results)
        return {name: counts[name] for name in ("accepted", "unchanged", "stale", "rejected")} | {"results": results}

    def _good(
        self, sent: Iterator[Any], results: list[dict[str, Any]], waiting: deque[dict[str, Any]]
    ) -> Iterator[Incoming]:
        """The records that are right, in turn; every record has its result, those that are right a waiting one."""
        for index, record in enumerate(sent):
            result: dict[str, Any] = {"index": index}
            results.append(result)
            if isinstance(record, dict) and isinstance(record.get(self.named), str):
                result[self.named] = record[self.named][:LONGEST_NAME]
            try:
                if isinstance(record, BadInput):
                    raise record
                incoming = self.read(record)
            except BadInput as problem:
                result |= {"result": "rejected", "reason": problem.message}
                if problem.field:
                    result["field"] = problem.field
                continue
            if odd := self.warn(incoming):
                result["warnings"] = [{"field": field, "reason": words} for field, words in odd]
            waiting.append(result)
            yield incoming


def _sent(envelope: type[Form], field: str) -> Iterator[Any]:
    """The records of this request's body; in the place of a line that is no JSON, its refusal."""
    if request.mimetype == NDJSON:
        if g.body.count(b"\n") >= MOST_LINES:
            raise TooLarge("最多 %(n)s 行", n=MOST_LINES)
        yield from map(_line, filter(bytes.strip, _lines(g.body)))
        return
    form: Any = fit(envelope, parse_json(g.body))
    if form.shop != g.shop.name:
        raise Refused("shop 不是这把 key 的店铺", field="shop")
    yield from getattr(form, field)


def _lines(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        yield body[start:end]
        start = end + 1


def _line(line: bytes) -> Any:
    try:
        return parse_json(line)
    except BadInput as problem:
        return problem
