"""SQL written once for all the engines of a test process: each test has its own, and would write all of it again."""

from collections.abc import Hashable
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.util import LRUCache

Key = tuple[Any, ...]


class Statements(LRUCache[Hashable, Any]):
    """By the name of the dialect: engines of one kind are set up alike here."""

    def get(self, key: Key, default: Any = None) -> Any:  # type: ignore[override]
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Key, value: Any) -> None:  # type: ignore[override]
        super().__setitem__((key[0].name, *key[1:]), value)


def share() -> None:
    """From now on every engine and every mapper finds what another has written."""
    kept = Statements(4000)
    shared = property(lambda owner: kept, lambda owner, made: None)
    Engine._compiled_cache = shared  # type: ignore[assignment]
    Mapper._compiled_cache = shared  # type: ignore[method-assign,assignment]
